//===- Diagnostics.h - Errors as the user sees them ------------*- C++ -*-===//
#pragma once

#include "compiler/driver/Compile.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace dlc {

/// One error or warning, taken apart: a Diagnostic's location and text do not outlive its handler.
struct Finding {
  mlir::DiagnosticSeverity severity;
  std::string code; ///< E0102, or empty
  ExitCode exit = ExitCode::Internal; ///< of a tool that fails with this error
  std::string message;
  std::string file, node;     ///< node: name of the ONNX node, empty when there is none
  int64_t index = -1;         ///< of the node in its graph
  int64_t line = 0, column = 0; ///< in a text file, from 1
  std::vector<std::string> notes;
};

Finding toFinding(mlir::Diagnostic &diagnostic);
/// error[E0102]: message, then `  --> file: node "name" (#142)` and one `  | ` line a note.
std::string textOf(const Finding &finding, bool color);
llvm::json::Value toJson(const Finding &finding);

/// Collects what a context reports while it lives. Printing waits until the end, so that a progress line is not torn and
/// `--json` can have them all.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext &context);
  ~DiagnosticCollector();

  /// Of a failed run: internal when an internal error was met or none at all, else usage before unsupported.
  ExitCode exitCode() const;
  const std::vector<Finding> &findings() const { return findings_; }
  /// To standard error, colour only at a terminal; at most `limit` errors, then how many more there are.
  void print(unsigned limit = 50) const;
  llvm::json::Array json() const;

private:
  mlir::MLIRContext &context_;
  mlir::DiagnosticEngine::HandlerID id_;
  std::vector<Finding> findings_;
};

} // namespace dlc
