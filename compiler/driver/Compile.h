//===- Compile.h - From a model file to a library ---------------*- C++ -*-===//
#pragma once

#include "compiler/driver/Options.h"
#include "compiler/host/HostProgram.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace dlc {

/// What a compile wrote and how long each phase took.
struct CompileReport {
  struct Phase {
    std::string name;
    double seconds;
  };
  std::vector<Phase> phases;
  std::vector<std::string> files; ///< paths written, in order
  std::vector<std::string> inputs; ///< paths read: the model and its data
  std::string name;               ///< prefix of the exported symbols
  std::vector<std::string> copiedStates; ///< "function: state" where the next value is copied, not written in place
  int64_t kernels = 0, launches = 0, weightBytes = 0;
  HostProgram::Memory memory; ///< of the function that needs most
};

/// Exit codes of the tools, and what decides them.
enum class ExitCode { Ok = 0, Mismatch = 1, Usage = 2, Unsupported = 3, Internal = 4 };

/// A context with every dialect and interface that the compiler uses, one thread.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// Reads `path` (.onnx, or .mlir with dl functions) into a module. Mistakes are emitted as diagnostics of `context`.
/// `files`, if given, gets the paths of all files that were read.
mlir::OwningOpRef<mlir::ModuleOp> readModel(llvm::StringRef path, const CompileOptions &options,
                                            mlir::MLIRContext &context, std::vector<std::string> *files = nullptr);

/// Compiles `path` and writes the library (or the IR asked for by `emit`) under `options.outputFolder`. Everything is
/// written to temporary names and renamed at the end; on failure nothing is left. Mistakes are diagnostics of `context`.
mlir::FailureOr<CompileReport> compileModel(llvm::StringRef path, const CompileOptions &options,
                                            mlir::MLIRContext &context);

} // namespace dlc
