//===- Threads.h - A pool of threads --------------------------------------===//
#pragma once

#include "runtime/Arena.h"

namespace dlc::runtime {

/// Starts a pool of `threads` workers (the caller of parallel_for is one of them; 0: one for each CPU of the process).
/// Its memory comes from `allocator`, which must outlive it.
dlc_status startPool(int32_t threads, const Allocator &allocator, dlc_pool **pool);

} // namespace dlc::runtime
