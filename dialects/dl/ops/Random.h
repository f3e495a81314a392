//===- Random.h - Random numbers without state of their own -----*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::dl {

/// The state that counts a model's steps of drawing: the argument and result with the attribute `dl.state` of that name.
inline constexpr llvm::StringLiteral randomStep = "random_step";

/// Makes all that `function` draws differ: each dl.random_bits gets a stream of its own and a step that is another each
/// time it runs. The step is a state of the model. Loops carry it from turn to turn, so a body draws anew in each.
void numberDraws(mlir::func::FuncOp function);

} // namespace dlc::dl
