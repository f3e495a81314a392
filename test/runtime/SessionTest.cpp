#include "test/runtime/TestProgram.h"
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

struct Opened {
  explicit Opened(dlc_options options = DLC_OPTIONS_INIT) {
    char why[256];
    EXPECT_EQ(dlc_rt_open(&testProgram, &options, &model, why, sizeof why), DLC_OK) << why;
  }
  ~Opened() { dlc_rt_close(model); }
  dlc_model *model = nullptr;
};

struct Session {
  explicit Session(const Opened &opened) { EXPECT_EQ(dlc_rt_session_new(opened.model, &session), DLC_OK); }
  ~Session() { dlc_rt_session_free(session); }
  operator dlc_session *() const { return session; }
  std::string error() const { return dlc_rt_last_error(session); }
  dlc_session *session = nullptr;
};

dlc_options withThreads(int32_t threads) {
  dlc_options options = DLC_OPTIONS_INIT;
  options.threads = threads;
  return options;
}

std::string whyNotOpen(const dlc_options *options, dlc_status expected) {
  char why[256] = "";
  dlc_model *model = nullptr;
  EXPECT_EQ(dlc_rt_open(&testProgram, options, &model, why, sizeof why), expected);
  EXPECT_EQ(model, nullptr);
  return why;
}

/// AddRows as its generated header would declare it.
struct AddIo {
  const float *X, *B;
  float *Y;
  int64_t N;
};
struct FindIo {
  const int64_t *X;
  int64_t *I;
  int64_t N;
  int64_t I_capacity, I_dims[1];
};

void expectAdds(dlc_session *session, int64_t rows) {
  std::vector<float> x(size_t(rows) * 4), y(x.size(), -1);
  const float bias[] = {1, 2, 3, 4};
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i);
  AddIo io = {x.data(), bias, y.data(), rows};
  ASSERT_EQ(dlc_rt_run(session, AddRows, &io), DLC_OK) << dlc_rt_last_error(session);
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(y[i], x[i] + bias[i % 4]);
}

TEST(Open, TakesTheFirstVariantThatTheMachineRuns) {
  Opened opened(withThreads(1));
  EXPECT_STREQ(dlc_rt_variant(opened.model), "x86-64");
}

TEST(Open, SaysWhyNot) {
  dlc_options options = withThreads(1);
  options.variant = "imaginary";
  EXPECT_EQ(whyNotOpen(&options, DLC_UNSUPPORTED_CPU),
            "no variant \"imaginary\" that this machine runs; the library has: imaginary (not supported here), x86-64");
  options.variant = "vax";
  whyNotOpen(&options, DLC_UNSUPPORTED_CPU);
  options = DLC_OPTIONS_INIT;
  options.struct_size = 0;
  EXPECT_EQ(whyNotOpen(&options, DLC_INVALID_ARGUMENT), "options: struct_size is 0; start from DLC_OPTIONS_INIT");
  options = withThreads(-3);
  EXPECT_EQ(whyNotOpen(&options, DLC_INVALID_ARGUMENT), "options: expects threads of at least 0, got -3");
  options = DLC_OPTIONS_INIT;
  options.deallocate = [](void *, void *, size_t) {};
  EXPECT_EQ(whyNotOpen(&options, DLC_INVALID_ARGUMENT), "options: allocate and deallocate go together");
  dlc_pool pool = {};
  options = DLC_OPTIONS_INIT;
  options.pool = &pool;
  EXPECT_EQ(whyNotOpen(&options, DLC_INVALID_ARGUMENT), "options: pool is not a dlc_pool of ABI 1");
  EXPECT_EQ(dlc_rt_open(&testProgram, nullptr, nullptr, nullptr, 0), DLC_INVALID_ARGUMENT);
}

TEST(Open, CutsALongMessage) {
  dlc_options options = withThreads(1);
  options.variant = "vax";
  char why[20];
  dlc_model *model;
  EXPECT_EQ(dlc_rt_open(&testProgram, &options, &model, why, sizeof why), DLC_UNSUPPORTED_CPU);
  EXPECT_STREQ(why, "no variant \"vax\"...");
}

TEST(Run, ComputesForAnyBatch) {
  for (int32_t threads : {1, 2, 3}) {
    Opened opened(withThreads(threads));
    Session session(opened);
    for (int64_t rows : {0, 1, 7, 100, 12, 13, 100, 33, 0})
      expectAdds(session, rows);
  }
}

TEST(Run, ChecksTheStruct) {
  Opened opened(withThreads(1));
  Session session(opened);
  float data[400] = {};
  AddIo io = {data, data, data, 101};
  EXPECT_EQ(dlc_rt_run(session, AddRows, &io), DLC_WRONG_SHAPE);
  EXPECT_EQ(session.error(), "io: expects N from 0 to 100, got 101");
  io = {data, nullptr, data, 1};
  EXPECT_EQ(dlc_rt_run(session, AddRows, &io), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(session.error(), "input \"B\": data is null");
  io = {nullptr, data, data, 0};
  EXPECT_EQ(dlc_rt_run(session, AddRows, &io), DLC_OK) << "an empty input may be null";
  EXPECT_EQ(session.error(), "");
  EXPECT_EQ(dlc_rt_run(session, AddRows, nullptr), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(session.error(), "io: is null");
  EXPECT_EQ(dlc_rt_run(nullptr, AddRows, &io), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_run(session, 77, &io), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(session.error(), "function 77: the model has 6");
}

TEST(Run, LendsABufferForANullOutput) {
  Opened opened(withThreads(1));
  Session session(opened);
  const int64_t x[] = {0, 5, 0, 6};
  FindIo io = {x, nullptr, 4, 0, {0}};
  ASSERT_EQ(dlc_rt_run(session, Find, &io), DLC_OK) << session.error();
  ASSERT_NE(io.I, nullptr);
  EXPECT_EQ(io.I_dims[0], 2);
  EXPECT_EQ(io.I[0], 1);
  EXPECT_EQ(io.I[1], 3);
}

TEST(Run, LendsAgainWhatItLentBefore) {
  Opened opened(withThreads(1));
  Session session(opened);
  std::vector<float> x(400, 1);
  AddIo io = {x.data(), x.data(), nullptr, 0};
  for (int64_t rows : {0, 1, 100, 2}) { // grows, though the struct holds the pointer of the call before
    io.N = rows;
    ASSERT_EQ(dlc_rt_run(session, AddRows, &io), DLC_OK) << session.error();
    for (int64_t i = 0; i < 4 * rows; ++i)
      ASSERT_EQ(io.Y[i], 2);
  }
}

TEST(Run, SaysHowLargeABufferMustBe) {
  Opened opened(withThreads(1));
  Session session(opened);
  const int64_t x[] = {1, 5, 0, 6};
  int64_t indices[3];
  FindIo io = {x, indices, 4, 2, {0}};
  EXPECT_EQ(dlc_rt_run(session, Find, &io), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(session.error(), "output \"I\": needs 24 bytes for i64[3], the buffer has 16");
  EXPECT_EQ(io.I_dims[0], 3);
  io.I_capacity = io.I_dims[0];
  EXPECT_EQ(dlc_rt_run(session, Find, &io), DLC_OK);
  EXPECT_EQ(indices[2], 3);
}

TEST(Run, NamesTheNodeOfAnError) {
  Opened opened(withThreads(1));
  Session session(opened);
  float data[] = {1, 2, 3}, y[2];
  int64_t indices[] = {0, 3};
  struct {
    float *data;
    int64_t *indices;
    float *y;
    int64_t M, K;
  } io = {data, indices, y, 3, 2};
  EXPECT_EQ(dlc_rt_run(session, Pick, &io), DLC_INDEX_OUT_OF_RANGE);
  EXPECT_EQ(session.error(), "node \"/layer/pick\" (Gather): index out of range");
  indices[1] = 2;
  EXPECT_EQ(dlc_rt_run(session, Pick, &io), DLC_OK) << "an error does not stay";
  EXPECT_EQ(y[1], 3);

  struct {
    float *a, *b;
    void *h;
    int64_t N;
  } pairIo = {data, data, nullptr, 1};
  EXPECT_EQ(dlc_rt_run(session, Pair, &pairIo), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(session.error(), "node \"/pair\" (MatMul): expects equal dims, got 2 and 3");
}

TEST(Run, RunsOutOfMemoryWithAStatus) {
  Opened opened(withThreads(1));
  Session session(opened);
  struct {
    void *x;
    int64_t N;
  } io = {&io, 2};
  EXPECT_EQ(dlc_rt_run(session, Huge, &io), DLC_OUT_OF_MEMORY);
  EXPECT_EQ(session.error(), "out of memory: 9223372036854775807 bytes for intermediate values");
  io.N = int64_t(1) << 40;
  EXPECT_EQ(dlc_rt_run(session, Huge, &io), DLC_WRONG_SHAPE);
  EXPECT_EQ(session.error(), "input \"X\": the size of u8[N,N,N] overflows");
}

TEST(Run, ComputesInTheDefaultFloatMode) {
  Opened opened(withThreads(1));
  Session session(opened);
  const uint32_t before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040); // flush denormals, as -ffast-math programs do
  FindIo io = {nullptr, nullptr, 0, 0, {0}};
  EXPECT_EQ(dlc_rt_run(session, Find, &io), DLC_OK);
  EXPECT_EQ(floatModeSeen & 0xffc0, 0x1f80u);
  EXPECT_EQ(__builtin_ia32_stmxcsr() & 0x8040, 0x8040u) << "the caller's mode is back";
  __builtin_ia32_ldmxcsr(before);
}

TEST(Run, ASecondCallerGetsBusy) {
  Opened opened(withThreads(1));
  Session session(opened);
  int64_t nothing[1] = {};
  meetings.open = false;
  std::thread first([&] { EXPECT_EQ(dlc_rt_run(session, Meet, nothing), DLC_OK); });
  while (meetings.inside == 0)
    std::this_thread::yield();
  EXPECT_EQ(dlc_rt_run(session, Meet, nothing), DLC_BUSY);
  EXPECT_EQ(dlc_rt_call(session, Meet, nullptr, 0, nullptr, 0), DLC_BUSY);
  EXPECT_EQ(session.error(), "the session is running on another thread");
  meetings.open = true;
  first.join();
  EXPECT_EQ(dlc_rt_run(session, Meet, nothing), DLC_OK);
  EXPECT_EQ(session.error(), "");
}

TEST(Run, TwoSessionsShareAPool) {
  dlc_pool *pool;
  ASSERT_EQ(dlc_rt_pool_new(2, &pool), DLC_OK);
  {
    dlc_options options = DLC_OPTIONS_INIT;
    options.pool = pool;
    Opened one(options), other(options);
    auto work = [](const Opened &opened) {
      Session session(opened);
      for (int round = 0; round < 500; ++round)
        expectAdds(session, 50 + round % 50);
    };
    std::thread first(work, std::cref(one)), second(work, std::cref(other)), third(work, std::cref(one));
    first.join();
    second.join();
    third.join();
  }
  dlc_rt_pool_free(pool);
}

TEST(Run, WorksAfterFork) {
  Opened opened(withThreads(2));
  Session session(opened);
  expectAdds(session, 100);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    expectAdds(session, 100);
    _exit(::testing::Test::HasFailure());
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

/// An allocator that knows what it gave.
struct Ledger {
  std::map<void *, size_t> given;
  int calls = 0;
  bool empty = false;

  static void *allocate(void *self, size_t bytes, size_t alignment) {
    auto *ledger = static_cast<Ledger *>(self);
    if (ledger->empty)
      return nullptr;
    void *memory = nullptr;
    EXPECT_EQ(posix_memalign(&memory, alignment, bytes), 0);
    ++ledger->calls;
    ledger->given[memory] = bytes;
    return memory;
  }
  static void deallocate(void *self, void *memory, size_t bytes) {
    auto *ledger = static_cast<Ledger *>(self);
    EXPECT_EQ(ledger->given[memory], bytes);
    ledger->given.erase(memory);
    free(memory);
  }
};

TEST(Allocator, ServesEverythingAndGetsItBack) {
  Ledger ledger;
  dlc_options options = withThreads(2);
  options.allocator = &ledger;
  options.allocate = Ledger::allocate;
  options.deallocate = Ledger::deallocate;
  {
    Opened opened(options);
    Session session(opened);
    const int64_t batches[] = {33, 1, 7, 12, 0, 13, 100};
    for (int64_t rows : batches)
      expectAdds(session, rows);
    const int calls = ledger.calls;
    for (int round = 0; round < 3; ++round)
      for (int64_t rows : batches)
        expectAdds(session, rows);
    EXPECT_EQ(ledger.calls, calls) << "shapes seen before allocate nothing";
    ledger.empty = true;
    FindIo io = {nullptr, nullptr, 0, 0, {0}};
    dlc_session *none;
    EXPECT_EQ(dlc_rt_session_new(opened.model, &none), DLC_OUT_OF_MEMORY);
    float data[4] = {};
    float rows[400] = {};
    AddIo lent = {rows, data, nullptr, 100};
    EXPECT_EQ(dlc_rt_run(session, AddRows, &lent), DLC_OUT_OF_MEMORY);
    EXPECT_EQ(session.error(), "out of memory: 1600 bytes for an output");
    whyNotOpen(&options, DLC_OUT_OF_MEMORY);
    ledger.empty = false;
    EXPECT_EQ(dlc_rt_run(session, Find, &io), DLC_OK);
  }
  EXPECT_TRUE(ledger.given.empty());
}

TEST(Null, IsHarmless) {
  dlc_rt_close(nullptr);
  dlc_rt_session_free(nullptr);
  EXPECT_EQ(dlc_rt_session_new(nullptr, nullptr), DLC_INVALID_ARGUMENT);
  EXPECT_STREQ(dlc_rt_last_error(nullptr), "session: is null");
  EXPECT_STREQ(dlc_rt_variant(nullptr), "");
}

} // namespace
