//===- Outcome.h - What a subcommand says and returns -----------*- C++ -*-===//
#pragma once

#include "tools/dlc/Diagnostics.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace dlc {

/// With --json everything a subcommand has to say is one object on standard output, whether it succeeds or not:
/// its own fields, "exit" and "diagnostics". Without, results go to standard output as text, errors to standard error.
class Outcome {
public:
  explicit Outcome(bool json) : json_(json) {}

  bool json() const { return json_; }
  llvm::json::Object fields;

  /// Each returns the process's exit code.
  int done(ExitCode code = ExitCode::Ok);
  int fail(ExitCode code, llvm::Error error);
  int fail(const DiagnosticCollector &collector);
  /// Warnings of a run that succeeded.
  void warn(const DiagnosticCollector &collector);

private:
  bool json_;
};

/// "3.40 ms".
std::string durationText(double seconds);

/// Shows the name of the running phase on one line of standard error, if that is a terminal; it goes away at the end.
class ProgressLine {
public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  void show(llvm::StringRef text);
  void clear();

private:
  bool terminal_, shown_ = false;
};

} // namespace dlc
