//===- Onnx.h - Reads ONNX models --------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include <map>
#include <string>
#include <vector>

namespace dlc {

struct ImportOptions {
  std::map<std::string, int64_t> dims; ///< fixes symbolic dimensions of the inputs: {"N", 4}
  std::string name;                    ///< of the module; empty: the file's name without its extension
  std::vector<std::string> *files = nullptr; ///< gets the paths of all files that were read
};

/// Reads the ONNX model at `path` into a module with one function:
///
///   func.func @run(%arg0: tensor<?x64xf32> {dl.name = "X", dl.dims = ["N", "64"]})
///       -> (tensor<?x10xf32> {dl.name = "Y"})
///
/// Its arguments are the graph inputs that have no initializer. `dl.dims` gives each dim's symbol, its size, or a name
/// made up for an unnamed unknown dim ("X_0"). Model-local functions are inlined. A location is
/// NameLoc(node name, FileLineColLoc(path, index of the top-level node, 0)). Data of more than 1 KiB is a
/// DenseResourceElementsAttr, one byte for a bool, whose blob points into the mapped file, with no alignment promised,
/// or is a copy where the file holds the numbers in another form. Replacing the blob gives the file's pages back. The
/// files must not shrink before the context is gone.
///
/// The whole file is validated before any IR is made. Every mistake is emitted as a diagnostic that starts with its
/// code (compiler/Codes.h); the result is then null. The dialects of the ONNX forms must be registered in `context`.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, const ImportOptions &options,
                                             mlir::MLIRContext &context);

} // namespace dlc
