//===- Onnx.cpp - Map, scan, parse, validate, build -----------------------===//

#include "compiler/import/Onnx.h"
#include "compiler/import/Build.h"
#include "compiler/import/Scan.h"
#include "compiler/import/Validate.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Path.h"

namespace dlc {

using namespace importer;

mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, const ImportOptions &options,
                                             mlir::MLIRContext &context) {
  context.loadDialect<mlir::func::FuncDialect>();
  Report report(context, path);
  std::string why;
  std::shared_ptr<const MappedFile> file = MappedFile::open(path.str(), why);
  if (!file) {
    report.error(report.file(), Code::CannotRead, "cannot read " + quote(path) + ": " + why);
    return nullptr;
  }
  onnx::ModelProto model;
  {
    std::optional<std::string> skeleton = scanModel(file->bytes(), report);
    if (!skeleton || !parseSkeleton(*skeleton, model, report))
      return nullptr;
  }
  Functions functions(model);
  Weights weights(file, llvm::sys::path::parent_path(path), report);
  validate(model, functions, weights, report);
  if (options.files) {
    options.files->push_back(path.str());
    llvm::append_range(*options.files, weights.files());
  }
  if (report.any())
    return nullptr;
  ImportOptions named = options;
  if (named.name.empty())
    named.name = llvm::sys::path::stem(path).str();
  return GraphBuilder(model, functions, weights, report).build(named);
}

} // namespace dlc
