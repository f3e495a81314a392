#include <bit>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <limits>

// Called with their real types, whose calling convention passes them in vector registers.
extern "C" {
float __extendhfsf2(_Float16);
_Float16 __truncsfhf2(float);
_Float16 __truncdfhf2(double);
__bf16 __truncsfbf2(float);
__bf16 __truncdfbf2(double);
}

namespace {

float widen(uint16_t half) { return __extendhfsf2(std::bit_cast<_Float16>(half)); }
uint16_t toHalf(float value) { return std::bit_cast<uint16_t>(__truncsfhf2(value)); }
uint16_t toHalf(double value) { return std::bit_cast<uint16_t>(__truncdfhf2(value)); }
uint16_t toBfloat(float value) { return std::bit_cast<uint16_t>(__truncsfbf2(value)); }
uint16_t toBfloat(double value) { return std::bit_cast<uint16_t>(__truncdfbf2(value)); }
float widenBfloat(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }

/// The value of a finite half by definition.
double valueOf(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 1023;
  double magnitude = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
  return half & 0x8000 ? -magnitude : magnitude;
}

TEST(Half, EveryValueWidensExactlyAndComesBack) {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const uint16_t half = uint16_t(i);
    if ((half & 0x7fff) > 0x7c00) {
      EXPECT_TRUE(std::isnan(widen(half)));
      EXPECT_EQ(toHalf(widen(half)), half | 0x200) << "quiet, with its payload";
      continue;
    }
    if ((half & 0x7fff) == 0x7c00)
      EXPECT_TRUE(std::isinf(widen(half)));
    else
      EXPECT_EQ(double(widen(half)), valueOf(half)) << half;
    EXPECT_EQ(toHalf(widen(half)), half);
    EXPECT_EQ(toHalf(double(widen(half))), half);
  }
}

/// Between two neighbours everything rounds to the nearer, and the middle to the even one.
template <typename Float, typename Narrow, typename Widen>
void expectNearestEven(uint16_t largest, Narrow narrow, Widen widenTo) {
  for (uint16_t low = 0; low < largest; ++low) {
    const uint16_t high = uint16_t(low + 1);
    const Float middle = Float((double(widenTo(low)) + double(widenTo(high))) / 2);
    ASSERT_EQ(narrow(middle), low % 2 ? high : low) << low;
    ASSERT_EQ(narrow(std::nextafter(middle, Float(0))), low) << low;
    ASSERT_EQ(narrow(std::nextafter(middle, std::numeric_limits<Float>::infinity())), high) << low;
    ASSERT_EQ(narrow(-middle), (low % 2 ? high : low) | 0x8000) << low;
  }
}

TEST(Half, RoundsToNearestEven) {
  expectNearestEven<float>(
      0x7bff, [](float v) { return toHalf(v); }, widen);
  expectNearestEven<double>(
      0x7bff, [](double v) { return toHalf(v); }, widen);
  expectNearestEven<double>(
      0x7f7f, [](double v) { return toBfloat(v); }, widenBfloat);
  // From 0x80 on: the middle of two bf16 denormals is a float denormal, and still exact.
  expectNearestEven<float>(
      0x7f7f, [](float v) { return toBfloat(v); }, widenBfloat);
}

TEST(Half, OverflowsToInfinityAndKeepsSigns) {
  EXPECT_EQ(toHalf(65519.0f), 0x7bff);
  EXPECT_EQ(toHalf(65520.0f), 0x7c00);
  EXPECT_EQ(toHalf(-1e30f), 0xfc00);
  EXPECT_EQ(toHalf(1e300), 0x7c00);
  EXPECT_EQ(toHalf(-0.0f), 0x8000);
  EXPECT_EQ(toHalf(-1e-300), 0x8000);
  EXPECT_EQ(toHalf(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(toBfloat(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(toBfloat(-std::numeric_limits<double>::infinity()), 0xff80);
  EXPECT_EQ(toBfloat(std::numeric_limits<float>::quiet_NaN()), 0x7fc0);
  EXPECT_EQ(toHalf(std::numeric_limits<double>::quiet_NaN()), 0x7e00);
}

TEST(Half, DoublesRoundOnce) {
  // 1 + 2^-11 + 2^-40 lies above the middle of two halves; through f32 it would become the middle and round down.
  EXPECT_EQ(toHalf(1 + std::ldexp(1, -11) + std::ldexp(1, -40)), 0x3c01);
  EXPECT_EQ(toBfloat(1 + std::ldexp(1, -8) + std::ldexp(1, -40)), 0x3f81);
}

} // namespace
