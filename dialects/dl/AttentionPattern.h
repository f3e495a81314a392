//===- AttentionPattern.h - Attention as models write it --------*- C++ -*-===//
#pragma once

#include "dialects/dl/Dialect.h"

namespace dlc::dl {

/// softmax(f(q k^T)) v of f32, with f pointwise: no value in between is read by anyone else.
struct AttentionPattern {
  ProductOp scores, mix;
  llvm::SmallVector<mlir::Operation *> between; ///< f, in order
  /// Pointwise ops that f alone reads, each of rows and columns: masks made of places, say.
  llvm::SmallVector<mlir::Operation *> beside;
  mlir::Value logits;                           ///< what the softmax over the last dim takes
  llvm::SmallVector<mlir::Operation *> softmax;

  /// All ops, in no order.
  llvm::SmallVector<mlir::Operation *> ops() const;
};

/// The attention that ends with the product `mix`. After products got packed operands.
std::optional<AttentionPattern> matchAttention(ProductOp mix);

/// Gives the attention ops of its own for what f reads and cheap pointwise ops make of less: they are then beside it.
mlir::LogicalResult repeatMasks(AttentionPattern &attention);

} // namespace dlc::dl
