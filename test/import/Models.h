//===- Models.h - ONNX models made in memory, for the importer's tests ----===//
#pragma once

#include "compiler/import/Onnx.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <filesystem>
#include <memory>
#include <vector>

namespace dlc::test {

/// A model of opset 21 and IR version 10 with an empty graph.
onnx::ModelProto makeModel();
/// dims: decimal numbers, symbols, or "" for an unknown dim.
onnx::ValueInfoProto makeValue(llvm::StringRef name, std::vector<std::string> dims,
                               int dtype = onnx::TensorProto::FLOAT);
onnx::NodeProto &addNode(google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, llvm::StringRef op,
                         std::vector<std::string> inputs, std::vector<std::string> outputs, llvm::StringRef name = "");
/// An f32 tensor with raw data 0, 1, 2, ...
onnx::TensorProto makeTensor(llvm::StringRef name, std::vector<int64_t> dims);
onnx::AttributeProto &addInt(onnx::NodeProto &node, llvm::StringRef name, int64_t value);
onnx::AttributeProto &addGraph(onnx::NodeProto &node, llvm::StringRef name);

/// Y = Add(X, B) with X f32[N,4] and the initializer B f32[4].
onnx::ModelProto makeAddModel();
/// A valid model with some of everything: functions, graph attributes, all kinds of attributes and tensors.
onnx::ModelProto makeRichModel();

/// A folder that goes away with the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string file(const std::string &name) const { return (path / name).string(); }
  std::filesystem::path path;
};

struct Imported {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<std::string> errors; ///< "text | note | note", each with its code
  std::vector<std::string> places; ///< "node name (#index)" or "" for each error
  std::string text;                ///< the module, printed

  bool has(llvm::StringRef part) const;
  /// All errors, a line each.
  std::string all() const;
};

/// Loads what the forms need: nothing for the tests' own (Forms.cpp), the dl dialect for the real ones (DlForms.cpp).
void loadFormDialects(mlir::MLIRContext &context);

Imported importBytes(llvm::StringRef bytes, const ImportOptions &options = {});
Imported importModel(const onnx::ModelProto &model, const ImportOptions &options = {});
Imported importFile(const std::string &path, const ImportOptions &options = {});

} // namespace dlc::test
