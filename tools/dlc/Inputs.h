//===- Inputs.h - Tensors for a function's inputs ---------------*- C++ -*-===//
#pragma once

#include "tools/dlc/Library.h"

namespace dlc {

/// Splits "N=4" options. An error names the first that is not NAME=SIZE.
llvm::Expected<std::map<std::string, int64_t>> parseDims(llvm::ArrayRef<std::string> options);

/// Which values an input gets.
struct InputValues {
  std::optional<HostTensor> fixed; ///< exactly these
  /// Random floats lie in [first, second), integers in [first, second].
  std::optional<std::pair<double, double>> range;
  /// Half of the elements are zeros, NaN, infinities, the largest, the smallest, ...
  bool specials = false;
};

/// Uniform in [-1, 1) for floats, [1, 7] for integers (good divisors, small indices), if `values` says nothing else; the
/// same for the same seed.
HostTensor randomTensor(const DType &type, llvm::ArrayRef<int64_t> dims, uint64_t seed, const InputValues &values = {});

/// One tensor an input, in the function's order. `given` are NAME=@FILE or NAME=rand; an input without one is random too
/// when `randomByDefault`. Sizes of random tensors come from `symbols`, which learns those that the files show. `values`
/// is empty or has an entry an input.
llvm::Expected<std::vector<HostTensor>> gatherInputs(const LibraryFunction &function,
                                                     llvm::ArrayRef<std::string> given, bool randomByDefault,
                                                     uint64_t seed, std::map<std::string, int64_t> &symbols,
                                                     llvm::ArrayRef<InputValues> values = {});

} // namespace dlc
