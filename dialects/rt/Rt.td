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

def Rt_StateOp : Rt_Op<"state", [Pure]> {
  let summary = "State `index` of the model, called `name`";
  let arguments = (ins I64Attr:$index, StrAttr:$name);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$index $name attr-dict";
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

def Rt_ResultOp : Rt_Op<"result", []> {
  let summary = "In a body: memory for its result `index`, now that its dims are known; ends the run when memory is out";
  let description = "Word `place` of what the caller passes says where it goes; the dims follow there.";
  let arguments = (ins I64Attr:$index, I64Attr:$place, Variadic<Index>:$dims, DenseI64ArrayAttr:$static_dims,
                       Index:$bytes);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$index `at` $place `dims` custom<DynamicIndexList>($dims, $static_dims) `bytes` $bytes attr-dict";
}

def Rt_PlaceOp : Rt_Op<"place", [Pure]> {
  let summary = "In a body of rt.scan: where its result `index` goes";
  let arguments = (ins I64Attr:$index);
  let results = (outs Rt_Buffer:$result);
  let assemblyFormat = "$index attr-dict";
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//
//
// A body is a function with the attribute `dlc.body`. Its inputs and symbols are given by position; it says where its
// results lie with rt.result. Results of a control op lie in segments of its own, from `segment` on, until the same op
// runs again; their dims follow in `dims`, `ranks` says how many each has.

def Rt_IfOp : Rt_Op<"if", [AttrSizedOperandSegments, AttrSizedResultSegments]> {
  let summary = "Runs one of two bodies: the first unless the condition is 0";
  let arguments = (ins Index:$condition, FlatSymbolRefAttr:$first, FlatSymbolRefAttr:$second,
                       Variadic<Rt_Buffer>:$inputs, Variadic<Index>:$symbols, DenseI32ArrayAttr:$ranks,
                       DefaultValuedAttr<I64Attr, "-1">:$segment);
  let results = (outs Variadic<Rt_Buffer>:$buffers, Variadic<Index>:$dims);
  let assemblyFormat = [{
    $condition $first `else` $second `ins` `(` $inputs `)` `symbols` `(` $symbols `)` `ranks` $ranks
    (`segment` $segment^)? attr-dict `->` `(` type($buffers) `)` `dims` `(` type($dims) `)`
  }];
  let extraClassDeclaration = "int64_t ownSegments() { return getRanks().size(); }";
}

def Rt_LoopOp : Rt_Op<"loop", [AttrSizedOperandSegments, AttrSizedResultSegments]> {
  let summary = "Runs a body at most `trips` times, while the condition is not 0";
  let description = [{
    The body's inputs are the turn, the condition, the `carried` values and the `captured` ones, its results the condition,
    the carried values and the elements that the other results stack. `start_dims` holds the dims of all results as they
    are before the first turn. Symbol i is dim `sources[i]` of the carried values, all dims in a row, and follows them from
    turn to turn; -1 where it stays as given. `widths` are the bytes of an element of each result.
  }];
  let arguments = (ins Index:$trips, Index:$condition, FlatSymbolRefAttr:$body, Variadic<Rt_Buffer>:$carried,
                       Variadic<Rt_Buffer>:$captured, Variadic<Index>:$symbols, Variadic<Index>:$start_dims,
                       DenseI32ArrayAttr:$sources, DenseI32ArrayAttr:$ranks, DenseI32ArrayAttr:$widths, I64Attr:$node,
                       DefaultValuedAttr<I64Attr, "-1">:$segment);
  let results = (outs Variadic<Rt_Buffer>:$buffers, Variadic<Index>:$dims);
  let assemblyFormat = [{
    $trips `while` $condition $body `carried` `(` $carried `)` `captured` `(` $captured `)` `symbols` `(` $symbols `)`
    `from` $sources `start_dims` `(` $start_dims `)` `ranks` $ranks `widths` $widths `node` $node
    (`segment` $segment^)? attr-dict `->` `(` type($buffers) `)` `dims` `(` type($dims) `)`
  }];
  let extraClassDeclaration = [{
    /// One for the condition; two for each carried value, of this turn and the next; two for each stack, of the element
    /// and of all so far.
    int64_t ownSegments() { return 1 + 2 * int64_t(getRanks().size()); }
  }];
}

def Rt_ScanOp : Rt_Op<"scan", [AttrSizedOperandSegments]> {
  let summary = "Runs a body `trips` times on rows that lie one after another";
  let description = [{
    The body's inputs are the carried values, a row of each of `steps`, and the `captured` ones; it finds where its results
    go with rt.place. The carried values start in `initial`, end in `final` and are in turn there and in `spare` between.
    `bytes` are those of each carried value and then of a row of each of `steps` and `stacks`; `reversed` says of these which
    are run through from the last row to the first. The buffers of `final`, `spare` and `stacks` are written.
  }];
  let arguments = (ins Index:$trips, FlatSymbolRefAttr:$body, Variadic<Rt_Buffer>:$initial, Variadic<Rt_Buffer>:$steps,
                       Variadic<Rt_Buffer>:$captured, Variadic<Index>:$symbols, Variadic<Rt_Buffer>:$final,
                       Variadic<Rt_Buffer>:$spare, Variadic<Rt_Buffer>:$stacks, Variadic<Index>:$bytes,
                       DenseBoolArrayAttr:$reversed);
  let assemblyFormat = [{
    $trips $body `from` `(` $initial `)` `steps` `(` $steps `)` `captured` `(` $captured `)` `symbols` `(` $symbols `)`
    `to` `(` $final `)` `spare` `(` $spare `)` `stacks` `(` $stacks `)` `bytes` `(` $bytes `)` `reversed` $reversed attr-dict
  }];
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

def Rt_StopIfFailedOp : Rt_Op<"stop_if_failed", []> {
  let summary = "Ends the run if a kernel has reported an error: what follows changes state";
  let assemblyFormat = "attr-dict";
}

def Rt_RequireOp : Rt_Op<"require", []> {
  let summary = "Ends the run with a shape mismatch at `node` unless dims fit, as dl.require says";
  let arguments = (ins Index:$a, Optional<Index>:$b, UnitAttr:$or_one, UnitAttr:$at_most, I64Attr:$node);
  let assemblyFormat = "$a (`,` $b^)? (`or_one` $or_one^)? (`at_most` $at_most^)? `node` $node attr-dict";
}

#endif // DLC_RT_TD
