//===- Epilogue.h - The pointwise ops behind a contraction ------*- C++ -*-===//
#pragma once

#include "compiler/kernel/KernelFrame.h"

namespace dlc {

/// The pointwise ops between a contraction and `result`, as the payload of a micro-kernel.
class Epilogue {
public:
  /// `ops`: in order, those of the kernel that `result` needs; the contraction may be among them.
  Epilogue(KernelFrame &frame, mlir::Operation *contraction, llvm::ArrayRef<mlir::Operation *> ops, mlir::Value result);
  /// All of the kernel.
  Epilogue(KernelFrame &frame, mlir::Operation *contraction)
      : Epilogue(frame, contraction, frame.ops, frame.outputs.front()) {}

  /// The tensors in memory that the payload reads beside the sums, each once.
  llvm::ArrayRef<mlir::Value> extras() const { return extras_; }
  /// The type of the sums.
  mlir::Type accumulator() const;
  /// Emits the ops on `arguments`, a sum and one stored element of each extra; returns what is to be stored.
  mlir::Value emit(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange arguments) const;

private:
  mlir::Type contractionElement() const;
  KernelFrame &frame;
  mlir::Operation *contraction;
  llvm::SmallVector<mlir::Operation *> ops;
  mlir::Value result;
  llvm::SmallVector<mlir::Value> extras_;
};

/// The part of `extent` that block number `place` of `size` covers; all of it where `size` is 0.
struct Block {
  mlir::OpFoldResult offset, size;
  static Block of(mlir::OpBuilder &b, mlir::Location loc, mlir::Value place, int64_t size, mlir::OpFoldResult extent);
};

/// The elements [from, from + count) of a buffer, without the dims, of one element, that are not `kept`.
mlir::Value partOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value view, llvm::ArrayRef<mlir::OpFoldResult> from,
                   llvm::ArrayRef<mlir::OpFoldResult> count, llvm::ArrayRef<bool> kept);

} // namespace dlc
