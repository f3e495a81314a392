//===- VectorizeReduction.cpp - Accumulators that may be split over lanes -===//
#include "compiler/kernel/VectorizeReduction.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc {

//===- Matching -----------------------------------------------------------===//

static bool isCommutativeCombiner(Operation *op) {
  return isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp,
             arith::AddIOp, arith::MulIOp, arith::MaxSIOp, arith::MaxUIOp, arith::MinSIOp, arith::MinUIOp, arith::AndIOp,
             arith::OrIOp, arith::XOrIOp>(op);
}

static TypedAttr neutralOf(Operation *op) {
  Type type = op->getResult(0).getType();
  Builder b(op->getContext());
  auto real = [&](const llvm::APFloat &value) -> TypedAttr { return b.getFloatAttr(type, value); };
  auto integer = [&](const llvm::APInt &value) -> TypedAttr { return b.getIntegerAttr(type, value); };
  if (auto floatType = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    // x + (-0.0) is x for every x, signed zeros included.
    if (isa<arith::AddFOp>(op))
      return real(llvm::APFloat::getZero(semantics, /*Negative=*/true));
    if (isa<arith::MulFOp>(op))
      return real(llvm::APFloat::getOne(semantics));
    if (isa<arith::MaximumFOp>(op))
      return real(llvm::APFloat::getInf(semantics, /*Negative=*/true));
    if (isa<arith::MinimumFOp>(op))
      return real(llvm::APFloat::getInf(semantics));
    return real(llvm::APFloat::getNaN(semantics)); // maxnumf, minnumf ignore it
  }
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  if (isa<arith::AddIOp, arith::OrIOp, arith::XOrIOp, arith::MaxUIOp>(op))
    return integer(llvm::APInt::getZero(width));
  if (isa<arith::MulIOp>(op))
    return integer(llvm::APInt(width, 1));
  if (isa<arith::MaxSIOp>(op))
    return integer(llvm::APInt::getSignedMinValue(width));
  if (isa<arith::MinSIOp>(op))
    return integer(llvm::APInt::getSignedMaxValue(width));
  return integer(llvm::APInt::getAllOnes(width)); // andi, minui
}

static Value accumulator(linalg::GenericOp op, unsigned output) {
  return op.getRegionOutputArgs()[output];
}

static Value yielded(linalg::GenericOp op, unsigned output) {
  return op.getBody()->getTerminator()->getOperand(output);
}

static std::optional<Reduction> matchCombiner(linalg::GenericOp op, unsigned output) {
  Value acc = accumulator(op, output);
  Operation *combiner = yielded(op, output).getDefiningOp();
  if (!combiner || combiner->getBlock() != op.getBody() || !isCommutativeCombiner(combiner))
    return std::nullopt;
  if (!acc.hasOneUse() || *acc.getUsers().begin() != combiner || !combiner->getResult(0).hasOneUse())
    return std::nullopt;
  return Reduction{{output}, combiner, neutralOf(combiner)};
}

/// compare = x OP value accumulator; value = select(compare, x, value accumulator);
/// index = select(compare, i, index accumulator).
static std::optional<Reduction> matchArgument(linalg::GenericOp op, unsigned value, unsigned index) {
  Value valueAcc = accumulator(op, value), indexAcc = accumulator(op, index);
  auto pickValue = yielded(op, value).getDefiningOp<arith::SelectOp>();
  auto pickIndex = yielded(op, index).getDefiningOp<arith::SelectOp>();
  if (!pickValue || !pickIndex || pickValue.getCondition() != pickIndex.getCondition())
    return std::nullopt;
  if (pickValue.getFalseValue() != valueAcc || pickIndex.getFalseValue() != indexAcc || !indexAcc.hasOneUse())
    return std::nullopt;
  if (!indexAcc.getType().isIntOrIndex() || !pickValue->hasOneUse() || !pickIndex->hasOneUse())
    return std::nullopt;
  Operation *compare = pickValue.getCondition().getDefiningOp();
  if (!isa_and_nonnull<arith::CmpFOp, arith::CmpIOp>(compare))
    return std::nullopt;
  // The value accumulator takes part in nothing else.
  for (Operation *user : valueAcc.getUsers())
    if (user != compare && user != pickValue)
      return std::nullopt;
  Value x = pickValue.getTrueValue();
  Reduction result{{value, index}, nullptr, nullptr, compare};
  if (compare->getOperand(0) == x && compare->getOperand(1) == valueAcc)
    result.newIsLeft = true;
  else if (compare->getOperand(1) == x && compare->getOperand(0) == valueAcc)
    result.newIsLeft = false;
  else
    return std::nullopt;
  if (auto real = dyn_cast<arith::CmpFOp>(compare)) {
    using P = arith::CmpFPredicate;
    P p = real.getPredicate();
    if (p != P::OGT && p != P::OLT && p != P::OGE && p != P::OLE)
      return std::nullopt;
    result.keepsFirst = p == P::OGT || p == P::OLT;
    return result;
  }
  using P = arith::CmpIPredicate;
  P p = cast<arith::CmpIOp>(compare).getPredicate();
  if (p == P::eq || p == P::ne)
    return std::nullopt;
  result.keepsFirst = p == P::sgt || p == P::slt || p == P::ugt || p == P::ult;
  return result;
}

std::optional<SmallVector<Reduction>> matchReductions(linalg::GenericOp op, ArrayRef<unsigned> outputs) {
  SmallVector<Reduction> result;
  SmallVector<unsigned> rest;
  for (unsigned output : outputs) {
    if (std::optional<Reduction> combiner = matchCombiner(op, output))
      result.push_back(*combiner);
    else
      rest.push_back(output);
  }
  while (!rest.empty()) {
    unsigned first = rest.front();
    rest.erase(rest.begin());
    bool found = false;
    for (unsigned &other : rest) {
      std::optional<Reduction> pair = matchArgument(op, first, other);
      if (!pair)
        pair = matchArgument(op, other, first);
      if (!pair)
        continue;
      result.push_back(*pair);
      rest.erase(&other);
      found = true;
      break;
    }
    if (!found)
      return std::nullopt;
  }
  return result;
}

std::optional<Reduction> matchSum(linalg::GenericOp op, unsigned output) {
  std::optional<Reduction> found = matchCombiner(op, output);
  return found && isa<arith::AddFOp>(found->combiner) ? found : std::nullopt;
}

//===- Combining ----------------------------------------------------------===//

static Value compareLike(OpBuilder &b, Location loc, Operation *compare, Value lhs, Value rhs, bool strict) {
  if (auto real = dyn_cast<arith::CmpFOp>(compare)) {
    using P = arith::CmpFPredicate;
    P p = real.getPredicate();
    P relation = p == P::OGT || p == P::OGE ? P::OGT : P::OLT;
    return arith::CmpFOp::create(b, loc, strict ? relation : P::OEQ, lhs, rhs);
  }
  using P = arith::CmpIPredicate;
  P p = cast<arith::CmpIOp>(compare).getPredicate();
  P relation = p == P::sge ? P::sgt : p == P::sle ? P::slt : p == P::uge ? P::ugt : p == P::ule ? P::ult : p;
  return arith::CmpIOp::create(b, loc, strict ? relation : P::eq, lhs, rhs);
}

SmallVector<Value> Reduction::combine(OpBuilder &b, Location loc, ValueRange lhs, ValueRange rhs) const {
  if (combiner) {
    OperationState state(loc, combiner->getName());
    state.addOperands({lhs[0], rhs[0]});
    state.addAttributes(combiner->getAttrs());
    state.addTypes(lhs[0].getType());
    Operation *result = b.create(state);
    allowContraction(result);
    return {result->getResult(0)};
  }
  Value better = newIsLeft ? compareLike(b, loc, compare, rhs[0], lhs[0], true)
                           : compareLike(b, loc, compare, lhs[0], rhs[0], true);
  Value equal = compareLike(b, loc, compare, lhs[0], rhs[0], false);
  auto order = keepsFirst ? arith::CmpIPredicate::slt : arith::CmpIPredicate::sgt;
  Value sooner = arith::CmpIOp::create(b, loc, order, rhs[1], lhs[1]);
  Value take = arith::OrIOp::create(b, loc, better, arith::AndIOp::create(b, loc, equal, sooner));
  return {arith::SelectOp::create(b, loc, take, rhs[0], lhs[0]), arith::SelectOp::create(b, loc, take, rhs[1], lhs[1])};
}

SmallVector<Value> Reduction::combineLanes(OpBuilder &b, Location loc, ValueRange vectors) const {
  SmallVector<Value> state(vectors);
  for (int64_t lanes = cast<VectorType>(state[0].getType()).getDimSize(0); lanes > 1; lanes /= 2) {
    SmallVector<Value> low, high;
    for (Value vector : state) {
      auto half = [&](int64_t from) -> Value {
        SmallVector<int64_t> pick;
        for (int64_t i = 0; i < lanes / 2; ++i)
          pick.push_back(from + i);
        return vector::ShuffleOp::create(b, loc, vector, vector, pick);
      };
      low.push_back(half(0));
      high.push_back(half(lanes / 2));
    }
    state = combine(b, loc, low, high);
  }
  for (Value &value : state)
    value = vector::ExtractOp::create(b, loc, value, ArrayRef<int64_t>{0});
  return state;
}

} // namespace dlc
