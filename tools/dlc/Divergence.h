//===- Divergence.h - Where compiled code leaves the reference --*- C++ -*-===//
#pragma once

#include "compiler/driver/Options.h"
#include "tools/dlc/Reference.h"
#include <functional>

namespace dlc {

struct Divergence {
  std::string node; ///< its name in the model, or the op
  std::string problem;
};

/// The first op, in the order of the function, whose compiled value differs from the reference. The function is compiled
/// once more with every intermediate value as a result, so kernels are formed differently than in the real library; none
/// found, or a failed compile, is nullopt.
std::optional<Divergence> findDivergence(mlir::func::FuncOp function, llvm::ArrayRef<HostTensor> inputs,
                                         const CompileOptions &options,
                                         std::function<Tolerance(const HostTensor &)> tolerance);

} // namespace dlc
