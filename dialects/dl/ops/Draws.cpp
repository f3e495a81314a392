//===- Draws.cpp - A number for each draw ---------------------------------===//
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Random.h"

using namespace mlir;

namespace dlc::dl {

namespace {
/// Hands the step down through a function: it grows by one at the end of each body that may run again, and of the function.
class Numbering {
public:
  explicit Numbering(MLIRContext *context) : b(context), type(RankedTensorType::get({}, b.getI64Type())) {}

  void run(func::FuncOp function);

private:
  static bool draws(Operation &op) {
    return op.walk([](RandomBitsOp) { return WalkResult::interrupt(); }).wasInterrupted();
  }

  Value thread(Block &block, Value step);
  Value next(Block &block, Value step);
  Value carry(IfOp op, Value step);
  template <class Op> Value carry(Op op, Value step, unsigned operand, unsigned yielded);
  Operation *rebuild(Operation *op, ArrayRef<Value> operands, unsigned result);

  OpBuilder b;
  RankedTensorType type;
  int64_t streams = 0;
};
} // namespace

/// The step behind `block`.
Value Numbering::thread(Block &block, Value step) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto bits = dyn_cast<RandomBitsOp>(op)) {
      bits.getStepMutable().assign(step);
      bits.setStream(streams++);
    }
    if (op.getNumRegions() == 0 || !draws(op))
      continue;
    if (auto branch = dyn_cast<IfOp>(op))
      step = carry(branch, step);
    else if (auto loop = dyn_cast<LoopOp>(op))
      step = carry(loop, step, 2 + loop.getCarried(), 1);
    else if (auto scan = dyn_cast<ScanOp>(op))
      step = carry(scan, step, scan.getCarried(), 0);
  }
  return step;
}

Value Numbering::next(Block &block, Value step) {
  step = thread(block, step);
  b.setInsertionPoint(block.getTerminator());
  return (Tensor(b, step.getLoc(), step) + 1.0).value();
}

/// `op` with other operands and the step as one more result.
Operation *Numbering::rebuild(Operation *op, ArrayRef<Value> operands, unsigned result) {
  SmallVector<Type> types(op->getResultTypes());
  types.insert(types.begin() + result, type);
  OperationState state(op->getLoc(), op->getName().getStringRef(), operands, types, op->getAttrs());
  for (unsigned i = 0; i < op->getNumRegions(); ++i)
    state.addRegion()->takeBody(op->getRegion(i));
  b.setInsertionPoint(op);
  Operation *made = b.create(state);
  for (auto [i, old] : llvm::enumerate(op->getResults()))
    old.replaceAllUsesWith(made->getResult(i < result ? i : i + 1));
  op->erase();
  return made;
}

Value Numbering::carry(IfOp op, Value step) {
  for (Region &region : op.getRegions()) {
    Operation *yield = region.front().getTerminator();
    yield->insertOperands(yield->getNumOperands(), thread(region.front(), step));
  }
  unsigned result = op->getNumResults();
  return rebuild(op, SmallVector<Value>(op->getOperands()), result)->getResult(result);
}

/// `operand`: behind the start values of what a loop carries. `yielded`: values of the body before what it carries.
template <class Op> Value Numbering::carry(Op op, Value step, unsigned operand, unsigned yielded) {
  unsigned carried = op.getCarried();
  Block &body = op.getRegions()[0].front();
  Value argument = body.insertArgument(operand, type, op.getLoc()); // bodies take what they carry where the op does
  Value after = next(body, argument);
  body.getTerminator()->insertOperands(yielded + carried, after);
  SmallVector<Value> operands(op->getOperands());
  operands.insert(operands.begin() + operand, step);
  op.setCarried(carried + 1);
  return rebuild(op, operands, carried)->getResult(carried);
}

void Numbering::run(func::FuncOp function) {
  if (!draws(*function))
    return;
  b.setInsertionPoint(function);
  StateOp::create(b, function.getLoc(), randomStep, DenseElementsAttr::get(type, int64_t(0)));
  auto named = b.getDictionaryAttr(b.getNamedAttr("dl.state", b.getStringAttr(randomStep)));
  unsigned argument = function.getNumArguments(), result = function.getNumResults();
  (void)function.insertArgument(argument, type, named, function.getLoc());
  Block &body = function.getBody().front();
  Value after = next(body, body.getArgument(argument));
  body.getTerminator()->insertOperands(result, after);
  (void)function.insertResult(result, type, named);
}

void numberDraws(func::FuncOp function) { Numbering(function.getContext()).run(function); }

} // namespace dlc::dl
