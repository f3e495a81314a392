//===- Compile.cpp - dlc compile --------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"
#include "tools/dlc/CompileArguments.h"
#include "tools/dlc/Outcome.h"

#include "compiler/driver/Pipeline.h"
#include "compiler/package/Files.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <set>

using namespace llvm;

namespace dlc {

namespace {
struct CompileCommand {
  CompileArguments arguments;
  std::string output = ".", name, emit = "library", stopAfter, depfile;
  bool json = false;
};
} // namespace

static json::Object toJson(const CompileReport &report) {
  json::Array phases;
  for (const CompileReport::Phase &phase : report.phases)
    phases.push_back(json::Object{{"name", phase.name}, {"seconds", phase.seconds}});
  return json::Object{{"name", report.name},
                      {"files", json::Array(report.files)},
                      {"inputs", json::Array(report.inputs)},
                      {"phases", std::move(phases)},
                      {"kernels", report.kernels},
                      {"launches", report.launches},
                      {"arena_bytes", report.memory.arena},
                      {"live_bytes", report.memory.live},
                      {"scratch_bytes_per_thread", report.memory.scratch},
                      {"weight_bytes", report.weightBytes},
                      {"copied_states", json::Array(report.copiedStates)}};
}

static void print(const CompileReport &report) {
  double seconds = 0;
  for (const CompileReport::Phase &phase : report.phases)
    seconds += phase.seconds;
  if (any_of(report.files, [](StringRef file) { return file.ends_with(".so"); }))
    outs() << formatv("{0}: {1} kernels, {2} launches, weights {3:F1} KiB, compiled in {4:F2} s\n"
                      "  memory of known size: {5:F1} KiB for intermediate values, of which {6:F1} KiB live at a time, and "
                      "{7:F1} KiB of scratch a thread\n",
                      report.name, report.kernels, report.launches, report.weightBytes / 1024.0, seconds,
                      report.memory.arena / 1024.0, report.memory.live / 1024.0, report.memory.scratch / 1024.0);
  for (const std::string &state : report.copiedStates)
    outs() << "  " << state << " is copied into place: its old value is still read when the next one is made\n";
  for (const std::string &file : report.files) {
    uint64_t size = 0;
    sys::fs::file_size(file, size);
    outs() << formatv("  {0}  {1:F1} KiB\n", file, size / 1024.0);
  }
}

/// A path as rules of make and ninja write it.
static std::string inRule(StringRef path) {
  SmallString<128> absolute(path);
  sys::fs::make_absolute(absolute);
  std::string result;
  for (char c : absolute) {
    if (c == ' ' || c == '#')
      result += '\\';
    result += c;
    if (c == '$')
      result += c;
  }
  return result;
}

/// Says of one of the files written, the library if there is one, what it was made of.
static Error writeDepfile(StringRef path, const CompileReport &report) {
  auto made = find_if(report.files, [](StringRef file) { return file.ends_with(".so"); });
  Expected<OutputFiles> files = OutputFiles::create(sys::path::parent_path(path));
  if (!files)
    return files.takeError();
  if (Error error = files->write(sys::path::filename(path), [&](raw_ostream &out) {
        out << inRule(made == report.files.end() ? report.files.front() : *made) << ":";
        for (StringRef input : report.inputs)
          out << " \\\n  " << inRule(input);
        out << "\n";
      }))
    return error;
  return files->commit().takeError();
}

static int run(const CompileCommand &command) {
  Outcome outcome(command.json);
  Expected<CompileOptions> options = command.arguments.toOptions();
  if (!options)
    return outcome.fail(ExitCode::Usage, options.takeError());
  options->outputFolder = command.output;
  options->name = command.name;
  options->emit = command.emit;
  options->stopAfter = command.stopAfter;
  // Text of the IR needs a phase to stop after; these are the ones most asked for. After `target` the IR is LLVM's.
  if (options->stopAfter.empty() && (command.emit == "mlir" || command.emit == "llvm"))
    options->stopAfter = command.emit == "mlir" ? "graph" : "target";
  else if (options->stopAfter == "target" && command.emit == "library")
    options->emit = "llvm";

  ProgressLine progress;
  options->progress = [&](const std::string &phase) { progress.show(command.arguments.model + ": " + phase); };
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  DiagnosticCollector collector(*context);
  mlir::FailureOr<CompileReport> report = compileModel(command.arguments.model, *options, *context);
  progress.clear();
  if (failed(report))
    return outcome.fail(collector);
  outcome.warn(collector);
  if (!command.depfile.empty())
    if (Error error = writeDepfile(command.depfile, *report))
      return outcome.fail(ExitCode::Usage, std::move(error));
  for (auto &[key, value] : toJson(*report))
    outcome.fields[key] = std::move(value);
  if (!command.json)
    print(*report);
  return outcome.done();
}

void addCompile(CLI::App &app, int &exit) {
  auto command = std::make_shared<CompileCommand>();
  CLI::App *sub = app.add_subcommand("compile", "Compile a model to a library: .so, .a, .h, .pc and a CMake config");
  command->arguments.addTo(*sub, "Model: an .onnx file, or .mlir with dl functions");
  sub->add_option("-o,--output", command->output, "Folder to write to")->capture_default_str();
  sub->add_option("--name", command->name, "Prefix of the exported symbols (default: from the file's name)");
  sub->add_option("--emit", command->emit, "What to write")
      ->check(CLI::IsMember({"library", "mlir", "llvm", "asm", "obj"}))
      ->capture_default_str();
  std::set<std::string> names;
  std::string summaries = "Phases:\n";
  for (const Phase &phase : phases()) {
    names.insert(phase.name.str());
    summaries += formatv("  {0,-8} {1}\n", phase.name, phase.summary).str();
  }
  sub->add_option("--stop-after", command->stopAfter, "Write the IR after this phase instead")
      ->check(CLI::IsMember(names));
  sub->add_option("--depfile", command->depfile, "Also write, as a rule for make or ninja, which files were read");
  sub->add_flag("--json", command->json, "Report as JSON on standard output");
  sub->footer(summaries + "\nExample:\n  dlc compile mnist.onnx -o build --dim N=8 --cpu x86-64-v4,x86-64-v3\n");
  sub->callback([command, &exit] { exit = run(*command); });
}

} // namespace dlc
