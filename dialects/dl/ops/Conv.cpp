//===- Conv.cpp - Convolutions --------------------------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Shapes and reference
//===----------------------------------------------------------------------===//

LogicalResult ConvOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), w = shapes.dims(getW());
  int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  if (spatial < 1 || spatial > 3)
    return emitOpError("expects 1 to 3 spatial dims, got rank ") << x.size();
  if (static_cast<int64_t>(w.size()) != spatial + 3)
    return emitOpError("expects weights of rank ") << spatial + 3 << ", got " << w.size();
  for (ArrayRef<int64_t> entries : {getStrides(), getDilations(), getPadsLow(), getPadsHigh()})
    if (static_cast<int64_t>(entries.size()) != spatial)
      return emitOpError("expects strides, dilations and pads for each of the ") << spatial << " spatial dims";
  for (auto [stride, dilation] : llvm::zip(getStrides(), getDilations()))
    if (stride < 1 || dilation < 1)
      return emitOpError("expects strides and dilations of at least 1, got ") << std::min(stride, dilation);
  AffineExpr groups = w.front();
  if (failed(shapes.requireEqual(*this, x.back(), groups * w[w.size() - 2], "as many channels as the weights take")))
    return failure();
  Dims dims{x.front()};
  for (int64_t i = 0; i < spatial; ++i) {
    AffineExpr window = (w[1 + i] - 1) * getDilations()[i] + 1;
    AffineExpr room = x[1 + i] + (getPadsLow()[i] + getPadsHigh()[i]) - window;
    if (failed(shapes.requireNonNegative(*this, room, "a window that fits in spatial dim " + Twine(i) + ", with room")))
      return failure();
    dims.push_back(room.floorDiv(getStrides()[i]) + 1);
  }
  dims.push_back(groups * w.back());
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  return success();
}

LogicalResult ConvOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0], &w = *operands[1];
  Array &r = results[0];
  size_t spatial = x.dims.size() - 2;
  int64_t channels = w.dims[spatial + 1], outputs = w.dims.back();
  SmallVector<int64_t> window(w.dims.begin() + 1, w.dims.begin() + 1 + spatial);
  bool isFloat = r.kind() == Number::Kind::Float;
  forEachPlace(r.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    int64_t group = place.back() / outputs;
    SmallVector<int64_t> from(place), at(w.dims.size());
    at.front() = group;
    at.back() = place.back() % outputs;
    double sum = 0;
    uint64_t wrapped = 0;
    forEachPlace(window, [&](ArrayRef<int64_t> k) {
      for (size_t d = 0; d < spatial; ++d) {
        at[1 + d] = k[d];
        from[1 + d] = place[1 + d] * getStrides()[d] + k[d] * getDilations()[d] - getPadsLow()[d];
        if (from[1 + d] < 0 || from[1 + d] >= x.dims[1 + d])
          return;
      }
      for (int64_t c = 0; c < channels; ++c) {
        from.back() = group * channels + c;
        at[spatial + 1] = c;
        Number a = x.at(x.offset(from)), b = w.at(w.offset(at));
        if (isFloat)
          sum += a.asDouble() * b.asDouble();
        else
          wrapped += a.asUInt() * b.asUInt();
      }
    });
    r.store(i++, isFloat ? Number(sum) : Number::fromBits(r.kind(), wrapped));
  });
  return success();
}

Fusion ConvOp::fusion() { return {Fusion::Kind::Alone, {}}; }

double ConvOp::flops(ArrayRef<int64_t> resultDims) {
  ArrayRef<int64_t> w = cast<RankedTensorType>(getW().getType()).getShape();
  double products = 1;
  for (int64_t d : w.drop_front().drop_back())
    products *= std::max<int64_t>(d, 0);
  return 2 * products * elementCount(resultDims);
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

namespace {
/// What windows of convolutions and pools have in common.
struct Windows {
  SmallVector<int64_t> strides, dilations, low, high;
};
} // namespace

static FailureOr<SmallVector<int64_t>> entriesOf(NodeView &n, StringRef name, int64_t count, int64_t otherwise,
                                                 int64_t least) {
  SmallVector<int64_t> values = n.getInts(name).value_or(SmallVector<int64_t>(count, otherwise));
  if (static_cast<int64_t>(values.size()) != count)
    return n.error("expects " + Twine(count) + " " + name + ", got " + Twine(values.size())), failure();
  for (int64_t v : values)
    if (v < least)
      return n.error("expects " + name + " of at least " + Twine(least) + ", got " + Twine(v)), failure();
  return values;
}

/// `input` and `window`: the spatial dims. auto_pad needs those of the input.
static FailureOr<Windows> windowsOf(NodeView &n, ArrayRef<int64_t> input, ArrayRef<int64_t> window) {
  int64_t spatial = window.size();
  auto strides = entriesOf(n, "strides", spatial, 1, 1), dilations = entriesOf(n, "dilations", spatial, 1, 1),
       pads = entriesOf(n, "pads", 2 * spatial, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return failure();
  Windows w{*strides, *dilations, {}, {}};
  w.low.assign(pads->begin(), pads->begin() + spatial);
  w.high.assign(pads->begin() + spatial, pads->end());
  StringRef mode = n.getString("auto_pad").value_or("NOTSET");
  if (mode == "NOTSET")
    return w;
  if (mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER")
    return n.error("expects auto_pad NOTSET, SAME_UPPER, SAME_LOWER or VALID, got \"" + mode + "\""), failure();
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t total = 0;
    if (mode != "VALID") {
      if (ShapedType::isDynamic(input[i]))
        return unsupported(n, "auto_pad " + mode + " of a dim that is not known when compiling"), failure();
      int64_t result = llvm::divideCeil(input[i], w.strides[i]);
      total = std::max<int64_t>(0, (result - 1) * w.strides[i] + (window[i] - 1) * w.dilations[i] + 1 - input[i]);
    }
    w.low[i] = mode == "SAME_LOWER" ? total - total / 2 : total / 2;
    w.high[i] = total - w.low[i];
  }
  return w;
}

/// Dims 1 and the spatial ones change places: [n, c, d...] to [n, d..., c], or back.
static Tensor channelsLast(Tensor t) {
  SmallVector<int64_t> order{0};
  for (int64_t i = 2; i < t.rank(); ++i)
    order.push_back(i);
  order.push_back(1);
  return transpose(t, order);
}
static Tensor channelsFirst(Tensor t) {
  SmallVector<int64_t> order{0, t.rank() - 1};
  for (int64_t i = 1; i < t.rank() - 1; ++i)
    order.push_back(i);
  return transpose(t, order);
}

static LogicalResult buildConv(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)) || failed(expectSameTypes(n, 0, 3)))
    return failure();
  Tensor x = inputOf(n, 0), w = inputOf(n, 1), bias = inputOf(n, 2);
  int64_t spatial = x.rank() - 2;
  if (spatial < 1 || w.rank() != x.rank())
    return n.error("expects an input and weights of one rank of 3 or more, got " + Twine(x.rank()) + " and " +
                   Twine(w.rank()));
  if (spatial > 3)
    return unsupported(n, "more than 3 spatial dims");
  ArrayRef<int64_t> given = w.type().getShape();
  if (llvm::any_of(given, ShapedType::isDynamic))
    return unsupported(n, "weights whose dims are not known when compiling");
  int64_t groups = n.getInt("group").value_or(1), outputs = given[0], channels = given[1];
  if (groups < 1 || outputs % groups)
    return n.error("expects a number of groups that divides the " + Twine(outputs) + " output channels, got " + Twine(groups));
  if (int64_t c = x.type().getDimSize(1); !ShapedType::isDynamic(c) && c != groups * channels)
    return n.error("expects an input of " + Twine(groups * channels) + " channels, " + Twine(groups) + " groups of " +
                   Twine(channels) + ", got " + Twine(c));
  ArrayRef<int64_t> window = given.drop_front(2);
  auto kernel = entriesOf(n, "kernel_shape", spatial, 0, 0);
  if (failed(kernel))
    return failure();
  if (n.hasAttr("kernel_shape") && !llvm::equal(*kernel, window))
    return n.error("expects a kernel_shape that is the weights'");
  auto windows = windowsOf(n, x.type().getShape().drop_front(2), window);
  if (failed(windows))
    return failure();
  // [g * o, c, k...] to [g, k..., c, o].
  SmallVector<int64_t> split{groups, outputs / groups, channels}, order{0};
  split.append(window.begin(), window.end());
  for (int64_t i = 0; i < spatial; ++i)
    order.push_back(3 + i);
  order.append({2, 1});
  Tensor packed = transpose(reshape(w, split), order);
  Tensor r = apply<ConvOp>({channelsLast(x), packed},
                           {intsAttr(x, "strides", windows->strides), intsAttr(x, "dilations", windows->dilations),
                            intsAttr(x, "pads_low", windows->low), intsAttr(x, "pads_high", windows->high)});
  if (bias && r)
    r = r + bias;
  return give(results, r ? channelsFirst(r) : r);
}

void appendConvForms(SmallVectorImpl<OnnxForm> &forms) { forms.push_back({"", "Conv", 1, buildConv}); }

} // namespace dlc::dl
