//===- ExpandMicrokernelsPayload.cpp - From accumulators to the output -----===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace dlc {

/// Payloads of more instructions run in a loop over the rows of the tile.
static constexpr unsigned shortPayload = 6;
/// Registers that go through the payload side by side, of every so many: their chains cover the latency of the
/// multiply-add units, and what the payload needs beside them still finds room: more where it has functions, whose
/// polynomials keep three or four values each.
static constexpr unsigned togetherOf = 4, functionsTogetherOf = 8;

/// Rounding to bf16 takes as many registers as a polynomial.
static bool isFunction(Operation &op) {
  return isa_and_nonnull<math::MathDialect>(op.getDialect()) || (isa<arith::TruncFOp>(op) && op.getResult(0).getType().isBF16());
}

static unsigned costOf(Block &payload) {
  unsigned cost = 0;
  for (Operation &inner : payload.without_terminator())
    if (!inner.hasTrait<OpTrait::ConstantLike>())
      cost += isFunction(inner) ? shortPayload + 1 : 1;
  return cost;
}

PayloadStore::PayloadStore(OpBuilder &b, Location loc, Block &payload, ValueRange extras, ArrayRef<AffineMap> extraMaps,
                           Value init, AffineMap initMap, unsigned laneDim, const Target &target)
    : b(b), loc(loc), payload(payload), order(llvm::to_vector(llvm::seq<unsigned>(0, laneDim + 1))), laneDim(laneDim),
      together(target.vectorRegisters / (llvm::any_of(payload, isFunction) ? functionsTogetherOf : togetherOf)),
      isShort_(costOf(payload) <= shortPayload) {
  for (auto [extra, map] : llvm::zip_equal(extras, extraMaps))
    accesses.emplace_back(b, loc, extra, map);
  accesses.emplace_back(b, loc, init, initMap);
}

/// Registers one behind the other as one vector; LLVM splits what is done to it again.
static Value concatenate(OpBuilder &b, Location loc, SmallVector<Value> parts) {
  while (parts.size() > 1) {
    SmallVector<Value> pairs;
    for (unsigned i = 0; i + 1 < parts.size(); i += 2) {
      int64_t lanes = 2 * cast<VectorType>(parts[i].getType()).getNumElements();
      pairs.push_back(vector::ShuffleOp::create(b, loc, parts[i], parts[i + 1], llvm::to_vector(llvm::seq(lanes))));
    }
    parts = std::move(pairs);
  }
  return parts.front();
}

void PayloadStore::emit(ArrayRef<Place> places, ArrayRef<Value> sums, unsigned lanes) {
  // Scalars go one by one, and concatenation is by pairs.
  size_t together = lanes == 1 ? std::min<size_t>(1, places.size()) : llvm::bit_floor(places.size());
  if (together < places.size()) {
    emit(places.take_front(together), sums.take_front(together), lanes);
    return emit(places.drop_front(together), sums.drop_front(together), lanes);
  }
  if (places.empty())
    return;
  unsigned all = lanes * places.size();
  auto valueOf = [&](ArrayRef<Value> parts) {
    return all == 1 ? LaneValue(parts[0]) : LaneValue::varying(concatenate(b, loc, SmallVector<Value>(parts)));
  };
  PayloadEmitter emitter(b, loc, {all, nullptr});
  emitter.bind(payload.getArgument(0), valueOf(sums));
  for (unsigned i = 0; i + 1 < accesses.size(); ++i) {
    SmallVector<Value> parts;
    for (const Place &place : places)
      parts.push_back(materialize(b, loc, accesses[i].load(b, loc, place.ivs, order, laneDim, {lanes, place.mask}), lanes));
    emitter.bind(payload.getArgument(1 + i), valueOf(parts));
  }
  emitter.emit(payload);
  Value result = emitter.materialize(cast<mk::YieldOp>(payload.getTerminator()).getValue());
  for (auto [i, place] : llvm::enumerate(places)) {
    Value part = result;
    if (places.size() > 1)
      part = vector::ExtractStridedSliceOp::create(b, loc, result, int64_t(i * lanes), int64_t(lanes), int64_t(1));
    accesses.back().store(b, loc, part, place.ivs, order, laneDim, {lanes, place.mask});
  }
}

Value StackBuffers::get(OpBuilder &b, Operation *inside, Type element, int64_t elements) {
  Value &buffer = buffers[{element, elements}];
  if (!buffer) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&inside->getParentOfType<FunctionOpInterface>().getFunctionBody().front());
    buffer = memref::AllocaOp::create(b, inside->getLoc(), MemRefType::get({elements}, element),
                                      b.getI64IntegerAttr(64)); // a cache line
  }
  return buffer;
}

} // namespace dlc
