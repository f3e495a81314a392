//===- ProfileRun.h - Runs of a function, kernel by kernel ------*- C++ -*-===//
#pragma once

#include "tools/dlc/Library.h"

namespace dlc {

/// What the launches of one node, or of one kernel, took in one run or in several.
struct KernelTime {
  double calls = 0;
  double seconds = 0, busy = 0;               ///< of the launches; of all threads, in their tiles
  std::optional<double> flops = 0, bytes = 0; ///< nothing where that is unknown

  void add(const KernelTime &other);
};

/// Averages over the faster half of the runs, which others on the machine have disturbed least.
struct ProfiledRuns {
  int64_t runs = 0;                      ///< that were timed
  double seconds = 0;                    ///< of a run
  double plain = 0;                      ///< of a run without a profile
  std::map<int32_t, KernelTime> kernels; ///< of a run, by node
};

/// Runs for `seconds` after a warm-up of a fifth of that, ten times at least, with and without a profile in turn.
llvm::Expected<ProfiledRuns> profileRuns(const Library &library, Session &session, int32_t function,
                                         llvm::ArrayRef<HostTensor> inputs, double seconds);

/// The events of `runs` runs.
llvm::Expected<std::vector<dlc_event>> recordRuns(Session &session, int32_t function, llvm::ArrayRef<HostTensor> inputs,
                                                  int runs);

/// FLOPs of a run as its launches tell them; nothing where they do not.
llvm::Expected<std::optional<double>> countFlops(const Library &library, Session &session, int32_t function,
                                                 llvm::ArrayRef<HostTensor> inputs);

/// The events as Chrome trace events, a row for each thread.
llvm::json::Value traceOf(const Library &library, llvm::ArrayRef<dlc_event> events);

} // namespace dlc
