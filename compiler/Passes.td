//===- Passes.td - Every pass, in pipeline order --------------------------===//

include "mlir/Pass/PassBase.td"

//===- graph --------------------------------------------------------------===//

def OutlineBodiesPass : Pass<"dlc-outline-bodies", "mlir::ModuleOp"> {
  let summary = "Make a function of each body of a control op";
  let dependentDialects = ["mlir::func::FuncDialect"];
}

def InferShapesPass : Pass<"dlc-infer-shapes", "mlir::func::FuncOp"> {
  let summary = "Give every tensor its most precise static type";
  let description = [{
    Runs each op's shape rule over the function's symbolic dims. What shape computations are known to give becomes
    constants.
  }];
}

def MoveTransposesPass : Pass<"dlc-move-transposes", "mlir::func::FuncOp"> {
  let summary = "Move transposes toward the results until they meet";
}

def AbsorbScalesPass : Pass<"dlc-absorb-scales", "mlir::func::FuncOp"> {
  let summary = "Multiply constant factors behind a product or convolution into its weights";
}

def FoldConstantsPass : Pass<"dlc-fold-constants", "mlir::ModuleOp"> {
  let summary = "Evaluate ops whose operands are constants, within a budget";
  let options = [Option<"budget", "budget", "int64_t", /*default=*/"1 << 22", "largest result, in elements">];
}

def AssignLayoutsPass : Pass<"dlc-assign-layouts", "mlir::func::FuncOp"> {
  let summary = "Let contractions take their right operand packed";
}

def RepeatMasksPass : Pass<"dlc-repeat-masks", "mlir::func::FuncOp"> {
  let summary = "Give each attention its own ops for the masks that it shares with others";
}

def FormKernelsPass : Pass<"dlc-form-kernels", "mlir::func::FuncOp"> {
  let summary = "Gather ops into dl.kernel regions";
  let description = [{
    Afterwards the function holds constants, kernels, views and dims only. Ops join when they share a parallel domain
    and the intermediate need not be written; see compiler/graph/FormKernels.cpp.
  }];
  let options = [Option<"maxOps", "max-ops", "unsigned", /*default=*/"48", "most ops in a kernel">,
                 Option<"maxInputs", "max-inputs", "unsigned", /*default=*/"16", "most inputs of a kernel">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::affine::AffineDialect"];
}

//===- kernel -------------------------------------------------------------===//

def LowerKernelsPass : Pass<"dlc-lower-kernels", "mlir::ModuleOp"> {
  let summary = "Turn kernels of dl ops into loops over tiles with linalg and mk ops on buffers";
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"",
                        "CPU variant; empty: the function's dlc.target, else this machine">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::LLVM::LLVMDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::tensor::TensorDialect", "mlir::bufferization::BufferizationDialect", "mk::MkDialect"];
}

def ExpandMicrokernelsPass : Pass<"dlc-expand-microkernels", "mlir::func::FuncOp"> {
  let summary = "Turn mk ops on buffers into loops over register tiles";
  let description = [{
    mk.brgemm becomes scf.for loops whose innermost one carries a tile of sums in vector registers over all of K;
    mk.pack becomes linalg ops. See compiler/kernel/ExpandMicrokernels.cpp.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"",
                        "CPU variant; empty: the function's dlc.target, else this machine">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::linalg::LinalgDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def VectorizePass : Pass<"dlc-vectorize", "mlir::func::FuncOp"> {
  let summary = "Turn linalg ops on buffers into loops of vector ops";
  let description = [{
    Every linalg op on memrefs and every memref.copy of the function becomes scf.for loops over vector loads, the
    payload on whole registers, and vector stores. See compiler/kernel/Vectorize.h.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"",
                        "CPU variant; empty: the function's dlc.target, else this machine">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect", "mlir::math::MathDialect"];
}

def ApproximateMathPass : Pass<"dlc-approximate-math", "mlir::func::FuncOp"> {
  let summary = "Expand math functions into inline polynomials, scalars and vectors alike";
  let description = [{
    No f32, f16 or bf16 function is left to libm; f64 functions and the rare ones listed in
    compiler/kernel/ApproximateMath.h are.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"",
                        "CPU variant; empty: the function's dlc.target, else this machine">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect", "mlir::math::MathDialect"];
}

//===- host ---------------------------------------------------------------===//

def OutlineKernelsPass : Pass<"dlc-outline-kernels", "mlir::ModuleOp"> {
  let summary = "Make a function of each distinct dl.kernel and an rt.call of each place";
  let dependentDialects = ["mlir::func::FuncDialect", "dlc::rt::RtDialect"];
}

def ConvertToRtPass : Pass<"dlc-convert-to-rt", "mlir::ModuleOp"> {
  let summary = "Turn functions of tensors into host programs over buffers";
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::func::FuncDialect",
                           "dlc::rt::RtDialect"];
}

def PlanMemoryPass : Pass<"dlc-plan-memory", "mlir::ModuleOp"> {
  let summary = "Lay intermediate values into a few blocks of memory";
  let dependentDialects = ["mlir::arith::ArithDialect", "dlc::rt::RtDialect"];
}

def LowerRtPass : Pass<"dlc-lower-rt", "mlir::ModuleOp"> {
  let summary = "Turn host programs into calls of the runtime";
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect", "mlir::func::FuncDialect",
                           "mlir::LLVM::LLVMDialect", "mlir::scf::SCFDialect"];
}
