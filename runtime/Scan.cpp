//===- Scan.cpp - Loops over rows while they run --------------------------===//
#include "runtime/program.h"
#include <string.h>

extern "C" int32_t dlc_rt_scan(dlc_context *context, dlc_body body, const int32_t *table, int64_t trips, void **inputs,
                               const int64_t *symbols, void *const *places, const int64_t *bytes, int64_t *results) {
  const int32_t carried = table[0], steps = table[1], stacks = table[2];
  const int32_t *reversed = table + 3;
  void *const *last = places, *const *spare = places + carried, *const *stack = places + 2 * carried;
  const int64_t *rowBytes = bytes + carried;
  // The bytes from a turn's row to the next one's.
  auto stride = [&](int32_t i) { return reversed[i] ? -rowBytes[i] : rowBytes[i]; };
  auto first = [&](int32_t i, void *data) {
    return reinterpret_cast<int64_t>(data) + (reversed[i] && trips ? (trips - 1) * rowBytes[i] : 0);
  };
  for (int32_t i = 0; i < steps; ++i)
    inputs[carried + i] = reinterpret_cast<void *>(first(i, inputs[carried + i]));
  for (int32_t i = 0; i < stacks; ++i)
    results[carried + i] = first(steps + i, stack[i]);
  for (int64_t turn = 0; turn < trips; ++turn) {
    // A turn never writes what it reads, and the last one writes to `last`.
    void *const *next = (trips - turn) & 1 ? last : spare;
    for (int32_t i = 0; i < carried; ++i)
      results[i] = reinterpret_cast<int64_t>(next[i]);
    if (int32_t status = body(context, inputs, symbols, results))
      return status;
    for (int32_t i = 0; i < carried; ++i)
      inputs[i] = next[i];
    for (int32_t i = 0; i < steps; ++i)
      inputs[carried + i] = static_cast<char *>(inputs[carried + i]) + stride(i);
    for (int32_t i = 0; i < stacks; ++i)
      results[carried + i] += stride(steps + i);
  }
  if (trips == 0)
    for (int32_t i = 0; i < carried; ++i)
      memcpy(last[i], inputs[i], size_t(bytes[i]));
  return 0;
}
