//===- Winograd.td - Convolutions as products of transformed windows -------===//
#ifndef DLC_DL_WINOGRAD_TD
#define DLC_DL_WINOGRAD_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"

/// A convolution in steps of 1 over two spatial dims, by the transforms of Winograd.h: operand 0 is [n, h, w, c], operand 1
/// the transformed weights as panels [places, ceil(o / W), c, W], the result [n, e, f, o].
def Dl_TransformedConvolutionInterface : OpInterface<"TransformedConvolutionOp"> {
  let cppNamespace = "::dlc::dl";
  let methods = [
    InterfaceMethod<"Output channels.", "int64_t", "getColumns", (ins)>,
    InterfaceMethod<"Places before the first of x.", "::llvm::ArrayRef<int64_t>", "getPadsLow", (ins)>
  ];
}

def Dl_WinogradWeightsOp : Dl_Op<"winograd_weights", [Pure, Dl_Indexed], ["foldBytes"]> {
  let summary = "Weights w[3, 3, c, o] as [16, c, o], for dl.winograd_conv";
  let description = "For each c and o, G w G^T with the matrix `winogradWeights` of Winograd.h, row by row.";
  let arguments = (ins Dl_Tensor:$w);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_WinogradConvOp : Dl_Op<"winograd_conv", [Pure, DeclareOpInterfaceMethods<Dl_TransformedConvolutionInterface>],
                              ["evaluate", "fusion", "flops"]> {
  let summary = "dl.conv of a 3 x 3 window in steps of 1, with weights from dl.winograd_weights, packed by dl.pack";
  let description = [{
    Each tile of 2 x 2 results is A^T ((G w G^T) * (B^T x B)) A of the 4 x 4 places of x that it reads, summed over the channels
    in the middle: 16 products a channel instead of 36. `flops` counts those of the plain convolution. `columns` is o, which
    packing rounds up.
  }];
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<int64_t> getStrides() { static constexpr int64_t ones[] = {1, 1}; return ones; }
    ::llvm::ArrayRef<int64_t> getDilations() { return getStrides(); }
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$w, I64Attr:$columns, DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_WINOGRAD_TD
