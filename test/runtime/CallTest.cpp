#include "test/runtime/TestProgram.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

class Call : public ::testing::Test {
protected:
  void SetUp() override {
    dlc_options options = DLC_OPTIONS_INIT;
    options.threads = 1;
    ASSERT_EQ(dlc_rt_open(&testProgram, &options, &model, nullptr, 0), DLC_OK);
    ASSERT_EQ(dlc_rt_session_new(model, &session), DLC_OK);
  }
  void TearDown() override {
    dlc_rt_session_free(session);
    dlc_rt_close(model);
  }

  /// A tensor over zeros; dims live as long as the fixture.
  dlc_tensor tensor(int32_t dtype, std::vector<int64_t> dims) {
    kept.push_back(std::make_unique<std::vector<int64_t>>(std::move(dims)));
    return {zeros, dtype, int32_t(kept.back()->size()), kept.back()->data(), 0};
  }
  dlc_tensor output(int32_t rank) {
    dlc_tensor result = tensor(0, std::vector<int64_t>(size_t(rank), -1));
    result.data = nullptr;
    return result;
  }
  void expectError(int32_t function, std::vector<dlc_tensor> inputs, std::vector<dlc_tensor> outputs, dlc_status status,
                   const std::string &text) {
    EXPECT_EQ(
        dlc_rt_call(session, function, inputs.data(), int32_t(inputs.size()), outputs.data(), int32_t(outputs.size())),
        status);
    EXPECT_EQ(dlc_rt_last_error(session), text);
  }

  dlc_model *model = nullptr;
  dlc_session *session = nullptr;
  double zeros[1024] = {};
  std::vector<std::unique_ptr<std::vector<int64_t>>> kept;
};

TEST_F(Call, ResolvesSymbolsAndDescribesOutputs) {
  dlc_tensor inputs[] = {tensor(DLC_F32, {5, 4}), tensor(DLC_F32, {4})}, y = output(3);
  ASSERT_EQ(dlc_rt_call(session, AddRows, inputs, 2, &y, 1), DLC_OK) << dlc_rt_last_error(session);
  EXPECT_EQ(y.dtype, DLC_F32);
  EXPECT_EQ(y.rank, 2);
  EXPECT_EQ(y.dims[0], 5);
  EXPECT_EQ(y.dims[1], 4);
  ASSERT_NE(y.data, nullptr);
  EXPECT_EQ(static_cast<float *>(y.data)[19], 0);
}

TEST_F(Call, ChecksShapesAndTypes) {
  dlc_tensor bias = tensor(DLC_F32, {4});
  expectError(AddRows, {tensor(DLC_F32, {3, 63}), bias}, {output(2)}, DLC_WRONG_SHAPE,
              "input \"X\": expects f32[N,4], got f32[3,63]");
  expectError(AddRows, {tensor(DLC_F32, {12}), bias}, {output(2)}, DLC_WRONG_SHAPE,
              "input \"X\": expects f32[N,4], got f32[12]");
  expectError(AddRows, {tensor(DLC_F64, {3, 4}), bias}, {output(2)}, DLC_WRONG_TYPE,
              "input \"X\": expects f32[N,4], got f64[3,4]");
  expectError(AddRows, {tensor(99, {3, 4}), bias}, {output(2)}, DLC_WRONG_TYPE,
              "input \"X\": expects f32[N,4], got dtype 99 [3,4]");
  expectError(AddRows, {tensor(DLC_F32, {101, 4}), bias}, {output(2)}, DLC_WRONG_SHAPE,
              "input \"X\": expects f32[N,4] with N from 0 to 100, got f32[101,4]");
  expectError(AddRows, {tensor(DLC_F32, {-1, 4}), bias}, {output(2)}, DLC_WRONG_SHAPE,
              "input \"X\": expects f32[N,4] with N from 0 to 100, got f32[-1,4]");
  expectError(Find, {tensor(DLC_I64, {-1})}, {output(1)}, DLC_WRONG_SHAPE,
              "input \"X\": expects i64[N] with N of at least 0, got i64[-1]");
}

TEST_F(Call, ChecksThatInputsAgree) {
  expectError(Pair, {tensor(DLC_F32, {3, 2}), tensor(DLC_F32, {4, 2})}, {output(1)}, DLC_WRONG_SHAPE,
              "input \"B\": expects f32[N,2] with N = 3 (from input \"A\"), got f32[4,2]");
}

TEST_F(Call, ChecksCountsAndPointers) {
  dlc_tensor x = tensor(DLC_F32, {3, 4}), bias = tensor(DLC_F32, {4}), bad = x;
  expectError(AddRows, {x}, {output(2)}, DLC_INVALID_ARGUMENT, "add_rows: expects 2 inputs, got 1");
  expectError(AddRows, {x, bias}, {}, DLC_INVALID_ARGUMENT, "add_rows: expects 1 output, got 0");
  EXPECT_EQ(dlc_rt_call(session, AddRows, nullptr, 2, nullptr, 1), DLC_INVALID_ARGUMENT);
  EXPECT_STREQ(dlc_rt_last_error(session), "add_rows: expects 2 inputs, got 0");
  bad.data = nullptr;
  expectError(AddRows, {bad, bias}, {output(2)}, DLC_INVALID_ARGUMENT, "input \"X\": data is null");
  bad = x;
  bad.dims = nullptr;
  expectError(AddRows, {bad, bias}, {output(2)}, DLC_INVALID_ARGUMENT, "input \"X\": dims is null");
  bad = x;
  bad.rank = -1;
  expectError(AddRows, {bad, bias}, {output(2)}, DLC_INVALID_ARGUMENT, "input \"X\": rank is negative");
  bad = x;
  bad.capacity = 47;
  expectError(AddRows, {bad, bias}, {output(2)}, DLC_WRONG_SHAPE,
              "input \"X\": f32[3,4] needs 48 bytes, the buffer has 47");
  expectError(-1, {}, {}, DLC_INVALID_ARGUMENT, "function -1: the model has 6");
  EXPECT_EQ(dlc_rt_call(nullptr, 0, nullptr, 0, nullptr, 0), DLC_INVALID_ARGUMENT);
}

TEST_F(Call, ChecksOutputs) {
  dlc_tensor x = tensor(DLC_F32, {3, 4}), bias = tensor(DLC_F32, {4}), y = output(1);
  expectError(AddRows, {x, bias}, {y}, DLC_INVALID_ARGUMENT, "output \"Y\": needs room for 2 dims, got 1");
  y = output(2);
  y.dtype = DLC_F64;
  expectError(AddRows, {x, bias}, {y}, DLC_WRONG_TYPE, "output \"Y\": expects dtype 0 or 1 (f32), got 11");
  y = output(2);
  float small[11];
  y.data = small;
  y.capacity = sizeof small;
  expectError(AddRows, {x, bias}, {y}, DLC_BUFFER_TOO_SMALL,
              "output \"Y\": needs 48 bytes for f32[3,4], the buffer has 44");
  EXPECT_EQ(y.dims[0], 3) << "the caller learns what it needs";
}

TEST_F(Call, ChecksSizesForOverflow) {
  const int64_t large = int64_t(1) << 40;
  expectError(Huge, {tensor(DLC_U8, {large, large, large})}, {}, DLC_WRONG_SHAPE,
              "input \"X\": the size of u8[N,N,N] overflows");
}

} // namespace
