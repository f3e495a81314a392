//===- AbsorbScales.cpp ---------------------------------------------------===//
//
// Before: products and convolutions with constant weights, and behind them batch normalization as one factor and one
// summand a channel. After: the factors are in the weights, the summands are one. Here, before weights are packed and
// folded; the arithmetic on constants that this leaves is folded then.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/ConstantValues.h"
#include "dialects/dl/Dialect.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_ABSORBSCALESPASS
#include "compiler/Passes.h.inc"

namespace {
/// A product and what multiplies it or is added to it, one op after the other.
class Absorber {
public:
  Absorber(ContractionOp product, ConstantValues &constants)
      : product(product), constants(constants), b(product.getContext()) {}

  void run() {
    auto type = cast<RankedTensorType>(product->getResult(0).getType());
    bool isWide = type.getElementType().isF32() || type.getElementType().isF64();
    if (!isWide || type.isDynamicDim(type.getRank() - 1) || !constants.contains(product->getOperand(1)))
      return;
    columns = type.getShape().back();
    while (Operation *op = nextStep())
      add(op);
    if (!scale)
      return;
    Operation *last = steps.back();
    b.setInsertionPoint(last);
    Value weights = product.scaledWeights(scale).value();
    Operation *scaled = b.clone(*product);
    scaled->setOperand(1, weights);
    Tensor r(b, last->getLoc(), scaled->getResult(0));
    last->getResult(0).replaceAllUsesWith((shift ? r + shift : r).value());
    for (Operation *op : llvm::reverse(steps))
      op->erase();
    product->erase();
  }

private:
  /// The only user of the chain's end, when it scales or shifts that by a constant a column.
  Operation *nextStep() {
    Value v = (steps.empty() ? product.getOperation() : steps.back())->getResult(0);
    auto op = v.hasOneUse() ? dyn_cast<ScaleShiftOp>(*v.getUsers().begin()) : ScaleShiftOp();
    if (!op || op->getResult(0).getType() != v.getType())
      return nullptr;
    for (Value o : op->getOperands()) {
      auto type = cast<RankedTensorType>(o.getType());
      bool aColumn = type.getRank() == 0 || type.getNumElements() == type.getShape().back();
      if (o != v && !(type.hasStaticShape() && aColumn && constants.contains(o)))
        return nullptr;
    }
    b.setInsertionPoint(op);
    step = op.asScaleShift(b, v.getUses().begin()->getOperandNumber());
    return step.scale || step.shift ? op.getOperation() : nullptr;
  }

  void add(Operation *op) {
    Tensor factor = aColumn(step.scale), summand = aColumn(step.shift);
    if (factor) {
      scale = scale ? scale * factor : factor;
      shift = shift ? shift * factor : shift;
    }
    if (summand)
      shift = shift ? shift + summand : summand;
    steps.push_back(op);
  }

  /// As a 1-D tensor.
  Tensor aColumn(Tensor t) {
    if (!t)
      return t;
    t = t.rank() == 0 ? t : reshape(t, {t.type().getNumElements()});
    return broadcastTo(t, constantInts(b, t.loc(), {columns}));
  }

  ContractionOp product;
  ConstantValues &constants;
  OpBuilder b;
  int64_t columns = 0;
  SmallVector<Operation *> steps;
  ScaleShift step;
  Tensor scale, shift;
};

struct AbsorbScales : impl::AbsorbScalesPassBase<AbsorbScales> {
  void runOnOperation() override {
    SmallVector<ContractionOp> products;
    getOperation().walk([&](ContractionOp op) { products.push_back(op); });
    ConstantValues constants;
    for (ContractionOp op : products)
      Absorber(op, constants).run();
  }
};
} // namespace
} // namespace dlc
