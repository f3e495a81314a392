//===- ExpandMicrokernelsTile.cpp - One register tile of a contraction ----===//
//
// The sums are carried by one loop over all of K; in each step the tile loads its vectors of packed operand once and
// broadcasts one factor a row. The payload runs on the sums before they are stored.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizeLoops.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace dlc {

/// Steps of k between a vector's prefetch and its use: the time memory takes, at a few nanoseconds a step.
static constexpr int64_t prefetchSteps = 64;
static constexpr int64_t cacheLine = 64; // bytes
/// Payloads of more instructions run in a loop over the rows of the tile, from a buffer in the first-level cache: the
/// code stays small and the sums need not be spilled one by one.
static constexpr unsigned unrolledPayload = 6;

static unsigned payloadCost(mk::BrgemmOp op) {
  unsigned cost = 0;
  for (Operation &inner : op.getPayload().front().without_terminator())
    if (!inner.hasTrait<OpTrait::ConstantLike>())
      cost += isa_and_nonnull<math::MathDialect>(inner.getDialect()) ? unrolledPayload : 1;
  return cost;
}

/// Where a tile starts, its batch indices included.
struct TileEmitter::Point {
  SmallVector<Value> ivs; ///< the domain's dims: b..., m, n, k
  OpFoldResult n;
};

TileEmitter::TileEmitter(OpBuilder &b, mk::BrgemmOp op, const RegisterTile &tile, const Target &target)
    : b(b), loc(op.getLoc()), op(op), tile(tile), target(target) {
  lhs = flatten(b, loc, op.getLhs());
  rhs = flatten(b, loc, op.getRhs());
  for (auto [i, extra] : llvm::enumerate(op.getExtras()))
    epilogue.emplace_back(b, loc, extra, op.getExtraMap(i));
  epilogue.emplace_back(b, loc, op.getInit(), op.getOutMap());
  zero = arith::ConstantIndexOp::create(b, loc, 0);
  unsigned kPosition = cast<MemRefType>(op.getRhs().getType()).getRank() - 2;
  K = asValue(b, loc, memref::getMixedSize(b, loc, op.getRhs(), kPosition));
  isPayloadUnrolled = payloadCost(op) <= unrolledPayload;
}

void TileEmitter::emit(ValueRange batch, Value m, unsigned rows, OpFoldResult n, unsigned vectors,
                       std::optional<Tail> tail) {
  Point at{SmallVector<Value>(batch), n};
  at.ivs.append({m, asValue(b, loc, n), zero});
  SmallVector<Value> sums = emitSums(at, rows, vectors);
  ArrayRef<Value> all(sums);
  if (isPayloadUnrolled || rows == 1) {
    for (unsigned row = 0; row < rows; ++row)
      emitRow(at, addIndex(b, loc, m, arith::ConstantIndexOp::create(b, loc, row)), all.slice(row * vectors, vectors),
              tail);
    return;
  }
  Value stack = stackBuffer(rows * vectors);
  auto address = [&](Value row, unsigned vector) {
    Value first = scaleIndex(b, loc, row, b.getIndexAttr(vectors * tile.lanes));
    return addIndex(b, loc, first, arith::ConstantIndexOp::create(b, loc, vector * tile.lanes));
  };
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned vector = 0; vector < vectors; ++vector)
      vector::StoreOp::create(b, loc, sums[row * vectors + vector], stack,
                              address(arith::ConstantIndexOp::create(b, loc, row), vector));
  auto loop = createFinalLoop(b, loc, zero, arith::ConstantIndexOp::create(b, loc, rows), 1, {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> row;
  for (unsigned vector = 0; vector < vectors; ++vector)
    row.push_back(vector::LoadOp::create(b, loc, cast<VectorType>(sums[0].getType()), stack,
                                         address(loop.getInductionVar(), vector)));
  emitRow(at, addIndex(b, loc, m, loop.getInductionVar()), row, tail);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// The element of `view` at `ivs`, less what k contributes.
static Value addressIn(OpBuilder &b, Location loc, const FlatView &view, AffineMap map, ArrayRef<Value> ivs) {
  unsigned k = map.getNumDims() - 1;
  SmallVector<LaneValue> dims;
  for (Value iv : ivs)
    dims.push_back(iv);
  Value sum = asValue(b, loc, view.offset);
  for (auto [expr, stride] : llvm::zip_equal(map.getResults(), view.strides))
    if (!expr.isFunctionOfDim(k) && !isa<AffineConstantExpr>(expr))
      sum = addIndex(b, loc, sum, scaleIndex(b, loc, evaluateAffine(b, loc, expr, dims, 1).base, stride));
  return sum;
}

/// The stride of the index that is k.
static OpFoldResult strideOfK(const FlatView &view, AffineMap map) {
  return view.strides[*map.getResultPosition(getAffineDimExpr(map.getNumDims() - 1, map.getContext()))];
}

SmallVector<Value> TileEmitter::emitSums(const Point &at, unsigned rows, unsigned vectors) {
  auto sumType = VectorType::get(tile.lanes, op.getAccumulatorType());
  auto factorType = VectorType::get(tile.lanes, getElementTypeOrSelf(op.getRhs().getType()));
  unsigned bytes = llvm::divideCeil(factorType.getElementTypeBitWidth(), 8);
  SmallVector<Value> lhsRows, rhsVectors;
  SmallVector<Value> ivs(at.ivs);
  for (unsigned row = 0; row < rows; ++row) {
    ivs[op.getMDim()] = addIndex(b, loc, at.ivs[op.getMDim()], arith::ConstantIndexOp::create(b, loc, row));
    lhsRows.push_back(addressIn(b, loc, lhs, op.getLhsMap(), ivs));
  }
  ivs = at.ivs;
  for (unsigned vector = 0; vector < vectors; ++vector) {
    // A column block lies in one panel.
    unsigned inBlock = vector % tile.vectors;
    auto distance = [&](unsigned v) { return arith::ConstantIndexOp::create(b, loc, v * tile.lanes); };
    if (inBlock) {
      rhsVectors.push_back(addIndex(b, loc, rhsVectors[vector - inBlock], distance(inBlock)));
      continue;
    }
    ivs[op.getNDim()] = addIndex(b, loc, at.ivs[op.getNDim()], distance(vector));
    rhsVectors.push_back(addressIn(b, loc, rhs, op.getRhsMap(), ivs));
  }

  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(sumType));
  scf::ForOp loop = createFinalLoop(b, loc, zero, K, 1, SmallVector<Value>(rows * vectors, none));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value k = loop.getInductionVar();
  Value lhsStep = scaleIndex(b, loc, k, strideOfK(lhs, op.getLhsMap()));
  OpFoldResult rhsStride = strideOfK(rhs, op.getRhsMap());
  Value rhsStep = scaleIndex(b, loc, k, rhsStride);
  Value ahead =
      addIndex(b, loc, rhsStep, scaleIndex(b, loc, arith::ConstantIndexOp::create(b, loc, prefetchSteps), rhsStride));
  SmallVector<Value> factors, sums;
  for (unsigned vector = 0; vector < vectors; ++vector) {
    if (vector * tile.lanes * bytes % cacheLine == 0)
      memref::PrefetchOp::create(b, loc, rhs.buffer, addIndex(b, loc, rhsVectors[vector], ahead), /*isWrite=*/false,
                                 /*localityHint=*/3, /*isDataCache=*/true);
    Value factor =
        vector::LoadOp::create(b, loc, factorType, rhs.buffer, addIndex(b, loc, rhsVectors[vector], rhsStep));
    factors.push_back(widen(factor, op.getUnsignedRhs()));
  }
  for (unsigned row = 0; row < rows; ++row) {
    Value element = memref::LoadOp::create(b, loc, lhs.buffer, addIndex(b, loc, lhsRows[row], lhsStep));
    Value all = vector::BroadcastOp::create(b, loc, sumType, widen(element, op.getUnsignedLhs()));
    for (unsigned vector = 0; vector < vectors; ++vector)
      sums.push_back(multiplyAdd(all, factors[vector], loop.getRegionIterArgs()[row * vectors + vector]));
  }
  scf::YieldOp::create(b, loc, sums);
  return SmallVector<Value>(loop.getResults());
}

Value TileEmitter::widen(Value factor, bool isUnsigned) {
  Type type = op.getAccumulatorType();
  if (getElementTypeOrSelf(factor.getType()) == type)
    return factor;
  if (auto vector = dyn_cast<VectorType>(factor.getType()))
    type = vector.clone(type);
  if (isa<FloatType>(op.getAccumulatorType()))
    return arith::ExtFOp::create(b, loc, type, factor);
  if (isUnsigned)
    return arith::ExtUIOp::create(b, loc, type, factor);
  return arith::ExtSIOp::create(b, loc, type, factor);
}

Value TileEmitter::multiplyAdd(Value lhs, Value rhs, Value sum) {
  if (!isa<FloatType>(op.getAccumulatorType()))
    return arith::AddIOp::create(b, loc, sum, arith::MulIOp::create(b, loc, lhs, rhs));
  if (target.fma)
    return vector::FMAOp::create(b, loc, lhs, rhs, sum);
  return arith::AddFOp::create(b, loc, sum, arith::MulFOp::create(b, loc, lhs, rhs));
}

/// Stack memory of `vectors` registers of sums, in the function's entry: one inside a loop would grow the stack each
/// time.
Value TileEmitter::stackBuffer(unsigned vectors) {
  Value &stack = stackBuffers[vectors];
  if (!stack) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&op->getParentOfType<FunctionOpInterface>().getFunctionBody().front());
    auto type = MemRefType::get({int64_t(vectors * tile.lanes)}, op.getAccumulatorType());
    stack = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(cacheLine));
  }
  return stack;
}

//===----------------------------------------------------------------------===//
// Payload
//===----------------------------------------------------------------------===//

void TileEmitter::emitRow(const Point &at, Value m, ArrayRef<Value> sums, std::optional<Tail> tail) {
  SmallVector<Value> ivs(at.ivs);
  ivs[op.getMDim()] = m;
  for (auto [vector, sum] : llvm::enumerate(sums)) {
    int64_t column = vector * tile.lanes;
    ivs[op.getNDim()] = addIndex(b, loc, at.ivs[op.getNDim()], arith::ConstantIndexOp::create(b, loc, column));
    OpFoldResult valid = b.getIndexAttr(tile.lanes);
    if (tail)
      valid = affine::makeComposedFoldedAffineApply(b, loc, b.getAffineDimExpr(0) - b.getAffineDimExpr(1) - column,
                                                    {tail->end, at.n});
    std::optional<int64_t> known = getConstantIntValue(valid);
    if (known && *known <= 0)
      return;
    if (known && *known >= tile.lanes)
      emitPayload(ivs, sum, {tile.lanes, nullptr});
    else if (target.masks)
      emitPayload(
          ivs, sum,
          {tile.lanes, vector::CreateMaskOp::create(b, loc, VectorType::get(tile.lanes, b.getI1Type()), valid)});
    else
      emitScalars(ivs, sum, valid);
  }
}

void TileEmitter::emitScalars(SmallVector<Value> ivs, Value sum, OpFoldResult count) {
  Value stack = stackBuffer(1);
  vector::StoreOp::create(b, loc, sum, stack, zero);
  Value last =
      b.createOrFold<arith::MinSIOp>(loc, asValue(b, loc, count), arith::ConstantIndexOp::create(b, loc, tile.lanes));
  auto loop = createFinalLoop(b, loc, zero, last, 1, {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  ivs[op.getNDim()] = addIndex(b, loc, ivs[op.getNDim()], loop.getInductionVar());
  emitPayload(ivs, memref::LoadOp::create(b, loc, stack, loop.getInductionVar()), {1, nullptr});
}

void TileEmitter::emitPayload(ArrayRef<Value> ivs, Value sum, LaneShape shape) {
  Block &block = op.getPayload().front();
  SmallVector<unsigned> order = llvm::to_vector(llvm::seq<unsigned>(0, op.getKDim()));
  PayloadEmitter payload(b, loc, shape);
  payload.bind(block.getArgument(0), shape.lanes == 1 ? LaneValue(sum) : LaneValue::varying(sum));
  for (unsigned i = 0; i < op.getExtras().size(); ++i)
    payload.bind(block.getArgument(1 + i), epilogue[i].load(b, loc, ivs, order, op.getNDim(), shape));
  payload.emit(block);
  Value result = payload.materialize(cast<mk::YieldOp>(block.getTerminator()).getValue());
  epilogue.back().store(b, loc, result, ivs, order, op.getNDim(), shape);
}

} // namespace dlc
