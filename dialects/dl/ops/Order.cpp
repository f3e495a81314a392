//===- Order.cpp - The largest, the first, the running --------------------===//
#include "dialects/dl/ops/Axes.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Loops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <limits>

using namespace mlir;

namespace dlc::dl {

static LogicalResult checkAxis(Operation *op, int64_t axis, size_t rank) {
  if (axis < 0 || axis >= static_cast<int64_t>(rank))
    return op->emitOpError("expects an axis below the rank ") << rank << ", got " << axis;
  return success();
}

/// Whether `a` stands before `b` when ordered by size.
template <class T> static T before(T a, T b, bool least) { return least ? (a < b) : (a > b); }

/// The places of `dims` without `axis`, then each place along it.
static void forEachLane(ArrayRef<int64_t> dims, int64_t axis, llvm::function_ref<void(SmallVectorImpl<int64_t> &)> visit) {
  SmallVector<int64_t> lanes(dims);
  lanes[axis] = 1;
  forEachPlace(lanes, [&](ArrayRef<int64_t> place) {
    SmallVector<int64_t> first(place);
    visit(first);
  });
}

//===----------------------------------------------------------------------===//
// arg_extreme
//===----------------------------------------------------------------------===//

LogicalResult ArgExtremeOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  if (failed(checkAxis(*this, getAxis(), dims.size())))
    return failure();
  AffineExpr size = std::exchange(dims[getAxis()], shapes.constant(1));
  if (failed(requirePlaces(*this, shapes, size, dims)))
    return failure();
  shapes.set(getResult(), IntegerType::get(getContext(), 64), dims);
  return success();
}

/// Whether `x` takes the place of `best`.
template <class T> static T replaces(T x, T best, bool least, bool last) {
  T better = before(x, best, least) | (isnan(x) & !isnan(best));
  return last ? better | (x == best) | (isnan(x) & isnan(best)) : better;
}

LogicalResult ArgExtremeOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0];
  int64_t axis = getAxis(), i = 0;
  forEachLane(x.dims, axis, [&](SmallVectorImpl<int64_t> &place) {
    Number best = x.at(x.offset(place));
    int64_t at = 0;
    for (place[axis] = 1; place[axis] < x.dims[axis]; ++place[axis]) {
      Number v = x.at(x.offset(place));
      if (replaces(v, best, getLeast(), getLast()).asBool()) {
        best = v;
        at = place[axis];
      }
    }
    results[0].store(i++, Number::ofSigned(at));
  });
  return success();
}

/// A reduction of two accumulators: the best value and its place.
LogicalResult ArgExtremeOp::lower(Lowering &l) {
  auto type = cast<RankedTensorType>(getX().getType());
  Type element = type.getElementType(), i64 = l.b.getI64Type();
  Type kept = element.isInteger(1) ? Type(l.b.getI8Type()) : computeType(element);
  int64_t rank = type.getRank(), axis = getAxis();
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators[axis] = utils::IteratorType::reduction;
  SmallVector<AffineExpr> out;
  for (int64_t i = 0; i < rank; ++i)
    out.push_back(i == axis ? getAffineConstantExpr(0, getContext()) : getAffineDimExpr(i, getContext()));
  AffineMap reduced = AffineMap::get(rank, 0, out, getContext());
  SmallVector<AffineMap> maps{AffineMap::getMultiDimIdentityMap(rank, getContext()), reduced, reduced};
  // The first element replaces the start, or is as good and has the place that the start names.
  Number worst = getLeast() ? highestOf(element) : lowestOf(element);
  TypedAttr start = isa<FloatType>(kept) ? TypedAttr(FloatAttr::get(kept, worst.asDouble()))
                                         : TypedAttr(IntegerAttr::get(kept, worst.asInt()));
  auto filled = [&](Value tensor, TypedAttr value) {
    Value init = arith::ConstantOp::create(l.b, l.loc(), value);
    return linalg::FillOp::create(l.b, l.loc(), init, tensor).getResult(0);
  };
  SmallVector<Value> inits{filled(l.temporary(0, kept), start), filled(l.empty(0), l.b.getI64IntegerAttr(0))};
  auto generic = linalg::GenericOp::create(
      l.b, l.loc(), TypeRange{inits[0].getType(), inits[1].getType()}, l.operands[0], inits, maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Emitter e{b, loc, l.emitter.node};
        Scalar x = fromStorage(e, args[0], element);
        Scalar best = element.isInteger(1) ? fromStorage(e, args[1], element)
                                           : Scalar(e, args[1], element.isUnsignedInteger());
        Scalar better = replaces(x, best, getLeast(), getLast());
        Scalar value = select(better, x, best);
        Scalar place = select(better, cast(Scalar(e, linalg::IndexOp::create(b, loc, axis)), i64), Scalar(e, args[2]));
        Value stored = element.isInteger(1) ? toStorage(value, element) : value.value();
        linalg::YieldOp::create(b, loc, ValueRange{stored, place.value()});
      });
  l.results.push_back(generic.getResult(1));
  return success();
}

Permuted ArgExtremeOp::beforeTranspose(BeforeTranspose &o) {
  return o.same(o.rebuilt({o.source(0)}, [&](Operation *op) { cast<ArgExtremeOp>(op).setAxis(o.axis(getAxis())); }));
}

//===----------------------------------------------------------------------===//
// top_k
//===----------------------------------------------------------------------===//

LogicalResult TopKOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  if (failed(checkAxis(*this, getAxis(), dims.size())))
    return failure();
  if (!isa<IntegerType>(shapes.elementType(getK())) || constantOf(shapes.product(shapes.dims(getK()))) != 1)
    return emitOpError("expects k to be one integer");
  std::optional<Dims> k = shapes.contents(getK());
  AffineExpr size = dims[getAxis()], wanted = k ? k->front() : shapes.unknown(getValues(), getAxis());
  if (failed(shapes.requireNonNegative(*this, wanted, "k of at least 0")) ||
      failed(shapes.requireAtMost(*this, wanted, size, "k of at most the dim that it selects from")))
    return failure();
  dims[getAxis()] = wanted;
  shapes.set(getValues(), shapes.elementType(getX()), dims);
  shapes.set(getIndices(), IntegerType::get(getContext(), 64), dims);
  return success();
}

bool TopKOp::onlyShapes(unsigned operand) { return operand == 1; }

/// A total order: larger first (or smaller), NaN largest, of equal ones the one before.
template <class T> static T precedes(T a, T atA, T b, T atB, bool least) {
  T sooner = least ? before(a, b, true) | (!isnan(a) & isnan(b)) : before(a, b, false) | (isnan(a) & !isnan(b));
  T equal = (a == b) | (isnan(a) & isnan(b));
  return sooner | (equal & (atA < atB));
}

LogicalResult TopKOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0];
  int64_t axis = getAxis(), n = x.dims[axis], k = results[0].dims[axis];
  if (k > n)
    return emitError("index out of range");
  forEachLane(x.dims, axis, [&](SmallVectorImpl<int64_t> &place) {
    SmallVector<std::pair<Number, int64_t>> lane;
    for (place[axis] = 0; place[axis] < n; ++place[axis])
      lane.push_back({x.at(x.offset(place)), place[axis]});
    llvm::sort(lane, [&](const auto &a, const auto &b) {
      return precedes(a.first, Number::ofSigned(a.second), b.first, Number::ofSigned(b.second), getLeast()).asBool();
    });
    for (place[axis] = 0; place[axis] < k; ++place[axis]) {
      int64_t o = results[0].offset(place);
      results[0].store(o, lane[place[axis]].first);
      results[1].store(o, Number::ofSigned(lane[place[axis]].second));
    }
  });
  return success();
}

/// Selection: each round takes the best element of the lane behind the one taken before. No scratch, any k.
LogicalResult TopKOp::lower(Lowering &l) {
  Loops loops(l);
  Type type = l.elementType(0), i64 = l.resultElementType(1);
  int64_t axis = getAxis();
  SmallVector<Scalar> lanes = loops.dims(l.operands[0]);
  Scalar size = lanes[axis], k = loops.scalar(getValueOrCreateConstantIndexOp(l.b, l.loc(), l.dims[0][axis]));
  lanes[axis] = loops.constant(1);
  Scalar none = loops.constant(-1), zero = loops.constant(type, Number(0.0).as(Number::kindOf(type)));
  auto flag = [&](const Scalar &at) { return at >= 0.0; };
  l.results = loops.nest(lanes, {l.empty(0), l.empty(1)}, [&](ArrayRef<Scalar> lane, ValueRange outer) -> Loops::Carried {
    SmallVector<Value> start(outer);
    start.append({zero.value(), none.value()});
    Loops::Carried done = loops.loop(k, start, [&](Scalar round, ValueRange carried) -> Loops::Carried {
      Scalar taken = loops.scalar(carried[2], type.isUnsignedInteger()), takenAt = loops.scalar(carried[3]);
      SmallVector<Scalar> place(lane);
      Loops::Carried best = loops.loop(size, {zero.value(), none.value()}, [&](Scalar i, ValueRange b) -> Loops::Carried {
        Scalar value = loops.scalar(b[0], type.isUnsignedInteger()), at = loops.scalar(b[1]);
        place[axis] = i;
        Scalar x = loops.read(l.operands[0], place, type);
        Scalar left = !flag(takenAt) | precedes(taken, takenAt, x, i, getLeast());
        Scalar better = left & (!flag(at) | precedes(x, i, value, at, getLeast()));
        return {select(better, x, value).value(), select(better, i, at).value()};
      });
      Scalar value = loops.scalar(best[0], type.isUnsignedInteger()), at = loops.scalar(best[1]);
      check(flag(at), ValueError::IndexOutOfRange);
      place[axis] = round;
      return {loops.write(value, carried[0], place, type), loops.write(cast(at, i64), carried[1], place, i64),
              value.value(), at.value()};
    });
    return {done[0], done[1]};
  });
  return success();
}

//===----------------------------------------------------------------------===//
// cumulate
//===----------------------------------------------------------------------===//

LogicalResult CumulateOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  if (failed(checkAxis(*this, getAxis(), dims.size())))
    return failure();
  if (getCombine() != "add" && getCombine() != "mul")
    return emitOpError("expects to combine by add or mul, got '") << getCombine() << "'";
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  return success();
}

LogicalResult CumulateOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0];
  int64_t axis = getAxis(), n = x.dims[axis];
  forEachLane(x.dims, axis, [&](SmallVectorImpl<int64_t> &place) {
    Number sum = Number::of(x.elementType, getCombine() == "mul");
    for (int64_t i = 0; i < n; ++i) {
      place[axis] = getReverse() ? n - 1 - i : i;
      int64_t o = x.offset(place);
      Number next = combined(getCombine(), sum, x.at(o));
      results[0].store(o, getExclusive() ? sum : next);
      sum = next;
    }
  });
  return success();
}

LogicalResult CumulateOp::lower(Lowering &l) {
  Loops loops(l);
  Type type = l.elementType(0);
  int64_t axis = getAxis();
  SmallVector<Scalar> lanes = loops.dims(l.operands[0]);
  Scalar size = lanes[axis], one = loops.constant(1);
  lanes[axis] = one;
  Scalar neutral = loops.constant(type, Number::of(type, getCombine() == "mul"));
  l.results = loops.nest(lanes, l.empty(0), [&](ArrayRef<Scalar> lane, ValueRange outer) -> Loops::Carried {
    SmallVector<Value> start{outer[0], neutral.value()};
    return {loops.loop(size, start, [&](Scalar i, ValueRange carried) -> Loops::Carried {
      SmallVector<Scalar> place(lane);
      place[axis] = getReverse() ? size - one - i : i;
      Scalar sum = loops.scalar(carried[1], type.isUnsignedInteger());
      Scalar next = combined(getCombine(), sum, loops.read(l.operands[0], place, type));
      return {loops.write(getExclusive() ? sum : next, carried[0], place, type), next.value()};
    })[0]};
  });
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

template <bool least> static LogicalResult buildArgExtreme(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<int64_t> axis = axisFrom(n, "axis", 0, x.rank());
  if (failed(axis))
    return failure();
  SmallVector<NamedAttribute> attributes{intAttr(x, "axis", *axis)};
  if (least)
    attributes.push_back(flag(x, "least"));
  if (n.getInt("select_last_index").value_or(0))
    attributes.push_back(flag(x, "last"));
  Tensor r = apply<ArgExtremeOp>({x}, attributes);
  return give(results, n.getInt("keepdims").value_or(1) ? r : squeeze(r, {*axis}));
}

/// k as attribute before opset 10; `sorted` asks for an order that is given in any case.
static LogicalResult buildTopK(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0), k = inputOf(n, 1);
  if (std::optional<int64_t> fromAttribute = n.getInt("k"))
    k = constantInts(n.builder(), n.loc(), {*fromAttribute});
  if (!k)
    return n.error("expects k");
  FailureOr<int64_t> axis = axisFrom(n, "axis", -1, x.rank());
  if (failed(axis))
    return failure();
  SmallVector<NamedAttribute> attributes{intAttr(x, "axis", *axis)};
  if (!n.getInt("largest").value_or(1))
    attributes.push_back(flag(x, "least"));
  Operation *op = createOp(n.builder(), n.loc(), TopKOp::getOperationName(), {x.value(), k.value()}, attributes, 2);
  if (!op)
    return failure();
  results.append(op->result_begin(), op->result_end());
  return success();
}

static Tensor cumulate(Tensor x, int64_t axis, StringRef combine, bool exclusive, bool reverse) {
  if (!x)
    return {};
  SmallVector<NamedAttribute> attributes{intAttr(x, "axis", axis), textAttr(x, "combine", combine)};
  if (exclusive)
    attributes.push_back(flag(x, "exclusive"));
  if (reverse)
    attributes.push_back(flag(x, "reverse"));
  return apply<CumulateOp>({x}, attributes);
}

/// An axis that is computed: x as [dims before, dim, dims behind], which reshape can say at run time.
static LogicalResult buildCumulate(NodeView &n, Values &results, StringRef combine) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), axis = inputOf(n, 1);
  bool exclusive = n.getInt("exclusive").value_or(0), reverse = n.getInt("reverse").value_or(0);
  if (isConstant(axis.value())) {
    FailureOr<std::optional<SmallVector<int64_t>>> known = intsFrom(n, "axis", 1);
    if (failed(known) || (*known)->size() != 1)
      return n.error("expects one axis");
    FailureOr<int64_t> counted = axisIn(n, (**known)[0], x.rank());
    return failed(counted) ? failure() : give(results, cumulate(x, *counted, combine, exclusive, reverse));
  }
  Tensor at = reshape(cast(axis, n.builder().getI64Type()), {1}), dims = shapeOf(x);
  if (failed(demandAxes(at, x.rank())))
    return failure();
  at = select(at < 0.0, at + static_cast<double>(x.rank()), at);
  Tensor places = placesAlong(dims, 0);
  auto folded = [&](Tensor mask) { return reduceProd(select(mask, dims, 1.0), {0}); };
  Tensor r = reshape(x, concat({folded(places < at), folded(places == at), folded(places > at)}, 0));
  return give(results, reshape(cumulate(r, 1, combine, exclusive, reverse), dims));
}
static LogicalResult buildCumSum(NodeView &n, Values &results) { return buildCumulate(n, results, "add"); }
static LogicalResult buildCumProd(NodeView &n, Values &results) { return buildCumulate(n, results, "mul"); }

//===----------------------------------------------------------------------===//
// Unique
//===----------------------------------------------------------------------===//

/// For the rows of x [n, m]: whether row i stands before row j, boolean [n, n]. The first column that differs decides.
static Tensor rowsBefore(Tensor x, Tensor differ) {
  Tensor less = unsqueeze(x, {1}) < unsqueeze(x, {0});
  Tensor decisive = argMax(cast(differ, x.builder().getIntegerType(8)), 2);
  if (!less || !decisive)
    return {};
  return squeeze(apply<GatherElementsOp>({less, decisive}, {intAttr(x, "axis", 2)}), {2});
}

/// Rows are compared pairwise: n * n booleans. The results' rows are numbered by `rank`, the number of distinct rows that
/// come before (sorted, or in order of their first occurrence).
static LogicalResult buildUnique(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  OpBuilder &b = n.builder();
  Type i64 = b.getI64Type();
  Tensor x = inputOf(n, 0);
  int64_t axis = 0;
  if (n.hasAttr("axis")) {
    FailureOr<int64_t> given = axisFrom(n, "axis", 0, x.rank());
    if (failed(given))
      return failure();
    axis = *given;
  } else {
    x = reshape(x, {-1});
  }
  SmallVector<int64_t> front = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  front.erase(front.begin() + axis);
  Tensor behind = front.empty() ? constantInts(b, n.loc(), {1}) : reduceProd(dimsAt(x, front), {0});
  Tensor count = dimsAt(x, {axis});
  front.insert(front.begin(), axis);
  Tensor rows = reshape(transpose(x, front), concat({count, behind}, 0));
  Tensor differ = unsqueeze(rows, {1}) != unsqueeze(rows, {0});
  Tensor same = logicalNot(reduceMax(differ, {2}, false));
  Tensor places = iota(count), first = squeeze(argMax(cast(same, b.getIntegerType(8)), 1), {1});
  Tensor leads = first == places, column = unsqueeze(places, {1});
  Tensor earlier = n.getInt("sorted").value_or(1) ? rowsBefore(rows, differ) : column < places; // [i, j]: i before j
  Tensor rank = reduceSum(cast(unsqueeze(leads, {1}) & earlier, i64), {0}, false);
  Tensor inverse = gather(rank, first, 0);
  Tensor distinct = reduceSum(cast(leads, i64), {0});
  // indices[k] is the i that leads with rank k; counts[k] the number of rows of that rank.
  Tensor indices = reduceSum(select((rank == column) & leads, places, 0.0), {1}, false);
  Tensor counts = reduceSum(cast(inverse == column, i64), {1}, false);
  Tensor zero = constantInts(b, n.loc(), {0}), one = constantInts(b, n.loc(), {1});
  auto taken = [&](Tensor t) { return slice(t, zero, distinct, one, {0}, /*inRange=*/true); };
  indices = taken(indices);
  counts = taken(counts);
  Tensor y = gather(x, indices, axis);
  if (!y || !inverse || !counts)
    return failure();
  results.append({y.value(), indices.value(), inverse.value(), counts.value()});
  return success();
}

void appendOrderForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "ArgMax", 1, buildArgExtreme<false>});
  forms.push_back({"", "ArgMin", 1, buildArgExtreme<true>});
  forms.push_back({"", "TopK", 1, buildTopK});
  forms.push_back({"", "CumSum", 11, buildCumSum});
  forms.push_back({"", "CumProd", 26, buildCumProd});
  forms.push_back({"", "Unique", 11, buildUnique});
}

} // namespace dlc::dl
