//===- Half.cpp - Conversions of 16-bit floats that LLVM calls by name ----===//
//
// For CPUs without the instructions LLVM calls these (and no others, for f16 and bf16 with integers to 64 bits, f32 and
// f64), which elsewhere come with compiler-rt; a library of ours must not need one. Round to nearest even; a NaN stays
// a quiet NaN with the top of its payload.
//
//===----------------------------------------------------------------------===//
#include <stdint.h>

namespace {

constexpr int64_t bit(int n) { return int64_t(1) << n; }

template <typename To, typename From> To bits(From value) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, value);
}

/// Narrows the float in `source`, which has `fromFraction` bits of fraction and `fromExponent` of exponent, likewise
/// `fraction` and `exponent` of the result. Integers only: f64 to f16 through f32 would round twice.
template <int fromFraction, int fromExponent, int fraction, int exponent, typename Bits> uint16_t narrow(Bits source) {
  constexpr int width = 1 + fromExponent + fromFraction;
  constexpr int fromBias = (1 << (fromExponent - 1)) - 1, bias = (1 << (exponent - 1)) - 1;
  constexpr int drop = fromFraction - fraction;
  constexpr int infinity = (1 << exponent) - 1;
  const uint16_t sign = uint16_t(source >> (width - 1) << 15);
  const int64_t mantissa = int64_t(source & Bits(bit(fromFraction) - 1));
  const int biased = int(source >> fromFraction & Bits((1 << fromExponent) - 1));

  if (biased == (1 << fromExponent) - 1) {
    const uint16_t payload = mantissa ? uint16_t(mantissa >> drop | bit(fraction - 1)) : 0;
    return uint16_t(sign | infinity << fraction | payload);
  }
  // The source's own denormals count as exponent 1 without the leading bit.
  const int64_t significand = biased ? mantissa | bit(fromFraction) : mantissa;
  int target = (biased ? biased : 1) - fromBias + bias;
  int shift = drop;
  if (target < 1) {
    shift += 1 - target;
    target = 1;
    if (shift > fromFraction + 1)
      return sign; // below half of the smallest denormal
  }
  int64_t rounded = significand >> shift;
  const int64_t rest = significand & (bit(shift) - 1), half = bit(shift - 1);
  rounded += rest > half || (rest == half && (rounded & 1));
  // The leading bit adds one to the exponent, and so does a carry out of the fraction.
  const int64_t result = (int64_t(target - 1) << fraction) + rounded;
  return result >= int64_t(infinity) << fraction ? uint16_t(sign | infinity << fraction) : uint16_t(sign | result);
}

uint32_t widenHalf(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
  if (exponent == 0x1f)
    return sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x400000 : 0);
  if (exponent == 0) {
    if (mantissa == 0)
      return sign;
    const int shift = __builtin_clz(mantissa) - 21; // brings the leading bit to position 10
    mantissa = mantissa << shift & 0x3ff;
    exponent = uint32_t(1 - shift);
  }
  return sign | (exponent + 112) << 23 | mantissa << 13;
}

} // namespace

extern "C" {

float __extendhfsf2(_Float16 value) { return bits<float>(widenHalf(bits<uint16_t>(value))); }
_Float16 __truncsfhf2(float value) { return bits<_Float16>(narrow<23, 8, 10, 5>(bits<uint32_t>(value))); }
_Float16 __truncdfhf2(double value) { return bits<_Float16>(narrow<52, 11, 10, 5>(bits<uint64_t>(value))); }
__bf16 __truncsfbf2(float value) { return bits<__bf16>(narrow<23, 8, 7, 8>(bits<uint32_t>(value))); }
__bf16 __truncdfbf2(double value) { return bits<__bf16>(narrow<52, 11, 7, 8>(bits<uint64_t>(value))); }

} // extern "C"
