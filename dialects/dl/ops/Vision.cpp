//===- Vision.cpp - Images at places that are computed --------------------===//
#include "dialects/dl/ops/Control.h"
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Formulas.h"
#include "dialects/dl/ops/Windows.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// GridSample
//===----------------------------------------------------------------------===//

namespace {
/// Samples x [batch, channels, d...] at grid [batch, o..., axes]: sums of pixels times weights, a product over the axes.
class GridSample {
public:
  explicit GridSample(NodeView &n) : n(n), x(inputOf(n, 0)), grid(inputOf(n, 1)) {}
  LogicalResult build(Values &results);

private:
  /// One of the pixels along an axis that a place is made of: [batch, places] each.
  struct Tap {
    Tensor place, weight, inside; ///< i64; null weight: 1; null inside: always
  };

  LogicalResult read();
  SmallVector<Tap> tapsAlong(int64_t axis) const;
  Tap tapAt(Tensor place, Tensor weight, Tensor size, Tensor low, Tensor high) const;
  /// `v` mirrored at both ends until it is between them.
  Tensor reflected(Tensor v, Tensor low, Tensor high) const;
  static Tensor cubicWeight(Tensor distance);
  Tensor pixels(ArrayRef<Tap> taps, Tensor rows) const;
  Tensor dim(int64_t axis) const { return dimsAt(x, {axis}); }
  Tensor ints(ArrayRef<int64_t> v) const { return constantInts(n.builder(), n.loc(), v); }

  NodeView &n;
  Tensor x, grid;
  int64_t axes = 0;
  StringRef mode, padding;
  bool corners = false;
};

LogicalResult GridSample::read() {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  axes = x.rank() - 2;
  if (axes < 1 || grid.rank() != x.rank() || grid.type().getDimSize(grid.rank() - 1) != axes)
    return n.error("expects a grid of the input's rank, 3 or more, whose last dim is the number of spatial dims");
  mode = n.getString("mode").value_or("linear"), padding = n.getString("padding_mode").value_or("zeros");
  mode = mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode;
  if (mode != "linear" && mode != "nearest" && mode != "cubic")
    return n.error("expects mode linear, nearest or cubic, got '" + mode + "'");
  if (padding != "zeros" && padding != "border" && padding != "reflection")
    return n.error("expects padding_mode zeros, border or reflection, got '" + padding + "'");
  if (axes > 3)
    return unsupported(n, "more than 3 spatial dims");
  corners = n.getInt("align_corners").value_or(0);
  if (grid.elementType().getIntOrFloatBitWidth() < 32)
    grid = cast(grid, n.builder().getF32Type());
  return success();
}

Tensor GridSample::reflected(Tensor v, Tensor low, Tensor high) const {
  Tensor range = high - low, below = v < low;
  Tensor distance = select(below, low - v, v - high);
  Tensor times = select(range > 0.0, trunc(distance / range), 0.0), rest = distance - times * range;
  Tensor isOdd = times - floor(times * 0.5) * 2.0 != 0.0;
  // From the end that was passed, or from the other one after an odd number of turns.
  return select((v >= low) & (v <= high), v, select(below == isOdd, high - rest, low + rest));
}

GridSample::Tap GridSample::tapAt(Tensor place, Tensor weight, Tensor size, Tensor low, Tensor high) const {
  Tap tap{{}, weight, {}};
  if (padding == "zeros")
    tap.inside = (place >= 0.0) & (place < size);
  else if (padding == "reflection")
    place = trunc(reflected(place, low, high));
  tap.place = cast(maximum(minimum(place, size - 1.0), 0.0), n.builder().getI64Type());
  return tap;
}

Tensor GridSample::cubicWeight(Tensor distance) {
  constexpr double a = -0.75;
  Tensor d = abs(distance);
  Tensor inner = ((a + 2) * d - (a + 3)) * d * d + 1.0, outer = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return select(d <= 1.0, inner, outer);
}

SmallVector<GridSample::Tap> GridSample::tapsAlong(int64_t axis) const {
  int64_t last = grid.rank() - 1;
  // The grid names the axes from the last to the first.
  Tensor at = squeeze(slice(grid, {axes - 1 - axis}, {1}, {last}), {last});
  at = reshape(at, concat({dimsAt(grid, {0}), ints({-1})}, 0));
  Tensor size = cast(dim(2 + axis), grid.elementType());
  Tensor low = corners ? like(size, 0) : like(size, -0.5), high = corners ? size - 1.0 : size - 0.5;
  Tensor v = corners ? (at + 1.0) / 2.0 * (size - 1.0) : ((at + 1.0) * size - 1.0) / 2.0;
  if (mode == "nearest")
    v = roundeven(v);
  // Cubic taps go beyond the border by themselves.
  if (padding == "border" && mode != "cubic")
    v = select((v < low) | (v > high), maximum(minimum(v, size - 1.0), 0.0), v);
  else if (padding == "reflection")
    v = reflected(v, low, high);
  if (mode == "nearest")
    return {tapAt(trunc(v), {}, size, low, high)};
  SmallVector<Tap> taps;
  Tensor first = floor(v), t = v - first;
  bool cubic = mode == "cubic";
  for (int64_t i = cubic ? -1 : 0; i < (cubic ? 3 : 2); ++i)
    taps.push_back(tapAt(first + static_cast<double>(i), cubic ? cubicWeight(t - static_cast<double>(i)) : i ? t : 1.0 - t, size,
                         low, high));
  return taps;
}

/// A pixel of every place, times its weight: [batch, places, channels]. `rows`: x as [batch * pixels, channels].
Tensor GridSample::pixels(ArrayRef<Tap> taps, Tensor rows) const {
  Tensor place, weight, inside;
  for (auto [axis, tap] : llvm::enumerate(taps)) {
    place = place ? place * dim(2 + axis) + tap.place : tap.place;
    weight = weight && tap.weight ? weight * tap.weight : tap.weight;
    inside = inside && tap.inside ? inside & tap.inside : tap.inside;
  }
  Tensor count = reduceProd(dimsAt(x, llvm::to_vector(llvm::seq<int64_t>(2, x.rank()))), {0});
  place = place + unsqueeze(iota(reshape(dim(0), ArrayRef<int64_t>())), {1}) * count;
  Tensor pixel = gather(rows, place, 0);
  if (weight)
    pixel = pixel * unsqueeze(cast(weight, pixel ? pixel.elementType() : x.elementType()), {2});
  return inside ? select(unsqueeze(inside, {2}), pixel, 0.0) : pixel;
}

LogicalResult GridSample::build(Values &results) {
  if (failed(read()))
    return failure();
  Type type = x.elementType();
  bool computes = mode != "nearest" && (!isa<FloatType>(type) || type.getIntOrFloatBitWidth() < 32);
  SmallVector<int64_t> channelsLast{0};
  for (int64_t i = 2; i < x.rank(); ++i)
    channelsLast.push_back(i);
  channelsLast.push_back(1);
  Tensor rows = reshape(transpose(x, channelsLast), concat({ints({-1}), dim(1)}, 0));
  if (computes)
    rows = cast(rows, n.builder().getF32Type());
  SmallVector<SmallVector<Tap>> combinations{{}};
  for (int64_t axis = 0; axis < axes; ++axis) {
    SmallVector<SmallVector<Tap>> longer;
    SmallVector<Tap> own = tapsAlong(axis);
    for (ArrayRef<Tap> c : combinations)
      for (const Tap &tap : own) {
        longer.emplace_back(c);
        longer.back().push_back(tap);
      }
    combinations = std::move(longer);
  }
  Tensor sum;
  for (ArrayRef<Tap> c : combinations)
    sum = sum ? sum + pixels(c, rows) : pixels(c, rows);
  if (!sum)
    return failure();
  SmallVector<int64_t> spatial = llvm::to_vector(llvm::seq<int64_t>(1, grid.rank() - 1));
  sum = transpose(cast(sum, type), {0, 2, 1});
  return give(results, reshape(sum, concat({dimsAt(x, {0, 1}), dimsAt(grid, spatial)}, 0)));
}
} // namespace

static LogicalResult buildGridSample(NodeView &n, Values &results) { return GridSample(n).build(results); }

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

namespace {
/// Corners of boxes [..., boxes]: y and x from low to high.
struct Boxes {
  Tensor y1, x1, y2, x2;

  static Boxes from(Tensor t, bool isCentered) {
    int64_t last = t ? t.rank() - 1 : 0;
    auto part = [&](int64_t i) { return t ? squeeze(slice(t, {i}, {1}, {last}), {last}) : Tensor(); };
    Tensor a = part(0), b = part(1), c = part(2), d = part(3);
    if (isCentered) // x, y, width, height
      return {b - d / 2.0, a - c / 2.0, b + d / 2.0, a + c / 2.0};
    return {minimum(a, c), minimum(b, d), maximum(a, c), maximum(b, d)};
  }
  Tensor area() const { return (y2 - y1) * (x2 - x1); }
};

/// Whether two boxes share more than `threshold` of what they cover together.
Tensor overlap(const Boxes &a, const Boxes &b, Tensor threshold) {
  Tensor height = minimum(a.y2, b.y2) - maximum(a.y1, b.y1), width = minimum(a.x2, b.x2) - maximum(a.x1, b.x1);
  Tensor common = maximum(height, 0.0) * maximum(width, 0.0), both = a.area() + b.area() - common;
  return (common > 0.0) & (a.area() > 0.0) & (b.area() > 0.0) & (common / both > threshold);
}
} // namespace

/// Boxes of each class by falling score; each step takes the next one unless one that was taken covers it.
static LogicalResult buildNonMaxSuppression(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 5)))
    return failure();
  Tensor boxes = inputOf(n, 0), scores = inputOf(n, 1), most = inputOf(n, 2), threshold = inputOf(n, 3), least = inputOf(n, 4);
  if (boxes.rank() != 3 || scores.rank() != 3 || boxes.type().getDimSize(2) != 4)
    return n.error("expects boxes [batch, boxes, 4] and scores [batch, classes, boxes]");
  if (failed(demandEqual(dimsAt(boxes, {0, 1}), dimsAt(scores, {0, 2}), "a score for each box of each batch")))
    return failure();
  OpBuilder &b = n.builder();
  Type i64 = b.getI64Type();
  auto scalar = [](Tensor t) { return reshape(t, ArrayRef<int64_t>()); };
  most = most ? scalar(cast(most, i64)) : scalar(constantInts(b, n.loc(), {0}));
  threshold = threshold ? scalar(threshold) : like(scores, 0);
  Operation *sorted = createOp(b, n.loc(), TopKOp::getOperationName(), {scores.value(), dimsAt(scores, {2}).value()},
                               {intAttr(scores, "axis", 2)}, 2);
  if (!sorted)
    return failure();
  Tensor falling = scores.with(sorted->getResult(0)), order = scores.with(sorted->getResult(1)); // [batch, classes, boxes]
  Tensor candidates = least ? falling > scalar(least) : falling == falling;
  // The boxes in this order: [batch, classes, boxes, 4].
  Tensor batch = unsqueeze(iota(scalar(dimsAt(boxes, {0}))), {1, 2});
  Tensor rows = reshape(boxes, {-1, 4});
  Tensor ordered = gather(rows, order + batch * dimsAt(boxes, {1}), 0);
  if (!ordered || !candidates)
    return failure();
  bool isCentered = n.getInt("center_point_box").value_or(0);
  Boxes all = Boxes::from(ordered, isCentered);
  Tensor place = iota(scalar(dimsAt(scores, {2})));
  Tensor none = cast(full(shapeOf(falling), cast(like(falling, 0), b.getI1Type())), b.getI1Type());
  SmallVector<Tensor> made = scan(
      n, {none}, {place, transpose(ordered, {2, 0, 1, 3}), transpose(candidates, {2, 0, 1})}, 1, /*reversed=*/false,
      [&](ArrayRef<Tensor> carried, ArrayRef<Tensor> row) {
        Boxes own = Boxes::from(unsqueeze(row[1], {2}), isCentered);
        Tensor taken = carried[0], covered = taken & overlap(own, all, threshold);
        auto any = [&](Tensor t) { return reduceMax(cast(t, b.getIntegerType(32)), {2}) != 0.0; };
        Tensor count = reduceSum(cast(taken, i64), {2});
        Tensor takes = unsqueeze(row[2], {2}) & logicalNot(any(covered)) & (count < most);
        return SmallVector<Tensor>{taken | (takes & (place == row[0]))};
      });
  if (made.empty())
    return failure();
  Operation *found = createOp(b, n.loc(), NonZeroOp::getOperationName(), {made[0].value()}, {}, 2);
  if (!found)
    return failure();
  // Places [batch, class, rank] in the order wanted; the rank becomes the box.
  Tensor places = scores.with(found->getResult(0)), count = reshape(scores.with(found->getResult(1)), {1});
  Tensor zero = constantInts(b, n.loc(), {0}), one = constantInts(b, n.loc(), {1});
  places = transpose(slice(places, zero, count, one, {1}, /*inRange=*/true), {1, 0});
  Tensor box = apply<GatherNdOp>({order, places}, {intAttr(scores, "batch_dims", 0)});
  return give(results, concat({slice(places, {0}, {2}, {1}), unsqueeze(box, {1})}, 1));
}

//===----------------------------------------------------------------------===//
// Det
//===----------------------------------------------------------------------===//

/// Elimination column by column: each takes the row of its largest element among those that are left.
static LogicalResult buildDet(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (x.rank() < 2)
    return n.error("expects matrices, got rank " + Twine(x.rank()));
  int64_t rank = x.rank(), row = rank - 2, column = rank - 1;
  Type type = x.elementType(), wide = type.getIntOrFloatBitWidth() < 32 ? Type(n.builder().getF32Type()) : type;
  x = cast(x, wide);
  Tensor size = dimsAt(x, {column}), place = iota(reshape(size, ArrayRef<int64_t>()));
  Tensor left = full(dimsAt(x, llvm::to_vector(llvm::seq<int64_t>(0, rank - 1))), like(x, 1)); // [..., rows]
  Tensor start = full(dimsAt(x, llvm::to_vector(llvm::seq<int64_t>(0, rank - 2))), like(x, 1));
  SmallVector<Tensor> made = scan(n, {x, left, start}, {place}, 3, /*reversed=*/false, [&](ArrayRef<Tensor> carried, ArrayRef<Tensor> at) {
    Tensor a = carried[0], left = carried[1], product = carried[2];
    Tensor values = reduceSum(select(place == at[0], a, 0.0), {column}, /*keepDims=*/false); // of this column: [..., rows]
    Tensor chosen = place == argMax(select(left != 0.0, abs(values), -1.0), row);            // [..., rows]
    Tensor isChosen = cast(chosen, wide), pivot = reduceSum(values * isChosen, {row}, false);
    Tensor before = reduceSum(select(place < argMax(isChosen, row), left, 0.0), {row}, false);
    Tensor sign = 1.0 - 2.0 * (before - 2.0 * floor(before * 0.5));
    left = left - isChosen;
    Tensor factor = left * select(unsqueeze(pivot, {row}) == 0.0, 0.0, values / unsqueeze(pivot, {row}));
    Tensor pivotRow = reduceSum(a * unsqueeze(isChosen, {column}), {row});
    return SmallVector<Tensor>{a - unsqueeze(factor, {column}) * pivotRow, left, product * pivot * sign};
  });
  return made.empty() ? failure() : give(results, cast(made[2], type));
}

void appendRegionForms(SmallVectorImpl<OnnxForm> &forms);

void appendVisionForms(SmallVectorImpl<OnnxForm> &forms) {
  appendRegionForms(forms);
  forms.push_back({"", "DeformConv", 19, buildDeformConv});
  forms.push_back({"", "GridSample", 16, buildGridSample});
  forms.push_back({"", "NonMaxSuppression", 10, buildNonMaxSuppression});
  forms.push_back({"", "Det", 11, buildDet});
}

} // namespace dlc::dl
