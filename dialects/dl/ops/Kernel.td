//===- Kernel.td - The fusion region and what stands around it ------------===//
#ifndef DLC_DL_KERNEL_TD
#define DLC_DL_KERNEL_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Dl_KernelOp : Op<Dl_Dialect, "kernel", [IsolatedFromAbove, SingleBlock, AttrSizedOperandSegments, Pure]> {
  let summary = "Ops that become one kernel";
  let description = [{
    Inputs and `symbols` are the block's arguments, in that order; everything that the body uses comes through them, so that
    equal kernels are textually equal and compiled once. `input_dims` and `result_dims` give each tensor's dims as
    an affine map of the symbols; inside, each op with a dynamic result carries its own in `dims`.
    All results share one parallel domain.
  }];
  let arguments = (ins Variadic<Dl_Tensor>:$inputs, Variadic<Index>:$symbols, AffineMapArrayAttr:$input_dims,
                       AffineMapArrayAttr:$result_dims);
  let results = (outs Variadic<Dl_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &block() { return getBody().front(); }
  }];
}

def Dl_YieldOp : Op<Dl_Dialect, "yield", [Terminator, Pure, ReturnLike]> {
  let summary = "Ends a kernel or a branch with its results";
  let arguments = (ins Variadic<Dl_Tensor>:$results);
  let assemblyFormat = "($results^ `:` type($results))? attr-dict";
  let builders = [OpBuilder<(ins), [{ (void)$_state; }]>];
}

def Dl_CheckOp : Op<Dl_Dialect, "check", []> {
  let summary = "Inside a kernel: records `code` at `node` in the session's status word where the condition is false";
  let description = "Codes are those of ValueError. The condition may become a vector of i1 when the kernel is vectorized.";
  let arguments = (ins AnyTypeOf<[I1, VectorOfAnyRankOf<[I1]>]>:$ok, I64Attr:$code, I64Attr:$node);
  let assemblyFormat = "$ok `code` $code `node` $node attr-dict `:` type($ok)";
}

def Dl_ViewOp : Op<Dl_Dialect, "view", [Pure]> {
  let summary = "The same bytes under other dims, which are a map of `symbols`; stands for an alias once kernels are formed";
  let arguments = (ins Dl_Tensor:$x, Variadic<Index>:$symbols, AffineMapAttr:$dims);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "$x `symbols` `(` $symbols `)` $dims attr-dict `:` type($x) `->` type($result)";
}

def Dl_NoneOp : Op<Dl_Dialect, "none", [Pure]> {
  let summary = "Inside a kernel: an operand whose elements nobody reads (its dims were all that mattered)";
  let arguments = (ins);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// Dims on the host
//===----------------------------------------------------------------------===//

def Dl_SymbolOp : Op<Dl_Dialect, "symbol", [Pure]> {
  let summary = "The symbolic dim of the function called `name`";
  let arguments = (ins StrAttr:$name);
  let results = (outs Index:$result);
  let assemblyFormat = "$name attr-dict";
}

def Dl_ReadOp : Op<Dl_Dialect, "read", [Pure]> {
  let summary = "Element `index` (row-major) of a small integer tensor, read by the host when it has been computed";
  let arguments = (ins Dl_Tensor:$x, I64Attr:$index);
  let results = (outs Index:$result);
  let assemblyFormat = "$x `[` $index `]` attr-dict `:` type($x)";
}

def Dl_DimOp : Op<Dl_Dialect, "dim", [Pure]> {
  let summary = "Dim `axis` of a tensor whose producer alone knows it";
  let arguments = (ins Dl_Tensor:$x, I64Attr:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$x `[` $axis `]` attr-dict `:` type($x)";
}

def Dl_RequireOp : Op<Dl_Dialect, "require", []> {
  let summary = "Ends the run where dims do not fit: unless a = b, also a = 1 where `or_one`, a <= b where `at_most`, or a >= 0 without b";
  let description = "`op` is the op that expects it, and `expects` what, as in \"lhs columns to equal rhs rows\".";
  let arguments = (ins Index:$a, Optional<Index>:$b, UnitAttr:$or_one, UnitAttr:$at_most, StrAttr:$op, StrAttr:$expects);
  let assemblyFormat = "$a (`,` $b^)? (`or_one` $or_one^)? (`at_most` $at_most^)? `of` $op `expects` $expects attr-dict";
}

#endif // DLC_DL_KERNEL_TD
