//===- Axes.cpp -----------------------------------------------------------===//
#include "dialects/dl/ops/Axes.h"
#include "dialects/dl/ops/Demand.h"

using namespace mlir;

namespace dlc::dl {

static Tensor counting(Tensor t, int64_t n) { return t ? iota(constantInts(t.builder(), t.loc(), {n})) : Tensor(); }

/// Boolean [axes, rank]: entry (i, d) says that axes[i] is d.
static Tensor matches(Tensor axes, int64_t rank) {
  if (!axes)
    return {};
  axes = cast(axes, axes.builder().getI64Type());
  axes = select(axes < 0.0, axes + static_cast<double>(rank), axes);
  return unsqueeze(axes, {1}) == counting(axes, rank);
}

Tensor axesMask(Tensor axes, int64_t rank) { return reduceMax(matches(axes, rank), {0}, /*keepDims=*/false); }

Tensor spread(Tensor values, const Axes &axes, int64_t rank, int64_t fill) {
  if (!values)
    return {};
  Tensor filler = constantInts(values.builder(), values.loc(), {fill});
  if (axes.computed()) {
    Tensor match = matches(axes.values, rank);
    return select(axes.mask, reduceSum(select(match, unsqueeze(values, {1}), 0.0), {0}, false), filler);
  }
  SmallVector<int64_t> places(rank, axes.known.size());
  for (auto [i, axis] : llvm::enumerate(axes.known))
    places[axis] = i;
  return gather(concat({values, filler}, 0), constantInts(values.builder(), values.loc(), places), 0);
}

Tensor interleaved(Tensor a, Tensor b) {
  if (!a || !b)
    return {};
  SmallVector<int64_t> places;
  for (int64_t i = 0, n = a.type().getDimSize(0); i < n; ++i)
    places.append({i, n + i});
  return gather(concat({a, b}, 0), constantInts(a.builder(), a.loc(), places), 0);
}

/// For each entry of the boolean `keep`, how many before it hold.
static Tensor countBefore(Tensor keep) {
  if (!keep)
    return {};
  Tensor places = counting(keep, keep.type().getDimSize(0));
  Tensor before = (unsqueeze(places, {1}) > places) & keep;
  return reduceSum(cast(before, keep.builder().getI64Type()), {1}, false);
}

Tensor compacted(Tensor values, Tensor keep, int64_t count) {
  Tensor before = countBefore(keep);
  if (!before || !values)
    return {};
  Tensor match = (unsqueeze(counting(keep, count), {1}) == before) & keep;
  return reduceSum(select(match, values, 0.0), {1}, false);
}

Tensor expanded(Tensor values, Tensor keep) {
  if (!values || !keep)
    return {};
  int64_t last = values.type().getDimSize(0) - 1;
  if (last < 0)
    return constantInts(keep.builder(), keep.loc(), SmallVector<int64_t>(keep.type().getDimSize(0), 1));
  Tensor places = minimum(countBefore(keep), static_cast<double>(last));
  return select(keep, gather(values, places, 0), constantInts(keep.builder(), keep.loc(), {1}));
}

LogicalResult demandAxes(Tensor axes, int64_t rank) {
  if (!axes)
    return failure();
  Tensor highest = constantInts(axes.builder(), axes.loc(), {rank - 1});
  return success(succeeded(demandAtLeast(axes, -rank, "an axis of at least " + Twine(-rank))) &&
                 succeeded(demandAtMost(axes, highest, "an axis of at most " + Twine(rank - 1))));
}

FailureOr<std::optional<Axes>> axesFrom(NodeView &n, StringRef name, int input, int64_t rank) {
  Axes result;
  Value v = input >= 0 && !n.hasAttr(name) ? n.input(input) : Value();
  if (v && !isConstant(v)) {
    auto type = cast<RankedTensorType>(v.getType());
    if (type.getRank() != 1 || type.isDynamicDim(0) || !isa<IntegerType>(type.getElementType()))
      return unsupported(n, "input " + Twine(input) + " ('" + name + "') whose length is not known");
    result.count = type.getDimSize(0);
    if (result.count != 0) {
      result.values = Tensor(n.builder(), n.loc(), v);
      result.mask = axesMask(result.values, rank);
      if (!result.mask || failed(demandAxes(result.values, rank)))
        return failure();
    }
    return std::optional(result);
  }
  FailureOr<std::optional<SmallVector<int64_t>>> given = intsFrom(n, name, input);
  if (failed(given))
    return failure();
  if (!*given)
    return std::optional<Axes>();
  for (int64_t a : **given) {
    FailureOr<int64_t> axis = axisIn(n, a, rank);
    if (failed(axis))
      return failure();
    if (llvm::is_contained(result.known, *axis))
      return n.error("axis " + Twine(*axis) + " is named twice");
    result.known.push_back(*axis);
  }
  result.count = result.known.size();
  return std::optional(result);
}

} // namespace dlc::dl
