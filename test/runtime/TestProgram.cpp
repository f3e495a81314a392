#include "test/runtime/TestProgram.h"
#include <sched.h>

Meetings meetings;
uint32_t floatModeSeen;

namespace {

struct AddClosure {
  const float *x, *bias;
  float *y;
  int64_t rows; // the kernel's only size
};

void addTile(void *opaque, int64_t begin, int64_t end, int32_t) {
  auto *closure = static_cast<AddClosure *>(opaque);
  for (int64_t i = begin; i < end; ++i)
    for (int64_t j = 0; j < 4; ++j)
      closure->y[4 * i + j] = closure->x[4 * i + j] + closure->bias[j];
}

int32_t addRows(dlc_context *context, void *const *inputs, const int64_t *symbols) {
  static const dlc_interval live[] = {{0, 1}, {1, 2}, {2, 3}};
  const int64_t rows = symbols[0], sizes[] = {rows * 16, rows * 16, rows * 16};
  const int64_t *offsets = dlc_rt_plan(context, 0, 3, live, sizes);
  if (!offsets)
    return dlc_rt_status(context);
  auto *block = static_cast<char *>(dlc_rt_block(context, 0, offsets[3]));
  auto *y = static_cast<float *>(dlc_rt_output(context, 0, (const int64_t[]){rows, 4}));
  if (!block || !y)
    return dlc_rt_status(context);
  const float zeros[4] = {};
  static const dlc_launch launches[] = {{addTile, 4, 1, 1, 3, 0}, {addTile, 4, 2, 1, 3, 0}};
  AddClosure first{static_cast<float *>(inputs[0]), zeros, reinterpret_cast<float *>(block + offsets[1]), rows};
  dlc_rt_launch(context, &launches[0], &first, rows);
  AddClosure second{first.y, static_cast<float *>(inputs[1]), y, rows};
  dlc_rt_launch(context, &launches[1], &second, rows);
  return dlc_rt_status(context);
}

int32_t find(dlc_context *context, void *const *inputs, const int64_t *symbols) {
  floatModeSeen = __builtin_ia32_stmxcsr();
  auto *x = static_cast<const int64_t *>(inputs[0]);
  int64_t count = 0;
  for (int64_t i = 0; i < symbols[0]; ++i)
    count += x[i] != 0;
  auto *indices = static_cast<int64_t *>(dlc_rt_output(context, 0, &count));
  if (!indices)
    return dlc_rt_status(context);
  for (int64_t i = 0; i < symbols[0]; ++i)
    if (x[i] != 0)
      *indices++ = i;
  return 0;
}

int32_t pick(dlc_context *context, void *const *inputs, const int64_t *symbols) {
  auto *data = static_cast<const float *>(inputs[0]);
  auto *indices = static_cast<const int64_t *>(inputs[1]);
  auto *y = static_cast<float *>(dlc_rt_output(context, 0, &symbols[1]));
  if (!y)
    return dlc_rt_status(context);
  for (int64_t i = 0; i < symbols[1]; ++i) {
    const bool good = indices[i] >= 0 && indices[i] < symbols[0];
    if (!good)
      *dlc_rt_status_word(context) = 7 << 8 | DLC_INDEX_OUT_OF_RANGE;
    y[i] = good ? data[indices[i]] : 0;
  }
  return 0;
}

int32_t meet(dlc_context *, void *const *, const int64_t *) {
  ++meetings.inside;
  while (!meetings.open)
    sched_yield();
  --meetings.inside;
  return 0;
}

int32_t pair(dlc_context *context, void *const *, const int64_t *) {
  const int64_t three = 3;
  return dlc_rt_output(context, 0, &three) ? dlc_rt_mismatch(context, 9, 2, 2, three) : dlc_rt_status(context);
}

int32_t huge(dlc_context *context, void *const *, const int64_t *symbols) {
  return dlc_rt_block(context, 1, symbols[0] > 1 ? INT64_MAX : 1) ? 0 : dlc_rt_status(context);
}

constexpr dlc_dim symbol(int32_t index) { return {0, index, 0}; }
constexpr dlc_dim constant(int64_t value) { return {value, DLC_DIM_CONSTANT, 0}; }
constexpr dlc_dim later = {0, DLC_DIM_LATER, 0};

const dlc_dim n4[] = {symbol(0), constant(4)}, four[] = {constant(4)}, n[] = {symbol(0)}, m[] = {symbol(0)},
              k[] = {symbol(1)}, unknown[] = {later}, n2[] = {symbol(0), constant(2)}, three[] = {constant(3)},
              cube[] = {symbol(0), symbol(0), symbol(0)};
const dlc_port addInputs[] = {{"X", DLC_F32, 2, n4}, {"B", DLC_F32, 1, four}}, addOutputs[] = {{"Y", DLC_F32, 2, n4}};
const dlc_port findInputs[] = {{"X", DLC_I64, 1, n}}, findOutputs[] = {{"I", DLC_I64, 1, unknown}};
const dlc_port pickInputs[] = {{"data", DLC_F32, 1, m}, {"I", DLC_I64, 1, k}}, pickOutputs[] = {{"Y", DLC_F32, 1, k}};
const dlc_port pairInputs[] = {{"A", DLC_F32, 2, n2}, {"B", DLC_F32, 2, n2}},
               pairOutputs[] = {{"H", DLC_F16, 1, three}};
const dlc_port hugeInputs[] = {{"X", DLC_U8, 3, cube}};
const char *const nName[] = {"N"}, *const mkNames[] = {"M", "K"};
const int64_t zeros[] = {0, 0}, ones[] = {1, 1}, hundred[] = {100}, unbounded[] = {INT64_MAX, INT64_MAX};
const dlc_entry addEntries[] = {addRows, addRows}, findEntries[] = {find, find}, pickEntries[] = {pick, pick},
                meetEntries[] = {meet, meet}, pairEntries[] = {pair, pair}, hugeEntries[] = {huge, huge};

const dlc_function functions[] = {
    {"add_rows", 2, 1, 1, 1, addInputs, addOutputs, nName, zeros, hundred, addEntries},
    {"find", 1, 1, 1, 0, findInputs, findOutputs, nName, zeros, unbounded, findEntries},
    {"pick", 2, 1, 2, 0, pickInputs, pickOutputs, mkNames, ones, unbounded, pickEntries},
    {"meet", 0, 0, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, meetEntries},
    {"pair", 2, 1, 1, 0, pairInputs, pairOutputs, nName, ones, unbounded, pairEntries},
    {"huge", 1, 0, 1, 2, hugeInputs, nullptr, nName, zeros, unbounded, hugeEntries},
};
const dlc_variant variants[] = {{"imaginary", 1ull << 63}, {"x86-64", 0}};
const dlc_node nodes[] = {{7, 0, "/layer/pick", "Gather", ""}, {9, 0, "/pair", "MatMul", "equal dims"}};

} // namespace

const dlc_program testProgram = {DLC_ABI, 6, 2, 2, 0, 0, "test", functions, variants, nodes, nullptr};
