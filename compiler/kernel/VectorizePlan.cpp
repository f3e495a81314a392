//===- VectorizePlan.cpp - Which loops, which lanes -----------------------===//
#include "compiler/kernel/VectorizePlan.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace dlc {

std::optional<int64_t> Nest::constantSize(unsigned dim) const { return getConstantIntValue(sizes[dim]); }

//===- The nest -----------------------------------------------------------===//

static OpFoldResult multiply(OpBuilder &b, Location loc, OpFoldResult lhs, OpFoldResult rhs) {
  std::optional<int64_t> l = getConstantIntValue(lhs), r = getConstantIntValue(rhs);
  if (l && r)
    return b.getIndexAttr(*l * *r);
  return scaleIndex(b, loc, asValue(b, loc, lhs), rhs);
}

/// Merges dims until no pair steps through all operands as one. Dims that linalg.index asks for stay.
static void collapseDims(OpBuilder &b, Location loc, Nest &nest) {
  llvm::SmallDenseSet<unsigned> named;
  nest.op.getBody()->walk([&](linalg::IndexOp index) { named.insert(index.getDim()); });
  auto iterators = nest.op.getIteratorTypesArray();
  auto tryMerge = [&](unsigned outer, unsigned inner) {
    if (outer == inner || named.contains(outer) || named.contains(inner) || iterators[outer] != iterators[inner])
      return false;
    for (const Access &access : nest.accesses)
      if (!access.canCollapse(outer, inner, nest.sizes[inner]))
        return false;
    for (Access &access : nest.accesses)
      access.collapse(outer, inner);
    nest.sizes[inner] = multiply(b, loc, nest.sizes[outer], nest.sizes[inner]);
    llvm::erase(nest.dims, outer);
    return true;
  };
  auto mergeOnce = [&] {
    for (unsigned inner : llvm::reverse(nest.dims))
      for (unsigned outer : llvm::reverse(nest.dims))
        if (tryMerge(outer, inner))
          return true;
    return false;
  };
  while (mergeOnce()) {
  }
}

FailureOr<Nest> describeNest(OpBuilder &b, linalg::GenericOp op) {
  Location loc = op.getLoc();
  for (Value operand : op->getOperands()) {
    if (operand.getType().isIntOrIndexOrFloat())
      continue;
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type)
      return op.emitOpError("expects memrefs or scalars as operands, got ") << operand.getType();
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)))
      return op.emitOpError("expects strided memrefs, got ") << type;
  }
  Nest nest;
  nest.op = op;
  for (const Range &range : cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(b, loc))
    nest.sizes.push_back(range.size);
  for (OpOperand &operand : op->getOpOperands())
    nest.accesses.emplace_back(b, loc, operand.get(), op.getMatchingIndexingMap(&operand));
  for (unsigned dim = 0; dim < nest.sizes.size(); ++dim)
    if (nest.constantSize(dim) != 1)
      nest.dims.push_back(dim);
  collapseDims(b, loc, nest);
  return nest;
}

//===- Costs --------------------------------------------------------------===//

namespace {
/// What the payload is made of.
struct PayloadFacts {
  unsigned operations = 0; ///< weighted: a plain instruction is 1
  unsigned widestBits = 8; ///< of computed or stored values
  bool hasF64 = false, hasWide = false, hasNarrow = false;
  bool storesBits = false; ///< an operand of i1, whose vectors would be packed in memory
};

constexpr unsigned functionCost = 20; ///< an inline polynomial
constexpr unsigned divideCost = 5;
constexpr unsigned libmCost = 200;
} // namespace

static PayloadFacts inspect(linalg::GenericOp op) {
  PayloadFacts facts;
  auto add = [&](Type type) {
    if (type.isIndex() || type.isInteger(1))
      return;
    unsigned bits = type.getIntOrFloatBitWidth();
    facts.widestBits = std::max(facts.widestBits, bits);
    facts.hasF64 |= type.isF64();
    facts.hasWide |= bits == 64;
    facts.hasNarrow |= bits < 64;
  };
  for (Value operand : op->getOperands()) {
    Type element = getElementTypeOrSelf(operand.getType());
    facts.storesBits |= element.isInteger(1) && isa<MemRefType>(operand.getType());
    add(element);
  }
  for (Operation &inner : op.getBody()->without_terminator()) {
    bool isConstant = inner.hasTrait<OpTrait::ConstantLike>();
    for (Type type : inner.getResultTypes())
      if (!isConstant && type.isIntOrFloat())
        add(type);
    // Half-precision arithmetic is done in f32.
    bool half = llvm::any_of(inner.getResultTypes(), [](Type type) { return type.isF16() || type.isBF16(); });
    if (half && !isa<arith::TruncFOp, arith::SelectOp>(inner) && !isConstant)
      facts.widestBits = std::max(facts.widestBits, 32u);
    bool isMath = inner.getDialect() && inner.getDialect()->getNamespace() == "math";
    bool cheapMath = isa<math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp,
                         math::CopySignOp, math::FmaOp>(inner);
    if (isMath && !cheapMath && !isa<math::SqrtOp>(inner))
      facts.operations += inner.getResult(0).getType().isF64() ? libmCost : functionCost;
    else if (isa<arith::DivFOp, math::SqrtOp>(inner))
      facts.operations += divideCost;
    else if (!isConstant)
      facts.operations += 1;
  }
  return facts;
}

static unsigned chooseLanes(const PayloadFacts &facts, const Target &target) {
  // 64-bit integers among narrower values are mostly indices: two registers for them keep the rest at full width.
  bool pairUp = facts.hasWide && facts.hasNarrow && !facts.hasF64;
  return target.lanes(pairUp ? 32 : std::min(facts.widestBits, 64u));
}

/// Instructions to bring one operand's lanes into, or out of, registers.
static double accessCost(const Access &access, unsigned dim, unsigned lanes, bool isStore) {
  if (!access.dependsOn(dim))
    return 0.1; // hoisted, or carried in registers
  if (access.isIrregular(dim))
    return 8.0 * lanes;
  std::optional<int64_t> stride = access.constantStride(dim);
  if (stride == 1)
    return 1;
  if (stride && !isStore && (*stride == -1 || (*stride >= 2 && *stride <= 4)))
    return 2.0 * std::abs(*stride);
  return (isStore ? 2.0 : 1.3) * lanes;
}

/// Vector steps an element of a dim: remainders cost a masked vector, or one scalar step an element.
static double stepsPerElement(std::optional<int64_t> size, unsigned lanes, bool masks) {
  if (!size || lanes == 1)
    return 1.0 / lanes;
  if (*size == 0)
    return 1;
  double whole = *size / lanes, rest = *size % lanes;
  return (whole + (masks ? (rest > 0) : rest)) / *size;
}

static SmallVector<unsigned> outputsWithout(const Nest &nest, unsigned dim) {
  SmallVector<unsigned> result;
  for (unsigned i = 0; i < nest.op.getNumDpsInits(); ++i)
    if (!nest.output(i).dependsOn(dim))
      result.push_back(i);
  return result;
}

/// Dims that some output depends on go outside; the vector dim goes last among them, or last of all where it is
/// reduced.
static SmallVector<unsigned> orderLoops(const Nest &nest, unsigned vectorDim, bool reduced) {
  SmallVector<unsigned> kept, summed;
  for (unsigned dim : nest.dims) {
    if (dim == vectorDim)
      continue;
    bool written = false;
    for (unsigned i = 0; i < nest.op.getNumDpsInits(); ++i)
      written |= nest.output(i).dependsOn(dim);
    (written ? kept : summed).push_back(dim);
  }
  SmallVector<unsigned> order = kept;
  if (vectorDim != ~0u && !reduced)
    order.push_back(vectorDim);
  order.append(summed);
  if (vectorDim != ~0u && reduced)
    order.push_back(vectorDim);
  return order;
}

/// Vectors a step: enough accumulators to hide the latency of an add, few enough not to spill.
static unsigned chooseChunks(const Nest &nest, const PayloadFacts &facts, const Plan &plan, const Target &target) {
  unsigned registersPerValue = std::max(1u, plan.lanes * facts.widestBits / target.vectorBits);
  bool carries = !plan.reductions.empty() || plan.order.back() != plan.vectorDim;
  unsigned wanted = carries ? 4 : facts.operations <= 2 ? 4 : facts.operations <= 6 ? 2 : 1;
  // A polynomial's constants fill what a machine of 16 registers has.
  if (facts.operations >= functionCost)
    wanted = carries && facts.operations < 2 * functionCost && target.vectorRegisters >= 32 ? 2 : 1;
  unsigned live = nest.op->getNumOperands() + std::min(facts.operations, 6u);
  while (wanted > 1 && wanted * live * registersPerValue > target.vectorRegisters)
    wanted /= 2;
  if (std::optional<int64_t> size = nest.constantSize(plan.vectorDim))
    while (wanted > 1 && int64_t(wanted * plan.lanes) > *size)
      wanted /= 2;
  return wanted;
}

//===- Transposition ------------------------------------------------------===//

/// A dim along which inputs that are far-strided along `vectorDim` are contiguous; ~0 if the op is no transposition.
static unsigned findTransposeDim(const Nest &nest, unsigned vectorDim, const PayloadFacts &facts, unsigned tile) {
  if (facts.operations > 4 || nest.op.hasIndexSemantics())
    return ~0u;
  for (unsigned i = 0; i < nest.op.getNumDpsInits(); ++i)
    if (nest.output(i).constantStride(vectorDim) != 1)
      return ~0u;
  for (unsigned dim : nest.dims)
    if (!outputsWithout(nest, dim).empty())
      return ~0u; // something is reduced
  for (unsigned dim : nest.dims) {
    if (dim == vectorDim || nest.constantSize(dim).value_or(tile) < tile)
      continue;
    bool turned = false, regular = true;
    for (unsigned i = 0; i < nest.numInputs(); ++i) {
      const Access &access = nest.accesses[i];
      regular &= !access.isIrregular(dim) && !access.isIrregular(vectorDim);
      std::optional<int64_t> along = access.constantStride(vectorDim);
      bool far = !along || std::abs(*along) > 4;
      turned |= far && access.constantStride(dim) == 1;
    }
    if (turned && regular)
      return dim;
  }
  return ~0u;
}

//===- The choice ---------------------------------------------------------===//

Plan choosePlan(const Nest &nest, const Target &target) {
  PayloadFacts facts = inspect(nest.op);
  Plan best;
  best.order = orderLoops(nest, ~0u, false);
  if (facts.storesBits || !canVectorizePayload(*nest.op.getBody()))
    return best;
  unsigned lanes = chooseLanes(facts, target);
  double bestCost = nest.op->getNumOperands() + facts.operations;
  // Rows of a tile and what the shuffles need stay in registers.
  unsigned tile = std::min(lanes, target.vectorRegisters / 2);

  for (unsigned dim : llvm::reverse(nest.dims)) {
    SmallVector<unsigned> invariant = outputsWithout(nest, dim);
    std::optional<SmallVector<Reduction>> reductions = matchReductions(nest.op, invariant);
    if (!reductions)
      continue;
    double cost = facts.operations;
    SmallVector<unsigned> order = orderLoops(nest, dim, !invariant.empty());
    bool sumsBelow = order.back() != dim;
    for (auto [i, access] : llvm::enumerate(nest.accesses)) {
      bool isOutput = i >= nest.numInputs();
      cost += accessCost(access, dim, lanes, isOutput) * (isOutput && sumsBelow ? 0.1 : 1.0);
    }
    cost *= stepsPerElement(nest.constantSize(dim), lanes, target.masks);
    if (!invariant.empty())
      cost += 10.0 / nest.constantSize(dim).value_or(256); // combining lanes at the end

    unsigned across = ~0u;
    if (invariant.empty() && nest.constantSize(dim).value_or(tile) >= tile)
      across = findTransposeDim(nest, dim, facts, tile);
    if (across != ~0u) {
      double perVector = facts.operations;
      for (const Access &access : nest.accesses) {
        bool turned = access.constantStride(across) == 1 && access.constantStride(dim) != 1;
        perVector += turned ? 6 : accessCost(access, dim, tile, false);
      }
      cost = std::min(cost, perVector / tile);
      if (cost != perVector / tile)
        across = ~0u;
    }
    if (cost >= bestCost)
      continue;
    bestCost = cost;
    best.vectorDim = dim;
    best.lanes = across == ~0u ? lanes : tile;
    best.transposeDim = across;
    best.order = order;
    best.reductions = *reductions;
  }
  if (best.vectorDim == ~0u || best.transposeDim != ~0u)
    return best;
  best.chunks = chooseChunks(nest, facts, best, target);
  // Column by column a fold of rows leaps through memory; a few rows side by side are as many streams.
  auto exceeds = [&](unsigned dim, int64_t size) { return nest.constantSize(dim).value_or(INT64_MAX) > size; };
  bool foldsRows = best.order.size() == 2 && best.order.front() == best.vectorDim;
  if (foldsRows && exceeds(best.vectorDim, best.chunks * best.lanes) && exceeds(best.order.back(), best.block))
    best.blockDim = best.order.back();
  return best;
}

} // namespace dlc
