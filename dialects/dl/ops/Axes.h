//===- Axes.h - Axes that are known, and axes that are computed -*- C++ -*-===//
//
// ONNX gives axes as attributes, constants or values of the graph. Ops have constant axes only; a node whose axes are
// computed becomes reshapes whose dims are: folding x[a, b] over a run-time axis is folding x[a', a'', b', b''] over
// the second dims, where (d', d'') is (1, d) for a folded axis and (d, 1) for one that stays.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/ops/Forms.h"

namespace dlc::dl {

/// The axes a node names, counted from 0. Computed ones have a mask instead: 1-D boolean, an element a dim.
struct Axes {
  llvm::SmallVector<int64_t> known; ///< in the node's order
  Tensor values, mask;              ///< of computed axes
  int64_t count = 0;
  bool computed() const { return static_cast<bool>(mask); }
};

/// Demands of computed axes that they are in [-rank, rank).
mlir::LogicalResult demandAxes(Tensor axes, int64_t rank);
/// Attribute `name`, else input `input`; nullopt when neither is there. Reports axes out of [-rank, rank) and repeated ones.
mlir::FailureOr<std::optional<Axes>> axesFrom(NodeView &n, llvm::StringRef name, int input, int64_t rank);

/// Which of `rank` dims the 1-D integers `axes` name (negative ones count from the end).
Tensor axesMask(Tensor axes, int64_t rank);
/// An entry for each of `rank` dims: the one of the 1-D i64 `values` whose axis is that dim, else `fill`.
Tensor spread(Tensor values, const Axes &axes, int64_t rank, int64_t fill);
/// a[0], b[0], a[1], b[1], ... of 1-D tensors of one length.
Tensor interleaved(Tensor a, Tensor b);
/// The `count` entries of the 1-D i64 `values` where the 1-D boolean `keep` holds, in order.
Tensor compacted(Tensor values, Tensor keep, int64_t count);
/// The other way: `values` in order where `keep` holds, 1 elsewhere. `keep` has more entries than `values`.
Tensor expanded(Tensor values, Tensor keep);

} // namespace dlc::dl
