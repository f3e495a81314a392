//===- NodeOfInputs.h - A node with other inputs ----------------*- C++ -*-===//
#pragma once

#include "dialects/dl/ops/Forms.h"

namespace dlc::dl {

/// `node` as if its inputs were `inputs`: for a form that is another's but for them. Attributes, outputs and mistakes are
/// the node's own.
class NodeOfInputs final : public NodeView {
public:
  NodeOfInputs(NodeView &node, llvm::ArrayRef<Tensor> inputs) : node(node) {
    for (const Tensor &t : inputs)
      values.push_back(t.value());
    while (!values.empty() && !values.back())
      values.pop_back();
  }

  unsigned numInputs() const override { return values.size(); }
  mlir::Value input(unsigned i) const override { return i < values.size() ? values[i] : mlir::Value(); }

  llvm::StringRef opType() const override { return node.opType(); }
  llvm::StringRef domain() const override { return node.domain(); }
  int64_t opset() const override { return node.opset(); }
  unsigned numOutputs() const override { return node.numOutputs(); }
  bool outputUsed(unsigned i) const override { return node.outputUsed(i); }
  std::optional<int64_t> getInt(llvm::StringRef name) const override { return node.getInt(name); }
  std::optional<double> getFloat(llvm::StringRef name) const override { return node.getFloat(name); }
  std::optional<llvm::StringRef> getString(llvm::StringRef name) const override { return node.getString(name); }
  std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef name) const override { return node.getInts(name); }
  std::optional<llvm::SmallVector<double>> getFloats(llvm::StringRef name) const override { return node.getFloats(name); }
  std::optional<llvm::SmallVector<llvm::StringRef>> getStrings(llvm::StringRef name) const override {
    return node.getStrings(name);
  }
  mlir::ElementsAttr getTensor(llvm::StringRef name) const override { return node.getTensor(name); }
  bool hasAttr(llvm::StringRef name) const override { return node.hasAttr(name); }
  llvm::SmallVector<llvm::StringRef> attrNames() const override { return node.attrNames(); }
  std::optional<unsigned> graphInputs(llvm::StringRef name) const override { return node.graphInputs(name); }
  unsigned graphOutputs(llvm::StringRef name) const override { return node.graphOutputs(name); }
  mlir::LogicalResult buildGraph(llvm::StringRef name, mlir::ValueRange arguments,
                                 llvm::SmallVectorImpl<mlir::Value> &outputs) override {
    return node.buildGraph(name, arguments, outputs);
  }
  mlir::OpBuilder &builder() override { return node.builder(); }
  mlir::Location loc() const override { return node.loc(); }
  mlir::LogicalResult error(const llvm::Twine &message) override { return node.error(message); }

private:
  NodeView &node;
  llvm::SmallVector<mlir::Value> values;
};

} // namespace dlc::dl
