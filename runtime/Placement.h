//===- Placement.h - Where buffers lie in one block -----------------------===//
//
// Greedy by size over live intervals: the largest buffer first, each at the lowest offset at which no buffer lies that
// lives at the same time. The compiler plans static shapes with it, the runtime dynamic ones, so that both agree.
// Freestanding: no allocation, nothing of libstdc++ but inline templates.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/program.h"
#include <algorithm>

namespace dlc {

inline constexpr int64_t placementAlignment = 64;

namespace placement {
/// Buffers sorted by their first step, above them a tree of maxima: the latest `last` of the buffers placed so far. So
/// the placed neighbours of an interval are found without looking at the others.
struct Index {
  const dlc_interval *live;
  const int32_t *byFirst; ///< rank -> buffer
  int32_t *latest;        ///< tree over ranks, root at 1, leaves from `leaves` on; -1 where nothing is placed
  int32_t leaves;

  void insert(int32_t rank) {
    int32_t last = live[byFirst[rank]].last;
    for (int32_t node = leaves + rank; node >= 1; node /= 2)
      latest[node] = std::max(latest[node], last);
  }

  /// Writes the placed buffers that live at some time of `interval` to `found`; returns how many.
  int32_t overlapping(dlc_interval interval, int32_t *found) const {
    int32_t count = 0;
    visit(1, 0, leaves, interval, found, count);
    return count;
  }

private:
  void visit(int32_t node, int32_t begin, int32_t end, dlc_interval interval, int32_t *found, int32_t &count) const {
    if (latest[node] < interval.first)
      return;
    if (end - begin == 1) {
      if (live[byFirst[begin]].first <= interval.last)
        found[count++] = byFirst[begin];
      return;
    }
    int32_t middle = begin + (end - begin) / 2;
    visit(2 * node, begin, middle, interval, found, count);
    // Ranks rise with the first step: right of the middle all may begin too late.
    if (latest[2 * node + 1] >= interval.first && live[byFirst[middle]].first <= interval.last)
      visit(2 * node + 1, middle, end, interval, found, count);
  }
};

inline int32_t leavesFor(int32_t n) {
  int32_t leaves = 1;
  while (leaves < n)
    leaves *= 2;
  return leaves;
}

inline int64_t roundUp(int64_t size) {
  return (size + placementAlignment - 1) / placementAlignment * placementAlignment;
}
} // namespace placement

/// Bytes of scratch that place() needs for `n` buffers, aligned to 4.
inline size_t placementScratch(int32_t n) {
  return (3 * size_t(n) + 2 * size_t(placement::leavesFor(n))) * sizeof(int32_t);
}

/// Writes an offset for each of `n` buffers of `sizes` bytes and returns the bytes of the block, or -1 if a size is
/// negative or the block would not fit 63 bits. `live` intervals are inclusive, their steps not negative.
inline int64_t place(int32_t n, const dlc_interval *live, const int64_t *sizes, int64_t *offsets, void *scratch) {
  int64_t sum = 0;
  for (int32_t i = 0; i < n; ++i)
    if (sizes[i] < 0 || sizes[i] > INT64_MAX - placementAlignment ||
        __builtin_add_overflow(sum, placement::roundUp(sizes[i]), &sum))
      return -1;

  int32_t *byFirst = static_cast<int32_t *>(scratch);
  int32_t *bySize = byFirst + n;
  int32_t *found = bySize + n;
  int32_t *latest = found + n;
  int32_t leaves = placement::leavesFor(n);
  for (int32_t i = 0; i < n; ++i)
    byFirst[i] = bySize[i] = i;
  std::fill(latest, latest + 2 * leaves, -1);
  // Ties go by number: the same plan on every machine and every run.
  std::sort(byFirst, byFirst + n, [&](int32_t a, int32_t b) {
    return live[a].first != live[b].first ? live[a].first < live[b].first : a < b;
  });
  std::sort(bySize, bySize + n,
            [&](int32_t a, int32_t b) { return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b; });
  placement::Index index{live, byFirst, latest, leaves};

  auto rankOf = [&](int32_t buffer) {
    return int32_t(std::lower_bound(byFirst, byFirst + n, buffer,
                                    [&](int32_t a, int32_t b) {
                                      return live[a].first != live[b].first ? live[a].first < live[b].first : a < b;
                                    }) -
                   byFirst);
  };
  int64_t total = 0;
  for (int32_t k = 0; k < n; ++k) {
    int32_t buffer = bySize[k];
    int64_t size = placement::roundUp(sizes[buffer]);
    offsets[buffer] = 0;
    if (size == 0)
      continue;
    int32_t count = index.overlapping(live[buffer], found);
    int64_t used = 0, top = 0, offset = 0;
    for (int32_t i = 0; i < count; ++i) {
      int64_t neighbour = placement::roundUp(sizes[found[i]]);
      used += neighbour;
      top = std::max(top, offsets[found[i]] + neighbour);
    }
    if (used == top) {
      offset = top; // no gap worth sorting for: what keeps many buffers that all live at once from costing n^2 log n
    } else {
      std::sort(found, found + count, [&](int32_t a, int32_t b) { return offsets[a] < offsets[b]; });
      for (int32_t i = 0; i < count && offset + size > offsets[found[i]]; ++i)
        offset = std::max(offset, offsets[found[i]] + placement::roundUp(sizes[found[i]]));
    }
    offsets[buffer] = offset;
    total = std::max(total, offset + size);
    index.insert(rankOf(buffer));
  }
  return total;
}

} // namespace dlc
