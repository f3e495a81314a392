//===- ExpandMicrokernelsRows.cpp - The left operand of a contraction ------===//
//
// A product's rows step through k evenly from end to end. Those of a convolution do so for the channels of one place of
// the window; a row whose place lies outside of the image takes its channels from a row of zeros instead, which costs two
// selects a row and place and no branch.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizeLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc {

Value addressIn(OpBuilder &b, Location loc, const FlatView &view, AffineMap map, ArrayRef<Value> ivs) {
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

OpFoldResult strideOfK(const FlatView &view, AffineMap map) {
  return view.strides[*map.getResultPosition(getAffineDimExpr(map.getNumDims() - 1, map.getContext()))];
}

namespace {
class ProductRows : public LeftRows {
public:
  ProductRows(OpBuilder &b, mk::BrgemmOp op) : op(op), view(flatten(b, op.getLoc(), op.getLhs())) {
    zero = arith::ConstantIndexOp::create(b, op.getLoc(), 0);
    K = asValue(b, op.getLoc(), op.getDomainExtents(b)[op.getKDim()]);
  }

  Sums forEachRun(OpBuilder &b, ValueRange batch, Value m, unsigned rows, Sums sums, AddRun add) override {
    Location loc = op.getLoc();
    Run run{{}, {}, strideOfK(view, op.getLhsMap()), zero, K};
    SmallVector<Value> ivs(batch);
    ivs.append(3, zero);
    for (unsigned row = 0; row < rows; ++row) {
      ivs[op.getMDim()] = addIndex(b, loc, m, arith::ConstantIndexOp::create(b, loc, row));
      run.buffers.push_back(view.buffer);
      run.addresses.push_back(addressIn(b, loc, view, op.getLhsMap(), ivs));
    }
    return add(run, sums);
  }

private:
  mk::BrgemmOp op;
  FlatView view;
  Value K, zero;
};

/// f32 sums of so many steps or more do not go on from the ones before: see TileEmitter::addRun.
constexpr int64_t leastSummedApart = 128;

class ConvolutionRows : public LeftRows {
public:
  ConvolutionRows(OpBuilder &b, mk::ConvOp op)
      : op(op), loc(op.getLoc()), spatial(op.getWindow().size()), image(flatten(b, loc, op.getLhs())) {
    if (op.getZeros())
      zeros = flatten(b, loc, op.getZeros());
    for (unsigned d = 0; d < spatial; ++d)
      sizes.push_back(asValue(b, loc, memref::getMixedSize(b, loc, op.getLhs(), d)));
    channels = asValue(b, loc, memref::getMixedSize(b, loc, op.getLhs(), spatial));
    // The innermost dim of the window whose single steps are long enough to be sums of their own.
    int64_t steps = std::max<int64_t>(cast<MemRefType>(op.getLhs().getType()).getShape().back(), 0);
    for (summedApart = spatial - 1; summedApart >= 0 && steps < leastSummedApart; --summedApart)
      steps *= op.getWindow()[summedApart];
    if (!op.getAccumulatorType().isF32())
      summedApart = -1;
  }

  Sums forEachRun(OpBuilder &b, ValueRange, Value m, unsigned rows, Sums sums, AddRun add) override {
    std::vector<Row> all = placesOf(b, m, rows);
    return overWindow(b, 0, all, constant(b, 0), constant(b, 0), std::move(sums), add);
  }

private:
  struct Row {
    SmallVector<Value> first; ///< the place in the image of the window's first, which may lie outside
    Value address;            ///< of that place
    Value valid;              ///< whether the places of the window so far are inside; null: they are
  };

  Value constant(OpBuilder &b, int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// The first by division; each other is the next of the one before.
  std::vector<Row> placesOf(OpBuilder &b, Value m, unsigned rows) {
    SmallVector<Value> place(spatial);
    Value rest = addIndex(b, loc, op.getFirst(), m);
    for (unsigned d = spatial; d-- > 1;) {
      place[d] = b.createOrFold<arith::RemUIOp>(loc, rest, op.getExtents()[d]);
      rest = b.createOrFold<arith::DivUIOp>(loc, rest, op.getExtents()[d]);
    }
    place[0] = rest;
    std::vector<Row> all(rows);
    for (unsigned row = 0; row < rows; ++row) {
      if (row)
        next(b, place);
      Value address = asValue(b, loc, image.offset);
      for (unsigned d = 0; d < spatial; ++d) {
        Value first = addIndex(b, loc, scaleIndex(b, loc, place[d], b.getIndexAttr(op.getStrides()[d])),
                               constant(b, -op.getPadsLow()[d]));
        all[row].first.push_back(first);
        address = addIndex(b, loc, address, scaleIndex(b, loc, first, image.strides[d]));
      }
      all[row].address = address;
    }
    return all;
  }

  void next(OpBuilder &b, SmallVector<Value> &place) {
    Value carry;
    for (unsigned d = spatial; d-- > 0;) {
      Value one = constant(b, 1);
      Value stepped = carry ? b.createOrFold<arith::AddIOp>(loc, place[d], arith::SelectOp::create(b, loc, carry, one, constant(b, 0)))
                            : addIndex(b, loc, place[d], one);
      if (d == 0) {
        place[d] = stepped;
        return;
      }
      carry = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, stepped, op.getExtents()[d]);
      place[d] = arith::SelectOp::create(b, loc, carry, constant(b, 0), stepped);
    }
  }

  /// Loops over dims `d` and on of the window. `offset`: how far the window's place lies behind its first one in the
  /// image; `k`: how many places of the window came before, of the outer dims.
  Sums overWindow(OpBuilder &b, unsigned d, ArrayRef<Row> rows, Value offset, Value k, Sums sums, AddRun add) {
    if (d == spatial)
      return addChannels(b, rows, offset, k, std::move(sums), add);
    int64_t size = op.getWindow()[d];
    auto body = [&](Value at, Sums carried) {
      Value step = scaleIndex(b, loc, at, b.getIndexAttr(op.getDilations()[d]));
      std::vector<Row> inside(rows.begin(), rows.end());
      if (zeros)
        for (Row &row : inside) {
          // As unsigned numbers, places before the first are large.
          Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, addIndex(b, loc, row.first[d], step), sizes[d]);
          row.valid = row.valid ? Value(arith::AndIOp::create(b, loc, row.valid, ok)) : ok;
        }
      Value further = addIndex(b, loc, offset, scaleIndex(b, loc, step, image.strides[d]));
      Value count = addIndex(b, loc, scaleIndex(b, loc, k, b.getIndexAttr(size)), at);
      if (summedApart != static_cast<int64_t>(d) || size == 1)
        return overWindow(b, d + 1, inside, further, count, std::move(carried), add);
      Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(carried.front().getType()));
      Sums part = overWindow(b, d + 1, inside, further, count, Sums(carried.size(), none), add);
      for (auto [total, sum] : llvm::zip(carried, part))
        total = arith::AddFOp::create(b, loc, total, sum);
      return carried;
    };
    if (size == 1)
      return body(constant(b, 0), std::move(sums));
    auto loop = createFinalLoop(b, loc, constant(b, 0), constant(b, size), 1, sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Sums next = body(loop.getInductionVar(), Sums(loop.getRegionIterArgs()));
    scf::YieldOp::create(b, loc, next);
    return Sums(loop.getResults());
  }

  Sums addChannels(OpBuilder &b, ArrayRef<Row> rows, Value offset, Value k, Sums sums, AddRun add) {
    Run run{{}, {}, image.strides.back(), b.createOrFold<arith::MulIOp>(loc, k, channels), channels};
    for (const Row &row : rows) {
      Value buffer = image.buffer, address = addIndex(b, loc, row.address, offset);
      if (row.valid) {
        buffer = arith::SelectOp::create(b, loc, row.valid, buffer, zeros->buffer);
        address = arith::SelectOp::create(b, loc, row.valid, address, asValue(b, loc, zeros->offset));
      }
      run.buffers.push_back(buffer);
      run.addresses.push_back(address);
    }
    return add(run, std::move(sums));
  }

  mk::ConvOp op;
  Location loc;
  unsigned spatial;
  FlatView image;
  std::optional<FlatView> zeros;
  SmallVector<Value> sizes;
  Value channels;
  int64_t summedApart; ///< the dim of the window whose steps are sums of their own, as mk.conv has it, or -1
};
} // namespace

std::unique_ptr<LeftRows> LeftRows::of(OpBuilder &b, mk::BrgemmOp op) { return std::make_unique<ProductRows>(b, op); }
std::unique_ptr<LeftRows> LeftRows::of(OpBuilder &b, mk::ConvOp op) { return std::make_unique<ConvolutionRows>(b, op); }

} // namespace dlc
