//===- Order.td - The largest, the first, the running ---------------------===//
#ifndef DLC_DL_ORDER_TD
#define DLC_DL_ORDER_TD

include "dialects/dl/Dl.td"

def Dl_ArgExtremeOp : Dl_Op<"arg_extreme", [Pure], ["evaluate", "lower", "beforeTranspose"]> {
  let summary = "Place (i64) of the largest element along `axis`, which stays as 1";
  let description = [{
    Of the smallest with `least`; of equal ones the first, or with `last` the last. A NaN is larger than all others and
    smaller than all others, as numpy has it.
  }];
  let arguments = (ins Dl_Tensor:$x, I64Attr:$axis, UnitAttr:$least, UnitAttr:$last);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_TopKOp : Dl_Op<"top_k", [Pure], ["evaluate", "lower", "onlyShapes"]> {
  let summary = "The `k` largest elements along `axis` and their places (i64), largest first";
  let description = [{
    The smallest, smallest first, with `least`. Of equal elements the one before comes first; NaN is the largest.
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$k, I64Attr:$axis, UnitAttr:$least);
  let results = (outs Dl_Tensor:$values, Dl_Tensor:$indices);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_CumulateOp : Dl_Op<"cumulate", [Pure], ["evaluate", "lower"]> {
  let summary = "Running sum (`combine` is add) or product (mul) along `axis`";
  let description = "From the end with `reverse`; of the elements before the place only with `exclusive`.";
  let arguments = (ins Dl_Tensor:$x, I64Attr:$axis, StrAttr:$combine, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_ORDER_TD
