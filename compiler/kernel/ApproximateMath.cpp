//===- ApproximateMath.cpp - Math functions as inline polynomials ---------===//
//
// Before: math ops and half-precision arithmetic on scalars and vectors, as payloads wrote them.
// After: arith ops and single instructions, but for the functions that ApproximateMath.h leaves to libm.
// Here, after Vectorize and ExpandMicrokernels, so that both meet one expansion and remainders agree with vectors.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ApproximateMath.h"
#include "compiler/Passes.h"
#include "compiler/kernel/Vectorize.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "compiler/Passes.h.inc"

using Unary = Real (*)(Real);
using Binary = Real (*)(Real, Real);

static Unary unaryOf(Operation *op) {
  static const llvm::StringMap<Unary> table = {
      {"math.exp", exponential},        {"math.exp2", exponential2},
      {"math.expm1", exponentialMinus1}, {"math.log", logarithm},
      {"math.log2", logarithm2},        {"math.log10", logarithm10},
      {"math.log1p", logarithm1p},      {"math.tanh", tangentHyperbolic},
      {"math.sinh", sineHyperbolic},    {"math.cosh", cosineHyperbolic},
      {"math.asinh", areaSine},         {"math.acosh", areaCosine},
      {"math.atanh", areaTangent},      {"math.erf", errorFunction},
      {"math.cbrt", cubeRoot},          {"math.sin", sine},
      {"math.cos", cosine},             {"math.tan", tangent},
      {"math.asin", arcSine},           {"math.acos", arcCosine},
      {"math.atan", arcTangent},
  };
  return table.lookup(op->getName().getStringRef());
}

static Unary roundingOf(Operation *op) {
  static const llvm::StringMap<Unary> table = {
      {"math.floor", roundDown},         {"math.ceil", roundUp},          {"math.trunc", roundToZero},
      {"math.roundeven", roundToEven},   {"math.round", roundHalfAway},
  };
  return table.lookup(op->getName().getStringRef());
}

static Binary binaryOf(Operation *op) {
  if (isa<math::PowFOp>(op))
    return power;
  if (isa<math::Atan2Op>(op))
    return arcTangent2;
  return nullptr;
}

/// x / y of vectors of integers of up to 32 bits, which x86 cannot divide: the f64 quotient (f32 for 16 bits) rounds to a
/// whole number only where it is one, since no other comes closer to it than one part in 2^32. Without traps: dividing
/// by zero gives some number.
static Value divideIntegers(LaneMath &m, Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  unsigned width = element.getIntOrFloatBitWidth();
  bool isSigned = !isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op);
  Type real = width > 16 ? Type(m.b.getF64Type()) : Type(m.b.getF32Type());
  Bits x{&m, op->getOperand(0)}, y{&m, op->getOperand(1)};
  auto convert = [&](Bits value) -> Real {
    if (width < 32) { // what x86 converts directly
      Type type = m.typed(m.b.getI32Type());
      Value extended = isSigned ? arith::ExtSIOp::create(m.b, m.loc, type, value.v).getResult()
                                : arith::ExtUIOp::create(m.b, m.loc, type, value.v).getResult();
      return Bits{&m, extended}.toReal(real);
    }
    if (isSigned)
      return value.toReal(real);
    return {&m, arith::UIToFPOp::create(m.b, m.loc, m.typed(real), value.v)};
  };
  Real quotient = convert(x) / convert(y);
  if (isa<arith::FloorDivSIOp>(op))
    quotient = roundDown(quotient);
  else if (isa<arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    quotient = roundUp(quotient);
  Bits whole{&m, nullptr};
  if (!isSigned && width == 32)
    whole.v = arith::FPToUIOp::create(m.b, m.loc, m.typed(element), quotient.v);
  else
    whole = quotient.toBits(32);
  if (width < 32)
    whole = whole.truncated(width);
  return isa<arith::RemSIOp, arith::RemUIOp>(op) ? (x - whole * y).v : whole.v;
}

/// x to a constant power that is a product or a root; null for others.
static Value powerByConstant(LaneMath &m, Operation *op) {
  Attribute attr;
  if (!matchPattern(op->getOperand(1), m_Constant(&attr)))
    return nullptr;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr); dense && dense.isSplat())
    attr = dense.getSplatValue<Attribute>();
  auto number = dyn_cast<FloatAttr>(attr);
  if (!number)
    return nullptr;
  double y = number.getValueAsDouble();
  Real x{&m, op->getOperand(0)};
  if (y == 1)
    return x.v;
  if (y == 2)
    return (x * x).v;
  if (y == 3)
    return (x * x * x).v;
  if (y == -1)
    return (x.of(1.0) / x).v;
  if (y == 0.5) // of minus zero 0, of minus infinity infinity
    return select(x == -INFINITY, x.of(INFINITY), squareRoot(x) + 0.0).v;
  return nullptr;
}

/// f16 or bf16, or a vector of one (a memref is none).
static bool isHalf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  Type element = vector ? vector.getElementType() : type;
  return element.isF16() || element.isBF16();
}

/// A float of a byte or less, or a vector of such.
static bool isNarrow(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  auto element = dyn_cast<FloatType>(vector ? vector.getElementType() : type);
  return element && element.getWidth() <= 8;
}

namespace {
/// Expands one op; returns without a change where it is a machine instruction, or libm's.
class Expander {
public:
  Expander(Operation *op, const Target &target)
      : op(op), b(op), m(b, op->getLoc(), op->getNumResults() ? op->getResult(0).getType() : b.getI1Type(), target) {}
  void run();

private:
  Value widen(Value half);
  Value narrow(Value single, Type to);
  void replace(Value value) {
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }
  void promote();
  void convertNarrow();
  void convert();

  Operation *op;
  OpBuilder b;
  LaneMath m;
};
} // namespace

Value Expander::widen(Value half) {
  if (getElementTypeOrSelf(half.getType()).isBF16())
    return brainToFloat(m, half);
  if (!m.target.halfConversions)
    return halfToFloat(m, half);
  return arith::ExtFOp::create(b, op->getLoc(), m.typed(b.getF32Type()), half);
}

Value Expander::narrow(Value single, Type to) {
  if (getElementTypeOrSelf(to).isBF16())
    return floatToBrain(m, single);
  if (!m.target.halfConversions)
    return floatToHalf(m, single);
  return arith::TruncFOp::create(b, op->getLoc(), m.typed(b.getF16Type()), single);
}

/// Does the op in f32 between conversions.
void Expander::promote() {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(isHalf(operand.getType()) ? widen(operand) : operand);
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addAttributes(op->getAttrs());
  Type result = op->getResult(0).getType();
  state.addTypes(isHalf(result) ? m.typed(b.getF32Type()) : result);
  Operation *wide = b.create(state);
  Value value = wide->getResult(0);
  replace(isHalf(result) ? narrow(value, result) : value);
  Expander(wide, m.target).run();
}

/// Conversions from and to floats of a byte, which no machine has.
void Expander::convertNarrow() {
  Value from = op->getOperand(0);
  Type to = op->getResult(0).getType(), f32 = m.typed(b.getF32Type());
  if (isNarrow(to)) {
    if (getElementTypeOrSelf(from.getType()).isF64())
      from = doubleToFloatOdd(m, from);
    return replace(floatToNarrow(m, isHalf(from.getType()) ? widen(from) : from, to));
  }
  Value single = narrowToFloat(m, from);
  if (to != f32)
    single = isHalf(to) ? narrow(single, to) : arith::ExtFOp::create(b, op->getLoc(), to, single).getResult();
  replace(single);
}

/// Conversions from and to half precision.
void Expander::convert() {
  Value from = op->getOperand(0);
  Type to = op->getResult(0).getType();
  Location loc = op->getLoc();
  Type f32 = m.typed(b.getF32Type()), f64 = m.typed(b.getF64Type());
  bool fromWide = getElementTypeOrSelf(from.getType()).isF64();
  if (isa<arith::ExtFOp>(op)) {
    Value single = widen(from);
    replace(to == f32 ? single : arith::ExtFOp::create(b, loc, to, single).getResult());
  } else if (isa<arith::TruncFOp>(op)) {
    replace(narrow(fromWide ? doubleToFloatOdd(m, from) : from, to));
  } else if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    bool isSigned = isa<arith::SIToFPOp>(op);
    Value wide = isSigned ? arith::SIToFPOp::create(b, loc, f64, from).getResult()
                          : arith::UIToFPOp::create(b, loc, f64, from).getResult();
    replace(narrow(doubleToFloatOdd(m, wide), to));
  } else {
    op->setOperand(0, widen(from)); // fptosi, fptoui
  }
}

void Expander::run() {
  if (op->getNumResults() != 1)
    return;
  Type type = op->getResult(0).getType();
  if ((isa<arith::TruncFOp>(op) && isNarrow(type)) || (isa<arith::ExtFOp>(op) && isNarrow(op->getOperand(0).getType())))
    return convertNarrow();
  bool half = isHalf(type) || llvm::any_of(op->getOperandTypes(), isHalf);
  if (half && isa<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp>(op)) {
    // What the machine converts by one instruction stays.
    Type other = isa<arith::ExtFOp>(op) ? op->getOperand(0).getType() : type;
    Type wide = isa<arith::ExtFOp>(op) ? type : op->getOperand(0).getType();
    bool isNative = m.target.halfConversions && getElementTypeOrSelf(other).isF16() &&
                    getElementTypeOrSelf(wide).isF32() && isa<arith::ExtFOp, arith::TruncFOp>(op);
    if (!isNative)
      convert();
    return;
  }
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
          arith::CeilDivUIOp>(op)) {
    auto vector = dyn_cast<VectorType>(type);
    if (vector && vector.getElementType().isInteger() && vector.getElementTypeBitWidth() <= 32)
      replace(divideIntegers(m, op));
    return;
  }
  if (!half && isa<arith::MaximumFOp, arith::MinimumFOp>(op)) {
    // LLVM's own operation is an instruction and a check for NaN; ONNX does not define the sign of a zero.
    OperationState state(op->getLoc(), isa<arith::MaximumFOp>(op) ? LLVM::MaximumOp::getOperationName()
                                                                  : LLVM::MinimumOp::getOperationName());
    state.addOperands(op->getOperands());
    state.addTypes(type);
    state.addAttribute("fastmathFlags", LLVM::FastmathFlagsAttr::get(op->getContext(), LLVM::FastmathFlags::nsz));
    return replace(b.create(state)->getResult(0));
  }
  StringRef dialect = op->getName().getDialectNamespace();
  bool isValueOp = isa<arith::SelectOp, arith::BitcastOp>(op) || op->hasTrait<OpTrait::ConstantLike>();
  if (half && !isValueOp && (dialect == "arith" || dialect == "math"))
    return promote();
  if (dialect != "math")
    return;

  Type element = getElementTypeOrSelf(type);
  auto real = [&](unsigned i) { return Real{&m, op->getOperand(i)}; };
  if (auto clamp = dyn_cast<math::ClampFOp>(op)) {
    Value least = arith::MaximumFOp::create(b, op->getLoc(), clamp.getValue(), clamp.getMin());
    return replace(arith::MinimumFOp::create(b, op->getLoc(), least, clamp.getMax()));
  }
  if (Unary rounding = roundingOf(op)) {
    if (!m.target.roundInstruction)
      replace(rounding(real(0)).v);
    return;
  }
  if (!element.isF32())
    return;
  if (Unary function = unaryOf(op))
    return replace(function(real(0)).v);
  if (isa<math::PowFOp>(op))
    if (Value simple = powerByConstant(m, op))
      return replace(simple);
  if (Binary function = binaryOf(op))
    return replace(function(real(0), real(1)).v);
  // Without the instruction this is a call; f64 holds the product exactly.
  if (isa<math::FmaOp>(op) && !m.target.fma) {
    Type f64 = b.getF64Type();
    replace((real(0).to(f64) * real(1).to(f64) + real(2).to(f64)).to(b.getF32Type()).v);
  }
}

//===- Short floats in registers ------------------------------------------===//

/// The integer type in whose registers `type` travels, or null. LLVM widens a short float that lives across blocks to
/// f32 and narrows it again by a call, unless the machine converts.
static Type carrierOf(Type type, const Target &target) {
  if (!isHalf(type) || (getElementTypeOrSelf(type).isF16() && target.halfConversions))
    return nullptr;
  Type integer = IntegerType::get(type.getContext(), 16);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? VectorType::get(vector.getShape(), integer) : integer;
}

/// Leaves short floats only as results of loads and operands of stores, one bitcast away.
static void carryShortFloats(func::FuncOp function, const Target &target) {
  OpBuilder b(function);
  function.walk([&](Block *block) {
    for (BlockArgument argument : block->getArguments())
      if (Type carrier = carrierOf(argument.getType(), target))
        argument.setType(carrier);
  });
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) { ops.push_back(op); });
  auto isAccess = [](Operation *op) {
    return isa<memref::LoadOp, memref::StoreOp, vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp,
               vector::MaskedStoreOp, vector::GatherOp, vector::ScatterOp>(op);
  };
  for (Operation *op : ops) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      Type carrier = carrierOf(constant.getType(), target);
      if (!carrier)
        continue;
      auto bits = [](const llvm::APFloat &value) { return value.bitcastToAPInt(); };
      TypedAttr value;
      if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
        value = cast<TypedAttr>(Attribute(dense.mapValues(IntegerType::get(op->getContext(), 16), bits)));
      else
        value = b.getIntegerAttr(carrier, bits(cast<FloatAttr>(constant.getValue()).getValue()));
      constant.setValueAttr(value);
      constant.getResult().setType(carrier);
      continue;
    }
    for (OpOperand &operand : op->getOpOperands()) {
      // An access names its type by its memref.
      auto memory = isAccess(op) ? dyn_cast<MemRefType>(op->getOperand(isa<memref::StoreOp, vector::StoreOp>(op)).getType())
                                 : MemRefType();
      Type type = operand.get().getType();
      Type element = memory ? memory.getElementType() : Type();
      if (!element || !carrierOf(element, target) || carrierOf(type, target) ||
          !getElementTypeOrSelf(type).isInteger(16))
        continue;
      auto vector = dyn_cast<VectorType>(type);
      b.setInsertionPoint(op);
      Type wanted = vector ? Type(VectorType::get(vector.getShape(), element)) : element;
      operand.set(arith::BitcastOp::create(b, op->getLoc(), wanted, operand.get()));
    }
    for (Value result : op->getResults()) {
      Type carrier = carrierOf(result.getType(), target);
      if (!carrier)
        continue;
      if (!isAccess(op)) {
        result.setType(carrier);
        continue;
      }
      b.setInsertionPointAfter(op);
      auto cast = arith::BitcastOp::create(b, op->getLoc(), carrier, result);
      result.replaceAllUsesExcept(cast, cast);
    }
    if (isa<arith::BitcastOp>(op) && op->getOperand(0).getType() == op->getResult(0).getType()) {
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      op->erase();
    }
  }
}

namespace {
struct ApproximateMath : dlc::impl::ApproximateMathPassBase<ApproximateMath> {
  using ApproximateMathPassBase::ApproximateMathPassBase;
  explicit ApproximateMath(const Target &target) : given(target) {}

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    FailureOr<Target> target = given ? FailureOr<Target>(*given) : targetOf(function, cpu);
    if (failed(target))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      Expander(op, *target).run();
    carryShortFloats(function, *target);
  }

  std::optional<Target> given;
};
} // namespace

std::unique_ptr<Pass> createApproximateMathPass(const Target &target) {
  return std::make_unique<ApproximateMath>(target);
}

} // namespace dlc
