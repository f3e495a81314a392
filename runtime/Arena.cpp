//===- Arena.cpp - A session's memory -------------------------------------===//
#include "runtime/Arena.h"

#include "runtime/Error.h"
#include "runtime/Placement.h"
#include "runtime/Session.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

namespace dlc::runtime {

namespace {
constexpr size_t alignment = placementAlignment;
constexpr size_t hugePage = size_t(2) << 20;
} // namespace

void *Allocator::get(size_t bytes) const {
  if (allocate)
    return allocate(context, bytes, alignment);
  // Large blocks are read with strides that miss the TLB on small pages.
  const bool huge = bytes >= 2 * hugePage;
  void *memory = nullptr;
  if (posix_memalign(&memory, huge ? hugePage : alignment, bytes))
    return nullptr;
  if (huge)
    madvise(memory, bytes / hugePage * hugePage, MADV_HUGEPAGE);
  return memory;
}

void Allocator::put(void *memory, size_t bytes) const {
  if (!memory)
    return;
  if (allocate)
    deallocate(context, memory, bytes);
  else
    free(memory);
}

void *Block::reserve(const Allocator &allocator, size_t needed) {
  if (data && needed <= bytes)
    return data;
  release(allocator);
  if (needed > SIZE_MAX - alignment)
    return nullptr;
  size_t rounded = (needed + alignment - 1) / alignment * alignment;
  rounded = rounded ? rounded : alignment;
  data = allocator.get(rounded);
  bytes = data ? rounded : 0;
  return data;
}

void *Block::extend(const Allocator &allocator, size_t kept, size_t needed) {
  if (data && needed <= bytes)
    return data;
  Block larger;
  if (!larger.reserve(allocator, needed < bytes + bytes / 2 ? bytes + bytes / 2 : needed))
    return nullptr;
  if (kept)
    memcpy(larger.data, data, kept);
  release(allocator);
  *this = larger;
  return data;
}

void Block::release(const Allocator &allocator) {
  allocator.put(data, bytes);
  data = nullptr;
  bytes = 0;
}

const int64_t *PlanCache::plan(const Allocator &allocator, int32_t n, const dlc_interval *live, const int64_t *sizes,
                               Block &scratch, bool &overflow) {
  overflow = false;
  const size_t sizeBytes = size_t(n) * sizeof(int64_t);
  for (const Entry &entry : entries)
    if (entry.live == live && entry.n == n && !memcmp(entry.numbers.data, sizes, sizeBytes))
      return static_cast<int64_t *>(entry.numbers.data) + n;

  Entry &entry = entries[oldest];
  oldest = (oldest + 1) % entryCount;
  entry.n = -1;
  // All entries at once: the first run takes the memory, and a later one of other sizes finds it.
  for (Entry &other : entries)
    if (other.n < 0 && !other.numbers.reserve(allocator, 2 * sizeBytes + sizeof(int64_t)))
      return nullptr;
  auto *numbers = static_cast<int64_t *>(entry.numbers.reserve(allocator, 2 * sizeBytes + sizeof(int64_t)));
  if (!numbers || !scratch.reserve(allocator, placementScratch(n)))
    return nullptr;
  memcpy(numbers, sizes, sizeBytes);
  int64_t total = place(n, live, sizes, numbers + n, scratch.data);
  if (total < 0) {
    overflow = true;
    return nullptr;
  }
  numbers[2 * size_t(n)] = total;
  entry.live = live;
  entry.n = n;
  return numbers + n;
}

void PlanCache::release(const Allocator &allocator) {
  for (Entry &entry : entries)
    entry.numbers.release(allocator);
}

} // namespace dlc::runtime

using namespace dlc::runtime;

namespace {
void outOfMemory(dlc_context *context, const char *what, int64_t bytes) {
  if (context->fail(DLC_OUT_OF_MEMORY))
    context->text() << "out of memory: " << bytes << " bytes for " << what;
}
} // namespace

extern "C" void *dlc_rt_block(dlc_context *context, int32_t segment, int64_t bytes) {
  void *data = bytes < 0 ? nullptr : context->segments[segment].reserve(context->allocator(), size_t(bytes));
  if (!data)
    outOfMemory(context, "intermediate values", bytes);
  return data;
}

extern "C" const int64_t *dlc_rt_plan(dlc_context *context, int32_t segment, int32_t n, const dlc_interval *live,
                                      const int64_t *sizes) {
  bool overflow;
  const int64_t *offsets =
      context->plans[segment].plan(context->allocator(), n, live, sizes, context->planScratch, overflow);
  if (!offsets && overflow) {
    if (context->fail(DLC_OUT_OF_MEMORY))
      context->text() << "out of memory: the intermediate values of these shapes exceed the address space";
  } else if (!offsets) {
    outOfMemory(context, "the memory plan", int64_t(n) * 16);
  }
  return offsets;
}

extern "C" void *dlc_rt_output(dlc_context *context, int32_t index, const int64_t *dims) {
  const dlc_port &port = context->function->outputs[index];
  Output &output = context->outputs[index];
  int64_t bytes = dtypeBytes(port.dtype);
  bool overflow = false;
  for (int32_t i = 0; i < port.rank; ++i) {
    if (output.dims)
      output.dims[i] = dims[i];
    overflow |= dims[i] < 0;
    // A zero anywhere makes the tensor empty, however large the others are.
    bytes = dims[i] == 0 ? 0 : bytes;
  }
  for (int32_t i = 0; i < port.rank && bytes; ++i)
    overflow |= __builtin_mul_overflow(bytes, dims[i], &bytes);
  if (overflow) {
    if (context->fail(DLC_OUT_OF_MEMORY))
      writeShape((context->text() << "output ").quote(port.name) << ": its size overflows: ", port.dtype, port.rank,
                 dims);
    return nullptr;
  }
  if (output.data && bytes <= output.capacity)
    return output.data;
  if (output.data) {
    if (context->fail(DLC_BUFFER_TOO_SMALL)) {
      Text text = context->text();
      writeShape((text << "output ").quote(port.name) << ": needs " << bytes << " bytes for ", port.dtype, port.rank,
                 dims);
      text << ", the buffer has " << output.capacity;
    }
    return nullptr;
  }
  void *lent = context->lent[index].reserve(context->allocator(), size_t(bytes));
  if (!lent)
    outOfMemory(context, "an output", bytes);
  output.lent = lent;
  return lent;
}
