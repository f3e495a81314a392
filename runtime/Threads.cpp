//===- Threads.cpp - A pool of threads ------------------------------------===//
//
// One job at a time. The caller publishes it by opening the gate; a worker that sees the gate open enters (counts
// itself in), works, and counts itself out. The caller works too, and when nothing is left to claim it shuts the gate:
// whoever has not entered by then never will, so nobody waits for a thread that has yet to wake up.
//
// A job's tiles are split into one part per worker, so that a tile meets the same cache in every kernel; a worker
// claims its own part chunk by chunk and then what is left of the others', one atomic addition a claim.
//
// A second caller, while the pool works, does its job alone: it has a thread of its own already.
//
//===----------------------------------------------------------------------===//
#include "runtime/Threads.h"

#include "runtime/cpu/Features.h"
#include <algorithm>
#include <atomic>
#include <linux/futex.h>
#include <new>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlc::runtime {

namespace {

constexpr int32_t maxThreads = 4096;
/// Ticks of the time stamp counter before a thread sleeps: some 50 us, longer than what lies between two kernels of a
/// model. Not a count of pauses, which take 10 to 50 ns each, depending on the CPU.
constexpr uint64_t spinTicks = 150000;
/// Claims that a worker needs for its own part: more is better balance and more atomics.
constexpr int64_t chunksPerPart = 8;

/// The gate: the job's number, whether it is shut, and how many have entered. That the number wraps is harmless: a
/// worker reads the job only after it has entered it.
constexpr uint32_t enteredMask = 0xffff, shutBit = 0x10000, jobUnit = 0x20000;

void futexWait(std::atomic<uint32_t> &word, uint32_t seen, uint32_t mask) {
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, seen, nullptr, nullptr, mask);
}

void futexWake(std::atomic<uint32_t> &word, uint32_t mask) {
  syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, maxThreads, nullptr, nullptr, mask);
}

/// Says how long a thread may go on spinning. The first pauses do not look at the clock.
class Spin {
public:
  /// Pauses; false when it is time to sleep.
  bool pause() {
    __builtin_ia32_pause();
    if (++count < 16)
      return true;
    const uint64_t now = __builtin_ia32_rdtsc();
    if (count == 16)
      start = now;
    return now - start < spinTicks;
  }

private:
  uint32_t count = 0;
  uint64_t start = 0;
};

struct alignas(64) Part {
  std::atomic<int64_t> next;
  int64_t end;
};

struct Pool;

struct Worker {
  pthread_t thread;
  Pool *pool;
  int32_t number;
};

struct Pool {
  dlc_pool handle; // first: the public face
  Allocator allocator;
  size_t bytes;
  pid_t process; // that has the threads: a fork copies the memory but not them
  int32_t started;
  Worker *workers;
  Part *parts;

  // Written by the caller before it opens the gate, read by those who entered.
  dlc_task task;
  void *closure;
  int64_t chunk;
  std::atomic<int32_t> wanted; // workers of the job; also read from outside, as a hint

  alignas(64) std::atomic<uint32_t> gate;
  alignas(64) std::atomic<uint32_t> sleepers;
  std::atomic<bool> stop;
  alignas(64) std::atomic<uint32_t> left; // of those who entered, how many are done
  std::atomic<uint32_t> waiting;          // 1: the caller sleeps on `left`
  alignas(64) std::atomic<bool> busy;

  void work(int32_t number);
  void serve(int32_t number);
  void run(int64_t tiles, int64_t grain, dlc_task task, void *closure);
};

/// Workers that share a bit wake together, which costs a needless look at the gate in pools of more than 32.
uint32_t wakeBit(int32_t number) { return 1u << (number % 32); }
uint32_t wakeBits(int32_t wanted) { return wanted >= 32 ? ~0u : (1u << wanted) - 1; }

void Pool::work(int32_t number) {
  const int32_t count = wanted.load(std::memory_order_relaxed);
  const int64_t step = chunk;
  for (int32_t i = 0; i < count; ++i) {
    Part &part = parts[(number + i) % count];
    while (part.next.load(std::memory_order_relaxed) < part.end) {
      int64_t begin = part.next.fetch_add(step, std::memory_order_relaxed);
      if (begin >= part.end)
        break;
      task(closure, begin, std::min(begin + step, part.end), number);
    }
  }
}

void Pool::serve(int32_t number) {
  uint32_t served = 0;
  Spin spin;
  for (;;) {
    uint32_t seen = gate.load(std::memory_order_acquire);
    const bool open = !(seen & shutBit) && seen / jobUnit != served;
    if (open && number < wanted.load(std::memory_order_relaxed)) {
      if (!gate.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        continue;
      // Whatever was expected, this is the job now: its caller waits for everyone who entered.
      served = seen / jobUnit;
      if (number < wanted.load(std::memory_order_relaxed))
        work(number);
      left.fetch_add(1, std::memory_order_seq_cst);
      if (waiting.load(std::memory_order_seq_cst))
        futexWake(left, 1);
      spin = Spin();
      continue;
    }
    if (stop.load(std::memory_order_acquire))
      return;
    if (spin.pause())
      continue;
    // The caller writes the gate and then reads `sleepers`; here it is the other way round, so one of the two notices.
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    if (gate.load(std::memory_order_seq_cst) == seen && !stop.load(std::memory_order_seq_cst))
      futexWait(gate, seen, wakeBit(number));
    sleepers.fetch_sub(1, std::memory_order_relaxed);
    spin = Spin();
  }
}

void Pool::run(int64_t tiles, int64_t grain, dlc_task newTask, void *newClosure) {
  grain = std::max<int64_t>(grain, 1);
  const int64_t useful = tiles > grain ? (tiles - 1) / grain + 1 : 1;
  const int32_t count = int32_t(std::min<int64_t>(handle.threads, useful));
  if (count <= 1 || process != getpid() || busy.exchange(true, std::memory_order_acquire)) {
    if (tiles > 0)
      newTask(newClosure, 0, tiles, 0);
    return;
  }

  task = newTask;
  closure = newClosure;
  const int64_t share = tiles / count, extra = tiles % count;
  chunk = std::max(grain, (share + chunksPerPart - 1) / chunksPerPart);
  for (int64_t i = 0, begin = 0; i < count; ++i) {
    int64_t end = begin + share + (i < extra);
    parts[i].next.store(begin, std::memory_order_relaxed);
    parts[i].end = end;
    begin = end;
  }
  wanted.store(count, std::memory_order_relaxed);
  left.store(0, std::memory_order_relaxed);
  gate.store((gate.load(std::memory_order_relaxed) / jobUnit + 1) * jobUnit, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst))
    futexWake(gate, wakeBits(count));

  work(0);

  const uint32_t entered = gate.fetch_or(shutBit, std::memory_order_acq_rel) & enteredMask;
  for (Spin spin; left.load(std::memory_order_acquire) != entered;) {
    if (spin.pause())
      continue;
    waiting.store(1, std::memory_order_seq_cst);
    for (uint32_t seen; (seen = left.load(std::memory_order_seq_cst)) != entered;)
      futexWait(left, seen, 1);
    waiting.store(0, std::memory_order_relaxed);
    break;
  }
  busy.store(false, std::memory_order_release);
}

void parallelFor(void *context, int64_t tiles, int64_t grain, dlc_task task, void *closure) {
  static_cast<Pool *>(context)->run(tiles, grain, task, closure);
}

void *threadMain(void *argument) {
  auto *worker = static_cast<Worker *>(argument);
  DefaultFloatMode mode;
  worker->pool->serve(worker->number);
  return nullptr;
}

void releasePool(dlc_pool *handle) {
  auto *pool = reinterpret_cast<Pool *>(handle);
  if (pool->process == getpid()) {
    pool->stop.store(true, std::memory_order_seq_cst);
    // The gate must change as well: a worker about to sleep compares it, not `stop`.
    pool->gate.fetch_add(jobUnit, std::memory_order_seq_cst);
    futexWake(pool->gate, ~0u);
    for (int32_t i = 0; i < pool->started; ++i)
      pthread_join(pool->workers[i].thread, nullptr);
  }
  Allocator allocator = pool->allocator;
  allocator.put(pool, pool->bytes);
}

/// Starts the threads with all signals blocked: the program's handlers run on its own threads.
bool startWorkers(Pool &pool) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (int32_t i = 0; i + 1 < pool.handle.threads; ++i) {
    pool.workers[i].pool = &pool;
    pool.workers[i].number = i + 1;
    if (pthread_create(&pool.workers[i].thread, nullptr, threadMain, &pool.workers[i]))
      break;
    ++pool.started;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pool.started + 1 == pool.handle.threads;
}

} // namespace

dlc_status startPool(int32_t threads, const Allocator &allocator, dlc_pool **result) {
  if (threads < 0 || threads > maxThreads)
    return DLC_INVALID_ARGUMENT;
  if (threads == 0)
    threads = std::min(cpuCount(), maxThreads);
  const size_t partsAt = sizeof(Pool), workersAt = partsAt + size_t(threads) * sizeof(Part);
  const size_t bytes = workersAt + size_t(threads) * sizeof(Worker);
  auto *memory = static_cast<char *>(allocator.get(bytes));
  if (!memory)
    return DLC_OUT_OF_MEMORY;
  auto *pool = new (memory) Pool();
  pool->handle = {DLC_ABI, threads, pool, parallelFor, releasePool};
  pool->allocator = allocator;
  pool->bytes = bytes;
  pool->process = getpid();
  pool->parts = reinterpret_cast<Part *>(memory + partsAt);
  for (int32_t i = 0; i < threads; ++i)
    new (&pool->parts[i]) Part();
  pool->workers = reinterpret_cast<Worker *>(memory + workersAt);
  pool->gate.store(shutBit, std::memory_order_relaxed);
  if (!startWorkers(*pool)) {
    releasePool(&pool->handle);
    return DLC_NO_THREADS;
  }
  *result = &pool->handle;
  return DLC_OK;
}

} // namespace dlc::runtime

extern "C" dlc_status dlc_rt_pool_new(int32_t threads, dlc_pool **pool) {
  if (!pool)
    return DLC_INVALID_ARGUMENT;
  *pool = nullptr;
  return dlc::runtime::startPool(threads, dlc::runtime::Allocator(), pool);
}

extern "C" void dlc_rt_pool_free(dlc_pool *pool) {
  if (pool && pool->release)
    pool->release(pool);
}
