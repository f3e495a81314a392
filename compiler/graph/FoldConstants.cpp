//===- FoldConstants.cpp --------------------------------------------------===//
//
// Before: ops over constants, as exporters leave them and as packing made them. After: their values, where they are
// within the budget. Here, after layouts, so that packed weights are data; the large ones fold byte by byte.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "compiler/Passes.h.inc"

namespace {
struct FoldConstants : impl::FoldConstantsPassBase<FoldConstants> {
  using Base::Base;

  /// The value of an op of constants; null when it must stay.
  ElementsAttr fold(DlOp op, ArrayRef<ElementsAttr> operands) {
    if (ElementsAttr folded = op.foldBytes(operands))
      return folded;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!type.hasStaticShape() || type.getNumElements() > budget)
      return {};
    std::vector<Array> arrays;
    for (ElementsAttr a : operands) {
      if (a.getNumElements() > budget)
        return {};
      arrays.push_back(Array::fromAttribute(a));
    }
    SmallVector<const Array *> pointers;
    for (const Array &a : arrays)
      pointers.push_back(&a);
    // A mistake in a value (an index out of range) is the program's to report when it runs.
    ScopedDiagnosticHandler quiet(&getContext(), [](Diagnostic &) { return success(); });
    FailureOr<std::vector<Array>> result = evaluateOp(op, pointers);
    return succeeded(result) ? ElementsAttr(result->front().toAttribute()) : ElementsAttr();
  }

  void runOnOperation() override {
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front())) {
      auto dl = dyn_cast<DlOp>(op);
      if (!dl || op.hasTrait<OpTrait::ConstantLike>() || op.getNumResults() != 1 || op.getNumOperands() == 0 ||
          op.getNumRegions() != 0)
        continue;
      if (op.use_empty()) {
        op.erase();
        continue;
      }
      SmallVector<ElementsAttr> operands;
      for (Value v : op.getOperands()) {
        auto constant = v.getDefiningOp<ConstantOp>();
        if (!constant)
          break;
        operands.push_back(constant.getValue());
      }
      if (operands.size() != op.getNumOperands())
        continue;
      if (ElementsAttr value = fold(dl, operands)) {
        OpBuilder b(&op);
        op.getResult(0).replaceAllUsesWith(buildConstant(b, op.getLoc(), value));
        op.erase();
      }
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(getOperation().getBody().front())))
      if (isa<DlOp>(op) && op.use_empty() && isPure(&op))
        op.erase();
  }
};
} // namespace
} // namespace dlc
