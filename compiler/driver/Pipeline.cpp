//===- Pipeline.cpp - The whole compiler, read from top to bottom ----------===//
#include "compiler/driver/Pipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace dlc {

ArrayRef<Phase> phases() {
  static constexpr Phase all[] = {
      {"import", "the model as dl ops, one function a graph"},
      {"graph", "shapes known, constants folded, ops gathered into kernels"},
      {"kernels", "each kernel a loop over tiles of vector ops, for one CPU variant"},
      {"host", "the program that runs the kernels over planned memory"},
      {"target", "LLVM IR of all variants"},
      {"package", "the library, its header and metadata"},
  };
  return all;
}

void addGraphPasses(OpPassManager &pm) {
  // Bodies of branches and loops become functions: from here on every function is one block.
  pm.addPass(createOutlineBodiesPass());
  OpPassManager &function = pm.nest<func::FuncOp>();
  // What shape does everything have?
  function.addPass(createInferShapesPass());
  function.addPass(createCSEPass());
  // Exporters and convolutions disagree about the order of dims: transposes move on until they cancel.
  function.addPass(createMoveTransposesPass());
  function.addPass(createCSEPass());
  // Batch normalization is part of the weights before it.
  function.addPass(createAbsorbScalesPass());
  // Which form do products want their operands in? Weights take it now, at compile time.
  function.addPass(createAssignLayoutsPass());
  pm.addPass(createFoldConstantsPass());
  // Which ops run together? Then each distinct kernel becomes a function, compiled once.
  OpPassManager &folded = pm.nest<func::FuncOp>();
  folded.addPass(createCSEPass());
  folded.addPass(createRepeatMasksPass());
  folded.addPass(createFormKernelsPass());
  folded.addPass(createCSEPass());
  pm.addPass(createOutlineKernelsPass());
}

void addKernelPasses(OpPassManager &pm, const Target &target) {
  // Loops over tiles, linalg and mk ops on buffers inside.
  pm.addPass(createLowerKernelsPass(target));
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  // Products become register tiles, all else loops of vector ops.
  function.addPass(createExpandMicrokernelsPass(target));
  function.addPass(createVectorizePass(target));
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  // No call of libm stays in a loop.
  function.addPass(createApproximateMathPass(target));
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
}

void addHostPasses(OpPassManager &pm, HostProgram &program) {
  // Which buffer is each value, where does it lie, and which runtime call does what?
  pm.addPass(createConvertToRtPass(program));
  pm.addPass(createPlanMemoryPass(program));
  pm.addPass(createLowerRtPass());
  pm.addPass(createCanonicalizerPass());
}

} // namespace dlc
