//===- Regions.cpp - Parts of images that are looked at or put together ---===//
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Formulas.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

/// Sums blocks [batch, channels * block..., blocks] where they overlap in an image; its dims and the block's may be computed.
LogicalResult buildComputedCol2Im(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0);
  auto dimsFrom = [&](unsigned i) { return cast(inputOf(n, i), n.builder().getI64Type()); };
  Tensor image = dimsFrom(1), block = dimsFrom(2);
  if (failed(demandAtLeast(image, 0, "image dims of at least 0")) || failed(demandAtLeast(block, 1, "block dims of at least 1")))
    return failure();
  int64_t axes = image.rank() == 1 ? image.type().getDimSize(0) : 0;
  if (x.rank() != 3 || axes < 1 || block.rank() != 1 || block.type().getDimSize(0) != axes)
    return n.error("expects an input of rank 3, and an image and a block of as many dims");
  auto entries = [&](StringRef name, int64_t count, int64_t otherwise) {
    return n.getInts(name).value_or(SmallVector<int64_t>(count, otherwise));
  };
  SmallVector<int64_t> strides = entries("strides", axes, 1), dilations = entries("dilations", axes, 1),
                       pads = entries("pads", 2 * axes, 0);
  if (static_cast<int64_t>(strides.size()) != axes || static_cast<int64_t>(dilations.size()) != axes ||
      static_cast<int64_t>(pads.size()) != 2 * axes)
    return n.error("expects strides, dilations and pads for each of the " + Twine(axes) + " dims");
  if (llvm::any_of(strides, [](int64_t v) { return v < 1; }) || llvm::any_of(dilations, [](int64_t v) { return v < 1; }))
    return n.error("expects strides and dilations of at least 1");
  // Where an element of a block lies in the image, [place in the block..., block...]: outside, one behind the last.
  Tensor place, inside, columns = constantInts(n.builder(), n.loc(), {1});
  auto count = [](Tensor size) { return iota(reshape(size, ArrayRef<int64_t>())); };
  for (int64_t i = 0; i < axes; ++i) {
    Tensor size = slice(image, {i}, {1}, {0}), taps = slice(block, {i}, {1}, {0});
    double stride = strides[i], dilation = dilations[i], low = pads[i], both = pads[i] + pads[axes + i];
    Tensor blocks = (size + both - (taps - 1.0) * dilation - 1.0) / stride + 1.0;
    Tensor at = alongAxis(count(taps) * dilation, i, 2 * axes) + alongAxis(count(blocks) * stride - low, axes + i, 2 * axes);
    columns = columns * blocks;
    Tensor within = (at >= 0.0) & (at < size);
    place = place ? place * size + at : at;
    inside = inside ? inside & within : within;
  }
  if (failed(demandEqual(dimsAt(x, {2}), columns, "a column for each block of the image")))
    return failure();
  auto ints = [&](ArrayRef<int64_t> v) { return constantInts(n.builder(), n.loc(), v); };
  Tensor pixels = reduceProd(image, {0});
  place = reshape(select(inside, place, pixels), {-1});
  Tensor rows = place ? reshape(x, concat({ints({-1}), dimsAt(place, {0})}, 0)) : place;
  if (!rows)
    return failure();
  Tensor lines = dimsAt(rows, {0}), empty = full(concat({lines, pixels + 1.0}, 0), like(x, 0));
  Tensor sums = apply<ScatterElementsOp>({empty, broadcastTo(place, shapeOf(rows)), rows},
                                         {intAttr(x, "axis", 1), textAttr(x, "combine", "add")});
  sums = slice(sums, ints({0}), pixels, ints({1}), {1}, /*inRange=*/true);
  return give(results, reshape(sums, concat({dimsAt(x, {0}), ints({-1}), image}, 0)));
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

namespace {
/// Places along one axis that each region samples, and how a pixel before and one behind them share: [regions, samples].
struct Samples {
  Tensor before, behind, share, inside;
};
} // namespace

/// Samples from `start`, `extent` long, of `dim` pixels; `count` of them.
static Samples samplesAlong(Tensor start, Tensor extent, Tensor dim, int64_t count) {
  Tensor step = extent / static_cast<double>(count), dims = cast(dim, start.elementType());
  Tensor place = cast(iota(constantInts(start.builder(), start.loc(), {count})), start.elementType());
  Tensor at = unsqueeze(start, {1}) + unsqueeze(step, {1}) * (place + 0.5);
  Samples s;
  s.inside = (at >= -1.0) & (at <= dims);
  at = minimum(maximum(at, 0.0), dims - 1.0);
  Tensor first = floor(at);
  s.share = at - first;
  Type i64 = start.builder().getI64Type();
  s.before = cast(first, i64);
  s.behind = cast(minimum(first + 1.0, dims - 1.0), i64);
  return s;
}

/// Samples along an axis stay below.
static constexpr int64_t most = int64_t(1) << 24;

/// Each region of [x1, y1, x2, y2] as output_height x output_width bins, the mean or largest of samples in each.
static LogicalResult buildRoiAlign(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0), regions = inputOf(n, 1), images = inputOf(n, 2);
  if (x.rank() != 4 || regions.rank() != 2 || regions.type().getDimSize(1) != 4 || images.rank() != 1)
    return n.error("expects an input of rank 4, regions [regions, 4] and an image for each");
  StringRef mode = n.getString("mode").value_or("avg");
  if (mode != "avg" && mode != "max")
    return n.error("expects mode avg or max, got '" + mode + "'");
  int64_t height = n.getInt("output_height").value_or(1), width = n.getInt("output_width").value_or(1),
          samples = n.getInt("sampling_ratio").value_or(0);
  if (height < 1 || width < 1)
    return n.error("expects an output of at least 1 x 1, got " + Twine(height) + " x " + Twine(width));
  if (samples < 0)
    return n.error("expects a sampling_ratio of at least 0, got " + Twine(samples));
  if (std::max({height, width, samples}) >= most || std::max(height, width) * samples >= most)
    return n.error("expects fewer than " + Twine(most) + " samples along an axis");
  if (samples == 0)
    return unsupported(n, "a sampling_ratio of 0, by which each region has its own number of samples,");
  if (failed(demandEqual(dimsAt(regions, {0}), dimsAt(images, {0}), "an image for each region")))
    return failure();
  bool aligned = n.getString("coordinate_transformation_mode").value_or(n.opset() < 16 ? "output_half_pixel" : "half_pixel") ==
                 "half_pixel";
  regions = regions * n.getFloat("spatial_scale").value_or(1);
  if (aligned)
    regions = regions - 0.5;
  auto edge = [&](int64_t i) { return squeeze(slice(regions, {i}, {1}, {1}), {1}); };
  auto along = [&](int64_t low, int64_t axis, int64_t bins) {
    Tensor extent = edge(low + 2) - edge(low);
    return samplesAlong(edge(low), aligned ? extent : maximum(extent, 1.0), dimsAt(x, {axis}), bins * samples);
  };
  Samples rows = along(1, 2, height), columns = along(0, 3, width);
  // Pixels as rows of channels.
  auto ints = [&](ArrayRef<int64_t> v) { return constantInts(n.builder(), n.loc(), v); };
  Tensor pixels = reshape(transpose(x, {0, 2, 3, 1}), concat({ints({-1}), dimsAt(x, {1})}, 0));
  Tensor image = unsqueeze(cast(images, n.builder().getI64Type()), {1, 2});
  auto corner = [&](Tensor row, Tensor rowShare, Tensor column, Tensor columnShare) {
    Tensor place = (image * dimsAt(x, {2}) + unsqueeze(row, {2})) * dimsAt(x, {3}) + unsqueeze(column, {1});
    return gather(pixels, place, 0) * unsqueeze(cast(unsqueeze(rowShare, {2}) * unsqueeze(columnShare, {1}), x.elementType()), {3});
  };
  Tensor above = 1.0 - rows.share, ahead = 1.0 - columns.share;
  // The standard's largest sample is that of the four weighted pixels, not of their sum.
  SmallVector<Tensor> corners{corner(rows.before, above, columns.before, ahead), corner(rows.before, above, columns.behind, columns.share),
                              corner(rows.behind, rows.share, columns.before, ahead),
                              corner(rows.behind, rows.share, columns.behind, columns.share)};
  bool isMax = mode == "max";
  Tensor value = corners[0];
  for (Tensor c : ArrayRef(corners).drop_front())
    value = isMax ? maximum(value, c) : value + c;
  Tensor inside = unsqueeze(unsqueeze(rows.inside, {2}) & unsqueeze(columns.inside, {1}), {3});
  value = select(inside, value, 0.0);
  value = reshape(value, concat({dimsAt(regions, {0}), ints({height, samples, width, samples}), dimsAt(x, {1})}, 0));
  Tensor bins = isMax ? reduceMax(value, {2, 4}, false) : mean(value, {2, 4});
  if (!isMax)
    bins = squeeze(bins, {2, 4});
  return give(results, transpose(bins, {0, 3, 1, 2}));
}

void appendRegionForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "RoiAlign", 10, buildRoiAlign});
}

} // namespace dlc::dl
