//===- ProfileReport.h - What a profile says --------------------*- C++ -*-===//
#pragma once

#include "tools/dlc/Peak.h"
#include "tools/dlc/ProfileRun.h"

namespace dlc {

/// One line of a profile, held against what the machine can do.
struct ProfileRow {
  std::string kernel, ops;
  std::vector<int32_t> launches;  ///< node numbers of launches
  std::vector<std::string> nodes; ///< of the model
  KernelTime time;
};

struct ProfileReport {
  ProfiledRuns runs;
  int32_t threads = 1;
  double peakGflops = 0;
  MemoryPeak memory;
  std::vector<ProfileRow> rows; ///< slowest first
  KernelTime kernels;           ///< all of them

  /// A row for each launch of the program, or with `merge` for each kernel.
  ProfileReport(const Library &library, ProfiledRuns runs, bool merge);

  double between() const { return std::max(0.0, runs.seconds - kernels.seconds); }
  llvm::json::Object json() const;
  /// A table of at most `most` rows.
  void print(llvm::raw_ostream &out, size_t most) const;

private:
  /// The part of the machine that would take longest for the work, and what share of the time that is. Above 1 where
  /// caches gave what is counted as memory's.
  struct Limit {
    const char *name = nullptr; ///< null: the work is not known
    double share = 0;
  };
  Limit limitOf(const KernelTime &time) const;
  llvm::json::Object json(const KernelTime &time) const;
  void print(llvm::raw_ostream &out, const KernelTime &time) const;
};

} // namespace dlc
