//===- Diagnostics.cpp - Errors as the user sees them -----------*- C++ -*-===//
#include "tools/dlc/Diagnostics.h"
#include "compiler/Codes.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;

namespace dlc {

/// Fills in what `location` knows; an inner name wins over an outer one. False when it knows nothing.
static bool locate(Location location, Finding &finding) {
  if (auto file = dyn_cast<FileLineColLoc>(location)) {
    finding.file = file.getFilename().str();
    finding.line = file.getLine();
    finding.column = file.getColumn();
    return true;
  }
  if (auto name = dyn_cast<NameLoc>(location)) {
    locate(name.getChildLoc(), finding);
    if (finding.node.empty())
      finding.node = name.getName().str();
    return true;
  }
  if (auto fused = dyn_cast<FusedLoc>(location))
    return any_of(fused.getLocations(), [&](Location l) { return locate(l, finding); });
  if (auto call = dyn_cast<CallSiteLoc>(location)) {
    if (!locate(call.getCallee(), finding))
      return locate(call.getCaller(), finding);
    Finding caller;
    if (locate(call.getCaller(), caller) && !caller.node.empty())
      finding.notes.push_back("in the function called by node \"" + caller.node + "\"");
    return true;
  }
  return false;
}

/// Cuts the code off the message. Without one the words decide: MLIR's own verifiers know no codes.
static void classify(Finding &finding, bool located) {
  if (std::optional<Code> code = codeOf(finding.message)) {
    finding.code = finding.message.substr(1, 5);
    finding.message.erase(0, prefixOf(*code).size());
    finding.exit = static_cast<ExitCode>(exitCodeOf(*code));
    return;
  }
  // What an op says once its dims are known: the location names the node, and the user wrote no MLIR.
  if (StringRef(finding.message).starts_with("'dl.") && !finding.node.empty()) {
    finding.message = StringRef(finding.message).split("' op ").second.str();
    finding.code = prefixOf(Code::BadNode).substr(1, 5);
  }
  StringRef text = finding.message;
  if (text.contains_insensitive("not supported") || text.contains_insensitive("unsupported"))
    finding.exit = ExitCode::Unsupported;
  else
    finding.exit = located ? ExitCode::Usage : ExitCode::Internal;
}

Finding toFinding(Diagnostic &diagnostic) {
  Finding finding;
  finding.severity = diagnostic.getSeverity();
  finding.message = diagnostic.str();
  bool located = locate(diagnostic.getLocation(), finding);
  if (!finding.node.empty() && !finding.file.empty()) {
    finding.index = finding.line;
    finding.line = finding.column = 0;
  }
  classify(finding, located);
  for (Diagnostic &note : diagnostic.getNotes()) {
    std::string text = note.str();
    // MLIR adds the op at fault in its own words; the user wrote no MLIR.
    if (!StringRef(text).starts_with("see current operation"))
      finding.notes.push_back(std::move(text));
  }
  return finding;
}

static StringRef severityText(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error: return "error";
  case DiagnosticSeverity::Warning: return "warning";
  default: return "note";
  }
}

std::string textOf(const Finding &f, bool color) {
  bool error = f.severity == DiagnosticSeverity::Error;
  auto painted = [&](StringRef text, StringRef escape) {
    return color ? (escape + text + "\033[0m").str() : text.str();
  };
  std::string head = severityText(f.severity).str();
  if (!f.code.empty())
    head += "[" + f.code + "]";
  std::string out = painted(head, error ? "\033[1;31m" : "\033[1;35m") + ": " + painted(f.message, "\033[1m") + "\n";
  std::string place = f.file;
  if (!f.node.empty()) {
    place += (place.empty() ? "node \"" : ": node \"") + f.node + "\"";
    if (f.index >= 0)
      place += " (#" + std::to_string(f.index) + ")";
  } else if (f.line > 0) {
    place += ":" + std::to_string(f.line) + ":" + std::to_string(f.column);
  }
  if (!place.empty())
    out += painted("  --> ", "\033[34m") + place + "\n";
  for (StringRef note : f.notes)
    for (StringRef line : split(note.rtrim(), '\n'))
      out += painted("  | ", "\033[34m") + line.str() + "\n";
  return out;
}

json::Value toJson(const Finding &f) {
  json::Object object{{"severity", severityText(f.severity)}, {"message", f.message}};
  if (!f.code.empty())
    object["code"] = f.code;
  if (!f.file.empty())
    object["file"] = f.file;
  if (!f.node.empty())
    object["node"] = f.node;
  if (f.index >= 0)
    object["index"] = f.index;
  if (f.line > 0) {
    object["line"] = f.line;
    object["column"] = f.column;
  }
  if (!f.notes.empty())
    object["notes"] = json::Array(f.notes);
  return object;
}

DiagnosticCollector::DiagnosticCollector(MLIRContext &context) : context_(context) {
  id_ = context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Remark)
      findings_.push_back(toFinding(diagnostic));
    return success();
  });
}

DiagnosticCollector::~DiagnosticCollector() { context_.getDiagEngine().eraseHandler(id_); }

ExitCode DiagnosticCollector::exitCode() const {
  bool usage = false, unsupported = false, internal = false;
  for (const Finding &f : findings_)
    if (f.severity == DiagnosticSeverity::Error) {
      usage |= f.exit == ExitCode::Usage;
      unsupported |= f.exit == ExitCode::Unsupported;
      internal |= f.exit == ExitCode::Internal;
    }
  return internal ? ExitCode::Internal
                  : usage ? ExitCode::Usage : unsupported ? ExitCode::Unsupported : ExitCode::Internal;
}

void DiagnosticCollector::print(unsigned limit) const {
  bool color = errs().is_displayed() && errs().has_colors();
  unsigned shown = 0;
  for (const Finding &f : findings_)
    if (shown++ < limit)
      errs() << textOf(f, color);
  if (shown > limit)
    errs() << shown - limit << " more are not shown\n";
}

json::Array DiagnosticCollector::json() const {
  json::Array all;
  for (const Finding &f : findings_)
    all.push_back(toJson(f));
  return all;
}

} // namespace dlc
