//===- AssignLayouts.cpp --------------------------------------------------===//
//
// Before: contractions on row-major operands. After: each reads its right operand through dl.pack, which folds for
// weights and is a kernel of its own for what is computed. Here, before folding, so that weights are packed once, at compile time.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUTSPASS
#include "compiler/Passes.h.inc"

namespace {
struct AssignLayouts : impl::AssignLayoutsPassBase<AssignLayouts> {
  void runOnOperation() override {
    SmallVector<ContractionOp> contractions;
    getOperation().walk([&](ContractionOp op) { contractions.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (ContractionOp op : contractions) {
      rewriter.setInsertionPoint(op);
      (void)op.packOperands(rewriter);
    }
  }
};
} // namespace
} // namespace dlc
