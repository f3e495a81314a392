//===- DestinationStyle.h - What both mk ops do alike -----------*- C++ -*-===//
//
// Effects, bufferization and slices of an op with inputs, one init and at most one result.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/mk/Dialect.h"

namespace dlc::mk {

/// Memref inputs are read, a memref init is written.
void addEffects(mlir::DestinationStyleOpInterface op,
                mlir::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>> &effects);

/// Replaces the tensor operands by their buffers; the result becomes the init's buffer.
mlir::LogicalResult bufferizeInPlace(mlir::DestinationStyleOpInterface op, mlir::RewriterBase &rewriter,
                                     const mlir::bufferization::BufferizationOptions &options,
                                     mlir::bufferization::BufferizationState &state);

/// A unit-stride slice of a tensor or memref, of the same rank. The op that makes it is appended to `slices`.
mlir::Value sliceOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value whole,
                    mlir::ArrayRef<mlir::OpFoldResult> offsets, mlir::ArrayRef<mlir::OpFoldResult> sizes,
                    mlir::SmallVectorImpl<mlir::Operation *> &slices);

/// The extent of dim `i` of a tensor or memref.
mlir::OpFoldResult extentOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value shaped, unsigned i);

/// The tiled clone of `op` on `operands`, with the result type that the init's slice has.
mlir::TilingResult cloneOnTiles(mlir::OpBuilder &b, mlir::DestinationStyleOpInterface op, mlir::ValueRange operands,
                                mlir::SmallVector<mlir::Operation *> slices);

} // namespace dlc::mk
