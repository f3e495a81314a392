//===- Quantize.cpp - Quantized arithmetic as composites ------------------===//
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/NodeOfInputs.h"

using namespace mlir;

namespace dlc::dl {

/// round(x) + zero within the range of `type`, for 8 and 16-bit types (whose bounds f32 holds exactly).
static Tensor saturated(Tensor x, Tensor zero, Type type) {
  x = roundeven(x);
  if (!x)
    return {};
  if (zero)
    x = x + cast(zero, x.elementType());
  return cast(minimum(maximum(x, lowestOf(type).asDouble()), highestOf(type).asDouble()), type);
}

/// Scale or zero point of x, one a tensor, one a place along `axis`, or one a block along it, as a tensor that broadcasts.
static Tensor granular(NodeView &n, Tensor parameter, Tensor x) {
  if (!parameter || parameter.rank() == 0)
    return parameter;
  int64_t block = n.getInt("block_size").value_or(0);
  if (block == 0 && parameter.rank() == 1 && parameter.type().getDimSize(0) == 1)
    return reshape(parameter, ArrayRef<int64_t>());
  FailureOr<int64_t> axis = axisFrom(n, "axis", 1, x.rank());
  if (failed(axis))
    return {};
  if (block == 0) {
    if (parameter.rank() == 1)
      return alongAxis(parameter, *axis, x.rank());
    (void)n.error("expects a scale of rank 0 or 1, got " + Twine(parameter.rank()));
    return {};
  }
  if (parameter.rank() != x.rank()) {
    (void)n.error("expects a scale of the operand's rank " + Twine(x.rank()) + ", got " + Twine(parameter.rank()));
    return {};
  }
  if (block < 0 || block >= int64_t(1) << 31) {
    (void)n.error("expects a block_size of 0 to 2147483647, got " + Twine(block));
    return {};
  }
  Tensor own = dimsAt(x, {*axis}), blocks = (own + static_cast<double>(block - 1)) / static_cast<double>(block);
  if (failed(demandEqual(dimsAt(parameter, {*axis}), blocks, "a scale for each block")))
    return {};
  // [.., blocks, ..] to [.., blocks, block, ..] to [.., blocks * block, ..], cut to the operand's dim.
  auto constant = [&](int64_t v) { return constantInts(n.builder(), n.loc(), {v}); };
  SmallVector<Tensor> wide, flat;
  for (int64_t i = 0; i < x.rank(); ++i) {
    Tensor d = dimsAt(parameter, {i});
    wide.push_back(d);
    flat.push_back(i == *axis ? d * constant(block) : d);
    if (i == *axis)
      wide.push_back(constant(block));
  }
  Tensor repeated = reshape(broadcastTo(unsqueeze(parameter, {*axis + 1}), concat(wide, 0)), concat(flat, 0));
  return slice(repeated, constant(0), dimsAt(x, {*axis}), constant(1), {*axis}, /*inRange=*/false);
}

static LogicalResult buildQuantizeLinear(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  Tensor x = inputOf(n, 0), zero = inputOf(n, 2);
  Type type = zero ? zero.elementType() : IntegerType::get(n.builder().getContext(), 8, IntegerType::Unsigned);
  if (int64_t wanted = n.getInt("output_dtype").value_or(0); wanted && !zero)
    type = elementTypeOf(n, wanted);
  if (!type)
    return failure();
  if (type.getIntOrFloatBitWidth() > (isa<IntegerType>(type) ? 16 : 8) || type.isInteger(1) || isa<Float8E8M0FNUType>(type))
    return unsupported(n, "an output type other than integers of up to 16 bits and floats of up to 8");
  Type f32 = n.builder().getF32Type();
  Tensor scale = granular(n, inputOf(n, 1), x);
  if (isa<FloatType>(type)) // whose zero point is zero
    return give(results, castAsOnnx(n, cast(x, f32) / cast(scale, f32), type));
  return give(results, saturated(cast(x, f32) / cast(scale, f32), granular(n, zero, x), type));
}

static LogicalResult buildDequantizeLinear(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  Tensor x = inputOf(n, 0), scale = granular(n, inputOf(n, 1), x), zero = granular(n, inputOf(n, 2), x);
  if (!scale)
    return failure();
  Type type = scale.elementType();
  if (int64_t wanted = n.getInt("output_dtype").value_or(0))
    type = elementTypeOf(n, wanted);
  if (!type)
    return failure();
  Type i32 = n.builder().getI32Type(), f32 = n.builder().getF32Type();
  if (isa<IntegerType>(x.elementType())) {
    x = cast(x, i32);
    if (zero)
      x = x - cast(zero, i32);
  }
  return give(results, cast(cast(x, f32) * cast(scale, f32), type));
}

/// Outputs y (u8), its scale and its zero point, which map the range of x and 0 onto [0, 255].
static LogicalResult buildDynamicQuantizeLinear(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  Type u8 = IntegerType::get(n.builder().getContext(), 8, IntegerType::Unsigned);
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  Tensor low = minimum(reduceMin(x, all, false), 0.0), high = maximum(reduceMax(x, all, false), 0.0);
  Tensor scale = select(high == low, 1.0, (high - low) / 255.0), zero = saturated(-low / scale, Tensor(), u8);
  if (!zero)
    return failure();
  results.append({saturated(x / scale, zero, u8).value(), scale.value(), zero.value()});
  return success();
}

/// A B in i32, less the zero points: one a tensor, or one a row of A and a column of B.
static Tensor integerProduct(NodeView &n, Tensor a, Tensor zeroA, Tensor b, Tensor zeroB) {
  Type i32 = n.builder().getI32Type();
  auto shifted = [&](Tensor x, Tensor zero, bool rows) {
    x = cast(x, i32);
    if (!zero)
      return x;
    zero = cast(zero, i32);
    return x - (rows && zero.rank() == 1 ? unsqueeze(zero, {1}) : zero);
  };
  return matmul(shifted(a, zeroA, true), shifted(b, zeroB, false));
}

static LogicalResult buildMatMulInteger(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 4)))
    return failure();
  return give(results, integerProduct(n, inputOf(n, 0), inputOf(n, 2), inputOf(n, 1), inputOf(n, 3)));
}

static LogicalResult buildQLinearMatMul(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 8, 8)))
    return failure();
  Type f32 = n.builder().getF32Type();
  auto wide = [&](unsigned i) { return cast(inputOf(n, i), f32); };
  Tensor scaleA = wide(1), scaleB = wide(4), zero = inputOf(n, 7);
  if (scaleA.rank() == 1)
    scaleA = unsqueeze(scaleA, {1});
  Tensor product = integerProduct(n, inputOf(n, 0), inputOf(n, 2), inputOf(n, 3), inputOf(n, 5));
  return give(results, saturated(cast(product, f32) * (scaleA * scaleB / wide(6)), zero, zero.elementType()));
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// A parameter of one element, or of one a channel along `axis` of tensors of rank `rank`, as it broadcasts.
static FailureOr<Tensor> channelwise(NodeView &n, Tensor parameter, StringRef name, int64_t axis, int64_t rank) {
  if (!parameter || parameter.rank() == 0)
    return parameter;
  if (parameter.rank() > 1)
    return n.error("expects a " + name + " of rank 0 or 1, got " + Twine(parameter.rank()));
  if (parameter.type().getDimSize(0) == 1)
    return reshape(parameter, ArrayRef<int64_t>());
  return alongAxis(parameter, axis, rank);
}

/// Conv in i32 of x and w less their zero points, so that what it pads with, 0, stands for the zero point.
static Tensor integerConvolution(NodeView &n, Tensor x, Tensor zeroX, Tensor w, Tensor zeroW, Tensor bias) {
  Type i32 = n.builder().getI32Type();
  for (Tensor t : {x, w})
    if (!t.elementType().isInteger(8))
      return (void)n.error("expects an input and weights of 8-bit integers"), Tensor();
  if (bias && bias.elementType() != i32)
    return (void)n.error("expects a bias of 32-bit integers"), Tensor();
  if (zeroX && llvm::any_of(zeroX.type().getShape(), [](int64_t d) { return d != 1; }))
    return (void)n.error("expects one zero point for the whole input"), Tensor();
  FailureOr<Tensor> low = channelwise(n, zeroX, "zero point", 0, x.rank());
  FailureOr<Tensor> lowW = channelwise(n, zeroW, "zero point of the weights", 0, w.rank());
  if (failed(low) || failed(lowW))
    return {};
  auto shifted = [&](Tensor t, Tensor zero) { return zero ? cast(t, i32) - cast(zero, i32) : cast(t, i32); };
  x = shifted(x, *low);
  w = shifted(w, *lowW);
  SmallVector<Value> results;
  NodeOfInputs conv(n, {x, w, bias});
  if (!x || !w || failed(findOnnx("", "Conv", n.opset())->build(conv, results)))
    return {};
  return x.with(results[0]);
}

static LogicalResult buildConvInteger(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 4)))
    return failure();
  return give(results, integerConvolution(n, inputOf(n, 0), inputOf(n, 2), inputOf(n, 1), inputOf(n, 3), {}));
}

static LogicalResult buildQLinearConv(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 8, 9)))
    return failure();
  Tensor sum = integerConvolution(n, inputOf(n, 0), inputOf(n, 2), inputOf(n, 3), inputOf(n, 5), inputOf(n, 8));
  if (!sum)
    return failure();
  Tensor scales[3];
  static constexpr unsigned scaleInputs[] = {1, 4, 6};
  for (auto [i, input] : llvm::enumerate(scaleInputs)) {
    FailureOr<Tensor> scale = channelwise(n, cast(inputOf(n, input), n.builder().getF32Type()), "scale", 1, sum.rank());
    if (failed(scale))
      return failure();
    scales[i] = *scale;
  }
  FailureOr<Tensor> zero = channelwise(n, inputOf(n, 7), "zero point", 1, sum.rank());
  if (failed(zero))
    return failure();
  return give(results, saturated(cast(sum, n.builder().getF32Type()) * (scales[0] * scales[1] / scales[2]), *zero,
                                 zero->elementType()));
}

void appendQuantizeForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "QuantizeLinear", 10, buildQuantizeLinear});
  forms.push_back({"", "DequantizeLinear", 10, buildDequantizeLinear});
  forms.push_back({"", "DynamicQuantizeLinear", 11, buildDynamicQuantizeLinear});
  forms.push_back({"", "MatMulInteger", 10, buildMatMulInteger});
  forms.push_back({"", "QLinearMatMul", 10, buildQLinearMatMul});
  forms.push_back({"", "ConvInteger", 10, buildConvInteger});
  forms.push_back({"", "QLinearConv", 10, buildQLinearConv});
}

} // namespace dlc::dl
