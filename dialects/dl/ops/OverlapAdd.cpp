//===- OverlapAdd.cpp - Windows put where they belong and added ------------===//
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Loops.h"
#include "dialects/dl/ops/Windows.h"

using namespace mlir;

namespace dlc::dl {

LogicalResult OverlapAddOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX());
  size_t spatial = getStrides().size();
  if (spatial < 1 || spatial > 3 || x.size() != 2 + 2 * spatial)
    return emitOpError("expects x[n, e..., k..., c] of 1 to 3 spatial dims, as many as strides, got rank ")
           << x.size() << " and " << spatial << " strides";
  Dims dims{x.front()}, window(ArrayRef<AffineExpr>(x).slice(1 + spatial, spatial));
  if (llvm::any_of(window, [](AffineExpr e) { return !constantOf(e); }))
    return emitOpError("expects windows of known dims");
  // The dims of a result that has x's windows: those windows must fit it.
  if (failed(checkWindows(*this, window, WindowsOf(*this))))
    return failure();
  for (size_t i = 0; i < spatial; ++i) {
    AffineExpr extent = (window[i] - 1) * getDilations()[i] + 1;
    dims.push_back((x[1 + i] - 1) * getStrides()[i] + extent - (getPadsLow()[i] + getPadsHigh()[i]));
    if (failed(shapes.requireAtMost(*this, shapes.constant(1), x[1 + i], "at least 1 window along spatial dim " + Twine(i))) ||
        failed(shapes.requireNonNegative(*this, dims.back(), "pads that leave spatial dim " + Twine(i) + " of the result")))
      return failure();
  }
  dims.push_back(x.back());
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  return success();
}

LogicalResult OverlapAddOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0];
  Array &r = results[0];
  size_t spatial = getStrides().size();
  std::vector<Number> sums(r.size(), Number::of(r.elementType, 0));
  forEachPlace(x.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    Number element = x.at(i++);
    SmallVector<int64_t> to{place.front()};
    for (size_t d = 0; d < spatial; ++d) {
      int64_t p = place[1 + d] * getStrides()[d] + place[1 + spatial + d] * getDilations()[d] - getPadsLow()[d];
      if (p < 0 || p >= r.dims[1 + d])
        return;
      to.push_back(p);
    }
    to.push_back(place.back());
    Number &sum = sums[r.offset(to)];
    sum = sum + element;
  });
  for (auto [i, sum] : llvm::enumerate(sums))
    r.store(i, sum);
  return success();
}

//===----------------------------------------------------------------------===//
// Each element of the result gathers what windows have for it
//===----------------------------------------------------------------------===//

namespace {
/// Candidates for what is added to one place along spatial dim `d`. Without dilation only every stride-th place of a
/// window can fall there, and those are the candidates.
struct Candidates {
  Candidates(OverlapAddOp op, size_t d)
      : stride(op.getStrides()[d]), dilation(op.getDilations()[d]), low(op.getPadsLow()[d]),
        window(cast<RankedTensorType>(op.getX().getType()).getDimSize(1 + op.getStrides().size() + d)),
        count(dilation == 1 ? llvm::divideCeil(window, stride) : window) {
    // So many windows further up, no place is negative.
    ahead = llvm::divideCeil(std::max<int64_t>(0, -low) + (dilation == 1 ? 0 : window * dilation), stride);
  }
  int64_t stride, dilation, low, window, count, ahead;

  /// Number `j`: place `k` of window `e`, if it is `inside` of x, where there are `windows`.
  template <class T> struct Candidate {
    T inside, e, k;
  };
  template <class T> Candidate<T> at(T place, T j, T windows, llvm::function_ref<T(int64_t)> constant) const {
    T step = constant(stride), zero = constant(0), p = place + constant(low + ahead * stride);
    if (dilation == 1) {
      T first = stride == 1 ? p : p / step, k = p - first * step + j * step, e = first - j - constant(ahead);
      return {(e >= zero) & (e < windows) & (k < constant(window)), e, k};
    }
    T t = p - j * constant(dilation), first = stride == 1 ? t : t / step, e = first - constant(ahead);
    return {(e >= zero) & (e < windows) & (first * step == t), e, j};
  }
};
} // namespace

/// More candidates are met in loops.
static constexpr int64_t mostUnrolled = 64;

static int64_t candidatesOf(OverlapAddOp op) {
  int64_t count = 1;
  for (size_t d = 0; d < op.getStrides().size(); ++d)
    count = std::min(count, mostUnrolled + 1) * std::min(Candidates(op, d).count, mostUnrolled + 1);
  return count;
}

Fusion OverlapAddOp::fusion() {
  return {candidatesOf(*this) <= mostUnrolled ? Fusion::Kind::Indexed : Fusion::Kind::Alone, {}};
}

/// What candidates `js`, one a spatial dim, add to `place`; `read` takes a place of x.
template <class T>
static T candidate(OverlapAddOp op, ArrayRef<T> place, ArrayRef<T> js, ArrayRef<T> windows,
                   llvm::function_ref<T(int64_t)> constant, llvm::function_ref<T(ArrayRef<T>)> read) {
  T zero = constant(0), inside = zero == zero;
  SmallVector<T> from{place.front()}, ks;
  for (size_t d = 0; d < js.size(); ++d) {
    auto c = Candidates(op, d).at<T>(place[1 + d], js[d], windows[d], constant);
    inside = inside & c.inside;
    from.push_back(c.e);
    ks.push_back(c.k);
  }
  from.append(ks);
  for (size_t i = 1; i < from.size(); ++i)
    from[i] = select(inside, from[i], zero);
  from.push_back(place.back());
  T element = read(from);
  return select(inside, element, 0.0);
}

template <class T> static T overlapped(OverlapAddOp op, ElementReader<T> &in, ArrayRef<T> place) {
  SmallVector<int64_t> counts;
  SmallVector<T> windows;
  for (size_t d = 0; d < op.getStrides().size(); ++d) {
    counts.push_back(Candidates(op, d).count);
    windows.push_back(in.dim(0, 1 + d));
  }
  std::optional<T> sum;
  forEachPlace(counts, [&](ArrayRef<int64_t> js) {
    SmallVector<T> at = llvm::map_to_vector(js, [&](int64_t j) { return in.constant(j); });
    T element = candidate<T>(
        op, place, at, windows, [&](int64_t v) { return in.constant(v); },
        [&](ArrayRef<T> from) { return in.read(0, from); });
    sum = sum ? *sum + element : element;
  });
  return *sum;
}
Scalar OverlapAddOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> place) {
  return overlapped(*this, in, place);
}
Number OverlapAddOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> place) {
  return overlapped(*this, in, place);
}

LogicalResult OverlapAddOp::lower(Lowering &l) {
  if (fusion().kind == Fusion::Kind::Indexed)
    return lowerByInterface(*this, l);
  Loops loops(l);
  Type type = l.elementType(0);
  Value x = l.operands[0];
  SmallVector<Scalar> windows, counts;
  for (size_t d = 0; d < getStrides().size(); ++d) {
    windows.push_back(loops.dim(x, 1 + d));
    counts.push_back(loops.constant(Candidates(*this, d).count));
  }
  Scalar zero = loops.constant(type, Number::of(type, 0));
  l.results = loops.nest(loops.resultDims(0), l.empty(0), [&](ArrayRef<Scalar> place, ValueRange carried) -> Loops::Carried {
    Loops::Carried sum = loops.nest(counts, zero.value(), [&](ArrayRef<Scalar> js, ValueRange now) -> Loops::Carried {
      Scalar element = candidate<Scalar>(
          *this, place, js, windows, [&](int64_t v) { return loops.constant(v); },
          [&](ArrayRef<Scalar> from) { return loops.read(x, from, type); });
      return {(loops.scalar(now[0], type.isUnsignedInteger()) + element).value()};
    });
    return {loops.write(loops.scalar(sum[0], type.isUnsignedInteger()), carried[0], place, type)};
  });
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX: ConvTranspose
//===----------------------------------------------------------------------===//

namespace {
/// A transposed convolution with weights [groups, inputs, outputs, k...] of a group.
struct Transposed {
  Windows windows; ///< low and high: what is cut off the full result; negative: places appended
  int64_t groups, inputs, outputs;
};
} // namespace

/// The dims of `x` that `axes` name, then `more`, as a shape.
static Tensor shapeWith(Tensor x, ArrayRef<int64_t> axes, ArrayRef<int64_t> more) {
  return x ? concat({dimsAt(x, axes), constantInts(x.builder(), x.loc(), more)}, 0) : Tensor();
}

/// With steps of 1 the windows of the result are a convolution's, with the weights turned around.
static Tensor convolved(Tensor x, Tensor w, const Transposed &t) {
  int64_t spatial = t.windows.window.size();
  SmallVector<int64_t> order{0}, axes;
  for (int64_t i = 0; i < spatial; ++i) {
    order.push_back(3 + i);
    axes.push_back(1 + i);
  }
  order.append({1, 2});
  SmallVector<int64_t> last(spatial, -1), back(spatial, -1);
  for (int64_t i = 0; i < spatial; ++i)
    last[i] = t.windows.window[i] - 1;
  auto ints = [&](ArrayRef<int64_t> v) { return constantInts(x.builder(), x.loc(), v); };
  w = slice(transpose(w, order), ints(last), ints(t.windows.window), ints(back), axes, /*inRange=*/true);
  Windows windows = t.windows;
  for (int64_t i = 0; i < spatial; ++i) {
    windows.low[i] = windows.extent(i) - 1 - windows.low[i];
    windows.high[i] = windows.extent(i) - 1 - windows.high[i];
  }
  return w ? apply<ConvOp>({x, w}, windows.attributes(x)) : Tensor();
}

/// Else one product gives all windows, each of k... places, and they are added up. That takes no multiplication with a
/// zero, as convolving x with zeros put between its elements would, and the product runs like any other.
static Tensor multipliedAndAdded(Tensor x, Tensor w, const Transposed &t) {
  int64_t spatial = t.windows.window.size(), places = 1;
  for (int64_t k : t.windows.window)
    places *= k;
  SmallVector<int64_t> order{0, 1}, outer{0}, shape;
  for (int64_t i = 0; i < spatial; ++i) {
    order.push_back(3 + i);
    outer.push_back(1 + i);
  }
  order.push_back(2);
  // [groups, inputs, k... * outputs] and, of x, [groups, n * e..., inputs].
  w = reshape(transpose(w, order), {t.groups, t.inputs, places * t.outputs});
  Tensor windows;
  if (t.groups == 1) {
    windows = matmul(reshape(x, {-1, t.inputs}), reshape(w, {t.inputs, places * t.outputs}));
  } else {
    windows = matmul(transpose(reshape(x, {-1, t.groups, t.inputs}), {1, 0, 2}), w);
    windows = transpose(reshape(windows, {t.groups, -1, places, t.outputs}), {1, 2, 0, 3});
  }
  shape = t.windows.window;
  shape.push_back(t.groups * t.outputs);
  windows = reshape(windows, shapeWith(x, outer, shape));
  return windows ? apply<OverlapAddOp>({windows}, t.windows.attributes(x)) : Tensor();
}

/// Sets what is cut off from output_shape or auto_pad, where the node has them, and appends output_padding.
static LogicalResult cutOff(NodeView &n, ArrayRef<int64_t> input, Windows &w) {
  int64_t spatial = w.window.size();
  StringRef mode = n.getString("auto_pad").value_or("NOTSET");
  bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER", given = n.hasAttr("output_shape");
  auto padding = entriesOf(n, "output_padding", spatial, 0, 0), wanted = entriesOf(n, "output_shape", spatial, 1, 1);
  if (failed(padding) || failed(wanted))
    return failure();
  for (int64_t i = 0; i < spatial; ++i) {
    if (given && ShapedType::isDynamic(input[i]))
      return unsupported(n, "output_shape for an input of dims that are not known when compiling");
    if (given || same) {
      int64_t total = given ? w.strides[i] * (input[i] - 1) + w.extent(i) - (*wanted)[i] : w.extent(i) - w.strides[i];
      total += (*padding)[i];
      int64_t half = std::max<int64_t>(0, total) / 2;
      w.low[i] = mode == "SAME_UPPER" ? half : std::max<int64_t>(0, total) - half;
      w.high[i] = total - w.low[i];
    }
    w.high[i] -= (*padding)[i];
  }
  return success();
}

static LogicalResult buildConvTranspose(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)) || failed(expectSameTypes(n, 0, 3)))
    return failure();
  Tensor x = inputOf(n, 0), w = inputOf(n, 1), bias = inputOf(n, 2);
  FailureOr<int64_t> spatial = spatialRankOf(n, x);
  if (failed(spatial))
    return failure();
  if (w.rank() != x.rank())
    return n.error("expects weights of the input's rank " + Twine(x.rank()) + ", got " + Twine(w.rank()));
  ArrayRef<int64_t> given = w.type().getShape(), input = x.type().getShape().drop_front(2);
  if (llvm::any_of(given, ShapedType::isDynamic))
    return unsupported(n, "weights whose dims are not known when compiling");
  int64_t groups = n.getInt("group").value_or(1), channels = given[0];
  if (groups < 1 || channels % groups)
    return n.error("expects a number of groups that divides the " + Twine(channels) + " input channels, got " + Twine(groups));
  if (int64_t c = x.type().getDimSize(1); !ShapedType::isDynamic(c) && c != channels)
    return n.error("expects an input of " + Twine(channels) + " channels, as the weights, got " + Twine(c));
  auto kernel = entriesOf(n, "kernel_shape", *spatial, 1, 1);
  if (failed(kernel))
    return failure();
  if (n.hasAttr("kernel_shape") && !llvm::equal(*kernel, given.drop_front(2)))
    return n.error("expects a kernel_shape that is the weights'");
  // What auto_pad means here is another matter.
  SmallVector<int64_t> anySize(*spatial, 1);
  FailureOr<Windows> windows = windowsOf(n, anySize, given.drop_front(2));
  if (failed(windows) || failed(cutOff(n, input, *windows)))
    return failure();
  Transposed t{*windows, groups, channels / groups, given[1]};
  SmallVector<int64_t> split{groups, t.inputs, t.outputs};
  split.append(given.begin() + 2, given.end());
  x = channelsLast(x);
  w = reshape(w, split);
  if (!x || !w)
    return failure();
  bool stepsOfOne = llvm::all_of(t.windows.strides, [](int64_t s) { return s == 1; });
  Tensor r = stepsOfOne ? convolved(x, w, t) : multipliedAndAdded(x, w, t);
  if (r && bias)
    r = r + bias;
  return give(results, channelsFirst(r));
}

//===----------------------------------------------------------------------===//
// ONNX: Col2Im
//===----------------------------------------------------------------------===//

/// x[n, c * k..., e...] is windows as overlap_add wants them, in another order.
static LogicalResult buildCol2Im(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0), dims = inputOf(n, 1);
  if (!isConstant(dims.value()) || !isConstant(n.input(2)) || dims.rank() != 1 || dims.type().getDimSize(0) > 3)
    return buildComputedCol2Im(n, results);
  auto image = intsFrom(n, "image_shape", 1), block = intsFrom(n, "block_shape", 2);
  if (failed(image) || failed(block))
    return failure();
  int64_t spatial = (*image)->size(), places = 1;
  if (x.rank() != 3 || spatial < 1 || static_cast<int64_t>((*block)->size()) != spatial)
    return n.error("expects an input of rank 3 and as many dims of the image as of the block");
  for (int64_t v : **image)
    if (v < 1 || v >= mostOfWindows)
      return n.error("expects image dims of 1 to " + Twine(mostOfWindows - 1) + ", got " + Twine(v));
  for (int64_t v : **block) {
    if (v < 1 || v >= mostOfWindows || places >= mostOfWindows / v)
      return n.error("expects block dims of 1 or more with a product below " + Twine(mostOfWindows) + ", got " + Twine(v));
    places *= v;
  }
  FailureOr<Windows> windows = windowsOf(n, **image, **block);
  if (failed(windows))
    return failure();
  SmallVector<int64_t> shape(**block), order{0};
  int64_t blocks = 1;
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t rest = (**image)[i] + windows->low[i] + windows->high[i] - windows->extent(i);
    if (rest < 0)
      return n.error("expects blocks of at most the padded image, got a block that is " + Twine(-rest) + " larger");
    shape.push_back(rest / windows->strides[i] + 1);
    if (llvm::MulOverflow(blocks, shape.back(), blocks))
      return n.error("expects fewer than 2^63 blocks");
    windows->high[i] -= rest % windows->strides[i];
    order.push_back(2 + spatial + i);
  }
  for (int64_t i = 0; i < spatial; ++i)
    order.push_back(2 + i);
  order.push_back(1);
  if (int64_t rows = x.type().getDimSize(1); !ShapedType::isDynamic(rows) && rows % places)
    return n.error("expects a dim 1 that the " + Twine(places) + " places of a block divide, got " + Twine(rows));
  if (failed(demandEqual(dimsAt(x, {2}), constantInts(n.builder(), n.loc(), {blocks}), "a column for each block of the image")))
    return failure();
  shape.insert(shape.begin(), -1);
  Tensor r = transpose(reshape(x, shapeWith(x, {0}, shape)), order);
  return r ? give(results, channelsFirst(apply<OverlapAddOp>({r}, windows->attributes(r)))) : failure();
}

void appendOverlapAddForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "ConvTranspose", 1, buildConvTranspose});
  forms.push_back({"", "Col2Im", 18, buildCol2Im});
}

} // namespace dlc::dl
