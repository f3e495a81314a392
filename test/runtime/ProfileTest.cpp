#include "test/runtime/TestProgram.h"
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace {

/// Sessions of add_rows, which launches nodes 1 and 2 over its N rows, 4 of them a grain.
class Profile : public ::testing::Test {
protected:
  void open(int32_t threads) {
    dlc_options options = DLC_OPTIONS_INIT;
    options.threads = threads;
    ASSERT_EQ(dlc_rt_open(&testProgram, &options, &model, nullptr, 0), DLC_OK);
    ASSERT_EQ(dlc_rt_session_new(model, &session), DLC_OK);
  }
  void TearDown() override {
    meetings.open = true;
    dlc_rt_session_free(session);
    dlc_rt_close(model);
  }

  void attach(size_t capacity) {
    events.assign(capacity, dlc_event{});
    profile = {sizeof profile, sizeof(dlc_event), events.data(), int64_t(capacity), 0};
    ASSERT_EQ(dlc_rt_set_profile(session, &profile), DLC_OK);
  }

  dlc_status run(int64_t rows) {
    struct {
      float *x, *bias, *y;
      int64_t n;
    } io = {x, x, y, rows};
    return dlc_rt_run(session, AddRows, &io);
  }

  /// Checks that these are the tiles of one launch, each done once, in the order of their beginnings and within it.
  size_t checkTiles(size_t first, const dlc_event &launch, int32_t threads) {
    std::vector<int> done(size_t(launch.last), 0);
    size_t i = first;
    for (; i < size_t(profile.count) && events[i].kind == DLC_EVENT_TILES; ++i) {
      const dlc_event &tiles = events[i];
      EXPECT_EQ(tiles.node, launch.node);
      EXPECT_LE(launch.begin, tiles.begin);
      EXPECT_LE(tiles.begin, tiles.end);
      EXPECT_LE(tiles.end, launch.end);
      EXPECT_GE(tiles.worker, 0);
      EXPECT_LT(tiles.worker, threads);
      for (int64_t t = tiles.first; t < tiles.last; ++t)
        ++done[size_t(t)];
    }
    for (int count : done)
      EXPECT_EQ(count, 1);
    return i;
  }

  void checkRun(int64_t rows, int32_t threads) {
    ASSERT_GE(profile.count, 5);
    ASSERT_LE(profile.count, profile.capacity);
    EXPECT_EQ(events[0].kind, DLC_EVENT_RUN);
    EXPECT_EQ(events[0].node, AddRows);
    int64_t last = events[0].begin;
    size_t at = 1;
    for (int32_t node : {1, 2}) {
      const dlc_event &launch = events[at];
      EXPECT_EQ(launch.kind, DLC_EVENT_LAUNCH);
      EXPECT_EQ(launch.node, node);
      EXPECT_EQ(launch.first, 0);
      EXPECT_EQ(launch.last, rows);
      EXPECT_EQ(launch.sizes[0], rows);
      EXPECT_EQ(launch.sizes[1], 0);
      EXPECT_LE(last, launch.begin);
      last = launch.end;
      at = checkTiles(at + 1, launch, threads);
    }
    EXPECT_EQ(at, size_t(profile.count));
    EXPECT_LE(last, events[0].end);
  }

  dlc_model *model = nullptr;
  dlc_session *session = nullptr;
  float x[400] = {}, y[400];
  std::vector<dlc_event> events;
  dlc_profile profile;
};

TEST_F(Profile, OneThreadDoesEachLaunchInOneGo) {
  open(1);
  attach(16);
  ASSERT_EQ(run(100), DLC_OK);
  EXPECT_EQ(profile.count, 5);
  checkRun(100, 1);
}

TEST_F(Profile, ThreadsShareTheTiles) {
  open(3);
  attach(1000);
  for (int64_t rows : {100, 4, 99, 1}) {
    profile.count = 0;
    ASSERT_EQ(run(rows), DLC_OK);
    checkRun(rows, 3);
    if (rows <= 4)
      EXPECT_EQ(profile.count, 5);
  }
}

TEST_F(Profile, RunsFollowEachOther) {
  open(1);
  attach(16);
  ASSERT_EQ(run(8), DLC_OK);
  ASSERT_EQ(run(9), DLC_OK);
  ASSERT_EQ(profile.count, 10);
  EXPECT_EQ(events[5].kind, DLC_EVENT_RUN);
  EXPECT_EQ(events[6].last, 9);
  EXPECT_LE(events[0].end, events[5].begin);
}

TEST_F(Profile, AFullBufferKeepsTheFirstAndCountsAll) {
  open(2);
  attach(3);
  events.push_back({7, 7, 7, 7, 7, 7, 7, 7, {7}}); // behind what the profile may write
  profile.events = events.data();
  ASSERT_EQ(run(1), DLC_OK);
  EXPECT_EQ(profile.count, 5);
  EXPECT_EQ(events[0].kind, DLC_EVENT_RUN);
  EXPECT_EQ(events[1].kind, DLC_EVENT_LAUNCH);
  EXPECT_EQ(events[2].kind, DLC_EVENT_TILES);
  EXPECT_EQ(events[3].begin, 7);
  profile.capacity = 0;
  ASSERT_EQ(run(1), DLC_OK);
  EXPECT_EQ(profile.count, 10);
}

TEST_F(Profile, EventsLieAsFarApartAsTheCallerSays) {
  open(1);
  struct Wide {
    dlc_event event;
    int64_t own;
  } wide[5] = {};
  dlc_profile other = {sizeof other, sizeof(Wide), &wide[0].event, 5, 0};
  ASSERT_EQ(dlc_rt_set_profile(session, &other), DLC_OK);
  ASSERT_EQ(run(3), DLC_OK);
  EXPECT_EQ(wide[3].event.node, 2);
  EXPECT_EQ(wide[4].event.last, 3);
  for (const Wide &one : wide)
    EXPECT_EQ(one.own, 0);
}

TEST_F(Profile, NothingIsWrittenWithoutOne) {
  open(2);
  attach(100);
  ASSERT_EQ(dlc_rt_set_profile(session, nullptr), DLC_OK);
  ASSERT_EQ(run(100), DLC_OK);
  EXPECT_EQ(profile.count, 0);
  EXPECT_EQ(events[0].kind, 0);
}

TEST_F(Profile, RefusesWhatItCannotUse) {
  open(1);
  events.resize(1);
  const dlc_profile good = {sizeof profile, sizeof(dlc_event), events.data(), 1, 0};
  EXPECT_EQ(dlc_rt_set_profile(nullptr, nullptr), DLC_INVALID_ARGUMENT);
  for (auto spoil : {+[](dlc_profile &p) { p.struct_size = 8; }, +[](dlc_profile &p) { p.event_bytes = 8; },
                     +[](dlc_profile &p) { p.event_bytes += 1; }, +[](dlc_profile &p) { p.events = nullptr; },
                     +[](dlc_profile &p) { p.capacity = -1; }, +[](dlc_profile &p) { p.count = -1; }}) {
    profile = good;
    spoil(profile);
    EXPECT_EQ(dlc_rt_set_profile(session, &profile), DLC_INVALID_ARGUMENT);
  }
  profile = good;
  EXPECT_EQ(dlc_rt_set_profile(session, &profile), DLC_OK);
}

TEST_F(Profile, RefusesWhileTheSessionRuns) {
  open(1);
  meetings.inside = 0;
  meetings.open = false;
  int64_t unused = 0;
  std::thread running([&] { dlc_rt_run(session, Meet, &unused); });
  while (!meetings.inside)
    std::this_thread::yield();
  EXPECT_EQ(dlc_rt_set_profile(session, nullptr), DLC_BUSY);
  meetings.open = true;
  running.join();
  EXPECT_EQ(dlc_rt_set_profile(session, nullptr), DLC_OK);
}

} // namespace
