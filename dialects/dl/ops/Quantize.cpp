//===- Quantize.cpp - Quantized arithmetic as composites ------------------===//
#include "dialects/dl/ops/Demand.h"

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
  if (!isa<IntegerType>(type) || type.getIntOrFloatBitWidth() > 16)
    return unsupported(n, "an output type other than 8 and 16-bit integers");
  Type f32 = n.builder().getF32Type();
  Tensor scale = granular(n, inputOf(n, 1), x);
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
  x = cast(x, i32);
  if (zero)
    x = x - cast(zero, i32);
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

void appendQuantizeForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "QuantizeLinear", 10, buildQuantizeLinear});
  forms.push_back({"", "DequantizeLinear", 10, buildDequantizeLinear});
  forms.push_back({"", "DynamicQuantizeLinear", 11, buildDynamicQuantizeLinear});
  forms.push_back({"", "MatMulInteger", 10, buildMatMulInteger});
  forms.push_back({"", "QLinearMatMul", 10, buildQLinearMatMul});
}

} // namespace dlc::dl
