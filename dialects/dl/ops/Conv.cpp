//===- Conv.cpp - Convolutions --------------------------------------------===//
#include "dialects/dl/ConstantValues.h"
#include "dialects/dl/ops/Windows.h"
#include "dialects/dl/ops/Winograd.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Shapes and reference
//===----------------------------------------------------------------------===//

/// `taken`: the channels that the weights take.
template <class Op>
static LogicalResult inferConvolution(Op op, Inference &shapes, const Dims &window, AffineExpr taken, AffineExpr outputs) {
  Dims x = shapes.dims(op.getX());
  FailureOr<Dims> spatial = inferWindows(op, shapes, x, window, WindowsOf(op));
  if (failed(spatial) || failed(shapes.requireEqual(op, x.back(), taken, "as many channels as the weights take")))
    return failure();
  Dims dims{x.front()};
  dims.append(*spatial);
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
    int64_t group = place.back() / outputs;
    double sum = 0;
    uint64_t wrapped = 0;
    forEachInWindow(place, WindowsOf(op), window, x.dims, [&](ArrayRef<int64_t> at, int64_t k) {
      SmallVector<int64_t> from(at);
      for (int64_t c = 0; c < channels; ++c) {
        from.back() = group * channels + c;
        Number a = x.at(x.offset(from)), b = weight(group, k * channels + c, place.back() % outputs);
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

//===----------------------------------------------------------------------===//
// Depthwise
//===----------------------------------------------------------------------===//

LogicalResult DepthwiseConvOp::infer(Inference &shapes) {
  Dims w = shapes.dims(getW());
  if (w.empty() || !cast<RankedTensorType>(getW().getType()).hasStaticShape())
    return emitOpError("expects weights [window..., channels] of known dims, got ") << getW().getType();
  Dims window(ArrayRef<AffineExpr>(w).drop_back());
  return inferConvolution(*this, shapes, window, w.back(), w.back());
}

ArrayRef<int64_t> DepthwiseConvOp::getWindow() {
  return cast<RankedTensorType>(getW().getType()).getShape().drop_back();
}

LogicalResult DepthwiseConvOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &w = *operands[1];
  int64_t channels = w.dims.back();
  convolve(*this, *operands[0], ArrayRef(w.dims).drop_back(), 1, 1, results[0],
           [&](int64_t g, int64_t k, int64_t) { return w.at(k * channels + g); });
  return success();
}

Number DepthwiseConvOp::initial(Type type) { return Number::of(type, 0); }
Scalar DepthwiseConvOp::emitCombine(Scalar a, ArrayRef<Scalar> elements) { return a + elements[0] * elements[1]; }
Fusion DepthwiseConvOp::fusion() { return {Fusion::Kind::Contraction, {}}; }
Dims DepthwiseConvOp::flops(Inference &shapes) {
  Dims factors = shapes.dims(getResult());
  factors.push_back(shapes.constant(2 * elementCount(getWindow())));
  return factors;
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

/// A channel that has up to so many results of its own is repeated for them, rather than to fill panels with zeros.
static constexpr int64_t fewResults = 8;

/// Weights [g, k..., 1, o] as those of a convolution of each of g * o channels on its own: [k..., g * o].
static LogicalResult packDepthwise(ConvOp op, RewriterBase &rewriter) {
  Tensor x(rewriter, op.getLoc(), op.getX()), w(rewriter, op.getLoc(), op.getW());
  SmallVector<int64_t> dims(w.type().getShape()), order = llvm::to_vector(llvm::seq<int64_t>(1, w.rank() - 1));
  int64_t groups = dims.front(), results = dims.back();
  order.append({0, w.rank() - 1});
  SmallVector<int64_t> shape(ArrayRef(dims).drop_front().drop_back(2));
  shape.push_back(groups * results);
  w = reshape(transpose(w, order), shape);
  if (results > 1) {
    Tensor all = shapeOf(x), one = constantInts(rewriter, op.getLoc(), {1}), many = constantInts(rewriter, op.getLoc(), {results});
    SmallVector<int64_t> outer = llvm::to_vector(llvm::seq<int64_t>(0, x.rank() - 1));
    Tensor wide = concat({dimsAt(x, outer), constantInts(rewriter, op.getLoc(), {groups * results})}, 0);
    x = reshape(broadcastTo(reshape(x, concat({all, one}, 0)), concat({all, many}, 0)), wide);
  }
  if (!x || !w)
    return failure();
  rewriter.replaceOpWithNewOp<DepthwiseConvOp>(op, op.getType(), x.value(), w.value(), op.getStrides(), op.getDilations(),
                                               op.getPadsLow(), op.getPadsHigh());
  return success();
}

/// Transformed weights take more room and more time to make, once, at compile time.
static bool packTransformed(ConvOp op, RewriterBase &rewriter) {
  auto isOne = [](int64_t v) { return v == 1; };
  ArrayRef<int64_t> w = cast<RankedTensorType>(op.getW().getType()).getShape(), window = w.drop_front().drop_back(2);
  ArrayRef<int64_t> results = cast<RankedTensorType>(op.getType()).getShape().drop_front().drop_back();
  int64_t channels = w[w.size() - 2], columns = w.back();
  if (w.front() != 1 || !llvm::all_of(op.getStrides(), isOne) || !llvm::all_of(op.getDilations(), isOne) ||
      !cast<RankedTensorType>(op.getType()).getElementType().isF32() || !suitsWinograd(window, results, channels, columns) ||
      !ConstantValues().contains(op.getW()))
    return false;
  Tensor weights = reshape(Tensor(rewriter, op.getLoc(), op.getW()), {window[0], window[1], channels, columns});
  Tensor packed = apply<PackOp>({apply<WinogradWeightsOp>({weights})});
  if (!packed)
    return false;
  rewriter.replaceOpWithNewOp<WinogradConvOp>(op, op.getType(), op.getX(), packed.value(), columns, op.getPadsLow(),
                                              op.getPadsHigh());
  return true;
}

LogicalResult ConvOp::packOperands(RewriterBase &rewriter) {
  auto type = cast<RankedTensorType>(getW().getType());
  ArrayRef<int64_t> w = type.getShape(), window = w.drop_front().drop_back(2);
  if (!type.hasStaticShape())
    return emitOpError("cannot be compiled for weights whose dims are not known, got ") << type;
  if (w.front() > 1 && w[w.size() - 2] == 1 && w.back() < fewResults)
    return packDepthwise(*this, rewriter);
  if (packTransformed(*this, rewriter))
    return success();
  Tensor weights(rewriter, getLoc(), getW());
  Tensor packed = apply<PackOp>({reshape(weights, {w.front(), elementCount(w.drop_front().drop_back()), w.back()})});
  if (!packed)
    return failure();
  rewriter.replaceOpWithNewOp<PackedConvOp>(*this, getType(), getX(), packed.value(), w.back(), window, getStrides(),
                                            getDilations(), getPadsLow(), getPadsHigh());
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static LogicalResult buildConv(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)) || failed(expectSameTypes(n, 0, 3)))
    return failure();
  Tensor x = inputOf(n, 0), w = inputOf(n, 1), bias = inputOf(n, 2);
  FailureOr<int64_t> rank = spatialRankOf(n, x);
  if (failed(rank))
    return failure();
  int64_t spatial = *rank;
  if (w.rank() != x.rank())
    return n.error("expects weights of the input's rank " + Twine(x.rank()) + ", got " + Twine(w.rank()));
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
  Tensor r = apply<ConvOp>({channelsLast(x), packed}, windows->attributes(x));
  if (bias && r)
    r = r + bias;
  return give(results, r ? channelsFirst(r) : r);
}

void appendConvForms(SmallVectorImpl<OnnxForm> &forms) { forms.push_back({"", "Conv", 1, buildConv}); }

} // namespace dlc::dl
