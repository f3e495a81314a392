//===- Profile.cpp - What ran when ----------------------------------------===//
//
// A thing takes its place in the caller's buffer when it begins and fills it when it ends, so that events stand in the
// order of their beginnings. Threads take places by an atomic addition; nothing else is shared.
//
//===----------------------------------------------------------------------===//
#include "runtime/Profile.h"

#include "runtime/Session.h"
#include <algorithm>
#include <string.h>
#include <time.h>

using namespace dlc::runtime;

namespace dlc::runtime {

namespace {
int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * 1000000000 + time.tv_nsec;
}

int64_t take(dlc_profile &profile) { return __atomic_fetch_add(&profile.count, 1, __ATOMIC_RELAXED); }

void put(dlc_profile &profile, int64_t place, const dlc_event &event) {
  if (place < profile.capacity)
    memcpy(reinterpret_cast<char *>(profile.events) + size_t(place) * profile.event_bytes, &event,
           std::min(profile.event_bytes, sizeof event));
}

/// What stands in for a launch's closure, so that its task is timed wherever it runs.
struct Timed {
  dlc_profile &profile;
  const dlc_launch &launch;
  void *closure;

  static void run(void *opaque, int64_t first, int64_t last, int32_t worker) {
    auto *timed = static_cast<Timed *>(opaque);
    const int64_t place = take(timed->profile);
    dlc_event event = {now(), 0, DLC_EVENT_TILES, timed->launch.node, worker, 0, first, last, {}};
    timed->launch.task(timed->closure, first, last, worker);
    event.end = now();
    put(timed->profile, place, event);
  }
};
} // namespace

void launchProfiled(dlc_session &session, const dlc_launch &launch, void *closure, int64_t tiles) {
  dlc_profile &profile = *session.profile;
  const int64_t place = take(profile);
  dlc_event event = {now(), 0, DLC_EVENT_LAUNCH, launch.node, 0, 0, 0, tiles, {}};
  const auto *sizes = static_cast<const int64_t *>(closure) + launch.first_size;
  for (int32_t i = 0; i < std::min(launch.n_sizes, DLC_EVENT_SIZES); ++i)
    event.sizes[i] = sizes[i];
  Timed timed{profile, launch, closure};
  runTiles(session.model->pool, Timed::run, &timed, tiles, launch.grain);
  event.end = now();
  put(profile, place, event);
}

RunEvent::RunEvent(dlc_session &session) : profile(session.profile) {
  if (!profile)
    return;
  place = take(*profile);
  const int32_t function = int32_t(session.function - session.model->program->functions);
  event = {now(), 0, DLC_EVENT_RUN, function, 0, 0, 0, 0, {}};
}

RunEvent::~RunEvent() {
  if (!profile)
    return;
  event.end = now();
  put(*profile, place, event);
}

} // namespace dlc::runtime

extern "C" dlc_status dlc_rt_set_profile(dlc_session *session, dlc_profile *profile) {
  if (!session)
    return DLC_INVALID_ARGUMENT;
  if (profile && (profile->struct_size < sizeof(dlc_profile) || profile->event_bytes < offsetof(dlc_event, sizes) ||
                  profile->event_bytes % alignof(dlc_event) || profile->capacity < 0 || profile->count < 0 ||
                  (profile->capacity && !profile->events)))
    return DLC_INVALID_ARGUMENT;
  if (session->busy.exchange(true, std::memory_order_acquire))
    return DLC_BUSY;
  session->profile = profile;
  session->busy.store(false, std::memory_order_release);
  return DLC_OK;
}
