//===- VectorizeTranspose.cpp - Tiles transposed in registers -------------===//
#include "compiler/kernel/VectorizeLoops.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace dlc {

namespace {
/// A square of vectors being transposed: the values, and which (row, column) each of their elements came from.
class Square {
public:
  Square(OpBuilder &b, Location loc, SmallVector<Value> rows) : b(b), loc(loc), vectors(std::move(rows)) {
    unsigned size = vectors.size();
    for (unsigned row = 0; row < size; ++row) {
      origins.emplace_back();
      for (unsigned column = 0; column < size; ++column)
        origins.back().push_back({row, column});
    }
  }

  /// Replaces vectors `low` and `high` by two shuffles of their concatenation.
  void shuffle(unsigned low, unsigned high, ArrayRef<int64_t> pickLow, ArrayRef<int64_t> pickHigh) {
    auto apply = [&](ArrayRef<int64_t> pick) {
      Origins result;
      unsigned size = vectors.size();
      for (int64_t element : pick)
        result.push_back(element < size ? origins[low][element] : origins[high][element - size]);
      Value value = vector::ShuffleOp::create(b, loc, vectors[low], vectors[high], pick);
      return std::make_pair(value, result);
    };
    auto first = apply(pickLow), second = apply(pickHigh);
    std::tie(vectors[low], origins[low]) = std::move(first);
    std::tie(vectors[high], origins[high]) = std::move(second);
  }

  /// The columns in order; to be called once every vector holds one.
  SmallVector<Value> columns() const {
    SmallVector<Value> result(vectors.size());
    for (auto [value, origin] : llvm::zip(vectors, origins)) {
      for (unsigned i = 0; i < origin.size(); ++i)
        assert(origin[i] == std::make_pair(i, origin[0].second) && "not a column");
      result[origin[0].second] = value;
    }
    return result;
  }

private:
  using Origins = SmallVector<std::pair<unsigned, unsigned>>;
  OpBuilder &b;
  Location loc;
  SmallVector<Value> vectors;
  SmallVector<Origins> origins;
};
} // namespace

/// Interleaves pairs of rows inside 128-bit lanes, at one element, two, four ... (punpckl/h), then sorts the lanes
/// (vshufi32x4, vperm2i128): instructions without index registers. Each step halves what separates row from column.
static SmallVector<Value> transposeRegisters(OpBuilder &b, Location loc, SmallVector<Value> rows) {
  int64_t size = rows.size();
  unsigned bits = cast<VectorType>(rows[0].getType()).getElementTypeBitWidth();
  int64_t lane = std::min<int64_t>(size, 128 / bits); // elements of a lane
  Square square(b, loc, std::move(rows));
  auto forPairs = [&](int64_t distance, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
    for (int64_t i = 0; i < size; ++i)
      if (!(i & distance))
        square.shuffle(i, i + distance, low, high);
  };
  for (int64_t run = 1; run < lane; run *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < size; ++i) {
      int64_t base = i / lane * lane, within = i % lane;
      int64_t source = within / run % 2 ? size : 0;
      int64_t element = within / (2 * run) * run + within % run;
      low.push_back(source + base + element);
      high.push_back(source + base + lane / 2 + element);
    }
    forPairs(run, low, high);
  }
  int64_t lanes = size / lane;
  for (int64_t distance = lane; distance < size; distance *= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t i = 0; i < size; ++i) {
      int64_t l = i / lane, within = i % lane;
      int64_t source = l < lanes / 2 ? 0 : size;
      int64_t from = l % (lanes / 2) * 2;
      even.push_back(source + from * lane + within);
      odd.push_back(source + (from + 1) * lane + within);
    }
    forPairs(distance, even, odd);
  }
  return square.columns();
}

namespace {
class TransposeEmitter {
public:
  TransposeEmitter(OpBuilder &b, const Nest &nest, const Plan &plan)
      : b(b), loc(nest.op.getLoc()), nest(nest), plan(plan), rowDim(plan.transposeDim), laneDim(plan.vectorDim),
        tile(plan.lanes) {
    Value zero = constant(0);
    ivs.assign(nest.sizes.size(), zero);
    for (OpFoldResult size : nest.sizes)
      bounds.push_back({zero, asValue(b, loc, size)});
  }
  void run(const Target &target);

private:
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  bool isTurned(const Access &access) const {
    std::optional<int64_t> along = access.constantStride(laneDim);
    return access.constantStride(rowDim) == 1 && (!along || std::abs(*along) > 4);
  }
  void forLoop(Value first, Value last, int64_t step, Value &iv, llvm::function_ref<void()> body);
  void emitOuter(ArrayRef<unsigned> dims, llvm::function_ref<void()> body);
  Value maskOf(Value count);
  Value maskWithin(Value position, Value end, Value mask);
  void emitTile(Value rowCount, Value laneCount);

  OpBuilder &b;
  Location loc;
  const Nest &nest;
  const Plan &plan;
  unsigned rowDim, laneDim; ///< outputs are contiguous along laneDim, turned inputs along rowDim
  int64_t tile;
  SmallVector<Value> ivs;
  SmallVector<Bounds> bounds;
};
} // namespace

void TransposeEmitter::forLoop(Value first, Value last, int64_t step, Value &iv, llvm::function_ref<void()> body) {
  scf::ForOp loop = createFinalLoop(b, loc, first, last, step, {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value outer = iv;
  iv = loop.getInductionVar();
  body();
  iv = outer;
}

void TransposeEmitter::emitOuter(ArrayRef<unsigned> dims, llvm::function_ref<void()> body) {
  if (dims.empty())
    return body();
  unsigned dim = dims.front();
  forLoop(bounds[dim].first, bounds[dim].last, 1, ivs[dim], [&] { emitOuter(dims.drop_front(), body); });
}

/// The leading `count` lanes; null: all of them.
Value TransposeEmitter::maskOf(Value count) {
  if (!count)
    return nullptr;
  return vector::CreateMaskOp::create(b, loc, VectorType::get(tile, b.getI1Type()), ValueRange{count});
}

/// `mask` if `position` is before `end`, else no lane.
Value TransposeEmitter::maskWithin(Value position, Value end, Value mask) {
  if (!mask)
    return nullptr;
  Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, position, end);
  Value none = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(cast<VectorType>(mask.getType()), false));
  return arith::SelectOp::create(b, loc, inside, mask, none);
}

/// One tile at ivs; counts null: a full one.
void TransposeEmitter::emitTile(Value rowCount, Value laneCount) {
  auto at = [&](unsigned dim, int64_t distance) {
    SmallVector<Value> result = ivs;
    result[dim] = addIndex(b, loc, ivs[dim], constant(distance));
    return result;
  };
  auto clamped = [&](SmallVector<Value> where) {
    Value last = b.createOrFold<arith::SubIOp>(loc, bounds[rowDim].last, constant(1));
    where[rowDim] = arith::MinSIOp::create(b, loc, where[rowDim], last);
    return where;
  };
  unsigned size = tile;
  Value rowsActive = maskOf(rowCount), lanesActive = maskOf(laneCount);
  SmallVector<SmallVector<LaneValue>> loaded(nest.numInputs());
  for (unsigned i = 0; i < nest.numInputs(); ++i) {
    const Access &access = nest.accesses[i];
    if (!isTurned(access))
      continue;
    SmallVector<Value> rows;
    for (int64_t j = 0; j < tile; ++j) {
      SmallVector<Value> where = at(laneDim, j);
      Value mask = maskWithin(where[laneDim], bounds[laneDim].last, rowsActive);
      rows.push_back(access.load(b, loc, where, plan.order, rowDim, {size, mask}).vector);
    }
    for (Value column : transposeRegisters(b, loc, std::move(rows)))
      loaded[i].push_back(LaneValue::varying(column));
  }
  for (int64_t row = 0; row < tile; ++row) {
    SmallVector<Value> where = at(rowDim, row);
    LaneShape shape{size, maskWithin(where[rowDim], bounds[rowDim].last, lanesActive)};
    PayloadEmitter payload(b, loc, shape);
    Block *body = nest.op.getBody();
    for (BlockArgument argument : body->getArguments()) {
      unsigned i = argument.getArgNumber();
      if (argument.use_empty())
        continue;
      const Access &access = nest.accesses[i];
      if (i < nest.numInputs() && !loaded[i].empty())
        payload.bind(argument, loaded[i][row]);
      else if (access.dependsOn(laneDim) || !shape.mask)
        payload.bind(argument, access.load(b, loc, where, plan.order, laneDim, shape));
      else // one element a row: of rows behind the last, any that may be read
        payload.bind(argument, access.load(b, loc, clamped(where), plan.order, laneDim, {}));
    }
    payload.emit(*body);
    for (auto [i, yielded] : llvm::enumerate(body->getTerminator()->getOperands()))
      nest.output(i).store(b, loc, payload.materialize(yielded), where, plan.order, laneDim, shape,
                           isStreamed(nest.op));
  }
}

void TransposeEmitter::run(const Target &target) {
  SmallVector<unsigned> outer;
  for (unsigned dim : nest.dims)
    if (dim != rowDim && dim != laneDim)
      outer.push_back(dim);
  Bounds rows = bounds[rowDim], lanes = bounds[laneDim];
  Value wholeRows = roundDown(b, loc, rows, tile), wholeLanes = roundDown(b, loc, lanes, tile);
  auto divides = [&](unsigned dim) { return nest.constantSize(dim).value_or(1) % tile == 0; };
  bool ragged = !divides(rowDim) || !divides(laneDim);

  if (!target.masks) {
    // Squares of a cache line, so that a line that was fetched for one tile serves the next ones too.
    unsigned bytes = std::max(1u, nest.output(0).elementType().getIntOrFloatBitWidth() / 8);
    int64_t block = std::max<int64_t>(tile, 64 / bytes);
    auto blockEnd = [&](Value first, Value end) -> Value {
      return arith::MinSIOp::create(b, loc, addIndex(b, loc, first, constant(block)), end);
    };
    emitOuter(outer, [&] {
      forLoop(rows.first, wholeRows, block, ivs[rowDim], [&] {
        forLoop(lanes.first, wholeLanes, block, ivs[laneDim], [&] {
          Value row = ivs[rowDim], lane = ivs[laneDim];
          Value rowEnd = blockEnd(row, wholeRows), laneEnd = blockEnd(lane, wholeLanes);
          forLoop(row, rowEnd, tile, ivs[rowDim], [&] {
            forLoop(lane, laneEnd, tile, ivs[laneDim], [&] { emitTile(nullptr, nullptr); });
          });
        });
      });
    });
    if (!ragged)
      return;
    // The strip behind the last whole tile of each row, and the rows behind the last row of tiles.
    SmallVector<Bounds> strip = bounds;
    strip[rowDim].last = wholeRows;
    strip[laneDim].first = wholeLanes;
    emitLoops(b, nest, plan, target, strip);
    SmallVector<Bounds> rest = bounds;
    rest[rowDim].first = wholeRows;
    emitLoops(b, nest, plan, target, rest);
    return;
  }

  auto count = [&](Value position, Value end) -> Value {
    Value left = b.createOrFold<arith::SubIOp>(loc, end, position);
    return arith::MinSIOp::create(b, loc, left, constant(tile));
  };
  emitOuter(outer, [&] {
    forLoop(rows.first, rows.last, tile, ivs[rowDim], [&] {
      Value rowCount = count(ivs[rowDim], rows.last);
      Value whole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, rowCount, constant(tile));
      Value split = ragged ? arith::SelectOp::create(b, loc, whole, wholeLanes, lanes.first).getResult() : lanes.last;
      forLoop(lanes.first, split, tile, ivs[laneDim], [&] { emitTile(nullptr, nullptr); });
      if (ragged)
        forLoop(split, lanes.last, tile, ivs[laneDim],
                [&] { emitTile(rowCount, count(ivs[laneDim], lanes.last)); });
    });
  });
}

void emitTransposed(OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target) {
  TransposeEmitter(b, nest, plan).run(target);
}

} // namespace dlc
