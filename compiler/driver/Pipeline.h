//===- Pipeline.h - The phases of the compiler ------------------*- C++ -*-===//
#pragma once

#include "compiler/Passes.h"
#include "compiler/host/HostProgram.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

/// A phase that `--stop-after` can name.
struct Phase {
  llvm::StringRef name, summary;
};
/// In the order in which they run.
llvm::ArrayRef<Phase> phases();

/// graph: from what the importer made to kernels, each a function of dl ops.
void addGraphPasses(mlir::OpPassManager &pm);
/// kernels: from functions of dl ops to loops of vector ops, for one variant.
void addKernelPasses(mlir::OpPassManager &pm, const Target &target);
/// host: from calls of kernels to a program over planned memory; fills in `program`.
void addHostPasses(mlir::OpPassManager &pm, HostProgram &program);

} // namespace dlc
