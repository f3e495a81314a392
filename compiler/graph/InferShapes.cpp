//===- InferShapes.cpp ----------------------------------------------------===//
//
// Before: results have the types that local rules gave them. After: every dim that follows from the arguments' dims is
// in the type, and shape tensors whose elements are known are constants. Here, first, because everything later asks.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_INFERSHAPESPASS
#include "compiler/Passes.h.inc"

namespace {
/// Replaces the integer tensors whose elements are all known by constants.
void materializeContents(func::FuncOp function, SymbolicShapes &shapes) {
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    if (!isa<DlOp>(op) || isa<ConstantOp>(op) || op.getNumResults() != 1 || op.use_empty())
      continue;
    auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
    if (!type || !isa<IntegerType>(type.getElementType()) || !type.hasStaticShape() ||
        type.getNumElements() > Inference::maxContents)
      continue;
    std::optional<SmallVector<int64_t>> values = shapes.constantContents(op.getResult(0));
    if (!values || static_cast<int64_t>(values->size()) != type.getNumElements())
      continue;
    Array array(type.getElementType(), type.getShape());
    for (auto [i, v] : llvm::enumerate(*values))
      array.store(i, Number::ofSigned(v));
    OpBuilder b(&op);
    op.getResult(0).replaceAllUsesWith(buildConstant(b, op.getLoc(), array.toAttribute()));
    op.erase();
  }
}

struct InferShapes : impl::InferShapesPassBase<InferShapes> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SymbolicShapes shapes(&getContext());
    for (auto [i, argument] : llvm::enumerate(function.getArguments()))
      if (isa<RankedTensorType>(argument.getType()))
        shapes.setArgument(argument, function.getArgAttrOfType<ArrayAttr>(i, "dl.dims"));
    if (failed(shapes.run(function.getBody().front())))
      return signalPassFailure();
    materializeContents(function, shapes);
    Operation *end = function.getBody().front().getTerminator();
    function.setType(FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
  }
};
} // namespace
} // namespace dlc
