//===- InputsTest.cpp - The random tensors of check and bench -------------===//
#include "tools/dlc/Inputs.h"
#include "gtest/gtest.h"
#include <cmath>
#include <set>

using namespace dlc;

namespace {
std::vector<double> draw(llvm::StringRef type, const InputValues &values, int64_t n = 1000) {
  HostTensor tensor = randomTensor(*DType::ofName(type), {n}, /*seed=*/3, values);
  std::vector<double> result;
  for (int64_t i = 0; i < n; ++i)
    result.push_back(tensor.at(i));
  return result;
}

TEST(Inputs, StayInTheirRange) {
  for (llvm::StringRef type : {"f64", "f32", "f16", "bf16"})
    for (double v : draw(type, {{}, {{0.5, 2.0}}, false}))
      EXPECT_TRUE(v >= 0.5 && v <= 2.0) << type.str() << " " << v; // a short float may round up to the end
  for (llvm::StringRef type : {"i64", "i32", "i8"}) {
    std::vector<double> values = draw(type, {{}, {{-2, 3}}, false});
    EXPECT_EQ(std::set<double>(values.begin(), values.end()), (std::set<double>{-2, -1, 0, 1, 2, 3})) << type.str();
  }
}

TEST(Inputs, FitFewBits) {
  for (double v : draw("i4", {{}, {{-100, 100}}, true}))
    EXPECT_TRUE(v >= -8 && v <= 7) << v;
  for (double v : draw("u2", {{}, {{0, 100}}, false}))
    EXPECT_TRUE(v >= 0 && v <= 3) << v;
}

TEST(Inputs, SpecialsAreAmongThem) {
  for (llvm::StringRef type : {"f64", "f32", "f16", "bf16"}) {
    unsigned nan = 0, infinite = 0, negativeZero = 0, usual = 0;
    for (double v : draw(type, {{}, {}, true})) {
      nan += std::isnan(v);
      infinite += std::isinf(v);
      negativeZero += v == 0 && std::signbit(v);
      usual += std::isfinite(v) && std::abs(v) < 1 && v != 0;
    }
    EXPECT_TRUE(nan && infinite && negativeZero && usual > 300) << type.str();
  }
  std::vector<double> bytes = draw("i8", {{}, {}, true}), words = draw("u32", {{}, {}, true});
  EXPECT_TRUE(std::set<double>(bytes.begin(), bytes.end()).count(-128));
  EXPECT_TRUE(std::set<double>(bytes.begin(), bytes.end()).count(127));
  EXPECT_TRUE(std::set<double>(words.begin(), words.end()).count(4294967295.0));
}

TEST(Inputs, AreTheSameForTheSameSeed) { EXPECT_EQ(draw("f32", {}), draw("f32", {})); }
} // namespace
