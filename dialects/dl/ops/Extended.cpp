//===- Extended.cpp -------------------------------------------------------===//
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Windows.h"

using namespace mlir;

#include "dialects/dl/ops/Winograd.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/dl/ops/Extended.cpp.inc"

namespace dlc::dl {

void DlDialect::registerExtendedOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/dl/ops/Extended.cpp.inc"
      >();
}

} // namespace dlc::dl
