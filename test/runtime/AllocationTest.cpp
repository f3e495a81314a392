// Counts every allocation of the process, so it is a program of its own and not built with sanitizers, which do the
// same.
#include "test/runtime/TestProgram.h"
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <gtest/gtest.h>

static std::atomic<int> allocations;

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
void *realloc(void *memory, size_t bytes) {
  ++allocations;
  return __libc_realloc(memory, bytes);
}
int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  ++allocations;
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : ENOMEM;
}
}

namespace {

TEST(Allocation, NoneInRunOnceAShapeWasSeen) {
  dlc_options options = DLC_OPTIONS_INIT;
  options.threads = 2;
  dlc_model *model;
  dlc_session *session;
  const int before = allocations;
  ASSERT_EQ(dlc_rt_open(&testProgram, &options, &model, nullptr, 0), DLC_OK);
  EXPECT_GT(allocations, before) << "the hook works";
  ASSERT_EQ(dlc_rt_session_new(model, &session), DLC_OK);

  static float x[400], y[400];
  const int64_t batches[] = {1, 7, 100, 12, 33};
  struct {
    float *x, *bias, *y;
    int64_t n;
  } io = {x, x, y, 0};
  dlc_status status = DLC_OK;
  auto runAll = [&] {
    for (int64_t rows : batches) {
      io.n = rows;
      io.y = rows % 2 ? y : nullptr; // the session's own buffers, too
      status = status ? status : dlc_rt_run(session, AddRows, &io);
      int64_t dims[] = {rows, 4}, four = 4, outDims[2];
      dlc_tensor inputs[] = {{x, DLC_F32, 2, dims, 0}, {x, DLC_F32, 1, &four, 0}};
      dlc_tensor output = {nullptr, 0, 2, outDims, 0};
      status = status ? status : dlc_rt_call(session, AddRows, inputs, 2, &output, 1);
    }
  };
  runAll();
  static dlc_event events[64]; // soon full
  dlc_profile profile = {sizeof profile, sizeof events[0], events, 64, 0};
  const int warm = allocations;
  for (int round = 0; round < 100; ++round)
    runAll();
  EXPECT_EQ(dlc_rt_set_profile(session, &profile), DLC_OK);
  for (int round = 0; round < 100; ++round)
    runAll();
  const int after = allocations;
  EXPECT_EQ(after, warm);
  EXPECT_GT(profile.count, profile.capacity);
  EXPECT_EQ(status, DLC_OK) << dlc_rt_last_error(session);
  dlc_rt_session_free(session);
  dlc_rt_close(model);
}

} // namespace
