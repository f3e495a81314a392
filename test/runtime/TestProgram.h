//===- TestProgram.h - A program as compiled code would give it -----------===//
#pragma once

#include "runtime/program.h"
#include <atomic>

/// Functions of testProgram, by index.
enum TestFunction : int32_t {
  AddRows, ///< Y[N,4] = X[N,4] + B[4], through the pool and a planned block; N from 0 to 100
  Find,    ///< indices of what is not zero: I[?] of X[N]
  Pick,    ///< Y[K] = data[I[K]] of data[M]; bad indices set the status word
  Meet,    ///< waits until meetings.open, to be caught running
  Pair,    ///< two inputs of f32[N,2], output f16[3], whose data is not written
  Huge,    ///< asks for an impossible block; X[N,N,N]
};

extern const dlc_program testProgram;

struct Meetings {
  std::atomic<int> inside{0};
  std::atomic<bool> open{false};
};
extern Meetings meetings;

/// MXCSR as the last run of Find saw it.
extern uint32_t floatModeSeen;
