//===- ExpandMicrokernelsWindow.cpp - mk.window as loops over registers -----===//
//
// Rows, then columns (the last spatial dim), then channels, then the places of the window. Accumulators of a few columns and
// one vector of channels stay in registers, so that weights are loaded once for all of these columns and a combination takes
// its element of the image straight from memory. Places outside of the image are not visited: along the outer dims the loops
// over the window start late or end early; columns whose windows reach out are done one at a time, several vectors of
// channels side by side, and all between them are known to lie inside.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizeLoops.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace dlc {
namespace {

/// Accumulators of a tile, of every so many registers; of a column on its own, vectors side by side.
constexpr unsigned registersOfTile = 12, registersOfTileWith16 = 8, vectorsOfColumn = 4;
/// Combinations of a tile that are unrolled over a row of the window; more go round a loop.
constexpr int64_t mostUnrolled = 64;

/// From `first` up to, not including, `last`.
struct Span {
  OpFoldResult first, last;
};

/// A tile: `columns` columns from `column` on, `vectors` registers of `lanes` channels from `channel` on.
struct Tile {
  Value column, channel;
  unsigned columns, vectors, lanes;
  Value mask; ///< of the channels; null: all
  Span taps;  ///< along the columns
};

class WindowEmitter {
public:
  WindowEmitter(OpBuilder &b, mk::WindowOp op, const Target &target)
      : b(b), loc(op.getLoc()), op(op), target(target), spatial(op.getSpatialRank()), image(flatten(b, loc, op.getImage())),
        store(b, loc, op.getPayload().front(), op.getExtras(), extraMaps(op), op.getInit(),
              AffineMap::getMultiDimIdentityMap(spatial + 1, b.getContext()), spatial, target) {
    for (Value w : op.getWeights())
      weights.push_back(flatten(b, loc, w));
    lanes = std::max(1u, target.lanes(std::max(8u, op.getAccumulatorType().getIntOrFloatBitWidth())));
    mostColumns = target.vectorRegisters == 32 ? registersOfTile : registersOfTileWith16;
    // Without masks the last channels are done one by one, and a narrow image has only those.
    channels = memref::getMixedSize(b, loc, op.getInit(), spatial);
  }

  void emit() {
    Value address = asValue(b, loc, image.offset);
    emitRows(0, address);
  }

private:
  static SmallVector<AffineMap> extraMaps(mk::WindowOp op) {
    SmallVector<AffineMap> maps;
    for (unsigned i = 0; i < op.getExtras().size(); ++i)
      maps.push_back(op.getExtraMap(i));
    return maps;
  }
  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  OpFoldResult apply(AffineExpr e, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(b, loc, e, operands);
  }
  OpFoldResult bounded(OpFoldResult v, OpFoldResult least, OpFoldResult most) {
    AffineMap both = AffineMap::getMultiDimIdentityMap(2, b.getContext());
    OpFoldResult atMost = affine::makeComposedFoldedAffineMin(b, loc, both, {v, most});
    return affine::makeComposedFoldedAffineMax(b, loc, both, {atMost, least});
  }
  OpFoldResult sizeOf(unsigned d) { return memref::getMixedSize(b, loc, op.getImage(), d); }
  OpFoldResult extentOf(unsigned d) { return memref::getMixedSize(b, loc, op.getInit(), d); }
  /// The place in the image of the first of the window of result place `e` along `d`, which may lie outside.
  OpFoldResult firstPlace(unsigned d, OpFoldResult e) {
    AffineExpr x = b.getAffineDimExpr(0), first = b.getAffineDimExpr(1);
    OpFoldResult zero = b.getIndexAttr(0);
    return apply((x + first) * op.getStrides()[d] - op.getPadsLow()[d], {e, d == 0 ? OpFoldResult(op.getFirst()) : zero});
  }

  void forEach(OpFoldResult first, OpFoldResult last, int64_t step, function_ref<void(OpFoldResult)> body);
  SmallVector<Value> fold(Span span, SmallVector<Value> sums, function_ref<SmallVector<Value>(OpFoldResult, SmallVector<Value>)> body);
  Span tapsAt(unsigned d, OpFoldResult place);
  void emitRows(unsigned d, Value address);
  void emitColumns(Value address);
  void emitInside(Value address, Span columns);
  void emitChannels(Value address, Tile tile);
  void emitTile(Value address, const Tile &tile);
  SmallVector<Value> overWindow(unsigned d, const Tile &tile, Value address, SmallVector<Value> weightAddresses,
                                SmallVector<Value> sums);
  SmallVector<Value> combine(const Tile &tile, Value address, ArrayRef<Value> weightAddresses, SmallVector<Value> sums);
  LaneValue load(const FlatView &view, Value address, const Tile &tile);

  OpBuilder &b;
  Location loc;
  mk::WindowOp op;
  const Target &target;
  unsigned spatial, lanes, mostColumns;
  FlatView image;
  SmallVector<FlatView> weights;
  PayloadStore store;
  OpFoldResult channels;
  SmallVector<Value> rows; ///< places of the result along the outer dims
  SmallVector<Span> taps;  ///< along the outer dims
};

/// No loop where that is known to be once.
void WindowEmitter::forEach(OpFoldResult first, OpFoldResult last, int64_t step, function_ref<void(OpFoldResult)> body) {
  std::optional<int64_t> from = getConstantIntValue(first), to = getConstantIntValue(last);
  if (from && to && *from >= *to)
    return;
  if (from && to && *from + step >= *to)
    return body(first);
  auto loop = createFinalLoop(b, loc, asValue(b, loc, first), asValue(b, loc, last), step, {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> WindowEmitter::fold(Span span, SmallVector<Value> sums,
                                       function_ref<SmallVector<Value>(OpFoldResult, SmallVector<Value>)> body) {
  std::optional<int64_t> from = getConstantIntValue(span.first), to = getConstantIntValue(span.last);
  if (from && to && *from + 1 == *to)
    return body(span.first, std::move(sums));
  auto loop = createFinalLoop(b, loc, asValue(b, loc, span.first), asValue(b, loc, span.last), 1, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), SmallVector<Value>(loop.getRegionIterArgs()));
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// The places of the window along `d` that lie inside of the image, `place` being the image's place of the first.
Span WindowEmitter::tapsAt(unsigned d, OpFoldResult place) {
  int64_t dilation = op.getDilations()[d];
  OpFoldResult all = b.getIndexAttr(op.getWindow()[d]), none = b.getIndexAttr(0), size = sizeOf(d), extent = extentOf(d);
  std::optional<int64_t> known = getConstantIntValue(size), results = getConstantIntValue(extent);
  bool all0 = op.getPadsLow()[d] <= 0 && known && results && (d != 0 || op.getWindow()[d] == 1) &&
              (*results - 1) * op.getStrides()[d] - op.getPadsLow()[d] + (op.getWindow()[d] - 1) * dilation < *known;
  if (all0)
    return {none, all};
  AffineExpr p = b.getAffineDimExpr(0), s = b.getAffineDimExpr(1);
  OpFoldResult first = bounded(apply((-p).ceilDiv(dilation), {place}), none, all);
  OpFoldResult last = bounded(apply((s - p).ceilDiv(dilation), {place, size}), first, all);
  return {first, last};
}

void WindowEmitter::emitRows(unsigned d, Value address) {
  if (d + 1 == spatial)
    return emitColumns(address);
  forEach(b.getIndexAttr(0), extentOf(d), 1, [&](OpFoldResult e) {
    OpFoldResult place = firstPlace(d, e);
    rows.push_back(asValue(b, loc, e));
    taps.push_back(tapsAt(d, place));
    emitRows(d + 1, addIndex(b, loc, address, scaleIndex(b, loc, asValue(b, loc, place), image.strides[d])));
    rows.pop_back();
    taps.pop_back();
  });
}

/// `address` is that of column 0 of the image.
void WindowEmitter::emitColumns(Value address) {
  unsigned d = spatial - 1;
  int64_t stride = op.getStrides()[d], low = op.getPadsLow()[d], reach = (op.getWindow()[d] - 1) * op.getDilations()[d];
  OpFoldResult zero = b.getIndexAttr(0), end = extentOf(d), first = d == 0 ? OpFoldResult(op.getFirst()) : zero;
  AffineExpr f = b.getAffineDimExpr(0), s = b.getAffineDimExpr(1);
  // Windows that start at the image's first column or behind, and end at its last or before.
  OpFoldResult insideFrom = bounded(apply(b.getAffineConstantExpr(llvm::divideCeilSigned(low, stride)) - f, {first}), zero, end);
  OpFoldResult insideTo =
      bounded(apply((s + (low - reach - 1)).floorDiv(stride) + 1 - f, {first, sizeOf(d)}), insideFrom, end);
  auto edge = [&](Span columns) {
    forEach(columns.first, columns.last, 1, [&](OpFoldResult e) {
      OpFoldResult place = firstPlace(d, e);
      Tile tile{asValue(b, loc, e), {}, 1, vectorsOfColumn, lanes, {}, tapsAt(d, place)};
      emitChannels(addIndex(b, loc, address, scaleIndex(b, loc, asValue(b, loc, place), image.strides[d])), tile);
    });
  };
  edge({zero, insideFrom});
  emitInside(address, {insideFrom, insideTo});
  edge({insideTo, end});
}

void WindowEmitter::emitInside(Value address, Span columns) {
  unsigned d = spatial - 1;
  Span all{b.getIndexAttr(0), b.getIndexAttr(op.getWindow()[d])};
  OpFoldResult first = columns.first;
  auto tilesOf = [&](unsigned count) {
    AffineExpr x = b.getAffineDimExpr(0), y = b.getAffineDimExpr(1);
    OpFoldResult last = apply(x + (y - x).floorDiv(count) * count, {first, columns.last});
    forEach(first, last, count, [&](OpFoldResult e) {
      OpFoldResult place = firstPlace(d, e);
      Tile tile{asValue(b, loc, e), {}, count, std::max(1u, vectorsOfColumn / count), lanes, {}, all};
      emitChannels(addIndex(b, loc, address, scaleIndex(b, loc, asValue(b, loc, place), image.strides[d])), tile);
    });
    first = last;
  };
  std::optional<int64_t> from = getConstantIntValue(columns.first), to = getConstantIntValue(columns.last);
  if (from && to) {
    if (*to == *from)
      return;
    // Tiles as even as can be.
    int64_t count = *to - *from, tiles = llvm::divideCeil(count, mostColumns), most = llvm::divideCeil(count, tiles);
    tilesOf(most);
    if (count % most)
      tilesOf(count % most);
    return;
  }
  for (unsigned count = 8; count != 0; count /= 2)
    tilesOf(count);
}

/// `address`: of channel 0 of the first place of the first column's window.
void WindowEmitter::emitChannels(Value address, Tile tile) {
  OpFoldResult first = b.getIndexAttr(0);
  AffineExpr x = b.getAffineDimExpr(0), y = b.getAffineDimExpr(1);
  auto blocksOf = [&](unsigned vectors, unsigned lanes) {
    int64_t step = vectors * lanes;
    OpFoldResult last = apply(x + (y - x).floorDiv(step) * step, {first, channels});
    tile.vectors = vectors;
    tile.lanes = lanes;
    forEach(first, last, step, [&](OpFoldResult n) {
      tile.channel = asValue(b, loc, n);
      emitTile(address, tile);
    });
    first = last;
  };
  if (tile.vectors > 1)
    blocksOf(tile.vectors, lanes);
  blocksOf(1, lanes);
  if (!target.masks) {
    for (unsigned fewer = lanes / 2; fewer > 0; fewer /= 2)
      if (fewer * op.getAccumulatorType().getIntOrFloatBitWidth() >= 128 || fewer == 1)
        blocksOf(1, fewer);
    return;
  }
  tile.vectors = 1;
  tile.lanes = lanes;
  forEach(first, channels, lanes, [&](OpFoldResult n) {
    tile.channel = asValue(b, loc, n);
    OpFoldResult rest = apply(y - x, {n, channels});
    tile.mask = vector::CreateMaskOp::create(b, loc, VectorType::get(lanes, b.getI1Type()), rest);
    emitTile(address, tile);
  });
}

void WindowEmitter::emitTile(Value address, const Tile &tile) {
  unsigned count = tile.columns * tile.vectors;
  Value start = arith::ConstantOp::create(b, loc, op.getStart());
  SmallVector<Value> sums(count, materialize(b, loc, start, tile.lanes)), weightAddresses;
  for (const FlatView &w : weights)
    weightAddresses.push_back(addIndex(b, loc, asValue(b, loc, w.offset), tile.channel));
  sums = overWindow(0, tile, addIndex(b, loc, address, tile.channel), weightAddresses, std::move(sums));
  SmallVector<PayloadStore::Place> places;
  for (unsigned i = 0; i < count; ++i) {
    PayloadStore::Place place{rows, tile.mask};
    place.ivs.push_back(addIndex(b, loc, tile.column, constant(i / tile.vectors)));
    place.ivs.push_back(addIndex(b, loc, tile.channel, constant(i % tile.vectors * tile.lanes)));
    places.push_back(place);
  }
  unsigned together = store.registersTogether();
  for (unsigned i = 0; i < count; i += together) {
    unsigned some = std::min(together, count - i);
    store.emit(ArrayRef(places).slice(i, some), ArrayRef(sums).slice(i, some), tile.lanes);
  }
}

SmallVector<Value> WindowEmitter::overWindow(unsigned d, const Tile &tile, Value address, SmallVector<Value> weightAddresses,
                                             SmallVector<Value> sums) {
  if (d == spatial)
    return combine(tile, address, weightAddresses, std::move(sums));
  auto body = [&](OpFoldResult k, SmallVector<Value> carried) {
    Value step = asValue(b, loc, k);
    SmallVector<Value> at;
    for (auto [w, a] : llvm::zip(weights, weightAddresses))
      at.push_back(addIndex(b, loc, a, scaleIndex(b, loc, step, w.strides[d])));
    Value ahead = scaleIndex(b, loc, scaleIndex(b, loc, step, b.getIndexAttr(op.getDilations()[d])), image.strides[d]);
    return overWindow(d + 1, tile, addIndex(b, loc, address, ahead), at, std::move(carried));
  };
  Span span = d + 1 == spatial ? tile.taps : taps[d];
  std::optional<int64_t> from = getConstantIntValue(span.first), to = getConstantIntValue(span.last);
  if (d + 1 < spatial || !from || !to || (*to - *from) * tile.columns * tile.vectors > mostUnrolled)
    return fold(span, std::move(sums), body);
  for (int64_t k = *from; k < *to; ++k)
    sums = body(b.getIndexAttr(k), std::move(sums));
  return sums;
}

LaneValue WindowEmitter::load(const FlatView &view, Value address, const Tile &tile) {
  Value v = loadLanes(b, loc, view.buffer, address, b.getIndexAttr(1), {}, {tile.lanes, tile.mask}, /*fillOnes=*/false);
  return tile.lanes == 1 ? LaneValue(v) : LaneValue::varying(v);
}

/// One place of the window for all accumulators.
SmallVector<Value> WindowEmitter::combine(const Tile &tile, Value address, ArrayRef<Value> weightAddresses,
                                          SmallVector<Value> sums) {
  unsigned d = spatial - 1;
  Block &block = op.getCombine().front();
  SmallVector<SmallVector<LaneValue>> factors(tile.vectors);
  for (unsigned v = 0; v < tile.vectors; ++v)
    for (auto [w, a] : llvm::zip(weights, weightAddresses))
      factors[v].push_back(load(w, addIndex(b, loc, a, constant(v * tile.lanes)), tile));
  for (auto [i, sum] : llvm::enumerate(sums)) {
    unsigned v = i % tile.vectors;
    Value column = scaleIndex(b, loc, constant(i / tile.vectors * op.getStrides()[d]), image.strides[d]);
    Value at = addIndex(b, loc, addIndex(b, loc, address, column), constant(v * tile.lanes));
    PayloadEmitter emitter(b, loc, {tile.lanes, nullptr});
    emitter.bind(block.getArgument(0), tile.lanes == 1 ? LaneValue(sum) : LaneValue::varying(sum));
    emitter.bind(block.getArgument(1), load(image, at, tile));
    for (auto [j, factor] : llvm::enumerate(factors[v]))
      emitter.bind(block.getArgument(2 + j), factor);
    emitter.emit(block);
    sum = emitter.materialize(cast<mk::YieldOp>(block.getTerminator()).getValue());
  }
  return sums;
}
} // namespace

LogicalResult expandWindow(OpBuilder &b, mk::WindowOp op, const Target &target) {
  for (Value v : llvm::concat<Value>(SmallVector<Value>{op.getImage(), op.getInit()}, SmallVector<Value>(op.getWeights()))) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(cast<MemRefType>(v.getType()).getStridesAndOffset(strides, offset)) || strides.back() != 1)
      return op->emitOpError("expects channels to be contiguous, got ") << v.getType();
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  WindowEmitter(b, op, target).emit();
  op->erase();
  return success();
}

} // namespace dlc
