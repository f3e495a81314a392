//===- Constant.cpp - Constants, shapes, fills ----------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// constant
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::infer(Inference &shapes) {
  Dims dims;
  for (int64_t d : getValue().getShapedType().getShape())
    dims.push_back(shapes.constant(d));
  shapes.set(getResult(), getValue().getElementType(), dims);
  return success();
}

LogicalResult ConstantOp::evaluate(ArrayRef<const Array *>, MutableArrayRef<Array> results) {
  results[0] = Array::fromAttribute(getValue());
  return success();
}

Fusion ConstantOp::fusion() { return {Fusion::Kind::Host, {}}; }

//===----------------------------------------------------------------------===//
// shape_of
//===----------------------------------------------------------------------===//

LogicalResult ShapeOfOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  shapes.set(getResult(), IntegerType::get(getContext(), 64), {shapes.constant(dims.size())});
  shapes.setContents(getResult(), dims);
  return success();
}

LogicalResult ShapeOfOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  for (auto [i, d] : llvm::enumerate(operands[0]->dims))
    results[0].store(i, Number::ofSigned(d));
  return success();
}

Fusion ShapeOfOp::fusion() { return {Fusion::Kind::Host, {}}; }

//===----------------------------------------------------------------------===//
// fill
//===----------------------------------------------------------------------===//

LogicalResult FillOp::infer(Inference &shapes) {
  Dims dims;
  std::optional<Dims> contents = shapes.contents(getShape());
  FailureOr<int64_t> rank = shapes.rankFrom(*this, getShape());
  if (failed(rank))
    return failure();
  for (int64_t i = 0; i < *rank; ++i)
    dims.push_back(contents ? (*contents)[i] : shapes.unknown(getResult(), i));
  for (AffineExpr d : dims)
    if (failed(shapes.requireNonNegative(*this, d, "dims of at least 0")))
      return failure();
  shapes.set(getResult(), shapes.elementType(getValue()), dims);
  return success();
}

bool FillOp::onlyShapes(unsigned operand) { return operand == 0; }

template <class T> static T fillElement(ElementReader<T> &in, RankedTensorType value) {
  SmallVector<T> zeros(value.getRank(), in.constant(0));
  return in.read(1, zeros);
}
Scalar FillOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar>) {
  return fillElement(in, cast<RankedTensorType>(getValue().getType()));
}
Number FillOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number>) {
  return fillElement(in, cast<RankedTensorType>(getValue().getType()));
}

//===----------------------------------------------------------------------===//
// iota
//===----------------------------------------------------------------------===//

LogicalResult IotaOp::infer(Inference &shapes) {
  if (!isa<IntegerType>(shapes.elementType(getSize())))
    return emitOpError("expects an integer size, got ") << shapes.elementType(getSize());
  if (failed(shapes.requireEqual(*this, shapes.product(shapes.dims(getSize())), shapes.constant(1), "one size")))
    return failure();
  std::optional<Dims> contents = shapes.contents(getSize());
  AffineExpr size = contents ? contents->front() : shapes.unknown(getResult(), 0);
  std::optional<int64_t> count = constantOf(size);
  if (failed(shapes.requireNonNegative(*this, size, "a size of at least 0")))
    return failure();
  shapes.set(getResult(), IntegerType::get(getContext(), 64), {size});
  if (count && *count <= Inference::maxContents) {
    Dims places;
    for (int64_t i = 0; i < *count; ++i)
      places.push_back(shapes.constant(i));
    shapes.setContents(getResult(), places);
  }
  return success();
}

bool IotaOp::onlyShapes(unsigned) { return true; }

Scalar IotaOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return in.toResult(p[0]); }
Number IotaOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return in.toResult(p[0]); }

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static LogicalResult buildConstantNode(NodeView &n, Values &results) {
  OpBuilder &b = n.builder();
  ElementsAttr value = n.getTensor("value");
  auto floats = [&](ArrayRef<double> values, ArrayRef<int64_t> dims) {
    SmallVector<float> narrowed(values.begin(), values.end());
    return DenseElementsAttr::get(RankedTensorType::get(dims, b.getF32Type()), ArrayRef<float>(narrowed));
  };
  auto ints = [&](ArrayRef<int64_t> values, ArrayRef<int64_t> dims) {
    return DenseElementsAttr::get(RankedTensorType::get(dims, b.getI64Type()), values);
  };
  if (!value) {
    if (auto v = n.getFloat("value_float"))
      value = floats({*v}, {});
    else if (auto v = n.getInt("value_int"))
      value = ints({*v}, {});
    else if (auto v = n.getFloats("value_floats"))
      value = floats(*v, {static_cast<int64_t>(v->size())});
    else if (auto v = n.getInts("value_ints"))
      value = ints(*v, {static_cast<int64_t>(v->size())});
    else
      return n.error("expects one of the attributes value, value_float, value_floats, value_int, value_ints");
  }
  results.push_back(buildConstant(b, n.loc(), value));
  return success();
}

static LogicalResult buildConstantOfShape(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  ElementsAttr value = n.getTensor("value");
  if (!value)
    value = DenseElementsAttr::get(RankedTensorType::get({1}, n.builder().getF32Type()), 0.0f);
  if (value.getNumElements() != 1)
    return n.error("expects a value of one element, got " + Twine(value.getNumElements()));
  Tensor v(n.builder(), n.loc(), buildConstant(n.builder(), n.loc(), value));
  return give(results, apply<FillOp>({inputOf(n, 0), v}));
}

static LogicalResult buildShape(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor shape = shapeOf(inputOf(n, 0));
  int64_t rank = inputOf(n, 0).rank();
  auto clamp = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
  int64_t start = clamp(n.getInt("start").value_or(0)), end = clamp(n.getInt("end").value_or(rank));
  if (start == 0 && end == rank)
    return give(results, shape);
  SmallVector<int64_t> places;
  for (int64_t i = start; i < end; ++i)
    places.push_back(i);
  return give(results, gather(shape, constantInts(n.builder(), n.loc(), places), 0));
}

static LogicalResult buildSize(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  return give(results, reduceProd(shapeOf(inputOf(n, 0)), {0}, /*keepDims=*/false));
}

static LogicalResult buildIdentity(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  results.push_back(n.input(0));
  return success();
}

void appendConstantForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Constant", 1, buildConstantNode});
  forms.push_back({"", "ConstantOfShape", 9, buildConstantOfShape});
  forms.push_back({"", "Shape", 1, buildShape});
  forms.push_back({"", "Size", 1, buildSize});
  forms.push_back({"", "Identity", 1, buildIdentity});
}

} // namespace dlc::dl
