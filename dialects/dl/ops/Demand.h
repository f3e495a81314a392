//===- Demand.h - What nodes demand of values that only the run knows -----===//
//
// What compiling can see is refused at once, the rest when the program runs; both name the node.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/ops/Forms.h"

namespace dlc::dl {

/// Of up to 16 integers, as dims are made of: each of `a` is that of `b`, or at most that; either may have one for all.
/// `expects` as in "expects k of at least 0, got ...". Failure when what is known already does not fit, or building
/// an operand had failed.
mlir::LogicalResult demandEqual(Tensor a, Tensor b, const llvm::Twine &expects);
mlir::LogicalResult demandAtMost(Tensor a, Tensor b, const llvm::Twine &expects);
mlir::LogicalResult demandAtLeast(Tensor a, int64_t least, const llvm::Twine &expects);
/// A boolean of one element holds.
mlir::LogicalResult demandTrue(Tensor condition, const llvm::Twine &expects);
/// Any number of integers, each of which must lie in [low, high], scalars.
Tensor within(Tensor x, Tensor low, Tensor high);

} // namespace dlc::dl
