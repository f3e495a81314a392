//===- Scatter.cpp - Elements put at computed places ----------------------===//
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Forms.h"
#include "dialects/dl/ops/Loops.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace dlc::dl {

static LogicalResult checkCombine(Operation *op, StringRef how) {
  if (how != "none" && how != "add" && how != "mul" && how != "min" && how != "max")
    return op->emitOpError("expects the reduction none, add, mul, min or max, got '") << how << "'";
  return success();
}

/// Indices are integers, updates of the data's type.
template <class Op> static LogicalResult checkTypes(Op op, Inference &shapes) {
  Type data = shapes.elementType(op.getData()), indices = shapes.elementType(op.getIndices()),
       updates = shapes.elementType(op.getUpdates());
  if (!isa<IntegerType>(indices))
    return op.emitOpError("expects integer indices, got ") << indices;
  if (updates != data)
    return op.emitOpError("expects updates of type ") << data << ", got " << updates;
  return success();
}

/// An index into a dim of `size`; nullopt when out of range.
static std::optional<int64_t> placeOf(Number index, int64_t size) {
  int64_t i = index.asInt();
  i = i < 0 ? i + size : i;
  return i >= 0 && i < size ? std::optional(i) : std::nullopt;
}

/// What the updates meet is `data`, unless it has no elements: then no place is in range and nothing may be written.
static SmallVector<Scalar> roundsUnlessEmpty(Loops &loops, Value data, SmallVector<Scalar> counts) {
  Scalar elements = loops.constant(1), updates = elements;
  for (Scalar d : loops.dims(data))
    elements = elements * d;
  for (Scalar c : counts)
    updates = updates * c;
  check((elements != 0.0) | (updates == 0.0), ValueError::IndexOutOfRange);
  for (Scalar &c : counts)
    c = select(elements == 0.0, 0.0, c);
  return counts;
}

//===----------------------------------------------------------------------===//
// scatter_elements
//===----------------------------------------------------------------------===//

LogicalResult ScatterElementsOp::infer(Inference &shapes) {
  Dims data = shapes.dims(getData()), indices = shapes.dims(getIndices()), updates = shapes.dims(getUpdates());
  if (failed(checkTypes(*this, shapes)))
    return failure();
  if (data.size() != indices.size() || data.size() != updates.size())
    return emitOpError("expects data, indices and updates of one rank, got ")
           << data.size() << ", " << indices.size() << " and " << updates.size();
  if (int64_t axis = getAxis(); axis < 0 || axis >= static_cast<int64_t>(data.size()))
    return emitOpError("expects an axis below the rank ") << data.size() << ", got " << getAxis();
  for (auto [i, d] : llvm::enumerate(updates))
    if (failed(shapes.requireEqual(*this, indices[i], d, "indices and updates of the same dim " + Twine(i))))
      return failure();
  if (failed(requireWithin(*this, shapes, indices, data, getAxis())))
    return failure();
  shapes.set(getResult(), shapes.elementType(getData()), data);
  return checkCombine(*this, getCombine());
}

LogicalResult ScatterElementsOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &data = *operands[0], &indices = *operands[1], &updates = *operands[2];
  Array &r = results[0];
  r.elements = data.elements;
  bool ok = true;
  forEachPlace(indices.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    SmallVector<int64_t> target(place);
    std::optional<int64_t> at = placeOf(indices.at(i++), data.dims[getAxis()]);
    ok &= at.has_value();
    if (!at)
      return;
    target[getAxis()] = *at;
    int64_t o = r.offset(target);
    r.store(o, combined(getCombine(), r.at(o), updates.at(updates.offset(place))));
  });
  return ok ? success() : emitError("index out of range");
}

LogicalResult ScatterElementsOp::lower(Lowering &l) {
  Loops loops(l);
  Type type = l.elementType(0), indexType = l.elementType(1);
  SmallVector<Scalar> counts = roundsUnlessEmpty(loops, l.operands[0], loops.dims(l.operands[1]));
  Scalar size = loops.dim(l.operands[0], getAxis());
  l.results = loops.nest(counts, loops.copyOf(0), [&](ArrayRef<Scalar> place, ValueRange carried) -> Loops::Carried {
    SmallVector<Scalar> target(place);
    target[getAxis()] = loops.wrap(loops.read(l.operands[1], place, indexType), size);
    Scalar update = loops.read(l.operands[2], place, type), old = loops.read(carried[0], target, type);
    return {loops.write(combined(getCombine(), old, update), carried[0], target, type)};
  });
  return success();
}

//===----------------------------------------------------------------------===//
// scatter_nd
//===----------------------------------------------------------------------===//

LogicalResult ScatterNdOp::infer(Inference &shapes) {
  Dims data = shapes.dims(getData()), indices = shapes.dims(getIndices()), updates = shapes.dims(getUpdates());
  std::optional<int64_t> addressed = indices.empty() ? std::nullopt : constantOf(indices.back());
  if (failed(checkTypes(*this, shapes)))
    return failure();
  if (!addressed)
    return emitOpError("expects indices whose last dim is known");
  if (*addressed > static_cast<int64_t>(data.size()))
    return emitOpError("expects indices of at most ") << data.size() << " entries, got " << *addressed;
  if (updates.size() != indices.size() - 1 + data.size() - *addressed)
    return emitOpError("expects updates of rank ")
           << indices.size() - 1 + data.size() - *addressed << ", got " << updates.size();
  Dims wanted(indices.begin(), indices.end() - 1);
  wanted.append(data.begin() + *addressed, data.end());
  for (auto [i, d] : llvm::enumerate(updates))
    if (failed(shapes.requireEqual(*this, wanted[i], d, "updates that fit indices and data in dim " + Twine(i))))
      return failure();
  shapes.set(getResult(), shapes.elementType(getData()), data);
  return checkCombine(*this, getCombine());
}

LogicalResult ScatterNdOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &data = *operands[0], &indices = *operands[1], &updates = *operands[2];
  Array &r = results[0];
  r.elements = data.elements;
  size_t rows = indices.dims.size() - 1;
  bool ok = true;
  forEachPlace(updates.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    SmallVector<int64_t> at(place.take_front(rows)), target;
    at.push_back(0);
    for (; at.back() < indices.dims.back(); ++at.back()) {
      std::optional<int64_t> p = placeOf(indices.at(indices.offset(at)), data.dims[at.back()]);
      ok &= p.has_value();
      target.push_back(p.value_or(0));
    }
    target.append(place.begin() + rows, place.end());
    Number update = updates.at(i++);
    if (int64_t o = r.offset(target); ok)
      r.store(o, combined(getCombine(), r.at(o), update));
  });
  return ok ? success() : emitError("index out of range");
}

LogicalResult ScatterNdOp::lower(Lowering &l) {
  Loops loops(l);
  Type type = l.elementType(0), indexType = l.elementType(1);
  auto indices = cast<RankedTensorType>(getIndices().getType());
  int64_t rows = indices.getRank() - 1;
  SmallVector<Scalar> counts = roundsUnlessEmpty(loops, l.operands[0], loops.dims(l.operands[2]));
  SmallVector<Scalar> sizes = loops.dims(l.operands[0]);
  l.results = loops.nest(counts, loops.copyOf(0), [&](ArrayRef<Scalar> place, ValueRange carried) -> Loops::Carried {
    SmallVector<Scalar> at(place.take_front(rows)), target;
    for (int64_t i = 0; i < indices.getDimSize(rows); ++i) {
      at.push_back(loops.constant(i));
      target.push_back(loops.wrap(loops.read(l.operands[1], at, indexType), sizes[i]));
      at.pop_back();
    }
    target.append(place.begin() + rows, place.end());
    Scalar update = loops.read(l.operands[2], place, type), old = loops.read(carried[0], target, type);
    return {loops.write(combined(getCombine(), old, update), carried[0], target, type)};
  });
  return success();
}

//===----------------------------------------------------------------------===//
// nonzero
//===----------------------------------------------------------------------===//

LogicalResult NonZeroOp::infer(Inference &shapes) {
  Type i64 = IntegerType::get(getContext(), 64);
  Dims x = shapes.dims(getX());
  shapes.set(getPlaces(), i64, {shapes.constant(x.size()), shapes.product(x)});
  shapes.set(getCount(), i64, {shapes.constant(1)});
  return success();
}

LogicalResult NonZeroOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0];
  int64_t count = 0, columns = x.size();
  forEachPlace(x.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    if (!x.at(i++).asBool())
      return;
    for (auto [row, p] : llvm::enumerate(place))
      results[0].store(row * columns + count, Number::ofSigned(p));
    ++count;
  });
  results[1].store(0, Number::ofSigned(count));
  return success();
}

LogicalResult NonZeroOp::lower(Lowering &l) {
  Loops loops(l);
  Type type = l.elementType(0), i64 = l.resultElementType(0);
  Loops::Carried done = loops.nest(
      loops.dims(l.operands[0]), {l.empty(0), loops.constant(0).value()},
      [&](ArrayRef<Scalar> place, ValueRange carried) -> Loops::Carried {
        // Written in any case: the next place overwrites it where this element is zero.
        Scalar x = loops.read(l.operands[0], place, type), count = loops.scalar(carried[1]);
        Value places = carried[0];
        for (auto [row, p] : llvm::enumerate(place))
          places = loops.write(cast(p, i64), places, {loops.constant(row), count}, i64);
        Scalar zero = x.isBool() ? x : x != 0.0;
        return {places, select(zero, count + 1.0, count).value()};
      });
  l.results.push_back(done[0]);
  l.results.push_back(loops.write(cast(loops.scalar(done[1]), i64), l.empty(1), {loops.constant(0)}, i64));
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

/// Columns of the places of x that are not zero: i64 [rank, count].
static Tensor nonZero(Tensor x) {
  if (!x)
    return {};
  Operation *op = createOp(x.builder(), x.loc(), NonZeroOp::getOperationName(), x.value(), {}, 2);
  if (!op)
    return {};
  Tensor zero = constantInts(x.builder(), x.loc(), {0}), one = constantInts(x.builder(), x.loc(), {1});
  return slice(x.with(op->getResult(0)), zero, x.with(op->getResult(1)), one, {1}, /*inRange=*/true);
}

static LogicalResult buildNonZero(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  return give(results, nonZero(inputOf(n, 0)));
}

static LogicalResult buildCompress(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), condition = inputOf(n, 1);
  if (condition.rank() != 1)
    return n.error("expects a 1-D condition, got rank " + Twine(condition.rank()));
  int64_t axis = 0;
  if (n.hasAttr("axis")) {
    FailureOr<int64_t> given = axisFrom(n, "axis", 0, x.rank());
    if (failed(given))
      return failure();
    axis = *given;
  } else {
    x = reshape(x, {-1});
  }
  return give(results, gather(x, squeeze(nonZero(condition), {0}), axis));
}

static LogicalResult buildScatterElements(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<int64_t> axis = axisFrom(n, "axis", 0, x.rank());
  if (failed(axis))
    return failure();
  return give(results, apply<ScatterElementsOp>({x, inputOf(n, 1), inputOf(n, 2)},
                                                {intAttr(x, "axis", *axis),
                                                 textAttr(x, "combine", n.getString("reduction").value_or("none"))}));
}

static LogicalResult buildScatterNd(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0);
  return give(results, apply<ScatterNdOp>({x, inputOf(n, 1), inputOf(n, 2)},
                                          {textAttr(x, "combine", n.getString("reduction").value_or("none"))}));
}

/// past_cache with the updates at write_indices[batch], write_indices[batch] + 1, ... along `axis`.
static LogicalResult buildTensorScatter(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  Tensor cache = inputOf(n, 0), update = inputOf(n, 1), first = inputOf(n, 2);
  FailureOr<int64_t> axis = axisFrom(n, "axis", -2, cache.rank());
  if (failed(axis))
    return failure();
  if (update.rank() != cache.rank() || *axis == 0)
    return n.error("expects an update of the cache's rank and an axis other than 0");
  StringRef mode = n.getString("mode").value_or("linear");
  if (mode != "linear" && mode != "circular")
    return n.error("expects mode linear or circular, got '" + mode + "'");
  Tensor places = placesAlong(update, *axis);
  if (first)
    places = places + alongAxis(cast(first, n.builder().getI64Type()), 0, cache.rank());
  if (mode == "circular")
    places = floormod(places, dimsAt(cache, {*axis}));
  return give(results, apply<ScatterElementsOp>({cache, broadcastTo(places, shapeOf(update)), update},
                                                {intAttr(cache, "axis", *axis), textAttr(cache, "combine", "none")}));
}

void appendScatterForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "NonZero", 9, buildNonZero});
  forms.push_back({"", "Compress", 9, buildCompress});
  forms.push_back({"", "TensorScatter", 24, buildTensorScatter});
  forms.push_back({"", "Scatter", 9, buildScatterElements});
  forms.push_back({"", "ScatterElements", 11, buildScatterElements});
  forms.push_back({"", "ScatterND", 11, buildScatterNd});
}

} // namespace dlc::dl
