//===- ExpandMicrokernelsTile.cpp - One register tile of a contraction ----===//
//
// The sums are carried by one loop over all of K; in each step the tile loads its vectors of packed operand once and
// broadcasts one factor a row. The payload runs on the sums before they are stored.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizeLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace dlc {

/// Steps of k between a vector's prefetch and its use: the time memory takes, at a few nanoseconds a step. Where memory
/// is what the steps wait for, its own prefetching runs ahead, and far requests only take the place of near ones.
static constexpr int64_t prefetchSteps = 64, prefetchStepsOfFewRows = 4;
static constexpr int64_t cacheLine = 64; // bytes
/// Longest chain of additions to one f32 sum: the rounding errors of longer ones outgrow those of a library that blocks
/// k. Sums of this many steps are added up beside the loop, for one instruction in about a hundred.
static constexpr int64_t chainOfSums = 256;

/// Where a tile starts, its batch indices included.
struct TileEmitter::Point {
  SmallVector<Value> ivs; ///< the domain's dims: b..., m, n, k
  OpFoldResult n;
};

static SmallVector<AffineMap> extraMapsOf(mk::ContractionOp op) {
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < op.getExtras().size(); ++i)
    maps.push_back(op.getExtraMap(i));
  return maps;
}

TileEmitter::TileEmitter(OpBuilder &b, mk::ContractionOp op, const RegisterTile &tile, const Target &target)
    : b(b), loc(op.getLoc()), op(op), tile(tile), target(target),
      payload(b, loc, op.getPayload().front(), op.getExtras(), extraMapsOf(op), op.getInit(), op.getOutMap(), op.getNDim(),
              target) {
  lhs = llvm::TypeSwitch<Operation *, std::unique_ptr<LeftRows>>(op.getOperation())
            .Case<mk::BrgemmOp, mk::ConvOp>([&](auto contraction) { return LeftRows::of(b, contraction); });
  rhs = flatten(b, loc, op.getRhs());
  zero = arith::ConstantIndexOp::create(b, loc, 0);
}

void TileEmitter::emit(ValueRange batch, Value m, unsigned rows, OpFoldResult n, unsigned vectors,
                       std::optional<Tail> tail) {
  Point at{SmallVector<Value>(batch), n};
  at.ivs.append({m, asValue(b, loc, n), zero});
  SmallVector<Value> sums = emitSums(at, rows, vectors);
  // Rows and registers of a row that go through the payload at once.
  unsigned across = std::min(vectors, payload.registersTogether());
  unsigned together = llvm::bit_floor(std::min(rows, payload.registersTogether() / across));
  if (payload.isShort() || (rows == together && vectors == across)) {
    for (unsigned row = 0; row < rows; row += together) {
      together = std::min(together, llvm::bit_floor(rows - row));
      emitRows(at, addIndex(b, loc, m, arith::ConstantIndexOp::create(b, loc, row)),
               ArrayRef(sums).slice(row * vectors, together * vectors), vectors, tail);
    }
    return;
  }
  // By way of a buffer in the first-level cache, a loop keeps the code of a long payload small, and LLVM from mixing
  // its turns until registers run out.
  Value stack = stackBuffer(rows * vectors);
  for (auto [i, sum] : llvm::enumerate(sums))
    vector::StoreOp::create(b, loc, sum, stack, arith::ConstantIndexOp::create(b, loc, i * tile.lanes).getResult());
  for (unsigned first = 0; first < rows; together = llvm::bit_floor(rows - first)) {
    unsigned last = first + (rows - first) / together * together;
    forEach(first, last, together, [&](Value row) {
      forEach(0, vectors, across, [&](Value vector) {
        Value column = scaleIndex(b, loc, vector, b.getIndexAttr(tile.lanes));
        Value start = addIndex(b, loc, scaleIndex(b, loc, row, b.getIndexAttr(vectors * tile.lanes)), column);
        SmallVector<Value> some;
        for (unsigned i = 0; i < together * across; ++i)
          some.push_back(
              vector::LoadOp::create(b, loc, cast<VectorType>(sums[0].getType()), stack,
                                     addIndex(b, loc, start, arith::ConstantIndexOp::create(b, loc, i * tile.lanes))));
        Point from = at;
        if (across < vectors)
          from.n = from.ivs[op.getNDim()] = addIndex(b, loc, at.ivs[op.getNDim()], column);
        emitRows(from, addIndex(b, loc, m, row), some, across, tail);
      });
    });
    first = last;
  }
}

/// A loop, unless it has but one turn.
void TileEmitter::forEach(unsigned first, unsigned last, unsigned step, function_ref<void(Value)> body) {
  Value from = arith::ConstantIndexOp::create(b, loc, first);
  if (first + step >= last)
    return body(from);
  auto loop = createFinalLoop(b, loc, from, arith::ConstantIndexOp::create(b, loc, last), step, {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

SmallVector<Value> TileEmitter::emitSums(const Point &at, unsigned rows, unsigned vectors) {
  SmallVector<Value> rhsVectors, ivs(at.ivs);
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
  auto sumType = VectorType::get(tile.lanes, op.getAccumulatorType());
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(sumType));
  int64_t ahead = rows <= fewRows ? prefetchStepsOfFewRows : prefetchSteps;
  return lhs->forEachRun(
      b, ArrayRef(at.ivs).take_front(op.getBatchRank()), at.ivs[op.getMDim()], rows,
      SmallVector<Value>(rows * vectors, none),
      [&](const LeftRows::Run &run, SmallVector<Value> sums) { return addRun(run, rhsVectors, ahead, sums); });
}

SmallVector<Value> TileEmitter::addRun(const LeftRows::Run &run, ArrayRef<Value> rhsVectors, int64_t ahead,
                                       SmallVector<Value> sums) {
  std::optional<int64_t> known = getConstantIntValue(run.count);
  if (!op.getAccumulatorType().isF32() || (known && *known <= chainOfSums))
    return addSteps(run, zero, run.count, rhsVectors, ahead, sums);
  scf::ForOp loop = createFinalLoop(b, loc, zero, run.count, chainOfSums, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  Value last = addIndex(b, loc, first, arith::ConstantIndexOp::create(b, loc, chainOfSums));
  if (!known || *known % chainOfSums)
    last = arith::MinSIOp::create(b, loc, last, run.count);
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(sums.front().getType()));
  SmallVector<Value> part = addSteps(run, first, last, rhsVectors, ahead, SmallVector<Value>(sums.size(), none)), next;
  for (auto [total, sum] : llvm::zip(loop.getRegionIterArgs(), part))
    next.push_back(arith::AddFOp::create(b, loc, total, sum));
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// Steps [first, last) of a run. `ahead`: steps of k between a prefetch of rhs and its use.
SmallVector<Value> TileEmitter::addSteps(const LeftRows::Run &run, Value first, Value last, ArrayRef<Value> rhsVectors,
                                         int64_t ahead, SmallVector<Value> sums) {
  auto sumType = cast<VectorType>(sums.front().getType());
  auto factorType = VectorType::get(tile.lanes, getElementTypeOrSelf(op.getRhs().getType()));
  unsigned bytes = llvm::divideCeil(factorType.getElementTypeBitWidth(), 8);
  OpFoldResult rhsStride = strideOfK(rhs, op.getRhsMap());
  Value rhsFirst = scaleIndex(b, loc, run.first, rhsStride);
  SmallVector<Value> starts = llvm::map_to_vector(rhsVectors, [&](Value v) { return addIndex(b, loc, v, rhsFirst); });
  scf::ForOp loop = createFinalLoop(b, loc, first, last, 1, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value k = loop.getInductionVar();
  Value lhsStep = scaleIndex(b, loc, k, run.stride), rhsStep = scaleIndex(b, loc, k, rhsStride);
  Value prefetched =
      addIndex(b, loc, rhsStep, scaleIndex(b, loc, arith::ConstantIndexOp::create(b, loc, ahead), rhsStride));
  SmallVector<Value> factors, next;
  for (auto [vector, start] : llvm::enumerate(starts)) {
    if (vector * tile.lanes * bytes % cacheLine == 0)
      memref::PrefetchOp::create(b, loc, rhs.buffer, addIndex(b, loc, start, prefetched), /*isWrite=*/false,
                                 /*localityHint=*/3, /*isDataCache=*/true);
    Value factor = vector::LoadOp::create(b, loc, factorType, rhs.buffer, addIndex(b, loc, start, rhsStep));
    factors.push_back(widen(factor, op.getUnsignedRhs()));
  }
  for (auto [buffer, address] : llvm::zip(run.buffers, run.addresses)) {
    Value element = memref::LoadOp::create(b, loc, buffer, addIndex(b, loc, address, lhsStep));
    Value all = vector::BroadcastOp::create(b, loc, sumType, widen(element, op.getUnsignedLhs()));
    for (Value factor : factors)
      next.push_back(multiplyAdd(all, factor, loop.getRegionIterArgs()[next.size()]));
  }
  scf::YieldOp::create(b, loc, next);
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

/// Of `vectors` registers of sums.
Value TileEmitter::stackBuffer(unsigned vectors) {
  return stackBuffers.get(b, op, op.getAccumulatorType(), vectors * tile.lanes);
}

//===----------------------------------------------------------------------===//
// Payload
//===----------------------------------------------------------------------===//

/// The payload of whole rows from m on. All registers go through it side by side, operation by operation: a chain of
/// dependent instructions a register would leave the multiply-add units idle.
void TileEmitter::emitRows(const Point &at, Value m, ArrayRef<Value> sums, unsigned vectors, std::optional<Tail> tail) {
  SmallVector<Place> places;
  SmallVector<Value> kept;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    int64_t column = i % vectors * tile.lanes;
    Place place{at.ivs, nullptr};
    place.ivs[op.getMDim()] = addIndex(b, loc, m, arith::ConstantIndexOp::create(b, loc, i / vectors));
    place.ivs[op.getNDim()] = addIndex(b, loc, at.ivs[op.getNDim()], arith::ConstantIndexOp::create(b, loc, column));
    OpFoldResult valid = b.getIndexAttr(tile.lanes);
    if (tail)
      valid = affine::makeComposedFoldedAffineApply(b, loc, b.getAffineDimExpr(0) - b.getAffineDimExpr(1) - column,
                                                    {tail->end, at.n});
    std::optional<int64_t> known = getConstantIntValue(valid);
    if (known && *known <= 0)
      continue;
    if (!known || *known < tile.lanes) {
      if (!target.masks) {
        emitScalars(place, sum, valid);
        continue;
      }
      place.mask = vector::CreateMaskOp::create(b, loc, VectorType::get(tile.lanes, b.getI1Type()), valid);
    }
    places.push_back(place);
    kept.push_back(sum);
  }
  payload.emit(places, kept, tile.lanes);
}

/// Without masked stores the last columns are done one by one.
void TileEmitter::emitScalars(Place place, Value sum, OpFoldResult count) {
  Value stack = stackBuffer(1);
  vector::StoreOp::create(b, loc, sum, stack, zero);
  Value last =
      b.createOrFold<arith::MinSIOp>(loc, asValue(b, loc, count), arith::ConstantIndexOp::create(b, loc, tile.lanes));
  auto loop = createFinalLoop(b, loc, zero, last, 1, {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  place.ivs[op.getNDim()] = addIndex(b, loc, place.ivs[op.getNDim()], loop.getInductionVar());
  payload.emit(place, memref::LoadOp::create(b, loc, stack, loop.getInductionVar()).getResult(), 1);
}

} // namespace dlc
