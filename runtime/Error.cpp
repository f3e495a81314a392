//===- Error.cpp - Messages without allocation ----------------------------===//
//
// stdio may allocate and depends on the locale; these few functions do neither.
//
//===----------------------------------------------------------------------===//
#include "runtime/Error.h"

namespace dlc::runtime {

Text::Text(char *buffer, size_t bytes) : buffer(buffer), capacity(buffer ? bytes : 0) {
  if (capacity)
    buffer[0] = 0;
}

void Text::put(char c) {
  if (length + 1 < capacity) {
    buffer[length++] = c;
    buffer[length] = 0;
  } else if (capacity > 4) {
    for (size_t i = capacity - 4; i < capacity - 1; ++i)
      buffer[i] = '.';
  }
}

Text &Text::operator<<(const char *text) {
  for (; *text; ++text)
    put(*text);
  return *this;
}

Text &Text::operator<<(int64_t number) {
  char digits[20];
  int count = 0;
  uint64_t rest = number < 0 ? 0 - uint64_t(number) : uint64_t(number);
  do
    digits[count++] = char('0' + rest % 10);
  while (rest /= 10);
  if (number < 0)
    put('-');
  while (count)
    put(digits[--count]);
  return *this;
}

Text &Text::quote(const char *name) {
  put('"');
  for (; *name; ++name)
    put(uint8_t(*name) < 0x20 ? '?' : *name);
  put('"');
  return *this;
}

namespace {
struct Type {
  char name[11];
  int8_t bytes;
};

/// By dlc_dtype; no pointers, which the loader would have to relocate.
constexpr Type types[] = {{"?", 0},   {"f32", 4}, {"u8", 1}, {"i8", 1},   {"u16", 2}, {"i16", 2},
                          {"i32", 4}, {"i64", 8}, {"?", 0},  {"bool", 1}, {"f16", 2}, {"f64", 8},
                          {"u32", 4}, {"u64", 8}, {"?", 0},  {"?", 0},    {"bf16", 2},
                          {"f8e4m3fn", 1}, {"f8e4m3fnuz", 1}, {"f8e5m2", 1}, {"f8e5m2fnuz", 1}, {"u4", 1}, {"i4", 1},
                          {"f4e2m1fn", 1}, {"f8e8m0fnu", 1}, {"u2", 1}, {"i2", 1}};

const Type &typeOf(int32_t dtype) { return types[dtype >= 0 && dtype <= DLC_I2 ? dtype : 0]; }
} // namespace

const char *dtypeName(int32_t dtype) { return typeOf(dtype).name; }
int64_t dtypeBytes(int32_t dtype) { return typeOf(dtype).bytes; }

void writePort(Text &text, const dlc_function &function, const dlc_port &port) {
  text << dtypeName(port.dtype) << "[";
  for (int32_t i = 0; i < port.rank; ++i) {
    text << (i ? "," : "");
    if (port.dims[i].symbol >= 0)
      text << function.symbol_names[port.dims[i].symbol];
    else if (port.dims[i].symbol == DLC_DIM_CONSTANT)
      text << port.dims[i].value;
    else
      text << "?";
  }
  text << "]";
}

void writeShape(Text &text, int32_t dtype, int32_t rank, const int64_t *dims) {
  if (dtypeBytes(dtype))
    text << dtypeName(dtype);
  else
    text << "dtype " << dtype << " ";
  text << "[";
  for (int32_t i = 0; i < rank; ++i)
    text << (i ? "," : "") << dims[i];
  text << "]";
}

static const dlc_node *writeNode(Text &text, const dlc_program &program, int32_t node) {
  for (int32_t i = 0; i < program.n_nodes; ++i)
    if (program.nodes[i].id == node) {
      (text << "node ").quote(program.nodes[i].name) << " (" << program.nodes[i].op << "): ";
      return &program.nodes[i];
    }
  return nullptr;
}

void writeNodeError(Text &text, const dlc_program &program, int32_t status, int32_t node) {
  writeNode(text, program, node);
  text << dlc_rt_status_text(dlc_status(status));
}

void writeMismatch(Text &text, const dlc_program &program, int32_t node, int32_t n, int64_t first, int64_t second) {
  const dlc_node *known = writeNode(text, program, node);
  if (!known || !known->expects || !*known->expects) {
    text << dlc_rt_status_text(DLC_SHAPE_MISMATCH);
    return;
  }
  text << "expects " << known->expects << ", got " << first;
  if (n > 1)
    text << " and " << second;
}

} // namespace dlc::runtime

extern "C" const char *dlc_rt_status_text(dlc_status status) {
  switch (status) {
  case DLC_OK:
    return "ok";
  case DLC_INVALID_ARGUMENT:
    return "invalid argument";
  case DLC_WRONG_TYPE:
    return "wrong element type";
  case DLC_WRONG_SHAPE:
    return "wrong shape";
  case DLC_BUSY:
    return "the session is running on another thread";
  case DLC_OUT_OF_MEMORY:
    return "out of memory";
  case DLC_NO_THREADS:
    return "the system refused to start a thread";
  case DLC_UNSUPPORTED_CPU:
    return "this machine runs none of the variants";
  case DLC_BUFFER_TOO_SMALL:
    return "the buffer of an output is too small";
  case DLC_INDEX_OUT_OF_RANGE:
    return "index out of range";
  case DLC_DIVISION_BY_ZERO:
    return "integer division by zero";
  case DLC_INVALID_VALUE:
    return "a value that the operator does not allow";
  case DLC_SHAPE_MISMATCH:
    return "shapes do not fit together";
  case DLC_LIMIT_EXCEEDED:
    return "a bound that the model was compiled for is exceeded";
  }
  return "unknown status";
}
