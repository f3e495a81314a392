//===- OverlapAdd.td - Windows put where they belong and added -------------===//
#ifndef DLC_DL_OVERLAP_ADD_TD
#define DLC_DL_OVERLAP_ADD_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"

def Dl_OverlapAddOp : Dl_Op<"overlap_add", [Pure, Dl_Indexed], ["evaluate", "fusion", "lower"]> {
  let summary = "Sums of overlapping windows x[n, e..., k..., c]: [n, d..., c]";
  let description = [{
    What convolution does backward: place k of window e is added to place e * strides + k * dilations - pads_low of the
    result, or dropped where that lies outside. For each of the 1 to 3 spatial dims

        d = (e - 1) * strides + (k - 1) * dilations + 1 - pads_low - pads_high

    A negative pad appends places.
  }];
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_OVERLAP_ADD_TD
