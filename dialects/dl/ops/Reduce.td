//===- Reduce.td - Folds over axes ----------------------------------------===//
#ifndef DLC_DL_REDUCE_TD
#define DLC_DL_REDUCE_TD

include "dialects/dl/Dl.td"

/// `combine` folds element `x` into accumulator `a`; `start` is the accumulator's first value over elements of `type`.
/// Reduced dims stay as 1. f16 and bf16 accumulate in f32.
class Dl_Reduction<string mnemonic, string combine, string start>
    : Dl_Op<mnemonic, [Pure, Dl_ReductionInterface]> {
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$axes);
  let results = (outs Dl_Tensor:$result);
  let extraClassDeclaration = [{
    template <class T> T combine(const T &a, const T &x);
    ::dlc::dl::Number initial(::mlir::Type type);
    ::dlc::dl::Scalar emitCombine(::dlc::dl::Scalar a, ::dlc::dl::Scalar x);
    ::dlc::dl::Number evaluateCombine(::dlc::dl::Number a, ::dlc::dl::Number x);
    ::llvm::SmallVector<int64_t> reducedAxes() { return ::llvm::to_vector(getAxes()); }
    void setReducedAxes(::llvm::ArrayRef<int64_t> axes) { setAxes(axes); }
  }];
  let extraClassDefinition = [{
    template <class T> T $cppClass::combine(const T &a, const T &x) { return }] # combine # [{; }
    ::dlc::dl::Number $cppClass::initial(::mlir::Type type) { return }] # start # [{; }
    ::dlc::dl::Scalar $cppClass::emitCombine(::dlc::dl::Scalar a, ::dlc::dl::Scalar x) { return combine(a, x); }
    ::dlc::dl::Number $cppClass::evaluateCombine(::dlc::dl::Number a, ::dlc::dl::Number x) { return combine(a, x); }
    ::mlir::LogicalResult $cppClass::infer(::dlc::dl::Inference &shapes) {
      return ::dlc::dl::inferReduction(*this, getAxes(), shapes);
    }
  }];
  let assemblyFormat = "$x $axes attr-dict `:` functional-type(operands, results)";
}

def Dl_ReduceSumOp : Dl_Reduction<"reduce_sum", "a + x", "Number::of(type, 0)">;
def Dl_ReduceProdOp : Dl_Reduction<"reduce_prod", "a * x", "Number::of(type, 1)">;
def Dl_ReduceMaxOp : Dl_Reduction<"reduce_max", "maximum(a, x)", "lowestOf(type)">;
def Dl_ReduceMinOp : Dl_Reduction<"reduce_min", "minimum(a, x)", "highestOf(type)">;

#endif // DLC_DL_REDUCE_TD
