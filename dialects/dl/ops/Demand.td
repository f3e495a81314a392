//===- Demand.td - What nodes demand of values that only the run knows ----===//
#ifndef DLC_DL_DEMAND_TD
#define DLC_DL_DEMAND_TD

include "dialects/dl/Dl.td"

def Dl_DemandOp : Dl_Op<"demand", [], ["evaluate", "fusion", "onlyShapes"]> {
  let summary = "Ends the run unless the integers of `a` are equal to those of `b`, or at most those with `at_most`";
  let description = [{
    For the few numbers that dims are made of: both have as many elements, or one of them one. The host compares them when they
    have been computed; what is known when compiling is refused then. `expects` says what the node wants, as in "k of at
    least 0". Without a result: it stays where it is, whatever becomes of the values.
  }];
  let arguments = (ins Dl_Tensor:$a, Dl_Tensor:$b, UnitAttr:$at_most, StrAttr:$expects);
  let results = (outs);
  let assemblyFormat = "operands attr-dict `:` type(operands)";
}

def Dl_WithinOp : Dl_Op<"within", [Pure, Dl_Indexed]> {
  let summary = "The integers `x`, each of which must lie in [low, high] (rank 0)";
  let description = "For many values, which kernels check where they read them.";
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$low, Dl_Tensor:$high);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_DEMAND_TD
