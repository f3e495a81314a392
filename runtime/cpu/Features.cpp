//===- Features.cpp - What this machine offers ----------------------------===//
#include "runtime/cpu/Features.h"

#include <cpuid.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlc::runtime {

namespace {
constexpr uint32_t defaultFloatMode = 0x1f80; // MXCSR after reset: all exceptions masked, round to nearest
constexpr uint32_t floatModeFlags = 0x3f;     // what operations have raised, not a mode

uint64_t enabledState() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

struct Bit {
  uint32_t word;
  int bit;
  uint64_t feature;
};

uint64_t collect(const Bit *begin, const Bit *end) {
  uint64_t features = 0;
  for (; begin != end; ++begin)
    if (begin->word >> begin->bit & 1)
      features |= begin->feature;
  return features;
}
} // namespace

uint64_t cpuFeatures() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return 0;
  const uint32_t c1 = c;
  const bool hasXgetbv = c1 >> 27 & 1;
  const uint64_t state = hasXgetbv ? enabledState() : 0;
  const bool avx = (state & 0x6) == 0x6, avx512 = (state & 0xe6) == 0xe6, amx = (state & 0x60000) == 0x60000;

  uint32_t b7 = 0, c7 = 0, d7 = 0, a71 = 0, c81 = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    const uint32_t subleaves = a;
    b7 = b, c7 = c, d7 = d;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d))
      a71 = a;
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d))
    c81 = c;

  const Bit plain[] = {{c1, 20, DLC_CPU_SSE42}, {c1, 23, DLC_CPU_POPCNT}, {b7, 3, DLC_CPU_BMI}, {b7, 8, DLC_CPU_BMI2},
                       {c81, 5, DLC_CPU_LZCNT}, {c1, 22, DLC_CPU_MOVBE},  {c7, 8, DLC_CPU_GFNI}};
  const Bit ymm[] = {{c1, 28, DLC_CPU_AVX},
                     {b7, 5, DLC_CPU_AVX2},
                     {c1, 12, DLC_CPU_FMA},
                     {c1, 29, DLC_CPU_F16C},
                     {a71, 4, DLC_CPU_AVXVNNI}};
  const Bit zmm[] = {{b7, 16, DLC_CPU_AVX512F},        {b7, 28, DLC_CPU_AVX512CD},   {b7, 30, DLC_CPU_AVX512BW},
                     {b7, 17, DLC_CPU_AVX512DQ},       {b7, 31, DLC_CPU_AVX512VL},   {c7, 11, DLC_CPU_AVX512VNNI},
                     {a71, 5, DLC_CPU_AVX512BF16},     {d7, 23, DLC_CPU_AVX512FP16}, {c7, 1, DLC_CPU_AVX512VBMI},
                     {c7, 6, DLC_CPU_AVX512VBMI2},     {b7, 21, DLC_CPU_AVX512IFMA}, {c7, 12, DLC_CPU_AVX512BITALG},
                     {c7, 14, DLC_CPU_AVX512VPOPCNTDQ}};
  const Bit tiles[] = {{d7, 24, DLC_CPU_AMX_TILE}, {d7, 25, DLC_CPU_AMX_INT8}, {d7, 22, DLC_CPU_AMX_BF16}};

  uint64_t features = collect(plain, plain + sizeof plain / sizeof *plain);
  if (avx)
    features |= collect(ymm, ymm + sizeof ymm / sizeof *ymm);
  if (avx512)
    features |= collect(zmm, zmm + sizeof zmm / sizeof *zmm);
  if (amx)
    features |= collect(tiles, tiles + sizeof tiles / sizeof *tiles);
  return features;
}

bool requestFeatures(uint64_t features) {
  constexpr long requestPermission = 0x1023, tileData = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  if (features & (DLC_CPU_AMX_TILE | DLC_CPU_AMX_INT8 | DLC_CPU_AMX_BF16))
    return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  return true;
}

int32_t cpuCount() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN); // more CPUs than cpu_set_t has bits
  return online > 0 ? int32_t(online) : 1;
}

DefaultFloatMode::DefaultFloatMode() : saved(__builtin_ia32_stmxcsr()) {
  if ((saved & ~floatModeFlags) != defaultFloatMode)
    __builtin_ia32_ldmxcsr(defaultFloatMode);
}

DefaultFloatMode::~DefaultFloatMode() {
  if ((saved & ~floatModeFlags) != defaultFloatMode)
    __builtin_ia32_ldmxcsr(saved);
}

} // namespace dlc::runtime
