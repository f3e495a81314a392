//===- LowerWinograd.cpp - Convolutions by transformed windows -------------===//
//
// A block of tiles (2 x 2 results each) goes through four steps, all in memory of the worker that stays in the second-level
// cache: the places of the image that it reads, zeros around; these transformed, along one dim and then the other; for
// each of the 16 places of a transformed tile one product of all tiles' channels with that place's weights; and, a tile
// row at a time, the results transformed back and through the epilogue.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/Epilogue.h"
#include "compiler/kernel/GemmSchedule.h"
#include "compiler/kernel/VectorizeLoops.h"
#include "dialects/dl/ops/Winograd.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
namespace {
constexpr int64_t places = winogradPlaces, tileResults = winogradResults, border = places - tileResults;

class WinogradBuilder {
public:
  WinogradBuilder(KernelFrame &f, TransformedConvolutionOp op)
      : f(f), b(f.b), loc(f.loc), op(op), epilogue(f, op), element(elementOf(op->getOperand(0))) {}

  LogicalResult run() {
    AffineMap result = f.dimsOf(op->getResult(0));
    weights = typeOf(op->getOperand(1)).getShape();
    WinogradSchedule schedule =
        chooseWinogradSchedule(sizeOf(result.getResult(0)), sizeOf(result.getResult(1)), sizeOf(result.getResult(2)),
                               weights[2], op.getColumns(), tileResults, places);
    openBlock(result, schedule);
    gather();
    transformImage();
    int64_t cut = schedule.partColumns < op.getColumns() ? schedule.partColumns : 0;
    Block part = Block::of(b, loc, columnPart, cut, b.getIndexAttr(op.getColumns()));
    createSteps(b, loc, b.getIndexAttr(0), part.size, schedule.columns, [&](OpFoldResult first) {
      OpFoldResult from = add(part.offset, first);
      bool divides = op.getColumns() % schedule.columns == 0;
      AffineExpr x = b.getAffineDimExpr(0), all = b.getAffineDimExpr(1);
      AffineMap least = AffineMap::get(2, 0, {b.getAffineConstantExpr(schedule.columns), all - x}, b.getContext());
      OpFoldResult count = divides ? b.getIndexAttr(schedule.columns)
                                   : affine::makeComposedFoldedAffineMin(b, loc, least, {first, part.size});
      multiply(from, count);
      write(from, count);
    });
    return success();
  }

private:
  static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
  static Type elementOf(Value v) { return typeOf(v).getElementType(); }
  static int64_t sizeOf(AffineExpr e) { return constantOf(e).value_or(ShapedType::kDynamic); }
  Value asIndex(OpFoldResult v) { return getValueOrCreateConstantIndexOp(b, loc, v); }
  OpFoldResult constant(int64_t v) { return b.getIndexAttr(v); }
  OpFoldResult apply(AffineExpr e, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(b, loc, e, operands);
  }
  OpFoldResult add(OpFoldResult x, OpFoldResult y) { return apply(b.getAffineDimExpr(0) + b.getAffineDimExpr(1), {x, y}); }
  OpFoldResult multiplied(OpFoldResult x, OpFoldResult y) {
    return affine::makeComposedFoldedAffineApply(b, loc, b.getAffineDimExpr(0) * b.getAffineSymbolExpr(0), {x, y});
  }

  /// The loop over blocks of tiles; inside, where this one is.
  void openBlock(AffineMap result, const WinogradSchedule &schedule) {
    SmallVector<AffineExpr> tiles, blocks{result.getResult(0)};
    for (unsigned d : {0, 1}) {
      tiles.push_back(result.getResult(1 + d).ceilDiv(tileResults));
      blocks.push_back(tiles[d].ceilDiv(schedule.tiles[d]));
    }
    // Neighbours read the same weights.
    blocks.insert(blocks.begin() + 1, b.getAffineConstantExpr(llvm::divideCeil(op.getColumns(), schedule.partColumns)));
    AffineExpr all = b.getAffineConstantExpr(1);
    SmallVector<OpFoldResult> order, tileCounts;
    for (AffineExpr e : blocks) {
      all = all * e;
      order.push_back(f.dim(e));
    }
    for (AffineExpr e : tiles)
      tileCounts.push_back(f.dim(e));
    for (Operation *inner : f.ops)
      for (Value v : inner->getOperands())
        if (f.inMemory(v))
          (void)f.dims(v);
    results = f.dims(f.outputs.front());
    allocate(schedule);
    f.openTiles(all, schedule.grain);
    Value block = cast<scf::ForOp>(b.getInsertionBlock()->getParentOp()).getInductionVar();
    SmallVector<Value> place = f.delinearize(block, order);
    image = place[0];
    columnPart = place[1];
    for (unsigned d : {0, 1}) {
      Block own = Block::of(b, loc, place[2 + d], schedule.tiles[d], tileCounts[d]);
      AffineExpr x = b.getAffineDimExpr(0);
      tileCount[d] = own.size;
      firstResult[d] = apply(x * tileResults, {own.offset});
      patchSize[d] = apply(x * tileResults + border, {own.size});
    }
  }

  void allocate(const WinogradSchedule &schedule) {
    auto buffer = [&](ArrayRef<int64_t> shape) {
      SmallVector<OpFoldResult> sizes;
      SmallVector<AffineExpr> exprs;
      for (int64_t s : shape) {
        sizes.push_back(b.getIndexAttr(s));
        exprs.push_back(b.getAffineConstantExpr(s));
      }
      return f.temporary(sizes, exprs, element);
    };
    int64_t rows = schedule.tiles[0], columns = schedule.tiles[1], channels = weights[2];
    int64_t width = tileResults * columns + border;
    patch = buffer({tileResults * rows + border, width, channels});
    across = buffer({places, width, channels});
    transformed = buffer({places * places, rows * columns, channels});
    products = buffer({places * places, rows * columns, schedule.columns});
    tileRow = buffer({tileResults, tileResults * columns, schedule.columns});
  }

  /// The part of `buffer` from `from` on, steps of `strides`; the first `dropped` dims, of size 1, are left out.
  Value part(Value buffer, ArrayRef<OpFoldResult> from, ArrayRef<OpFoldResult> sizes, unsigned dropped = 0,
             ArrayRef<int64_t> steps = {}) {
    SmallVector<OpFoldResult> strides(from.size(), b.getIndexAttr(1));
    for (auto [i, s] : llvm::enumerate(steps))
      strides[i] = b.getIndexAttr(s);
    SmallVector<int64_t> shape;
    for (OpFoldResult s : sizes.drop_front(dropped))
      shape.push_back(getConstantIntValue(s).value_or(ShapedType::kDynamic));
    auto type = memref::SubViewOp::inferRankReducedResultType(shape, cast<MemRefType>(buffer.getType()), from, sizes, strides);
    return memref::SubViewOp::create(b, loc, cast<MemRefType>(type), buffer, from, sizes, strides);
  }

  using Body = function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>;
  void generic(ArrayRef<Value> inputs, ArrayRef<Value> outputs, Body body, ArrayRef<AffineMap> maps = {}) {
    unsigned rank = cast<MemRefType>(outputs[0].getType()).getRank();
    SmallVector<AffineMap> all(maps);
    if (all.empty())
      all.assign(inputs.size() + outputs.size(), b.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
    linalg::GenericOp::create(b, loc, TypeRange{}, inputs, outputs, all, iterators,
                              [&](OpBuilder &inner, Location at, ValueRange args) {
                                linalg::YieldOp::create(inner, at, body(inner, at, args));
                              });
  }

  /// Sums of `values` with the factors of a row of a matrix, which are 0, 1 or -1.
  template <size_t N> static Value combine(OpBuilder &b, Location loc, const double (&factors)[N], ArrayRef<Value> values) {
    Value sum;
    for (double sign : {1.0, -1.0})
      for (size_t i = 0; i < N; ++i) {
        assert(factors[i] == 0 || factors[i] == 1 || factors[i] == -1);
        if (factors[i] != sign)
          continue;
        if (!sum && sign > 0)
          sum = values[i];
        else
          sum = sign > 0 ? arith::AddFOp::create(b, loc, sum, values[i]).getResult()
                         : arith::SubFOp::create(b, loc, sum, values[i]).getResult();
      }
    return sum;
  }

  /// Emits `body` for each of `count`.
  void forEach(OpFoldResult count, function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, asIndex(constant(0)), asIndex(count), asIndex(constant(1)));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  /// The places of the image that the block's tiles read; zeros for those outside.
  void gather() {
    Value x = op->getOperand(0);
    SmallVector<OpFoldResult> dims = f.dims(x), from{image}, count{constant(1)}, to, zeros(3, constant(0));
    Value isInside = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    for (unsigned d : {0, 1}) {
      AffineExpr first = b.getAffineDimExpr(0) - op.getPadsLow()[d], all = b.getAffineDimExpr(1), wanted = b.getAffineDimExpr(2);
      OpFoldResult start = firstResult[d];
      auto map = [&](ArrayRef<AffineExpr> exprs) { return AffineMap::get(3, 0, exprs, b.getContext()); };
      SmallVector<OpFoldResult> operands{start, dims[1 + d], patchSize[d]};
      AffineExpr none = b.getAffineConstantExpr(0);
      OpFoldResult skipped = affine::makeComposedFoldedAffineMax(b, loc, map({none, -first}), operands);
      OpFoldResult end = affine::makeComposedFoldedAffineMin(b, loc, map({wanted, all - first}), operands);
      OpFoldResult size = affine::makeComposedFoldedAffineMax(
          b, loc, AffineMap::get(2, 0, {none, b.getAffineDimExpr(0) - b.getAffineDimExpr(1)}, b.getContext()), {end, skipped});
      to.push_back(skipped);
      from.push_back(affine::makeComposedFoldedAffineMax(b, loc, map({none, first}), operands));
      count.push_back(size);
      Value whole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, asIndex(size), asIndex(patchSize[d]));
      isInside = arith::AndIOp::create(b, loc, isInside, whole);
    }
    from.push_back(constant(0));
    count.push_back(constant(weights[2]));
    to.push_back(constant(0));
    Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    auto atBorder = scf::IfOp::create(b, loc, arith::XOrIOp::create(b, loc, isInside, yes), /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(atBorder.thenBlock());
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
      linalg::FillOp::create(b, loc, zero, part(patch, zeros, {patchSize[0], patchSize[1], constant(weights[2])}));
    }
    generic({part(f.view(x), from, count, 1)}, {part(patch, to, ArrayRef(count).drop_front())},
            [](OpBuilder &, Location, ValueRange a) { return SmallVector<Value>{a[0]}; });
  }

  /// B^T x B, a row of tiles at a time: down the columns of the image, then along the rows.
  void transformImage() {
    OpFoldResult channels = constant(weights[2]);
    auto rowOf = [&](OpBuilder &inner, Location at, ValueRange a) {
      SmallVector<Value> values(a.take_front(places)), sums;
      for (const auto &row : winogradInput)
        sums.push_back(combine(inner, at, row, values));
      return sums;
    };
    forEach(tileCount[0], [&](Value i) {
      SmallVector<Value> rows, columns;
      for (int64_t p = 0; p < places; ++p) {
        OpFoldResult row = apply(b.getAffineDimExpr(0) * tileResults + p, {OpFoldResult(i)});
        rows.push_back(part(patch, {row, constant(0), constant(0)}, {constant(1), patchSize[1], channels}, 1));
        columns.push_back(part(across, {constant(p), constant(0), constant(0)}, {constant(1), patchSize[1], channels}, 1));
      }
      generic(rows, columns, rowOf);
      OpFoldResult firstTile = multiplied(i, tileCount[1]);
      forEach(constant(places), [&](Value p) {
        SmallVector<Value> from, to;
        for (int64_t q = 0; q < places; ++q) {
          from.push_back(part(across, {OpFoldResult(p), constant(q), constant(0)}, {constant(1), tileCount[1], channels}, 1,
                              {1, tileResults, 1}));
          OpFoldResult place = apply(b.getAffineDimExpr(0) * places + q, {OpFoldResult(p)});
          to.push_back(part(transformed, {place, firstTile, constant(0)}, {constant(1), tileCount[1], channels}, 1));
        }
        generic(from, to, rowOf);
      });
    });
  }

  /// For each place of the transformed tiles: all tiles' channels times the weights of `count` results.
  void multiply(OpFoldResult first, OpFoldResult count) {
    MLIRContext *context = b.getContext();
    Value w = f.view(op->getOperand(1));
    AffineExpr m = getAffineDimExpr(0, context), n = getAffineDimExpr(1, context), k = getAffineDimExpr(2, context);
    int64_t panel = weights[3];
    AffineExpr x = b.getAffineDimExpr(0);
    OpFoldResult firstPanel = apply(x.floorDiv(panel), {first}), panels = apply(x.ceilDiv(panel), {count});
    OpFoldResult tiles = multiplied(tileCount[0], tileCount[1]), zero = constant(0), one = constant(1);
    SmallVector<AffineMap> maps{AffineMap::get(3, 0, {m, k}, context),
                                AffineMap::get(3, 0, {n.floorDiv(panel), k, n % panel}, context),
                                AffineMap::get(3, 0, {m, n}, context)};
    forEach(constant(places * places), [&](Value p) {
      Value lhs = part(transformed, {OpFoldResult(p), zero, zero}, {one, tiles, constant(weights[2])}, 1);
      Value rhs = part(w, {OpFoldResult(p), firstPanel, zero, zero}, {one, panels, constant(weights[2]), constant(panel)}, 1);
      Value out = part(products, {OpFoldResult(p), zero, zero}, {one, tiles, count}, 1);
      mk::BrgemmOp::create(b, loc, lhs, rhs, ValueRange{}, out, maps, element);
    });
  }

  /// A^T y A and the epilogue, a row of tiles at a time.
  void write(OpFoldResult first, OpFoldResult count) {
    OpFoldResult zero = constant(0), one = constant(1);
    forEach(tileCount[0], [&](Value i) {
      OpFoldResult firstTile = multiplied(i, tileCount[1]);
      SmallVector<Value> from, to;
      for (int64_t p = 0; p < places * places; ++p)
        from.push_back(part(products, {constant(p), firstTile, zero}, {one, tileCount[1], count}, 1));
      for (int64_t r = 0; r < tileResults * tileResults; ++r)
        to.push_back(part(tileRow, {constant(r / tileResults), constant(r % tileResults), zero}, {one, tileCount[1], count}, 1,
                          {1, tileResults, 1}));
      generic(from, to, [](OpBuilder &inner, Location at, ValueRange a) {
        SmallVector<SmallVector<Value>> across(tileResults);
        for (int64_t q = 0; q < places; ++q) {
          SmallVector<Value> column;
          for (int64_t p = 0; p < places; ++p)
            column.push_back(a[p * places + q]);
          for (int64_t r = 0; r < tileResults; ++r)
            across[r].push_back(combine(inner, at, winogradOutput[r], column));
        }
        SmallVector<Value> sums;
        for (int64_t r = 0; r < tileResults * tileResults; ++r)
          sums.push_back(combine(inner, at, winogradOutput[r % tileResults], across[r / tileResults]));
        return sums;
      });
      writeRows(i, first, count);
    });
  }

  /// The epilogue on the results of tile row `i` that are in the image.
  void writeRows(Value i, OpFoldResult first, OpFoldResult count) {
    AffineExpr x = b.getAffineDimExpr(0), y = b.getAffineDimExpr(1), z = b.getAffineDimExpr(2);
    OpFoldResult row = apply(x * tileResults + y, {OpFoldResult(i), firstResult[0]});
    AffineMap left = AffineMap::get(2, 0, {b.getAffineConstantExpr(tileResults), y - x}, b.getContext());
    OpFoldResult rows = affine::makeComposedFoldedAffineMin(b, loc, left, {row, results[1]});
    AffineMap inside = AffineMap::get(3, 0, {z * tileResults, y - x}, b.getContext());
    OpFoldResult columns = affine::makeComposedFoldedAffineMin(b, loc, inside, {firstResult[1], results[2], tileCount[1]});
    SmallVector<OpFoldResult> from{image, row, firstResult[1], first}, sizes{constant(1), rows, columns, count};
    SmallVector<Value> inputs{part(tileRow, SmallVector<OpFoldResult>(3, constant(0)), {rows, columns, count})};
    SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(3)};
    for (Value v : epilogue.extras())
      maps.push_back(slice(v, from, sizes, inputs.emplace_back()));
    Value out;
    maps.push_back(slice(f.outputs.front(), from, sizes, out));
    generic(inputs, {out}, [&](OpBuilder &inner, Location at, ValueRange a) {
      return SmallVector<Value>{epilogue.emit(inner, at, a.drop_back())};
    }, maps);
  }

  /// What the results [from, from + sizes) need of the result or of an operand that broadcasts to it, as numpy does;
  /// returns its map of (row, column, channel).
  AffineMap slice(Value v, ArrayRef<OpFoldResult> from, ArrayRef<OpFoldResult> sizes, Value &buffer) {
    int64_t rank = typeOf(v).getRank(), missing = from.size() - rank;
    bool isResult = v == f.outputs.front();
    SmallVector<OpFoldResult> start, count;
    SmallVector<bool> kept;
    SmallVector<AffineExpr> exprs;
    for (int64_t d = 0; d < rank; ++d) {
      bool broadcasts = !isResult && typeOf(v).getDimSize(d) == 1;
      start.push_back(broadcasts ? constant(0) : from[missing + d]);
      count.push_back(broadcasts ? constant(1) : sizes[missing + d]);
      kept.push_back(!broadcasts && missing + d > 0);
      if (kept.back())
        exprs.push_back(b.getAffineDimExpr(missing + d - 1));
    }
    buffer = partOf(b, loc, f.view(v), start, count, kept);
    return AffineMap::get(3, 0, exprs, b.getContext());
  }

  KernelFrame &f;
  OpBuilder &b;
  Location loc;
  TransformedConvolutionOp op;
  Epilogue epilogue;
  Type element;
  ArrayRef<int64_t> weights; ///< [places, panels, channels, columns of a panel]
  SmallVector<OpFoldResult> results;
  Value image, columnPart;
  /// Of the block, along the two spatial dims: its tiles, its first result, and the places of the image that it reads.
  OpFoldResult tileCount[2], firstResult[2], patchSize[2];
  // Of one block: the places that it reads; of one row of tiles, these transformed down the columns; all of it
  // transformed; and of some result channels the products, and a row of tiles transformed back.
  Value patch, across, transformed, products, tileRow;
};
} // namespace

LogicalResult lowerWinograd(KernelFrame &frame) {
  for (Operation *op : frame.ops)
    if (auto convolution = dyn_cast<TransformedConvolutionOp>(op))
      return WinogradBuilder(frame, convolution).run();
  return failure();
}

} // namespace dlc
