//===- ExpandMicrokernelsWindow.cpp - mk.window as loops over registers -----===//
//
// Rows, then columns (the last spatial dim), then channels, then the places of the window. Accumulators of a few columns and
// one vector of channels stay in registers; a row of the window is unrolled over them, so that each element of the image is
// loaded once and met by all windows of the tile that it lies in. Places outside of the image are not visited: along the
// outer dims the loops over the window start late or end early. Of the columns, where the image's width is known, the first
// and last tile leave out what they know to lie outside; else columns whose windows reach out are done one at a time.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizeLoops.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"
#include <limits>

using namespace mlir;

namespace dlc {
namespace {

/// Accumulators of a tile with 32 registers and with 16; of a column on its own, vectors side by side.
constexpr int64_t registersOfTile = 12, registersOfTileWith16 = 8, vectorsOfColumn = 4;
/// Of a row of the window that is unrolled: places, and registers beside the accumulators and weights. More places go round
/// a loop, where weights and elements pass one at a time.
constexpr int64_t mostUnrolled = 8, spareRegisters = 7;

/// From `first` up to, not including, `last`.
struct Span {
  OpFoldResult first, last;
};

/// A tile: `columns` columns from `column` on, `vectors` registers of `lanes` channels from `channel` on.
struct Tile {
  Value column;
  unsigned columns;
  /// Places along the columns, from that of the first column's window on, that lie inside of the image; where unrolled.
  int64_t insideFrom = 0, insideTo = std::numeric_limits<int64_t>::max();
  std::optional<Span> taps = std::nullopt; ///< along the columns; none: unrolled
  Value channel = {}, mask = {}; ///< mask null: all lanes
  unsigned vectors = 1, lanes = 1;
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
    chooseTile();
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
  void chooseTile();
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

  void forEach(OpFoldResult first, OpFoldResult last, int64_t step, function_ref<void(OpFoldResult)> body) {
    createSteps(b, loc, first, last, step, body);
  }
  SmallVector<Value> fold(Span span, SmallVector<Value> sums, function_ref<SmallVector<Value>(OpFoldResult, SmallVector<Value>)> body);
  Span tapsAt(unsigned d, OpFoldResult place);
  void emitRows(unsigned d, Value address);
  bool emitKnownColumns(Value address);
  void emitColumns(Value address);
  void emitInside(Value address, Span columns);
  void emitTileAt(Value address, OpFoldResult column, Tile tile);
  void emitChannels(Value address, Tile tile);
  void emitTile(Value address, const Tile &tile);
  void storeSome(const Tile &tile, Value column, Value vector, unsigned vectors, ArrayRef<Value> sums);
  void storeTile(const Tile &tile, ArrayRef<Value> sums);
  SmallVector<Value> overWindow(unsigned d, const Tile &tile, Value address, SmallVector<Value> weightAddresses,
                                SmallVector<Value> sums);
  SmallVector<Value> combineRow(const Tile &tile, Value address, ArrayRef<Value> weightAddresses, SmallVector<Value> sums);
  SmallVector<Value> combinePlace(const Tile &tile, Value address, ArrayRef<Value> weightAddresses, SmallVector<Value> sums);
  SmallVector<LaneValue> loadWeights(const Tile &tile, unsigned vector, int64_t k, ArrayRef<Value> addresses);
  Value combine(const Tile &tile, Value sum, LaneValue element, ArrayRef<LaneValue> factors);
  LaneValue load(const FlatView &view, Value address, const Tile &tile);
  int64_t window(unsigned d) { return op.getWindow()[d]; }

  OpBuilder &b;
  Location loc;
  mk::WindowOp op;
  const Target &target;
  unsigned spatial, lanes;
  int64_t mostColumns, mostVectors; ///< of a tile; of a column on its own
  bool unrolled;                    ///< rows of the window
  FlatView image;
  SmallVector<FlatView> weights;
  PayloadStore store;
  StackBuffers stackBuffers;
  OpFoldResult channels;
  SmallVector<Value> rows; ///< places of the result along the outer dims
  SmallVector<Span> taps;  ///< along the outer dims
};

void WindowEmitter::chooseTile() {
  int64_t places = window(spatial - 1), held = weights.empty() ? 0 : places;
  mostColumns = target.vectorRegisters == 32 ? registersOfTile : registersOfTileWith16;
  mostVectors = vectorsOfColumn;
  // Widening and rounding take registers too, without AVX most.
  Type sum = op.getAccumulatorType(), element = getElementTypeOrSelf(op.getImage().getType());
  bool scratch = needsScratch(sum, element, target) || (sum != element && target.vectorBits == 128);
  if (scratch)
    mostColumns = 2, mostVectors = 1;
  else if (sum != element && target.vectorRegisters < 32)
    mostColumns = 4;
  // Weights of the whole row stay in registers, if enough columns do beside them.
  int64_t beside = target.vectorRegisters - spareRegisters - held;
  unrolled = !scratch && places <= mostUnrolled && beside >= std::min<int64_t>(mostColumns, registersOfTile / 2);
  if (unrolled)
    mostColumns = std::min(mostColumns, beside);
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
    return emitKnownColumns(address) ? void() : emitColumns(address);
  forEach(b.getIndexAttr(0), extentOf(d), 1, [&](OpFoldResult e) {
    OpFoldResult place = firstPlace(d, e);
    rows.push_back(asValue(b, loc, e));
    taps.push_back(tapsAt(d, place));
    emitRows(d + 1, addIndex(b, loc, address, scaleIndex(b, loc, asValue(b, loc, place), image.strides[d])));
    rows.pop_back();
    taps.pop_back();
  });
}

/// A tile from `column` of the result on; `address` is that of the image's column 0.
void WindowEmitter::emitTileAt(Value address, OpFoldResult column, Tile tile) {
  OpFoldResult place = firstPlace(spatial - 1, column);
  tile.column = asValue(b, loc, column);
  emitChannels(addIndex(b, loc, address, scaleIndex(b, loc, asValue(b, loc, place), image.strides[spatial - 1])), tile);
}

/// Where all is known along the columns: a tile that may reach out on the left, some between, one that may on the right.
bool WindowEmitter::emitKnownColumns(Value address) {
  unsigned d = spatial - 1;
  std::optional<int64_t> size = getConstantIntValue(sizeOf(d)), end = getConstantIntValue(extentOf(d));
  std::optional<int64_t> first = d == 0 ? getConstantIntValue(OpFoldResult(op.getFirst())) : 0;
  if (!unrolled || !size || !end || *end == 0 || first != 0)
    return false;
  int64_t stride = op.getStrides()[d], low = op.getPadsLow()[d], reach = (window(d) - 1) * op.getDilations()[d];
  int64_t tiles = llvm::divideCeil(*end, mostColumns), columns = *end / tiles;
  if (tiles > 2 && *end - columns * (tiles - 2) > 2 * mostColumns)
    ++columns;
  int64_t left = tiles == 1 ? *end : llvm::divideCeil(*end - columns * (tiles - 2), 2), right = *end - columns * (tiles - 2) - left;
  auto at = [&](int64_t column, int64_t count) {
    Tile tile{{}, unsigned(count)};
    tile.insideFrom = low - column * stride;
    tile.insideTo = tile.insideFrom + *size;
    return tile;
  };
  bool betweenInside = left * stride >= low && (*end - right - 1) * stride - low + reach < *size;
  if (tiles > 2 && !betweenInside)
    return false;
  emitTileAt(address, b.getIndexAttr(0), at(0, left));
  if (tiles > 2)
    forEach(b.getIndexAttr(left), b.getIndexAttr(*end - right), columns,
            [&](OpFoldResult column) { emitTileAt(address, column, {{}, unsigned(columns)}); });
  if (tiles > 1)
    emitTileAt(address, b.getIndexAttr(*end - right), at(*end - right, right));
  return true;
}

void WindowEmitter::emitColumns(Value address) {
  unsigned d = spatial - 1;
  int64_t stride = op.getStrides()[d], low = op.getPadsLow()[d], reach = (window(d) - 1) * op.getDilations()[d];
  OpFoldResult zero = b.getIndexAttr(0), end = extentOf(d), first = d == 0 ? OpFoldResult(op.getFirst()) : zero;
  AffineExpr f = b.getAffineDimExpr(0), s = b.getAffineDimExpr(1);
  // Windows that start at the image's first column or behind, and end at its last or before.
  OpFoldResult insideFrom = bounded(apply(b.getAffineConstantExpr(llvm::divideCeilSigned(low, stride)) - f, {first}), zero, end);
  OpFoldResult insideTo =
      bounded(apply((s + (low - reach - 1)).floorDiv(stride) + 1 - f, {first, sizeOf(d)}), insideFrom, end);
  auto edge = [&](Span columns) {
    forEach(columns.first, columns.last, 1, [&](OpFoldResult e) {
      Tile tile{{}, 1};
      tile.taps = tapsAt(d, firstPlace(d, e));
      emitTileAt(address, e, tile);
    });
  };
  edge({zero, insideFrom});
  emitInside(address, {insideFrom, insideTo});
  edge({insideTo, end});
}

void WindowEmitter::emitInside(Value address, Span columns) {
  OpFoldResult first = columns.first;
  for (unsigned count = llvm::bit_floor(uint64_t(mostColumns)); count != 0; count /= 2) {
    AffineExpr x = b.getAffineDimExpr(0), y = b.getAffineDimExpr(1);
    OpFoldResult last = apply(x + (y - x).floorDiv(count) * count, {first, columns.last});
    forEach(first, last, count, [&](OpFoldResult e) {
      Tile tile{{}, count};
      if (!unrolled)
        tile.taps = Span{b.getIndexAttr(0), b.getIndexAttr(window(spatial - 1))};
      emitTileAt(address, e, tile);
    });
    first = last;
  }
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
  if (tile.columns < mostVectors)
    blocksOf(mostVectors / tile.columns, lanes);
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
  storeTile(tile, sums);
}

/// Sends registers of `sums` through the payload, those of columns [column, ...) and vectors [vector, ...).
void WindowEmitter::storeSome(const Tile &tile, Value column, Value vector, unsigned vectors, ArrayRef<Value> sums) {
  SmallVector<PayloadStore::Place> places;
  Value channel = addIndex(b, loc, tile.channel, scaleIndex(b, loc, vector, b.getIndexAttr(tile.lanes)));
  for (unsigned i = 0; i < sums.size(); ++i) {
    PayloadStore::Place place{rows, tile.mask};
    place.ivs.push_back(addIndex(b, loc, addIndex(b, loc, tile.column, column), constant(i / vectors)));
    place.ivs.push_back(addIndex(b, loc, channel, constant(i % vectors * tile.lanes)));
    places.push_back(place);
  }
  store.emit(places, sums, tile.lanes);
}

void WindowEmitter::storeTile(const Tile &tile, ArrayRef<Value> sums) {
  // What goes side by side: some columns, or of one column some vectors.
  // A long payload goes round with fewer: what is live across it varies more than behind a product.
  unsigned together = store.registersTogether();
  if (!store.isShort() && target.vectorRegisters < 32)
    together = 1;
  unsigned vectors = std::min(tile.vectors, together);
  unsigned columns = std::min(tile.columns, std::max(1u, together / tile.vectors));
  bool direct = store.isShort() || (columns == tile.columns && vectors == tile.vectors) || tile.lanes == 1;
  Value stack;
  if (!direct) {
    // By way of a buffer in the first-level cache, a loop keeps LLVM from mixing its turns until registers run out.
    stack = stackBuffers.get(b, op, op.getAccumulatorType(), sums.size() * tile.lanes);
    for (auto [i, sum] : llvm::enumerate(sums))
      vector::StoreOp::create(b, loc, sum, stack, constant(i * tile.lanes));
  }
  auto some = [&](Value column, Value vector, unsigned width) {
    SmallVector<Value> own;
    Value start = scaleIndex(b, loc, addIndex(b, loc, scaleIndex(b, loc, column, b.getIndexAttr(tile.vectors)), vector),
                             b.getIndexAttr(tile.lanes));
    for (unsigned i = 0; i < width * vectors; ++i)
      own.push_back(direct ? sums[*getConstantIntValue(column) * tile.vectors + *getConstantIntValue(vector) + i]
                           : vector::LoadOp::create(b, loc, cast<VectorType>(sums[0].getType()), stack,
                                                    addIndex(b, loc, start, constant(i * tile.lanes))));
    storeSome(tile, column, vector, vectors, own);
  };
  auto over = [&](unsigned first, unsigned last, unsigned step, function_ref<void(Value)> body) {
    if (!direct)
      return forEach(b.getIndexAttr(first), b.getIndexAttr(last), step, [&](OpFoldResult i) { body(asValue(b, loc, i)); });
    for (unsigned i = first; i < last; i += step)
      body(constant(i));
  };
  unsigned whole = tile.columns / columns * columns;
  over(0, whole, columns, [&](Value c) { over(0, tile.vectors, vectors, [&](Value v) { some(c, v, columns); }); });
  over(whole, tile.columns, 1, [&](Value c) { over(0, tile.vectors, vectors, [&](Value v) { some(c, v, 1); }); });
}

SmallVector<Value> WindowEmitter::overWindow(unsigned d, const Tile &tile, Value address, SmallVector<Value> weightAddresses,
                                             SmallVector<Value> sums) {
  if (d == spatial)
    return combinePlace(tile, address, weightAddresses, std::move(sums));
  if (d + 1 == spatial && !tile.taps)
    return combineRow(tile, address, weightAddresses, std::move(sums));
  return fold(d + 1 == spatial ? *tile.taps : taps[d], std::move(sums), [&](OpFoldResult k, SmallVector<Value> carried) {
    Value step = asValue(b, loc, k);
    SmallVector<Value> at;
    for (auto [w, a] : llvm::zip(weights, weightAddresses))
      at.push_back(addIndex(b, loc, a, scaleIndex(b, loc, step, w.strides[d])));
    Value ahead = scaleIndex(b, loc, scaleIndex(b, loc, step, b.getIndexAttr(op.getDilations()[d])), image.strides[d]);
    return overWindow(d + 1, tile, addIndex(b, loc, address, ahead), at, std::move(carried));
  });
}

LaneValue WindowEmitter::load(const FlatView &view, Value address, const Tile &tile) {
  Value v = loadLanes(b, loc, view.buffer, address, b.getIndexAttr(1), {}, {tile.lanes, tile.mask}, /*fillOnes=*/false);
  return tile.lanes == 1 ? LaneValue(v) : LaneValue::varying(v);
}

/// The weights of place `k` along the columns, for one vector of the tile's channels.
SmallVector<LaneValue> WindowEmitter::loadWeights(const Tile &tile, unsigned vector, int64_t k, ArrayRef<Value> addresses) {
  SmallVector<LaneValue> factors;
  for (auto [w, a] : llvm::zip(weights, addresses)) {
    Value column = scaleIndex(b, loc, constant(k), w.strides[spatial - 1]);
    factors.push_back(load(w, addIndex(b, loc, addIndex(b, loc, a, column), constant(vector * tile.lanes)), tile));
  }
  return factors;
}

Value WindowEmitter::combine(const Tile &tile, Value sum, LaneValue element, ArrayRef<LaneValue> factors) {
  Block &block = op.getCombine().front();
  PayloadEmitter emitter(b, loc, {tile.lanes, nullptr});
  emitter.bind(block.getArgument(0), tile.lanes == 1 ? LaneValue(sum) : LaneValue::varying(sum));
  emitter.bind(block.getArgument(1), element);
  for (auto [j, factor] : llvm::enumerate(factors))
    emitter.bind(block.getArgument(2 + j), factor);
  emitter.emit(block);
  return emitter.materialize(cast<mk::YieldOp>(block.getTerminator()).getValue());
}

/// A whole row of the window for all columns, element by element of the image.
SmallVector<Value> WindowEmitter::combineRow(const Tile &tile, Value address, ArrayRef<Value> weightAddresses,
                                             SmallVector<Value> sums) {
  unsigned d = spatial - 1;
  int64_t stride = op.getStrides()[d], dilation = op.getDilations()[d], places = (window(d) - 1) * dilation + 1;
  // What the windows of these columns hold of the image; between them may lie much that none does.
  SmallVector<int64_t> held;
  for (int64_t column = 0; column < tile.columns; ++column)
    for (int64_t k = 0; k < window(d); ++k)
      if (int64_t place = column * stride + k * dilation; place >= tile.insideFrom && place < tile.insideTo)
        held.push_back(place);
  llvm::sort(held);
  held.erase(llvm::unique(held), held.end());
  for (unsigned v = 0; v < tile.vectors; ++v) {
    SmallVector<SmallVector<LaneValue>> factors;
    for (int64_t k = 0; k < window(d); ++k)
      factors.push_back(loadWeights(tile, v, k, weightAddresses));
    for (int64_t place : held) {
      std::optional<LaneValue> element;
      for (int64_t column = 0; column < tile.columns; ++column) {
        int64_t distance = place - column * stride;
        if (distance < 0 || distance >= places || distance % dilation)
          continue;
        if (!element) {
          Value at = addIndex(b, loc, address, scaleIndex(b, loc, constant(place), image.strides[d]));
          element = load(image, addIndex(b, loc, at, constant(v * tile.lanes)), tile);
        }
        Value &sum = sums[column * tile.vectors + v];
        sum = combine(tile, sum, *element, factors[distance / dilation]);
      }
    }
  }
  return sums;
}

/// One place of the window for all columns.
SmallVector<Value> WindowEmitter::combinePlace(const Tile &tile, Value address, ArrayRef<Value> weightAddresses,
                                               SmallVector<Value> sums) {
  unsigned d = spatial - 1;
  for (unsigned v = 0; v < tile.vectors; ++v) {
    SmallVector<LaneValue> factors = loadWeights(tile, v, 0, weightAddresses);
    for (unsigned column = 0; column < tile.columns; ++column) {
      Value at = addIndex(b, loc, address, scaleIndex(b, loc, constant(column * op.getStrides()[d]), image.strides[d]));
      Value &sum = sums[column * tile.vectors + v];
      sum = combine(tile, sum, load(image, addIndex(b, loc, at, constant(v * tile.lanes)), tile), factors);
    }
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
