//===- LowerNests.cpp - Fused kernels as linalg ops on tiles ---------------===//
//
// The ops of a kernel share a frame of dims. Dims that no reduction folds are parallel: they are cut into tiles, and all
// of the kernel runs on one tile before the next, so that what one op leaves for another stays in the cache.
//
// Within a tile the ops are layered. Level 0 holds what needs no reduction; a reduction over level 2i is level 2i's last
// step; ops on its folded result are level 2i + 1; ops that broadcast it again are level 2i + 2. Each level becomes one
// parallel linalg.generic for the values that must be in memory and one for its reductions. A value of an earlier level
// is computed again where that is cheap, and kept in a tile-sized buffer where not.
//
//===----------------------------------------------------------------------===//
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
LogicalResult NestBuilder::run() {
  findFrame();
  layer();
  makeLoops();
  chooseTiles();
  if (llvm::any_of(loops, [&](const FrameLoop &l) { return !l.reduced && extentOf(l) == 0; })) {
    f.openTiles(constant(0), 1); // nothing to compute, and no valid slice to say it with
    return success();
  }
  auto loop = openTile();
  for (int64_t level : levels)
    if (failed(emitLevel(level)))
      return failure();
  if (hasStreamed) { // what went past the caches is to be seen by whoever is told that the tiles are done
    b.setInsertionPointAfter(loop);
    LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
  }
  return success();
}

void NestBuilder::findFrame() {
  Value widest;
  for (Operation *op : f.ops) {
    if (isLeaf(op->getResult(0)))
      continue;
    if (auto reduction = dyn_cast<ReductionOp>(op)) {
      reducedAxes = reduction.reducedAxes();
      widest = op->getOperand(0);
    } else if (!widest) {
      widest = op->getResult(0);
    }
  }
  frame = llvm::to_vector(f.dimsOf(widest).getResults());
}

bool NestBuilder::isFolded(Value v) {
  if (reducedAxes.empty() || isLeaf(v))
    return false;
  if (isReduction(v.getDefiningOp()))
    return true;
  ArrayRef<AffineExpr> d = f.dimsOf(v).getResults();
  for (int64_t a : reducedAxes)
    if (d[a] != frame[a])
      return true;
  // Reduced axes that are 1 from the start: the op's operands tell.
  return llvm::all_of(reducedAxes, [&](int64_t a) { return frame[a] == constant(1); }) &&
         llvm::any_of(v.getDefiningOp()->getOperands(), [&](Value o) { return !isLeaf(o) && level.lookup(o) % 2; });
}

FrameAccess NestBuilder::broadcastAccess(Value v) {
  FrameAccess access;
  auto type = typeOf(v);
  int64_t pad = frame.size() - type.getRank();
  for (int64_t i = 0; i < type.getRank(); ++i)
    access.push_back(type.getDimSize(i) == 1 ? -1 : pad + i);
  return access;
}

AffineMap NestBuilder::sourceMapOf(Operation *op) {
  auto indexed = dyn_cast_or_null<IndexedOp>(op);
  return indexed ? indexed.sourceMap() : AffineMap();
}

FrameAccess NestBuilder::mappedAccess(AffineMap map) {
  FrameAccess access;
  for (AffineExpr e : map.getResults())
    access.push_back(isa<AffineDimExpr>(e) ? static_cast<int64_t>(cast<AffineDimExpr>(e).getPosition()) : -1);
  return access;
}

void NestBuilder::layer() {
  llvm::SetVector<int64_t> all;
  for (Operation *op : f.ops) {
    Value r = op->getResult(0);
    if (isLeaf(r))
      continue;
    int64_t most = 0;
    for (Value o : op->getOperands())
      if (!isLeaf(o))
        most = std::max(most, level.lookup(o));
    if (isReduction(op)) {
      most += most % 2; // over a folded value again: nothing is left to fold, but it stays legal
      computedAt[r] = most;
      level[r] = most + 1;
      all.insert(most);
      continue;
    }
    bool folded = isFolded(r);
    if (folded)
      most = std::max<int64_t>(most, 1);
    if (folded ? most % 2 == 0 : most % 2 == 1)
      ++most;
    computedAt[r] = level[r] = most;
    all.insert(most);
  }
  // A reduction that is a result is written by the folded level behind it.
  for (Value v : f.outputs)
    all.insert(level.lookup(v));
  levels = all.takeVector();
  llvm::sort(levels);
  for (Operation *op : f.ops)
    for (Value o : op->getOperands())
      if (!isLeaf(o) && computedAt.lookup(o) < computedAt.lookup(op->getResult(0)) &&
          !isReduction(o.getDefiningOp()) && !f.inMemory(o) && !isCheap(o, 6))
        kept.insert(o);
}

int64_t NestBuilder::cost(Value v, int depth) {
  if (isLeaf(v) || f.inMemory(v) || kept.contains(v) || isReduction(v.getDefiningOp()) || depth > 8)
    return depth > 8 ? 1000 : 0;
  Operation *op = v.getDefiningOp();
  if (!isa<PointwiseOp>(op))
    return sourceMapOf(op) ? 0 : 1000;
  int64_t total = ownCost(op);
  for (Value o : op->getOperands())
    total += cost(o, depth + 1);
  return total;
}

int64_t NestBuilder::ownCost(Operation *op) {
  auto known = costs.find(op);
  if (known != costs.end())
    return known->second;
  Region region(f.function);
  Block &scratch = region.emplaceBlock();
  OpBuilder inner = OpBuilder::atBlockEnd(&scratch);
  Emitter emitter{inner, op->getLoc(), 0};
  SmallVector<Scalar> operands;
  for (Value o : op->getOperands())
    operands.push_back(Scalar(emitter, scratch.addArgument(computeType(elementOf(o)), loc),
                              elementOf(o).isUnsignedInteger()));
  cast<PointwiseOp>(op).emitScalar(operands);
  int64_t total = 0;
  for (Operation &o : scratch)
    total += isa_and_nonnull<math::MathDialect>(o.getDialect()) && !isa<math::AbsFOp>(o) ? 16
             : isa<arith::DivFOp>(o)                                                    ? 6
             : o.hasTrait<OpTrait::ConstantLike>()                                      ? 0
                                                                                        : 1;
  return costs[op] = total;
}

void NestBuilder::makeLoops() {
  bool needsPlaces = llvm::any_of(f.ops, [&](Operation *op) { return isa<IndexedOp>(op) && !sourceMapOf(op); });
  SmallVector<FrameAccess> accesses;
  for (Operation *op : f.ops) {
    if (isLeaf(op->getResult(0)))
      continue;
    if (AffineMap map = sourceMapOf(op)) {
      accesses.push_back(mappedAccess(map));
      continue;
    }
    if (isa<IndexedOp>(op))
      continue;
    for (Value o : op->getOperands())
      if (f.inMemory(o))
        accesses.push_back(broadcastAccess(o));
  }
  auto together = [&](int64_t i) { // frame dims i - 1 and i
    if (needsPlaces || isReducedAxis(i - 1) != isReducedAxis(i))
      return false;
    return llvm::all_of(accesses, [&](const FrameAccess &a) {
      auto x = llvm::find(a, i - 1), y = llvm::find(a, i);
      if (x == a.end() || y == a.end())
        return x == y;
      return y == x + 1;
    });
  };
  int64_t previous = -1;
  for (int64_t i = 0, n = frame.size(); i < n; ++i) {
    if (frame[i] == constant(1))
      continue;
    // Dims of 1 between two others are in no access and do not keep them apart.
    bool joins = previous >= 0 && previous == i - 1 && together(i);
    if (!joins)
      loops.push_back({{}, isReducedAxis(i), constant(1), 1});
    loops.back().dims.push_back(i);
    loops.back().extent = loops.back().extent * frame[i];
    previous = i;
  }
}

void NestBuilder::chooseTiles() {
  constexpr int64_t elements = 4096; // of a tile: 16 KiB of f32, some microseconds of work
  bool reduces = llvm::any_of(loops, [](const FrameLoop &l) { return l.reduced; });
  int64_t budget = elements;
  if (reduces) {
    // All of the reduced dims are in a tile; along a parallel innermost dim a few vectors, or where nothing is read
    // twice runs that are long enough to stream.
    if (!loops.back().reduced)
      loops.back().tile = clampTile(loops.back(), isOnePass() ? 256 : 64);
  } else {
    for (FrameLoop &l : llvm::reverse(loops)) {
      l.tile = clampTile(l, budget);
      budget /= l.tile;
      if (budget <= 1)
        break;
    }
  }
  // Transposing reads move along another dim than the results: both are blocked.
  for (Operation *op : f.ops) {
    AffineMap map = isLeaf(op->getResult(0)) ? AffineMap() : sourceMapOf(op);
    if (!map || map.getNumResults() == 0)
      continue;
    auto innermost = dyn_cast<AffineDimExpr>(map.getResult(map.getNumResults() - 1));
    if (!innermost)
      continue;
    int64_t source = loopOf(innermost.getPosition());
    int64_t last = loops.size() - 1;
    if (source < 0 || source == last)
      continue;
    for (int64_t i = 0; i <= last; ++i)
      loops[i].tile = i == source || i == last ? clampTile(loops[i], 64) : 1;
  }
}

bool NestBuilder::isOnePass() {
  return levels.back() <= 1 && llvm::all_of(f.outputs, [&](Value v) { return level.lookup(v) == 1; });
}

int64_t NestBuilder::clampTile(const FrameLoop &l, int64_t wanted) {
  wanted = std::max<int64_t>(1, wanted);
  if (std::optional<int64_t> extent = extentOf(l))
    return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, *extent));
  return wanted;
}

int64_t NestBuilder::loopOf(int64_t dim) {
  for (auto [i, l] : llvm::enumerate(loops))
    if (llvm::is_contained(l.dims, dim))
      return i;
  return -1;
}

int64_t NestBuilder::grain() {
  int64_t elements = 1;
  for (const FrameLoop &l : loops)
    elements *= l.reduced ? extentOf(l).value_or(1024) : l.tile;
  return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, elements * static_cast<int64_t>(f.ops.size())));
}

scf::ForOp NestBuilder::openTile() {
  AffineExpr tiles = constant(1);
  SmallVector<OpFoldResult> domain;
  for (FrameLoop &l : loops) {
    AffineExpr n = l.reduced ? constant(1) : l.extent.ceilDiv(l.tile);
    tiles = tiles * n;
    domain.push_back(f.dim(n));
  }
  for (FrameLoop &l : loops) // an empty reduced dim still gives its neutral element; extents are made before the loop
    extents.push_back(f.dim(l.extent));
  for (Value v : f.outputs)
    (void)f.dims(v);
  auto loop = f.openTiles(tiles, grain());
  SmallVector<Value> places = f.delinearize(loop.getInductionVar(), domain);
  for (auto [i, l] : llvm::enumerate(loops)) {
    if (l.reduced) {
      offsets.push_back(b.getIndexAttr(0));
      sizes.push_back(extents[i]);
      continue;
    }
    AffineExpr p = b.getAffineDimExpr(0), e = b.getAffineDimExpr(1);
    OpFoldResult offset = affine::makeComposedFoldedAffineApply(b, loc, p * l.tile, {OpFoldResult(places[i])});
    offsets.push_back(offset);
    std::optional<int64_t> extent = extentOf(l);
    if (l.tile == 1 || (extent && *extent % l.tile == 0))
      sizes.push_back(b.getIndexAttr(l.tile));
    else
      sizes.push_back(affine::makeComposedFoldedAffineMin(
          b, loc, AffineMap::get(2, 0, {constant(l.tile), e - p}, b.getContext()), {offset, extents[i]}));
  }
  return loop;
}

FrameTile NestBuilder::tileOf(Value v, const FrameAccess &access) {
  auto [it, isNew] = tiles.try_emplace({v, hashOf(access)});
  if (!isNew)
    return it->second;
  // The view has a dim for each loop that moves it, in the value's own order.
  SmallVector<int64_t> order; // loops
  for (int64_t d : access) {
    int64_t l = d < 0 ? -1 : loopOf(d);
    if (l >= 0 && (order.empty() || order.back() != l))
      order.push_back(l);
  }
  SmallVector<OpFoldResult> shape, from, count, stride(order.size(), b.getIndexAttr(1));
  FrameTile tile;
  tile.dimOfLoop.assign(loops.size(), -1);
  SmallVector<int64_t> kept;
  for (auto [i, l] : llvm::enumerate(order)) {
    shape.push_back(extents[l]);
    from.push_back(offsets[l]);
    count.push_back(sizes[l]);
    if (isInner(l)) {
      tile.dimOfLoop[l] = kept.size();
      kept.push_back(i);
    }
  }
  Value view = f.view(v, shape);
  auto type = cast<MemRefType>(view.getType());
  SmallVector<int64_t> keptShape;
  for (int64_t i : kept)
    keptShape.push_back(getConstantIntValue(count[i]).value_or(ShapedType::kDynamic));
  auto result = memref::SubViewOp::inferRankReducedResultType(keptShape, type, from, count, stride);
  tile.buffer = memref::SubViewOp::create(b, loc, cast<MemRefType>(result), view, from, count, stride);
  return tiles[{v, hashOf(access)}] = tile;
}

std::string NestBuilder::hashOf(const FrameAccess &a) {
  std::string s;
  for (int64_t d : a)
    s += std::to_string(d) + ",";
  return s;
}

FrameTile NestBuilder::localTile(Value v, bool folded, Type type) {
  auto it = locals.find(v);
  if (it != locals.end())
    return it->second;
  FrameTile tile;
  tile.dimOfLoop.assign(loops.size(), -1);
  SmallVector<OpFoldResult> shape, actual;
  SmallVector<AffineExpr> exprs;
  for (auto [i, l] : llvm::enumerate(loops)) {
    if (!isInner(i) || (folded && l.reduced))
      continue;
    tile.dimOfLoop[i] = shape.size();
    exprs.push_back(l.reduced ? l.extent : constant(l.tile));
    shape.push_back(l.reduced ? extents[i] : OpFoldResult(b.getIndexAttr(l.tile)));
    actual.push_back(sizes[i]);
  }
  Value whole = f.temporary(shape, exprs, type);
  // The last tile of a dim may be smaller.
  SmallVector<OpFoldResult> zero(shape.size(), b.getIndexAttr(0)), one(shape.size(), b.getIndexAttr(1));
  tile.buffer = whole;
  if (!shape.empty() && shape != actual)
    tile.buffer = memref::SubViewOp::create(b, loc, whole, zero, actual, one);
  return locals[v] = tile;
}

SmallVector<int64_t> NestBuilder::innerLoops(bool folded) {
  SmallVector<int64_t> inner;
  for (int64_t i = 0, n = loops.size(); i < n; ++i)
    if (isInner(i) && !(folded && loops[i].reduced))
      inner.push_back(i);
  return inner;
}

AffineMap NestBuilder::mapOf(const FrameTile &tile, ArrayRef<int64_t> inner) {
  SmallVector<AffineExpr> exprs(cast<MemRefType>(tile.buffer.getType()).getRank());
  for (auto [position, l] : llvm::enumerate(inner))
    if (tile.dimOfLoop[l] >= 0)
      exprs[tile.dimOfLoop[l]] = b.getAffineDimExpr(position);
  return AffineMap::get(inner.size(), 0, exprs, b.getContext());
}

LogicalResult lowerNests(KernelFrame &frame) { return NestBuilder(frame).run(); }

} // namespace dlc
