#include "runtime/program.h"
#include <algorithm>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <numeric>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

struct PoolHandle {
  explicit PoolHandle(int32_t threads) { EXPECT_EQ(dlc_rt_pool_new(threads, &pool), DLC_OK); }
  ~PoolHandle() { dlc_rt_pool_free(pool); }
  dlc_pool *operator->() const { return pool; }
  dlc_pool *pool = nullptr;
};

using Body = std::function<void(int64_t, int64_t, int32_t)>;

void parallelFor(const PoolHandle &pool, int64_t tiles, int64_t grain, Body body) {
  pool->parallel_for(
      pool->context, tiles, grain,
      [](void *closure, int64_t begin, int64_t end, int32_t worker) {
        (*static_cast<Body *>(closure))(begin, end, worker);
      },
      &body);
}

TEST(Threads, CoversEveryTileOnce) {
  for (int32_t threads : {1, 2, 3, 7}) {
    PoolHandle pool(threads);
    EXPECT_EQ(pool->threads, threads);
    for (int64_t tiles : {0, 1, 2, 7, 100, 1001})
      for (int64_t grain : {int64_t(0), int64_t(1), int64_t(3), int64_t(64), INT64_MAX}) {
        std::vector<int> counts(size_t(tiles), 0); // plain ints: a tile done twice at once is a race TSan sees
        parallelFor(pool, tiles, grain, [&](int64_t begin, int64_t end, int32_t worker) {
          EXPECT_LT(worker, threads);
          for (int64_t i = begin; i < end; ++i)
            ++counts[size_t(i)];
        });
        EXPECT_EQ(counts, std::vector<int>(size_t(tiles), 1)) << threads << " threads, grain " << grain;
      }
  }
}

TEST(Threads, SmallWorkStaysOnTheCaller) {
  PoolHandle pool(4);
  int calls = 0;
  parallelFor(pool, 8, 8, [&](int64_t begin, int64_t end, int32_t worker) {
    ++calls;
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 8);
    EXPECT_EQ(worker, 0);
  });
  EXPECT_EQ(calls, 1);
}

TEST(Threads, NoWorkerNumberRunsTwiceAtOnce) {
  PoolHandle pool(4);
  std::atomic<int> inside[4] = {};
  for (int round = 0; round < 200; ++round)
    parallelFor(pool, 64, 1, [&](int64_t, int64_t, int32_t worker) {
      EXPECT_EQ(inside[worker].fetch_add(1), 0);
      inside[worker].fetch_sub(1);
    });
}

TEST(Threads, OthersTakeWhatASlowWorkerLeaves) {
  PoolHandle pool(2);
  std::vector<int32_t> by(64, -1);
  std::atomic<int> done{0};
  parallelFor(pool, 64, 1, [&](int64_t begin, int64_t end, int32_t worker) {
    // The caller's first chunk lasts until everything outside it is done.
    if (begin == 0)
      while (done.load() < 64 - end)
        std::this_thread::yield();
    for (int64_t i = begin; i < end; ++i)
      by[size_t(i)] = worker;
    done += int(end - begin);
  });
  EXPECT_EQ(std::count(by.begin(), by.end(), by[0]), 4) << "a chunk is an eighth of a part of 32";
}

TEST(Threads, WorkersWakeFromSleep) {
  PoolHandle pool(2);
  for (int round = 0; round < 5; ++round) {
    usleep(5000); // well past spinning
    std::atomic<int> inside{0};
    // Ends only if two threads are in it together.
    parallelFor(pool, 2, 1, [&](int64_t, int64_t, int32_t) {
      ++inside;
      while (inside.load() < 2)
        std::this_thread::yield();
    });
    EXPECT_EQ(inside.load(), 2);
  }
}

TEST(Threads, ManyShortJobs) {
  PoolHandle pool(3);
  int64_t sum = 0;
  std::vector<int64_t> values(12);
  for (int round = 0; round < 20000; ++round) {
    parallelFor(pool, 12, 1, [&](int64_t begin, int64_t end, int32_t) {
      for (int64_t i = begin; i < end; ++i)
        values[size_t(i)] = i;
    });
    sum += std::accumulate(values.begin(), values.end(), int64_t(0));
    if (round % 1000 == 0)
      usleep(300);
  }
  EXPECT_EQ(sum, 20000 * 66);
}

TEST(Threads, TwoCallersShareAPool) {
  PoolHandle pool(2);
  auto caller = [&] {
    std::vector<int> counts(100);
    for (int round = 0; round < 2000; ++round)
      parallelFor(pool, 100, 5, [&](int64_t begin, int64_t end, int32_t) {
        for (int64_t i = begin; i < end; ++i)
          ++counts[size_t(i)];
      });
    EXPECT_EQ(counts, std::vector<int>(100, 2000));
  };
  std::thread first(caller), second(caller);
  first.join();
  second.join();
}

TEST(Threads, WorkWithinWorkRunsAlone) {
  PoolHandle pool(2);
  std::vector<int> counts(16 * 16);
  parallelFor(pool, 16, 1, [&](int64_t begin, int64_t end, int32_t) {
    for (int64_t i = begin; i < end; ++i)
      parallelFor(pool, 16, 1, [&, i](int64_t innerBegin, int64_t innerEnd, int32_t) {
        for (int64_t j = innerBegin; j < innerEnd; ++j)
          ++counts[size_t(16 * i + j)];
      });
  });
  EXPECT_EQ(counts, std::vector<int>(16 * 16, 1));
}

TEST(Threads, WorksAfterFork) {
  PoolHandle pool(2);
  parallelFor(pool, 64, 1, [](int64_t, int64_t, int32_t) {});
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20); // a hang ends the child, and the test fails
    int sum = 0;
    parallelFor(pool, 64, 1, [&](int64_t begin, int64_t end, int32_t) { sum += int(end - begin); });
    dlc_rt_pool_free(pool.pool);
    _exit(sum == 64 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  std::atomic<int> sum{0};
  parallelFor(pool, 64, 1, [&](int64_t begin, int64_t end, int32_t) { sum += int(end - begin); });
  EXPECT_EQ(sum.load(), 64);
}

TEST(Threads, RefusesBadCounts) {
  dlc_pool *pool = nullptr;
  EXPECT_EQ(dlc_rt_pool_new(-1, &pool), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_pool_new(1 << 20, &pool), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_pool_new(2, nullptr), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(pool, nullptr);
  dlc_rt_pool_free(nullptr);
}

TEST(Threads, DefaultsToTheCpusOfTheProcess) {
  PoolHandle pool(0);
  EXPECT_GE(pool->threads, 1);
}

} // namespace
