//===- ApproximateMathTest.cpp - How far math functions are off -----------===//
//
// Every function over numbers spread through all f32 bit patterns, against libm in f64, in units of the last place
// of the exact result. Infinities, zeros (with their sign where the function is odd), NaN and denormals are among them.
//
//===----------------------------------------------------------------------===//
#include "test/kernel/GenericKernel.h"
#include "tools/bench/NativeKernel.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>

using namespace dlc;

namespace {
constexpr uint32_t stride = 4093; // prime: a million patterns
constexpr float inf = INFINITY;

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

/// The distance of `got` from `exact` in units in the last place of an f32 of that size; inf where the kind differs.
double error(float got, double exact) {
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : inf;
  float nearest = float(exact);
  if (std::isinf(nearest) || std::isinf(got)) {
    // Around the largest number a result may overflow one place early or late.
    double bound = 3.4028234663852886e38;
    if (got == nearest || (std::isinf(got) && std::abs(exact) >= bound * (1 - 2e-7)) ||
        (std::isinf(nearest) && std::abs(double(got)) >= bound * (1 - 2e-7)))
      return 0;
    return inf;
  }
  if (exact == 0 && got == 0)
    return 0;
  int exponent = std::max(exact == 0 ? -126 : std::ilogb(exact), -126);
  return std::abs(double(got) - exact) / std::ldexp(1.0, exponent - 23);
}

struct Result {
  double worst = 0;
  float at = 0, with = 0, got = 0;
  double exact = 0;
};

std::string describe(const Result &r) {
  char text[160];
  std::snprintf(text, sizeof text, "%.2f ulp at %a, %a: %a instead of %a", r.worst, r.at, r.with, r.got, r.exact);
  return text;
}

std::string text(const std::string &op, bool isBinary) {
  std::string second = isBinary ? ", %b" : "", type = isBinary ? ", memref<?xf32>" : "";
  std::string cast = " to offset: [0], sizes: [%n], strides: [1] : memref<f32> to memref<?xf32>\n";
  std::string map = "affine_map<(d0) -> (d0)>";
  return "func.func @kernel(%p: memref<f32>, %q: memref<f32>, %r: memref<f32>, %n: index) {\n"
         "  %a = memref.reinterpret_cast %p" + cast + "  %b = memref.reinterpret_cast %q" + cast +
         "  %o = memref.reinterpret_cast %r" + cast + "  linalg.generic {indexing_maps = [" + map + ", " + map +
         (isBinary ? ", " + map : "") + "], iterator_types = [\"parallel\"]} ins(%a" + second + " : memref<?xf32>" +
         type + ") outs(%o : memref<?xf32>) {\n  ^bb0(%x: f32" + (isBinary ? ", %y: f32" : "") + ", %z: f32):\n    %v = " +
         op + " %x" + (isBinary ? ", %y" : "") + " : f32\n    linalg.yield %v : f32\n  }\n  return\n}\n";
}

using Kernel = void(float *, float *, float *, int64_t);

Result measure(Kernel *kernel, std::vector<float> &x, std::vector<float> &y,
               const std::function<double(double, double)> &exact) {
  std::vector<float> out(x.size());
  kernel(x.data(), y.data(), out.data(), x.size());
  Result result;
  for (size_t i = 0; i < x.size(); ++i) {
    double e = exact(x[i], y[i]), off = error(out[i], e);
    if (off > result.worst)
      result = {off, x[i], y[i], out[i], e};
  }
  return result;
}

std::vector<float> special() {
  return {0.0f, -0.0f, 1.0f, -1.0f, inf, -inf, NAN, 0.5f, -0.5f, 2.0f, -2.0f, 3.0f, -3.0f, 1e-45f, -1e-45f, 1e-38f,
          3.4028235e38f, -3.4028235e38f, 88.722839f, 88.7229f, -87.33654f, -103.97f, -104.5f, 89.0f, 0.1f, 127.0f,
          128.0f, -149.0f, -150.0f, 1048576.0f, 8388608.0f, 1e10f, -1e20f, 0.99999994f, 1.0000001f, 1e-4f};
}

void check(const std::string &op, const std::function<double(double)> &exact, double bound) {
  std::vector<float> x = special();
  for (uint64_t bits = 0; bits < (1ull << 32); bits += stride)
    x.push_back(fromBits(uint32_t(bits)));
  for (float near = -20; near < 20; near += 1.0f / 8192) // where most arguments lie
    x.push_back(near);
  std::vector<float> y(x.size());
  for (const Target &target : runnableTargets()) {
    auto kernel = NativeKernel::compile(text(op, false), target);
    ASSERT_TRUE(bool(kernel));
    Result result = measure(kernel->get<Kernel>("kernel"), x, y, [&](double v, double) { return exact(v); });
    EXPECT_LE(result.worst, bound) << op << " on " << target.name << ": " << describe(result);
    std::printf("  %-14s %-10s %s\n", op.c_str(), target.name.c_str(), describe(result).c_str());
    // An odd function keeps the sign of zero.
    float zeros[] = {-0.0f, 0.0f}, out[2];
    kernel->get<Kernel>("kernel")(zeros, zeros, out, 2);
    if (exact(-1.0) == -exact(1.0) && exact(0.0) == 0)
      EXPECT_TRUE(std::signbit(out[0]) && !std::signbit(out[1])) << op << " on " << target.name;
  }
}

void check2(const std::string &op, const std::function<double(double, double)> &exact, double bound) {
  std::vector<float> x, y;
  for (float a : special())
    for (float b : special()) {
      x.push_back(a);
      y.push_back(b);
    }
  uint32_t state = 1;
  auto next = [&] { return state = state * 1664525u + 1013904223u; };
  for (int i = 0; i < 1000000; ++i) {
    // Half of the pairs from all numbers, half from those whose powers neither over- nor underflow.
    bool tame = i % 2;
    x.push_back(tame ? fromBits(0x3d000000 + next() % 0x04000000) : fromBits(next()));
    y.push_back(tame ? float(int32_t(next())) * 1e-8f : fromBits(next()));
  }
  for (const Target &target : runnableTargets()) {
    auto kernel = NativeKernel::compile(text(op, true), target);
    ASSERT_TRUE(bool(kernel));
    Result result = measure(kernel->get<Kernel>("kernel"), x, y, exact);
    EXPECT_LE(result.worst, bound) << op << " on " << target.name << ": " << describe(result);
    std::printf("  %-14s %-10s %s\n", op.c_str(), target.name.c_str(), describe(result).c_str());
  }
}

double halfAway(double x) { return std::round(x); }
} // namespace

TEST(ApproximateMath, Exponentials) {
  check("math.exp", [](double x) { return std::exp(x); }, 1.1);
  check("math.exp2", [](double x) { return std::exp2(x); }, 1.1);
  check("math.expm1", [](double x) { return std::expm1(x); }, 1.7);
}

TEST(ApproximateMath, Logarithms) {
  check("math.log", [](double x) { return std::log(x); }, 1.1);
  check("math.log2", [](double x) { return std::log2(x); }, 1.5);
  check("math.log10", [](double x) { return std::log10(x); }, 1.5);
  check("math.log1p", [](double x) { return std::log1p(x); }, 1.5);
}

TEST(ApproximateMath, Hyperbolics) {
  check("math.tanh", [](double x) { return std::tanh(x); }, 2.6);
  check("math.sinh", [](double x) { return std::sinh(x); }, 3.0);
  check("math.cosh", [](double x) { return std::cosh(x); }, 3.0);
  check("math.asinh", [](double x) { return std::asinh(x); }, 3.0);
  check("math.acosh", [](double x) { return std::acosh(x); }, 3.0);
  check("math.atanh", [](double x) { return std::atanh(x); }, 3.0);
}

TEST(ApproximateMath, ErrorFunction) {
  check("math.erf", [](double x) { return std::erf(x); }, 2.7);
}

TEST(ApproximateMath, Trigonometry) {
  check("math.sin", [](double x) { return std::sin(x); }, 1.6);
  check("math.cos", [](double x) { return std::cos(x); }, 1.6);
  check("math.tan", [](double x) { return std::tan(x); }, 3.5);
  check("math.asin", [](double x) { return std::asin(x); }, 3.0);
  check("math.acos", [](double x) { return std::acos(x); }, 3.0);
  check("math.atan", [](double x) { return std::atan(x); }, 3.0);
}

TEST(ApproximateMath, Powers) {
  check("math.cbrt", [](double x) { return std::cbrt(x); }, 0.51);
  check("math.sqrt", [](double x) { return std::sqrt(x); }, 0.5);
  check("math.rsqrt", [](double x) { return 1 / std::sqrt(x); }, 1.5);
  check2("math.powf", [](double x, double y) { return std::pow(x, y); }, 0.6);
  check2("math.atan2", [](double x, double y) { return std::atan2(x, y); }, 3.0);
}

TEST(ApproximateMath, Rounding) {
  check("math.floor", [](double x) { return std::floor(x); }, 0);
  check("math.ceil", [](double x) { return std::ceil(x); }, 0);
  check("math.trunc", [](double x) { return std::trunc(x); }, 0);
  check("math.roundeven", [](double x) { return std::nearbyint(x); }, 0);
  check("math.round", halfAway, 0);
}
