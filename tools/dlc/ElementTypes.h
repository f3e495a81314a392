//===- ElementTypes.h - dl element types and the ABI's ----------*- C++ -*-===//
#pragma once

#include "tools/dlc/TensorIO.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc {

/// The ABI's type of a dl element type; null when it has none.
const DType *dtypeOf(mlir::Type elementType);
mlir::Type elementTypeOf(const DType &type, mlir::MLIRContext *context);

} // namespace dlc
