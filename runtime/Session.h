//===- Session.h - Models and sessions ------------------------------------===//
#pragma once

#include "runtime/Arena.h"
#include "runtime/Error.h"
#include <atomic>

namespace dlc::runtime {

/// An output of the function that runs.
struct Output {
  void *data;       ///< the caller's, or null
  int64_t capacity; ///< bytes at `data`
  int64_t *dims;    ///< where the caller wants them, or null
  void *lent;       ///< the session's buffer, once dlc_rt_output has given it out
};

} // namespace dlc::runtime

/// Read-only once open but for the state: any number of sessions share it.
struct dlc_model {
  const dlc_program *program;
  int32_t variant;
  bool ownsPool;
  dlc_pool *pool; ///< null: everything runs on the caller
  dlc::runtime::Allocator allocator;
  dlc::runtime::Block *states; ///< one for each of the program
  std::atomic<int32_t> stateUsers; ///< calls that read state now; -1: one writes it

  /// False, at once, while another call uses the state in a way that excludes this one.
  bool lockState(int32_t access);
  void unlockState(int32_t access);
};

/// What one thread at a time needs to run a model's functions. Arrays have the room that the largest function needs.
struct dlc_session {
  dlc_profile *profile; ///< where events go; null: nowhere. First: compiled code looks at it
  dlc_model *model;
  std::atomic<bool> busy;
  dlc_status status;  ///< the first error of the current or last run
  int64_t statusWord; ///< see dlc_rt_status_word
  const dlc_function *function;
  size_t bytes; ///< of the session itself with its arrays
  int32_t segmentCount, lentCount;
  dlc::runtime::Block *segments, *lent;
  dlc::runtime::Block planScratch;
  dlc::runtime::PlanCache *plans;
  dlc::runtime::Output *outputs;
  void **inputs;
  int64_t *symbols;
  int32_t *symbolSources; ///< the input that gave a symbol its value, -1 if none yet
  char error[512];

  const dlc::runtime::Allocator &allocator() const { return model->allocator; }
  /// Records `code`. False if something was recorded before, which then stands: the first error is the cause.
  bool fail(dlc_status code);
  /// The message, begun anew.
  dlc::runtime::Text text() { return {error, sizeof error}; }
};
