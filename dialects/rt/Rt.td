//===- Rt.td - The rt dialect: how it runs --------------------------------===//
//
// The host program of a model: which buffers there are and which kernels run on them, in order. `rt.call` still stands
// on tensors; the rest stands on `!rt.buffer`, an untyped pointer to row-major elements, so that the memory plan and the
// launches can be printed and tested. dlc-lower-rt turns it into calls of runtime/program.h.
//
//===----------------------------------------------------------------------===//
#ifndef DLC_RT_TD
#define DLC_RT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::dlc::rt";
  let summary = "Host programs: buffers and launches";
  let useDefaultTypePrinterParser = 1;
}

def Rt_Buffer : TypeDef<Rt_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "Where elements lie in memory";
}

def Rt_Plan : TypeDef<Rt_Dialect, "Plan"> {
  let mnemonic = "plan";
  let summary = "Offsets of buffers in a block, made while running";
}

class Rt_Op<string mnemonic, list<Trait> traits = []> : Op<Rt_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// On tensors
//===----------------------------------------------------------------------===//

def Rt_CallOp : Rt_Op<"call", [Pure, AttrSizedOperandSegments]> {
  let summary = "Runs a kernel function as node `node`";
  let description = [{
    `result_dims` gives the dims of each result as a map of the symbols. Node numbers start at 1 and name the launch in
    messages.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyTensor>:$inputs, Variadic<Index>:$symbols,
                       AffineMapArrayAttr:$result_dims, I64Attr:$node);
  let results = (outs Variadic<AnyTensor>:$results);
  let assemblyFormat = [{
    $callee `(` $inputs `)` `symbols` `(` $symbols `)` `result_dims` $result_dims `node` $node attr-dict `:`
    functional-type($inputs, $results)
  }];
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

def Rt_SymbolOp : Rt_Op<"symbol", [Pure]> {
  let summary = "Value of symbol `index` of the function, called `name`";
  let arguments = (ins I64Attr:$index, StrAttr:$name);
  let results = (outs Index:$result);
  let assemblyFormat = "$index $name attr-dict";
}

def Rt_BytesOp : Rt_Op<"bytes", [Pure]> {
  let summary = "Product of dims and `width`; the largest number where that overflows or a dim is negative";
  let arguments = (ins Variadic<Index>:$dims, DenseI64ArrayAttr:$static_dims, I64Attr:$width);
  let results = (outs Index:$result);
  let assemblyFormat = "custom<DynamicIndexList>($dims, $static_dims) `*` $width attr-dict";
}

def Rt_ReadOp : Rt_Op<"read", []> {
  let summary = "Element `index` of a buffer of integers or booleans";
  let arguments = (ins Rt_Buffer:$buffer, I64Attr:$index, TypeAttr:$elementType);
  let results = (outs Index:$result);
  let assemblyFormat = "$buffer `[` $index `]` `:` $elementType attr-dict";
}

def Rt_WorkersOp : Rt_Op<"workers", [Pure]> {
  let summary = "Worker numbers that a launch may use, exclusive";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

def Rt_InputOp : Rt_Op<"input", [Pure]> {
  let summary = "Input `index` of the function";
  let arguments = (ins I64Attr:$index);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$index attr-dict";
}

def Rt_ConstantOp : Rt_Op<"constant", [Pure]> {
  let summary = "A blob of the library";
  let arguments = (ins FlatSymbolRefAttr:$blob);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$blob attr-dict";
}

def Rt_OutputOp : Rt_Op<"output", []> {
  let summary = "Where output `index` of the function goes, now that its dims are known; ends the run when it does not fit";
  let arguments = (ins I64Attr:$index, Variadic<Index>:$dims, DenseI64ArrayAttr:$static_dims);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$index `dims` custom<DynamicIndexList>($dims, $static_dims) attr-dict";
}

def Rt_AllocOp : Rt_Op<"alloc", []> {
  let summary = "A buffer for an intermediate value, freed after its last use";
  let arguments = (ins Index:$bytes);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$bytes attr-dict";
}

def Rt_ScratchOp : Rt_Op<"scratch", []> {
  let summary = "`bytes` for each worker, for one launch: the next rt.scratch may return the same memory";
  let arguments = (ins Index:$bytes);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$bytes attr-dict";
}

def Rt_BlockOp : Rt_Op<"block", []> {
  let summary = "The session's memory of a segment, at least `bytes`; ends the run when memory is out";
  let arguments = (ins I64Attr:$segment, Index:$bytes);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$segment `bytes` $bytes attr-dict";
}

def Rt_PlanOp : Rt_Op<"plan", []> {
  let summary = "Places buffers of these sizes in a segment; ends the run when that fails";
  let description = "`live` holds the first and last step of each buffer, both inclusive, and `sizes` a number of bytes.";
  let arguments = (ins I64Attr:$segment, DenseI32ArrayAttr:$live, Variadic<Index>:$sizes);
  let results = (outs Rt_Plan:$result);
  let assemblyFormat = "$segment `live` $live `sizes` `(` $sizes `)` attr-dict";
  let hasVerifier = 1;
}

def Rt_OffsetOp : Rt_Op<"offset", [Pure]> {
  let summary = "Offset of buffer `index`; after the last buffer, the bytes of the block";
  let arguments = (ins Rt_Plan:$plan, I64Attr:$index);
  let results = (outs Index:$result);
  let assemblyFormat = "$plan `[` $index `]` attr-dict";
}

def Rt_SliceOp : Rt_Op<"slice", [Pure]> {
  let summary = "The bytes of a block from an offset on";
  let arguments = (ins Rt_Buffer:$block, Index:$offset);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$block `[` $offset `]` attr-dict";
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

def Rt_LaunchOp : Rt_Op<"launch", [AttrSizedOperandSegments]> {
  let summary = "Runs `tiles` tiles of a kernel, on one thread when they are at most `grain`";
  let description = [{
    The kernel's parameters are `inputs`, then `outputs`, then the scratch memory if it has any, then `dims`; then come
    the range of tiles, the worker and the status word.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Rt_Buffer>:$inputs, Variadic<Rt_Buffer>:$outputs,
                       Optional<Rt_Buffer>:$scratch, Variadic<Index>:$dims, Index:$tiles, I64Attr:$grain, I64Attr:$node);
  let assemblyFormat = [{
    $callee `ins` `(` $inputs `)` `outs` `(` $outputs `)` (`scratch` `(` $scratch^ `)`)? `dims` `(` $dims `)` `tiles`
    `(` $tiles `)` `grain` $grain `node` $node attr-dict
  }];
}

def Rt_CopyOp : Rt_Op<"copy", []> {
  let summary = "Copies `bytes` from one buffer to another that does not overlap";
  let arguments = (ins Rt_Buffer:$to, Rt_Buffer:$from, Index:$bytes);
  let assemblyFormat = "$to `from` $from `bytes` $bytes attr-dict";
}

def Rt_StoreDimsOp : Rt_Op<"store_dims", []> {
  let summary = "Writes dims as i64";
  let arguments = (ins Rt_Buffer:$to, Variadic<Index>:$dims, DenseI64ArrayAttr:$static_dims);
  let assemblyFormat = "$to custom<DynamicIndexList>($dims, $static_dims) attr-dict";
}

def Rt_FailUnlessOp : Rt_Op<"fail_unless", []> {
  let summary = "Ends the run with status `code` at `node` unless the condition holds";
  let arguments = (ins I1:$condition, I64Attr:$code, I64Attr:$node);
  let assemblyFormat = "$condition `code` $code `node` $node attr-dict";
}

#endif // DLC_RT_TD
