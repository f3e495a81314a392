//===- VectorizeLoops.cpp - A planned nest as scf.for and vector ops ------===//
#include "compiler/kernel/VectorizeLoops.h"
#include "compiler/kernel/VectorizePayload.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace dlc {

/// Tells LLVM how often to unroll `loop`; 1 also keeps it from vectorizing it again.
static void setUnrolling(scf::ForOp loop, int64_t count) {
  MLIRContext *context = loop.getContext();
  Builder b(context);
  auto unroll = count == 1 ? LLVM::LoopUnrollAttr::get(context, b.getBoolAttr(true), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr)
                           : LLVM::LoopUnrollAttr::get(context, b.getBoolAttr(false), b.getI32IntegerAttr(count), nullptr, nullptr, nullptr, nullptr, nullptr);
  auto annotation =
      LLVM::LoopAnnotationAttr::get(context, nullptr, nullptr, nullptr, unroll, nullptr, nullptr, nullptr, nullptr,
                                    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, {});
  loop->setAttr("loop_annotation", annotation);
}

scf::ForOp createFinalLoop(OpBuilder &b, Location loc, Value first, Value last, int64_t step, ValueRange carried) {
  Value by = arith::ConstantIndexOp::create(b, loc, step);
  auto loop = scf::ForOp::create(b, loc, first, last, by, carried);
  setUnrolling(loop, 1);
  return loop;
}

void createSteps(OpBuilder &b, Location loc, OpFoldResult first, OpFoldResult last, int64_t step,
                 function_ref<void(OpFoldResult)> body) {
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

Value roundDown(OpBuilder &b, Location loc, Bounds bounds, int64_t step) {
  if (step == 1)
    return bounds.last;
  Value length = b.createOrFold<arith::SubIOp>(loc, bounds.last, bounds.first);
  Value by = arith::ConstantIndexOp::create(b, loc, step);
  Value rest = b.createOrFold<arith::RemUIOp>(loc, length, by);
  return b.createOrFold<arith::SubIOp>(loc, bounds.last, rest);
}

/// `value`, or a vector of it.
static Value createConstant(OpBuilder &b, Location loc, TypedAttr value, Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, Attribute(value));
  return arith::ConstantOp::create(b, loc, value);
}

namespace {
/// Additions a chain: a sum of more floats is one of partial sums.
constexpr int64_t partOfSum = 16;

/// Walks plan.order from the outside in. An operand is loaded as soon as all loops it depends on are open; an output is
/// loaded there too, carried through the loops below in registers, and stored when its loop's body ends.
class LoopEmitter {
public:
  LoopEmitter(OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target, ArrayRef<Bounds> bounds)
      : b(b), loc(nest.op.getLoc()), nest(nest), plan(plan), target(target), bounds(bounds) {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    ivs.assign(nest.sizes.size(), zero);
    loaded.resize(nest.accesses.size());
    states.resize(nest.op.getNumDpsInits());
    reduced.resize(states.size(), false);
    for (const Reduction &reduction : plan.reductions)
      for (unsigned output : reduction.outputs)
        reduced[output] = true;
    for (unsigned i = 0; i < states.size(); ++i)
      sums.push_back(matchSum(nest.op, i));
    divides = llvm::any_of(nest.op.getBody()->getOperations(), [](Operation &op) {
      return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp,
                 arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
    });
  }

  void run() { emitLevel(0); }

private:
  /// Accumulators of an output: one for each chunk; of a reduced one, a scalar more, which starts from the output's
  /// own value and takes the scalar remainder.
  using State = SmallVector<Value>;

  unsigned levelOf(const Access &access) const {
    unsigned level = 0;
    for (auto [position, dim] : llvm::enumerate(plan.order))
      if (access.dependsOn(dim))
        level = position + 1;
    return level;
  }
  bool isUsed(unsigned operand) const { return !nest.op.getBody()->getArgument(operand).use_empty(); }
  Type outputType(unsigned output) const { return nest.output(output).elementType(); }

  SmallVector<Value> chunkIvs(unsigned chunk) {
    SmallVector<Value> result = ivs;
    if (chunk && plan.vectorDim != ~0u)
      result[plan.vectorDim] = addIndex(b, loc, ivs[plan.vectorDim],
                                        arith::ConstantIndexOp::create(b, loc, int64_t(chunk) * shape.lanes));
    return result;
  }
  LaneValue load(const Access &access, unsigned chunk) {
    return access.load(b, loc, chunkIvs(chunk), plan.order, plan.vectorDim, shape, divides);
  }

  void emitLevel(unsigned level);
  void loadInputs(unsigned level);
  void beginOutputs(unsigned level);
  void finishOutputs(unsigned level);
  void combineAccumulators(const Reduction &reduction);
  void emitPoint();
  void emitVectorLoop(unsigned level);
  /// `unrolling`: times; 0 leaves it to LLVM.
  void emitLoop(unsigned dim, Value first, Value last, int64_t step, int64_t unrolling, llvm::function_ref<void()> body);
  bool addsParts(unsigned level) const;
  void emitParts(unsigned level);

  OpBuilder &b;
  Location loc;
  const Nest &nest;
  const Plan &plan;
  const Target &target;
  ArrayRef<Bounds> bounds;
  bool divides = false;

  SmallVector<Value> ivs;                      ///< per dim; of a dim without a loop, zero
  SmallVector<SmallVector<LaneValue>> loaded;  ///< per operand, per chunk or one for all
  SmallVector<State> states;                   ///< per output; empty: not begun
  SmallVector<bool> reduced;                   ///< per output: accumulates along the vector dim
  SmallVector<std::optional<Reduction>> sums;  ///< per output: that it is a sum of floats
  LaneShape shape;                             ///< in the vector loop: of the segment being emitted
  unsigned chunks = 1;
};
} // namespace

void LoopEmitter::loadInputs(unsigned level) {
  for (unsigned i = 0; i < nest.numInputs(); ++i) {
    const Access &access = nest.accesses[i];
    if (levelOf(access) != level || !isUsed(i))
      continue;
    loaded[i].clear();
    unsigned count = access.dependsOn(plan.vectorDim) ? chunks : 1; // the same for all chunks
    for (unsigned chunk = 0; chunk < count; ++chunk)
      loaded[i].push_back(load(access, chunk));
  }
}

void LoopEmitter::beginOutputs(unsigned level) {
  for (unsigned i = 0; i < states.size(); ++i) {
    const Access &access = nest.output(i);
    if (levelOf(access) != level)
      continue;
    states[i].clear();
    if (reduced[i]) {
      Value own = access.load(b, loc, ivs, plan.order, plan.vectorDim, {}).base;
      auto type = VectorType::get(plan.lanes, own.getType());
      Value start;
      for (const Reduction &reduction : plan.reductions)
        if (llvm::is_contained(reduction.outputs, i))
          start = reduction.neutral ? createConstant(b, loc, reduction.neutral, type) : materialize(b, loc, own, plan.lanes);
      states[i].assign(plan.chunks, start);
      states[i].push_back(own);
      continue;
    }
    // An output that the payload does not read needs its old value only to get through loops below.
    bool needed = isUsed(nest.numInputs() + i) || level < plan.order.size();
    for (unsigned chunk = 0; needed && chunk < chunks; ++chunk)
      states[i].push_back(materialize(b, loc, load(access, chunk), shape.lanes));
  }
}

void LoopEmitter::finishOutputs(unsigned level) {
  for (const Reduction &reduction : plan.reductions)
    if (levelOf(nest.output(reduction.outputs[0])) == level)
      combineAccumulators(reduction);
  for (unsigned i = 0; i < states.size(); ++i) {
    const Access &access = nest.output(i);
    if (levelOf(access) != level)
      continue;
    for (unsigned chunk = 0; chunk < states[i].size(); ++chunk)
      access.store(b, loc, states[i][chunk], chunkIvs(chunk), plan.order, plan.vectorDim,
                   reduced[i] ? LaneShape{} : shape, isStreamed(nest.op));
    states[i].clear();
  }
}

/// Leaves one scalar in the state of each of the reduction's outputs.
void LoopEmitter::combineAccumulators(const Reduction &reduction) {
  SmallVector<SmallVector<Value>> sets(plan.chunks + 1);
  for (unsigned output : reduction.outputs)
    for (unsigned part = 0; part <= plan.chunks; ++part)
      sets[part].push_back(states[output][part]);
  SmallVector<Value> own = sets.pop_back_val();
  while (sets.size() > 1) {
    SmallVector<SmallVector<Value>> next;
    for (unsigned i = 0; i + 1 < sets.size(); i += 2)
      next.push_back(reduction.combine(b, loc, sets[i], sets[i + 1]));
    if (sets.size() % 2)
      next.push_back(sets.back());
    sets = std::move(next);
  }
  SmallVector<Value> result = reduction.combine(b, loc, own, reduction.combineLanes(b, loc, sets[0]));
  for (auto [output, value] : llvm::zip(reduction.outputs, result))
    states[output] = {value};
}

void LoopEmitter::emitPoint() {
  Block *body = nest.op.getBody();
  bool scalarRemainder = plan.lanes > 1 && shape.lanes == 1;
  SmallVector<SmallVector<Value>> results(chunks);
  for (unsigned chunk = 0; chunk < chunks; ++chunk) {
    PayloadEmitter payload(b, loc, shape);
    payload.dividesByReciprocal = target.fma;
    SmallVector<Value> at = chunkIvs(chunk);
    payload.index = [&](unsigned dim) {
      return LaneValue(at[dim], dim == plan.vectorDim && shape.lanes > 1 ? 1 : 0);
    };
    for (unsigned i = 0; i < nest.numInputs(); ++i)
      if (isUsed(i))
        payload.bind(body->getArgument(i), loaded[i].size() == 1 ? loaded[i][0] : loaded[i][chunk]);
    for (unsigned i = 0; i < states.size(); ++i) {
      if (states[i].empty())
        continue;
      Value current = reduced[i] && scalarRemainder ? states[i].back() : states[i][chunk];
      bool isVector = isa<VectorType>(current.getType());
      payload.bind(body->getArgument(nest.numInputs() + i),
                   isVector ? LaneValue::varying(current) : LaneValue(current));
    }
    payload.emit(*body);
    for (Value yielded : body->getTerminator()->getOperands())
      results[chunk].push_back(payload.materialize(yielded));
  }
  for (unsigned i = 0; i < states.size(); ++i) {
    if (states[i].empty())
      states[i].resize(chunks);
    for (unsigned chunk = 0; chunk < chunks; ++chunk) {
      Value &current = reduced[i] && scalarRemainder ? states[i].back() : states[i][chunk];
      Value next = results[chunk][i];
      if (reduced[i] && shape.mask)
        next = arith::SelectOp::create(b, loc, shape.mask, next, current);
      current = next;
    }
  }
}

/// A loop that carries the accumulators of all outputs begun.
void LoopEmitter::emitLoop(unsigned dim, Value first, Value last, int64_t step, int64_t unrolling,
                           llvm::function_ref<void()> body) {
  SmallVector<Value> carried;
  for (const State &state : states)
    carried.append(state.begin(), state.end());
  scf::ForOp loop = createFinalLoop(b, loc, first, last, step, carried);
  if (!unrolling)
    loop->removeAttr("loop_annotation");
  else
    setUnrolling(loop, unrolling);
  auto assign = [&](ValueRange values) {
    unsigned next = 0;
    for (State &state : states)
      for (Value &value : state)
        value = values[next++];
  };
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    assign(loop.getRegionIterArgs());
    Value outer = ivs[dim];
    ivs[dim] = loop.getInductionVar();
    body();
    ivs[dim] = outer;
    carried.clear();
    for (const State &state : states)
      carried.append(state.begin(), state.end());
    if (loop.getBody()->empty() || !loop.getBody()->back().hasTrait<OpTrait::IsTerminator>())
      scf::YieldOp::create(b, loc, carried);
  }
  assign(loop.getResults());
}

/// Steps of plan.chunks vectors, then of one, then the rest: one masked vector, or scalars.
void LoopEmitter::emitVectorLoop(unsigned level) {
  Bounds range = bounds[plan.vectorDim];
  auto segment = [&](Value first, Value last, int64_t step, LaneShape as, unsigned chunksNow) {
    if (std::optional<int64_t> from = getConstantIntValue(first), to = getConstantIntValue(last);
        from && to && *from >= *to)
      return;
    emitLoop(plan.vectorDim, first, last, step, /*unrolling=*/1, [&] {
      shape = as;
      chunks = chunksNow;
      if (as.mask == nullptr && as.lanes == 0) {
        Value rest = b.createOrFold<arith::SubIOp>(loc, range.last, ivs[plan.vectorDim]);
        auto type = VectorType::get(plan.lanes, b.getI1Type());
        shape = {plan.lanes, vector::CreateMaskOp::create(b, loc, type, ValueRange{rest})};
      }
      emitLevel(level + 1);
      shape = {};
      chunks = 1;
    });
  };
  Value mainEnd = roundDown(b, loc, range, int64_t(plan.lanes) * plan.chunks);
  Value wholeEnd = roundDown(b, loc, range, plan.lanes);
  segment(range.first, mainEnd, int64_t(plan.lanes) * plan.chunks, {plan.lanes, nullptr}, plan.chunks);
  if (plan.chunks > 1)
    segment(mainEnd, wholeEnd, plan.lanes, {plan.lanes, nullptr}, 1);
  if (target.masks)
    segment(wholeEnd, range.last, plan.lanes, {0, nullptr}, 1);
  else
    segment(wholeEnd, range.last, 1, {1, nullptr}, 1);
}

/// Whether this is the innermost loop, and of those that add to one sum of floats, each alone or all of them are long.
bool LoopEmitter::addsParts(unsigned level) const {
  auto isSummed = [&](unsigned dim) {
    return dim != plan.vectorDim && llvm::none_of(llvm::seq<unsigned>(0, states.size()),
                                                  [&](unsigned i) { return nest.output(i).dependsOn(dim); });
  };
  bool hasSum = llvm::any_of(sums, [](const std::optional<Reduction> &sum) { return sum.has_value(); });
  if (level + 1 != plan.order.size() || !isSummed(plan.order[level]) || !hasSum)
    return false;
  int64_t length = 1;
  for (unsigned dim : llvm::make_filter_range(plan.order, isSummed))
    length *= nest.constantSize(dim).value_or(2 * partOfSum);
  return length >= 2 * partOfSum;
}

/// The innermost loop in parts, whose sums start from nothing and are then added: as exact as a tree of two levels.
void LoopEmitter::emitParts(unsigned level) {
  unsigned dim = plan.order[level];
  auto part = [&](Value first, Value last) {
    SmallVector<State> before = states;
    for (auto [state, sum] : llvm::zip(states, sums))
      for (Value &value : state)
        if (sum)
          value = createConstant(b, loc, sum->neutral, value.getType());
    emitLoop(dim, first, last, 1, /*unrolling=*/4, [&] { emitLevel(level + 1); });
    for (auto [state, old, sum] : llvm::zip(states, before, sums))
      for (auto [value, begun] : llvm::zip(state, old))
        if (sum)
          value = sum->combine(b, loc, {begun}, {value}).front();
  };
  Bounds all = bounds[dim];
  Value step = arith::ConstantIndexOp::create(b, loc, partOfSum);
  Value length = b.createOrFold<arith::SubIOp>(loc, all.last, all.first);
  if (std::optional<int64_t> known = getConstantIntValue(length); known && *known <= partOfSum)
    return part(all.first, all.last);
  Value whole = roundDown(b, loc, all, partOfSum);
  emitLoop(dim, all.first, whole, partOfSum, /*unrolling=*/0, [&] { part(ivs[dim], addIndex(b, loc, ivs[dim], step)); });
  if (getConstantIntValue(length).value_or(1) % partOfSum)
    part(whole, all.last);
}

void LoopEmitter::emitLevel(unsigned level) {
  loadInputs(level);
  beginOutputs(level);
  if (level == plan.order.size()) {
    emitPoint();
  } else if (addsParts(level)) {
    emitParts(level);
  } else if (unsigned dim = plan.order[level]; dim == plan.vectorDim) {
    emitVectorLoop(level);
  } else {
    emitLoop(dim, bounds[dim].first, bounds[dim].last, 1, /*unrolling=*/0, [&] { emitLevel(level + 1); });
  }
  finishOutputs(level);
}

void emitLoops(OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target, ArrayRef<Bounds> bounds) {
  LoopEmitter(b, nest, plan, target, bounds).run();
}

void emitNest(OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target) {
  if (plan.transposeDim != ~0u)
    return emitTransposed(b, nest, plan, target);
  Location loc = nest.op.getLoc();
  SmallVector<Bounds> bounds;
  for (OpFoldResult size : nest.sizes)
    bounds.push_back({arith::ConstantIndexOp::create(b, loc, 0), asValue(b, loc, size)});
  if (plan.blockDim != ~0u) {
    Bounds &rows = bounds[plan.blockDim];
    Bounds rest = {roundDown(b, loc, rows, plan.block), rows.last};
    scf::ForOp loop = createFinalLoop(b, loc, rows.first, rest.first, plan.block, {});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value first = loop.getInductionVar();
      rows = {first, addIndex(b, loc, first, arith::ConstantIndexOp::create(b, loc, plan.block))};
      emitLoops(b, nest, plan, target, bounds);
    }
    if (nest.constantSize(plan.blockDim).value_or(1) % plan.block == 0)
      return;
    rows = rest;
  }
  emitLoops(b, nest, plan, target, bounds);
}

} // namespace dlc
