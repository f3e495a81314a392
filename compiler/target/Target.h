//===- Target.h - What the compiler knows of a CPU ------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace dlc {

/// What a machine may have to offer, as bits of Target::runtimeFeatures; runtime/cpu tests the same bits at open.
enum class CpuFeature : uint64_t {
  Sse42 = 1ull << 0,
  Popcnt = 1ull << 1,
  Avx = 1ull << 2,
  Avx2 = 1ull << 3,
  Fma = 1ull << 4,
  F16c = 1ull << 5,
  Bmi = 1ull << 6,
  Bmi2 = 1ull << 7,
  Lzcnt = 1ull << 8,
  Movbe = 1ull << 9,
  Avx512f = 1ull << 10,
  Avx512cd = 1ull << 11,
  Avx512bw = 1ull << 12,
  Avx512dq = 1ull << 13,
  Avx512vl = 1ull << 14,
  Avx512vnni = 1ull << 15,
  Avx512bf16 = 1ull << 16,
  Avx512fp16 = 1ull << 17,
  Avx512vbmi = 1ull << 18,
  Avx512vbmi2 = 1ull << 19,
  Avx512ifma = 1ull << 20,
  Avx512bitalg = 1ull << 21,
  Avx512vpopcntdq = 1ull << 22,
  Gfni = 1ull << 23,
  AvxVnni = 1ull << 24,
  AmxTile = 1ull << 25,
  AmxInt8 = 1ull << 26,
  AmxBf16 = 1ull << 27,
};

/// One CPU variant that code is generated for. A value: passes receive a copy, nothing is global.
struct Target {
  std::string name;     ///< as given to `--cpu`, e.g. "x86-64-v4", "native", "sapphirerapids"
  std::string cpu;      ///< LLVM target-cpu
  std::string features; ///< LLVM target-features, "+avx2,+fma,..."
  unsigned vectorBits = 128;    ///< width of a vector register
  unsigned vectorRegisters = 16;
  bool fma = false;     ///< fused multiply-add in hardware
  bool masks = false;   ///< masked loads and stores cost no more than plain ones (AVX-512)
  bool halfConversions = false;  ///< f16 <-> f32 in hardware (F16C)
  bool roundInstruction = false; ///< floor, ceil, trunc, roundeven in hardware (SSE4.1)
  uint64_t runtimeFeatures = 0;  ///< CpuFeature bits that the machine must offer

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
