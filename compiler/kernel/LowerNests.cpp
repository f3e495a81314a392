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
#include "compiler/kernel/KernelFrame.h"
#include "compiler/kernel/VectorizePlan.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
namespace {

/// Where a value in memory is read: for each of its dims the frame dim that moves it, or -1 (always place 0).
using Access = SmallVector<int64_t, 4>;

/// A run of adjacent frame dims that every access moves together: one loop.
struct Loop {
  SmallVector<int64_t> dims; ///< of the frame
  bool reduced = false;
  AffineExpr extent; ///< product, over the symbols
  int64_t tile = 1;  ///< parallel loops only
};

/// A tile of a value in memory: a subview, and for each loop of the frame the subview's dim or -1.
struct Tile {
  Value buffer;
  SmallVector<int64_t> dimOfLoop;
};

class NestBuilder {
public:
  explicit NestBuilder(KernelFrame &f) : f(f), b(f.b), loc(f.loc) {}

  LogicalResult run() {
    findFrame();
    layer();
    makeLoops();
    chooseTiles();
    if (llvm::any_of(loops, [&](const Loop &l) { return !l.reduced && extentOf(l) == 0; })) {
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

private:
  static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
  static Type elementOf(Value v) { return typeOf(v).getElementType(); }
  bool isReduction(Operation *op) { return isa<ReductionOp>(op); }
  static bool isLeaf(Value v) { return !v.getDefiningOp() || isa<ConstantOp, NoneOp>(v.getDefiningOp()); }
  AffineExpr constant(int64_t v) { return getAffineConstantExpr(v, b.getContext()); }

  //===--------------------------------------------------------------------===//
  // The frame and how values lie in it
  //===--------------------------------------------------------------------===//

  void findFrame() {
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

  bool isReducedAxis(int64_t i) { return llvm::is_contained(reducedAxes, i); }

  /// Whether `v` is a result with the reduced axes folded to 1.
  bool isFolded(Value v) {
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

  /// numpy broadcasting of `v` against the frame.
  Access broadcastAccess(Value v) {
    Access access;
    auto type = typeOf(v);
    int64_t pad = frame.size() - type.getRank();
    for (int64_t i = 0; i < type.getRank(); ++i)
      access.push_back(type.getDimSize(i) == 1 ? -1 : pad + i);
    return access;
  }

  /// An op that reads operand 0 by a map is no computation: its operand is read so instead.
  static AffineMap sourceMapOf(Operation *op) {
    auto indexed = dyn_cast_or_null<IndexedOp>(op);
    return indexed ? indexed.sourceMap() : AffineMap();
  }
  Access mappedAccess(AffineMap map) {
    Access access;
    for (AffineExpr e : map.getResults())
      access.push_back(isa<AffineDimExpr>(e) ? static_cast<int64_t>(cast<AffineDimExpr>(e).getPosition()) : -1);
    return access;
  }

  //===--------------------------------------------------------------------===//
  // Levels
  //===--------------------------------------------------------------------===//

  void layer() {
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

  /// Whether computing `v` again costs at most `budget` simple operations. What is in memory is a load.
  bool isCheap(Value v, int64_t budget) { return cost(v, 0) <= budget; }
  int64_t cost(Value v, int depth) {
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
  /// Arithmetic ops that the formula emits; a function counts many.
  int64_t ownCost(Operation *op) {
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

  //===--------------------------------------------------------------------===//
  // Loops and tiles
  //===--------------------------------------------------------------------===//

  void makeLoops() {
    bool needsPlaces = llvm::any_of(f.ops, [&](Operation *op) { return isa<IndexedOp>(op) && !sourceMapOf(op); });
    SmallVector<Access> accesses;
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
      return llvm::all_of(accesses, [&](const Access &a) {
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

  std::optional<int64_t> extentOf(const Loop &l) { return constantOf(l.extent); }

  void chooseTiles() {
    constexpr int64_t elements = 4096; // of a tile: 16 KiB of f32, some microseconds of work
    bool reduces = llvm::any_of(loops, [](const Loop &l) { return l.reduced; });
    int64_t budget = elements;
    if (reduces) {
      // All of the reduced dims are in a tile; along a parallel innermost dim a few vectors, or where nothing is read
      // twice runs that are long enough to stream.
      if (!loops.back().reduced)
        loops.back().tile = clampTile(loops.back(), isOnePass() ? 256 : 64);
    } else {
      for (Loop &l : llvm::reverse(loops)) {
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
  bool isOnePass() {
    return levels.back() <= 1 && llvm::all_of(f.outputs, [&](Value v) { return level.lookup(v) == 1; });
  }
  int64_t clampTile(const Loop &l, int64_t wanted) {
    wanted = std::max<int64_t>(1, wanted);
    if (std::optional<int64_t> extent = extentOf(l))
      return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, *extent));
    return wanted;
  }
  int64_t loopOf(int64_t dim) {
    for (auto [i, l] : llvm::enumerate(loops))
      if (llvm::is_contained(l.dims, dim))
        return i;
    return -1;
  }

  //===--------------------------------------------------------------------===//
  // Within a tile
  //===--------------------------------------------------------------------===//

  /// Tiles that make about 30 us of work, less than which does not pay a second thread.
  int64_t grain() {
    int64_t elements = 1;
    for (const Loop &l : loops)
      elements *= l.reduced ? extentOf(l).value_or(1024) : l.tile;
    return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, elements * static_cast<int64_t>(f.ops.size())));
  }

  scf::ForOp openTile() {
    AffineExpr tiles = constant(1);
    SmallVector<OpFoldResult> domain;
    for (Loop &l : loops) {
      AffineExpr n = l.reduced ? constant(1) : l.extent.ceilDiv(l.tile);
      tiles = tiles * n;
      domain.push_back(f.dim(n));
    }
    for (Loop &l : loops) // an empty reduced dim still gives its neutral element; extents are made before the loop
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

  /// Whether a loop stays a loop inside a tile.
  bool isInner(int64_t i) { return loops[i].reduced || loops[i].tile != 1; }

  /// The tile of a value in memory that is accessed by `access`.
  Tile tileOf(Value v, const Access &access) {
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
    Tile tile;
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
  static std::string hashOf(const Access &a) {
    std::string s;
    for (int64_t d : a)
      s += std::to_string(d) + ",";
    return s;
  }

  /// A buffer for a tile of a value that has none: `folded` without the reduced loops.
  Tile localTile(Value v, bool folded, Type type) {
    auto it = locals.find(v);
    if (it != locals.end())
      return it->second;
    Tile tile;
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

  /// The inner loops of a level, and a map from each to its dim in the linalg op.
  SmallVector<int64_t> innerLoops(bool folded) {
    SmallVector<int64_t> inner;
    for (int64_t i = 0, n = loops.size(); i < n; ++i)
      if (isInner(i) && !(folded && loops[i].reduced))
        inner.push_back(i);
    return inner;
  }
  AffineMap mapOf(const Tile &tile, ArrayRef<int64_t> inner) {
    SmallVector<AffineExpr> exprs(cast<MemRefType>(tile.buffer.getType()).getRank());
    for (auto [position, l] : llvm::enumerate(inner))
      if (tile.dimOfLoop[l] >= 0)
        exprs[tile.dimOfLoop[l]] = b.getAffineDimExpr(position);
    return AffineMap::get(inner.size(), 0, exprs, b.getContext());
  }

  //===--------------------------------------------------------------------===//
  // Levels as linalg ops
  //===--------------------------------------------------------------------===//

  Type accumulatorType(Type t) { return t.isInteger(1) ? Type(b.getI8Type()) : computeType(t); }
  Type keptType(Type t) { return t.isInteger(1) ? Type(b.getI8Type()) : computeType(t); }

  LogicalResult emitLevel(int64_t l) {
    bool folded = l % 2;
    // A fold over nothing is its start value.
    bool empty = llvm::any_of(loops, [&](const Loop &o) { return o.reduced && extentOf(o) == 0; });
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

  /// One linalg.generic that computes `written` and folds into `reductions`.
  LogicalResult emitGeneric(ArrayRef<Value> written, ArrayRef<Value> reductions, bool folded, int64_t l) {
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
      Tile tile;
      if (i >= written.size()) {
        tile = localTile(r, /*folded=*/true, accumulatorType(elementOf(r)));
        fillStart(r, tile);
      } else if (f.inMemory(r)) {
        tile = tileOf(r, outputAccess(r));
      } else {
        tile = localTile(r, folded, keptType(elementOf(r)));
      }
      outputs.push_back(tile.buffer);
      maps.push_back(mapOf(tile, inner));
    }
    SmallVector<utils::IteratorType> iterators;
    for (int64_t i : inner)
      iterators.push_back(loops[i].reduced && reduces ? utils::IteratorType::reduction : utils::IteratorType::parallel);
    SmallVector<Prefetch> prefetches;
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
      for (const Prefetch &p : prefetches)
        emitPrefetch(body, at, p);
      linalg::YieldOp::create(body, at, yielded);
    };
    auto generic = linalg::GenericOp::create(b, loc, TypeRange{}, inputs, outputs, maps, iterators, payload);
    if (!reduces && llvm::all_of(written, [&](Value v) { return isLarge(v); }))
      stream(generic, written);
    return failure(failedInside);
  }

  /// Whether `v` is more than a core's share of the caches, no op here reads it back, and each run of it that a tile
  /// writes is whole cache lines.
  bool isLarge(Value v) {
    constexpr int64_t line = 64, least = 8 << 20; // bytes
    int64_t all = 1, width = byteWidth(elementOf(v));
    for (const Loop &l : loops)
      all *= extentOf(l).value_or(0);
    if (!f.inMemory(v) || !typeOf(v).hasStaticShape() || typeOf(v).getNumElements() != all || all * width < least)
      return false;
    bool isRead = llvm::any_of(v.getUsers(), [](Operation *user) { return !user->hasTrait<OpTrait::IsTerminator>(); });
    const Loop &last = loops.back();
    int64_t run = last.reduced ? *extentOf(last) : last.tile;
    return !isRead && run * width % line == 0 && *extentOf(last) * width % line == 0;
  }
  /// Two forms of `generic`: one for results that start at a cache line, whose stores go past the caches without
  /// fetching what they overwrite.
  void stream(linalg::GenericOp generic, ArrayRef<Value> written) {
    Value isAligned = f.startsOwnLine(written.front());
    for (Value v : written.drop_front())
      isAligned = arith::AndIOp::create(b, loc, isAligned, f.startsOwnLine(v));
    auto branch = scf::IfOp::create(b, loc, isAligned, /*withElseRegion=*/true);
    OpBuilder(branch.thenBlock()->getTerminator()).clone(*generic)->setAttr(streamedAttrName, b.getUnitAttr());
    generic->moveBefore(branch.elseBlock()->getTerminator());
    hasStreamed = true;
  }

  /// The first pass over a tile that finds its inputs in the cache, and leaves the memory idle.
  int64_t prefetchLevel() {
    auto even = llvm::find_if(levels, [](int64_t l) { return l > 0 && l % 2 == 0; });
    return even == levels.end() ? -1 : *even;
  }

  /// Asks for the lines that later passes over this row will write, and the next row will read. Rows that fill pages of
  /// their own are where the machine's own prefetching starts anew each time.
  struct Prefetch {
    Value row;
    int64_t distance; ///< in elements
    bool isWrite;
  };
  SmallVector<Prefetch> prefetchesFrom(int64_t l) {
    constexpr int64_t least = 1024, most = 16 * 1024, cached = 1 << 20; // bytes
    SmallVector<Prefetch> result;
    int64_t last = loops.size() - 1;
    bool alone = loops.back().reduced && llvm::none_of(llvm::seq(last), [&](int64_t i) { return isInner(i); });
    std::optional<int64_t> extent = extentOf(loops.back());
    if (!alone || last == 0 || !extent)
      return result;
    auto add = [&](Value v, const Access &access, int64_t distance, bool isWrite) {
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
  static void emitPrefetch(OpBuilder &body, Location at, const Prefetch &p) {
    Value place = linalg::IndexOp::create(body, at, 0);
    if (p.distance)
      place = arith::AddIOp::create(body, at, place, arith::ConstantIndexOp::create(body, at, p.distance));
    memref::PrefetchOp::create(body, at, p.row, place, p.isWrite, /*localityHint=*/3, /*isDataCache=*/true);
  }
  bool isReadAt0(Value v) {
    return llvm::any_of(v.getUsers(), [&](Operation *user) {
      return !isa<IndexedOp>(user) && user->getNumResults() == 1 && computedAt.lookup(user->getResult(0)) == 0;
    });
  }

  /// An operand must tell the extent of every loop. Where only computed places or broadcast values are folded none does:
  /// a buffer of the tile's shape, which nobody reads, stands in.
  void coverLoops(ArrayRef<int64_t> inner, SmallVectorImpl<Value> &inputs, SmallVectorImpl<AffineMap> &maps) {
    for (int64_t i = 0, n = inner.size(); i < n; ++i) {
      bool covered = llvm::any_of(maps, [&](AffineMap m) { return m.isFunctionOfDim(i); });
      if (covered)
        continue;
      Tile tile = localTile(f.function.getArguments().back(), /*folded=*/false, b.getI8Type());
      inputs.push_back(tile.buffer);
      maps.push_back(mapOf(tile, inner));
      return;
    }
  }

  /// A result's own access: folded dims are at place 0.
  Access outputAccess(Value v) {
    Access access = broadcastAccess(v);
    if (isFolded(v))
      for (int64_t a : reducedAxes)
        access[a] = -1;
    return access;
  }

  void fillStart(Value r, const Tile &tile) {
    Type element = elementOf(r), type = accumulatorType(element);
    Number start = cast<ReductionOp>(r.getDefiningOp()).initial(element);
    TypedAttr value = isa<FloatType>(type) ? TypedAttr(FloatAttr::get(type, start.asDouble()))
                                           : TypedAttr(IntegerAttr::get(type, start.asInt()));
    Value init = arith::ConstantOp::create(b, loc, value);
    linalg::FillOp::create(b, loc, init, tile.buffer);
  }

  /// Where a use of `v` at level `l` reads memory; null: it is computed in the body.
  std::optional<Tile> memoryOf(Value v, int64_t l, bool root) {
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

  void addLeaf(Value key, const Tile &tile, ArrayRef<int64_t> inner, SmallVectorImpl<Value> &inputs,
               SmallVectorImpl<AffineMap> &maps) {
    if (!leaves.try_emplace(key, inputs.size()).second)
      return;
    inputs.push_back(tile.buffer);
    maps.push_back(mapOf(tile, inner));
  }

  void collectLeaves(Value v, int64_t l, bool root, ArrayRef<int64_t> inner, SmallVectorImpl<Value> &inputs,
                     SmallVectorImpl<AffineMap> &maps) {
    if (std::optional<Tile> tile = memoryOf(v, l, root && !isReductionValue(v)))
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
  bool isReductionValue(Value v) { return !isLeaf(v) && isReduction(v.getDefiningOp()); }

  //===--------------------------------------------------------------------===//
  // Bodies
  //===--------------------------------------------------------------------===//

  /// `v` as a formula sees it.
  Scalar emitValue(Emitter &e, Value v, int64_t l) {
    auto known = computed.find(v);
    if (known != computed.end())
      return known->second;
    Scalar s = emitNew(e, v, l);
    computed[v] = s;
    return s;
  }

  Scalar emitNew(Emitter &e, Value v, int64_t l) {
    Type element = elementOf(v);
    auto leaf = leaves.find(v);
    if (leaf != leaves.end()) {
      Value stored = bodyArgs[leaf->second];
      // Accumulators and kept values are in the type of computation already.
      if (stored.getType() == computeType(element))
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

  static Scalar literal(Emitter &e, ConstantOp c, int64_t i) {
    Array array = Array::fromAttribute(c.getValue());
    Type element = array.elementType, type = computeType(element);
    Number n = array.at(i);
    Value v = isa<FloatType>(type)
                  ? arith::ConstantOp::create(e.b, e.loc, FloatAttr::get(type, n.asDouble())).getResult()
                  : arith::ConstantOp::create(e.b, e.loc, IntegerAttr::get(type, n.asInt())).getResult();
    return Scalar(e, v, element.isUnsignedInteger());
  }

  Value emitStored(Emitter &e, Value r, int64_t l) {
    Scalar s = emitValue(e, r, l);
    if (!f.inMemory(r) && !elementOf(r).isInteger(1))
      return s.value();
    return toStorage(s, elementOf(r));
  }

  Value emitStep(Emitter &e, Value r, int64_t l, Value old) {
    auto reduction = cast<ReductionOp>(r.getDefiningOp());
    Type element = elementOf(r);
    Scalar x = emitValue(e, r.getDefiningOp()->getOperand(0), l);
    Scalar a = element.isInteger(1) ? fromStorage(e, old, element) : Scalar(e, old, element.isUnsignedInteger());
    Scalar next = reduction.emitCombine(a, x);
    return element.isInteger(1) ? toStorage(next, element) : next.value();
  }

  /// Reads inputs of the kernel at computed places.
  class Reader : public ElementReader<Scalar> {
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

  Scalar emitIndexed(Emitter &e, IndexedOp op) {
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

  KernelFrame &f;
  OpBuilder &b;
  Location loc;
  SmallVector<AffineExpr> frame;
  SmallVector<int64_t> reducedAxes;
  llvm::DenseMap<Value, int64_t> level;      ///< at which a value can be used
  llvm::DenseMap<Value, int64_t> computedAt; ///< at which it is computed
  llvm::SetVector<Value> kept;
  llvm::DenseSet<Value> done; ///< in memory by now
  bool hasPrefetched = false, hasStreamed = false;
  llvm::DenseMap<Operation *, int64_t> costs;
  SmallVector<int64_t> levels;
  SmallVector<Loop> loops;
  SmallVector<OpFoldResult> extents, offsets, sizes;
  std::map<std::pair<Value, std::string>, Tile, bool (*)(const std::pair<Value, std::string> &,
                                                          const std::pair<Value, std::string> &)>
      tiles{[](const auto &a, const auto &c) {
        return std::make_pair(a.first.getAsOpaquePointer(), a.second) <
               std::make_pair(c.first.getAsOpaquePointer(), c.second);
      }};
  llvm::DenseMap<Value, Tile> locals;
  // Of the generic being made.
  llvm::DenseMap<Value, unsigned> leaves;
  llvm::DenseMap<Value, Scalar> computed;
  SmallVector<int64_t> innerNow;
  ValueRange bodyArgs;
};

} // namespace

LogicalResult lowerNests(KernelFrame &frame) { return NestBuilder(frame).run(); }

} // namespace dlc
