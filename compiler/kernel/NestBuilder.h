//===- NestBuilder.h - Fused kernels as linalg ops on tiles -----*- C++ -*-===//
#pragma once

#include "compiler/kernel/KernelFrame.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"
#include <map>

namespace dlc {

/// Where a value in memory is read: for each of its dims the frame dim that moves it, or -1 (always place 0).
using FrameAccess = llvm::SmallVector<int64_t, 4>;

/// A run of adjacent frame dims that every access moves together: one loop.
struct FrameLoop {
  llvm::SmallVector<int64_t> dims; ///< of the frame
  bool reduced = false;
  mlir::AffineExpr extent; ///< product, over the symbols
  int64_t tile = 1;        ///< parallel loops only
};

/// A tile of a value in memory: a subview, and for each loop of the frame the subview's dim or -1.
struct FrameTile {
  mlir::Value buffer;
  llvm::SmallVector<int64_t> dimOfLoop;
};

/// Asks for the lines that later passes over this row will write, and the next row will read. Rows that fill pages of
/// their own are where the machine's own prefetching starts anew each time.
struct FramePrefetch {
  mlir::Value row;
  int64_t distance; ///< in elements
  bool isWrite;
};

/// Lowers a kernel of pointwise ops and reductions; LowerNests.cpp tells how.
class NestBuilder {
public:
  explicit NestBuilder(KernelFrame &f) : f(f), b(f.b), loc(f.loc) {}

  mlir::LogicalResult run();

private:
  class Reader;

  static mlir::RankedTensorType typeOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()); }
  static mlir::Type elementOf(mlir::Value v) { return typeOf(v).getElementType(); }
  bool isReduction(mlir::Operation *op) { return llvm::isa<dl::ReductionOp>(op); }
  static bool isLeaf(mlir::Value v) {
    return !v.getDefiningOp() || llvm::isa<dl::ConstantOp, dl::NoneOp>(v.getDefiningOp());
  }
  mlir::AffineExpr constant(int64_t v) { return getAffineConstantExpr(v, b.getContext()); }
  void findFrame();
  bool isReducedAxis(int64_t i) { return llvm::is_contained(reducedAxes, i); }
  /// Whether `v` is a result with the reduced axes folded to 1.
  bool isFolded(mlir::Value v);
  /// numpy broadcasting of `v` against the frame.
  FrameAccess broadcastAccess(mlir::Value v);
  /// An op that reads operand 0 by a map is no computation: its operand is read so instead.
  static mlir::AffineMap sourceMapOf(mlir::Operation *op);
  FrameAccess mappedAccess(mlir::AffineMap map);

  //===--- Levels ------------------------------------------------------------===//
  void layer();
  /// Whether computing `v` again costs at most `budget` simple operations. What is in memory is a load.
  bool isCheap(mlir::Value v, int64_t budget) { return cost(v, 0) <= budget; }
  int64_t cost(mlir::Value v, int depth);
  /// Arithmetic ops that the formula emits; a function counts many.
  int64_t ownCost(mlir::Operation *op);

  //===--- Loops and tiles ---------------------------------------------------===//
  void makeLoops();
  std::optional<int64_t> extentOf(const FrameLoop &l) { return dl::constantOf(l.extent); }
  void chooseTiles();
  bool isOnePass();
  int64_t clampTile(const FrameLoop &l, int64_t wanted);
  int64_t loopOf(int64_t dim);

  //===--- Within a tile -----------------------------------------------------===//
  /// Tiles that make about 30 us of work, less than which does not pay a second thread.
  int64_t grain();
  mlir::scf::ForOp openTile();
  /// Whether a loop stays a loop inside a tile.
  bool isInner(int64_t i) { return loops[i].reduced || loops[i].tile != 1; }
  /// The tile of a value in memory that is accessed by `access`.
  FrameTile tileOf(mlir::Value v, const FrameAccess &access);
  static std::string hashOf(const FrameAccess &a);
  /// A buffer for a tile of a value that has none: `folded` without the reduced loops.
  FrameTile localTile(mlir::Value v, bool folded, mlir::Type type);
  /// The inner loops of a level, and a map from each to its dim in the linalg op.
  llvm::SmallVector<int64_t> innerLoops(bool folded);
  mlir::AffineMap mapOf(const FrameTile &tile, llvm::ArrayRef<int64_t> inner);

  //===--- Levels as linalg ops (LowerNestsLevels.cpp) -----------------------===//
  /// Of a sum, and of a value kept in a tile's buffer.
  mlir::Type accumulatorType(mlir::Type t) { return t.isInteger(1) ? mlir::Type(b.getI8Type()) : dl::computeType(t); }
  mlir::LogicalResult emitLevel(int64_t l);
  /// One linalg.generic that computes `written` and folds into `reductions`.
  mlir::LogicalResult emitGeneric(llvm::ArrayRef<mlir::Value> written, llvm::ArrayRef<mlir::Value> reductions,
                                  bool folded, int64_t l);
  /// Whether `v` is more than a core's share of the caches, no op here reads it back, and each run of it that a tile
  /// writes is whole cache lines.
  bool isLarge(mlir::Value v);
  /// Two forms of `generic`: one for results that start at a cache line, whose stores go past the caches without
  /// fetching what they overwrite.
  void stream(mlir::linalg::GenericOp generic, llvm::ArrayRef<mlir::Value> written);
  /// The first pass over a tile that finds its inputs in the cache, and leaves the memory idle.
  int64_t prefetchLevel();
  llvm::SmallVector<FramePrefetch> prefetchesFrom(int64_t l);
  static void emitPrefetch(mlir::OpBuilder &body, mlir::Location at, const FramePrefetch &p);
  bool isReadAt0(mlir::Value v);
  /// An operand must tell the extent of every loop. Where only computed places or broadcast values are folded none does:
  /// a buffer of the tile's shape, which nobody reads, stands in.
  void coverLoops(llvm::ArrayRef<int64_t> inner, llvm::SmallVectorImpl<mlir::Value> &inputs,
                  llvm::SmallVectorImpl<mlir::AffineMap> &maps);
  /// A result's own access: folded dims are at place 0.
  FrameAccess outputAccess(mlir::Value v);
  void fillStart(mlir::Value r, const FrameTile &tile);
  /// Where a use of `v` at level `l` reads memory; null: it is computed in the body.
  std::optional<FrameTile> memoryOf(mlir::Value v, int64_t l, bool root);
  void addLeaf(mlir::Value key, const FrameTile &tile, llvm::ArrayRef<int64_t> inner,
               llvm::SmallVectorImpl<mlir::Value> &inputs, llvm::SmallVectorImpl<mlir::AffineMap> &maps);
  void collectLeaves(mlir::Value v, int64_t l, bool root, llvm::ArrayRef<int64_t> inner,
                     llvm::SmallVectorImpl<mlir::Value> &inputs, llvm::SmallVectorImpl<mlir::AffineMap> &maps);
  bool isReductionValue(mlir::Value v) { return !isLeaf(v) && isReduction(v.getDefiningOp()); }

  //===--- Bodies (LowerNestsLevels.cpp) -------------------------------------===//
  /// `v` as a formula sees it.
  dl::Scalar emitValue(dl::Emitter &e, mlir::Value v, int64_t l);
  dl::Scalar emitNew(dl::Emitter &e, mlir::Value v, int64_t l);
  static dl::Scalar literal(dl::Emitter &e, dl::ConstantOp c, int64_t i);
  mlir::Value emitStored(dl::Emitter &e, mlir::Value r, int64_t l);
  mlir::Value emitStep(dl::Emitter &e, mlir::Value r, int64_t l, mlir::Value old);
  dl::Scalar emitIndexed(dl::Emitter &e, dl::IndexedOp op);

  KernelFrame &f;
  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::SmallVector<mlir::AffineExpr> frame;
  llvm::SmallVector<int64_t> reducedAxes;
  llvm::DenseMap<mlir::Value, int64_t> level;      ///< at which a value can be used
  llvm::DenseMap<mlir::Value, int64_t> computedAt; ///< at which it is computed
  llvm::SetVector<mlir::Value> kept;
  llvm::DenseSet<mlir::Value> done; ///< in memory by now
  bool hasPrefetched = false, hasStreamed = false;
  llvm::DenseMap<mlir::Operation *, int64_t> costs;
  llvm::SmallVector<int64_t> levels;
  llvm::SmallVector<FrameLoop> loops;
  llvm::SmallVector<mlir::OpFoldResult> extents, offsets, sizes;
  std::map<std::pair<mlir::Value, std::string>, FrameTile, bool (*)(const std::pair<mlir::Value, std::string> &,
                                                          const std::pair<mlir::Value, std::string> &)>
      tiles{[](const auto &a, const auto &c) {
        return std::make_pair(a.first.getAsOpaquePointer(), a.second) <
               std::make_pair(c.first.getAsOpaquePointer(), c.second);
      }};
  llvm::DenseMap<mlir::Value, FrameTile> locals;
  // Of the generic being made.
  llvm::DenseMap<mlir::Value, unsigned> leaves;
  llvm::DenseMap<mlir::Value, dl::Scalar> computed;
  llvm::SmallVector<int64_t> innerNow;
  mlir::ValueRange bodyArgs;
};

} // namespace dlc
