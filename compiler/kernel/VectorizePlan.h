//===- VectorizePlan.h - Which loops, which lanes -------------------------===//
#pragma once

#include "compiler/kernel/VectorizeAccess.h"
#include "compiler/kernel/VectorizeReduction.h"
#include "compiler/target/Target.h"

namespace dlc {

/// On a linalg.generic: its outputs go past the caches, and start at cache lines as do their rows.
inline constexpr llvm::StringLiteral streamedAttrName = "dlc.streamed";
inline bool isStreamed(mlir::Operation *op) { return op->hasAttr(streamedAttrName); }

/// A linalg.generic on memrefs as loops see it: sizes, and the memory that each operand touches.
struct Nest {
  mutable mlir::linalg::GenericOp op;          ///< a handle, whose accessors are not const
  llvm::SmallVector<mlir::OpFoldResult> sizes; ///< per dim
  std::vector<Access> accesses;                ///< inputs, then outputs
  llvm::SmallVector<unsigned> dims;            ///< those that need a loop, outermost first as written

  unsigned numInputs() const { return op.getNumDpsInputs(); }
  const Access &output(unsigned i) const { return accesses[numInputs() + i]; }
  std::optional<int64_t> constantSize(unsigned dim) const;
};

/// How the loops are to run. `order` is complete: dims, outermost first.
struct Plan {
  llvm::SmallVector<unsigned> order;
  unsigned vectorDim = ~0u; ///< ~0: scalar loops
  unsigned lanes = 1;       ///< elements a vector
  unsigned chunks = 1;      ///< vectors a step of the main loop, each with accumulators of its own
  llvm::SmallVector<Reduction> reductions; ///< of the outputs that do not depend on vectorDim
  /// In-register transposition: the dim along which some inputs are contiguous, while outputs are along vectorDim.
  unsigned transposeDim = ~0u;
  /// Of a sum over rows: the dim that is folded, so many places at a time, each time over all of vectorDim.
  unsigned blockDim = ~0u;
  int64_t block = 8;
};

/// Reads the op's shapes and layouts, emitting what index arithmetic that takes before it. Merges dims that step
/// through memory as one and drops those of size 1.
mlir::FailureOr<Nest> describeNest(mlir::OpBuilder &b, mlir::linalg::GenericOp op);

/// The cheapest plan by instructions an element.
Plan choosePlan(const Nest &nest, const Target &target);

} // namespace dlc
