//===- CompileArguments.h - Options of all that compiles --------*- C++ -*-===//
#pragma once

#include "compiler/driver/Compile.h"
#include "tools/dlc/Library.h"
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace dlc {

class Outcome;

/// The model and the options that every subcommand which may compile has.
struct CompileArguments {
  std::string model;
  std::vector<std::string> dims, cpus;

  void addTo(CLI::App &command, const std::string &modelHelp);
  /// An error is a usage error.
  llvm::Expected<CompileOptions> toOptions() const;
};

/// A library that was compiled for this process only: its folder goes away with it.
struct LoadedModel {
  std::unique_ptr<Library> library;
  std::string folder; ///< empty when the library was there before

  LoadedModel() = default;
  LoadedModel(LoadedModel &&other) : library(std::move(other.library)), folder(std::exchange(other.folder, {})) {}
  ~LoadedModel();
};

/// Opens a .so; compiles anything else to a temporary folder first. On failure the outcome has been told, and `exit` is
/// the exit code.
std::optional<LoadedModel> loadModel(const CompileArguments &arguments, Outcome &outcome, int &exit);

} // namespace dlc
