//===- Forms.h - Writing ONNX forms ------------------------------*- C++ -*-===//
//
// What the families share when they say which ONNX nodes they build. Each family appends its forms; Onnx.cpp collects them.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Dialect.h"
#include "dialects/dl/Onnx.h"

namespace dlc::dl {

using Values = llvm::SmallVectorImpl<mlir::Value>;

/// Input `i` as a Tensor; false when absent.
inline Tensor inputOf(NodeView &n, unsigned i) {
  mlir::Value v = n.input(i);
  return v ? Tensor(n.builder(), n.loc(), v) : Tensor();
}
/// Appends the result of a form of one output; failure when building it failed.
inline mlir::LogicalResult give(Values &results, Tensor t) {
  results.push_back(t ? t.value() : mlir::Value());
  return mlir::success(static_cast<bool>(t));
}
inline mlir::NamedAttribute intAttr(Tensor t, llvm::StringRef name, int64_t v) {
  return t.builder().getNamedAttr(name, t.builder().getI64IntegerAttr(v));
}
inline mlir::NamedAttribute intsAttr(Tensor t, llvm::StringRef name, llvm::ArrayRef<int64_t> v) {
  return t.builder().getNamedAttr(name, t.builder().getDenseI64ArrayAttr(v));
}
inline mlir::NamedAttribute textAttr(Tensor t, llvm::StringRef name, llvm::StringRef v) {
  return t.builder().getNamedAttr(name, t.builder().getStringAttr(v));
}
inline mlir::NamedAttribute flag(Tensor t, llvm::StringRef name) {
  return t.builder().getNamedAttr(name, t.builder().getUnitAttr());
}
/// Reports unless the number of inputs is in [least, most], with none of the first `least` absent.
mlir::LogicalResult expectInputs(NodeView &n, unsigned least, unsigned most);
/// Reports that `what` is legal but not supported (exit code 3 of the tools).
mlir::LogicalResult unsupported(NodeView &n, const llvm::Twine &what);
/// Whether all elements of a small integer tensor are known now.
bool isConstant(mlir::Value v);
/// The integers of attribute `name`, or of the constant input `i`; nullopt when neither is there. An input that is not
/// constant is reported.
mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> intsFrom(NodeView &n, llvm::StringRef name, int input);
/// Attribute `name` as an axis, else `fallback`.
mlir::FailureOr<int64_t> axisFrom(NodeView &n, llvm::StringRef name, int64_t fallback, int64_t rank);
/// `axis` counted from 0, or a report when out of [-rank, rank).
mlir::FailureOr<int64_t> axisIn(NodeView &n, int64_t axis, int64_t rank);
/// The dl element type of an ONNX data type number; null (reported) when not supported.
mlir::Type elementTypeOf(NodeView &n, int64_t onnxType);
/// `combine` attributes: element `x` folded into `a`.
template <class T> T combined(llvm::StringRef how, T a, T x) {
  return how == "add" ? a + x : how == "mul" ? a * x : how == "min" ? minimum(a, x) : how == "max" ? maximum(a, x) : x;
}
/// Reports when the operands' element types differ.
mlir::LogicalResult expectSameTypes(NodeView &n, unsigned from, unsigned to);

/// The attributes of op `name` that the node sets, converted by the kind of the default.
mlir::FailureOr<llvm::SmallVector<mlir::NamedAttribute>>
sameNamedAttributes(NodeView &n, llvm::ArrayRef<llvm::StringRef> names);
mlir::LogicalResult buildOp(NodeView &n, llvm::StringRef name, unsigned operands,
                            llvm::ArrayRef<llvm::StringRef> attributes, bool sameTypes, Values &results);

/// Operands and attributes are called as the node's.
template <class Op> mlir::LogicalResult buildSameNamed(NodeView &n, Values &results) {
  constexpr unsigned operands = Op::template hasTrait<mlir::OpTrait::OneOperand>() ? 1
                                : Op::template hasTrait<mlir::OpTrait::NOperands<2>::Impl>() ? 2
                                                                                             : 3;
  return buildOp(n, Op::getOperationName(), operands, Op::getAttributeNames(), operands == 2, results);
}

void appendAttentionForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendConstantForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendContractForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendConvForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendControlForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendEinsumForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendFourierForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendFormulaForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendGenerateForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendIndexForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendLayoutForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendLinearAttentionForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendLossForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendNormalizeForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendOptimizerForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendOrderForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendOverlapAddForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendPointwiseForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendPoolForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendQuantizeForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendRandomForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendReduceForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendResizeForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendRecurrentForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendScanForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendScatterForms(llvm::SmallVectorImpl<OnnxForm> &forms);
void appendVisionForms(llvm::SmallVectorImpl<OnnxForm> &forms);

/// Operand `y` of a node older than opset 7 with dims that broadcast to those of `x` as numpy does; null, reported, where
/// its attributes `broadcast` and `axis` do not allow that.
Tensor broadcastFromAxis(NodeView &n, Tensor x, Tensor y);

/// `x` as elements of `to`. Attributes of the node say how the floats of a byte round: `saturate`, `round_mode`.
Tensor castAsOnnx(NodeView &n, Tensor x, mlir::Type to);

/// Col2Im by putting each element at its place, one by one: for any number of dims, which may be computed.
mlir::LogicalResult buildComputedCol2Im(NodeView &n, Values &results);

/// Contents of pointwise results over integer operands whose contents are known.
mlir::LogicalResult inferPointwiseContents(mlir::Operation *op, Inference &shapes, llvm::ArrayRef<mlir::AffineExpr> dims);
/// Requires of a dim of `size` that elements of `result` are chosen from that there is one, unless there are no results
/// either, even where the place is wrong and the error comes later.
mlir::LogicalResult requirePlaces(mlir::Operation *op, Inference &shapes, mlir::AffineExpr size,
                                  llvm::ArrayRef<mlir::AffineExpr> result);
/// Requires dims of indices to be within those of data, `axis` aside.
mlir::LogicalResult requireWithin(mlir::Operation *op, Inference &shapes, const Dims &indices, const Dims &data, int64_t axis);
mlir::LogicalResult inferReduction(mlir::Operation *op, llvm::ArrayRef<int64_t> axes, Inference &shapes);

} // namespace dlc::dl
