//===- LowerAttention.cpp - Attention, a few rows at a time ----------------===//
//
// A tile is some rows of one head. It meets the columns in blocks: the scores of a block, their largest so far, their
// exponentials and sums, and what they mix of v, scaled so that it counts from the largest so far. Memory is that of a
// block a worker, however long the sequence (Milakov and Gimelshein, "Online normalizer calculation for softmax"; Dao et
// al., "FlashAttention").
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/DomainSlices.h"
#include "compiler/kernel/Epilogue.h"
#include "compiler/kernel/GemmSchedule.h"
#include "dialects/dl/AttentionPattern.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
namespace {

/// Columns of a block: its scores, and as many rows of k and v, stay in the second-level cache.
constexpr int64_t blockColumns = 512;
/// Register tiles of a tile's rows: each fetch of k and v serves all of them.
constexpr int64_t registerTiles = 4;

class AttentionBuilder {
public:
  AttentionBuilder(KernelFrame &f, const Target &target)
      : f(f), b(f.b), loc(f.loc), target(target), element(f.b.getF32Type()) {}

  LogicalResult run() {
    for (Operation *op : f.ops)
      if (auto product = dyn_cast<ProductOp>(op))
        if (std::optional<AttentionPattern> found = matchAttention(product))
          pattern = *found;
    if (!pattern.mix)
      return f.source.emitError("two products in one kernel that are not attention");
    findDomain();
    openTile();
    clear();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), step = arith::ConstantIndexOp::create(b, loc, blockColumns);
    auto loop = scf::ForOp::create(b, loc, zero, asIndex(f.dim(columns)), step);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      AffineExpr first = b.getAffineDimExpr(0), all = b.getAffineDimExpr(1);
      AffineMap left = AffineMap::get(2, 0, {b.getAffineConstantExpr(blockColumns), all - first}, b.getContext());
      SmallVector<OpFoldResult> operands{loop.getInductionVar(), f.dim(columns)};
      std::optional<int64_t> known = constantOf(columns);
      OpFoldResult count = known && *known % blockColumns == 0 ? OpFoldResult(b.getIndexAttr(blockColumns))
                                                               : affine::makeComposedFoldedAffineMin(b, loc, left, operands);
      emitBlock(loop.getInductionVar(), count);
    }
    write();
    return success();
  }

private:
  Value asIndex(OpFoldResult v) { return getValueOrCreateConstantIndexOp(b, loc, v); }
  Value constant(double v) { return arith::ConstantOp::create(b, loc, b.getFloatAttr(element, v)); }

  void findDomain() {
    scoreMaps = pattern.scores.productMaps();
    mixMaps = pattern.mix.productMaps();
    batch = mixMaps[2].getNumResults() - 2;
    domain = llvm::to_vector(f.dimsOf(pattern.mix->getResult(0)).getResults());
    columns = f.dimsOf(pattern.logits).getResults().back();
    Value k = pattern.scores->getOperand(1);
    depth = f.dimsOf(k).getResult(cast<RankedTensorType>(k.getType()).getRank() - 2);
    RegisterTile tile = chooseRegisterTile(element, element, cast<RankedTensorType>(k.getType()).getShape().back(), target);
    rows = registerTiles * tile.rows;
    if (std::optional<int64_t> known = constantOf(domain[batch]))
      rows = std::min<int64_t>(rows, std::max<int64_t>(*known, 1));
  }

  void openTile() {
    AffineExpr tiles = domain[batch].ceilDiv(rows);
    SmallVector<OpFoldResult> order;
    for (int64_t i = 0; i < batch; ++i) {
      order.push_back(f.dim(domain[i]));
      tiles = tiles * domain[i];
    }
    order.push_back(f.dim(domain[batch].ceilDiv(rows)));
    // Computed before the loop.
    OpFoldResult all = f.dim(domain[batch]);
    width = f.dim(domain[batch + 1]);
    (void)f.dim(columns);
    (void)f.dim(depth);
    for (Operation *op : f.ops)
      for (Value v : op->getOperands())
        if (f.inMemory(v))
          (void)f.dims(v);
    auto buffer = [&](ArrayRef<AffineExpr> dims) { return f.temporary(dimsOf(dims), dims, element); };
    AffineExpr most = b.getAffineConstantExpr(rows);
    scores = buffer({most, b.getAffineConstantExpr(blockColumns)});
    mixed = buffer({most, domain[batch + 1]});
    for (Value *rowwise : {&largest, &now, &shift, &decay, &sums})
      *rowwise = buffer({most});
    f.openTiles(tiles, 1);
    Value tile = cast<scf::ForOp>(b.getInsertionBlock()->getParentOp()).getInductionVar();
    places = f.delinearize(tile, order);
    rowBlock = Block::of(b, loc, places[batch], rows, all);
  }

  SmallVector<OpFoldResult> dimsOf(ArrayRef<AffineExpr> exprs) {
    return llvm::map_to_vector(exprs, [&](AffineExpr e) { return f.dim(e); });
  }

  /// The first `sizes` of a buffer.
  Value part(Value buffer, ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> from(sizes.size(), b.getIndexAttr(0)), strides(sizes.size(), b.getIndexAttr(1));
    return memref::SubViewOp::create(b, loc, buffer, from, sizes, strides);
  }
  Value ofRows(Value buffer) { return part(buffer, {rowBlock.size}); }

  void clear() {
    linalg::FillOp::create(b, loc, constant(-std::numeric_limits<double>::infinity()), ofRows(largest));
    // Without columns the result is 0, whatever it is divided by.
    Value none = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, asIndex(f.dim(columns)), asIndex(b.getIndexAttr(0)));
    linalg::FillOp::create(b, loc, arith::SelectOp::create(b, loc, none, constant(1), constant(0)).getResult(), ofRows(sums));
    linalg::FillOp::create(b, loc, constant(0), part(mixed, {rowBlock.size, width}));
  }

  using Body = function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>;
  /// An op over rows, or over rows and columns: operands of one dim are a row's.
  void generic(ArrayRef<Value> inputs, ArrayRef<Value> outputs, bool folds, Body body) {
    unsigned rank = 1;
    for (Value v : llvm::concat<const Value>(inputs, outputs))
      rank = std::max<unsigned>(rank, cast<MemRefType>(v.getType()).getRank());
    SmallVector<AffineMap> maps;
    for (Value v : llvm::concat<const Value>(inputs, outputs))
      maps.push_back(AffineMap::getMultiDimIdentityMap(rank, b.getContext())
                         .getMajorSubMap(cast<MemRefType>(v.getType()).getRank()));
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
    if (folds)
      iterators.back() = utils::IteratorType::reduction;
    linalg::GenericOp::create(b, loc, TypeRange{}, inputs, outputs, maps, iterators,
                              [&](OpBuilder &inner, Location at, ValueRange args) {
                                linalg::YieldOp::create(inner, at, body(inner, at, args));
                              });
  }

  void emitBlock(OpFoldResult first, OpFoldResult count) {
    Value block = part(scores, {rowBlock.size, count});
    emitScores(block, first, count);
    Value before = ofRows(largest), most = ofRows(now), from = ofRows(shift), factor = ofRows(decay), sum = ofRows(sums);
    generic({before}, {most}, false, [](OpBuilder &, Location, ValueRange a) { return SmallVector<Value>{a[0]}; });
    generic({block}, {most}, true, [](OpBuilder &inner, Location at, ValueRange a) {
      return SmallVector<Value>{arith::MaximumFOp::create(inner, at, a[1], a[0])};
    });
    // Exponentials count from the largest, or from 0 where all so far are -inf.
    generic({before, most, sum}, {from, factor, sum}, false, [&](OpBuilder &inner, Location at, ValueRange a) {
      Value lowest = arith::ConstantOp::create(
          inner, at, inner.getFloatAttr(element, -std::numeric_limits<double>::infinity()));
      Value zero = arith::ConstantOp::create(inner, at, inner.getFloatAttr(element, 0));
      Value none = arith::CmpFOp::create(inner, at, arith::CmpFPredicate::OEQ, a[1], lowest);
      Value start = arith::SelectOp::create(inner, at, none, zero, a[1]);
      Value scale = math::ExpOp::create(inner, at, arith::SubFOp::create(inner, at, a[0], start));
      return SmallVector<Value>{start, scale, arith::MulFOp::create(inner, at, a[2], scale)};
    });
    generic({most}, {before}, false, [](OpBuilder &, Location, ValueRange a) { return SmallVector<Value>{a[0]}; });
    generic({block, from}, {block, sum}, true, [](OpBuilder &inner, Location at, ValueRange a) {
      Value e = math::ExpOp::create(inner, at, arith::SubFOp::create(inner, at, a[0], a[1]));
      return SmallVector<Value>{e, arith::AddFOp::create(inner, at, a[3], e)};
    });
    emitMix(block, factor, first, count);
  }

  DomainSlices slicesOf() {
    DomainSlices slices(f, batch);
    for (int64_t i = 0; i < batch; ++i)
      slices.setBatch(i, places[i]);
    slices.set(0, rowBlock.offset, rowBlock.size);
    return slices;
  }
  AffineMap dims(ArrayRef<unsigned> positions) { return AffineMap::getMultiDimMapWithTargets(3, positions, b.getContext()); }

  /// f(q k^T) of the columns [first, first + count).
  void emitScores(Value block, OpFoldResult first, OpFoldResult count) {
    DomainSlices slices = slicesOf();
    slices.set(1, first, count);
    slices.set(2, b.getIndexAttr(0), f.dim(depth));
    SmallVector<AffineMap> maps(scoreMaps.begin(), scoreMaps.begin() + 2);
    Value q = slices.slice(pattern.scores->getOperand(0), maps[0]), k = slices.slice(pattern.scores->getOperand(1), maps[1]);
    SmallVector<Operation *> ops;
    for (Operation *op : f.ops)
      if (op == pattern.scores || isa<ConstantOp>(op) || llvm::is_contained(pattern.between, op) ||
          llvm::is_contained(pattern.beside, op))
        ops.push_back(op);
    Epilogue chain(f, pattern.scores, ops, pattern.logits);
    SmallVector<Value> extras;
    for (Value v : chain.extras())
      extras.push_back(slices.slice(v, maps.emplace_back(slices.broadcastMap(v, pattern.logits))));
    maps.push_back(dims({0, 1}));
    mk::BrgemmOp::create(b, loc, q, k, extras, block, maps, chain.accumulator(),
                         [&](OpBuilder &inner, Location at, ValueRange args) { return chain.emit(inner, at, args); });
  }

  /// What the block's rows of v add to what the blocks before have mixed.
  void emitMix(Value block, Value factor, OpFoldResult first, OpFoldResult count) {
    DomainSlices slices = slicesOf();
    slices.set(1, b.getIndexAttr(0), width);
    slices.set(2, first, count);
    SmallVector<AffineMap> maps{dims({0, 2}), mixMaps[1]};
    Value v = slices.slice(pattern.mix->getOperand(1), maps[1]), result = part(mixed, {rowBlock.size, width});
    maps.append({dims({0, 1}), dims({0}), dims({0, 1})});
    mk::BrgemmOp::create(b, loc, block, v, ValueRange{result, factor}, result, maps, element,
                         [&](OpBuilder &inner, Location at, ValueRange a) -> Value {
                           Value kept = arith::MulFOp::create(inner, at, a[1], a[2]);
                           return arith::AddFOp::create(inner, at, a[0], kept);
                         });
  }

  void write() {
    DomainSlices slices = slicesOf();
    slices.set(1, b.getIndexAttr(0), width);
    AffineMap map = mixMaps[2];
    Value out = slices.slice(pattern.mix->getResult(0), map), sum = ofRows(sums);
    generic({sum}, {sum}, false, [&](OpBuilder &inner, Location at, ValueRange a) {
      Value one = arith::ConstantOp::create(inner, at, inner.getFloatAttr(element, 1));
      return SmallVector<Value>{arith::DivFOp::create(inner, at, one, a[0])};
    });
    generic({part(mixed, {rowBlock.size, width}), sum}, {out}, false, [](OpBuilder &inner, Location at, ValueRange a) {
      return SmallVector<Value>{arith::MulFOp::create(inner, at, a[0], a[1])};
    });
  }

  KernelFrame &f;
  OpBuilder &b;
  Location loc;
  Target target;
  Type element;
  AttentionPattern pattern;
  SmallVector<AffineMap> scoreMaps, mixMaps;
  int64_t batch = 0, rows = 0;
  SmallVector<AffineExpr> domain; ///< (batch..., rows of q, columns of v)
  AffineExpr columns, depth;      ///< rows of k, columns of q
  OpFoldResult width;
  SmallVector<Value> places;
  Block rowBlock;
  // Of one tile: a block of scores, the result so far, and for each row the largest score before and with this block,
  // where its exponentials count from, what the earlier ones count now, and their sum.
  Value scores, mixed, largest, now, shift, decay, sums;
};
} // namespace

LogicalResult lowerAttention(KernelFrame &frame, const Target &target) { return AttentionBuilder(frame, target).run(); }

} // namespace dlc
