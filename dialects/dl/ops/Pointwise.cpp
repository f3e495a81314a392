//===- Pointwise.cpp - ONNX forms of pointwise ops that differ from the op -===//
#include "dialects/dl/ops/Forms.h"
#include "dialects/dl/ops/Formulas.h"
#include <limits>

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Scale and shift
//===----------------------------------------------------------------------===//

ScaleShift AddOp::asScaleShift(OpBuilder &b, unsigned operand) { return {{}, Tensor(b, getLoc(), getOperand(1 - operand))}; }
ScaleShift SubOp::asScaleShift(OpBuilder &b, unsigned operand) {
  Tensor other(b, getLoc(), getOperand(1 - operand));
  return operand == 0 ? ScaleShift{{}, -other} : ScaleShift{like(other, -1), other};
}
ScaleShift MulOp::asScaleShift(OpBuilder &b, unsigned operand) { return {Tensor(b, getLoc(), getOperand(1 - operand)), {}}; }
ScaleShift DivOp::asScaleShift(OpBuilder &b, unsigned operand) {
  return operand == 0 ? ScaleShift{1.0 / Tensor(b, getLoc(), getY()), {}} : ScaleShift();
}

//===----------------------------------------------------------------------===//
// Contents of shape arithmetic
//===----------------------------------------------------------------------===//

LogicalResult inferPointwiseContents(Operation *op, Inference &shapes, ArrayRef<AffineExpr> dims) {
  Type type = cast<PointwiseOp>(op).resultElementType(
      llvm::to_vector(llvm::map_range(op->getOperands(), [&](Value v) { return shapes.elementType(v); })));
  std::optional<int64_t> count = constantOf(shapes.product(dims));
  if (!isa<IntegerType>(type) || !count || *count > Inference::maxContents || dims.size() > 1)
    return success();
  SmallVector<Dims> operands;
  for (Value v : op->getOperands()) {
    std::optional<Dims> c = shapes.contents(v);
    if (!c || (static_cast<int64_t>(c->size()) != *count && c->size() != 1))
      return success();
    operands.push_back(*c);
  }
  Dims result;
  for (int64_t i = 0; i < *count; ++i) {
    SmallVector<AffineExpr> e;
    SmallVector<Number> numbers;
    for (auto [d, v] : llvm::zip(operands, op->getOperands())) {
      e.push_back(d.size() == 1 ? d[0] : d[i]);
      if (std::optional<int64_t> c = constantOf(e.back()))
        numbers.push_back(Number::ofSigned(*c).as(Number::kindOf(shapes.elementType(v))));
    }
    AffineExpr r;
    if (numbers.size() == e.size()) {
      Number v = cast<PointwiseOp>(op).evaluateNumber(numbers);
      if (v.error() != ValueError::None)
        return success();
      r = shapes.constant(v.asInt());
    } else if (isa<LessOp>(op) && constantOf(e[1]) == 0 && shapes.isNonNegative(e[0])) {
      r = shapes.constant(0);
    } else if (isa<SelectOp>(op) && constantOf(e[0])) {
      r = *constantOf(e[0]) ? e[1] : e[2];
    } else if (isa<AddOp>(op)) {
      r = e[0] + e[1];
    } else if (isa<SubOp>(op)) {
      r = e[0] - e[1];
    } else if (isa<MulOp>(op)) {
      r = e[0] * e[1];
    } else if (isa<DivOp>(op) && constantOf(e[1]).value_or(0) > 0 && shapes.isNonNegative(e[0])) {
      r = e[0].floorDiv(e[1]);
    } else if (isa<MinimumOp>(op)) {
      r = shapes.min(e[0], e[1]);
    } else if (isa<MaximumOp>(op)) {
      r = shapes.max(e[0], e[1]);
    } else if (isa<CastOp>(op) && type.getIntOrFloatBitWidth() >= 32) {
      r = e[0];
    } else {
      return success();
    }
    result.push_back(r);
  }
  shapes.setContents(op->getResult(0), result);
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

Tensor broadcastFromAxis(NodeView &n, Tensor x, Tensor y) {
  if (!n.getInt("broadcast").value_or(0)) {
    bool differ = x.rank() != y.rank();
    for (int64_t i = 0; !differ && i < x.rank(); ++i)
      differ = !x.type().isDynamicDim(i) && !y.type().isDynamicDim(i) && x.type().getDimSize(i) != y.type().getDimSize(i);
    if (differ)
      (void)n.error("expects operands of the same dims, as broadcast is 0");
    return differ ? Tensor() : y;
  }
  int64_t spare = x.rank() - y.rank(), axis = n.getInt("axis").value_or(-1);
  if (spare < 0 || axis < -1 || axis > spare) {
    (void)n.error("expects a second operand whose " + Twine(y.rank()) + " dims are those of the first, of rank " +
                  Twine(x.rank()) + ", from axis on, got axis " + Twine(axis));
    return {};
  }
  SmallVector<int64_t> behind;
  for (int64_t i = y.rank(); axis >= 0 && i < x.rank() - axis; ++i)
    behind.push_back(i);
  return behind.empty() ? y : unsqueeze(y, behind);
}

/// Max, Min, Sum of any number of inputs.
template <Tensor (*combine)(Tensor, Tensor)> static LogicalResult buildVariadic(NodeView &n, Values &results) {
  if (n.numInputs() == 0)
    return n.error("expects at least one input");
  if (failed(expectSameTypes(n, 0, n.numInputs())))
    return failure();
  Tensor r = inputOf(n, 0);
  for (unsigned i = 1; i < n.numInputs(); ++i)
    r = combine(r, inputOf(n, i));
  return give(results, r);
}
static Tensor plus(Tensor a, Tensor b) { return a + b; }
static Tensor smaller(Tensor a, Tensor b) { return minimum(a, b); }
static Tensor larger(Tensor a, Tensor b) { return maximum(a, b); }

static LogicalResult buildMean(NodeView &n, Values &results) {
  SmallVector<Value> sum;
  if (failed(buildVariadic<plus>(n, sum)))
    return failure();
  return give(results, Tensor(n.builder(), n.loc(), sum[0]) / static_cast<double>(n.numInputs()));
}

static LogicalResult buildPow(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), y = inputOf(n, 1);
  if (n.opset() < 7 && !(y = broadcastFromAxis(n, x, y)))
    return failure();
  if (x.elementType() == y.elementType())
    return give(results, pow(x, y));
  // The base decides the result's type; a floating exponent decides the precision.
  Type f64 = n.builder().getF64Type();
  if (!isa<FloatType>(x.elementType()) && isa<FloatType>(y.elementType()))
    return give(results, cast(pow(cast(x, f64), cast(y, f64)), x.elementType()));
  return give(results, pow(x, cast(y, x.elementType())));
}

static LogicalResult buildMod(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)) || failed(expectSameTypes(n, 0, 2)))
    return failure();
  Tensor x = inputOf(n, 0), y = inputOf(n, 1);
  return give(results, n.getInt("fmod").value_or(0) ? fmod(x, y) : floormod(x, y));
}

static LogicalResult buildBitShift(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)) || failed(expectSameTypes(n, 0, 2)))
    return failure();
  StringRef direction = n.getString("direction").value_or("");
  if (direction != "LEFT" && direction != "RIGHT")
    return n.error("expects direction LEFT or RIGHT, got '" + direction + "'");
  Tensor x = inputOf(n, 0), y = inputOf(n, 1);
  return give(results, direction == "LEFT" ? shiftLeft(x, y) : shiftRight(x, y));
}

static LogicalResult clip(Tensor x, Tensor low, Tensor high, Values &results) {
  if (low)
    x = maximum(x, low);
  if (high)
    x = minimum(x, high);
  return give(results, x);
}

static LogicalResult buildClip(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 3)))
    return failure();
  return clip(inputOf(n, 0), inputOf(n, 1), inputOf(n, 2), results);
}

/// Bounds as attributes, before opset 11; from 6 on, one that is not given is the end of the numbers of f32.
static LogicalResult buildClipByAttributes(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0), low, high;
  constexpr double largest = std::numeric_limits<float>::max();
  if (std::optional<double> v = n.getFloat("min"); v || n.opset() >= 6)
    low = like(x, v.value_or(-largest));
  if (std::optional<double> v = n.getFloat("max"); v || n.opset() >= 6)
    high = like(x, v.value_or(largest));
  return clip(x, low, high, results);
}

/// The type by its name, before opset 6.
static LogicalResult buildCastToNamed(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  static constexpr StringRef names[] = {"UNDEFINED", "FLOAT",  "UINT8",   "INT8",   "UINT16", "INT16",  "INT32",
                                        "INT64",     "STRING", "BOOL",    "FLOAT16", "DOUBLE", "UINT32", "UINT64"};
  StringRef name = n.getString("to").value_or("");
  const StringRef *found = llvm::find_if(names, [&](StringRef s) { return s.equals_insensitive(name); });
  if (found == std::end(names))
    return n.error("expects a type such as FLOAT as the attribute to, got '" + name + "'");
  Type to = elementTypeOf(n, found - names);
  return to ? give(results, cast(inputOf(n, 0), to)) : failure();
}

/// Powers of two, as the exponents of f32: `round_mode` says which for a number between two.
static Tensor castToScale(NodeView &n, Tensor x, Type to) {
  Builder &b = n.builder();
  StringRef mode = n.getString("round_mode").value_or("up");
  if (mode != "up" && mode != "down" && mode != "nearest")
    return (void)n.error("expects round_mode up, down or nearest, got '" + mode + "'"), Tensor();
  x = abs(cast(x, b.getF32Type()));
  Tensor bits = bitcast(x, b.getF32Type(), b.getI32Type());
  double largest = 0x7f000000, above = mode == "up" ? 0x7fffff : mode == "nearest" ? 0x3fffff : 0;
  // Halves go up, but for numbers below the normal ones, whose neighbour 2^-127 is even.
  if (mode == "nearest")
    bits = bits + select(bits >= 0x800000, like(bits, 1), 0.0);
  Tensor code = bits + above;
  if (n.getInt("saturate").value_or(1))
    code = select(isnan(x) | isinf(x), code, minimum(code, largest));
  code = select(isnan(x) | isinf(x), 255.0, shiftRight(code, 23.0));
  Type u8 = IntegerType::get(b.getContext(), 8, IntegerType::Unsigned);
  return bitcast(cast(code, u8), u8, to);
}

Tensor castAsOnnx(NodeView &n, Tensor x, Type to) {
  if (!x || !to)
    return {};
  auto narrow = dyn_cast<FloatType>(to);
  if (!narrow || narrow.getWidth() > 8 || x.elementType() == to)
    return cast(x, to);
  const llvm::fltSemantics &format = narrow.getFloatSemantics();
  if (!llvm::APFloat::semanticsHasSignedRepr(format))
    return castToScale(n, x, to);
  if (!n.getInt("saturate").value_or(1))
    return cast(x, to);
  if (!isa<FloatType>(x.elementType()) || x.elementType().getIntOrFloatBitWidth() < 32)
    x = cast(x, n.builder().getF32Type());
  double largest = llvm::APFloat::getLargest(format).convertToDouble();
  return cast(minimum(maximum(x, -largest), largest), to);
}

static LogicalResult buildCast(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  if (!n.hasAttr("to"))
    return n.error("expects the attribute to");
  return give(results, castAsOnnx(n, inputOf(n, 0), elementTypeOf(n, n.getInt("to").value_or(0))));
}

static LogicalResult buildBitCast(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Type to = elementTypeOf(n, n.getInt("to").value_or(0)), from = inputOf(n, 0).elementType();
  if (!to)
    return failure();
  if (byteWidth(from) != byteWidth(to))
    return n.error("expects a type of " + Twine(byteWidth(from)) + " bytes as the input's, got one of " +
                   Twine(byteWidth(to)));
  return give(results, bitcast(inputOf(n, 0), from, to));
}

static LogicalResult buildCastLike(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  return give(results, castAsOnnx(n, inputOf(n, 0), inputOf(n, 1).elementType()));
}

static LogicalResult buildGelu(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  StringRef approximate = n.getString("approximate").value_or("none");
  if (approximate != "none" && approximate != "tanh")
    return n.error("expects approximate none or tanh, got '" + approximate + "'");
  Tensor x = inputOf(n, 0);
  return give(results, approximate == "tanh" ? apply<GeluTanhOp>({x}) : apply<GeluOp>({x}));
}

/// Before opset 7 a slope is one element, or one a channel.
static LogicalResult buildPReluByChannel(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)) || failed(expectSameTypes(n, 0, 2)))
    return failure();
  Tensor x = inputOf(n, 0), slope = inputOf(n, 1);
  if (slope.rank() > 1)
    return n.error("expects slopes of rank 0 or 1, got " + Twine(slope.rank()));
  if (slope.rank() == 1 && slope.type().getDimSize(0) != 1)
    slope = alongAxis(slope, 1, x.rank());
  return give(results, apply<PReluOp>({x, slope}));
}

/// Its defaults have fewer digits before opset 6.
static LogicalResult buildOldSelu(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  auto number = [&](StringRef name, float otherwise) {
    return n.builder().getNamedAttr(name, n.builder().getF64FloatAttr(n.getFloat(name).value_or(otherwise)));
  };
  return give(results, apply<SeluOp>({inputOf(n, 0)}, {number("alpha", 1.6732f), number("gamma", 1.0507f)}));
}

static LogicalResult buildIsInf(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  bool negative = n.getInt("detect_negative").value_or(1), positive = n.getInt("detect_positive").value_or(1);
  Tensor r = isinf(x);
  if (!negative)
    r = r & (x > 0.0);
  if (!positive)
    r = r & (x < 0.0);
  return give(results, r);
}

/// Scaler of ai.onnx.ml: (x - offset) * scale.
static LogicalResult buildScaler(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  OpBuilder &b = n.builder();
  auto constant = [&](std::optional<SmallVector<double>> values) {
    SmallVector<float> narrowed(values->begin(), values->end());
    auto type = RankedTensorType::get({static_cast<int64_t>(narrowed.size())}, b.getF32Type());
    return Tensor(b, n.loc(), buildConstant(b, n.loc(), DenseElementsAttr::get(type, ArrayRef<float>(narrowed))));
  };
  Tensor r = cast(inputOf(n, 0), b.getF32Type());
  if (auto offset = n.getFloats("offset"))
    r = r - constant(offset);
  if (auto scale = n.getFloats("scale"))
    r = r * constant(scale);
  return give(results, r);
}

/// Binarizer of ai.onnx.ml: 1 above the threshold.
static LogicalResult buildBinarizer(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  return give(results, cast(x > n.getFloat("threshold").value_or(0), x.elementType()));
}

static LogicalResult buildSwiGlu(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)) || failed(expectSameTypes(n, 0, 2)))
    return failure();
  Tensor gate = inputOf(n, 0);
  NamedAttribute alpha = n.builder().getNamedAttr("alpha", n.builder().getF64FloatAttr(n.getFloat("alpha").value_or(1)));
  return give(results, apply<SwishOp>({gate}, {alpha}) * inputOf(n, 1));
}

void appendPointwiseForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Max", 1, buildVariadic<larger>});
  forms.push_back({"", "Min", 1, buildVariadic<smaller>});
  forms.push_back({"", "Sum", 1, buildVariadic<plus>});
  forms.push_back({"", "Mean", 1, buildMean});
  forms.push_back({"", "Pow", 1, buildPow});
  forms.push_back({"", "Mod", 10, buildMod});
  forms.push_back({"", "BitShift", 11, buildBitShift});
  forms.push_back({"", "BitwiseAnd", 18, buildSameNamed<AndOp>});
  forms.push_back({"", "BitwiseOr", 18, buildSameNamed<OrOp>});
  forms.push_back({"", "BitwiseXor", 18, buildSameNamed<XorOp>});
  forms.push_back({"", "Clip", 1, buildClipByAttributes});
  forms.push_back({"", "Clip", 11, buildClip});
  forms.push_back({"", "Cast", 1, buildCastToNamed});
  forms.push_back({"", "Cast", 6, buildCast});
  forms.push_back({"", "PRelu", 1, buildPReluByChannel});
  forms.push_back({"", "Selu", 1, buildOldSelu});
  forms.push_back({"", "CastLike", 15, buildCastLike});
  forms.push_back({"", "BitCast", 26, buildBitCast});
  forms.push_back({"", "Gelu", 20, buildGelu});
  forms.push_back({"", "IsInf", 10, buildIsInf});
  forms.push_back({"", "SwiGLU", 28, buildSwiGlu});
  forms.push_back({"ai.onnx.ml", "Binarizer", 1, buildBinarizer});
  forms.push_back({"ai.onnx.ml", "Scaler", 1, buildScaler});
}

} // namespace dlc::dl
