//===- AttentionPattern.h - Attention as models write it --------*- C++ -*-===//
#pragma once

#include "dialects/dl/Dialect.h"

namespace dlc::dl {

/// softmax(f(q k^T)) v of f32, with f pointwise: no value in between is read by anyone else.
struct AttentionPattern {
  ProductOp scores, mix;
  llvm::SmallVector<mlir::Operation *> between; ///< f, in order
  mlir::Value logits;                           ///< what the softmax over the last dim takes
  llvm::SmallVector<mlir::Operation *> softmax;

  /// All ops, in no order.
  llvm::SmallVector<mlir::Operation *> ops() const;
};

/// The attention that ends with the product `mix`. After products got packed operands.
std::optional<AttentionPattern> matchAttention(ProductOp mix);

} // namespace dlc::dl
