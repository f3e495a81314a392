//===- Contract.td - Products ---------------------------------------------===//
#ifndef DLC_DL_CONTRACT_TD
#define DLC_DL_CONTRACT_TD

include "dialects/dl/Dl.td"

def Dl_MatMulOp : Dl_Op<"matmul", [Pure, Dl_Contraction], ["evaluate", "lower", "fusion", "flops", "beforeTranspose"]> {
  let summary = "A[..., m, k] B[..., k, n]; batch dims broadcast; `transpose_a`, `transpose_b` swap an operand's last two dims";
  let arguments = (ins Dl_Tensor:$a, Dl_Tensor:$b, UnitAttr:$transpose_a, UnitAttr:$transpose_b);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_PackedMatMulOp : Dl_Op<"packed_matmul", [Pure, Dl_Product], ["evaluate", "fusion", "flops", "onlyShapes"]> {
  let summary = "A[..., m, k] times a right operand packed by dl.pack";
  let description = [{
    The number of columns, which packing rounds up, is that of `unpacked`, or `columns` where it is constant.
  }];
  let arguments = (ins Dl_Tensor:$a, Dl_Tensor:$b, Optional<Dl_Tensor>:$unpacked, OptionalAttr<I64Attr>:$columns,
                       UnitAttr:$transpose_a, UnitAttr:$transpose_b);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_PackOp : Dl_Op<"pack", [Pure], ["evaluate", "lower", "fusion", "foldBytes"]> {
  let summary = "Right operand [..., k, n] (or [..., n, k]) as panels [..., ceil(n/32), k, 32], zeros behind the last column";
  let arguments = (ins Dl_Tensor:$b, UnitAttr:$transpose);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_CONTRACT_TD
