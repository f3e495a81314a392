//===- Evaluate.h - The reference interpreter -------------------*- C++ -*-===//
#pragma once

#include "dialects/dl/Number.h"
#include "dialects/dl/Shapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <functional>

namespace dlc::dl {

/// A tensor of reference values: eight bytes an element, rounded to `elementType` when stored.
struct Array {
  mlir::Type elementType;
  llvm::SmallVector<int64_t> dims;
  std::vector<uint64_t> elements; ///< row-major Number::bits

  Array() = default;
  Array(mlir::Type elementType, llvm::ArrayRef<int64_t> dims);
  /// From / to raw memory in the type's own layout (bool one byte).
  static Array fromBytes(mlir::Type elementType, llvm::ArrayRef<int64_t> dims, const void *data);
  static Array fromAttribute(mlir::ElementsAttr attribute);
  std::vector<char> toBytes() const;
  mlir::DenseElementsAttr toAttribute() const;

  int64_t size() const { return elements.size(); }
  Number::Kind kind() const { return Number::kindOf(elementType); }
  Number at(int64_t i) const {
    return Number::fromBits(kind(), elements[i], elementType.getIntOrFloatBitWidth());
  }
  void store(int64_t i, Number v); ///< rounds to elementType
  /// Row-major offset of a place, with dims of size 1 taken as broadcast.
  int64_t offset(llvm::ArrayRef<int64_t> place) const;
};

/// Runs a body of an op, by number, on its arguments.
using BodyRunner = llvm::function_ref<mlir::FailureOr<std::vector<Array>>(unsigned body, llvm::ArrayRef<Array> arguments)>;

/// Bytes of one stored element of a dl element type.
int64_t byteWidth(mlir::Type elementType);
int64_t elementCount(llvm::ArrayRef<int64_t> dims);
/// Calls `visit` with every place of `dims` in row-major order.
void forEachPlace(llvm::ArrayRef<int64_t> dims, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

/// Runs the ops of `function` on `inputs`; `observe` (if set) sees every result. Fails, with a diagnostic at the op, where
/// an op reports a bad value or has no reference.
mlir::FailureOr<std::vector<Array>> evaluate(mlir::func::FuncOp function, llvm::ArrayRef<Array> inputs,
                                             std::function<void(mlir::Value, const Array &)> observe = nullptr);
/// Runs one op; null when it cannot be evaluated (no diagnostic then).
mlir::FailureOr<std::vector<Array>> evaluateOp(mlir::Operation *op, llvm::ArrayRef<const Array *> operands);

} // namespace dlc::dl
