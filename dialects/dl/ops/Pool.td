//===- Pool.td - Folds over windows ---------------------------------------===//
#ifndef DLC_DL_POOL_TD
#define DLC_DL_POOL_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"

defvar Dl_PoolArguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                               DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high);

/// `combine` folds element `x` into accumulator `a`; `start` is the accumulator's first value over elements of `type`.
class Dl_Pool<string mnemonic, string combine, string start>
    : Dl_Op<mnemonic, [Pure, Dl_WindowInterface], ["evaluate", "fusion", "flops"]> {
  let description = [{
    x is [n, d..., c], of 1 to 3 spatial dims d, for each of which the attributes have an entry. Element (n, e, c) of the
    result folds x[n, e * strides + k * dilations - pads_low, c] over all places k of the window; those outside of x take
    no part. e is as in dl.conv. f16 and bf16 accumulate in f32.
  }];
  let arguments = Dl_PoolArguments;
  let results = (outs Dl_Tensor:$result);
  let extraClassDeclaration = [{
    ::dlc::dl::Number initial(::mlir::Type type);
    ::dlc::dl::Scalar emitCombine(::dlc::dl::Scalar a, ::llvm::ArrayRef<::dlc::dl::Scalar> elements);
  }];
  let extraClassDefinition = [{
    ::dlc::dl::Number $cppClass::initial(::mlir::Type type) { return }] # start # [{; }
    ::dlc::dl::Scalar $cppClass::emitCombine(::dlc::dl::Scalar a, ::llvm::ArrayRef<::dlc::dl::Scalar> elements) {
      ::dlc::dl::Scalar x = elements[0];
      return }] # combine # [{;
    }
    ::mlir::LogicalResult $cppClass::infer(::dlc::dl::Inference &shapes) { return ::dlc::dl::inferPool(*this, shapes); }
    ::mlir::LogicalResult $cppClass::evaluate(::llvm::ArrayRef<const ::dlc::dl::Array *> operands,
                                              ::llvm::MutableArrayRef<::dlc::dl::Array> results) {
      ::dlc::dl::evaluatePool(*this, *operands[0], results[0], [](::dlc::dl::Number a, ::dlc::dl::Number x) {
        return }] # combine # [{;
      });
      return ::mlir::success();
    }
    ::dlc::dl::Fusion $cppClass::fusion() { return {::dlc::dl::Fusion::Kind::Contraction, {}}; }
    ::dlc::dl::Dims $cppClass::flops(::dlc::dl::Inference &shapes) {
      ::dlc::dl::Dims factors = shapes.dims(getResult());
      factors.push_back(shapes.constant(::dlc::dl::elementCount(getWindow())));
      return factors;
    }
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Dl_PoolMaxOp : Dl_Pool<"pool_max", "maximum(a, x)", "lowestOf(type)">;
def Dl_PoolSumOp : Dl_Pool<"pool_sum", "a + x", "Number::of(type, 0)">;

def Dl_PoolMaxPlaceOp : Dl_Op<"pool_max_place", [Pure], ["evaluate", "lower"]> {
  let summary = "Where dl.pool_max finds its first largest element: row-major over the spatial dims of x, as i64";
  let description = "A NaN counts as larger than any number. 0 where a window lies wholly outside of x.";
  let arguments = Dl_PoolArguments;
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // DLC_DL_POOL_TD
