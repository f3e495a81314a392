//===- Onnx.h - How dl ops say which ONNX nodes they are -------*- C++ -*-===//
//
// The importer knows protobuf and no op; an op family knows its ONNX forms and no protobuf. They meet here: the
// importer shows a node through NodeView and asks findOnnx() for the function that builds it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace dlc::dl {

/// One ONNX node, seen without protobuf. Values are the `dl` values of its inputs.
class NodeView {
public:
  virtual ~NodeView() = default;

  virtual llvm::StringRef opType() const = 0;
  virtual llvm::StringRef domain() const = 0; ///< "" is ai.onnx
  virtual int64_t opset() const = 0;          ///< version imported for domain()
  virtual unsigned numInputs() const = 0;     ///< trailing absent ones not counted
  virtual mlir::Value input(unsigned i) const = 0; ///< null when absent (empty name or beyond the end)
  virtual unsigned numOutputs() const = 0;         ///< trailing unused ones not counted
  virtual bool outputUsed(unsigned i) const = 0;   ///< false when the output's name is empty

  /// Attributes; nullopt when absent. One of the wrong type is reported by the importer before build() is called
  /// (the view then returns nullopt and hadError() is true).
  virtual std::optional<int64_t> getInt(llvm::StringRef name) const = 0;
  virtual std::optional<double> getFloat(llvm::StringRef name) const = 0;
  virtual std::optional<llvm::StringRef> getString(llvm::StringRef name) const = 0;
  virtual std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef name) const = 0;
  virtual std::optional<llvm::SmallVector<double>> getFloats(llvm::StringRef name) const = 0;
  virtual std::optional<llvm::SmallVector<llvm::StringRef>> getStrings(llvm::StringRef name) const = 0;
  /// A tensor attribute; data of more than 1 KiB is a DenseResourceElementsAttr over the mapped file.
  virtual mlir::ElementsAttr getTensor(llvm::StringRef name) const = 0;
  virtual bool hasAttr(llvm::StringRef name) const = 0;
  virtual llvm::SmallVector<llvm::StringRef> attrNames() const = 0;

  /// Graph attributes (If, Loop, Scan). Number of formal inputs, or nullopt when the attribute is absent.
  virtual std::optional<unsigned> graphInputs(llvm::StringRef name) const = 0;
  virtual unsigned graphOutputs(llvm::StringRef name) const = 0;
  /// Builds the body of graph attribute `name` at the builder's insertion point, with `arguments` for its formal
  /// inputs (outer names are visible), and appends its outputs. Errors are reported; failure is returned.
  virtual mlir::LogicalResult buildGraph(llvm::StringRef name, mlir::ValueRange arguments,
                                         llvm::SmallVectorImpl<mlir::Value> &outputs) = 0;

  virtual mlir::OpBuilder &builder() = 0;
  virtual mlir::Location loc() const = 0;
  /// Reports "OpType: message" at this node and returns failure.
  virtual mlir::LogicalResult error(const llvm::Twine &message) = 0;
};

/// Builds the node: appends one value per output (null for outputs that are not used). Result types need only be right
/// in element type; shapes are inferred by the op builders.
using OnnxBuild = llvm::function_ref<mlir::LogicalResult(NodeView &, llvm::SmallVectorImpl<mlir::Value> &)>;

struct OnnxForm {
  llvm::StringRef domain, name;
  int64_t since; ///< first opset version that this form reads; the newest form not newer than the model's opset is used
  mlir::LogicalResult (*build)(NodeView &, llvm::SmallVectorImpl<mlir::Value> &);
};

/// The form of (domain, name) for `opset`, or null: the op is not supported.
const OnnxForm *findOnnx(llvm::StringRef domain, llvm::StringRef name, int64_t opset);
/// All forms, sorted by domain, name, since: `dlc ops` prints them.
llvm::ArrayRef<OnnxForm> allOnnxForms();
/// Newest ai.onnx opset that the forms were written against; a model with a newer one is refused.
inline constexpr int64_t newestOpset = 28;

} // namespace dlc::dl
