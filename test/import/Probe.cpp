//===- Probe.cpp - Imports one file, for the tests written in Python ------===//
//
//   import_probe [--dim N=4]... [--usage] MODEL
//
// Prints the module (with --usage: seconds of processor time and KiB of memory at most), or every mistake, and exits as
// a tool would.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codes.h"
#include "compiler/import/Onnx.h"
#include "dialects/dl/Dialect.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <ctime>

/// The memory is asked of the system here: what a parent's wait() tells includes the parent's own before the exec.
static void printUsage() {
  llvm::StringRef peak;
  auto status = llvm::MemoryBuffer::getFileAsStream("/proc/self/status");
  if (status)
    peak = (*status)->getBuffer().split("VmHWM:").second.split("kB").first.trim();
  llvm::outs() << llvm::format("%.3f ", static_cast<double>(std::clock()) / CLOCKS_PER_SEC) << peak << '\n';
}

int main(int argc, char **argv) {
  dlc::ImportOptions options;
  bool usage = false;
  std::string path;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument == "--usage") {
      usage = true;
    } else if (argument == "--dim" && i + 1 < argc) {
      auto [name, size] = llvm::StringRef(argv[++i]).split('=');
      if (size.getAsInteger(10, options.dims[name.str()]))
        return 2;
    } else {
      path = argument.str();
    }
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<dlc::dl::DlDialect>();
  int exitCode = 0;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    std::string text = diagnostic.str();
    std::optional<dlc::Code> code = dlc::codeOf(text);
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
      exitCode = std::max(exitCode, code ? dlc::exitCodeOf(*code) : 4);
    llvm::errs() << text << '\n';
    if (auto name = llvm::dyn_cast<mlir::NameLoc>(diagnostic.getLocation()))
      llvm::errs() << "  --> " << name.getName().getValue() << '\n';
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      llvm::errs() << "  | " << note.str() << '\n';
  });
  mlir::OwningOpRef<mlir::ModuleOp> module = dlc::importOnnx(path, options, context);
  if (usage)
    printUsage();
  if (!module)
    return exitCode ? exitCode : 4;
  if (mlir::failed(mlir::verify(*module)))
    return 4;
  if (!usage)
    module->print(llvm::outs());
  return 0;
}
