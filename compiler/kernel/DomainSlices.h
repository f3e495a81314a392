//===- DomainSlices.h - What a tile of a product sees of tensors -*- C++ -*-===//
#pragma once

#include "compiler/kernel/KernelFrame.h"

namespace dlc {

/// A tile of the domain (batch..., m, n, k) of products: one place of the batch, a range of each other dim. Gives the
/// parts of the kernel's tensors that the tile needs, as buffers over (m, n, k).
class DomainSlices {
public:
  DomainSlices(KernelFrame &frame, int64_t batch)
      : f(frame), b(frame.b), batch(batch), offsets(batch + 3, b.getIndexAttr(0)), sizes(batch + 3, b.getIndexAttr(1)) {}

  void setBatch(int64_t i, mlir::OpFoldResult place) { offsets[i] = place; }
  /// `dim`: 0 for m, 1 for n, 2 for k. Offsets along n are multiples of a panel.
  void set(int64_t dim, mlir::OpFoldResult offset, mlir::OpFoldResult size) {
    offsets[batch + dim] = offset;
    sizes[batch + dim] = size;
  }

  /// The part of `v` that the tile needs. `map` takes the domain to its dims, of which panels are (n floordiv W, k, n mod W);
  /// those of the batch are dropped. Sets `map` to that of (m, n, k) to what is left.
  mlir::Value slice(mlir::Value v, mlir::AffineMap &map) { return sliceOf(f.view(v), map); }
  /// The same of any view of a tensor, whose dims `map` gives.
  mlir::Value sliceOf(mlir::Value view, mlir::AffineMap &map);

  /// The map of a tensor that broadcasts, as numpy does, against (batch..., m, n) of `result`.
  mlir::AffineMap broadcastMap(mlir::Value v, mlir::Value result);

private:
  KernelFrame &f;
  mlir::OpBuilder &b;
  int64_t batch;
  llvm::SmallVector<mlir::OpFoldResult> offsets, sizes;
};

/// Products of which a batch of matrices meets one right operand are one product of all their rows. Of a tensor whose dims
/// `map` gives over (batch..., m, n, k): whether it has all of the batch and m, in order, or none of them.
bool canMergeRows(mlir::AffineMap map);
/// Such a tensor over (batch... * m, n, k): a view in which they are one dim, and its map.
mlir::Value mergeRows(KernelFrame &frame, mlir::Value v, mlir::AffineMap &map);

} // namespace dlc
