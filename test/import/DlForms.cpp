//===- DlForms.cpp - The real op forms, for the fuzzer --------------------===//

#include "dialects/dl/Dialect.h"
#include "test/import/Models.h"

void dlc::test::loadFormDialects(mlir::MLIRContext &context) { context.loadDialect<dlc::dl::DlDialect>(); }
