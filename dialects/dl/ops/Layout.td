//===- Layout.td - The same elements elsewhere ----------------------------===//
#ifndef DLC_DL_LAYOUT_TD
#define DLC_DL_LAYOUT_TD

include "dialects/dl/Dl.td"

class Dl_OneToOne<string mnemonic, dag args, list<Trait> traits, list<string> own = []> : Dl_Op<mnemonic, traits, own> {
  let arguments = args;
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_ReshapeOp : Dl_OneToOne<"reshape", (ins Dl_Tensor:$x, Dl_Tensor:$shape), [Pure],
                   ["evaluate", "fusion", "onlyShapes", "beforeTranspose"]> {
  let summary = "Other dims, given by the 1-D i64 `shape` (one -1 is inferred)";
}
def Dl_SqueezeOp
    : Dl_OneToOne<"squeeze", (ins Dl_Tensor:$x, DenseI64ArrayAttr:$axes), [Pure],
                   ["evaluate", "fusion", "lower", "beforeTranspose"]> {
  let summary = "Drops the dims `axes`, which are 1";
}
def Dl_UnsqueezeOp
    : Dl_OneToOne<"unsqueeze", (ins Dl_Tensor:$x, DenseI64ArrayAttr:$axes), [Pure],
                   ["evaluate", "fusion", "lower", "beforeTranspose"]> {
  let summary = "Dims of 1 at `axes` of the result";
}
def Dl_TransposeOp
    : Dl_OneToOne<"transpose", (ins Dl_Tensor:$x, DenseI64ArrayAttr:$permutation), [Pure, Dl_Mapped],
                   ["beforeTranspose"]> {
  let summary = "Result dim i is operand dim permutation[i]";
  let hasFolder = 1;
}
def Dl_BroadcastToOp
    : Dl_OneToOne<"broadcast_to", (ins Dl_Tensor:$x, Dl_Tensor:$shape), [Pure, Dl_Mapped],
                   ["onlyShapes", "beforeTranspose"]> {
  let summary = "numpy broadcasting of x to the dims in `shape`, two-way as ONNX Expand";
}
def Dl_SliceOp
    : Dl_OneToOne<"slice", (ins Dl_Tensor:$x, Dl_Tensor:$starts, Dl_Tensor:$sizes, Dl_Tensor:$steps,
                                DenseI64ArrayAttr:$axes, UnitAttr:$in_range), [Pure, Dl_Indexed],
                   ["onlyShapes", "beforeTranspose"]> {
  let summary = "x[start + i * step], i < size, along each of `axes`; the last three operands are 1-D i64";
  let description = [{
    Sizes and not ends, so that a size computed at run time is a dim as it stands. Places are checked unless `in_range`
    promises that they exist.
  }];
}
def Dl_ConcatOp : Dl_Op<"concat", [Pure], ["evaluate", "lower", "beforeTranspose"]> {
  let arguments = (ins Variadic<Dl_Tensor>:$parts, I64Attr:$axis);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_LAYOUT_TD
