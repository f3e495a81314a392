//===- Profile.h - What ran when ------------------------------------------===//
#pragma once

#include "runtime/program.h"

namespace dlc::runtime {

/// Runs the tiles [0, tiles): on the pool, or on this thread in one call where that is as good.
inline void runTiles(const dlc_pool *pool, dlc_task task, void *closure, int64_t tiles, int64_t grain) {
  if (tiles > grain && pool)
    pool->parallel_for(pool->context, tiles, grain, task, closure);
  else if (tiles > 0)
    task(closure, 0, tiles, 0);
}

/// The same, with events of the launch and of its tiles.
void launchProfiled(dlc_session &session, const dlc_launch &launch, void *closure, int64_t tiles);

/// The event of one run, while it lasts.
class RunEvent {
public:
  explicit RunEvent(dlc_session &session);
  ~RunEvent();
  RunEvent(const RunEvent &) = delete;

private:
  dlc_profile *profile;
  int64_t place = -1;
  dlc_event event;
};

} // namespace dlc::runtime
