//===- ExpandMicrokernelsLoops.cpp - Loops around the register tiles -----===//
//
// batch, then columns that fit the cache, then rows, then the columns of that part: packed operand is fetched once and
// met by all rows, and the rows of one tile stay near while its columns pass.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizeLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace dlc {
namespace {

/// A range of columns, a multiple of the tile's columns wide.
struct Columns {
  OpFoldResult begin, end;
  std::optional<TileEmitter::Tail> tail; ///< set where the last tile reaches past N
  unsigned vectors;                      ///< of one tile
};

/// Of elements that widen by shifting, a convolution loads all that its rows need at once: fewer rows leave room for them.
RegisterTile tileFor(mk::ContractionOp op, const Target &target) {
  Type operand = getElementTypeOrSelf(op.getRhs().getType());
  RegisterTile tile = chooseRegisterTile(op.getAccumulatorType(), operand, op.getPanelColumns(), target);
  if (isa<mk::ConvOp>(op) && operand.isBF16())
    tile.rows = tile.mostRows = std::min(tile.rows, 8u);
  return tile;
}

class LoopNest {
public:
  LoopNest(OpBuilder &b, mk::ContractionOp op, const Target &target)
      : b(b), loc(op.getLoc()), op(op), target(target),
        tile(tileFor(op, target)),
        emitter(b, op, tile, target) {
    domain = op.getDomainExtents(b);
  }
  void emit() {
    SmallVector<Value> batch;
    emitBatch(batch);
  }

private:
  void emitBatch(SmallVector<Value> &batch);
  void emitParts(ValueRange batch, const Columns &columns);
  void emitRows(ValueRange batch, const Columns &columns);
  void emitRowTile(ValueRange batch, Value m, unsigned rows, const Columns &columns);
  Value columnsOfPart(const Columns &columns, int64_t granule);

  /// Runs `body` for first, first + step, ... below last: no loop where that is known to be once.
  void forEach(OpFoldResult first, OpFoldResult last, int64_t step, function_ref<void(OpFoldResult)> body) {
    createSteps(b, loc, first, last, step, body);
  }
  OpFoldResult apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(b, loc, expr, operands);
  }
  OpFoldResult min(OpFoldResult x, OpFoldResult y) {
    return affine::makeComposedFoldedAffineMin(b, loc, AffineMap::getMultiDimIdentityMap(2, b.getContext()), {x, y});
  }
  OpFoldResult roundDown(OpFoldResult first, OpFoldResult last, int64_t step) {
    AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
    return apply(d0 + (d1 - d0).floorDiv(step) * step, {first, last});
  }
  OpFoldResult M() { return domain[op.getMDim()]; }
  OpFoldResult N() { return domain[op.getNDim()]; }

  OpBuilder &b;
  Location loc;
  mk::ContractionOp op;
  const Target &target;
  RegisterTile tile;
  TileEmitter emitter;
  SmallVector<OpFoldResult> domain;
};

void LoopNest::emitBatch(SmallVector<Value> &batch) {
  if (batch.size() < op.getBatchRank()) {
    forEach(b.getIndexAttr(0), domain[batch.size()], 1, [&](OpFoldResult i) {
      batch.push_back(asValue(b, loc, i));
      emitBatch(batch);
      batch.pop_back();
    });
    return;
  }
  OpFoldResult zero = b.getIndexAttr(0);
  int64_t step = tile.columns();
  AffineExpr n = b.getAffineDimExpr(0);
  if (!getConstantIntValue(N()) && target.masks)
    return emitParts(batch, {zero, apply(n.ceilDiv(step) * step, N()), TileEmitter::Tail{N()}, tile.vectors});
  OpFoldResult whole = roundDown(zero, N(), step);
  emitParts(batch, {zero, whole, std::nullopt, tile.vectors});
  unsigned vectors = tile.vectors;
  if (std::optional<int64_t> known = getConstantIntValue(N()))
    vectors = llvm::divideCeil(*known % step, tile.lanes);
  if (vectors)
    emitRows(batch, {whole, apply(n.ceilDiv(step) * step, N()), TileEmitter::Tail{N()}, vectors});
}

/// How many columns the rows pass over before the next ones, where that depends on run-time extents. A single tile of
/// rows meets each column once and takes them all.
Value LoopNest::columnsOfPart(const Columns &columns, int64_t granule) {
  unsigned bytes = llvm::divideCeil(getElementTypeOrSelf(op.getRhs().getType()).getIntOrFloatBitWidth(), 8);
  auto constant = [&](int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); };
  Value one = constant(1);
  Value K = arith::MaxUIOp::create(b, loc, asValue(b, loc, domain[op.getKDim()]), one);
  Value granules = arith::DivUIOp::create(b, loc, constant(residentBytes / (granule * bytes)), K);
  Value part = arith::MulIOp::create(b, loc, arith::MaxUIOp::create(b, loc, granules, one), constant(granule));
  Value all = arith::MaxUIOp::create(
      b, loc, asValue(b, loc, apply(b.getAffineDimExpr(1) - b.getAffineDimExpr(0), {columns.begin, columns.end})), one);
  Value single = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, asValue(b, loc, M()), constant(tile.rows));
  return arith::SelectOp::create(b, loc, single, all, part);
}

void LoopNest::emitParts(ValueRange batch, const Columns &columns) {
  std::optional<int64_t> M = getConstantIntValue(this->M()), K = getConstantIntValue(domain[op.getKDim()]);
  std::optional<int64_t> begin = getConstantIntValue(columns.begin), end = getConstantIntValue(columns.end);
  if ((M && *M <= balancedRows(*M, tile)) || (begin && end && *end - *begin <= tile.columns()))
    return emitRows(batch, columns);
  unsigned bytes = llvm::divideCeil(getElementTypeOrSelf(op.getRhs().getType()).getIntOrFloatBitWidth(), 8);
  int64_t granule = blocksAtOnce(1, tile, target) * tile.columns();
  auto part = [&](OpFoldResult first, OpFoldResult last) {
    Columns some = columns;
    some.begin = first;
    some.end = min(last, columns.end);
    emitRows(batch, some);
  };
  if (K && M) {
    int64_t step = columnsInCache(*K * bytes, granule);
    if (begin && end && *end - *begin <= step)
      return emitRows(batch, columns);
    bool even = begin && end && (*end - *begin) % step == 0;
    forEach(columns.begin, columns.end, step, [&](OpFoldResult first) {
      OpFoldResult last = apply(b.getAffineDimExpr(0) + step, first);
      if (!even)
        return part(first, last);
      Columns some = columns;
      some.begin = first;
      some.end = last;
      emitRows(batch, some);
    });
    return;
  }
  Value step = columnsOfPart(columns, granule);
  auto loop = scf::ForOp::create(b, loc, asValue(b, loc, columns.begin), asValue(b, loc, columns.end), step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  part(first, apply(b.getAffineDimExpr(0) + b.getAffineDimExpr(1), {first, step}));
}

void LoopNest::emitRows(ValueRange batch, const Columns &columns) {
  OpFoldResult first = b.getIndexAttr(0);
  auto tilesOf = [&](unsigned rows) {
    OpFoldResult last = roundDown(first, M(), rows);
    forEach(first, last, rows, [&](OpFoldResult m) { emitRowTile(batch, asValue(b, loc, m), rows, columns); });
    first = last;
  };
  if (std::optional<int64_t> known = getConstantIntValue(M())) {
    unsigned rows = balancedRows(*known, tile);
    tilesOf(rows);
    if (*known % rows)
      tilesOf(*known % rows);
    return;
  }
  tilesOf(tile.rows);
  for (unsigned rows = 8; rows != 0; rows /= 2)
    if (rows < tile.rows)
      tilesOf(rows);
}

void LoopNest::emitRowTile(ValueRange batch, Value m, unsigned rows, const Columns &columns) {
  OpFoldResult first = columns.begin;
  unsigned blocks = blocksAtOnce(rows, tile, target);
  if (blocks > 1 && columns.vectors == tile.vectors) {
    // Packed operand ends with the panel that holds column N - 1.
    OpFoldResult inside = columns.tail ? min(columns.end, columns.tail->end) : columns.end;
    int64_t step = blocks * tile.columns();
    OpFoldResult last = roundDown(first, inside, step);
    forEach(first, last, step,
            [&](OpFoldResult n) { emitter.emit(batch, m, rows, n, blocks * tile.vectors, std::nullopt); });
    first = last;
  }
  forEach(first, columns.end, tile.columns(),
          [&](OpFoldResult n) { emitter.emit(batch, m, rows, n, columns.vectors, columns.tail); });
}
} // namespace

LogicalResult expandContraction(OpBuilder &b, mk::ContractionOp op, const Target &target) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!isa<MemRefType>(op.getInit().getType()) || !isa<MemRefType>(op.getRhs().getType()))
    return op->emitOpError("expects memrefs: bufferize before dlc-expand-microkernels");
  if (failed(cast<MemRefType>(op.getRhs().getType()).getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return op->emitOpError("expects the columns of a panel to be contiguous, got ") << op.getRhs().getType();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  LoopNest(b, op, target).emit();
  op->erase();
  return success();
}

} // namespace dlc
