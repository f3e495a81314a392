//===- Windows.cpp --------------------------------------------------------===//
#include "dialects/dl/ops/Windows.h"

using namespace mlir;

namespace dlc::dl {

static LogicalResult expectRange(Operation *op, StringRef what, ArrayRef<int64_t> entries, int64_t least) {
  for (int64_t v : entries)
    if (v < least || v >= mostOfWindows)
      return op->emitOpError("expects ") << what << " of " << least << " to " << mostOfWindows - 1 << ", got " << v;
  return success();
}

LogicalResult checkWindows(Operation *op, const Dims &window, WindowsOf w) {
  for (ArrayRef<int64_t> entries : {w.strides, w.dilations, w.low, w.high})
    if (entries.size() != window.size())
      return op->emitOpError("expects strides, dilations and pads for each of the ") << window.size() << " spatial dims";
  SmallVector<int64_t> known;
  for (AffineExpr e : window)
    known.push_back(constantOf(e).value_or(1));
  return success(succeeded(expectRange(op, "window dims", known, 1)) && succeeded(expectRange(op, "strides", w.strides, 1)) &&
                 succeeded(expectRange(op, "dilations", w.dilations, 1)) &&
                 succeeded(expectRange(op, "pads", w.low, 1 - mostOfWindows)) &&
                 succeeded(expectRange(op, "pads", w.high, 1 - mostOfWindows)));
}

FailureOr<Dims> inferWindows(Operation *op, Inference &shapes, const Dims &x, const Dims &window, WindowsOf w) {
  size_t spatial = window.size();
  if (x.size() < 3 || x.size() > 5 || spatial != x.size() - 2)
    return op->emitOpError("expects an input of 1 to 3 spatial dims and a window of as many, got rank ")
           << x.size() << " and " << spatial << " dims of a window";
  if (failed(checkWindows(op, window, w)))
    return failure();
  Dims dims;
  for (size_t i = 0; i < spatial; ++i) {
    AffineExpr padded = x[1 + i] + (w.low[i] + w.high[i]), extent = (window[i] - 1) * w.dilations[i] + 1;
    if (failed(shapes.requireAtMost(op, extent, padded, "a window of at most the padded spatial dim " + Twine(i))))
      return failure();
    dims.push_back((padded - extent).floorDiv(w.strides[i]) + 1);
  }
  return dims;
}

void forEachInWindow(ArrayRef<int64_t> place, WindowsOf w, ArrayRef<int64_t> window, ArrayRef<int64_t> x,
                     llvm::function_ref<void(ArrayRef<int64_t>, int64_t)> visit) {
  SmallVector<int64_t> from(place);
  int64_t k = 0;
  forEachPlace(window, [&](ArrayRef<int64_t> at) {
    int64_t number = k++;
    for (size_t d = 0; d < window.size(); ++d) {
      from[1 + d] = place[1 + d] * w.strides[d] + at[d] * w.dilations[d] - w.low[d];
      if (from[1 + d] < 0 || from[1 + d] >= x[1 + d])
        return;
    }
    visit(from, number);
  });
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

SmallVector<NamedAttribute> Windows::attributes(Tensor t) const {
  return {intsAttr(t, "strides", strides), intsAttr(t, "dilations", dilations), intsAttr(t, "pads_low", low),
          intsAttr(t, "pads_high", high)};
}

FailureOr<SmallVector<int64_t>> entriesOf(NodeView &n, StringRef name, int64_t count, int64_t otherwise, int64_t least) {
  SmallVector<int64_t> values = n.getInts(name).value_or(SmallVector<int64_t>(count, otherwise));
  if (static_cast<int64_t>(values.size()) != count)
    return n.error("expects " + Twine(count) + " " + name + ", got " + Twine(values.size()));
  for (int64_t v : values)
    if (v < least || v >= mostOfWindows)
      return n.error("expects " + name + " of " + Twine(least) + " to " + Twine(mostOfWindows - 1) + ", got " + Twine(v));
  return values;
}

FailureOr<Windows> windowsOf(NodeView &n, ArrayRef<int64_t> input, ArrayRef<int64_t> window) {
  int64_t spatial = window.size();
  auto strides = entriesOf(n, "strides", spatial, 1, 1), dilations = entriesOf(n, "dilations", spatial, 1, 1),
       pads = entriesOf(n, "pads", 2 * spatial, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return failure();
  Windows w{SmallVector<int64_t>(window), *strides, *dilations, {}, {}};
  w.low.assign(pads->begin(), pads->begin() + spatial);
  w.high.assign(pads->begin() + spatial, pads->end());
  StringRef mode = n.getString("auto_pad").value_or("NOTSET");
  if (mode == "NOTSET" || mode.empty())
    return w;
  if (mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER")
    return n.error("expects auto_pad NOTSET, SAME_UPPER, SAME_LOWER or VALID, got \"" + mode + "\"");
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t total = 0;
    if (mode != "VALID" && w.strides[i] == 1) {
      total = w.extent(i) - 1;
    } else if (mode != "VALID") {
      if (ShapedType::isDynamic(input[i]))
        return unsupported(n, "auto_pad " + mode + " of a dim that is not known when compiling, with a stride");
      int64_t result = llvm::divideCeil(input[i], w.strides[i]);
      total = std::max<int64_t>(0, (result - 1) * w.strides[i] + w.extent(i) - input[i]);
    }
    w.low[i] = mode == "SAME_LOWER" ? total - total / 2 : total / 2;
    w.high[i] = total - w.low[i];
  }
  return w;
}

FailureOr<int64_t> spatialRankOf(NodeView &n, Tensor x) {
  int64_t spatial = x.rank() - 2;
  if (spatial < 1)
    return n.error("expects an input of rank 3 or more, got " + Twine(x.rank()));
  if (spatial > 3)
    return unsupported(n, "more than 3 spatial dims");
  return spatial;
}

Tensor channelsLast(Tensor t) {
  if (!t)
    return {};
  SmallVector<int64_t> order{0};
  for (int64_t i = 2; i < t.rank(); ++i)
    order.push_back(i);
  order.push_back(1);
  return transpose(t, order);
}

Tensor channelsFirst(Tensor t) {
  if (!t)
    return {};
  SmallVector<int64_t> order{0, t.rank() - 1};
  for (int64_t i = 1; i < t.rank() - 1; ++i)
    order.push_back(i);
  return transpose(t, order);
}

} // namespace dlc::dl
