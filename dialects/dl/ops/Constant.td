//===- Constant.td - Values known from elsewhere --------------------------===//
#ifndef DLC_DL_CONSTANT_TD
#define DLC_DL_CONSTANT_TD

include "dialects/dl/Dl.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

def Dl_ConstantOp : Dl_Op<"constant", [Pure, ConstantLike], ["evaluate", "fusion"]> {
  let summary = "A weight or a literal; large ones are resources over mapped memory";
  let arguments = (ins ElementsAttr:$value, OptionalAttr<StrAttr>:$name);
  let results = (outs Dl_Tensor:$result);
  let hasFolder = 1;
  let assemblyFormat = "($name^)? $value attr-dict `:` type($result)";
}

def Dl_StateOp : Op<Dl_Dialect, "state", [Symbol]> {
  let summary = "A value that the model keeps from call to call, and what it starts as";
  let description = [{
    Functions of the module are pure: one takes the state as an argument with the attribute `dl.state = "name"` and gives
    its next value as a result with the same attribute.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ElementsAttr:$value);
  let assemblyFormat = "$sym_name `=` $value attr-dict";
}

def Dl_ShapeOfOp : Dl_Op<"shape_of", [Pure], ["evaluate", "fusion"]> {
  let summary = "The dims of a tensor, 1-D i64";
  let arguments = (ins Dl_Tensor:$x);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Dl_FillOp : Dl_Op<"fill", [Pure, Dl_Indexed], ["onlyShapes"]> {
  let summary = "A tensor of the dims in `shape` (1-D i64) with one value everywhere (rank 0)";
  let arguments = (ins Dl_Tensor:$shape, Dl_Tensor:$value);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_IotaOp : Dl_Op<"iota", [Pure, Dl_Indexed], ["onlyShapes"]> {
  let summary = "0, 1, 2, ...: as many i64 as `size` (one integer) says";
  let arguments = (ins Dl_Tensor:$size);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_CONSTANT_TD
