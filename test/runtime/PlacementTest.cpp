#include "runtime/Placement.h"
#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace {

struct Plan {
  std::vector<dlc_interval> live;
  std::vector<int64_t> sizes, offsets;
  int64_t total = 0;

  void add(int32_t first, int32_t last, int64_t size) {
    live.push_back({first, last});
    sizes.push_back(size);
  }
  int64_t run() {
    offsets.assign(sizes.size(), -1);
    std::vector<char> scratch(dlc::placementScratch(int32_t(sizes.size())));
    total = dlc::place(int32_t(sizes.size()), live.data(), sizes.data(), offsets.data(), scratch.data());
    return total;
  }
  void expectValid() const {
    for (size_t i = 0; i < sizes.size(); ++i) {
      EXPECT_EQ(offsets[i] % 64, 0);
      EXPECT_GE(offsets[i], 0);
      EXPECT_LE(offsets[i] + sizes[i], total);
      for (size_t j = 0; j < i; ++j) {
        const bool sameTime = live[i].first <= live[j].last && live[j].first <= live[i].last;
        const bool sameSpace = offsets[i] < offsets[j] + sizes[j] && offsets[j] < offsets[i] + sizes[i];
        EXPECT_FALSE(sameTime && sameSpace) << i << " and " << j;
      }
    }
  }
};

TEST(Placement, ChainNeedsTwoBuffers) {
  Plan plan;
  for (int32_t i = 0; i < 100; ++i)
    plan.add(i, i + 1, 1000);
  EXPECT_EQ(plan.run(), 2 * 1024);
  plan.expectValid();
}

TEST(Placement, LargestLiesAtZeroAndSmallOnesFillGaps) {
  Plan plan;
  plan.add(0, 1, 64);  // beside the large one
  plan.add(1, 2, 640); // large
  plan.add(2, 3, 64);  // again beside it, in the same place
  plan.add(3, 4, 64);  // after it
  EXPECT_EQ(plan.run(), 640 + 64);
  EXPECT_EQ(plan.offsets, (std::vector<int64_t>{640, 0, 640, 0}));
}

TEST(Placement, EmptyBuffersTakeNoRoom) {
  Plan plan;
  EXPECT_EQ(plan.run(), 0);
  plan.add(0, 3, 0);
  plan.add(0, 3, 1);
  EXPECT_EQ(plan.run(), 64);
  plan.expectValid();
}

TEST(Placement, RefusesOverflow) {
  Plan plan;
  plan.add(0, 1, INT64_MAX / 2);
  plan.add(0, 1, INT64_MAX / 2);
  plan.add(0, 1, 1);
  EXPECT_EQ(plan.run(), -1);
  Plan negative;
  negative.add(0, 1, -1);
  EXPECT_EQ(negative.run(), -1);
  Plan huge;
  huge.add(0, 1, INT64_MAX);
  EXPECT_EQ(huge.run(), -1);
}

TEST(Placement, RandomPlansAreValidAndClose) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    Plan plan;
    const int32_t count = 1 + int32_t(random() % 150), steps = 1 + int32_t(random() % 100);
    std::vector<int64_t> atStep(size_t(steps), 0);
    for (int32_t i = 0; i < count; ++i) {
      int32_t first = int32_t(random() % uint32_t(steps));
      int32_t last = std::min(steps - 1, first + int32_t(random() % 20));
      int64_t size = int64_t(random() % 100000);
      plan.add(first, last, size);
      for (int32_t t = first; t <= last; ++t)
        atStep[size_t(t)] += dlc::placement::roundUp(size);
    }
    plan.run();
    plan.expectValid();
    const int64_t bound = *std::max_element(atStep.begin(), atStep.end());
    EXPECT_LE(plan.total, bound + bound / 2) << "what lives at once needs " << bound;
  }
}

double secondsFor(Plan &plan) {
  auto start = std::chrono::steady_clock::now();
  plan.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Placement, TenThousandBuffersAreQuick) {
  std::mt19937 random(1);
  Plan chain, residual, together;
  for (int32_t i = 0; i < 10000; ++i) {
    const int64_t size = 1000 + int64_t(random() % 100000);
    chain.add(i, i + 1, size);
    residual.add(i, i % 10 ? i + 1 : i + 2000, size);
    together.add(0, 10000, size);
  }
  const double chainSeconds = secondsFor(chain);
  const double residualSeconds = secondsFor(residual), togetherSeconds = secondsFor(together);
  std::printf("chain %.4f s, with long residuals %.4f s, all at once %.4f s\n", chainSeconds, residualSeconds,
              togetherSeconds);
  // Generous: this also runs under sanitizers on a busy machine. A quadratic chain would take seconds there.
  EXPECT_LT(chainSeconds, 0.5);
  EXPECT_LT(togetherSeconds, 20);
}

} // namespace
