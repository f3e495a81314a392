//===- Dialect.cpp - The mk dialect ---------------------------------------===//
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "dialects/mk/MkInterfaces.cpp.inc"

#include "dialects/mk/MkDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/mk/MkOps.cpp.inc"

void dlc::mk::MkDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/mk/MkOps.cpp.inc"
      >();
}
