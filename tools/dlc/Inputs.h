//===- Inputs.h - Tensors for a function's inputs ---------------*- C++ -*-===//
#pragma once

#include "tools/dlc/Library.h"

namespace dlc {

/// Splits "N=4" options. An error names the first that is not NAME=SIZE.
llvm::Expected<std::map<std::string, int64_t>> parseDims(llvm::ArrayRef<std::string> options);

/// Uniform in [-1, 1) for floats, [1, 7] for integers (good divisors, small indices); the same for the same seed.
HostTensor randomTensor(const DType &type, llvm::ArrayRef<int64_t> dims, uint64_t seed);

/// One tensor an input, in the function's order. `given` are NAME=@FILE or NAME=rand; an input without one is random too
/// when `randomByDefault`. Sizes of random tensors come from `symbols`, which learns those that the files show.
llvm::Expected<std::vector<HostTensor>> gatherInputs(const LibraryFunction &function,
                                                     llvm::ArrayRef<std::string> given, bool randomByDefault,
                                                     uint64_t seed, std::map<std::string, int64_t> &symbols);

} // namespace dlc
