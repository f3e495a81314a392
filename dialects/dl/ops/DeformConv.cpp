//===- DeformConv.cpp - Convolution at places that are computed -----------===//
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Windows.h"

using namespace mlir;

namespace dlc::dl {

namespace {
/// Reads each place of each window between its pixels, all channels that share offsets at once, into rows; then it is a
/// product. Names of dims: n images, o... places of the result, k places of a window, g groups of offsets, c channels of one.
class DeformConv {
public:
  explicit DeformConv(NodeView &n) : n(n), x(inputOf(n, 0)), w(inputOf(n, 1)), offsets(inputOf(n, 2)) {}
  LogicalResult build(Values &results);

private:
  /// One of the two pixels along an axis that a place lies between: [n, o..., k, g] each.
  struct Tap {
    Tensor place, weight, inside;
  };

  LogicalResult read();
  LogicalResult demandDims() const;
  LogicalResult expectDim(Tensor t, StringRef name, int64_t axis, int64_t size);
  Tensor ints(ArrayRef<int64_t> v) const { return constantInts(n.builder(), n.loc(), v); }
  Tensor along(Tensor vector, int64_t axis) const { return alongAxis(vector, axis, spatial + 3); }
  Tensor perPlace(Tensor t, ArrayRef<int64_t> extra) const;
  SmallVector<Tap> tapsAlong(int64_t axis) const;
  Tensor sampled() const;
  Tensor product(Tensor columns) const;

  NodeView &n;
  Tensor x, w, offsets, mask, bias;
  Type wide; ///< in which places and sums are computed
  int64_t spatial = 0, groups = 1, offsetGroups = 1, places = 1;
  Windows windows;
};
} // namespace

LogicalResult DeformConv::expectDim(Tensor t, StringRef name, int64_t axis, int64_t size) {
  int64_t given = t.type().getDimSize(axis);
  if (ShapedType::isDynamic(given) || given == size)
    return success();
  return n.error("expects dim " + Twine(axis) + " of the " + name + " to be " + Twine(size) + ", got " + Twine(given));
}

LogicalResult DeformConv::read() {
  if (failed(expectInputs(n, 3, 5)) || failed(expectSameTypes(n, 0, 5)))
    return failure();
  bias = inputOf(n, 3), mask = inputOf(n, 4);
  FailureOr<int64_t> rank = spatialRankOf(n, x);
  if (failed(rank))
    return failure();
  spatial = *rank;
  for (Tensor t : {w, offsets, mask ? mask : offsets})
    if (t.rank() != x.rank())
      return n.error("expects weights, offsets and a mask of the input's rank " + Twine(x.rank()) + ", got " + Twine(t.rank()));
  if (!isa<FloatType>(x.elementType()))
    return n.error("expects floats");
  ArrayRef<int64_t> given = w.type().getShape();
  if (llvm::any_of(given, ShapedType::isDynamic) || x.type().isDynamicDim(1))
    return unsupported(n, "an input whose channels or weights whose dims are not known when compiling");
  auto found = windowsOf(n, x.type().getShape().drop_front(2), given.drop_front(2));
  if (failed(found))
    return failure();
  windows = *found;
  places = elementCount(windows.window);
  groups = n.getInt("group").value_or(1), offsetGroups = n.getInt("offset_group").value_or(1);
  int64_t channels = x.type().getDimSize(1);
  if (groups < 1 || given[0] % groups || channels != groups * given[1])
    return n.error("expects weights of " + Twine(groups) + " groups that take the " + Twine(channels) + " channels, got " +
                   Twine(given[0]) + " outputs of " + Twine(given[1]) + " channels");
  if (offsetGroups < 1 || channels % offsetGroups)
    return n.error("expects an offset_group that divides the " + Twine(channels) + " channels, got " + Twine(offsetGroups));
  wide = x.elementType().isF64() ? Type(n.builder().getF64Type()) : Type(n.builder().getF32Type());
  if (failed(expectDim(offsets, "offsets", 1, offsetGroups * places * spatial)))
    return failure();
  return mask ? expectDim(mask, "mask", 1, offsetGroups * places) : success();
}

/// Offsets and a mask for each image and place of the result.
LogicalResult DeformConv::demandDims() const {
  for (auto [t, name] : {std::pair(offsets, "offsets"), std::pair(mask, "a mask")}) {
    if (!t)
      continue;
    if (failed(demandEqual(dimsAt(t, {0}), dimsAt(x, {0}), Twine(name) + " for each image")))
      return failure();
    for (int64_t i = 0; i < spatial; ++i) {
      double room = static_cast<double>(windows.low[i] + windows.high[i] - windows.extent(i));
      Tensor steps = (dimsAt(x, {2 + i}) + room) / static_cast<double>(windows.strides[i]) + 1.0;
      if (failed(demandEqual(dimsAt(t, {2 + i}), steps, Twine(name) + " for each place along spatial dim " + Twine(i))))
        return failure();
    }
  }
  return success();
}

/// [n, g * k * extra..., o...] as [n, o..., k, g, extra...].
Tensor DeformConv::perPlace(Tensor t, ArrayRef<int64_t> extra) const {
  SmallVector<int64_t> middle{offsetGroups, places}, behind, order{0};
  middle.append(extra.begin(), extra.end());
  int64_t first = 1 + middle.size();
  for (int64_t i = 0; i < spatial; ++i) {
    behind.push_back(2 + i);
    order.push_back(first + i);
  }
  order.append({2, 1});
  for (size_t i = 0; i < extra.size(); ++i)
    order.push_back(3 + i);
  return transpose(reshape(cast(t, wide), concat({dimsAt(t, {0}), ints(middle), dimsAt(t, behind)}, 0)), order);
}

SmallVector<DeformConv::Tap> DeformConv::tapsAlong(int64_t axis) const {
  SmallVector<int64_t> inWindow;
  int64_t inner = elementCount(ArrayRef(windows.window).drop_front(axis + 1));
  for (int64_t k = 0; k < places; ++k)
    inWindow.push_back(k / inner % windows.window[axis] * windows.dilations[axis] - windows.low[axis]);
  Tensor offset = squeeze(slice(perPlace(offsets, {spatial}), {axis}, {1}, {spatial + 3}), {spatial + 3});
  Tensor start = cast(iota(dimsAt(offsets, {2 + axis})), wide) * static_cast<double>(windows.strides[axis]);
  Tensor at = along(start, 1 + axis) + along(cast(ints(inWindow), wide), 1 + spatial) + offset;
  Tensor low = floor(at), fraction = at - low, last = cast(dimsAt(x, {2 + axis}), wide) - 1.0;
  SmallVector<Tap> taps;
  for (int64_t i : {0, 1}) {
    Tensor place = low + static_cast<double>(i);
    Tensor clamped = cast(minimum(maximum(place, 0.0), last), n.builder().getI64Type());
    taps.push_back({clamped, i ? fraction : 1.0 - fraction, (place >= 0.0) & (place <= last)});
  }
  return taps;
}

/// [n, o..., k, g, c]: between the pixels, 0 outside of the image.
Tensor DeformConv::sampled() const {
  int64_t channels = x.type().getDimSize(1) / offsetGroups;
  Tensor rows = reshape(channelsLast(x), {-1, channels}), sum;
  SmallVector<SmallVector<Tap>> taps;
  for (int64_t axis = 0; axis < spatial; ++axis)
    taps.push_back(tapsAlong(axis));
  for (int64_t corner = 0; corner < int64_t(1) << spatial; ++corner) {
    Tensor row = along(iota(dimsAt(x, {0})), 0), weight, inside;
    for (int64_t axis = 0; axis < spatial; ++axis) {
      const Tap &tap = taps[axis][corner >> axis & 1];
      row = row * dimsAt(x, {2 + axis}) + tap.place;
      weight = weight ? weight * tap.weight : tap.weight;
      inside = inside ? inside & tap.inside : tap.inside;
    }
    row = row * static_cast<double>(offsetGroups) + iota(ints({offsetGroups}));
    Tensor pixel = cast(gather(rows, row, 0), wide) * unsqueeze(weight, {spatial + 3});
    pixel = select(unsqueeze(inside, {spatial + 3}), pixel, 0.0);
    sum = sum ? sum + pixel : pixel;
  }
  if (mask)
    sum = sum * unsqueeze(perPlace(mask, {}), {spatial + 3});
  return sum ? cast(sum, x.elementType()) : sum;
}

/// Rows of a window, [n * o..., k, channels], times the weights of each group of channels.
Tensor DeformConv::product(Tensor columns) const {
  ArrayRef<int64_t> dims = w.type().getShape();
  int64_t outputs = dims[0] / groups, channels = dims[1];
  Tensor weights = reshape(transpose(reshape(w, {groups, outputs, channels, places}), {0, 3, 2, 1}),
                           {groups, places * channels, outputs});
  columns = transpose(reshape(columns, {-1, places, groups, channels}), {2, 0, 1, 3});
  Tensor r = matmul(reshape(columns, {groups, -1, places * channels}), weights);
  SmallVector<int64_t> behind;
  for (int64_t i = 0; i < spatial; ++i)
    behind.push_back(2 + i);
  return reshape(transpose(r, {1, 0, 2}), concat({dimsAt(x, {0}), dimsAt(offsets, behind), ints({dims[0]})}, 0));
}

LogicalResult DeformConv::build(Values &results) {
  if (failed(read()) || failed(demandDims()))
    return failure();
  Tensor r = product(sampled());
  if (bias && r)
    r = r + bias;
  return give(results, r ? channelsFirst(r) : r);
}

LogicalResult buildDeformConv(NodeView &n, Values &results) { return DeformConv(n).build(results); }

} // namespace dlc::dl
