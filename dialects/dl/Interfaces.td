//===- Interfaces.td - What passes may ask of a dl op ---------------------===//
#ifndef DLC_DL_INTERFACES_TD
#define DLC_DL_INTERFACES_TD

include "mlir/IR/OpBase.td"

/// Every dl op on tensors: its shape rule, its reference meaning and its lowering.
def Dl_OpInterface : OpInterface<"DlOp"> {
  let cppNamespace = "::dlc::dl";
  let description = "An op of the graph phase.";
  let methods = [
    InterfaceMethod<[{
      The one shape rule: reads operand element types, dims and (for small integer tensors) contents from `shapes` and
      sets them for each result. Serves building, symbolic analysis and evaluation. Reports a mistake on the op.
    }], "::mlir::LogicalResult", "infer", (ins "::dlc::dl::Inference &":$shapes)>,
    InterfaceMethod<[{
      Reference meaning: fills `results`, whose types and dims the shape rule has set, from `operands`.
      Reports and fails for a bad value (an index out of range) or when the op has none.
    }], "::mlir::LogicalResult", "evaluate",
      (ins "::llvm::ArrayRef<const ::dlc::dl::Array *>":$operands, "::llvm::MutableArrayRef<::dlc::dl::Array>":$results),
      [{}], [{ return ::dlc::dl::evaluateByInterface($_op, operands, results); }]>,
    InterfaceMethod<[{
      Emits the op as linalg, tensor, mk ops inside a kernel function; `lowering` has the lowered operands and the
      dims of the results.
    }], "::mlir::LogicalResult", "lower", (ins "::dlc::dl::Lowering &":$lowering),
      [{}], [{ return ::dlc::dl::lowerByInterface($_op, lowering); }]>,
    InterfaceMethod<"Whether only the shape rule looks at that operand's elements, never the compiled code.", "bool",
      "onlyShapes", (ins "unsigned":$operand), [{}], [{ return false; }]>,
    InterfaceMethod<[{
      Folds large constants byte by byte instead of through `evaluate`: the result's attribute, or null when the op
      does not know how.
    }], "::mlir::ElementsAttr", "foldBytes", (ins "::llvm::ArrayRef<::mlir::ElementsAttr>":$operands), [{}],
      [{ return {}; }]>,
    InterfaceMethod<[{
      The op before a transpose of its operands (see Permute.h): builds it on their sources and says which transpose of
      what it built is its result. False when the two do not change places, or not without another transpose.
    }], "::dlc::dl::Permuted", "beforeTranspose", (ins "::dlc::dl::BeforeTranspose &":$operands), [{}],
      [{ return ::dlc::dl::beforeTransposeByInterface($_op, operands); }]>,
    InterfaceMethod<"How kernels may be formed around the op.", "::dlc::dl::Fusion", "fusion", (ins), [{}],
      [{ return ::dlc::dl::fusionByInterface($_op); }]>,
    InterfaceMethod<[{
      How many operations on numbers it does, as factors to multiply: one for each element of a pointwise op's result and of
      what a reduction folds, two for a multiply-add. {0} where its work is to move elements.
    }], "::dlc::dl::Dims", "flops", (ins "::dlc::dl::Inference &":$shapes), [{}],
      [{ return ::dlc::dl::flopsByInterface($_op, shapes); }]>
  ];
}

/// One formula, three meanings; see Dl_Pointwise.
def Dl_PointwiseInterface : OpInterface<"PointwiseOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"The formula in a kernel body.", "::dlc::dl::Scalar", "emitScalar",
      (ins "::llvm::ArrayRef<::dlc::dl::Scalar>":$operands)>,
    InterfaceMethod<"The formula as reference value.", "::dlc::dl::Number", "evaluateNumber",
      (ins "::llvm::ArrayRef<::dlc::dl::Number>":$operands)>,
    InterfaceMethod<"The formula as primitive ops.", "::dlc::dl::Tensor", "expandTensor",
      (ins "::llvm::ArrayRef<::dlc::dl::Tensor>":$operands)>,
    InterfaceMethod<"The formula as written, for documentation.", "::llvm::StringRef", "formulaText", (ins)>,
    InterfaceMethod<"Element type of the result.", "::mlir::Type", "resultElementType",
      (ins "::llvm::ArrayRef<::mlir::Type>":$types)>
  ];
}

/// A pointwise op that multiplies an operand or adds to it.
def Dl_ScaleShiftInterface : OpInterface<"ScaleShiftOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<[{
      The result as operand * scale + shift, made of the other operands alone; both absent when it is not of that form.
    }],
      "::dlc::dl::ScaleShift", "asScaleShift", (ins "::mlir::OpBuilder &":$b, "unsigned":$operand)>
  ];
}

/// Result element (i...) is one element of some operand, or a value made of several, at computed places.
def Dl_IndexedInterface : OpInterface<"IndexedOp"> {
  let cppNamespace = "::dlc::dl";
  let description = [{
    `elementAt` is written once as a template over the scalar type and called over Scalar (kernel body) and Number
    (reference). Places out of range are checked by the op with `ElementReader::check` and clamped.
  }];
  let methods = [
    InterfaceMethod<"In a kernel body.", "::dlc::dl::Scalar", "emitElement",
      (ins "::dlc::dl::ElementReader<::dlc::dl::Scalar> &":$reader, "::llvm::ArrayRef<::dlc::dl::Scalar>":$place)>,
    InterfaceMethod<[{
      The places of operand 0 as a map of the result's, where each is a dim of the result or 0 and nothing else is read:
      the kernel then reads it as any broadcast operand. Null in general.
    }], "::mlir::AffineMap", "sourceMap", (ins), [{}], [{ return {}; }]>,
    InterfaceMethod<"As reference.", "::dlc::dl::Number", "evaluateElement",
      (ins "::dlc::dl::ElementReader<::dlc::dl::Number> &":$reader, "::llvm::ArrayRef<::dlc::dl::Number>":$place)>
  ];
}

/// A fold of one operand over `axes`, which stay as dims of size 1.
def Dl_ReductionInterface : OpInterface<"ReductionOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"Reduced axes, sorted, in range.", "::llvm::SmallVector<int64_t>", "reducedAxes", (ins)>,
    InterfaceMethod<"Folds over other axes, sorted; the result's type is to be inferred again.", "void", "setReducedAxes",
      (ins "::llvm::ArrayRef<int64_t>":$axes)>,
    InterfaceMethod<"Start value for elements of `type` (in the accumulation type).", "::dlc::dl::Number", "initial",
      (ins "::mlir::Type":$type)>,
    InterfaceMethod<"One step in a kernel body.", "::dlc::dl::Scalar", "emitCombine",
      (ins "::dlc::dl::Scalar":$accumulator, "::dlc::dl::Scalar":$element)>,
    InterfaceMethod<"One step as reference.", "::dlc::dl::Number", "evaluateCombine",
      (ins "::dlc::dl::Number":$accumulator, "::dlc::dl::Number":$element)>
  ];
}

/// A product whose right operand, operand 1, a target may want packed.
def Dl_ContractionInterface : OpInterface<"ContractionOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<[{
      Rewrites the op so that its right operand goes through dl.pack (which folds for constants). Failure: this one
      is better left as it is.
    }], "::mlir::LogicalResult", "packOperands", (ins "::mlir::RewriterBase &":$rewriter)>,
    InterfaceMethod<[{
      The right operand that multiplies the result along its last dim by the 1-D tensor `scale`, of as many elements.
    }], "::dlc::dl::Tensor", "scaledWeights", (ins "::dlc::dl::Tensor":$scale)>
  ];
}

/// A product of the form that mk.brgemm computes, over the domain (batch..., m, n, k).
def Dl_ProductInterface : OpInterface<"ProductOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"The maps of the lhs (operand 0), the packed rhs (operand 1) and the result.",
      "::llvm::SmallVector<::mlir::AffineMap>", "productMaps", (ins)>
  ];
}

/// A convolution of the form that mk.conv computes: operand 0 is [n, d..., g * c], operand 1 the weights as panels
/// [g, ceil(o / W), k... * c, W], the result [n, e..., g * o].
def Dl_ConvolutionInterface : OpInterface<"ConvolutionOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"Output channels of a group.", "int64_t", "groupColumns", (ins)>,
    InterfaceMethod<"The window's sizes, an entry a spatial dim.", "::llvm::ArrayRef<int64_t>", "getWindow", (ins)>,
    InterfaceMethod<"Steps between windows.", "::llvm::ArrayRef<int64_t>", "getStrides", (ins)>,
    InterfaceMethod<"Steps within a window.", "::llvm::ArrayRef<int64_t>", "getDilations", (ins)>,
    InterfaceMethod<"Places before the first of x.", "::llvm::ArrayRef<int64_t>", "getPadsLow", (ins)>,
    InterfaceMethod<"Whether windows may reach outside of x.", "bool", "isPadded", (ins)>
  ];
}

/// A fold over windows of operand 0, [n, d..., c], each channel on its own: [n, e..., c]. Places outside of operand 0 take no
/// part. Further operands are [k..., c] and have an element for each place of the window, as weights do.
def Dl_WindowInterface : OpInterface<"WindowOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"The window's sizes, an entry a spatial dim.", "::llvm::ArrayRef<int64_t>", "getWindow", (ins)>,
    InterfaceMethod<"Steps between windows.", "::llvm::ArrayRef<int64_t>", "getStrides", (ins)>,
    InterfaceMethod<"Steps within a window.", "::llvm::ArrayRef<int64_t>", "getDilations", (ins)>,
    InterfaceMethod<"Places before the first of x.", "::llvm::ArrayRef<int64_t>", "getPadsLow", (ins)>,
    InterfaceMethod<"Start value for elements of `type` (in the accumulation type).", "::dlc::dl::Number", "initial",
      (ins "::mlir::Type":$type)>,
    InterfaceMethod<"One step in a kernel body; `elements` has one of each operand.", "::dlc::dl::Scalar", "emitCombine",
      (ins "::dlc::dl::Scalar":$accumulator, "::llvm::ArrayRef<::dlc::dl::Scalar>":$elements)>
  ];
}

/// Runs its bodies, each no, one or several times.
def Dl_ControlInterface : OpInterface<"ControlOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"Functions of the bodies once they are outlined, else null.", "::mlir::ArrayAttr", "bodyFunctions",
      (ins), [{}], [{ return $_op.getBodiesAttr(); }]>,
    InterfaceMethod<[{
      Whether it says where its bodies' results go, since their dims are known before they run. The dims of each result of
      a body are then those of arguments, or constants.
    }], "bool", "placesResults", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{
      Reference meaning: calls `run` with the number of a body and its arguments as often as the op says. Fails, reported,
      where a body fails or its results do not fit together.
    }], "::mlir::FailureOr<std::vector<::dlc::dl::Array>>", "runBodies",
      (ins "::llvm::ArrayRef<::dlc::dl::Array>":$operands,
           "::dlc::dl::BodyRunner":$run)>
  ];
}

#endif // DLC_DL_INTERFACES_TD
