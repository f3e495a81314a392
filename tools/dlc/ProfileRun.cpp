//===- ProfileRun.cpp -----------------------------------------------------===//
#include "tools/dlc/ProfileRun.h"

#include "llvm/ADT/StringExtras.h"
#include <chrono>

using namespace llvm;

namespace dlc {

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static double secondsOf(const dlc_event &event) { return static_cast<double>(event.end - event.begin) * 1e-9; }

void KernelTime::add(const KernelTime &other) {
  calls += other.calls;
  seconds += other.seconds;
  busy += other.busy;
  flops = flops && other.flops ? std::optional(*flops + *other.flops) : std::nullopt;
  bytes = bytes && other.bytes ? std::optional(*bytes + *other.bytes) : std::nullopt;
}

/// The value of d0, d1, ... in a launch.
static std::optional<int64_t> sizeOf(const dlc_event &launch, StringRef name) {
  unsigned index;
  if (!name.consume_front("d") || name.getAsInteger(10, index) || index >= DLC_EVENT_SIZES)
    return std::nullopt;
  return launch.sizes[index];
}

//===- Recording ----------------------------------------------------------===//

namespace {
/// A buffer of events that grows until a run fits.
class Recorder {
public:
  Recorder(Session &session, int32_t function, ArrayRef<HostTensor> inputs)
      : session(session), function(function), inputs(inputs) {
    profile = {sizeof(dlc_profile), sizeof(dlc_event), nullptr, 0, 0};
  }

  Error plain() {
    if (Error error = session.setProfile(nullptr))
      return error;
    return session.callInPlace(function, inputs);
  }

  /// The events are those of this run and valid until the next.
  Expected<ArrayRef<dlc_event>> run() {
    for (;;) {
      profile.count = 0;
      if (Error error = session.setProfile(&profile))
        return error;
      Error failed = session.callInPlace(function, inputs);
      if (Error error = session.setProfile(nullptr))
        return joinErrors(std::move(failed), std::move(error));
      if (failed)
        return failed;
      if (profile.count <= profile.capacity)
        return ArrayRef(events).take_front(profile.count);
      // How many parts the threads make of a launch differs from run to run.
      events.resize(2 * profile.count);
      profile.events = events.data();
      profile.capacity = events.size();
    }
  }

private:
  Session &session;
  int32_t function;
  ArrayRef<HostTensor> inputs;
  dlc_profile profile;
  std::vector<dlc_event> events;
};

struct Run {
  double seconds;
  std::map<int32_t, KernelTime> kernels;
};

/// Adds up the events of one run.
class Tally {
public:
  explicit Tally(const Library &library) : library(library) {}

  Run operator()(ArrayRef<dlc_event> events) {
    Run run{0, {}};
    for (const dlc_event &event : events) {
      if (event.kind == DLC_EVENT_RUN)
        run.seconds += secondsOf(event);
      else if (event.kind == DLC_EVENT_TILES)
        run.kernels[event.node].busy += secondsOf(event);
      else
        run.kernels[event.node].add(timeOf(event));
    }
    return run;
  }

private:
  KernelTime timeOf(const dlc_event &event) {
    std::vector<int64_t> key{event.node};
    key.insert(key.end(), std::begin(event.sizes), std::end(event.sizes));
    auto [known, isNew] = work.try_emplace(key);
    auto launch = library.launches().find(event.node);
    if (isNew && launch != library.launches().end()) {
      auto size = [&](StringRef name) { return sizeOf(event, name); };
      known->second = {launch->second.flops.at(size), launch->second.bytes.at(size)};
    }
    return {1, secondsOf(event), 0, known->second.first, known->second.second};
  }

  const Library &library;
  std::map<std::vector<int64_t>, std::pair<std::optional<double>, std::optional<double>>> work; ///< by node and sizes
};
} // namespace

Expected<ProfiledRuns> profileRuns(const Library &library, Session &session, int32_t function,
                                   ArrayRef<HostTensor> inputs, double seconds) {
  constexpr size_t most = 100'000; // enough to average, and little to remember
  Recorder recorder(session, function, inputs);
  Tally tally(library);
  for (double end = now() + seconds / 5, count = 0; count < 3 || now() < end; ++count) {
    if (Error error = recorder.plain())
      return error;
    if (Expected<ArrayRef<dlc_event>> events = recorder.run(); !events)
      return events.takeError();
  }
  std::vector<Run> runs;
  std::vector<double> plain;
  for (double end = now() + seconds; runs.size() < 10 || (now() < end && runs.size() < most);) {
    double start = now();
    if (Error error = recorder.plain())
      return error;
    plain.push_back(now() - start);
    Expected<ArrayRef<dlc_event>> events = recorder.run();
    if (!events)
      return events.takeError();
    runs.push_back(tally(*events));
  }
  ProfiledRuns result;
  result.runs = runs.size();
  llvm::sort(runs, [](const Run &a, const Run &b) { return a.seconds < b.seconds; });
  llvm::sort(plain);
  const size_t half = (runs.size() + 1) / 2;
  for (size_t i = 0; i < half; ++i) {
    result.seconds += runs[i].seconds / half;
    result.plain += plain[i] / half;
    for (const auto &[node, time] : runs[i].kernels)
      result.kernels[node].add(time);
  }
  for (auto &[node, time] : result.kernels) {
    for (double *sum : {&time.calls, &time.seconds, &time.busy})
      *sum /= half;
    for (std::optional<double> *amount : {&time.flops, &time.bytes})
      if (*amount)
        **amount /= half;
  }
  return result;
}

Expected<std::vector<dlc_event>> recordRuns(Session &session, int32_t function, ArrayRef<HostTensor> inputs, int runs) {
  Recorder recorder(session, function, inputs);
  std::vector<dlc_event> all;
  for (int i = 0; i < runs; ++i) {
    Expected<ArrayRef<dlc_event>> events = recorder.run();
    if (!events)
      return events.takeError();
    all.insert(all.end(), events->begin(), events->end());
  }
  return all;
}

Expected<std::optional<double>> countFlops(const Library &library, Session &session, int32_t function,
                                           ArrayRef<HostTensor> inputs) {
  Expected<std::vector<dlc_event>> events = recordRuns(session, function, inputs, 1);
  if (!events)
    return events.takeError();
  std::optional<double> sum = 0;
  for (const auto &[node, time] : Tally(library)(*events).kernels)
    sum = sum && time.flops ? std::optional(*sum + *time.flops) : std::nullopt;
  return sum;
}

//===- Trace --------------------------------------------------------------===//

json::Value traceOf(const Library &library, ArrayRef<dlc_event> events) {
  json::Array trace;
  int32_t workers = 0;
  const int64_t start = events.empty() ? 0 : events.front().begin;
  for (const dlc_event &event : events) {
    workers = std::max(workers, event.worker);
    json::Object arguments;
    std::string name, kind = event.kind == DLC_EVENT_RUN ? "run" : event.kind == DLC_EVENT_LAUNCH ? "launch" : "tiles";
    if (event.kind == DLC_EVENT_RUN) {
      name = library.functions()[event.node].name;
    } else {
      auto launch = library.launches().find(event.node);
      name = launch == library.launches().end() ? "node " + std::to_string(event.node) : launch->second.ops;
      arguments["node"] = event.node;
      arguments["tiles"] = json::Array{event.first, event.last};
      if (launch != library.launches().end() && event.kind == DLC_EVENT_LAUNCH) {
        arguments["kernel"] = launch->second.kernel;
        arguments["nodes"] = json::Array(launch->second.nodes);
      }
      if (event.kind == DLC_EVENT_TILES)
        name += " [" + std::to_string(event.first) + ", " + std::to_string(event.last) + ")";
    }
    trace.push_back(json::Object{{"name", name},
                                 {"cat", kind},
                                 {"ph", "X"},
                                 {"pid", 1},
                                 {"tid", event.worker},
                                 {"ts", static_cast<double>(event.begin - start) * 1e-3},
                                 {"dur", static_cast<double>(event.end - event.begin) * 1e-3},
                                 {"args", std::move(arguments)}});
  }
  auto call = [&](StringRef what, int32_t thread, StringRef name) {
    trace.push_back(
        json::Object{{"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", thread}, {"args", json::Object{{"name", name.str()}}}});
  };
  call("process_name", 0, library.abi().name);
  for (int32_t i = 0; i <= workers; ++i)
    call("thread_name", i, i ? "worker " + std::to_string(i) : "caller");
  return json::Object{{"traceEvents", std::move(trace)}, {"displayTimeUnit", "ns"}};
}

} // namespace dlc
