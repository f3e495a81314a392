//===- Conv.cpp - Convolutions --------------------------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Shapes and reference
//===----------------------------------------------------------------------===//

/// `taken`: the channels that the weights take.
template <class Op>
static LogicalResult inferConvolution(Op op, Inference &shapes, const Dims &window, AffineExpr taken, AffineExpr outputs) {
  Dims x = shapes.dims(op.getX());
  size_t spatial = window.size();
  if (x.size() < 3 || x.size() > 5 || spatial != x.size() - 2)
    return op.emitOpError("expects an input of 1 to 3 spatial dims and a window of as many, got rank ")
           << x.size() << " and " << spatial << " dims of a window";
  for (ArrayRef<int64_t> entries : {op.getStrides(), op.getDilations(), op.getPadsLow(), op.getPadsHigh()})
    if (entries.size() != spatial)
      return op.emitOpError("expects strides, dilations and pads for each of the ") << spatial << " spatial dims";
  for (auto [stride, dilation] : llvm::zip(op.getStrides(), op.getDilations()))
    if (stride < 1 || dilation < 1)
      return op.emitOpError("expects strides and dilations of at least 1, got ") << std::min(stride, dilation);
  if (failed(shapes.requireEqual(op, x.back(), taken, "as many channels as the weights take")))
    return failure();
  Dims dims{x.front()};
  for (size_t i = 0; i < spatial; ++i) {
    AffineExpr padded = x[1 + i] + (op.getPadsLow()[i] + op.getPadsHigh()[i]);
    AffineExpr extent = (window[i] - 1) * op.getDilations()[i] + 1;
    if (failed(shapes.requireAtMost(op, extent, padded, "a window of at most the padded spatial dim " + Twine(i))))
      return failure();
    dims.push_back((padded - extent).floorDiv(op.getStrides()[i]) + 1);
  }
  dims.push_back(outputs);
  shapes.set(op.getResult(), shapes.elementType(op.getX()), dims);
  return success();
}

LogicalResult ConvOp::infer(Inference &shapes) {
  Dims w = shapes.dims(getW());
  if (w.size() < 3)
    return emitOpError("expects weights [groups, window..., channels, outputs], got rank ") << w.size();
  Dims window(ArrayRef<AffineExpr>(w).drop_front().drop_back(2));
  return inferConvolution(*this, shapes, window, w.front() * w[w.size() - 2], w.front() * w.back());
}

LogicalResult PackedConvOp::infer(Inference &shapes) {
  Dims w = shapes.dims(getW()), window;
  if (w.size() != 4)
    return emitOpError("expects packed weights of rank 4, got ") << w.size();
  int64_t places = 1;
  for (int64_t k : getWindow()) {
    window.push_back(shapes.constant(k));
    places *= k;
  }
  return inferConvolution(*this, shapes, window, w.front() * w[2].floorDiv(std::max<int64_t>(places, 1)),
                          w.front() * getColumns());
}

/// Sums over f64, or 64-bit integers. `weight(group, k, output)` reads the weights, k counting (window..., channel).
template <class Op, class Weight>
static void convolve(Op op, const Array &x, ArrayRef<int64_t> window, int64_t channels, int64_t outputs, Array &r,
                     Weight weight) {
  bool isFloat = r.kind() == Number::Kind::Float;
  forEachPlace(r.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    int64_t group = place.back() / outputs, k = 0;
    SmallVector<int64_t> from(place);
    double sum = 0;
    uint64_t wrapped = 0;
    forEachPlace(window, [&](ArrayRef<int64_t> at) {
      int64_t first = channels * k++;
      for (size_t d = 0; d < window.size(); ++d) {
        from[1 + d] = place[1 + d] * op.getStrides()[d] + at[d] * op.getDilations()[d] - op.getPadsLow()[d];
        if (from[1 + d] < 0 || from[1 + d] >= x.dims[1 + d])
          return;
      }
      for (int64_t c = 0; c < channels; ++c) {
        from.back() = group * channels + c;
        Number a = x.at(x.offset(from)), b = weight(group, first + c, place.back() % outputs);
        if (isFloat)
          sum += a.asDouble() * b.asDouble();
        else
          wrapped += a.asUInt() * b.asUInt();
      }
    });
    r.store(i++, isFloat ? Number(sum) : Number::fromBits(r.kind(), wrapped));
  });
}

LogicalResult ConvOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &w = *operands[1];
  ArrayRef<int64_t> dims = w.dims;
  int64_t rows = w.size() / std::max<int64_t>(1, dims.front() * dims.back());
  convolve(*this, *operands[0], dims.drop_front().drop_back(2), dims[dims.size() - 2], dims.back(), results[0],
           [&](int64_t g, int64_t k, int64_t o) { return w.at((g * rows + k) * dims.back() + o); });
  return success();
}

LogicalResult PackedConvOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &w = *operands[1];
  int64_t panels = w.dims[1], rows = w.dims[2], width = w.dims[3];
  convolve(*this, *operands[0], getWindow(), operands[0]->dims.back() / std::max<int64_t>(1, w.dims[0]), getColumns(),
           results[0], [&](int64_t g, int64_t k, int64_t o) {
             return w.at(((g * panels + o / width) * rows + k) * width + o % width);
           });
  return success();
}

bool PackedConvOp::isPadded() {
  return llvm::any_of(getPadsLow(), [](int64_t p) { return p > 0; }) ||
         llvm::any_of(getPadsHigh(), [](int64_t p) { return p > 0; });
}

Fusion ConvOp::fusion() { return {Fusion::Kind::Alone, {}}; }
Fusion PackedConvOp::fusion() {
  return {Fusion::Kind::Contraction, {}, static_cast<int64_t>(getWindow().size())};
}

/// A multiply-add for each place of the window and element of the result.
static Dims convolutionFlops(Value result, ArrayRef<AffineExpr> window, Inference &shapes) {
  Dims factors{shapes.constant(2)};
  factors.append(window.begin(), window.end());
  factors.append(shapes.dims(result));
  return factors;
}
Dims ConvOp::flops(Inference &shapes) {
  Dims w = shapes.dims(getW());
  return convolutionFlops(getResult(), ArrayRef<AffineExpr>(w).drop_front().drop_back(), shapes);
}
Dims PackedConvOp::flops(Inference &shapes) { return convolutionFlops(getResult(), shapes.dims(getW())[2], shapes); }

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

Tensor ConvOp::scaledWeights(Tensor scale) {
  ArrayRef<int64_t> w = cast<RankedTensorType>(getW().getType()).getShape();
  SmallVector<int64_t> dims(w.size(), 1);
  dims.front() = w.front();
  dims.back() = w.back();
  return Tensor(scale.builder(), getLoc(), getW()) * reshape(scale, dims);
}

LogicalResult ConvOp::packOperands(RewriterBase &rewriter) {
  auto type = cast<RankedTensorType>(getW().getType());
  ArrayRef<int64_t> w = type.getShape(), window = w.drop_front().drop_back(2);
  if (!type.hasStaticShape())
    return emitOpError("cannot be compiled for weights whose dims are not known, got ") << type;
  Tensor weights(rewriter, getLoc(), getW());
  Tensor packed = apply<PackOp>({reshape(weights, {w.front(), type.getNumElements() / std::max<int64_t>(1, w.front() * w.back()), w.back()})});
  if (!packed)
    return failure();
  rewriter.replaceOpWithNewOp<PackedConvOp>(*this, getType(), getX(), packed.value(), w.back(), window, getStrides(),
                                            getDilations(), getPadsLow(), getPadsHigh());
  return success();
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
    return n.error("expects " + Twine(count) + " " + name + ", got " + Twine(values.size()));
  for (int64_t v : values)
    if (v < least)
      return n.error("expects " + name + " of at least " + Twine(least) + ", got " + Twine(v));
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
    return n.error("expects auto_pad NOTSET, SAME_UPPER, SAME_LOWER or VALID, got \"" + mode + "\"");
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t total = 0;
    if (mode != "VALID") {
      if (ShapedType::isDynamic(input[i]))
        return unsupported(n, "auto_pad " + mode + " of a dim that is not known when compiling");
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
