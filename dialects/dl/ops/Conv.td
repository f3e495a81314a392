//===- Conv.td - Convolutions ---------------------------------------------===//
#ifndef DLC_DL_CONV_TD
#define DLC_DL_CONV_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"

def Dl_ConvOp : Dl_Op<"conv", [Pure, Dl_Contraction], ["evaluate", "fusion", "flops"]> {
  let summary = "Convolution of x[n, d..., g * c] with w[g, k..., c, o]: [n, e..., g * o], channels last";
  let description = [{
    For each of the `g` groups of channels and each place e of the result

        r[n, e..., o] = sum over k..., c of x[n, e * strides + k * dilations - pads_low..., c] * w[g, k..., c, o]

    where places outside of x count as 0 and e = floor((d + pads_low + pads_high - dilations * (k - 1) - 1) / strides) + 1.
    The attributes have an entry a spatial dim, of which there are 1 to 3.
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$w, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_PackedConvOp : Dl_Op<"packed_conv", [Pure, Dl_ConvolutionInterface], ["evaluate", "fusion", "flops"]> {
  let summary = "dl.conv with weights packed by dl.pack: each group's [k... * c, o] as panels";
  let description = "`columns` is o, which packing rounds up.";
  let extraClassDeclaration = [{
    int64_t groupColumns() { return getColumns(); }
    bool isPadded();
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$w, I64Attr:$columns, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads_low,
                       DenseI64ArrayAttr:$pads_high);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_DepthwiseConvOp : Dl_Op<"depthwise_conv", [Pure, Dl_WindowInterface], ["evaluate", "fusion", "flops"]> {
  let summary = "dl.conv of each channel on its own: x[n, d..., c] with w[k..., c]";
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<int64_t> getWindow();
    ::dlc::dl::Number initial(::mlir::Type type);
    ::dlc::dl::Scalar emitCombine(::dlc::dl::Scalar a, ::llvm::ArrayRef<::dlc::dl::Scalar> elements);
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$w, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_CONV_TD
