//===- Peak.h - What this machine can do at most ----------------*- C++ -*-===//
#pragma once

namespace dlc {

/// Single-precision GFLOP/s of independent fused multiply-adds on `threads` threads at once, in the widest vectors of
/// this CPU; a multiply and an add where it has no FMA. Takes about 50 ms.
double measurePeakGflops(int threads);

/// GB/s of that many threads on memory that no cache holds; a copy counts what it reads and what it writes.
struct MemoryPeak {
  double read = 0, copy = 0;
  double most() const { return read > copy ? read : copy; }
};
MemoryPeak measureMemoryPeak(int threads);

} // namespace dlc
