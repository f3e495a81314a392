//===- KernelFrame.h - The function that a kernel becomes -------*- C++ -*-===//
//
// A kernel function takes bare pointers and explicit dims (compiler/host calls it so):
//   (inputs..., results..., scratch?, symbols..., begin, end, worker, status).
// It runs the tiles [begin, end) of its parallel domain, whose size is attribute `dlc.tiles`, a map of the symbols.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/Target.h"
#include "dialects/dl/Dialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc {

class KernelFrame {
public:
  /// Starts the buffer form of `source` (a `dlc.kernel` function of tensors), which it will replace.
  explicit KernelFrame(mlir::func::FuncOp source);

  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::func::FuncOp source;
  mlir::func::FuncOp function;

  /// The dl ops in order, without the terminator.
  llvm::SmallVector<mlir::Operation *> ops;
  /// The values that the kernel returns, in order.
  llvm::SmallVector<mlir::Value> outputs;

  /// The dims of any dl value of the kernel as a map of the symbols.
  mlir::AffineMap dimsOf(mlir::Value v) const;
  mlir::OpFoldResult dim(mlir::AffineExpr e);
  llvm::SmallVector<mlir::OpFoldResult> dims(mlir::Value v);

  /// Whether `v` has memory of its own: an input or an output.
  bool inMemory(mlir::Value v) const { return pointers.count(v); }
  /// A row-major view of an input or output under `shape` (contiguous in all).
  mlir::Value view(mlir::Value v, llvm::ArrayRef<mlir::OpFoldResult> shape);
  mlir::Value view(mlir::Value v) { return view(v, dims(v)); }

  /// Whether `v` starts at a cache line and shares no memory with an input, known before the loop over tiles.
  mlir::Value startsOwnLine(mlir::Value v);

  /// A buffer private to the worker: on the stack where it is static and small, else in the scratch memory.
  /// `bytes` gives the size over the symbols; must be called before finish().
  mlir::Value temporary(llvm::ArrayRef<mlir::OpFoldResult> shape, llvm::ArrayRef<mlir::AffineExpr> shapeExprs,
                        mlir::Type elementType);

  mlir::Value begin, end, worker, status;
  int64_t node = 0;

  /// Opens the loop over tiles: inside, `tile` is the tile's number. `tiles` is the size of the domain over the symbols,
  /// `grain` the tiles below which a second thread does not pay.
  mlir::scf::ForOp openTiles(mlir::AffineExpr tiles, int64_t grain);
  /// Splits a tile's number into places of a domain, the last fastest.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value tile, llvm::ArrayRef<mlir::OpFoldResult> domain);

  /// Turns checks into writes of the status word, closes the function and erases the source.
  void finish();

private:
  llvm::DenseMap<mlir::Value, mlir::Value> pointers;
  llvm::SmallVector<mlir::Value> symbols;
  llvm::DenseMap<mlir::AffineExpr, mlir::Value> dimValues;
  mlir::AffineExpr scratchBytes;
  mlir::Value scratch;
  mlir::Operation *prologueEnd = nullptr;
};

/// Sizes up to this live on the stack.
inline constexpr int64_t stackBytes = 32 * 1024;

// One lowering a kind of kernel; each fills the frame.
mlir::LogicalResult lowerNests(KernelFrame &frame);
mlir::LogicalResult lowerProduct(KernelFrame &frame, const Target &target);
mlir::LogicalResult lowerAttention(KernelFrame &frame, const Target &target);
mlir::LogicalResult lowerConvolution(KernelFrame &frame, const Target &target);
mlir::LogicalResult lowerWinograd(KernelFrame &frame);
mlir::LogicalResult lowerWindow(KernelFrame &frame);
mlir::LogicalResult lowerPack(KernelFrame &frame);
mlir::LogicalResult lowerAlone(KernelFrame &frame);

} // namespace dlc
