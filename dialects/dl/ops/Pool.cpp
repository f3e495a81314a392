//===- Pool.cpp - Folds over windows --------------------------------------===//
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Loops.h"
#include "dialects/dl/ops/Windows.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// pool_max_place
//===----------------------------------------------------------------------===//

LogicalResult PoolMaxPlaceOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX());
  for (size_t i = 1; i + 1 < x.size(); ++i)
    if (failed(shapes.requireAtMost(*this, shapes.constant(1), x[i], "at least 1 element in spatial dim " + Twine(i - 1))))
      return failure();
  return inferPool(*this, shapes, IntegerType::get(getContext(), 64));
}

LogicalResult PoolMaxPlaceOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0];
  forEachPlace(results[0].dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    std::optional<Number> best;
    int64_t where = 0;
    forEachInWindow(place, WindowsOf(*this), getWindow(), x.dims, [&](ArrayRef<int64_t> from, int64_t) {
      Number v = x.at(x.offset(from));
      if (best && (isnan(*best).asBool() || !(isnan(v).asBool() || (v > *best).asBool())))
        return;
      best = v;
      where = 0;
      for (size_t d = 1; d + 1 < from.size(); ++d)
        where = where * x.dims[d] + from[d];
    });
    results[0].store(i++, Number::ofSigned(where));
  });
  return success();
}

LogicalResult PoolMaxPlaceOp::lower(Lowering &l) {
  Loops loops(l);
  Type type = l.elementType(0), i64 = l.resultElementType(0);
  size_t spatial = getWindow().size();
  SmallVector<Scalar> x = loops.dims(l.operands[0]), window;
  for (int64_t k : getWindow())
    window.push_back(loops.constant(k));
  Scalar zero = loops.constant(0), lowest = loops.constant(type, lowestOf(type)), no = zero != zero;
  l.results = loops.nest(loops.resultDims(0), l.empty(0), [&](ArrayRef<Scalar> place, ValueRange carried) -> Loops::Carried {
    // The largest so far, where it is, and whether there is one.
    Loops::Carried best = loops.nest(
        window, {lowest.value(), zero.value(), no.value()}, [&](ArrayRef<Scalar> at, ValueRange now) -> Loops::Carried {
          SmallVector<Scalar> from(place);
          Scalar inside = zero == zero, where = zero;
          for (size_t d = 0; d < spatial; ++d) {
            Scalar p = place[1 + d] * double(getStrides()[d]) + at[d] * double(getDilations()[d]) - double(getPadsLow()[d]);
            inside = inside & (p >= zero) & (p < x[1 + d]);
            where = where * x[1 + d] + p;
            from[1 + d] = p;
          }
          for (size_t d = 0; d < spatial; ++d)
            from[1 + d] = select(inside, from[1 + d], zero);
          Scalar v = loops.read(l.operands[0], from, type), old = loops.scalar(now[0], type.isUnsignedInteger());
          Scalar found = loops.scalar(now[2]);
          Scalar larger = isa<FloatType>(type) ? !isnan(old) & (isnan(v) | (v > old)) : v > old;
          Scalar take = inside & (!found | larger);
          return {select(take, v, old).value(), select(take, where, loops.scalar(now[1])).value(), (found | take).value()};
        });
    return {loops.write(cast(loops.scalar(best[1]), i64), carried[0], place, i64)};
  });
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static FailureOr<Windows> poolWindowsOf(NodeView &n, Tensor x) {
  FailureOr<int64_t> spatial = spatialRankOf(n, x);
  if (failed(spatial))
    return failure();
  if (!n.hasAttr("kernel_shape"))
    return n.error("expects a kernel_shape");
  auto window = entriesOf(n, "kernel_shape", *spatial, 1, 1);
  if (failed(window))
    return failure();
  return windowsOf(n, x.type().getShape().drop_front(2), *window);
}

/// With ceil_mode a last window reaches over the end, if it starts inside of x or of the low pad. So the high pad is one
/// that lets another window in wherever a rest is left, but none that starts behind the end.
static Windows reachingOver(NodeView &n, Windows w) {
  if (n.getInt("ceil_mode").value_or(0))
    for (size_t i = 0; i < w.window.size(); ++i)
      w.high[i] = std::min(w.high[i] + w.strides[i] - 1, w.extent(i) - 1);
  return w;
}

template <class Op> static Tensor pool(Tensor x, const Windows &w) {
  if (!x)
    return {};
  SmallVector<NamedAttribute> attributes = w.attributes(x);
  attributes.push_back(intsAttr(x, "window", w.window));
  return apply<Op>({x}, attributes);
}

/// Row-major `places` among the spatial dims of x as ONNX counts: over the whole of x, or with the first spatial dim
/// fastest (storage_order 1).
static Tensor indicesOf(Tensor places, Tensor x, bool columnMajor) {
  if (!places)
    return {};
  if (columnMajor) {
    Tensor rest = places, order;
    SmallVector<Tensor> at;
    for (int64_t d = x.rank() - 1; d >= 2; --d) {
      at.push_back(floormod(rest, dimsAt(x, {d})));
      rest = rest / dimsAt(x, {d});
    }
    // `at` has the last dim first.
    order = at.front();
    for (int64_t d = x.rank() - 2; d >= 2; --d)
      order = order * dimsAt(x, {d}) + at[x.rank() - 1 - d];
    places = order;
  }
  Tensor size = dimsAt(x, {2});
  for (int64_t d = 3; d < x.rank(); ++d)
    size = size * dimsAt(x, {d});
  return places + (placesAlong(places, 0) * dimsAt(x, {1}) + placesAlong(places, 1)) * size;
}

static LogicalResult buildMaxPool(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0), last;
  FailureOr<Windows> windows = poolWindowsOf(n, x);
  if (failed(windows))
    return failure();
  int64_t order = n.getInt("storage_order").value_or(0);
  if (order != 0 && order != 1)
    return n.error("expects a storage_order of 0 or 1, got " + Twine(order));
  Windows w = reachingOver(n, *windows);
  last = channelsLast(x);
  if (failed(give(results, channelsFirst(pool<PoolMaxOp>(last, w)))))
    return failure();
  if (n.numOutputs() < 2)
    return success();
  if (!n.outputUsed(1))
    return results.push_back({}), success();
  return give(results, indicesOf(channelsFirst(pool<PoolMaxPlaceOp>(last, w)), x, order));
}

/// How many places each window covers that count: [e, 1...] for spatial dim `i` of x, of `rank` dims with those behind it.
/// `given`: the windows before ceil_mode, whose pads count too if `padsCount`.
static Tensor countsAlong(Tensor x, size_t i, const Windows &given, const Windows &w, bool padsCount) {
  Tensor size = dimsAt(x, {int64_t(2 + i)});
  Windows one{{w.window[i]}, {w.strides[i]}, {w.dilations[i]}, {w.low[i]}, {w.high[i]}};
  if (padsCount) {
    size = size + double(given.low[i] + given.high[i]);
    one.low[0] = 0;
    one.high[0] = w.high[i] - given.high[i];
  }
  Tensor single = constantInts(x.builder(), x.loc(), {1});
  Tensor counts = pool<PoolSumOp>(full(concat({single, size, single}, 0), like(x, 1)), one);
  SmallVector<int64_t> shape{-1};
  shape.append(w.window.size() - i, 1);
  return reshape(counts, shape);
}

/// What sums over windows are multiplied by to become averages.
static Tensor inverseCounts(Tensor x, const Windows &given, const Windows &w, bool padsCount) {
  Tensor counts = like(x, 1);
  for (size_t i = 0; i < w.window.size(); ++i) {
    bool reachesOut = w.high[i] > given.high[i] || (!padsCount && (w.low[i] > 0 || w.high[i] > 0));
    counts = counts * (reachesOut ? countsAlong(x, i, given, w, padsCount) : like(x, w.window[i]));
  }
  return 1.0 / counts;
}

/// Floats narrower than 32 bits as f32, for sums may leave their range.
static Tensor widened(Tensor x) {
  return isa<FloatType>(x.elementType()) && x.elementType().getIntOrFloatBitWidth() < 32
             ? cast(x, x.builder().getF32Type())
             : x;
}

static LogicalResult buildAveragePool(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0), wide = widened(x);
  FailureOr<Windows> windows = poolWindowsOf(n, x);
  if (failed(windows))
    return failure();
  Windows w = reachingOver(n, *windows);
  Tensor sums = pool<PoolSumOp>(channelsLast(wide), w);
  if (!sums)
    return failure();
  Tensor mean = sums * inverseCounts(wide, *windows, w, n.getInt("count_include_pad").value_or(0));
  return give(results, channelsFirst(cast(mean, x.elementType())));
}

/// The attribute `p`, an integer but for the first opset.
static FailureOr<double> normOf(NodeView &n) {
  double p = 2;
  if (std::optional<int64_t> given = n.getInt("p"))
    p = *given;
  else if (std::optional<double> given = n.getFloat("p"))
    p = *given;
  if (!(p > 0))
    return n.error("expects a p above 0, got " + std::to_string(p));
  return p;
}
static Tensor power(Tensor x, double p) { return p == 1 ? abs(x) : p == 2 ? x * x : pow(abs(x), p); }
static Tensor root(Tensor x, double p) { return p == 1 ? x : p == 2 ? sqrt(x) : pow(x, 1 / p); }

static LogicalResult buildLpPool(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<Windows> windows = poolWindowsOf(n, x);
  FailureOr<double> p = failed(windows) ? FailureOr<double>(failure()) : normOf(n);
  if (failed(p))
    return failure();
  Tensor sums = pool<PoolSumOp>(power(channelsLast(widened(x)), *p), reachingOver(n, *windows));
  return sums ? give(results, channelsFirst(cast(root(sums, *p), x.elementType()))) : failure();
}

static LogicalResult buildGlobalLpPool(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (x.rank() < 2)
    return n.error("expects rank 2 or more, got " + Twine(x.rank()));
  FailureOr<double> p = normOf(n);
  if (failed(p))
    return failure();
  Tensor sum = reduceSum(power(widened(x), *p), llvm::to_vector(llvm::seq<int64_t>(2, x.rank())));
  return sum ? give(results, cast(root(sum, *p), x.elementType())) : failure();
}

/// Zeros, with each element of x at the place that its index names.
static LogicalResult buildMaxUnpool(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  Tensor x = inputOf(n, 0), indices = inputOf(n, 1), wanted = inputOf(n, 2);
  FailureOr<Windows> windows = poolWindowsOf(n, x);
  if (failed(windows))
    return failure();
  if (indices.rank() != x.rank())
    return n.error("expects an index for each element of X");
  SmallVector<Tensor> dims{dimsAt(x, {0, 1})};
  for (size_t i = 0; i < windows->window.size(); ++i)
    dims.push_back((dimsAt(x, {int64_t(2 + i)}) - 1.0) * double(windows->strides[i]) +
                   double(windows->window[i] - windows->low[i] - windows->high[i]));
  Tensor shape = concat(dims, 0), zero = like(x, 0);
  if (!shape)
    return failure();
  Tensor flat = reshape(full(shape, zero), {-1});
  Tensor r = reshape(apply<ScatterElementsOp>({flat, reshape(indices, {-1}), reshape(x, {-1})},
                                              {intAttr(x, "axis", 0), textAttr(x, "combine", "none")}),
                     shape);
  if (!wanted || !r)
    return give(results, r);
  if (wanted.rank() != 1 || wanted.type().getDimSize(0) != x.rank())
    return n.error("expects an output_shape of " + Twine(x.rank()) + " dims");
  // The indices count in the shape that the windows give; the wanted one has more at the high ends.
  Tensor more = cast(wanted, n.builder().getI64Type()) - shape;
  return give(results, apply<PadOp>({r, concat({more * 0.0, more}, 0), zero}, {textAttr(x, "mode", "constant")}));
}

void appendPoolForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "MaxPool", 1, buildMaxPool});
  forms.push_back({"", "AveragePool", 1, buildAveragePool});
  forms.push_back({"", "LpPool", 1, buildLpPool});
  forms.push_back({"", "GlobalLpPool", 1, buildGlobalLpPool});
  forms.push_back({"", "MaxUnpool", 9, buildMaxUnpool});
}

} // namespace dlc::dl
