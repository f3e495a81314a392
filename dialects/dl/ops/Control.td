//===- Control.td - Branches and loops ------------------------------------===//
//
// As built, the bodies are regions that see the values around them. dlc-outline-bodies makes each body a function, named
// in `bodies`, and what it saw operands, named in `Captured`: from then on every pass meets functions of one block only.
//
//===----------------------------------------------------------------------===//
#ifndef DLC_DL_CONTROL_TD
#define DLC_DL_CONTROL_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"

def Dl_Control : DeclareOpInterfaceMethods<Dl_ControlInterface, ["runBodies"]>;

class Dl_ControlOp<string mnemonic>
    : Dl_Op<mnemonic, [SingleBlock, RecursiveMemoryEffects, Dl_Control], ["fusion"]> {
  let results = (outs Variadic<Dl_Tensor>:$results);
  let regions = (region VariadicRegion<AnyRegion>:$regions);
  let hasVerifier = 1;
}

def Dl_IfOp : Dl_ControlOp<"if"> {
  let summary = "The results of the first body where the condition (one boolean) holds, of the second elsewhere";
  let description = [{
    Bodies have no arguments. Results may differ in dims from body to body, not in rank or element type.
  }];
  let arguments = (ins Dl_Tensor:$condition, Variadic<Dl_Tensor>:$captured, OptionalAttr<ArrayAttr>:$bodies,
                       OptionalAttr<ArrayAttr>:$result_dims);
  let assemblyFormat = [{
    $condition (`bodies` $bodies^ `(` $captured `:` type($captured) `)`)? attr-dict `:` type($condition) `->`
    `(` type($results) `)` $regions
  }];
}

def Dl_LoopOp : Dl_ControlOp<"loop"> {
  let summary = "Runs its body at most `trips` times, while the condition holds";
  let description = [{
    `values` holds the start values of what the body carries from turn to turn, `carried` of them, and then what it
    captures. The body's arguments are the number of the turn (i64, from 0), the condition and the carried values; it
    yields the condition for the next turn, the carried values, and elements of which the results stack one a turn along a
    new first dim. Results are the carried values at the end and then the stacks. Carried values may change their dims
    from turn to turn, not their rank or element type; the elements of a stack may not.
  }];
  let arguments = (ins Dl_Tensor:$trips, Dl_Tensor:$condition, Variadic<Dl_Tensor>:$values, I64Attr:$carried,
                       OptionalAttr<ArrayAttr>:$bodies, OptionalAttr<ArrayAttr>:$result_dims);
  let assemblyFormat = [{
    $trips `while` $condition `(` $values `)` `carried` $carried (`bodies` $bodies^)? attr-dict `:`
    functional-type(operands, $results) $regions
  }];
  let extraClassDeclaration = [{
    ::mlir::OperandRange initial() { return getValues().take_front(getCarried()); }
  }];
}

#endif // DLC_DL_CONTROL_TD
