//===- Control.h - What control ops have in common --------------*- C++ -*-===//
#pragma once

#include "dialects/dl/ops/Forms.h"

namespace dlc::dl {

/// Whether bodies are either regions of their own or functions.
mlir::LogicalResult verifyBodies(ControlOp op, unsigned count);
/// Outlined bodies are other functions: what the results' dims are was noted when they became that, by name or, as "#2.0",
/// as dim 0 of operand 2.
mlir::LogicalResult inferOutlined(mlir::Operation *op, mlir::ArrayAttr noted, Inference &shapes);
/// Whether `e` reads nothing that is computed inside `op`.
bool isVisibleOutside(mlir::AffineExpr e, mlir::Operation *op, Inference &shapes);
/// Reports values of different element type or rank.
mlir::LogicalResult expectAlike(mlir::Operation *op, mlir::Value x, mlir::Value y, const llvm::Twine &what);

/// A control op with empty bodies, whose results have no types yet.
mlir::Operation *createControl(NodeView &n, llvm::StringRef name, mlir::ValueRange operands,
                               llvm::ArrayRef<mlir::NamedAttribute> attributes, unsigned results, unsigned bodies);
/// Builds graph attribute `name` into a body. The first `conditions` outputs become scalars.
mlir::LogicalResult buildBody(NodeView &n, llvm::StringRef name, mlir::Block &body, unsigned conditions = 0);
/// Ends a form: the results, or none of the op.
mlir::LogicalResult finishControl(mlir::Operation *op, mlir::LogicalResult built, Values &results);

/// What a dl.scan of `results` results gives. `body` gets the carried values and the rows of the step values and returns the
/// carried values for the next step and then the rows of the stacks. Empty after a reported mistake.
using ScanBody = llvm::function_ref<llvm::SmallVector<Tensor>(llvm::ArrayRef<Tensor> carried, llvm::ArrayRef<Tensor> rows)>;
llvm::SmallVector<Tensor> scan(NodeView &n, llvm::ArrayRef<Tensor> initial, llvm::ArrayRef<Tensor> steps, unsigned results,
                               bool reversed, ScanBody body);

} // namespace dlc::dl
