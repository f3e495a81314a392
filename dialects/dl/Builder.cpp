//===- Builder.cpp --------------------------------------------------------===//
#include "dialects/dl/Builder.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Formulas.h"

using namespace mlir;

namespace dlc::dl {

Operation *createOp(OpBuilder &b, Location loc, StringRef name, ValueRange operands,
                    ArrayRef<NamedAttribute> attributes, unsigned results) {
  SmallVector<Type> placeholders(results, UnrankedTensorType::get(b.getF32Type()));
  OperationState state(loc, name, operands, placeholders, attributes);
  Operation *op = b.create(state);
  if (failed(inferResultTypes(op))) {
    op->erase();
    return nullptr;
  }
  return op;
}

Value buildConstant(OpBuilder &b, Location loc, ElementsAttr value, StringRef name) {
  auto op = ConstantOp::create(b, loc, RankedTensorType::get(value.getShapedType().getShape(), value.getElementType()),
                               value, name.empty() ? StringAttr() : b.getStringAttr(name));
  return op;
}

Tensor like(Tensor a, double v) {
  if (!a)
    return {};
  Array array(a.elementType(), {});
  array.store(0, Number::of(a.elementType(), v));
  return a.with(buildConstant(a.builder(), a.loc(), array.toAttribute()));
}

Tensor constantInts(OpBuilder &b, Location loc, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getI64Type());
  return Tensor(b, loc, buildConstant(b, loc, DenseElementsAttr::get(type, values)));
}

#define DLC_BINARY(NAME, OP)                                                                                           \
  Tensor NAME(Tensor a, Tensor b) { return a && b ? apply<OP>({a, b}) : Tensor(); }
DLC_BINARY(operator+, AddOp)
DLC_BINARY(operator-, SubOp)
DLC_BINARY(operator*, MulOp)
DLC_BINARY(operator/, DivOp)
DLC_BINARY(operator<, LessOp)
DLC_BINARY(operator<=, LessEqualOp)
DLC_BINARY(operator>, GreaterOp)
DLC_BINARY(operator>=, GreaterEqualOp)
DLC_BINARY(operator==, EqualOp)
DLC_BINARY(operator!=, NotEqualOp)
DLC_BINARY(minimum, MinimumOp)
DLC_BINARY(maximum, MaximumOp)
DLC_BINARY(pow, PowOp)
DLC_BINARY(fmod, FmodOp)
DLC_BINARY(floormod, FloormodOp)
DLC_BINARY(operator&, AndOp)
DLC_BINARY(operator|, OrOp)
DLC_BINARY(operator^, XorOp)
DLC_BINARY(shiftLeft, ShiftLeftOp)
DLC_BINARY(shiftRight, ShiftRightOp)
#undef DLC_BINARY

#define DLC_UNARY(NAME, OP)                                                                                            \
  Tensor NAME(Tensor a) { return a ? apply<OP>({a}) : Tensor(); }
DLC_UNARY(operator~, BitwiseNotOp)
DLC_UNARY(logicalNot, LogicalNotOp)
DLC_UNARY(operator-, NegOp)
DLC_UNARY(abs, AbsOp)
DLC_UNARY(sign, SignOp)
DLC_UNARY(isnan, IsNanOp)
DLC_UNARY(isinf, IsInfOp)
DLC_UNARY(exp, ExpOp)
DLC_UNARY(expm1, Expm1Op)
DLC_UNARY(log, LogOp)
DLC_UNARY(log1p, Log1pOp)
DLC_UNARY(log2, Log2Op)
DLC_UNARY(sqrt, SqrtOp)
DLC_UNARY(sin, SinOp)
DLC_UNARY(cos, CosOp)
DLC_UNARY(tan, TanOp)
DLC_UNARY(asin, AsinOp)
DLC_UNARY(acos, AcosOp)
DLC_UNARY(atan, AtanOp)
DLC_UNARY(sinh, SinhOp)
DLC_UNARY(cosh, CoshOp)
DLC_UNARY(tanh, TanhOp)
DLC_UNARY(asinh, AsinhOp)
DLC_UNARY(acosh, AcoshOp)
DLC_UNARY(atanh, AtanhOp)
DLC_UNARY(erf, ErfOp)
DLC_UNARY(floor, FloorOp)
DLC_UNARY(ceil, CeilOp)
DLC_UNARY(roundeven, RoundevenOp)
DLC_UNARY(trunc, TruncOp)
#undef DLC_UNARY

Tensor select(Tensor c, Tensor a, Tensor b) { return c && a && b ? apply<SelectOp>({c, a, b}) : Tensor(); }

Tensor cast(Tensor a, Type type) {
  if (!a || a.elementType() == type)
    return a;
  return apply<CastOp>({a}, {a.builder().getNamedAttr("to", TypeAttr::get(type))});
}

Tensor bitcast(Tensor a, Type, Type to) {
  if (!a || a.elementType() == to)
    return a;
  return apply<BitcastOp>({a}, {a.builder().getNamedAttr("to", TypeAttr::get(to))});
}

//===----------------------------------------------------------------------===//
// Structured ops
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> normalized(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t a : axes)
    result.push_back(a < 0 ? a + rank : a);
  llvm::sort(result);
  return result;
}

static NamedAttribute ints(Tensor a, StringRef name, ArrayRef<int64_t> values) {
  return a.builder().getNamedAttr(name, a.builder().getDenseI64ArrayAttr(values));
}

template <class Op> static Tensor reduce(Tensor a, ArrayRef<int64_t> axes, bool keepDims) {
  if (!a)
    return {};
  SmallVector<int64_t> sorted = normalized(axes, a.rank());
  Tensor r = apply<Op>({a}, {ints(a, "axes", sorted)});
  return keepDims || !r ? r : squeeze(r, sorted);
}
Tensor reduceSum(Tensor a, ArrayRef<int64_t> axes, bool keepDims) { return reduce<ReduceSumOp>(a, axes, keepDims); }
Tensor reduceMax(Tensor a, ArrayRef<int64_t> axes, bool keepDims) { return reduce<ReduceMaxOp>(a, axes, keepDims); }
Tensor reduceMin(Tensor a, ArrayRef<int64_t> axes, bool keepDims) { return reduce<ReduceMinOp>(a, axes, keepDims); }
Tensor reduceProd(Tensor a, ArrayRef<int64_t> axes, bool keepDims) { return reduce<ReduceProdOp>(a, axes, keepDims); }

Tensor countOver(Tensor a, ArrayRef<int64_t> axes) {
  if (!a)
    return {};
  int64_t count = 1;
  bool known = true;
  SmallVector<int64_t> sorted = normalized(axes, a.rank());
  for (int64_t axis : sorted) {
    known &= !a.type().isDynamicDim(axis);
    count *= a.type().getDimSize(axis);
  }
  if (known)
    return like(a, count);
  return cast(reduceProd(dimsAt(a, sorted), {0}, false), a.elementType());
}

Tensor mean(Tensor a, ArrayRef<int64_t> axes) { return reduceSum(a, axes) / countOver(a, axes); }

Tensor matmul(Tensor a, Tensor b) { return a && b ? apply<MatMulOp>({a, b}) : Tensor(); }
Tensor transpose(Tensor a, ArrayRef<int64_t> permutation) {
  return a ? apply<TransposeOp>({a}, {ints(a, "permutation", permutation)}) : Tensor();
}
Tensor reshape(Tensor a, Tensor shape) { return a && shape ? apply<ReshapeOp>({a, shape}) : Tensor(); }
Tensor reshape(Tensor a, ArrayRef<int64_t> shape) {
  return a ? reshape(a, constantInts(a.builder(), a.loc(), shape)) : Tensor();
}
Tensor squeeze(Tensor a, ArrayRef<int64_t> axes) {
  return a ? apply<SqueezeOp>({a}, {ints(a, "axes", normalized(axes, a.rank()))}) : Tensor();
}
Tensor unsqueeze(Tensor a, ArrayRef<int64_t> axes) {
  if (!a)
    return {};
  int64_t rank = a.rank() + axes.size();
  return apply<UnsqueezeOp>({a}, {ints(a, "axes", normalized(axes, rank))});
}
Tensor shapeOf(Tensor a) { return a ? apply<ShapeOfOp>({a}) : Tensor(); }
Tensor dimsAt(Tensor a, ArrayRef<int64_t> axes) {
  return a ? gather(shapeOf(a), constantInts(a.builder(), a.loc(), axes), 0) : Tensor();
}
Tensor iota(Tensor size) { return size ? apply<IotaOp>({size}) : Tensor(); }
Tensor placesAlong(Tensor a, int64_t axis) {
  if (!a)
    return {};
  return alongAxis(iota(dimsAt(a, {axis})), axis, a.rank());
}
Tensor alongAxis(Tensor vector, int64_t axis, int64_t rank) {
  SmallVector<int64_t> behind;
  for (int64_t i = axis + 1; i < rank; ++i)
    behind.push_back(i - axis);
  return behind.empty() ? vector : unsqueeze(vector, behind);
}
Tensor argMax(Tensor a, int64_t axis) {
  return a ? apply<ArgExtremeOp>({a}, {a.builder().getNamedAttr("axis", a.builder().getI64IntegerAttr(axis))}) : Tensor();
}
Tensor full(Tensor shape, Tensor v) { return shape && v ? apply<FillOp>({shape, v}) : Tensor(); }
Tensor gather(Tensor data, Tensor indices, int64_t axis) {
  if (!data || !indices)
    return {};
  return apply<GatherOp>({data, indices}, {data.builder().getNamedAttr("axis", data.builder().getI64IntegerAttr(axis))});
}
Tensor slice(Tensor a, Tensor starts, Tensor sizes, Tensor steps, ArrayRef<int64_t> axes, bool inRange) {
  if (!a || !starts || !sizes || !steps)
    return {};
  SmallVector<NamedAttribute> attributes{ints(a, "axes", axes)};
  if (inRange)
    attributes.push_back(a.builder().getNamedAttr("in_range", a.builder().getUnitAttr()));
  return apply<SliceOp>({a, starts, sizes, steps}, attributes);
}
Tensor slice(Tensor a, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes, ArrayRef<int64_t> axes) {
  if (!a)
    return {};
  auto constant = [&](ArrayRef<int64_t> values) { return constantInts(a.builder(), a.loc(), values); };
  return slice(a, constant(starts), constant(sizes), constant(SmallVector<int64_t>(axes.size(), 1)), axes, true);
}
Tensor concat(ArrayRef<Tensor> parts, int64_t axis) {
  for (Tensor t : parts)
    if (!t)
      return {};
  Tensor first = parts.front();
  if (axis < 0)
    axis += first.rank();
  return apply<ConcatOp>(parts, {first.builder().getNamedAttr("axis", first.builder().getI64IntegerAttr(axis))});
}
Tensor broadcastTo(Tensor a, Tensor shape) { return a && shape ? apply<BroadcastToOp>({a, shape}) : Tensor(); }

Tensor logSoftmax(Tensor a, int64_t axis) {
  Tensor shifted = a - reduceMax(a, {axis});
  return shifted - log(reduceSum(exp(shifted), {axis}));
}

Tensor softmax(Tensor a, int64_t axis) {
  Tensor e = exp(a - reduceMax(a, {axis}));
  if (!e)
    return {};
  Tensor sum = reduceSum(e, {axis});
  // One division a row; the reciprocal of a half would lose half of its digits.
  bool isShort = e.elementType().getIntOrFloatBitWidth() < 32;
  return isShort ? e / sum : e * (1.0 / sum);
}

} // namespace dlc::dl
