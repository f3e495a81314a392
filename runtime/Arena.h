//===- Arena.h - A session's memory ---------------------------------------===//
#pragma once

#include "runtime/program.h"

namespace dlc::runtime {

/// The caller's functions for memory, or libc's.
struct Allocator {
  void *context = nullptr;
  void *(*allocate)(void *, size_t, size_t) = nullptr;
  void (*deallocate)(void *, void *, size_t) = nullptr;

  /// Null when memory is out. Aligned to 64 bytes.
  void *get(size_t bytes) const;
  void put(void *memory, size_t bytes) const;
};

/// Memory that grows and then stays.
struct Block {
  void *data = nullptr;
  size_t bytes = 0;

  /// At least `needed` bytes (and not null for 0), or null with the block empty. Loses the contents when it grows.
  void *reserve(const Allocator &allocator, size_t needed);
  /// The same, but the first `kept` bytes stay when it grows, which it does by half at least.
  void *extend(const Allocator &allocator, size_t kept, size_t needed);
  void release(const Allocator &allocator);
};

/// The plans of one segment: the last few tuples of sizes seen, so that a server that alternates between some batch
/// sizes plans each once.
class PlanCache {
public:
  const int64_t *plan(const Allocator &allocator, int32_t n, const dlc_interval *live, const int64_t *sizes,
                      Block &scratch, bool &overflow);
  void release(const Allocator &allocator);

private:
  struct Entry {
    const dlc_interval *live = nullptr;
    int32_t n = -1;
    Block numbers; ///< n sizes, n offsets, the total
  };
  static constexpr int32_t entryCount = 8;
  Entry entries[entryCount];
  int32_t oldest = 0;
};

} // namespace dlc::runtime
