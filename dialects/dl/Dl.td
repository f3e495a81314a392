//===- Dl.td - The dl dialect: what to compute ----------------------------===//
//
// Tensors in, tensors out. An op's declaration carries all that is known of it: its formula (reference value, kernel body
// and differentiable expansion at once), its ONNX name, and through the interfaces its shape rule and lowering. Passes ask
// the interfaces and know no op by name.
//
//===----------------------------------------------------------------------===//
#ifndef DLC_DL_TD
#define DLC_DL_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/dl/Interfaces.td"

def Dl_Dialect : Dialect {
  let name = "dl";
  let cppNamespace = "::dlc::dl";
  let summary = "Deep-learning computations on tensors";
  let description = [{
    Signed integers are signless (`i32`), unsigned ones carry their sign (`ui32`), booleans are `i1`.
  }];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 0;
  let extraClassDeclaration = [{
    void registerPointwiseOps();
    void registerStructuralOps();
    void registerExtendedOps();
  }];
}

/// Result types may be unranked for a moment, between an op's creation and its shape rule.
def Dl_Tensor : AnyTypeOf<[AnyTensor]>;

/// `own` names the DlOp methods beside `infer` that the op defines itself instead of through its other interfaces.
class Dl_Op<string mnemonic, list<Trait> traits = [], list<string> own = []>
    : Op<Dl_Dialect, mnemonic, !listconcat([DeclareOpInterfaceMethods<Dl_OpInterface, own>], traits)> {
  /// The ONNX node (ai.onnx) that this op is when its operands and attributes have the same names; "" for none.
  string onnx = "";
  /// First opset in which the node has that form.
  int since = 1;
}

/// The interfaces whose methods an op writes itself.
def Dl_Indexed : DeclareOpInterfaceMethods<Dl_IndexedInterface>;
def Dl_Mapped : DeclareOpInterfaceMethods<Dl_IndexedInterface, ["sourceMap"]>;
def Dl_ScaleShift : DeclareOpInterfaceMethods<Dl_ScaleShiftInterface>;
def Dl_Product : DeclareOpInterfaceMethods<Dl_ProductInterface>;
def Dl_Contraction : DeclareOpInterfaceMethods<Dl_ContractionInterface>;

//===----------------------------------------------------------------------===//
// Pointwise ops
//===----------------------------------------------------------------------===//

/// An op whose every result element depends on one element of each (broadcast) operand.
///
/// `formula` is one C++ expression over `x`, `y`, `z` (the operands) and the names that `params` declares. It is
/// compiled three times: over Number it gives the reference value, over Scalar the kernel body, over Tensor the
/// expansion into primitives. Choice is `select(c, a, b)`; see dialects/dl/Scalar.h for the vocabulary.
class Dl_Pointwise<string mnemonic, int arity, list<Trait> traits = []>
    : Dl_Op<mnemonic, !listconcat([Pure, Dl_PointwiseInterface], traits)> {
  string formula = "";
  string params = "";
  /// Adjoints, one an operand, over `x`, `y`, `z`, the result `r` and its cotangent `dr`; empty: by expansion.
  list<string> cotangents = [];
  /// C++ expression of the result's element type over the operands' element types `types`.
  string elementType = "types[0]";

  let description = "Computes `" # formula # "`.";
  let results = (outs Dl_Tensor:$result);
  defvar names = ["x", "y", "z"];
  defvar formals = !interleave(!foreach(i, !range(arity), "const T &" # names[i]), ", ");
  defvar actuals = !interleave(!foreach(i, !range(arity), "v[" # i # "]"), ", ");

  let extraClassDeclaration = [{
    template <class T> T formula(}] # formals # [{);
    ::dlc::dl::Scalar emitScalar(::llvm::ArrayRef<::dlc::dl::Scalar> v);
    ::dlc::dl::Number evaluateNumber(::llvm::ArrayRef<::dlc::dl::Number> v);
    ::dlc::dl::Tensor expandTensor(::llvm::ArrayRef<::dlc::dl::Tensor> v);
    ::llvm::StringRef formulaText() { return R"FORMULA(}] # formula # [{)FORMULA"; }
    ::mlir::Type resultElementType(::llvm::ArrayRef<::mlir::Type> types);
    static constexpr ::llvm::StringLiteral onnxName = "}] # onnx # [{";
    static constexpr int64_t onnxSince = }] # since # [{;
  }];
  let extraClassDefinition = [{
    template <class T> T $cppClass::formula(}] # formals # [{) {
      }] # params # [{
      return }] # formula # [{;
    }
    ::dlc::dl::Scalar $cppClass::emitScalar(::llvm::ArrayRef<::dlc::dl::Scalar> v) { return formula(}] # actuals # [{); }
    ::dlc::dl::Number $cppClass::evaluateNumber(::llvm::ArrayRef<::dlc::dl::Number> v) { return formula(}] # actuals # [{); }
    ::dlc::dl::Tensor $cppClass::expandTensor(::llvm::ArrayRef<::dlc::dl::Tensor> v) { return formula(}] # actuals # [{); }
    ::mlir::Type $cppClass::resultElementType(::llvm::ArrayRef<::mlir::Type> types) { return }] # elementType # [{; }
    ::mlir::LogicalResult $cppClass::infer(::dlc::dl::Inference &shapes) {
      return ::dlc::dl::inferPointwise(*this, shapes);
    }
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

class Dl_Unary<string mnemonic, list<Trait> traits = []> : Dl_Pointwise<mnemonic, 1, traits> {
  let arguments = (ins Dl_Tensor:$x);
}
class Dl_Binary<string mnemonic, list<Trait> traits = []> : Dl_Pointwise<mnemonic, 2, traits> {
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$y);
}
class Dl_Ternary<string mnemonic, list<Trait> traits = []> : Dl_Pointwise<mnemonic, 3, traits> {
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$y, Dl_Tensor:$z);
}
/// A comparison or predicate: the result is boolean.
class Dl_Compare<string mnemonic> : Dl_Binary<mnemonic> {
  let elementType = "::mlir::IntegerType::get(getContext(), 1)";
}

#endif // DLC_DL_TD
