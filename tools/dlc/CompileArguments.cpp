//===- CompileArguments.cpp - Options of all that compiles ------*- C++ -*-===//
#include "tools/dlc/CompileArguments.h"

#include "tools/dlc/Inputs.h"
#include "tools/dlc/Outcome.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include <CLI/CLI.hpp>

using namespace llvm;

namespace dlc {

void CompileArguments::addTo(CLI::App &command, const std::string &modelHelp) {
  command.add_option("model", model, modelHelp)->required();
  command.add_option("--dim", dims, "Give a symbolic dimension a size, e.g. N=4")->expected(1)->take_all();
  command.add_option("--cpu", cpus, "CPU variants to compile for, e.g. x86-64-v4,x86-64-v3 (default: native)")
      ->delimiter(',')
      ->expected(1)
      ->take_all();
}

Expected<CompileOptions> CompileArguments::toOptions() const {
  CompileOptions options;
  Expected<std::map<std::string, int64_t>> sizes = parseDims(dims);
  if (!sizes)
    return sizes.takeError();
  options.dims = std::move(*sizes);
  if (!cpus.empty())
    options.cpus = cpus;
  return options;
}

LoadedModel::~LoadedModel() {
  library.reset();
  if (!folder.empty())
    sys::fs::remove_directories(folder);
}

std::optional<LoadedModel> loadModel(const CompileArguments &arguments, Outcome &outcome, int &exit) {
  LoadedModel loaded;
  std::string path = arguments.model;
  if (!StringRef(path).ends_with(".so")) {
    Expected<CompileOptions> options = arguments.toOptions();
    if (!options) {
      exit = outcome.fail(ExitCode::Usage, options.takeError());
      return std::nullopt;
    }
    SmallString<128> folder;
    if (std::error_code ec = sys::fs::createUniqueDirectory("dlc", folder)) {
      exit = outcome.fail(ExitCode::Usage, createStringError("no temporary folder: " + ec.message()));
      return std::nullopt;
    }
    loaded.folder = options->outputFolder = folder.str().str();
    ProgressLine progress;
    options->progress = [&](const std::string &phase) { progress.show(path + ": " + phase); };
    std::unique_ptr<mlir::MLIRContext> context = makeContext();
    DiagnosticCollector collector(*context);
    mlir::FailureOr<CompileReport> report = compileModel(path, *options, *context);
    progress.clear();
    if (failed(report)) {
      exit = outcome.fail(collector);
      return std::nullopt;
    }
    path = *find_if(report->files, [](StringRef file) { return file.ends_with(".so"); });
  }
  Expected<std::unique_ptr<Library>> library = Library::open(path);
  if (!library) {
    exit = outcome.fail(ExitCode::Usage, library.takeError());
    return std::nullopt;
  }
  loaded.library = std::move(*library);
  return loaded;
}

} // namespace dlc
