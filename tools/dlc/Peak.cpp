//===- Peak.cpp - What this machine can do at most --------------*- C++ -*-===//
//
// Assembly, because the number must not depend on what a compiler makes of a loop whose results nobody reads. Twelve or
// more accumulators hide four cycles of latency on two ports.
//
//===----------------------------------------------------------------------===//
#include "tools/dlc/Peak.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dlc {

#define REPEAT_12(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define FMA_512(i) "vfmadd231ps %%zmm30, %%zmm31, %%zmm" #i "\n"
#define FMA_256(i) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #i "\n"
#define CLEAR_512(i) "vpxord %%zmm" #i ", %%zmm" #i ", %%zmm" #i "\n"
#define CLEAR_256(i) "vxorps %%ymm" #i ", %%ymm" #i ", %%ymm" #i "\n"
#define CLOBBERED                                                                                                      \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",  \
      "xmm14", "xmm15"

/// A loop of `n` rounds and the floating-point operations of a round.
struct Loop {
  void (*run)(int64_t n);
  int64_t flopsPerRound;
};

__attribute__((target("avx512f"), noinline)) static void loop512(int64_t n) {
  asm volatile(REPEAT_12(CLEAR_512) CLEAR_512(30) CLEAR_512(31) "1:\n" REPEAT_12(FMA_512) REPEAT_12(FMA_512)
               "dec %0\n jnz 1b\n vzeroupper\n"
               : "+r"(n)::"cc", CLOBBERED, "xmm30", "xmm31");
}

__attribute__((target("avx2,fma"), noinline)) static void loop256(int64_t n) {
  asm volatile(REPEAT_12(CLEAR_256) CLEAR_256(14) CLEAR_256(15) "1:\n" REPEAT_12(FMA_256) REPEAT_12(FMA_256)
               "dec %0\n jnz 1b\n vzeroupper\n"
               : "+r"(n)::"cc", CLOBBERED);
}

#define CLEAR_128(i) "xorps %%xmm" #i ", %%xmm" #i "\n"
#define MULTIPLY_128(i) "mulps %%xmm" #i ", %%xmm" #i "\n"
#define ADD_128(i) "addps %%xmm" #i ", %%xmm" #i "\n"

__attribute__((noinline)) static void loop128(int64_t n) {
  asm volatile(REPEAT_12(CLEAR_128) "1:\n" MULTIPLY_128(0) ADD_128(1) MULTIPLY_128(2) ADD_128(3) MULTIPLY_128(4)
                   ADD_128(5) MULTIPLY_128(6) ADD_128(7) MULTIPLY_128(8) ADD_128(9) MULTIPLY_128(10) ADD_128(11)
               "dec %0\n jnz 1b\n"
               : "+r"(n)::"cc", CLOBBERED);
}

static Loop bestLoop() {
  if (__builtin_cpu_supports("avx512f"))
    return {loop512, 24 * 16 * 2};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {loop256, 24 * 8 * 2};
  return {loop128, 12 * 4};
}

double measurePeakGflops(int threads) {
  const Loop loop = bestLoop();
  constexpr int64_t rounds = 200'000; // about 2 ms
  constexpr int repeats = 16;
  // The best round of each thread, all running: others on the machine only ever make it slower.
  std::vector<double> best(threads, 0);
  std::atomic<int> waiting{threads};
  auto measure = [&](int thread) {
    for (--waiting; waiting > 0;)
      std::this_thread::yield();
    for (int i = 0; i < repeats; ++i) {
      auto start = std::chrono::steady_clock::now();
      loop.run(rounds);
      std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      best[thread] = std::max(best[thread], rounds * loop.flopsPerRound / took.count() * 1e-9);
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back(measure, i);
  measure(0);
  double sum = best[0];
  for (int i = 1; i < threads; ++i) {
    others[i - 1].join();
    sum += best[i];
  }
  return sum;
}

//===- Memory -------------------------------------------------------------===//

/// Bytes that no cache holds, and that the machine can spare.
static size_t bytesBeyondCaches() {
  const size_t page = sysconf(_SC_PAGESIZE), spare = size_t(std::max(0L, sysconf(_SC_AVPHYS_PAGES))) * page;
  const size_t cache = size_t(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
  return std::min({std::max<size_t>(2 * cache, 256 << 20), size_t(1) << 30, spare / 2});
}

static uint64_t sumOf(const std::vector<uint64_t> &words) {
  uint64_t sums[8] = {};
  for (size_t i = 0; i + 8 <= words.size(); i += 8)
    for (size_t j = 0; j < 8; ++j)
      sums[j] += words[i + j];
  return std::accumulate(std::begin(sums), std::end(sums), uint64_t(0));
}

MemoryPeak measureMemoryPeak(int threads) {
  using Clock = std::chrono::steady_clock;
  constexpr int repeats = 3;
  const size_t words = bytesBeyondCaches() / 2 / threads / sizeof(uint64_t);
  struct Span {
    Clock::time_point begin, end;
  };
  std::vector<std::array<Span, 2 * repeats>> spans(threads);
  std::atomic<uint64_t> kept{0}; // what was read must matter to someone
  std::barrier together(threads);
  auto measure = [&](int thread) {
    std::vector<uint64_t> from(words, thread), to(words, 0);
    for (int i = 0; i < 2 * repeats; ++i) {
      together.arrive_and_wait();
      Span &span = spans[thread][i];
      span.begin = Clock::now();
      if (i < repeats)
        kept += sumOf(from) + sumOf(to);
      else
        std::copy(from.begin(), from.end(), to.begin());
      span.end = Clock::now();
    }
    kept += to.empty() ? 0 : to.back();
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back(measure, i);
  measure(0);
  for (std::thread &other : others)
    other.join();
  // The threads share the memory: a round counts from the first to the last of them.
  MemoryPeak peak;
  for (int i = 0; i < 2 * repeats; ++i) {
    Span all = spans[0][i];
    for (const auto &one : spans)
      all = {std::min(all.begin, one[i].begin), std::max(all.end, one[i].end)};
    double &best = i < repeats ? peak.read : peak.copy;
    double bytes = 2.0 * threads * words * sizeof(uint64_t);
    best = std::max(best, bytes / std::chrono::duration<double>(all.end - all.begin).count() * 1e-9);
  }
  return peak;
}

} // namespace dlc
