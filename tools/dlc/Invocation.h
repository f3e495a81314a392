//===- Invocation.h - A function and what it is called with -----*- C++ -*-===//
#pragma once

#include "tools/dlc/CompileArguments.h"
#include "tools/dlc/TensorIO.h"
#include <map>

namespace dlc {

/// The options with which a subcommand calls one function of a model.
struct InvocationArguments {
  CompileArguments compile;
  std::vector<std::string> inputs;
  std::string function = "run";
  uint64_t seed = 0;
};

struct Invocation {
  LoadedModel loaded;
  int32_t index;
  std::map<std::string, int64_t> symbols;
  std::vector<HostTensor> inputs;

  const Library &library() const { return *loaded.library; }
  const LibraryFunction &function() const { return library().functions()[index]; }

  /// Opens the model and gathers its inputs. On failure the outcome has been told, and `exit` is the exit code.
  static std::optional<Invocation> prepare(const InvocationArguments &arguments, bool randomByDefault, Outcome &outcome,
                                           int &exit);
};

} // namespace dlc
