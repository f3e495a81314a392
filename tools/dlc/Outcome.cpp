//===- Outcome.cpp - What a subcommand says and returns ---------*- C++ -*-===//
#include "tools/dlc/Outcome.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace dlc {

int Outcome::done(ExitCode code) {
  if (json_) {
    fields["exit"] = static_cast<int>(code);
    if (!fields.get("diagnostics"))
      fields["diagnostics"] = json::Array();
    outs() << formatv("{0:2}\n", json::Value(std::move(fields)));
  }
  outs().flush();
  return static_cast<int>(code);
}

int Outcome::fail(ExitCode code, Error error) {
  Finding finding;
  finding.severity = mlir::DiagnosticSeverity::Error;
  finding.message = toString(std::move(error));
  if (json_)
    fields["diagnostics"] = json::Array{toJson(finding)};
  else
    errs() << textOf(finding, errs().is_displayed() && errs().has_colors());
  return done(code);
}

int Outcome::fail(const DiagnosticCollector &collector) {
  warn(collector);
  ExitCode code = collector.exitCode();
  if (!json_ && code == ExitCode::Internal)
    errs() << "this is a mistake of dlc, not of the model\n";
  return done(code);
}

void Outcome::warn(const DiagnosticCollector &collector) {
  if (json_)
    fields["diagnostics"] = collector.json();
  else
    collector.print();
}

std::string durationText(double seconds) {
  const char *unit = seconds < 1e-3 ? "us" : seconds < 1 ? "ms" : "s";
  double scale = seconds < 1e-3 ? 1e6 : seconds < 1 ? 1e3 : 1;
  return formatv("{0:F2} {1}", seconds * scale, unit).str();
}

ProgressLine::ProgressLine() : terminal_(errs().is_displayed()) {}

void ProgressLine::show(StringRef text) {
  if (!terminal_)
    return;
  errs() << "\r\033[K" << text;
  errs().flush();
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_)
    errs() << "\r\033[K";
  shown_ = false;
}

} // namespace dlc
