//===- Fourier.cpp - Discrete Fourier transforms as products --------------===//
//
// A transform of one axis is a product with cosines and sines, which fold when the length is known.
//
//===----------------------------------------------------------------------===//
#include "dialects/dl/ops/Demand.h"
#include <numbers>

using namespace mlir;

namespace dlc::dl {

namespace {
/// A complex tensor: without an imaginary part, a real one.
struct Complex {
  Tensor real, imaginary;
};

class Fourier {
public:
  Fourier(NodeView &n, bool inverse, bool onesided) : n(n), inverse(inverse), onesided(onesided) {}

  /// Of x[..., n, ..., 1 or 2], along `axis`; `length` is one i64, or null for that of the axis.
  Tensor transform(Tensor x, int64_t axis, Tensor length, bool isReal) const;

private:
  Complex split(Tensor x, int64_t axis, bool isReal) const;
  Tensor joined(Complex x, int64_t axis) const;
  Complex forward(Complex x, Tensor length) const;
  Complex backward(Complex x, Tensor length) const;
  Tensor backwardToReal(Complex x, Tensor length) const;
  /// cos and sin of 2 pi j k / length, [rows, columns].
  Complex factors(Tensor rows, Tensor columns, Tensor length, Type type) const;
  Tensor ints(ArrayRef<int64_t> v) const { return constantInts(n.builder(), n.loc(), v); }
  static Tensor count(Tensor size) { return reshape(size, ArrayRef<int64_t>()); }

  NodeView &n;
  bool inverse, onesided;
};

Complex Fourier::factors(Tensor rows, Tensor columns, Tensor length, Type type) const {
  Tensor turns = floormod(unsqueeze(iota(count(rows)), {1}) * iota(count(columns)), length);
  // Whole turns are gone before the angle is rounded.
  Type f64 = n.builder().getF64Type();
  Tensor angle = cast(turns, f64) * (2 * std::numbers::pi) / cast(length, f64);
  return {cast(cos(angle), type), cast(sin(angle), type)};
}

/// The parts of x, `axis` last.
Complex Fourier::split(Tensor x, int64_t axis, bool isReal) const {
  int64_t last = x.rank() - 1;
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < last; ++i)
    if (i != axis)
      order.push_back(i);
  order.push_back(axis);
  auto part = [&](int64_t i) { return transpose(squeeze(slice(x, {i}, {1}, {last}), {last}), order); };
  return {part(0), isReal ? Tensor() : part(1)};
}

Tensor Fourier::joined(Complex x, int64_t axis) const {
  if (!x.real)
    return {};
  int64_t last = x.real.rank();
  Tensor all = x.imaginary ? concat({unsqueeze(x.real, {last}), unsqueeze(x.imaginary, {last})}, last)
                           : unsqueeze(x.real, {last});
  SmallVector<int64_t> order; // what was last but one goes back to `axis`
  for (int64_t i = 0; i < last; ++i)
    order.push_back(i < axis ? i : i == axis ? last - 1 : i - 1);
  order.push_back(last);
  return all ? transpose(all, order) : all;
}

/// The first `wanted` entries along the last dim, all if there are fewer: what is missing counts as 0.
static Tensor firstOf(Tensor x, Tensor wanted) {
  if (!x)
    return x;
  Tensor zero = constantInts(x.builder(), x.loc(), {0}), one = constantInts(x.builder(), x.loc(), {1});
  return slice(x, zero, minimum(dimsAt(x, {x.rank() - 1}), wanted), one, {x.rank() - 1}, /*inRange=*/true);
}

Complex Fourier::forward(Complex x, Tensor length) const {
  x = {firstOf(x.real, length), firstOf(x.imaginary, length)};
  if (!x.real)
    return {};
  Tensor columns = onesided ? length / 2.0 + 1.0 : length;
  Complex f = factors(dimsAt(x.real, {x.real.rank() - 1}), columns, length, x.real.elementType());
  if (!x.imaginary)
    return {matmul(x.real, f.real), -matmul(x.real, f.imaginary)};
  return {matmul(x.real, f.real) + matmul(x.imaginary, f.imaginary), matmul(x.imaginary, f.real) - matmul(x.real, f.imaginary)};
}

Complex Fourier::backward(Complex x, Tensor length) const {
  x = {firstOf(x.real, length), firstOf(x.imaginary, length)};
  if (!x.real)
    return {};
  Tensor scale = cast(length, x.real.elementType());
  Complex f = factors(dimsAt(x.real, {x.real.rank() - 1}), length, length, x.real.elementType());
  if (!x.imaginary)
    return {matmul(x.real, f.real) / scale, matmul(x.real, f.imaginary) / scale};
  return {(matmul(x.real, f.real) - matmul(x.imaginary, f.imaginary)) / scale,
          (matmul(x.imaginary, f.real) + matmul(x.real, f.imaginary)) / scale};
}

/// x holds the first half of a spectrum whose second one mirrors it: all but the ends count twice.
Tensor Fourier::backwardToReal(Complex x, Tensor length) const {
  Tensor half = length / 2.0 + 1.0;
  x = {firstOf(x.real, half), firstOf(x.imaginary, half)};
  if (!x.real)
    return {};
  Type type = x.real.elementType();
  Tensor rows = dimsAt(x.real, {x.real.rank() - 1}), place = iota(count(rows));
  Tensor isEnd = (place == 0.0) | (place * 2.0 == length);
  Tensor twice = cast(select(isEnd, 1.0, full(rows, like(place, 2))), type) / cast(length, type);
  Complex f = factors(rows, length, length, type);
  Tensor sum = matmul(x.real * twice, f.real);
  return x.imaginary ? sum - matmul(x.imaginary * twice, f.imaginary) : sum;
}

Tensor Fourier::transform(Tensor x, int64_t axis, Tensor length, bool isReal) const {
  bool toReal = inverse && onesided;
  if (!length)
    length = toReal ? (dimsAt(x, {axis}) - 1.0) * 2.0 : dimsAt(x, {axis});
  else if (failed(demandAtLeast(length, 1, "a length of at least 1")))
    return {};
  length = length ? reshape(cast(length, n.builder().getI64Type()), {1}) : length;
  Complex parts = split(x, axis, isReal);
  if (!parts.real || !length)
    return {};
  Complex r = toReal ? Complex{backwardToReal(parts, length), {}} : inverse ? backward(parts, length) : forward(parts, length);
  return joined(r, axis);
}
} // namespace

static bool isReal(Tensor x) { return x.type().getDimSize(x.rank() - 1) == 1; }

static LogicalResult expectComplex(NodeView &n, Tensor x) {
  int64_t last = x.rank() < 2 ? 0 : x.type().getDimSize(x.rank() - 1);
  if (last != 1 && last != 2)
    return n.error("expects an input of rank 2 or more whose last dim is 1 (real) or 2 (complex)");
  return success();
}

/// Along an axis that is computed: the dims before and behind it become one each.
static Tensor transformAlong(const Fourier &fourier, Tensor x, Tensor axis, Tensor length) {
  Tensor dims = shapeOf(x);
  if (!dims)
    return {};
  int64_t last = x.rank() - 1;
  Tensor place = iota(dimsAt(dims, {0}));
  axis = reshape(cast(axis, dims.elementType()), {1});
  axis = select(axis < 0.0, axis + static_cast<double>(x.rank()), axis);
  Tensor own = dimsAt(x, {last}), inner = place < static_cast<double>(last);
  auto product = [&](Tensor which) { return reduceProd(select(which, dims, 1.0), {0}); };
  Tensor before = product(place < axis), behind = product((place > axis) & inner);
  Tensor r = fourier.transform(reshape(x, concat({before, gather(dims, axis, 0), behind, own}, 0)), 1, length, isReal(x));
  if (!r)
    return {};
  Tensor made = select(place == axis, dimsAt(r, {1}), dims);
  return reshape(r, select(inner, made, dimsAt(r, {3})));
}

static LogicalResult buildDft(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 3)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (failed(expectComplex(n, x)))
    return failure();
  Type type = x.elementType();
  Fourier fourier(n, n.getInt("inverse").value_or(0), n.getInt("onesided").value_or(0));
  // A sum of products loses more than the steps of a fast transform do.
  x = cast(x, n.builder().getF64Type());
  Value computed = n.opset() < 20 ? Value() : n.input(2);
  if (computed && !isConstant(computed))
    return give(results, cast(transformAlong(fourier, x, inputOf(n, 2), inputOf(n, 1)), type));
  int64_t axis = n.opset() < 20 ? 1 : -2;
  FailureOr<std::optional<SmallVector<int64_t>>> given = intsFrom(n, "axis", n.opset() < 20 ? -1 : 2);
  if (failed(given))
    return failure();
  if (*given && (*given)->size() == 1)
    axis = (**given)[0];
  FailureOr<int64_t> own = axisIn(n, axis, x.rank());
  if (failed(own))
    return failure();
  if (*own == x.rank() - 1)
    return n.error("expects an axis other than the last one, which holds real and imaginary parts");
  return give(results, cast(fourier.transform(x, *own, inputOf(n, 1), isReal(x)), type));
}

/// Transforms of overlapping parts of a signal [batch, length, 1 or 2], each multiplied by the window before.
static LogicalResult buildStft(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 4)))
    return failure();
  Tensor signal = inputOf(n, 0), step = inputOf(n, 1), window = inputOf(n, 2), length = inputOf(n, 3);
  if (failed(expectComplex(n, signal)))
    return failure();
  if (signal.rank() != 3)
    return n.error("expects a signal of rank 3, got " + Twine(signal.rank()));
  if (!length && !window)
    return n.error("expects a window or a frame_length");
  auto one = [&](Tensor t) { return reshape(cast(t, n.builder().getI64Type()), {1}); };
  step = one(step), length = length ? one(length) : dimsAt(window, {0});
  Tensor own = dimsAt(signal, {1});
  if (failed(demandAtLeast(step, 1, "a frame_step of at least 1")) ||
      failed(demandAtLeast(length, 1, "a frame_length of at least 1")) ||
      failed(demandAtMost(length, own, "a frame of at most the signal")) ||
      (window && failed(demandEqual(dimsAt(window, {0}), length, "a window of the frame's length"))))
    return failure();
  Tensor frames = (own - length) / step + 1.0;
  auto places = [](Tensor size) { return iota(reshape(size, ArrayRef<int64_t>())); };
  Tensor parts = gather(signal, unsqueeze(places(frames) * step, {1}) + places(length), 1);
  if (window)
    parts = parts * unsqueeze(window, {1});
  Fourier fourier(n, /*inverse=*/false, n.getInt("onesided").value_or(1));
  return give(results, parts ? fourier.transform(parts, 2, Tensor(), isReal(signal)) : parts);
}

void appendFourierForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "DFT", 17, buildDft});
  forms.push_back({"", "STFT", 17, buildStft});
}

} // namespace dlc::dl
