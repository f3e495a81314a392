//===- VectorizeReduction.h - Accumulators that may be split over lanes ---===//
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace dlc {

/// How several partial accumulators of one or two outputs of a linalg.generic become one. Two kinds: a commutative
/// operation with a neutral element (sum, max, ...), and the argument of an extremum, where a value and its index
/// belong together.
struct Reduction {
  llvm::SmallVector<unsigned> outputs;       ///< one, or {value, index}
  mlir::Operation *combiner = nullptr;       ///< the payload's op; null for an argument
  mlir::TypedAttr neutral;                   ///< null for an argument: every lane starts from the output's own value
  mlir::Operation *compare = nullptr;        ///< argument: the payload's comparison
  bool newIsLeft = true;                     ///< argument: compare(new, accumulator), else compare(accumulator, new)
  bool keepsFirst = true;                    ///< argument: of equal values the lowest index wins

  /// Combines two sets of accumulators (scalars, or vectors lane by lane), in the order of `outputs`.
  llvm::SmallVector<mlir::Value> combine(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange lhs,
                                         mlir::ValueRange rhs) const;
  /// Combines the lanes of one set of vector accumulators, halving: always in the same order.
  llvm::SmallVector<mlir::Value> combineLanes(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange vectors) const;
};

/// A reduction for every output of `op` listed in `outputs`; nothing if one of them is of no known kind, and must then
/// be accumulated point by point.
std::optional<llvm::SmallVector<Reduction>> matchReductions(mlir::linalg::GenericOp op,
                                                            mlir::ArrayRef<unsigned> outputs);

/// That `output` is a sum of floats, whose roundings a long chain of additions piles up; else nothing.
std::optional<Reduction> matchSum(mlir::linalg::GenericOp op, unsigned output);

} // namespace dlc
