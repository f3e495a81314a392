//===- VectorizePayload.cpp - A scalar payload on whole registers ---------===//
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace dlc {

void allowContraction(Operation *op) {
  auto math = dyn_cast<arith::ArithFastMathInterface>(op);
  if (!math)
    return;
  auto flags = arith::FastMathFlags::none;
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::NegFOp>(op))
    flags = arith::FastMathFlags::contract;
  else if (isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(op))
    flags = arith::FastMathFlags::nsz;
  else
    return;
  flags = flags | math.getFastMathFlagsAttr().getValue();
  op->setAttr(math.getFastMathAttrName(), arith::FastMathFlagsAttr::get(op->getContext(), flags));
}

static bool isConditionalEffect(Operation &op) {
  auto branch = dyn_cast<scf::IfOp>(op);
  if (!branch || branch.getNumResults() != 0 || !branch.getElseRegion().empty())
    return false;
  Block *body = op.getBlock();
  bool outside = true;
  branch.getThenRegion().walk([&](Operation *inner) {
    for (Value operand : inner->getOperands()) {
      Block *owner = operand.getParentBlock();
      auto constant = operand.getDefiningOp();
      outside &= owner != body || (constant && constant->hasTrait<OpTrait::ConstantLike>());
    }
  });
  return outside;
}

bool canVectorizePayload(Block &body) {
  return llvm::all_of(body.without_terminator(), [](Operation &op) {
    if (isa<linalg::IndexOp, memref::LoadOp, memref::PrefetchOp, affine::AffineApplyOp>(op) || op.hasTrait<OpTrait::ConstantLike>())
      return true;
    if (isConditionalEffect(op))
      return true;
    return OpTrait::hasElementwiseMappableTraits(&op) && op.getNumRegions() == 0 &&
           llvm::all_of(op.getResultTypes(), [](Type type) { return type.isIntOrIndexOrFloat(); });
  });
}

LaneValue PayloadEmitter::get(Value payloadValue) const {
  auto found = values.find(payloadValue);
  return found == values.end() ? LaneValue(payloadValue) : found->second;
}

void PayloadEmitter::emit(Block &body) {
  for (Operation &op : body.without_terminator())
    emitOp(op);
}

void PayloadEmitter::emitOp(Operation &op) {
  if (auto indexOp = dyn_cast<linalg::IndexOp>(op)) {
    bind(indexOp, index(indexOp.getDim()));
    return;
  }
  if (auto prefetch = dyn_cast<memref::PrefetchOp>(op))
    return emitPrefetch(prefetch);
  bool uniform = op.getNumRegions() == 0 && llvm::all_of(op.getOperands(), [&](Value v) { return get(v).isUniform(); });
  if (shape.lanes == 1 || uniform)
    return emitUniform(op);
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    SmallVector<LaneValue> operands;
    for (Value operand : apply.getMapOperands())
      operands.push_back(get(operand));
    AffineMap map = apply.getAffineMap();
    AffineExpr expr = map.getResult(0);
    SmallVector<AffineExpr> symbols;
    for (unsigned i = 0; i < map.getNumSymbols(); ++i)
      symbols.push_back(getAffineDimExpr(map.getNumDims() + i, op.getContext()));
    bind(apply, evaluateAffine(b, loc, expr.replaceSymbols(symbols), operands, shape.lanes));
    return;
  }
  if (isa<memref::LoadOp>(op))
    return emitLoad(op);
  if (isa<scf::IfOp>(op))
    return emitConditionalEffect(op);
  if (emitLinear(op))
    return;
  bind(op.getResult(0), emitElementwise(op));
}

void PayloadEmitter::emitUniform(Operation &op) {
  IRMapping mapping;
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (values.count(operand))
        mapping.map(operand, get(operand).base);
  });
  Operation *clone = b.clone(op, mapping);
  clone->walk([](Operation *inner) { allowContraction(inner); });
  for (auto [old, now] : llvm::zip(op.getResults(), clone->getResults()))
    bind(old, now);
}

/// Once for each line that the lanes lie on; the last index steps by one from lane to lane.
void PayloadEmitter::emitPrefetch(memref::PrefetchOp op) {
  unsigned bits = cast<MemRefType>(op.getMemref().getType()).getElementTypeBitWidth();
  SmallVector<Value> indices;
  for (Value index : op.getIndices())
    indices.push_back(get(index).base);
  for (unsigned lane = 0; lane < shape.lanes; lane += std::max(1u, 512 / bits)) {
    SmallVector<Value> at(indices);
    at.back() = addIndex(b, loc, at.back(), arith::ConstantIndexOp::create(b, loc, lane));
    memref::PrefetchOp::create(b, loc, op.getMemref(), at, op.getIsWrite(), op.getLocalityHint(), op.getIsDataCache());
  }
}

/// Index arithmetic on `base + i * step` that keeps this form.
bool PayloadEmitter::emitLinear(Operation &op) {
  if (op.getNumResults() != 1)
    return false;
  SmallVector<LaneValue> in;
  for (Value operand : op.getOperands())
    in.push_back(get(operand));
  if (llvm::any_of(in, [](const LaneValue &v) { return v.isVarying(); }))
    return false;
  int64_t step = 0;
  if (isa<arith::AddIOp>(op))
    step = in[0].step + in[1].step;
  else if (isa<arith::SubIOp>(op))
    step = in[0].step - in[1].step;
  else if (isa<arith::MulIOp>(op)) {
    unsigned moving = in[0].step ? 0 : 1;
    std::optional<int64_t> factor = getConstantIntValue(in[1 - moving].base);
    if (!factor || in[1 - moving].step)
      return false;
    step = in[moving].step * *factor;
  } else if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op)) {
    // From index to a narrower integer the lanes wrap as the sum does; the other way they might have wrapped before.
    Type from = op.getOperand(0).getType(), to = op.getResult(0).getType();
    if (!from.isIndex() && !from.isInteger(64) && !(to.isIndex() && from.isInteger(64)))
      return false;
    step = in[0].step;
  } else if (isa<arith::TruncIOp>(op)) {
    step = in[0].step;
  } else {
    return false;
  }
  IRMapping mapping;
  for (auto [operand, value] : llvm::zip(op.getOperands(), in))
    mapping.map(operand, value.base);
  bind(op.getResult(0), {b.clone(op, mapping)->getResult(0), step});
  return true;
}

/// x / d for one d, rounded as the division is: with r = 1 / d rounded, q = x * r and its error e = q * d - x exact,
/// q - e * r is the rounded quotient (Markstein), and zeros keep their sign. Divisors that are negative or so far off
/// that the reciprocal or the error might leave the normal numbers are divided by.
Value PayloadEmitter::emitUniformDivision(Value dividend, Value divisor) {
  Type element = divisor.getType();
  auto scalar = [&](double value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(element, value));
  };
  auto compare = [&](arith::CmpFPredicate p, Value x, Value y) -> Value {
    return arith::CmpFOp::create(b, loc, p, x, y);
  };
  double range = element.isF64() ? 0x1p500 : 0x1p60;
  Value isSafe = arith::AndIOp::create(b, loc, compare(arith::CmpFPredicate::OGE, divisor, scalar(1 / range)),
                                       compare(arith::CmpFPredicate::OLE, divisor, scalar(range)));
  Value reciprocal = arith::DivFOp::create(b, loc, scalar(1), divisor);
  Value d = dlc::materialize(b, loc, divisor, shape.lanes), r = dlc::materialize(b, loc, reciprocal, shape.lanes);
  auto branch = scf::IfOp::create(b, loc, dividend.getType(), isSafe, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  Value q = arith::MulFOp::create(b, loc, dividend, r);
  Value error = math::FmaOp::create(b, loc, q, d, arith::NegFOp::create(b, loc, dividend));
  Value sum = math::FmaOp::create(b, loc, arith::NegFOp::create(b, loc, error), r, q);
  // An infinite quotient is right as it is; its error is none.
  Value isNumber = compare(arith::CmpFPredicate::ORD, sum, sum);
  scf::YieldOp::create(b, loc, arith::SelectOp::create(b, loc, isNumber, sum, q).getResult());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, arith::DivFOp::create(b, loc, dividend, d).getResult());
  return branch.getResult(0);
}

LaneValue PayloadEmitter::emitElementwise(Operation &op) {
  if (auto division = dyn_cast<arith::DivFOp>(op); division && dividesByReciprocal) {
    LaneValue divisor = get(division.getRhs());
    if (divisor.isUniform() && (divisor.base.getType().isF32() || divisor.base.getType().isF64()))
      return LaneValue::varying(emitUniformDivision(materialize(division.getLhs()), divisor.base));
  }
  SmallVector<Value> operands;
  auto select = dyn_cast<arith::SelectOp>(op);
  for (Value operand : op.getOperands()) {
    LaneValue value = get(operand);
    // A uniform condition selects whole vectors.
    bool keepScalar = select && operand == select.getCondition() && value.isUniform();
    operands.push_back(keepScalar ? value.base : dlc::materialize(b, loc, value, shape.lanes));
  }
  OperationState state(loc, op.getName());
  state.addOperands(operands);
  state.addAttributes(op.getAttrs());
  for (Type type : op.getResultTypes())
    state.addTypes(VectorType::get(shape.lanes, type));
  Operation *result = b.create(state);
  allowContraction(result);
  return LaneValue::varying(result->getResult(0));
}

void PayloadEmitter::emitLoad(Operation &op) {
  auto load = cast<memref::LoadOp>(op);
  FlatView view = flatten(b, loc, load.getMemRef());
  Value address = asValue(b, loc, view.offset);
  // The sum of constant steps along the lanes, and the lanes' distances where they are not constant.
  int64_t stride = 0;
  Value distances;
  auto addDistance = [&](Value term) {
    distances = distances ? arith::AddIOp::create(b, loc, distances, term).getResult() : term;
  };
  auto spread = [&](Value scalar) { return dlc::materialize(b, loc, LaneValue(scalar), shape.lanes); };
  for (auto [operand, memoryStride] : llvm::zip(load.getIndices(), view.strides)) {
    LaneValue index = get(operand);
    std::optional<int64_t> constant = getConstantIntValue(memoryStride);
    if (!index.isVarying()) {
      address = addIndex(b, loc, address, scaleIndex(b, loc, index.base, memoryStride));
      if (index.step == 0)
        continue;
      if (constant) {
        stride += index.step * *constant;
        continue;
      }
      Value step = arith::ConstantIndexOp::create(b, loc, 0);
      addDistance(arith::MulIOp::create(b, loc, dlc::materialize(b, loc, {step, index.step}, shape.lanes),
                                        spread(asValue(b, loc, memoryStride))));
      continue;
    }
    bool unit = constant && *constant == 1;
    addDistance(unit ? index.vector
                     : arith::MulIOp::create(b, loc, index.vector, spread(asValue(b, loc, memoryStride))).getResult());
  }
  if (distances && stride)
    addDistance(dlc::materialize(b, loc, {arith::ConstantIndexOp::create(b, loc, 0), stride}, shape.lanes));
  OpFoldResult constantStride = b.getIndexAttr(stride);
  bind(load, LaneValue::varying(loadLanes(b, loc, view.buffer, address, distances ? OpFoldResult() : constantStride,
                                          distances, shape, /*fillOnes=*/false)));
}

void PayloadEmitter::emitConditionalEffect(Operation &op) {
  auto branch = cast<scf::IfOp>(op);
  LaneValue condition = get(branch.getCondition());
  Value any = condition.base;
  if (condition.isVarying()) {
    Value active = condition.vector;
    if (shape.mask)
      active = arith::AndIOp::create(b, loc, active, shape.mask);
    any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, active);
  }
  IRMapping mapping;
  mapping.map(branch.getCondition(), any);
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (operand != branch.getCondition() && values.count(operand))
        mapping.map(operand, get(operand).base);
  });
  b.clone(op, mapping);
}

} // namespace dlc
