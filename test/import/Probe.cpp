//===- Probe.cpp - Imports one file, for the tests written in Python ------===//
//
//   import_probe [--dim N=4]... [--quiet] MODEL
//
// Prints the module, or every mistake as "E0102 node: text", and exits as a tool would.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codes.h"
#include "compiler/import/Onnx.h"
#include "dialects/dl/Dialect.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  dlc::ImportOptions options;
  bool quiet = false;
  std::string path;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument == "--quiet") {
      quiet = true;
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
  if (!module)
    return exitCode ? exitCode : 4;
  if (mlir::failed(mlir::verify(*module)))
    return 4;
  if (!quiet)
    module->print(llvm::outs());
  return 0;
}
