//===- Bench.cpp - dlc bench ------------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"
#include "tools/dlc/Invocation.h"
#include "tools/dlc/Outcome.h"
#include "tools/dlc/Peak.h"
#include "tools/dlc/ProfileRun.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <chrono>

using namespace llvm;

namespace dlc {

namespace {
struct BenchCommand {
  InvocationArguments call;
  std::vector<int32_t> threads = {1};
  double seconds = 1;
  bool json = false;
};

struct Timing {
  int32_t threads;
  int64_t runs;
  double p50, p90, p99; ///< seconds
  double gflops = 0, ofPeak = 0;
};
} // namespace

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Runs for `seconds` after a warm-up of a fifth of that, ten times at least.
static Expected<Timing> measure(Session &session, int32_t function, ArrayRef<HostTensor> inputs, double seconds) {
  for (double end = now() + seconds / 5, runs = 0; runs < 3 || now() < end; ++runs)
    if (Error error = session.callInPlace(function, inputs))
      return error;
  std::vector<double> times;
  for (double start = now(), end = start + seconds; times.size() < 10 || start < end;) {
    if (Error error = session.callInPlace(function, inputs))
      return error;
    double stop = now();
    times.push_back(stop - start);
    start = stop;
  }
  llvm::sort(times);
  auto quantile = [&](double q) { return times[static_cast<size_t>(q * (times.size() - 1))]; };
  return Timing{0, static_cast<int64_t>(times.size()), quantile(0.5), quantile(0.9), quantile(0.99)};
}

static void print(const Timing &t) {
  outs() << formatv("{0,7} {1,11} {2,11} {3,11} {4,7}", t.threads, durationText(t.p50), durationText(t.p90),
                    durationText(t.p99), t.runs);
  if (t.gflops > 0)
    outs() << formatv(" {0,9:F1} {1,8:F1}%", t.gflops, t.ofPeak * 100);
  outs() << "\n";
}

static int run(const BenchCommand &command) {
  Outcome outcome(command.json);
  int exit = 0;
  std::optional<Invocation> call = Invocation::prepare(command.call, /*randomByDefault=*/true, outcome, exit);
  if (!call)
    return exit;
  std::optional<double> flops = call->function().flopsFor(call->symbols);

  json::Array timings;
  for (int32_t threads : command.threads) {
    Expected<std::unique_ptr<Session>> session = Session::open(call->library(), threads);
    if (!session)
      return outcome.fail(ExitCode::Usage, session.takeError());
    // Turns of loops and sizes that depend on the data: one run tells.
    if (!flops && (*session)->canProfile()) {
      auto counted = countFlops(call->library(), **session, call->index, call->inputs);
      if (!counted)
        return outcome.fail(ExitCode::Usage, counted.takeError());
      flops = *counted;
    }
    // The clock moves: the peak is measured on both sides of what is held against it.
    double peak = measurePeakGflops(threads);
    Expected<Timing> timing = measure(**session, call->index, call->inputs, command.seconds);
    if (!timing)
      return outcome.fail(ExitCode::Usage, timing.takeError());
    peak = (peak + measurePeakGflops(threads)) / 2;
    timing->threads = threads;
    timing->gflops = flops.value_or(0) / timing->p50 * 1e-9;
    timing->ofPeak = timing->gflops / peak;
    timings.push_back(json::Object{{"threads", threads}, {"runs", timing->runs}, {"p50", timing->p50},
                                   {"p90", timing->p90}, {"p99", timing->p99}, {"gflops", timing->gflops},
                                   {"peak_gflops", peak}, {"of_peak", timing->ofPeak}});
    if (!command.json) {
      if (timings.size() == 1) {
        outs() << call->library().abi().name << " (" << (*session)->variant() << ")";
        for (auto [port, tensor] : zip(call->function().inputs, call->inputs))
          outs() << ", " << port.name << " " << tensor.typeText();
        outs() << "\nthreads         p50         p90         p99    runs" << (flops.value_or(0) > 0 ? "   GFLOP/s  of peak" : "")
               << "\n";
      }
      print(*timing);
    }
  }
  outcome.fields["name"] = call->library().abi().name;
  outcome.fields["flops"] = flops;
  outcome.fields["timings"] = std::move(timings);
  return outcome.done();
}

void addBench(CLI::App &app, int &exit) {
  auto command = std::make_shared<BenchCommand>();
  CLI::App *sub = app.add_subcommand("bench", "Time a compiled library or a model");
  command->call.compile.addTo(*sub, "Library (.so) made by dlc compile, or a model");
  sub->add_option("-i,--input", command->call.inputs, "NAME=@FILE or NAME=rand (default: rand)")->expected(1)->take_all();
  sub->add_option("--threads", command->threads, "Numbers of threads to try, e.g. 1,2")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  sub->add_option("--function", command->call.function, "Function to time")->capture_default_str();
  sub->add_option("--seconds", command->seconds, "Time to spend on each number of threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", command->json, "Report as JSON on standard output; times in seconds");
  sub->footer("Example:\n  dlc bench mnist.onnx --dim N=32 --threads 1,2\n");
  sub->callback([command, &exit] { exit = run(*command); });
}

} // namespace dlc
