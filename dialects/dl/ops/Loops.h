//===- Loops.h - Sequential loops in a kernel body --------------*- C++ -*-===//
//
// For ops whose result places depend on data or on each other: loops over tensors that carry what they write. They
// become loops over buffers in place.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Lower.h"

namespace dlc::dl {

class Loops {
public:
  using Carried = llvm::SmallVector<mlir::Value>;

  explicit Loops(Lowering &l) : l(l) {}

  Scalar constant(int64_t v) { return indexConstant(l.emitter, v); }
  /// A constant as an element of dl type `type` computes.
  Scalar constant(mlir::Type type, Number v);
  Scalar scalar(mlir::Value v, bool isUnsigned = false) { return Scalar(l.emitter, v, isUnsigned); }
  Scalar dim(mlir::Value tensor, unsigned axis);
  llvm::SmallVector<Scalar> dims(mlir::Value tensor);
  /// Of a result, without a look at the tensor, which would have to exist for it.
  llvm::SmallVector<Scalar> resultDims(unsigned result);

  /// Runs `body` for each i in [0, count), in order; it returns what the next round gets, the call what the last returned.
  Carried loop(Scalar count, mlir::ValueRange start, llvm::function_ref<Carried(Scalar, mlir::ValueRange)> body);
  /// The same for each place of `counts`, row-major.
  Carried nest(llvm::ArrayRef<Scalar> counts, mlir::ValueRange start,
               llvm::function_ref<Carried(llvm::ArrayRef<Scalar>, mlir::ValueRange)> body);

  /// An element of dl type `type`.
  Scalar read(mlir::Value tensor, llvm::ArrayRef<Scalar> place, mlir::Type type);
  mlir::Value write(Scalar v, mlir::Value tensor, llvm::ArrayRef<Scalar> place, mlir::Type type);
  /// Any integer as a place in [0, size): negative ones count from the end; out of range is reported and becomes 0.
  Scalar wrap(Scalar i, Scalar size);
  /// A copy of operand `operand` that may be written, of the type of result 0.
  mlir::Value copyOf(unsigned operand);

private:
  Carried nestFrom(llvm::SmallVectorImpl<Scalar> &place, llvm::ArrayRef<Scalar> counts, mlir::ValueRange start,
                   llvm::function_ref<Carried(llvm::ArrayRef<Scalar>, mlir::ValueRange)> body);
  Lowering &l;
};

} // namespace dlc::dl
