//===- Target.h - What the compiler knows of a CPU ------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace dlc {

/// One CPU variant that code is generated for. A value: passes receive a copy, nothing is global.
struct Target {
  std::string name;     ///< as given to `--cpu`, e.g. "x86-64-v4", "native", "sapphirerapids"
  std::string cpu;      ///< LLVM target-cpu
  std::string features; ///< LLVM target-features, "+avx2,+fma,..."
  unsigned vectorBits = 128;    ///< width of a vector register
  unsigned vectorRegisters = 16;
  bool fma = false;     ///< fused multiply-add in hardware
  bool masks = false;   ///< masked loads and stores cost no more than plain ones (AVX-512)
  uint64_t runtimeFeatures = 0; ///< bits of runtime/program.h that the machine must offer

  /// Elements of `elementBits` in a register.
  unsigned lanes(unsigned elementBits) const { return vectorBits / elementBits; }
  /// Columns of a packed right operand, shared by all variants so that weights are packed once.
  static constexpr unsigned packedColumns = 32;

  /// The variant called `name` ("native": this machine), or an error that lists the names.
  static llvm::Expected<Target> get(llvm::StringRef name);
  /// All names that get() accepts beside "native", best first.
  static std::vector<llvm::StringRef> names();
};

} // namespace dlc
