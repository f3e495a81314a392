//===- ControlTest.cpp - Loops over bodies written by hand ------------------===//
#include "runtime/program.h"
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

/// One segment for the condition, two for each of a carried value and a stack.
const dlc_function functions[] = {{"run", 0, 0, 0, 5, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}};
const dlc_variant variants[] = {{"x86-64", 0}};
const dlc_node nodes[] = {{1, 0, "/grow", "Loop"}};
const dlc_program program = {DLC_ABI, 1, 1, 1, 0, 0, "loops", functions, variants, nodes, nullptr};

class Loops : public testing::Test {
protected:
  void SetUp() override {
    dlc_options options = DLC_OPTIONS_INIT;
    options.threads = 1;
    char why[256];
    ASSERT_EQ(dlc_rt_open(&program, &options, &model, why, sizeof why), DLC_OK) << why;
    ASSERT_EQ(dlc_rt_session_new(model, &session), DLC_OK);
  }
  void TearDown() override {
    dlc_rt_session_free(session);
    dlc_rt_close(model);
  }

  /// Carries i64[length] and stacks i64[3] or i64[length].
  int32_t run(dlc_body body, int64_t trips, std::vector<int64_t> start, bool condition = true) {
    static const int32_t table[] = {1, 1, 1, 0, 1, /*ranks=*/1, 2, /*widths=*/8, 8, /*sources=*/0};
    this->start = std::move(start);
    inputs[2] = this->start.data();
    symbol = results[1] = int64_t(this->start.size());
    results[3] = 0, results[4] = 3;
    return dlc_rt_loop(session, body, table, trips, condition, inputs, &symbol, results, turn);
  }

  std::vector<int64_t> carried() const { return numbers(results[0], results[1]); }
  std::vector<int64_t> stack() const { return numbers(results[2], results[3] * results[4]); }
  static std::vector<int64_t> numbers(int64_t where, int64_t count) {
    auto *data = reinterpret_cast<const int64_t *>(where);
    return {data, data + count};
  }

  dlc_model *model = nullptr;
  dlc_session *session = nullptr;
  std::vector<int64_t> start;
  void *inputs[3];
  int64_t symbol, results[5], turn[5];
};

/// Appends the turn to what it carries, while that is shorter than five; stacks { turn, length, first }.
int32_t grow(dlc_context *context, void *const *inputs, const int64_t *symbols, int64_t *results) {
  int64_t length = symbols[0], longer = length + 1, three = 3;
  auto *before = static_cast<const int64_t *>(inputs[2]);
  auto *after = static_cast<int64_t *>(dlc_rt_result(context, results + 1, 1, &longer, 8 * longer));
  auto *element = static_cast<int64_t *>(dlc_rt_result(context, results + 3, 1, &three, 24));
  auto *again = static_cast<bool *>(dlc_rt_result(context, results, 0, nullptr, 1));
  int64_t number = *static_cast<const int64_t *>(inputs[0]);
  EXPECT_NE(before, after);
  std::memcpy(after, before, size_t(8 * length));
  after[length] = number;
  element[0] = number, element[1] = length, element[2] = after[0];
  *again = longer < 5;
  return DLC_OK;
}

/// Stacks as many numbers as the turn.
int32_t widen(dlc_context *context, void *const *inputs, const int64_t *symbols, int64_t *results) {
  int64_t number = *static_cast<const int64_t *>(inputs[0]);
  std::memcpy(dlc_rt_result(context, results + 1, 1, symbols, 8 * symbols[0]), inputs[2], size_t(8 * symbols[0]));
  std::memset(dlc_rt_result(context, results + 3, 1, &number, 8 * number), 0, size_t(8 * number));
  *static_cast<bool *>(dlc_rt_result(context, results, 0, nullptr, 1)) = true;
  return DLC_OK;
}

int32_t exhaust(dlc_context *context, void *const *, const int64_t *, int64_t *results) {
  int64_t huge = INT64_MAX / 8;
  return dlc_rt_result(context, results + 1, 1, &huge, INT64_MAX) ? DLC_OK : dlc_rt_status(context);
}

TEST_F(Loops, CarryGrowAndStack) {
  ASSERT_EQ(run(grow, 100, {7, 8}), DLC_OK);
  EXPECT_EQ(carried(), (std::vector<int64_t>{7, 8, 0, 1, 2}));
  EXPECT_EQ(stack(), (std::vector<int64_t>{0, 2, 7, 1, 3, 7, 2, 4, 7}));
  EXPECT_EQ(results[3], 3);
  // The number of trips ends it too, and memory of the run before is used again.
  ASSERT_EQ(run(grow, 1, {7}), DLC_OK);
  EXPECT_EQ(carried(), (std::vector<int64_t>{7, 0}));
  EXPECT_EQ(stack(), (std::vector<int64_t>{0, 1, 7}));
}

TEST_F(Loops, WithoutATurnGiveACopyOfTheStart) {
  for (auto [trips, condition] : {std::pair(int64_t(0), true), std::pair(int64_t(-3), true), std::pair(int64_t(4), false)}) {
    ASSERT_EQ(run(grow, trips, {7, 8}, condition), DLC_OK);
    EXPECT_EQ(carried(), (std::vector<int64_t>{7, 8}));
    EXPECT_NE(reinterpret_cast<const int64_t *>(results[0]), start.data());
    EXPECT_EQ(results[3], 0);
    EXPECT_EQ(results[4], 3);
    EXPECT_NE(results[2], 0);
  }
}

TEST_F(Loops, RefuseToStackWhatDiffers) {
  EXPECT_EQ(run(widen, 1, {7}), DLC_OK);
  EXPECT_EQ(run(widen, 2, {7}), DLC_SHAPE_MISMATCH);
  EXPECT_NE(std::string(dlc_rt_last_error(session)).find("/grow"), std::string::npos) << dlc_rt_last_error(session);
}

TEST_F(Loops, EndWhenMemoryIsOut) { EXPECT_EQ(run(exhaust, 3, {7}), DLC_OUT_OF_MEMORY); }

/// Adds the row to what it carries, and gives that and its double.
int32_t addRow(dlc_context *, void *const *inputs, const int64_t *symbols, int64_t *results) {
  for (int64_t i = 0; i < symbols[0]; ++i) {
    int64_t sum = static_cast<const int64_t *>(inputs[0])[i] + static_cast<const int64_t *>(inputs[1])[i];
    reinterpret_cast<int64_t *>(results[0])[i] = sum;
    reinterpret_cast<int64_t *>(results[1])[i] = 2 * sum;
  }
  return 0;
}

/// Runs addRow over rows of two elements; its end and its stack.
std::pair<std::vector<int64_t>, std::vector<int64_t>> scan(dlc_session *session, std::vector<int64_t> rows, bool from, bool to) {
  const int32_t table[] = {1, 1, 1, from, to};
  const int64_t trips = rows.size() / 2, symbol = 2, bytes[] = {16, 16, 16};
  std::vector<int64_t> start{1, 2}, end(2), spare(2), stack(rows.size());
  void *inputs[] = {start.data(), rows.data()}, *places[] = {end.data(), spare.data(), stack.data()};
  int64_t results[2];
  EXPECT_EQ(dlc_rt_scan(session, addRow, table, trips, inputs, &symbol, places, bytes, results), DLC_OK);
  EXPECT_EQ(start, (std::vector<int64_t>{1, 2})) << "what it starts from is another's";
  return {end, stack};
}
} // namespace

TEST_F(Loops, scanOfRows) {
  using Numbers = std::vector<int64_t>;
  EXPECT_EQ(scan(session, {10, 20, 100, 200, 5, 6}, false, false), std::pair(Numbers{116, 228}, Numbers{22, 44, 222, 444, 232, 456}));
  EXPECT_EQ(scan(session, {10, 20, 100, 200}, true, false), std::pair(Numbers{111, 222}, Numbers{202, 404, 222, 444}));
  EXPECT_EQ(scan(session, {10, 20, 100, 200}, false, true), std::pair(Numbers{111, 222}, Numbers{222, 444, 22, 44}));
  EXPECT_EQ(scan(session, {}, true, true), std::pair(Numbers{1, 2}, Numbers{}));
}
