//===- LowerNestsLevels.cpp - The levels of a tile as linalg ops -----------===//
#include "compiler/kernel/NestBuilder.h"
#include "compiler/kernel/VectorizePlan.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
LogicalResult NestBuilder::emitLevel(int64_t l) {
  bool folded = l % 2;
  // A fold over nothing is its start value.
  bool empty = llvm::any_of(loops, [&](const FrameLoop &o) { return o.reduced && extentOf(o) == 0; });
  SmallVector<Value> written, reductions;
  for (Operation *op : f.ops) {
    Value r = op->getResult(0);
    if (isLeaf(r))
      continue;
    if (isReduction(op)) {
      if (computedAt.lookup(r) == l)
        reductions.push_back(r);
      if (folded && level.lookup(r) == l && f.inMemory(r))
        written.push_back(r); // rounds the accumulator into the result
    } else if (computedAt.lookup(r) == l && (f.inMemory(r) || kept.contains(r))) {
      written.push_back(r);
    }
  }
  if (empty && !folded) {
    for (Value r : reductions)
      fillStart(r, localTile(r, /*folded=*/true, accumulatorType(elementOf(r))));
    return success();
  }
  // One pass for both where the sums stay in registers all the way.
  if (!written.empty() && !reductions.empty() && loops.back().reduced) {
    LogicalResult result = emitGeneric(written, reductions, folded, l);
    done.insert(written.begin(), written.end());
    return result;
  }
  if (!written.empty() && failed(emitGeneric(written, {}, folded, l)))
    return failure();
  done.insert(written.begin(), written.end());
  if (!reductions.empty() && failed(emitGeneric({}, reductions, false, l)))
    return failure();
  return success();
}

LogicalResult NestBuilder::emitGeneric(ArrayRef<Value> written, ArrayRef<Value> reductions, bool folded, int64_t l) {
  SmallVector<int64_t> inner = innerLoops(folded);
  SmallVector<Value> inputs, outputs, roots(written);
  SmallVector<AffineMap> maps;
  leaves.clear();
  for (Value r : written)
    collectLeaves(r, l, /*root=*/true, inner, inputs, maps);
  for (Value r : reductions)
    for (Value o : r.getDefiningOp()->getOperands())
      collectLeaves(o, l, /*root=*/false, inner, inputs, maps);
  bool reduces = !reductions.empty();
  if (reduces)
    coverLoops(inner, inputs, maps);
  llvm::append_range(roots, reductions);
  for (auto [i, r] : llvm::enumerate(roots)) {
    FrameTile tile;
    if (i >= written.size()) {
      tile = localTile(r, /*folded=*/true, accumulatorType(elementOf(r)));
      fillStart(r, tile);
    } else if (f.inMemory(r)) {
      tile = tileOf(r, outputAccess(r));
    } else {
      tile = localTile(r, folded, accumulatorType(elementOf(r)));
    }
    outputs.push_back(tile.buffer);
    maps.push_back(mapOf(tile, inner));
  }
  SmallVector<utils::IteratorType> iterators;
  for (int64_t i : inner)
    iterators.push_back(loops[i].reduced && reduces ? utils::IteratorType::reduction : utils::IteratorType::parallel);
  SmallVector<FramePrefetch> prefetches;
  if (l == prefetchLevel() && !std::exchange(hasPrefetched, true))
    prefetches = prefetchesFrom(l);
  bool failedInside = false;
  auto payload = [&](OpBuilder &body, Location at, ValueRange args) {
    Emitter emitter{body, at, f.node};
    computed.clear();
    innerNow = inner;
    bodyArgs = args;
    SmallVector<Value> yielded;
    for (auto [i, r] : llvm::enumerate(roots)) {
      Value old = args[inputs.size() + i];
      yielded.push_back(i < written.size() ? emitStored(emitter, r, l) : emitStep(emitter, r, l, old));
      failedInside |= !yielded.back();
    }
    for (const FramePrefetch &p : prefetches)
      emitPrefetch(body, at, p);
    linalg::YieldOp::create(body, at, yielded);
  };
  auto generic = linalg::GenericOp::create(b, loc, TypeRange{}, inputs, outputs, maps, iterators, payload);
  if (!reduces && llvm::all_of(written, [&](Value v) { return isLarge(v); }))
    stream(generic, written);
  return failure(failedInside);
}

bool NestBuilder::isLarge(Value v) {
  constexpr int64_t line = 64, least = 8 << 20; // bytes
  int64_t all = 1, width = byteWidth(elementOf(v));
  for (const FrameLoop &l : loops)
    all *= extentOf(l).value_or(0);
  if (!f.inMemory(v) || !typeOf(v).hasStaticShape() || typeOf(v).getNumElements() != all || all * width < least)
    return false;
  bool isRead = llvm::any_of(v.getUsers(), [](Operation *user) { return !user->hasTrait<OpTrait::IsTerminator>(); });
  const FrameLoop &last = loops.back();
  int64_t run = last.reduced ? *extentOf(last) : last.tile;
  return !isRead && run * width % line == 0 && *extentOf(last) * width % line == 0;
}

void NestBuilder::stream(linalg::GenericOp generic, ArrayRef<Value> written) {
  Value isAligned = f.startsOwnLine(written.front());
  for (Value v : written.drop_front())
    isAligned = arith::AndIOp::create(b, loc, isAligned, f.startsOwnLine(v));
  auto branch = scf::IfOp::create(b, loc, isAligned, /*withElseRegion=*/true);
  OpBuilder(branch.thenBlock()->getTerminator()).clone(*generic)->setAttr(streamedAttrName, b.getUnitAttr());
  generic->moveBefore(branch.elseBlock()->getTerminator());
  hasStreamed = true;
}

int64_t NestBuilder::prefetchLevel() {
  auto even = llvm::find_if(levels, [](int64_t l) { return l > 0 && l % 2 == 0; });
  return even == levels.end() ? -1 : *even;
}

SmallVector<FramePrefetch> NestBuilder::prefetchesFrom(int64_t l) {
  constexpr int64_t least = 1024, most = 16 * 1024, cached = 1 << 20; // bytes
  SmallVector<FramePrefetch> result;
  int64_t last = loops.size() - 1;
  bool alone = loops.back().reduced && llvm::none_of(llvm::seq(last), [&](int64_t i) { return isInner(i); });
  std::optional<int64_t> extent = extentOf(loops.back());
  if (!alone || last == 0 || !extent)
    return result;
  auto add = [&](Value v, const FrameAccess &access, int64_t distance, bool isWrite) {
    int64_t bytes = *extent * byteWidth(elementOf(v));
    std::optional<int64_t> all = bytes;
    for (int64_t i = 0; i < last; ++i)
      all = all && extentOf(loops[i]) ? std::optional(*all * *extentOf(loops[i])) : std::nullopt;
    bool isWhole = llvm::all_of(llvm::seq(last + 1), [&](int64_t i) {
      return llvm::any_of(access, [&](int64_t d) { return d >= 0 && loopOf(d) == i; });
    });
    if (isWhole && bytes >= least && bytes <= most && all.value_or(cached) >= cached)
      result.push_back({tileOf(v, access).buffer, distance, isWrite});
  };
  for (Value v : f.outputs)
    if (computedAt.lookup(v) > l && !isLarge(v))
      add(v, outputAccess(v), 0, /*isWrite=*/true);
  for (BlockArgument v : f.source.getArguments())
    if (isa<TensorType>(v.getType()) && isReadAt0(v))
      add(v, broadcastAccess(v), *extent, /*isWrite=*/false);
  return result;
}

void NestBuilder::emitPrefetch(OpBuilder &body, Location at, const FramePrefetch &p) {
  Value place = linalg::IndexOp::create(body, at, 0);
  if (p.distance)
    place = arith::AddIOp::create(body, at, place, arith::ConstantIndexOp::create(body, at, p.distance));
  memref::PrefetchOp::create(body, at, p.row, place, p.isWrite, /*localityHint=*/3, /*isDataCache=*/true);
}

bool NestBuilder::isReadAt0(Value v) {
  return llvm::any_of(v.getUsers(), [&](Operation *user) {
    return !isa<IndexedOp>(user) && user->getNumResults() == 1 && computedAt.lookup(user->getResult(0)) == 0;
  });
}

void NestBuilder::coverLoops(ArrayRef<int64_t> inner, SmallVectorImpl<Value> &inputs, SmallVectorImpl<AffineMap> &maps) {
  for (int64_t i = 0, n = inner.size(); i < n; ++i) {
    bool covered = llvm::any_of(maps, [&](AffineMap m) { return m.isFunctionOfDim(i); });
    if (covered)
      continue;
    FrameTile tile = localTile(f.function.getArguments().back(), /*folded=*/false, b.getI8Type());
    inputs.push_back(tile.buffer);
    maps.push_back(mapOf(tile, inner));
    return;
  }
}

FrameAccess NestBuilder::outputAccess(Value v) {
  FrameAccess access = broadcastAccess(v);
  if (isFolded(v))
    for (int64_t a : reducedAxes)
      access[a] = -1;
  return access;
}

void NestBuilder::fillStart(Value r, const FrameTile &tile) {
  Type element = elementOf(r), type = accumulatorType(element);
  Number start = cast<ReductionOp>(r.getDefiningOp()).initial(element);
  TypedAttr value = isa<FloatType>(type) ? TypedAttr(FloatAttr::get(type, start.asDouble()))
                                         : TypedAttr(IntegerAttr::get(type, start.asInt()));
  Value init = arith::ConstantOp::create(b, loc, value);
  linalg::FillOp::create(b, loc, init, tile.buffer);
}

std::optional<FrameTile> NestBuilder::memoryOf(Value v, int64_t l, bool root) {
  if (isLeaf(v))
    return f.inMemory(v) ? std::optional(tileOf(v, broadcastAccess(v))) : std::nullopt;
  if (isReduction(v.getDefiningOp()))
    return locals.lookup(v);
  if (root || !done.contains(v))
    return std::nullopt;
  if (f.inMemory(v))
    return tileOf(v, outputAccess(v));
  if (kept.contains(v))
    return locals.lookup(v);
  return std::nullopt;
}

void NestBuilder::addLeaf(Value key, const FrameTile &tile, ArrayRef<int64_t> inner, SmallVectorImpl<Value> &inputs,
             SmallVectorImpl<AffineMap> &maps) {
  if (!leaves.try_emplace(key, inputs.size()).second)
    return;
  inputs.push_back(tile.buffer);
  maps.push_back(mapOf(tile, inner));
}

void NestBuilder::collectLeaves(Value v, int64_t l, bool root, ArrayRef<int64_t> inner, SmallVectorImpl<Value> &inputs,
                   SmallVectorImpl<AffineMap> &maps) {
  if (std::optional<FrameTile> tile = memoryOf(v, l, root && !isReductionValue(v)))
    return addLeaf(v, *tile, inner, inputs, maps);
  if (isLeaf(v))
    return;
  Operation *op = v.getDefiningOp();
  if (AffineMap map = sourceMapOf(op)) {
    if (f.inMemory(op->getOperand(0)))
      addLeaf(v, tileOf(op->getOperand(0), mappedAccess(map)), inner, inputs, maps);
    return;
  }
  if (isa<IndexedOp>(op))
    return; // reads whole tensors at computed places
  for (Value o : op->getOperands())
    collectLeaves(o, l, false, inner, inputs, maps);
}

/// Reads inputs of the kernel at computed places.
class NestBuilder::Reader : public ElementReader<Scalar> {
public:
  Reader(NestBuilder &n, Emitter &e, Operation *op) : n(n), e(e), op(op) {}
  Scalar read(unsigned operand, ArrayRef<Scalar> place) override {
    Value v = op->getOperand(operand);
    if (auto c = v.getDefiningOp<ConstantOp>())
      if (std::optional<int64_t> i = offsetIn(c, place))
        return literal(e, c, *i);
    SmallVector<Value> indices;
    for (const Scalar &s : place)
      indices.push_back(s.value());
    Value loaded = memref::LoadOp::create(e.b, e.loc, n.f.view(v), indices);
    return fromStorage(e, loaded, elementOf(v));
  }
  Scalar dim(unsigned operand, unsigned axis) override {
    AffineExpr d = n.f.dimsOf(op->getOperand(operand)).getResult(axis);
    return Scalar(e, getValueOrCreateConstantIndexOp(e.b, e.loc, n.f.dim(d)));
  }
  Scalar resultDim(unsigned axis) override {
    return Scalar(e, getValueOrCreateConstantIndexOp(e.b, e.loc, n.f.dim(n.f.dimsOf(op->getResult(0)).getResult(axis))));
  }
  Scalar constant(int64_t v) override { return indexConstant(e, v); }
  void check(Scalar ok, ValueError error) override { dl::check(ok, error); }
  Scalar remainder(Scalar a, Scalar b) override {
    Scalar r(e, arith::RemSIOp::create(e.b, e.loc, a.value(), b.value()));
    return select(r < constant(0), r + b, r);
  }
  Scalar toPlace(Scalar element) override { return cast(element, e.b.getIndexType()); }
  Scalar toResult(Scalar v) override { return cast(v, elementOf(op->getResult(0))); }

private:
  static std::optional<int64_t> offsetIn(ConstantOp c, ArrayRef<Scalar> place) {
    auto dense = dyn_cast<DenseElementsAttr>(c.getValue());
    if (dense && dense.isSplat() && dense.getNumElements())
      return 0;
    int64_t offset = 0;
    for (auto [d, s] : llvm::zip(cast<ShapedType>(c.getType()).getShape(), place)) {
      std::optional<int64_t> i = getConstantIntValue(s.value());
      if (!i)
        return std::nullopt;
      offset = offset * d + *i;
    }
    return offset;
  }
  NestBuilder &n;
  Emitter &e;
  Operation *op;
};

Scalar NestBuilder::emitValue(Emitter &e, Value v, int64_t l) {
  auto known = computed.find(v);
  if (known != computed.end())
    return known->second;
  Scalar s = emitNew(e, v, l);
  computed[v] = s;
  return s;
}

Scalar NestBuilder::emitNew(Emitter &e, Value v, int64_t l) {
  Type element = elementOf(v);
  auto leaf = leaves.find(v);
  if (leaf != leaves.end()) {
    Value stored = bodyArgs[leaf->second];
    // Accumulators and kept values are in the type of computation already.
    if (stored.getType() == computeType(element) && stored.getType() != storageType(element))
      return Scalar(e, stored, element.isUnsignedInteger());
    return fromStorage(e, stored, element);
  }
  Operation *op = v.getDefiningOp();
  if (auto c = dyn_cast<ConstantOp>(op))
    return literal(e, c, 0);
  if (AffineMap map = sourceMapOf(op))
    return emitValue(e, op->getOperand(0), l); // of a constant
  if (auto indexed = dyn_cast<IndexedOp>(op))
    return emitIndexed(e, indexed);
  SmallVector<Scalar> operands;
  for (Value o : op->getOperands())
    operands.push_back(emitValue(e, o, l));
  Scalar r = cast<PointwiseOp>(op).emitScalar(operands);
  return r;
}

Scalar NestBuilder::literal(Emitter &e, ConstantOp c, int64_t i) {
  Array array = Array::fromAttribute(c.getValue());
  Type element = array.elementType, type = computeType(element);
  Number n = array.at(i);
  Value v = isa<FloatType>(type)
                ? arith::ConstantOp::create(e.b, e.loc, FloatAttr::get(type, n.asDouble())).getResult()
                : arith::ConstantOp::create(e.b, e.loc, IntegerAttr::get(type, n.asInt())).getResult();
  return Scalar(e, v, element.isUnsignedInteger());
}

Value NestBuilder::emitStored(Emitter &e, Value r, int64_t l) {
  Scalar s = emitValue(e, r, l);
  if (!f.inMemory(r) && !elementOf(r).isInteger(1))
    return s.value();
  return toStorage(s, elementOf(r));
}

Value NestBuilder::emitStep(Emitter &e, Value r, int64_t l, Value old) {
  auto reduction = cast<ReductionOp>(r.getDefiningOp());
  Type element = elementOf(r);
  Scalar x = emitValue(e, r.getDefiningOp()->getOperand(0), l);
  Scalar a = element.isInteger(1) ? fromStorage(e, old, element) : Scalar(e, old, element.isUnsignedInteger());
  Scalar next = reduction.emitCombine(a, x);
  return element.isInteger(1) ? toStorage(next, element) : next.value();
}

Scalar NestBuilder::emitIndexed(Emitter &e, IndexedOp op) {
  SmallVector<Scalar> place;
  for (int64_t d = 0, n = frame.size(); d < n; ++d) {
    int64_t l = loopOf(d);
    if (l < 0) {
      place.push_back(indexConstant(e, 0));
      continue;
    }
    Value offset = getValueOrCreateConstantIndexOp(e.b, e.loc, offsets[l]);
    auto inside = llvm::find(innerNow, l);
    if (inside != innerNow.end()) {
      Value i = linalg::IndexOp::create(e.b, e.loc, inside - innerNow.begin());
      offset = isConstantIntValue(offsets[l], 0) ? i : arith::AddIOp::create(e.b, e.loc, offset, i).getResult();
    }
    place.push_back(Scalar(e, offset));
  }
  Reader reader(*this, e, op);
  return op.emitElement(reader, place);
}

} // namespace dlc
