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

def Dl_ScanOp : Dl_ControlOp<"scan"> {
  let summary = "Runs its body once for each place along dim 0 of its step values, which carries values from step to step";
  let description = [{
    `values` holds the start values of what the body carries, `carried` of them, then `steps` values of one dim 0, and then
    what the body captures. The body's arguments are the carried values and the row of each step value; it yields the
    carried values, of the dims that they start with, and rows that the other results stack along a new dim 0. Results are
    the carried values at the end and then the stacks. Where `reversed` holds, an entry a step value and then a stack, rows
    are taken and put from the last to the first; if it is empty, none is.

    Rows are read and written where they lie. The dims of a stack's rows must be constants or dims of arguments.
  }];
  let arguments = (ins Variadic<Dl_Tensor>:$values, I64Attr:$carried, I64Attr:$steps,
                       DefaultValuedAttr<DenseBoolArrayAttr, "{}">:$reversed, OptionalAttr<ArrayAttr>:$bodies,
                       OptionalAttr<ArrayAttr>:$result_dims);
  let assemblyFormat = [{
    `(` $values `)` `carried` $carried `steps` $steps (`reversed` $reversed^)? (`bodies` $bodies^)? attr-dict `:`
    functional-type(operands, $results) $regions
  }];
  let extraClassDeclaration = [{
    bool placesResults() { return true; }
    ::mlir::OperandRange initial() { return getValues().take_front(getCarried()); }
    ::mlir::OperandRange stepValues() { return getValues().slice(getCarried(), getSteps()); }
    ::mlir::OperandRange captured() { return getValues().drop_front(getCarried() + getSteps()); }
    ::mlir::LogicalResult inferRegion(::dlc::dl::Inference &shapes);
    /// Of a step value, or, counted on behind these, of a stack.
    bool isReversed(unsigned i) { return !getReversed().empty() && getReversed()[i]; }
  }];
}

#endif // DLC_DL_CONTROL_TD
