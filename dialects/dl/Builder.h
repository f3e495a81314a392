//===- Builder.h - Tensors with operators -----------------------*- C++ -*-===//
//
// The DSL. Models in C++, ONNX forms, composites and adjoints are written with it. Every function appends one dl op and
// infers its type; a mistake of shapes is reported on the op and the result is a poisoned Tensor (false in a bool context)
// that further functions pass on.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Number.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::dl {

class Tensor {
public:
  Tensor() = default;
  Tensor(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v) : b_(&b), loc_(loc.getAsOpaquePointer()), value_(v) {}
  explicit operator bool() const { return static_cast<bool>(value_); }
  mlir::Value value() const { return value_; }
  mlir::RankedTensorType type() const { return llvm::cast<mlir::RankedTensorType>(value_.getType()); }
  mlir::Type elementType() const { return type().getElementType(); }
  int64_t rank() const { return type().getRank(); }
  mlir::OpBuilder &builder() const { return *b_; }
  mlir::Location loc() const { return mlir::Location::getFromOpaquePointer(loc_); }
  Tensor with(mlir::Value v) const { return Tensor(*b_, loc(), v); }

private:
  mlir::OpBuilder *b_ = nullptr;
  const void *loc_ = nullptr;
  mlir::Value value_;
};

/// x * scale + shift; an absent one is 1 or 0.
struct ScaleShift {
  Tensor scale, shift;
};

/// Appends an op and infers its result types; null after a reported mistake.
mlir::Operation *createOp(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes, unsigned results = 1);
template <class Op>
Tensor apply(llvm::ArrayRef<Tensor> operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
  llvm::SmallVector<mlir::Value> values;
  for (const Tensor &t : operands) {
    if (!t)
      return {};
    values.push_back(t.value());
  }
  mlir::Operation *op =
      createOp(operands[0].builder(), operands[0].loc(), Op::getOperationName(), values, attributes);
  return op ? operands[0].with(op->getResult(0)) : Tensor();
}

mlir::Value buildConstant(mlir::OpBuilder &b, mlir::Location loc, mlir::ElementsAttr value, llvm::StringRef name = "");
/// A rank-0 constant of the element type of `a`.
Tensor like(Tensor a, double v);
/// A 1-D i64 constant.
Tensor constantInts(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> values);

#define DLC_TENSOR_BINARY(NAME)                                                                                        \
  Tensor NAME(Tensor a, Tensor b);                                                                                     \
  inline Tensor NAME(Tensor a, double b) { return NAME(a, like(a, b)); }                                               \
  inline Tensor NAME(double a, Tensor b) { return NAME(like(b, a), b); }
DLC_TENSOR_BINARY(operator+)
DLC_TENSOR_BINARY(operator-)
DLC_TENSOR_BINARY(operator*)
DLC_TENSOR_BINARY(operator/)
DLC_TENSOR_BINARY(operator<)
DLC_TENSOR_BINARY(operator<=)
DLC_TENSOR_BINARY(operator>)
DLC_TENSOR_BINARY(operator>=)
DLC_TENSOR_BINARY(operator==)
DLC_TENSOR_BINARY(operator!=)
DLC_TENSOR_BINARY(minimum)
DLC_TENSOR_BINARY(maximum)
DLC_TENSOR_BINARY(pow)
DLC_TENSOR_BINARY(fmod)
DLC_TENSOR_BINARY(floormod)
DLC_TENSOR_BINARY(operator&)
DLC_TENSOR_BINARY(operator|)
DLC_TENSOR_BINARY(operator^)
DLC_TENSOR_BINARY(shiftLeft)
DLC_TENSOR_BINARY(shiftRight)
#undef DLC_TENSOR_BINARY
Tensor operator~(Tensor a);
/// Logical not has a name: `!a` asks whether a Tensor is poisoned.
Tensor logicalNot(Tensor a);
Tensor operator-(Tensor a);
Tensor select(Tensor condition, Tensor a, Tensor b);
inline Tensor select(Tensor c, double a, Tensor b) { return select(c, like(b, a), b); }
inline Tensor select(Tensor c, Tensor a, double b) { return select(c, a, like(a, b)); }
Tensor cast(Tensor a, mlir::Type type);
/// The same bits as elements of `to`, as wide as those of `a`; `from` is their type.
Tensor bitcast(Tensor a, mlir::Type from, mlir::Type to);
Tensor abs(Tensor a);
Tensor sign(Tensor a);
Tensor isnan(Tensor a);
Tensor isinf(Tensor a);
#define DLC_DECLARE(NAME) Tensor NAME(Tensor a);
DLC_NUMBER_MATH(DLC_DECLARE)
#undef DLC_DECLARE

/// Folds over `axes` (negative ones count from the end); dims stay as 1 when `keepDims`.
Tensor reduceSum(Tensor a, llvm::ArrayRef<int64_t> axes, bool keepDims = true);
Tensor reduceMax(Tensor a, llvm::ArrayRef<int64_t> axes, bool keepDims = true);
Tensor reduceMin(Tensor a, llvm::ArrayRef<int64_t> axes, bool keepDims = true);
Tensor reduceProd(Tensor a, llvm::ArrayRef<int64_t> axes, bool keepDims = true);
/// Number of elements folded over `axes`, as a scalar of the element type of `a`.
Tensor countOver(Tensor a, llvm::ArrayRef<int64_t> axes);
/// Mean over `axes`, which stay as 1.
Tensor mean(Tensor a, llvm::ArrayRef<int64_t> axes);
/// A[..., m, k] B[..., k, n], batch dims broadcast as numpy does.
Tensor matmul(Tensor a, Tensor b);
Tensor transpose(Tensor a, llvm::ArrayRef<int64_t> permutation);
/// `shape`: 1-D i64 tensor; -1 in one place is inferred.
Tensor reshape(Tensor a, Tensor shape);
Tensor reshape(Tensor a, llvm::ArrayRef<int64_t> shape);
Tensor squeeze(Tensor a, llvm::ArrayRef<int64_t> axes);
Tensor unsqueeze(Tensor a, llvm::ArrayRef<int64_t> axes);
/// A 1-D tensor as one of `rank` dims, all 1 but the one at `axis` (leading ones left out: it broadcasts).
Tensor alongAxis(Tensor vector, int64_t axis, int64_t rank);
/// The dims as a 1-D i64 tensor; those of `axes` only.
Tensor shapeOf(Tensor a);
Tensor dimsAt(Tensor a, llvm::ArrayRef<int64_t> axes);
/// 0, 1, 2, ... as i64; `size` is one integer.
Tensor iota(Tensor size);
/// The place along `axis` of every element: i64, of dims that broadcast to those of `a`.
Tensor placesAlong(Tensor a, int64_t axis);
/// Place of the first largest element along `axis`, which stays as 1.
Tensor argMax(Tensor a, int64_t axis);
/// All elements the value `v`; dims in the 1-D i64 tensor `shape`.
Tensor full(Tensor shape, Tensor v);
/// data with dim `axis` replaced by the dims of `indices`.
Tensor gather(Tensor data, Tensor indices, int64_t axis);
/// a[start + i * step], i < size, along each of `axes`; the others are 1-D i64 tensors, an entry an axis. `inRange`: the
/// caller knows that all these places exist.
Tensor slice(Tensor a, Tensor starts, Tensor sizes, Tensor steps, llvm::ArrayRef<int64_t> axes, bool inRange);
Tensor slice(Tensor a, llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> axes);
Tensor concat(llvm::ArrayRef<Tensor> parts, int64_t axis);
/// numpy broadcasting to the dims in the 1-D i64 tensor `shape` (which may be lower where `a` is larger, as in ONNX).
Tensor broadcastTo(Tensor a, Tensor shape);
Tensor softmax(Tensor a, int64_t axis);
Tensor logSoftmax(Tensor a, int64_t axis);

} // namespace dlc::dl
