//===- Profile.cpp - dlc profile --------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"
#include "tools/dlc/Invocation.h"
#include "tools/dlc/Outcome.h"
#include "tools/dlc/ProfileReport.h"

#include "compiler/package/Files.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>

using namespace llvm;

namespace dlc {

namespace {
struct ProfileCommand {
  InvocationArguments call;
  int32_t threads = 1;
  double seconds = 1;
  size_t rows = 40;
  std::string trace;
  bool merge = false, json = false;
};

/// Runs of which a trace is made: the first may still find cold caches.
constexpr int tracedRuns = 3;
} // namespace

static Error writeTrace(const std::string &path, const Library &library, ArrayRef<dlc_event> events) {
  Expected<OutputFiles> files = OutputFiles::create(sys::path::parent_path(path));
  if (!files)
    return files.takeError();
  if (Error error = files->write(sys::path::filename(path),
                                 [&](raw_ostream &out) { out << formatv("{0}\n", traceOf(library, events)); }))
    return error;
  return files->commit().takeError();
}

static void printTitle(const Invocation &call, Session &session, int32_t threads) {
  outs() << formatv("{0} ({1}), {2} thread{3}", call.library().abi().name, session.variant(), threads,
                    threads == 1 ? "" : "s");
  for (auto [port, tensor] : zip(call.function().inputs, call.inputs))
    outs() << ", " << port.name << " " << tensor.typeText();
  outs() << "\n";
}

static int run(const ProfileCommand &command) {
  Outcome outcome(command.json);
  int exit = 0;
  std::optional<Invocation> call = Invocation::prepare(command.call, /*randomByDefault=*/true, outcome, exit);
  if (!call)
    return exit;
  Expected<std::unique_ptr<Session>> session = Session::open(call->library(), command.threads);
  if (!session)
    return outcome.fail(ExitCode::Usage, session.takeError());
  // Before anything is measured: whether there is something to measure, and a place for it.
  Expected<std::vector<dlc_event>> events = recordRuns(**session, call->index, call->inputs, tracedRuns);
  if (!events)
    return outcome.fail(ExitCode::Usage, events.takeError());
  if (!command.trace.empty())
    if (Error error = writeTrace(command.trace, call->library(), *events))
      return outcome.fail(ExitCode::Usage, std::move(error));

  // The clock moves: the peak is measured on both sides of what is held against it.
  double peak = measurePeakGflops(command.threads);
  Expected<ProfiledRuns> runs = profileRuns(call->library(), **session, call->index, call->inputs, command.seconds);
  if (!runs)
    return outcome.fail(ExitCode::Usage, runs.takeError());
  ProfileReport report(call->library(), std::move(*runs), command.merge);
  report.threads = command.threads;
  report.peakGflops = (peak + measurePeakGflops(command.threads)) / 2;
  report.memory = measureMemoryPeak(command.threads);
  if (command.json) {
    outcome.fields = report.json();
    outcome.fields["name"] = call->library().abi().name;
    outcome.fields["variant"] = (*session)->variant();
  } else {
    printTitle(*call, **session, command.threads);
    report.print(outs(), command.rows);
  }
  return outcome.done();
}

void addProfile(CLI::App &app, int &exit) {
  auto command = std::make_shared<ProfileCommand>();
  CLI::App *sub = app.add_subcommand("profile", "Show where the time of a compiled library or a model goes");
  command->call.compile.addTo(*sub, "Library (.so) made by dlc compile, or a model");
  sub->add_option("-i,--input", command->call.inputs, "NAME=@FILE or NAME=rand (default: rand)")
      ->expected(1)
      ->take_all();
  sub->add_option("--threads", command->threads, "Number of threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  sub->add_option("--function", command->call.function, "Function to run")->capture_default_str();
  sub->add_option("--seconds", command->seconds, "Time to spend on runs")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--rows", command->rows, "Longest table")->check(CLI::PositiveNumber)->capture_default_str();
  sub->add_flag("--merge", command->merge, "One row for all launches of equal kernels");
  sub->add_option("--trace", command->trace,
                  "Write some runs as Chrome trace events, for Perfetto or chrome://tracing");
  sub->add_flag("--json", command->json, "Report as JSON on standard output; times in seconds, of a run");
  sub->footer(
      "GFLOP/s and GB/s count what a kernel must do: each element that it reads or writes once. `of the limit`\n"
      "is the share of its time that the part of the machine named would need for that at its peak; caches\n"
      "can be faster than memory. `busy` is the share of the threads' time spent in the kernel's tiles.\n\n"
      "Example:\n  dlc profile mnist.onnx --dim N=32 --threads 2 --trace mnist.trace.json\n");
  sub->callback([command, &exit] { exit = run(*command); });
}

} // namespace dlc
