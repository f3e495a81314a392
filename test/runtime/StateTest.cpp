//===- StateTest.cpp - Values that a model keeps from call to call ---------===//
#include "runtime/program.h"
#include <atomic>
#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace {

std::atomic<bool> inside{false}, open{true};

/// Adds one to the state, waiting within while `open` is false.
int32_t add(dlc_context *context, void *const *, const int64_t *) {
  auto *value = static_cast<int64_t *>(dlc_rt_state(context, 0));
  int64_t old = value[1];
  inside = true;
  while (!open)
    std::this_thread::yield();
  value[1] = old + 1;
  return DLC_OK;
}

/// Reads it, waiting likewise.
int32_t read(dlc_context *context, void *const *, const int64_t *) {
  auto *value = static_cast<const int64_t *>(dlc_rt_state(context, 0));
  inside = true;
  while (!open)
    std::this_thread::yield();
  return value[0] == 5 ? DLC_OK : dlc_rt_fail(context, DLC_INVALID_VALUE, 0);
}

const dlc_entry addEntries[] = {add}, readEntries[] = {read};
const dlc_function functions[] = {
    {"add", 0, 0, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, addEntries, nullptr, DLC_STATE_WRITTEN, 0},
    {"read", 0, 0, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, readEntries, nullptr, DLC_STATE_READ, 0}};
const dlc_variant variants[] = {{"x86-64", 0}};
const int64_t dims[] = {2}, initial[] = {5, 6};
const dlc_state states[] = {{"count", DLC_I64, 1, dims, sizeof initial, initial}};
const dlc_program program = {DLC_ABI, 2, 1, 0, 1, 0, "counter", functions, variants, nullptr, states};

class State : public testing::Test {
protected:
  void SetUp() override {
    dlc_options options = DLC_OPTIONS_INIT;
    options.threads = 1;
    char why[256];
    ASSERT_EQ(dlc_rt_open(&program, &options, &model, why, sizeof why), DLC_OK) << why;
    for (dlc_session *&session : sessions)
      ASSERT_EQ(dlc_rt_session_new(model, &session), DLC_OK);
  }
  void TearDown() override {
    for (dlc_session *session : sessions)
      dlc_rt_session_free(session);
    dlc_rt_close(model);
  }
  dlc_status call(int session, int32_t function) {
    return dlc_rt_call(sessions[session], function, nullptr, 0, nullptr, 0);
  }
  int64_t count() {
    int64_t values[2] = {};
    EXPECT_EQ(dlc_rt_get_state(model, "count", values, sizeof values), DLC_OK);
    return values[1];
  }

  dlc_model *model = nullptr;
  dlc_session *sessions[2] = {};
};

TEST_F(State, IsSharedByTheSessionsOfAModelAndByNoOther) {
  dlc_model *other = nullptr;
  ASSERT_EQ(dlc_rt_open(&program, nullptr, &other, nullptr, 0), DLC_OK);
  EXPECT_EQ(count(), 6);
  EXPECT_EQ(call(0, 0), DLC_OK);
  EXPECT_EQ(call(1, 0), DLC_OK);
  EXPECT_EQ(count(), 8);
  int64_t values[2];
  EXPECT_EQ(dlc_rt_get_state(other, "count", values, sizeof values), DLC_OK);
  EXPECT_EQ(values[1], 6);
  dlc_rt_close(other);
}

TEST_F(State, CanBeSet) {
  int64_t values[2] = {5, 40};
  EXPECT_EQ(dlc_rt_set_state(model, "count", values, sizeof values), DLC_OK);
  EXPECT_EQ(call(0, 0), DLC_OK);
  EXPECT_EQ(count(), 41);
}

TEST_F(State, RefusesWhatIsNotThere) {
  int64_t values[2];
  EXPECT_EQ(dlc_rt_get_state(model, "other", values, sizeof values), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_get_state(model, "count", values, 8), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_get_state(model, "count", nullptr, sizeof values), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_set_state(model, nullptr, values, sizeof values), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_rt_set_state(nullptr, "count", values, sizeof values), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(count(), 6);
}

/// Whoever writes is alone; readers share.
TEST_F(State, IsBusyWhileItIsWritten) {
  int64_t values[2] = {5, 6};
  open = inside = false;
  std::thread reader([&] { EXPECT_EQ(call(0, 1), DLC_OK); });
  while (!inside)
    std::this_thread::yield();
  EXPECT_EQ(call(1, 0), DLC_BUSY);
  EXPECT_NE(std::string(dlc_rt_last_error(sessions[1])).find("state"), std::string::npos);
  EXPECT_EQ(dlc_rt_set_state(model, "count", values, sizeof values), DLC_BUSY);
  EXPECT_EQ(dlc_rt_get_state(model, "count", values, sizeof values), DLC_OK);
  open = true;
  reader.join();

  open = inside = false;
  std::thread writer([&] { EXPECT_EQ(call(0, 0), DLC_OK); });
  while (!inside)
    std::this_thread::yield();
  EXPECT_EQ(call(1, 1), DLC_BUSY);
  EXPECT_EQ(call(1, 0), DLC_BUSY);
  EXPECT_EQ(dlc_rt_get_state(model, "count", values, sizeof values), DLC_BUSY);
  open = true;
  writer.join();
  EXPECT_EQ(call(1, 1), DLC_OK);
}

} // namespace
