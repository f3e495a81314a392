//===- MoveTransposes.cpp -------------------------------------------------===//
//
// Before: transposes where the model or an op's form needs other dims, a convolution between two of its own. After: each
// has moved behind all ops that do not care, has met its inverse there and is gone, or stands where someone does care.
// Here, once shapes are known and before layouts, since a transpose that stays costs a pass over memory.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_MOVETRANSPOSESPASS
#include "compiler/Passes.h.inc"

namespace {
/// What stands for the result of `op` with its transposed operands taken from before their transposes; null when nothing does.
Tensor behindTranspose(DlOp op, OpBuilder &b, Inference &shapes) {
  for (auto [i, v] : llvm::enumerate(op->getOperands()))
    if (Permuted source = permutedSource(b, v)) {
      BeforeTranspose operands(b, shapes, op, i, source.permutation);
      Permuted r = op.beforeTranspose(operands);
      return r ? transposeOnce(r.value, r.permutation) : Tensor();
    }
  return {};
}

/// A transpose that still stands but moves no bytes is one no longer.
void renameDims(Operation &op) {
  OpBuilder b(&op);
  Permuted source = permutedSource(b, op.getResult(0));
  if (!source || !keepsOrder(source.value.type(), source.permutation))
    return;
  op.getResult(0).replaceAllUsesWith(permute(source.value, source.permutation).value());
  op.erase();
}

struct MoveTransposes : impl::MoveTransposesPassBase<MoveTransposes> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    Block &block = function.getBody().front();
    SymbolicShapes shapes(&getContext());
    for (auto [i, argument] : llvm::enumerate(function.getArguments()))
      shapes.setArgument(argument, function.getArgAttrOfType<ArrayAttr>(i, "dl.dims"));
    if (failed(shapes.run(block)))
      return signalPassFailure();
    // In order: what reaches an op's operands has moved as far as it goes.
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto dl = dyn_cast<DlOp>(op);
      if (!dl || op.getNumResults() != 1 || op.getNumRegions() != 0)
        continue;
      OpBuilder b(&op);
      Operation *before = op.getPrevNode();
      Tensor moved = behindTranspose(dl, b, shapes);
      for (Operation *made = before ? before->getNextNode() : &block.front(); made != &op; made = made->getNextNode())
        if (failed(cast<DlOp>(made).infer(shapes)))
          return signalPassFailure();
      if (!moved)
        continue;
      op.getResult(0).replaceAllUsesWith(moved.value());
      op.erase();
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<DlOp>(op) && op.use_empty() && isPure(&op))
        op.erase();
      else if (op.getNumResults() == 1)
        renameDims(op);
  }
};
} // namespace
} // namespace dlc
