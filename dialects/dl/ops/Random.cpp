//===- Random.cpp - Random numbers ----------------------------------------===//
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Extended.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// random_bits
//===----------------------------------------------------------------------===//

LogicalResult RandomBitsOp::verify() {
  if (getStream() < 0 || getStream() >= (1 << 24))
    return emitOpError() << "expects a stream in [0, 2^24), got " << getStream();
  return success();
}

LogicalResult RandomBitsOp::infer(Inference &shapes) {
  if (Value step = getStep(); step && (!shapes.dims(step).empty() || !shapes.elementType(step).isSignlessInteger(64)))
    return emitOpError() << "expects a step of rank 0 and type i64, got " << step.getType();
  std::optional<Dims> contents = shapes.contents(getShape());
  FailureOr<int64_t> rank = shapes.rankFrom(*this, getShape());
  if (failed(rank))
    return failure();
  Dims dims;
  for (int64_t i = 0; i < *rank; ++i)
    dims.push_back(contents ? (*contents)[i] : shapes.unknown(getResult(), i));
  for (AffineExpr d : dims)
    if (failed(shapes.requireNonNegative(*this, d, "dims of at least 0")))
      return failure();
  shapes.set(getResult(), IntegerType::get(getContext(), 64, IntegerType::Unsigned), dims);
  return success();
}

bool RandomBitsOp::onlyShapes(unsigned operand) { return operand == 0; }

/// Ten rounds on four words, each in a lane of 64 bits: two products, and six operations on bits.
Dims RandomBitsOp::flops(Inference &shapes) {
  Dims factors = shapes.dims(getResult());
  factors.push_back(shapes.constant(80));
  return factors;
}

/// Words are 32 bits in elements of 64, whose products are whole.
template <class T> static T philox(T element, int64_t stream, T step, uint64_t seed) {
  T low = like(element, 4294967295.0), half = like(element, 32);
  T c0 = element & low, c1 = shiftRight(element, half) | like(element, static_cast<double>(stream << 8));
  T c2 = step & low, c3 = shiftRight(step, half);
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    T p0 = c0 * static_cast<double>(0xD2511F53), p1 = c2 * static_cast<double>(0xCD9E8D57);
    c0 = shiftRight(p1, half) ^ c1 ^ like(element, key0);
    c1 = p1 & low;
    c2 = shiftRight(p0, half) ^ c3 ^ like(element, key1);
    c3 = p0 & low;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return c0 | shiftLeft(c1, half);
}

template <class T> static T randomBits(RandomBitsOp op, ElementReader<T> &in, ArrayRef<T> place) {
  T element = in.constant(0);
  for (auto [axis, p] : llvm::enumerate(place))
    element = axis == 0 ? p : element * in.resultDim(axis) + p;
  T step = in.toResult(op.getStep() ? in.read(1, {}) : in.constant(0));
  return philox(in.toResult(element), op.getStream(), step, op.getSeed());
}
Scalar RandomBitsOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return randomBits(*this, in, p); }
Number RandomBitsOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return randomBits(*this, in, p); }

//===----------------------------------------------------------------------===//
// Distributions
//===----------------------------------------------------------------------===//

/// The key: the bits of the attribute `seed`, 0 where there is none.
static int64_t seedOf(NodeView &n) {
  if (std::optional<double> seed = n.getFloat("seed"))
    return llvm::bit_cast<uint32_t>(static_cast<float>(*seed));
  return 0;
}

/// Without a step and of stream 0: numberDraws says which.
static Tensor bitsOf(Tensor shape, int64_t seed) {
  return shape ? apply<RandomBitsOp>({shape}, {intAttr(shape, "seed", seed)}) : Tensor();
}

/// The highest `digits` of the bits, less than 53, as an integer that floats hold.
static Tensor leading(Tensor bits, unsigned digits) {
  if (!bits)
    return {};
  Builder &b = bits.builder();
  return cast(shiftRight(bits, 64.0 - digits), digits < 32 ? b.getI32Type() : b.getI64Type());
}

/// f64 for f64, else f32: what numbers of `type` are drawn in.
static Type drawnAs(Builder &b, Type type) { return type.isF64() ? Type(b.getF64Type()) : Type(b.getF32Type()); }

/// In [0, 1), as many digits as `type` has, in f64 or f32.
static Tensor uniform(Tensor shape, int64_t seed, Type type) {
  if (!shape)
    return {};
  unsigned digits = llvm::cast<FloatType>(type).getFPMantissaWidth();
  Tensor leads = cast(leading(bitsOf(shape, seed), digits), drawnAs(shape.builder(), type));
  return leads * std::ldexp(1.0, -static_cast<int>(digits));
}

/// By Box and Muller: sqrt(-2 log u) cos(2 pi v). In f32 the 64 bits are enough for both, of 31 and 24 digits.
static Tensor normal(Tensor shape, int64_t seed, Type type) {
  if (!shape)
    return {};
  Type drawn = drawnAs(shape.builder(), type);
  Tensor bits = bitsOf(shape, seed);
  bool wide = drawn.isF64();
  int first = wide ? 53 : 31, second = wide ? 53 : 24;
  Tensor rest = wide ? bitsOf(shape, seed) : shiftLeft(bits, 40.0);
  Tensor u = (cast(leading(bits, first), drawn) + 1.0) * std::ldexp(1.0, -first);
  Tensor v = cast(leading(rest, second), drawn) * std::ldexp(2 * 3.14159265358979323846, -second);
  return sqrt(log(u) * -2.0) * cos(v);
}

/// dims and type of what a node without data inputs draws, or one like its input.
struct Drawn {
  Tensor shape;
  Type type;
};
static FailureOr<Drawn> drawnBy(NodeView &n, bool isLike) {
  if (failed(expectInputs(n, isLike, isLike)))
    return failure();
  Drawn drawn;
  if (isLike) {
    drawn.shape = shapeOf(inputOf(n, 0));
    drawn.type = inputOf(n, 0).elementType();
  } else if (std::optional<SmallVector<int64_t>> dims = n.getInts("shape")) {
    for (int64_t d : *dims)
      if (d < 0)
        return n.error("expects a shape of dims of at least 0, got " + Twine(d));
    drawn.shape = constantInts(n.builder(), n.loc(), *dims);
    drawn.type = n.builder().getF32Type();
  } else {
    return n.error("expects the attribute shape");
  }
  if (std::optional<int64_t> dtype = n.getInt("dtype"))
    drawn.type = elementTypeOf(n, *dtype);
  if (!drawn.type)
    return failure();
  if (!isa<FloatType>(drawn.type) || drawn.type.getIntOrFloatBitWidth() < 16)
    return n.error("expects a dtype of floats of 16 bits or more, as the numbers are");
  return drawn;
}

/// What `draw` gives, times `scale` and then plus `shift`, as the node's type.
static LogicalResult buildDrawn(NodeView &n, Values &results, bool isLike, Tensor (*draw)(Tensor, int64_t, Type), double scale,
                                double shift) {
  FailureOr<Drawn> drawn = drawnBy(n, isLike);
  if (failed(drawn))
    return failure();
  Tensor r = draw(drawn->shape, seedOf(n), drawn->type);
  if (scale != 1 || shift != 0)
    r = r * scale + shift;
  return give(results, cast(r, drawn->type));
}

template <bool isLike> static LogicalResult buildUniform(NodeView &n, Values &results) {
  double low = n.getFloat("low").value_or(0), high = n.getFloat("high").value_or(1);
  return buildDrawn(n, results, isLike, uniform, high - low, low);
}
template <bool isLike> static LogicalResult buildNormal(NodeView &n, Values &results) {
  return buildDrawn(n, results, isLike, normal, n.getFloat("scale").value_or(1), n.getFloat("mean").value_or(0));
}

static LogicalResult buildBernoulli(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor p = inputOf(n, 0);
  Type type = n.hasAttr("dtype") ? elementTypeOf(n, n.getInt("dtype").value_or(0)) : p.elementType();
  if (!type)
    return failure();
  if (!isa<FloatType>(p.elementType()))
    return n.error("expects probabilities that are floats");
  Type drawn = drawnAs(n.builder(), p.elementType());
  return give(results, cast(uniform(shapeOf(p), seedOf(n), drawn) < cast(p, drawn), type));
}

/// The class whose share of the running sum of exp(x) a uniform number falls into, in f64: f32 would lose rare classes
/// among many.
static LogicalResult buildMultinomial(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  Builder &b = n.builder();
  Type type = elementTypeOf(n, n.getInt("dtype").value_or(6));
  int64_t samples = n.getInt("sample_size").value_or(1);
  if (!type)
    return failure();
  if (!isa<IntegerType>(type) || type.getIntOrFloatBitWidth() < 32)
    return n.error("expects a dtype of 32 or 64-bit integers, as the classes are numbers");
  if (x.rank() != 2 || !isa<FloatType>(x.elementType()))
    return n.error("expects floats [batch, classes], got rank " + Twine(x.rank()));
  if (samples < 0)
    return n.error("expects a sample_size of at least 0, got " + Twine(samples));
  if (failed(demandAtLeast(dimsAt(x, {1}), 1, "one class or more")))
    return failure();
  x = cast(x, b.getF64Type());
  Tensor sums = apply<CumulateOp>({exp(x - reduceMax(x, {1}))}, {intAttr(x, "axis", 1), textAttr(x, "combine", "add")});
  Tensor total = reduceMax(sums, {1}), shape = concat({dimsAt(x, {0}), constantInts(n.builder(), n.loc(), {samples})}, 0);
  Tensor at = uniform(shape, seedOf(n), x.elementType()) * total;
  Tensor passed = cast(unsqueeze(sums, {1}) <= unsqueeze(at, {2}), b.getI32Type());
  return give(results, cast(reduceSum(passed, {2}, /*keepDims=*/false), type));
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

/// x and a mask that keeps everything.
static LogicalResult keepAll(NodeView &n, Tensor x, Values &results) {
  results.push_back(x.value());
  if (n.numOutputs() < 2)
    return success();
  Array keep(n.opset() < 10 ? x.elementType() : n.builder().getI1Type(), {});
  keep.store(0, Number::ofBool(true));
  return give(results, full(shapeOf(x), x.with(buildConstant(n.builder(), n.loc(), keep.toAttribute()))));
}

/// Drops each element with probability `ratio` and scales the others by 1 / (1 - ratio), where `training` (absent: always)
/// holds.
static LogicalResult drop(NodeView &n, Tensor x, Tensor ratio, Tensor training, Values &results) {
  Type drawn = drawnAs(n.builder(), x.elementType());
  ratio = cast(ratio, drawn);
  Tensor keep = uniform(shapeOf(x), n.getInt("seed").value_or(0), drawn) >= ratio, scale = 1.0 / (1.0 - ratio);
  if (training) {
    keep = keep | logicalNot(training);
    scale = select(training, scale, like(scale, 1));
  }
  Tensor y = select(keep, cast(x, drawn) * scale, 0.0);
  if (failed(give(results, cast(y, x.elementType()))))
    return failure();
  return n.numOutputs() < 2 ? success() : give(results, n.opset() < 10 ? cast(keep, x.elementType()) : keep);
}

/// A node in training drops; opsets 7 to 11 know no training.
static LogicalResult buildDropout(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 3)))
    return failure();
  Tensor x = inputOf(n, 0), ratio = inputOf(n, 1), training = inputOf(n, 2);
  auto scalar = [](Tensor t) { return t && t.rank() != 0 ? reshape(t, ArrayRef<int64_t>()) : t; };
  if (!isa<FloatType>(x.elementType()))
    return n.error("expects floats");
  if (n.opset() < 7) {
    if (n.getInt("is_test").value_or(0))
      return keepAll(n, x, results);
    return drop(n, x, like(x, n.getFloat("ratio").value_or(0.5)), {}, results);
  }
  if (!training)
    return keepAll(n, x, results);
  if (!training.elementType().isInteger(1))
    return n.error("expects a training_mode that is a bool");
  if (ratio && !isa<FloatType>(ratio.elementType()))
    return n.error("expects a ratio that is a float");
  auto known = inferenceWhileBuilding(n.builder().getContext())->constantContents(training.value());
  if (known && known->size() == 1 && !known->front())
    return keepAll(n, x, results);
  ElementsAttr given;
  if (ratio && matchPattern(ratio.value(), m_Constant(&given)) && given.getNumElements() == 1)
    if (double r = Array::fromAttribute(given).at(0).asDouble(); !(r >= 0 && r < 1))
      return n.error("expects a ratio in [0, 1), got " + llvm::formatv("{0:g}", r));
  ratio = scalar(ratio), training = known ? Tensor() : scalar(training);
  if (ratio && !given) {
    Tensor fits = (ratio >= 0.0) & (ratio < 1.0);
    if (failed(demandTrue(training ? fits | logicalNot(training) : fits, "a ratio of at least 0 and below 1")))
      return failure();
  }
  return drop(n, x, ratio ? ratio : like(x, 0.5), training, results);
}

void appendRandomForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "RandomUniform", 1, buildUniform<false>});
  forms.push_back({"", "RandomUniformLike", 1, buildUniform<true>});
  forms.push_back({"", "RandomNormal", 1, buildNormal<false>});
  forms.push_back({"", "RandomNormalLike", 1, buildNormal<true>});
  forms.push_back({"", "Bernoulli", 15, buildBernoulli});
  forms.push_back({"", "Multinomial", 7, buildMultinomial});
  forms.push_back({"", "Dropout", 1, buildDropout});
}

} // namespace dlc::dl
