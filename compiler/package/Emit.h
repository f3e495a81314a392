//===- Emit.h - From kernels and host functions to a whole module -*- C++ -*-===//
#pragma once

#include "compiler/package/Weights.h"

namespace dlc {

/// Completes `module`, which defines `i32 @function.isa(ptr context, ptr inputs, ptr symbols)` for each function and
/// variant of `program` and calls the runtime (runtime/program.h) by name: adds the tables, links the runtime in,
/// defines what the library exports, and makes all else internal, or drops it. The module's triple and data layout must
/// be set. Returns where the weights lie. On error the module is not usable any more.
llvm::Expected<WeightLayout> emitProgram(llvm::Module &module, const Program &program);

} // namespace dlc
