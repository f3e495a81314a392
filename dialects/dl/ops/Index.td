//===- Index.td - Elements at computed places -----------------------------===//
#ifndef DLC_DL_INDEX_TD
#define DLC_DL_INDEX_TD

include "dialects/dl/Dl.td"

class Dl_Places<string mnemonic, dag args, list<string> own = []> : Dl_Op<mnemonic, [Pure, Dl_Indexed], own> {
  let arguments = args;
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_GatherOp : Dl_Places<"gather", (ins Dl_Tensor:$data, Dl_Tensor:$indices, I64Attr:$axis), ["beforeTranspose"]> {
  let summary = "data with dim `axis` replaced by the dims of `indices`; negative indices count from the end";
}
def Dl_GatherElementsOp : Dl_Places<"gather_elements", (ins Dl_Tensor:$data, Dl_Tensor:$indices, I64Attr:$axis)> {
  let summary = "An element of `data` for each of `indices`: the same place, but for the index along `axis`";
}
def Dl_GatherNdOp : Dl_Places<"gather_nd", (ins Dl_Tensor:$data, Dl_Tensor:$indices, I64Attr:$batch_dims)> {
  let summary = "A part of `data` for each row of `indices`, which addresses the dims behind the batch dims";
}
def Dl_ReverseSequenceOp
    : Dl_Places<"reverse_sequence", (ins Dl_Tensor:$x, Dl_Tensor:$lengths, I64Attr:$batch_axis, I64Attr:$time_axis)> {
  let summary = "The first lengths[b] steps of each sequence in reverse order, the others in place";
}
def Dl_PadOp : Dl_Places<"pad", (ins Dl_Tensor:$x, Dl_Tensor:$pads, Dl_Tensor:$value, StrAttr:$mode),
                         ["beforeTranspose"]> {
  let summary = "x with `pads` elements more at the begin and end of each dim (less where negative)";
  let description = [{
    `pads` is 1-D: all begins, then all ends. `mode` says what stands there: `constant` is the scalar `value`, `edge` the
    nearest element, `reflect` mirrors x at its first and last element, `wrap` repeats x.
  }];
}

#endif // DLC_DL_INDEX_TD
