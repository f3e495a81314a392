//===- Node.h - A NodeProto as the op families see it ------------*- C++ -*-===//
//
// Included by the .cpp files of this folder only: it brings in protobuf.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/import/Build.h"
#include "dialects/dl/Onnx.h"
#include "llvm/ADT/MapVector.h"

namespace dlc::importer {

class Node final : public dl::NodeView {
public:
  Node(GraphBuilder &graph, const onnx::NodeProto &node, unsigned index, Scope &scope);

  /// Has the op's form build the node: one value per output of the node, null where it is not used. On failure
  /// everything has been reported.
  bool build(llvm::SmallVectorImpl<mlir::Value> &results);

  llvm::StringRef opType() const override { return node_.op_type(); }
  llvm::StringRef domain() const override { return domainOf(node_.domain()); }
  int64_t opset() const override { return scope_.frame->opsets.lookup(domain()); }
  unsigned numInputs() const override { return inputs_.size(); }
  mlir::Value input(unsigned i) const override { return i < inputs_.size() ? inputs_[i].value : mlir::Value(); }
  unsigned numOutputs() const override { return numOutputs_; }
  bool outputUsed(unsigned i) const override { return i < numOutputs_ && !node_.output(i).empty(); }

  std::optional<int64_t> getInt(llvm::StringRef name) const override;
  std::optional<double> getFloat(llvm::StringRef name) const override;
  std::optional<llvm::StringRef> getString(llvm::StringRef name) const override;
  std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef name) const override;
  std::optional<llvm::SmallVector<double>> getFloats(llvm::StringRef name) const override;
  std::optional<llvm::SmallVector<llvm::StringRef>> getStrings(llvm::StringRef name) const override;
  mlir::ElementsAttr getTensor(llvm::StringRef name) const override;
  bool hasAttr(llvm::StringRef name) const override { return attribute(name).proto; }
  llvm::SmallVector<llvm::StringRef> attrNames() const override;

  std::optional<unsigned> graphInputs(llvm::StringRef name) const override;
  unsigned graphOutputs(llvm::StringRef name) const override;
  mlir::LogicalResult buildGraph(llvm::StringRef name, mlir::ValueRange arguments,
                                 llvm::SmallVectorImpl<mlir::Value> &outputs) override;

  mlir::OpBuilder &builder() override { return graph_.builder(); }
  mlir::Location loc() const override { return loc_; }
  mlir::LogicalResult error(const llvm::Twine &message) override;

private:
  struct Mistake {
    std::string text;
    std::vector<std::string> notes;
  };
  NodeAttribute attribute(llvm::StringRef name) const;
  /// The attribute if it has type `type` (an AttributeProto.AttributeType); otherwise notes what was expected.
  const onnx::AttributeProto *expect(llvm::StringRef name, int type) const;
  void collect(mlir::Diagnostic &diagnostic);
  bool checkResults(llvm::SmallVectorImpl<mlir::Value> &results);
  /// Reports what was collected; true when that was anything.
  bool report(bool built);
  std::vector<std::string> describeInputs() const;

  GraphBuilder &graph_;
  const onnx::NodeProto &node_;
  Scope &scope_;
  std::string label_;
  unsigned index_;
  mlir::Location loc_;
  llvm::SmallVector<Named, 4> inputs_;
  unsigned numOutputs_;
  llvm::SmallVector<std::pair<llvm::StringRef, NodeAttribute>> attributes_;
  /// What was asked of attributes that have another type. A form may ask for several types in turn, so this is a
  /// mistake only if no question fits in the end.
  mutable llvm::MapVector<llvm::StringRef, llvm::SmallVector<int, 2>> misfits_;
  mutable llvm::SmallVector<llvm::StringRef> answered_;
  std::vector<Mistake> mistakes_;
  bool hasReportedFailure_ = false; ///< of a node inside a graph attribute, or of one that it needs
};

} // namespace dlc::importer
