//===- Build.h - From a validated model to dl ops ----------------*- C++ -*-===//
//
// Included by the .cpp files of this folder only: it brings in protobuf.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/import/Functions.h"
#include "compiler/import/Model.h"
#include "compiler/import/Onnx.h"
#include "compiler/import/Weights.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc::importer {

struct Scope;

/// An attribute as a node sees it: inside a function it may be the caller's, whose graphs see the caller's names.
struct NodeAttribute {
  const onnx::AttributeProto *proto = nullptr;
  Scope *scope = nullptr;
};

/// What is the same for all nodes of the main graph, or of one call of a function.
struct Frame {
  Opsets opsets;
  const onnx::FunctionProto *function = nullptr; ///< null in the main graph
  llvm::StringMap<NodeAttribute> attributes;     ///< that the call passes, or the function's defaults
};

/// What a name stands for.
struct Named {
  mlir::Value value; ///< null: an initializer not used yet, an absent input, or failed
  const onnx::TensorProto *initializer = nullptr;
  mlir::ArrayAttr dims; ///< of an argument of the function
  bool failed = false;  ///< its node is wrong, and that has been said
};

/// The names of one graph or function body, and where it is being built.
struct Scope {
  Scope *outer = nullptr; ///< of the graph around; null in a function's body, which sees only its inputs
  const Frame *frame = nullptr;
  Place place;
  mlir::Block *block = nullptr;
  mlir::Operation *lastConstant = nullptr; ///< in `block`; new ones go behind it, null: to the start
  llvm::DenseMap<llvm::StringRef, Named> names = llvm::DenseMap<llvm::StringRef, Named>();
};

class GraphBuilder {
public:
  GraphBuilder(const onnx::ModelProto &model, const Functions &functions, Weights &weights, Report &report)
      : model_(model), functions_(functions), weights_(weights), report_(report), builder_(&report.context()) {}

  /// The module; null after reported mistakes.
  mlir::OwningOpRef<mlir::ModuleOp> build(const ImportOptions &options);

  /// Builds the nodes of a subgraph at the insertion point. Failure may have been reported before this call, of a node
  /// that it depends on.
  mlir::LogicalResult buildSubgraph(const onnx::GraphProto &graph, Scope &outer, Place place,
                                    mlir::ValueRange arguments, llvm::SmallVectorImpl<mlir::Value> &outputs);

  /// What `name` stands for, its constant made if it is an initializer's; null when no scope has it.
  Named *lookup(Scope &scope, llvm::StringRef name);
  /// The attributes of `node`, references resolved, with those that the call leaves out left out.
  llvm::SmallVector<std::pair<llvm::StringRef, NodeAttribute>> attributesOf(const onnx::NodeProto &node, Scope &scope,
                                                                            mlir::Location loc);

  mlir::OpBuilder &builder() { return builder_; }
  Weights &weights() { return weights_; }
  Report &report() { return report_; }

private:
  void buildNodes(const Nodes &nodes, Scope &scope);
  /// Counts one more node; false, reported once, when a limit is exceeded.
  bool countNode(mlir::Location loc);
  bool buildNode(const onnx::NodeProto &node, unsigned index, Scope &scope);
  bool call(const onnx::FunctionProto &function, const onnx::NodeProto &node, unsigned index, Scope &scope);
  void bindInitializers(const onnx::GraphProto &graph, Scope &scope);
  Opsets opsetsOf(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) const;
  void bindResults(const onnx::GraphProto &graph, Scope &scope, mlir::Operation *function);

  const onnx::ModelProto &model_;
  const Functions &functions_;
  Weights &weights_;
  Report &report_;
  mlir::OpBuilder builder_;
  // Functions::check() has counted; but a graph passed to a function can be built more often than it is written.
  uint64_t nodes_ = 0;
  int64_t depth_ = 0;
  bool isTooLarge_ = false;
};

} // namespace dlc::importer
