//===- VectorizeLoops.h - A planned nest as scf.for and vector ops --------===//
#pragma once

#include "compiler/kernel/VectorizePlan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc {

/// From `first` up to, not including, `last`.
struct Bounds {
  mlir::Value first, last;
};

/// Emits the loops of `plan` at the builder's insertion point. The op itself stays, for the caller to erase.
void emitNest(mlir::OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target);

/// The same over part of the domain (`bounds`: per dim), without in-register transposition.
void emitLoops(mlir::OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target,
               mlir::ArrayRef<Bounds> bounds);

/// Tiles of plan.lanes x plan.lanes, transposed in registers (VectorizeTranspose.cpp).
void emitTransposed(mlir::OpBuilder &b, const Nest &nest, const Plan &plan, const Target &target);

/// A loop that LLVM neither unrolls nor vectorizes again: the emitter has decided on both.
mlir::scf::ForOp createFinalLoop(mlir::OpBuilder &b, mlir::Location loc, mlir::Value first, mlir::Value last,
                                 int64_t step, mlir::ValueRange carried);

/// Emits `body` for first, first + step, ... below last: no loop where that is known to be once.
void createSteps(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult first, mlir::OpFoldResult last, int64_t step,
                 llvm::function_ref<void(mlir::OpFoldResult)> body);

/// first + (last - first) rounded down to a multiple of `step`.
mlir::Value roundDown(mlir::OpBuilder &b, mlir::Location loc, Bounds bounds, int64_t step);

} // namespace dlc
