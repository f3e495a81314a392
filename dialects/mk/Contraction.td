//===- Contraction.td - What the contractions of mk have in common ---------===//
#ifndef DLC_MK_CONTRACTION_TD
#define DLC_MK_CONTRACTION_TD

include "mlir/IR/OpBase.td"

def Mk_ContractionInterface : OpInterface<"ContractionOp"> {
  let cppNamespace = "::dlc::mk";
  let description = [{
    acc[b, m, n] = sum over k of some element of the left operand, which depends on b, m and k, and one of the packed
    right operand; out = payload(acc, extras...). Domain: (b..., m, n, k).
  }];
  let methods = [
    InterfaceMethod<"The packed right operand, [b..., ceil(N / W), K, W].", "::mlir::Value", "getRhs", (ins)>,
    InterfaceMethod<"What the payload reads.", "::mlir::OperandRange", "getExtras", (ins)>,
    InterfaceMethod<"Where the result is written.", "::mlir::Value", "getInit", (ins)>,
    InterfaceMethod<"From the domain to indices of rhs.", "::mlir::AffineMap", "getRhsMap", (ins)>,
    InterfaceMethod<"From the domain to indices of an extra.", "::mlir::AffineMap", "getExtraMap", (ins "unsigned":$i)>,
    InterfaceMethod<"From the domain to indices of init.", "::mlir::AffineMap", "getOutMap", (ins)>,
    InterfaceMethod<"Takes the accumulator and the extras' elements.", "::mlir::Region &", "getPayload", (ins)>,
    InterfaceMethod<"How the left operand's integers are extended.", "bool", "getUnsignedLhs", (ins)>,
    InterfaceMethod<"How the right operand's integers are extended.", "bool", "getUnsignedRhs", (ins)>,
    InterfaceMethod<"The domain's extents.", "::llvm::SmallVector<::mlir::OpFoldResult>", "getDomainExtents",
      (ins "::mlir::OpBuilder &":$b)>
  ];
  let extraSharedClassDeclaration = [{
    /// Number of batch dims; the domain has three more: m, n, k.
    unsigned getBatchRank() { return $_op.getOutMap().getNumDims() - 3; }
    unsigned getMDim() { return getBatchRank(); }
    unsigned getNDim() { return getBatchRank() + 1; }
    unsigned getKDim() { return getBatchRank() + 2; }

    /// W, the columns of a panel.
    int64_t getPanelColumns() { return ::llvm::cast<::mlir::ShapedType>($_op.getRhs().getType()).getShape().back(); }
    ::mlir::Type getAccumulatorType() { return $_op.getPayload().getArgument(0).getType(); }
  }];
}

#endif // DLC_MK_CONTRACTION_TD
