//===- Signature.h - The inputs of a model as function arguments -*- C++ -*-===//
#pragma once

#include "compiler/import/Onnx.h"
#include "compiler/import/Report.h"
#include "mlir/IR/BuiltinTypes.h"

namespace onnx {
class GraphProto;
}

namespace dlc::importer {

/// One argument: its type, and what each dim is called (a symbol, a size, or a made-up name).
struct Argument {
  std::string name;
  mlir::RankedTensorType type;
  llvm::SmallVector<std::string> dims;
};

/// The inputs of a validated graph that have no initializer, with the dims of `options` fixed. Reports options that
/// name no symbol.
llvm::SmallVector<Argument> readSignature(const onnx::GraphProto &graph, const ImportOptions &options, Report &report);

} // namespace dlc::importer
