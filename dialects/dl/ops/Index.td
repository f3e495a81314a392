//===- Index.td - Elements at computed places -----------------------------===//
#ifndef DLC_DL_INDEX_TD
#define DLC_DL_INDEX_TD

include "dialects/dl/Dl.td"

def Dl_GatherOp : Dl_Op<"gather", [Pure, Dl_Indexed]> {
  let summary = "data with dim `axis` replaced by the dims of `indices`; negative indices count from the end";
  let arguments = (ins Dl_Tensor:$data, Dl_Tensor:$indices, I64Attr:$axis);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_INDEX_TD
