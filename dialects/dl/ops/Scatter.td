//===- Scatter.td - Elements put at computed places -----------------------===//
#ifndef DLC_DL_SCATTER_TD
#define DLC_DL_SCATTER_TD

include "dialects/dl/Dl.td"

class Dl_Scatter<string mnemonic, dag attributes> : Dl_Op<mnemonic, [Pure], ["evaluate", "lower"]> {
  let description = [{
    `combine` is none (the update replaces the element; of several the last one counts), add, mul, min or max. Updates are
    taken in row-major order.
  }];
  let arguments = !con((ins Dl_Tensor:$data, Dl_Tensor:$indices, Dl_Tensor:$updates, StrAttr:$combine), attributes);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
def Dl_ScatterElementsOp : Dl_Scatter<"scatter_elements", (ins I64Attr:$axis)> {
  let summary = "data with each update put at its own place, but for the index along `axis`";
}
def Dl_ScatterNdOp : Dl_Scatter<"scatter_nd", (ins)> {
  let summary = "data with a part replaced for each row of `indices`, which addresses the first dims";
}

def Dl_NonZeroOp : Dl_Op<"nonzero", [Pure], ["evaluate", "lower"]> {
  let summary = "Places of the elements other than zero, and their number";
  let description = [{
    `places` is i64 [rank, elements of x], a column a place, in row-major order of x; only the first `count` (one i64)
    columns mean something.
  }];
  let arguments = (ins Dl_Tensor:$x);
  let results = (outs Dl_Tensor:$places, Dl_Tensor:$count);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_SCATTER_TD
