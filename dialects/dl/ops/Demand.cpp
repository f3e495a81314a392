//===- Demand.cpp - What nodes demand of values that only the run knows ---===//
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Extended.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// demand
//===----------------------------------------------------------------------===//

/// More than the host follows one by one (see SymbolicShapes::contents).
static constexpr int64_t mostDemanded = 16;

static LogicalResult checkDemanded(Operation *op, Value v) {
  auto type = cast<RankedTensorType>(v.getType());
  if (!isa<IntegerType>(type.getElementType()) || !type.hasStaticShape() || type.getNumElements() > mostDemanded)
    return op->emitOpError("expects up to ") << mostDemanded << " integers, got " << type;
  return success();
}

LogicalResult DemandOp::infer(Inference &shapes) {
  for (Value v : getOperands())
    if (failed(checkDemanded(*this, v)))
      return failure();
  std::optional<Dims> a = shapes.contents(getA()), b = shapes.contents(getB());
  if (!a || !b)
    return success(); // while it is built
  if (b->size() != a->size() && b->size() != 1 && a->size() != 1)
    return emitOpError("expects as many integers on both sides or one, got ") << a->size() << " and " << b->size();
  for (size_t i = 0; i < std::max(a->size(), b->size()); ++i) {
    AffineExpr own = (*a)[a->size() == 1 ? 0 : i], other = (*b)[b->size() == 1 ? 0 : i];
    if (failed(getAtMost() ? shapes.requireAtMost(*this, own, other, getExpects())
                           : shapes.requireEqual(*this, own, other, getExpects())))
      return failure();
  }
  return success();
}

/// The shape rule has compared them.
LogicalResult DemandOp::evaluate(ArrayRef<const Array *>, MutableArrayRef<Array>) { return success(); }
Fusion DemandOp::fusion() { return {Fusion::Kind::Host, {}}; }
bool DemandOp::onlyShapes(unsigned) { return true; }

static LogicalResult demand(Tensor a, Tensor b, bool atMost, const Twine &expects) {
  if (!a || !b)
    return failure();
  Type i64 = a.builder().getI64Type();
  SmallVector<NamedAttribute> attributes{textAttr(a, "expects", expects.str())};
  if (atMost)
    attributes.push_back(flag(a, "at_most"));
  a = cast(a, i64), b = cast(b, i64);
  Operation *op = createOp(a.builder(), a.loc(), DemandOp::getOperationName(), {a.value(), b.value()}, attributes, 0);
  if (op && isConstant(a.value()) && isConstant(b.value()))
    op->erase(); // and fits
  return success(op != nullptr);
}

LogicalResult demandEqual(Tensor a, Tensor b, const Twine &expects) { return demand(a, b, false, expects); }
LogicalResult demandAtMost(Tensor a, Tensor b, const Twine &expects) { return demand(a, b, true, expects); }
LogicalResult demandAtLeast(Tensor a, int64_t least, const Twine &expects) {
  return a ? demand(constantInts(a.builder(), a.loc(), {least}), a, true, expects) : failure();
}
LogicalResult demandTrue(Tensor condition, const Twine &expects) {
  return condition ? demandAtLeast(cast(condition, condition.builder().getI64Type()), 1, expects) : failure();
}

//===----------------------------------------------------------------------===//
// within
//===----------------------------------------------------------------------===//

LogicalResult WithinOp::infer(Inference &shapes) {
  for (Value v : getOperands())
    if (!isa<IntegerType>(shapes.elementType(v)))
      return emitOpError("expects integers, got ") << shapes.elementType(v);
  if (shapes.rank(getLow()) != 0 || shapes.rank(getHigh()) != 0)
    return emitOpError("expects scalar bounds");
  shapes.set(getResult(), shapes.elementType(getX()), shapes.dims(getX()));
  return success();
}

template <class T> static T checked(ElementReader<T> &in, ArrayRef<T> place) {
  T x = in.read(0, place), value = in.toPlace(x);
  in.check((value >= in.toPlace(in.read(1, {}))) & (value <= in.toPlace(in.read(2, {}))), ValueError::InvalidValue);
  return x;
}
Scalar WithinOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return checked(in, p); }
Number WithinOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return checked(in, p); }

Tensor within(Tensor x, Tensor low, Tensor high) { return x && low && high ? apply<WithinOp>({x, low, high}) : Tensor(); }

} // namespace dlc::dl
