//===- Peak.h - What this machine can do at most ----------------*- C++ -*-===//
#pragma once

namespace dlc {

/// Single-precision GFLOP/s of independent fused multiply-adds on `threads` threads at once, in the widest vectors of
/// this CPU; a multiply and an add where it has no FMA. Takes about 50 ms.
double measurePeakGflops(int threads);

} // namespace dlc
