//===- Vectorize.h - linalg ops on buffers to vector loops ------*- C++ -*-===//
#pragma once

#include "compiler/target/Target.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace dlc {

/// Replaces `op` (any structured op on strided memrefs) by loops for `target`. Fails, with an error at the op, if it
/// works on tensors or on memrefs that are not strided. Call the pass (createVectorizePass) to do a whole function.
mlir::LogicalResult vectorize(mlir::RewriterBase &rewriter, mlir::linalg::LinalgOp op, const Target &target);

/// The variant that `function` is compiled for: the one named `cpu`, else its `dlc.target`, else this machine; an
/// error at the function if the name is unknown.
mlir::FailureOr<Target> targetOf(mlir::Operation *function, llvm::StringRef cpu);

} // namespace dlc
