//===- Error.h - Messages without allocation ------------------------------===//
#pragma once

#include "runtime/program.h"

namespace dlc::runtime {

/// Builds a message in a buffer of fixed size. What does not fit is cut, and the end then reads "...". Never inlined:
/// messages are rare, and their code would be most of the runtime.
class Text {
public:
  /// Writes to `buffer`, which holds `bytes` with the terminating zero; both may be null and 0.
  [[gnu::noinline, gnu::cold]] Text(char *buffer, size_t bytes);

  [[gnu::noinline, gnu::cold]] Text &operator<<(const char *text);
  [[gnu::noinline, gnu::cold]] Text &operator<<(int64_t number);
  Text &operator<<(int32_t number) { return *this << int64_t(number); }
  /// `name` in double quotes; control characters become '?'.
  [[gnu::noinline, gnu::cold]] Text &quote(const char *name);

private:
  [[gnu::noinline, gnu::cold]] void put(char c);
  char *buffer;
  size_t capacity, length = 0;
};

/// "f32" and so on, "?" if `dtype` is unknown.
const char *dtypeName(int32_t dtype);
/// Bytes of an element, 0 if `dtype` is unknown.
int64_t dtypeBytes(int32_t dtype);

/// Writes a port as "f32[N,64]".
void writePort(Text &text, const dlc_function &function, const dlc_port &port);
/// Writes a shape as "f32[3,64]".
void writeShape(Text &text, int32_t dtype, int32_t rank, const int64_t *dims);

/// Writes `node "/gather" (Gather): an index is out of range`.
void writeNodeError(Text &text, const dlc_program &program, int32_t status, int32_t node);
/// The same for dims that do not fit: `n` (1 or 2) were got.
void writeMismatch(Text &text, const dlc_program &program, int32_t node, int32_t n, int64_t first, int64_t second);

} // namespace dlc::runtime
