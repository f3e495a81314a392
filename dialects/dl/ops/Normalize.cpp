//===- Normalize.cpp - Normalizations as composites -----------------------===//
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Demand.h"

using namespace mlir;

namespace dlc::dl {

static SmallVector<int64_t> axesFromTo(int64_t from, int64_t to) { return llvm::to_vector(llvm::seq<int64_t>(from, to)); }

/// x less its mean, the mean, and 1 / sqrt(variance + epsilon), over `axes`.
struct Centered {
  Tensor x, mean, inverseDeviation;
};
static Centered center(Tensor x, ArrayRef<int64_t> axes, double epsilon) {
  Centered c;
  c.mean = mean(x, axes);
  c.x = x - c.mean;
  c.inverseDeviation = 1.0 / sqrt(mean(c.x * c.x, axes) + epsilon);
  return c;
}

/// f16 and bf16 are normalized in f32 unless `stash_type` says otherwise.
static Tensor stashed(NodeView &n, Tensor x) {
  bool narrow = x && (x.elementType().isF16() || x.elementType().isBF16());
  return narrow && n.getInt("stash_type").value_or(1) == 1 ? cast(x, n.builder().getF32Type()) : x;
}

//===----------------------------------------------------------------------===//
// Over the last dims
//===----------------------------------------------------------------------===//

static LogicalResult buildLayerNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  Tensor x = inputOf(n, 0), scale = inputOf(n, 1), bias = inputOf(n, 2);
  FailureOr<int64_t> axis = axisFrom(n, "axis", -1, x.rank());
  if (failed(axis))
    return failure();
  Centered c = center(stashed(n, x), axesFromTo(*axis, x.rank()), n.getFloat("epsilon").value_or(1e-5));
  Tensor y = cast(c.x * c.inverseDeviation, x.elementType()) * scale;
  if (failed(give(results, bias ? y + bias : y)))
    return failure();
  results.append({c.mean.value(), c.inverseDeviation.value()});
  return success();
}

static LogicalResult buildRmsNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), wide = stashed(n, x);
  FailureOr<int64_t> axis = axisFrom(n, "axis", -1, x.rank());
  if (failed(axis))
    return failure();
  Tensor square = mean(wide * wide, axesFromTo(*axis, x.rank()));
  Tensor y = wide / sqrt(square + n.getFloat("epsilon").value_or(1e-5));
  Tensor scale = inputOf(n, 1);
  return give(results, cast(y, scale.elementType()) * scale);
}

//===----------------------------------------------------------------------===//
// Channels: [N, C, ...]
//===----------------------------------------------------------------------===//

static LogicalResult expectChannels(NodeView &n, Tensor x) {
  return x.rank() < 2 ? n.error("expects rank 2 or more, got " + Twine(x.rank())) : success();
}

/// The parameters of a batch normalization along the dims of x. Before opset 9 they may differ from place to place.
struct BatchParameters {
  BatchParameters(NodeView &n, Tensor x) : perPlace(n.opset() < 9 && !n.getInt("spatial").value_or(1)), rank(x.rank()) {}
  Tensor operator()(Tensor v) const { return perPlace ? v : alongAxis(v, 1, rank); }
  SmallVector<int64_t> foldedAxes() const {
    SmallVector<int64_t> axes{0};
    for (int64_t i = 2; i < rank && !perPlace; ++i)
      axes.push_back(i);
    return axes;
  }
  bool perPlace;
  int64_t rank;
};

/// x * a + b with a and b of the parameters alone: constants fold to two vectors. Halves are computed in f32.
static Tensor normalizeByParameters(NodeView &n, Tensor x, BatchParameters along, double epsilon) {
  Type wide = x.elementType().getIntOrFloatBitWidth() < 32 ? Type(n.builder().getF32Type()) : x.elementType();
  auto input = [&](unsigned i) { return cast(inputOf(n, i), wide); };
  Tensor a = input(1) / sqrt(input(4) + epsilon), b = input(2) - input(3) * a;
  return cast(cast(x, wide) * along(a) + along(b), x.elementType());
}

/// With statistics of this batch: its result, the running mean and variance, and (before opset 9) those of the batch.
static LogicalResult trainBatchNormalization(NodeView &n, Tensor x, BatchParameters along, double epsilon,
                                             Values &results) {
  double momentum = n.getFloat("momentum").value_or(0.9);
  SmallVector<int64_t> axes = along.foldedAxes();
  auto parameter = [&](unsigned i) { return along(cast(inputOf(n, i), x.elementType())); };
  Tensor current = mean(x, axes), centered = x - current, variance = mean(centered * centered, axes);
  if (failed(give(results, centered * (parameter(1) / sqrt(variance + epsilon)) + parameter(2))))
    return failure();
  auto running = [&](Tensor old, Tensor now) {
    return old * momentum + cast(squeeze(now, axes), old.elementType()) * (1 - momentum);
  };
  (void)give(results, running(inputOf(n, 3), current));
  (void)give(results, running(inputOf(n, 4), variance));
  if (n.numOutputs() <= 3)
    return success(results.back() != nullptr);
  (void)give(results, squeeze(current, axes));
  return give(results, squeeze(variance, axes));
}

/// Training is asked for by training_mode since opset 14, by more than one output before; is_test overrules that before 7.
static LogicalResult buildBatchNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 5, 5)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (failed(expectChannels(n, x)))
    return failure();
  double epsilon = n.getFloat("epsilon").value_or(1e-5);
  BatchParameters along(n, x);
  for (unsigned i = 1; i < 5; ++i)
    if (int64_t rank = inputOf(n, i).rank(); rank != (along.perPlace ? x.rank() - 1 : 1))
      return n.error("expects parameters of rank " + Twine(along.perPlace ? x.rank() - 1 : 1) + ", got rank " + Twine(rank));
  bool trains = n.opset() >= 14  ? n.getInt("training_mode").value_or(0) != 0
                : n.opset() >= 7 ? n.numOutputs() > 1
                                 : n.numOutputs() > 1 && !n.getInt("is_test").value_or(0);
  if (trains)
    return trainBatchNormalization(n, x, along, epsilon, results);
  if (n.numOutputs() > 1)
    return unsupported(n, "more than one output without training");
  return give(results, normalizeByParameters(n, x, along, epsilon));
}

static LogicalResult buildInstanceNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (failed(expectChannels(n, x)))
    return failure();
  Centered c = center(x, axesFromTo(2, x.rank()), n.getFloat("epsilon").value_or(1e-5));
  return give(results, c.x * (c.inverseDeviation * alongAxis(inputOf(n, 1), 1, x.rank())) +
                           alongAxis(inputOf(n, 2), 1, x.rank()));
}

/// Scale and bias are one a group before opset 21, one a channel since.
template <bool perGroup> static LogicalResult buildGroupNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Tensor x = inputOf(n, 0), scale = inputOf(n, 1), bias = inputOf(n, 2);
  if (failed(expectChannels(n, x)))
    return failure();
  int64_t groups = n.getInt("num_groups").value_or(0);
  if (groups < 1)
    return n.error("expects num_groups of at least 1, got " + Twine(groups));
  Tensor count = constantInts(n.builder(), n.loc(), {groups}), rest = constantInts(n.builder(), n.loc(), {-1});
  Tensor channels = dimsAt(x, {1});
  if (failed(demandEqual(channels / count * count, channels, "num_groups to divide the channels")))
    return failure();
  Centered c = center(stashed(n, reshape(x, concat({dimsAt(x, {0}), count, rest}, 0))), {2},
                      n.getFloat("epsilon").value_or(1e-5));
  Tensor y = cast(c.x * c.inverseDeviation, x.elementType());
  if (perGroup)
    y = y * alongAxis(scale, 1, 3) + alongAxis(bias, 1, 3);
  y = reshape(y, shapeOf(x));
  return give(results, perGroup ? y : y * alongAxis(scale, 1, x.rank()) + alongAxis(bias, 1, x.rank()));
}

/// Each of them is one more term of a sum.
static constexpr int64_t mostChannelsAround = 1024;

/// x / (bias + alpha / size * sum of squares over `size` channels around)^beta.
static LogicalResult buildLrn(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (failed(expectChannels(n, x)))
    return failure();
  int64_t size = n.getInt("size").value_or(0);
  if (size < 1 || size > mostChannelsAround)
    return n.error("expects a size of 1 to " + Twine(mostChannelsAround) + ", got " + Twine(size));
  SmallVector<int64_t> pads(2 * x.rank(), 0);
  pads[1] = (size - 1) / 2;
  pads[x.rank() + 1] = size - 1 - pads[1];
  auto ints = [&](ArrayRef<int64_t> v) { return constantInts(n.builder(), n.loc(), v); };
  Tensor squares = apply<PadOp>({x * x, ints(pads), like(x, 0)}, {textAttr(x, "mode", "constant")}), sum;
  for (int64_t i = 0; i < size; ++i) {
    Tensor part = slice(squares, ints({i}), dimsAt(x, {1}), ints({1}), {1}, /*inRange=*/true);
    sum = sum ? sum + part : part;
  }
  double alpha = n.getFloat("alpha").value_or(1e-4), beta = n.getFloat("beta").value_or(0.75);
  return give(results, x / pow(sum * (alpha / size) + n.getFloat("bias").value_or(1), beta));
}

//===----------------------------------------------------------------------===//
// Given axes
//===----------------------------------------------------------------------===//

static LogicalResult buildMeanVarianceNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  SmallVector<int64_t> axes = n.getInts("axes").value_or(SmallVector<int64_t>{0, 2, 3});
  for (int64_t &a : axes) {
    FailureOr<int64_t> axis = axisIn(n, a, x.rank());
    if (failed(axis))
      return failure();
    a = *axis;
  }
  Tensor m = mean(x, axes), centered = x - m;
  return give(results, centered / (sqrt(mean(centered * centered, axes)) + 1e-9));
}

/// 0 where the norm is 0.
static LogicalResult buildLpNormalization(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<int64_t> axis = axisFrom(n, "axis", -1, x.rank());
  if (failed(axis))
    return failure();
  int64_t p = n.getInt("p").value_or(2);
  if (p != 1 && p != 2)
    return n.error("expects p of 1 or 2, got " + Twine(p));
  Tensor norm = p == 1 ? reduceSum(abs(x), {*axis}) : sqrt(reduceSum(x * x, {*axis}));
  return give(results, select(norm == 0.0, 0.0, x / norm));
}

void appendNormalizeForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "LayerNormalization", 17, buildLayerNormalization});
  forms.push_back({"", "RMSNormalization", 23, buildRmsNormalization});
  forms.push_back({"", "BatchNormalization", 1, buildBatchNormalization});
  forms.push_back({"", "InstanceNormalization", 1, buildInstanceNormalization});
  forms.push_back({"", "GroupNormalization", 18, buildGroupNormalization<true>});
  forms.push_back({"", "GroupNormalization", 21, buildGroupNormalization<false>});
  forms.push_back({"", "LRN", 1, buildLrn});
  forms.push_back({"", "MeanVarianceNormalization", 9, buildMeanVarianceNormalization});
  forms.push_back({"", "LpNormalization", 1, buildLpNormalization});
}

} // namespace dlc::dl
