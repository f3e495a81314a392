//===- Index.cpp - Elements at computed places ----------------------------===//
#include "dialects/dl/ops/Axes.h"
#include "dialects/dl/ops/Extended.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// gather
//===----------------------------------------------------------------------===//

/// An operand whose elements are places.
static LogicalResult checkInteger(Operation *op, Inference &shapes, Value v, StringRef what) {
  Type type = shapes.elementType(v);
  return isa<IntegerType>(type) ? success() : op->emitOpError("expects integer ") << what << ", got " << type;
}

LogicalResult requirePlaces(Operation *op, Inference &shapes, AffineExpr size, ArrayRef<AffineExpr> result) {
  AffineExpr count = shapes.product(result), one = shapes.constant(1);
  if (constantOf(size).value_or(0) > 0 || constantOf(count) == 0)
    return success();
  AffineExpr needed = constantOf(count) ? one : shapes.min(count, one);
  return shapes.requireAtMost(op, needed, size, "at least 1 element to choose from");
}

LogicalResult GatherOp::infer(Inference &shapes) {
  Dims data = shapes.dims(getData()), indices = shapes.dims(getIndices());
  int64_t axis = getAxis();
  if (failed(checkInteger(*this, shapes, getIndices(), "indices")))
    return failure();
  if (axis < 0 || axis >= static_cast<int64_t>(data.size()))
    return emitOpError("expects an axis below the rank ") << data.size() << ", got " << axis;
  Dims dims(data.begin(), data.begin() + axis);
  dims.append(indices);
  dims.append(data.begin() + axis + 1, data.end());
  if (failed(requirePlaces(*this, shapes, data[axis], dims)))
    return failure();
  shapes.set(getResult(), shapes.elementType(getData()), dims);
  std::optional<Dims> contents = shapes.contents(getData());
  std::optional<SmallVector<int64_t>> places = shapes.constantContents(getIndices());
  if (contents && places && data.size() == 1) {
    Dims picked;
    for (int64_t p : *places) {
      int64_t wrapped = p < 0 ? p + static_cast<int64_t>(contents->size()) : p;
      if (wrapped < 0 || wrapped >= static_cast<int64_t>(contents->size()))
        return emitOpError("expects indices below ") << contents->size() << ", got " << p;
      picked.push_back((*contents)[wrapped]);
    }
    shapes.setContents(getResult(), picked);
  }
  return success();
}

/// out[pre..., q..., post...] = data[pre..., indices[q...], post...].
template <class T> static T gathered(ElementReader<T> &in, ArrayRef<T> place, int64_t axis, int64_t indexRank) {
  T i = in.toPlace(in.read(1, place.slice(axis, indexRank)));
  SmallVector<T> source(place.take_front(axis));
  source.push_back(in.wrap(i, in.dim(0, axis)));
  source.append(place.begin() + axis + indexRank, place.end());
  return in.read(0, source);
}
Scalar GatherOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) {
  return gathered(in, p, getAxis(), cast<ShapedType>(getIndices().getType()).getRank());
}
Number GatherOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) {
  return gathered(in, p, getAxis(), cast<ShapedType>(getIndices().getType()).getRank());
}

Permuted GatherOp::beforeTranspose(BeforeTranspose &o) {
  if (o.operand != 0)
    return {};
  int64_t axis = getAxis(), source = o.axis(axis), count = cast<RankedTensorType>(getIndices().getType()).getRank();
  auto moved = [&](int64_t i) { return o.axis(i) + (o.axis(i) > source ? count - 1 : 0); };
  Permuted r{o.rebuilt({o.source(0), o.untouched(1)}, [&](Operation *op) { cast<GatherOp>(op).setAxis(source); }), {}};
  for (int64_t i = 0; i < axis; ++i)
    r.permutation.push_back(moved(i));
  for (int64_t i = 0; i < count; ++i)
    r.permutation.push_back(source + i);
  for (int64_t i = axis + 1; i < o.rank(); ++i)
    r.permutation.push_back(moved(i));
  return r;
}

//===----------------------------------------------------------------------===//
// gather_elements, gather_nd
//===----------------------------------------------------------------------===//

LogicalResult requireWithin(Operation *op, Inference &shapes, const Dims &indices, const Dims &data, int64_t axis) {
  for (auto [i, d] : llvm::enumerate(indices))
    if (static_cast<int64_t>(i) != axis &&
        failed(shapes.requireAtMost(op, d, data[i], "indices of at most the data's dim " + Twine(i))))
      return failure();
  return success();
}

LogicalResult GatherElementsOp::infer(Inference &shapes) {
  Dims data = shapes.dims(getData()), indices = shapes.dims(getIndices());
  if (data.size() != indices.size())
    return emitOpError("expects indices of the rank of data, ") << data.size() << ", got " << indices.size();
  if (int64_t axis = getAxis(); axis < 0 || axis >= static_cast<int64_t>(data.size()))
    return emitOpError("expects an axis below the rank ") << data.size() << ", got " << getAxis();
  if (failed(checkInteger(*this, shapes, getIndices(), "indices")) ||
      failed(requireWithin(*this, shapes, indices, data, getAxis())) ||
      failed(requirePlaces(*this, shapes, data[getAxis()], indices)))
    return failure();
  shapes.set(getResult(), shapes.elementType(getData()), indices);
  return success();
}

template <class T> static T gatheredElement(ElementReader<T> &in, ArrayRef<T> place, int64_t axis) {
  SmallVector<T> source(place);
  source[axis] = in.wrap(in.toPlace(in.read(1, place)), in.dim(0, axis));
  return in.read(0, source);
}
Scalar GatherElementsOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return gatheredElement(in, p, getAxis()); }
Number GatherElementsOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return gatheredElement(in, p, getAxis()); }

LogicalResult GatherNdOp::infer(Inference &shapes) {
  Dims data = shapes.dims(getData()), indices = shapes.dims(getIndices());
  int64_t batch = getBatchDims();
  std::optional<int64_t> addressed = indices.empty() ? std::nullopt : constantOf(indices.back());
  if (failed(checkInteger(*this, shapes, getIndices(), "indices")))
    return failure();
  if (!addressed)
    return emitOpError("expects indices whose last dim is known");
  if (batch < 0 || batch >= static_cast<int64_t>(indices.size()) ||
      batch + *addressed > static_cast<int64_t>(data.size()))
    return emitOpError("expects data of rank ") << batch + *addressed << " or more, got " << data.size();
  for (int64_t i = 0; i < batch; ++i)
    if (failed(shapes.requireEqual(*this, indices[i], data[i], "indices and data of the same batch dim " + Twine(i))))
      return failure();
  Dims dims(indices.begin(), indices.end() - 1);
  dims.append(data.begin() + batch + *addressed, data.end());
  for (AffineExpr size : ArrayRef<AffineExpr>(data).slice(batch, *addressed))
    if (failed(requirePlaces(*this, shapes, size, dims)))
      return failure();
  shapes.set(getResult(), shapes.elementType(getData()), dims);
  return success();
}

/// out[b..., q..., s...] = data[b..., indices[b..., q..., :], s...].
template <class T> static T gatheredPart(ElementReader<T> &in, ArrayRef<T> place, int64_t batch, RankedTensorType indices) {
  int64_t rows = indices.getRank() - 1;
  SmallVector<T> at(place.take_front(rows)), source(place.take_front(batch));
  at.push_back(in.constant(0));
  for (int64_t i = 0; i < indices.getDimSize(rows); ++i) {
    at.back() = in.constant(i);
    source.push_back(in.wrap(in.toPlace(in.read(1, at)), in.dim(0, batch + i)));
  }
  source.append(place.begin() + rows, place.end());
  return in.read(0, source);
}
Scalar GatherNdOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) {
  return gatheredPart(in, p, getBatchDims(), cast<RankedTensorType>(getIndices().getType()));
}
Number GatherNdOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) {
  return gatheredPart(in, p, getBatchDims(), cast<RankedTensorType>(getIndices().getType()));
}

//===----------------------------------------------------------------------===//
// reverse_sequence
//===----------------------------------------------------------------------===//

LogicalResult ReverseSequenceOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  int64_t rank = dims.size(), batch = getBatchAxis(), time = getTimeAxis();
  if (batch < 0 || batch >= rank || time < 0 || time >= rank || batch == time)
    return emitOpError("expects two different axes below the rank ") << rank;
  if (failed(checkInteger(*this, shapes, getLengths(), "lengths")))
    return failure();
  if (shapes.rank(getLengths()) != 1)
    return emitOpError("expects 1-D lengths, got rank ") << shapes.rank(getLengths());
  if (failed(shapes.requireEqual(*this, shapes.dims(getLengths())[0], dims[batch], "a length for each of the batch")))
    return failure();
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  return success();
}

template <class T> static T reversed(ElementReader<T> &in, ArrayRef<T> place, int64_t batch, int64_t time) {
  SmallVector<T> source(place);
  T length = in.toPlace(in.read(1, {place[batch]}));
  in.check((length >= in.constant(0)) & (length <= in.dim(0, time)), ValueError::InvalidValue);
  source[time] = in.wrap(select(place[time] < length, length - in.constant(1) - place[time], place[time]), in.dim(0, time));
  return in.read(0, source);
}
Scalar ReverseSequenceOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) {
  return reversed(in, p, getBatchAxis(), getTimeAxis());
}
Number ReverseSequenceOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) {
  return reversed(in, p, getBatchAxis(), getTimeAxis());
}

//===----------------------------------------------------------------------===//
// pad
//===----------------------------------------------------------------------===//

LogicalResult PadOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), dims;
  std::optional<Dims> pads = shapes.contents(getPads());
  if (failed(checkInteger(*this, shapes, getPads(), "pads")))
    return failure();
  if (shapes.elementType(getValue()) != shapes.elementType(getX()))
    return emitOpError("expects a value of type ") << shapes.elementType(getX()) << ", got "
                                                   << shapes.elementType(getValue());
  if (pads && pads->size() != 2 * x.size())
    return emitOpError("expects two pads for each of the ") << x.size() << " dims, got " << pads->size();
  if (getMode() != "constant" && getMode() != "edge" && getMode() != "reflect" && getMode() != "wrap")
    return emitOpError("expects the mode constant, edge, reflect or wrap, got '") << getMode() << "'";
  if (shapes.rank(getValue()) != 0)
    return emitOpError("expects a scalar value, got rank ") << shapes.rank(getValue());
  for (auto [i, d] : llvm::enumerate(x)) {
    dims.push_back(pads ? d + (*pads)[i] + (*pads)[i + x.size()] : shapes.unknown(getResult(), i));
    if (failed(shapes.requireNonNegative(*this, dims.back(), "dims of at least 0")))
      return failure();
  }
  if (getMode() != "constant")
    for (AffineExpr d : x)
      if (failed(requirePlaces(*this, shapes, d, dims)))
        return failure();
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  return success();
}

template <class T> static T padded(ElementReader<T> &in, ArrayRef<T> place, StringRef mode) {
  SmallVector<T> source;
  T one = in.constant(1), zero = in.constant(0), inside = zero == zero;
  for (auto [axis, p] : llvm::enumerate(place)) {
    T size = in.dim(0, axis), i = p - in.toPlace(in.read(1, {in.constant(axis)}));
    if (mode == "constant") {
      T ok = (i >= zero) & (i < size);
      inside = inside & ok;
      source.push_back(i);
    } else if (mode == "edge") {
      source.push_back(maximum(minimum(i, size - one), zero));
    } else if (mode == "reflect") {
      // Period 2 (size - 1): up to the last element and back to the one after the first.
      T last = size - one, folded = in.remainder(i, maximum(last + last, one));
      source.push_back(select(folded < size, folded, last + last - folded));
    } else {
      source.push_back(in.remainder(i, maximum(size, one)));
    }
  }
  // Outside, the place of the first element: what x lies in may end there.
  if (mode == "constant")
    for (T &i : source)
      i = select(inside, i, zero);
  T element = in.read(0, source);
  return mode == "constant" ? select(inside, element, in.read(2, {})) : element;
}
Scalar PadOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return padded(in, p, getMode()); }
Number PadOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return padded(in, p, getMode()); }

Permuted PadOp::beforeTranspose(BeforeTranspose &o) {
  if (o.operand != 0)
    return {};
  return o.same(o.rebuilt({o.source(0), o.entries(getPads(), 2), o.untouched(2)}));
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static LogicalResult buildGather(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  FailureOr<int64_t> axis = axisFrom(n, "axis", 0, inputOf(n, 0).rank());
  if (failed(axis))
    return failure();
  return give(results, gather(inputOf(n, 0), inputOf(n, 1), *axis));
}

static LogicalResult buildGatherElements(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<int64_t> axis = axisFrom(n, "axis", 0, x.rank());
  if (failed(axis))
    return failure();
  return give(results, apply<GatherElementsOp>({x, inputOf(n, 1)}, {intAttr(x, "axis", *axis)}));
}

static LogicalResult buildGatherNd(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  return give(results, apply<GatherNdOp>({x, inputOf(n, 1)}, {intAttr(x, "batch_dims", n.getInt("batch_dims").value_or(0))}));
}

/// ai.onnx.ml: the elements of the last axis that the flattened indices name; a vector counts as one row.
static LogicalResult buildArrayFeatureExtractor(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), indices = inputOf(n, 1);
  if (x.rank() == 0)
    return n.error("expects X of rank 1 or more");
  Tensor r = gather(x, indices.rank() == 1 ? indices : reshape(indices, {-1}), x.rank() - 1);
  return give(results, x.rank() == 1 ? unsqueeze(r, {0}) : r);
}

static LogicalResult buildReverseSequence(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<int64_t> batch = axisFrom(n, "batch_axis", 1, x.rank()), time = axisFrom(n, "time_axis", 0, x.rank());
  if (failed(batch) || failed(time))
    return failure();
  return give(results, apply<ReverseSequenceOp>({x, inputOf(n, 1)},
                                                {intAttr(x, "batch_axis", *batch), intAttr(x, "time_axis", *time)}));
}

static Tensor pad(Tensor x, Tensor pads, Tensor value, StringRef mode) {
  if (!x || !pads || !value)
    return {};
  return apply<PadOp>({x, pads, value.rank() == 0 ? value : reshape(value, ArrayRef<int64_t>())}, {textAttr(x, "mode", mode)});
}

/// Pads and value as inputs since opset 11, as attributes before.
static LogicalResult buildPad(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 4)))
    return failure();
  Tensor x = inputOf(n, 0), pads = inputOf(n, 1), value = inputOf(n, 2);
  for (StringRef name : {"pads", "paddings"})
    if (auto fromAttribute = n.getInts(name))
      pads = constantInts(n.builder(), n.loc(), *fromAttribute);
  if (!pads)
    return n.error("expects pads");
  if (!value)
    value = like(x, n.getFloat("value").value_or(0));
  FailureOr<std::optional<Axes>> axes = axesFrom(n, "axes", 3, x.rank());
  if (failed(axes))
    return failure();
  int64_t count = *axes ? (*axes)->count : x.rank();
  if (pads.rank() != 1 || pads.type().getDimSize(0) != 2 * count)
    return n.error("expects two pads for each of the " + Twine(count) + " axes");
  pads = cast(pads, n.builder().getI64Type());
  if (*axes)
    pads = concat({spread(slice(pads, {0}, {count}, {0}), **axes, x.rank(), 0),
                   spread(slice(pads, {count}, {count}, {0}), **axes, x.rank(), 0)},
                  0);
  return give(results, pad(x, pads, value, n.getString("mode").value_or("constant")));
}

/// Cuts or pads each axis to the wanted dim, as much before as after (the odd one after).
static LogicalResult buildCenterCropPad(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), wanted = cast(inputOf(n, 1), n.builder().getI64Type());
  FailureOr<std::optional<Axes>> axes = axesFrom(n, "axes", -1, x.rank());
  if (failed(axes))
    return failure();
  SmallVector<int64_t> known = *axes ? (*axes)->known : llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  if (wanted.rank() != 1 || wanted.type().getDimSize(0) != static_cast<int64_t>(known.size()))
    return n.error("expects a shape of " + Twine(known.size()) + " dims");
  Tensor more = wanted - dimsAt(x, known), before = more / 2.0, after = more - before;
  if (*axes)
    before = spread(before, **axes, x.rank(), 0), after = spread(after, **axes, x.rank(), 0);
  return give(results, pad(x, concat({before, after}, 0), like(x, 0), "constant"));
}

/// Each dim `repeats` times: [d] as [1, d], broadcast to [repeats, d].
/// `repeats`: 1-D i64, an entry a dim.
static Tensor tile(Tensor x, Tensor repeats) {
  if (!repeats)
    return {};
  SmallVector<int64_t> even;
  for (int64_t i = 0; i < x.rank(); ++i)
    even.push_back(2 * i);
  Tensor dims = shapeOf(x);
  return reshape(broadcastTo(unsqueeze(x, even), interleaved(repeats, dims)), repeats * dims);
}

static LogicalResult buildTile(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), repeats = cast(inputOf(n, 1), n.builder().getI64Type());
  if (repeats.rank() != 1 || repeats.type().getDimSize(0) != x.rank())
    return n.error("expects a repeat for each of the " + Twine(x.rank()) + " dims");
  return give(results, tile(x, repeats));
}

/// One axis `tiles` times, before opset 6.
static LogicalResult buildTileOfAxis(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0), tiles = cast(inputOf(n, 1), n.builder().getI64Type());
  FailureOr<std::optional<SmallVector<int64_t>>> given = intsFrom(n, "axis", 2);
  if (failed(given))
    return failure();
  FailureOr<int64_t> axis = axisIn(n, (**given)[0], x.rank());
  if (failed(axis))
    return failure();
  Tensor one = constantInts(n.builder(), n.loc(), {1});
  SmallVector<Tensor> repeats(x.rank(), one);
  repeats[*axis] = reshape(tiles, {1});
  return give(results, tile(x, concat(repeats, 0)));
}

void appendIndexForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Gather", 1, buildGather});
  forms.push_back({"", "GatherElements", 11, buildGatherElements});
  forms.push_back({"", "GatherND", 11, buildGatherNd});
  forms.push_back({"ai.onnx.ml", "ArrayFeatureExtractor", 1, buildArrayFeatureExtractor});
  forms.push_back({"", "ReverseSequence", 10, buildReverseSequence});
  forms.push_back({"", "Pad", 1, buildPad});
  forms.push_back({"", "CenterCropPad", 18, buildCenterCropPad});
  forms.push_back({"", "Tile", 1, buildTileOfAxis});
  forms.push_back({"", "Tile", 6, buildTile});
}

} // namespace dlc::dl
