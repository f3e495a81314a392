//===- Epilogue.cpp -------------------------------------------------------===//
#include "compiler/kernel/Epilogue.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {

static Type elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }

Epilogue::Epilogue(KernelFrame &frame, Operation *contraction, ArrayRef<Operation *> ops, Value result)
    : frame(frame), contraction(contraction), ops(ops), result(result) {
  for (Operation *op : ops)
    if (op != contraction)
      for (Value v : op->getOperands())
        if (frame.inMemory(v) && v != result && !llvm::is_contained(extras_, v))
          extras_.push_back(v);
}

Type Epilogue::contractionElement() const { return elementOf(contraction->getResult(0)); }
Type Epilogue::accumulator() const { return computeType(contractionElement()); }

Value Epilogue::emit(OpBuilder &b, Location loc, ValueRange arguments) const {
  Emitter e{b, loc, frame.node};
  llvm::DenseMap<Value, Scalar> values;
  values[contraction->getResult(0)] = Scalar(e, arguments[0], contractionElement().isUnsignedInteger());
  for (auto [i, v] : llvm::enumerate(extras_))
    values[v] = fromStorage(e, arguments[1 + i], elementOf(v));
  for (Operation *op : ops) {
    if (op == contraction || isa<NoneOp>(op))
      continue;
    if (auto c = dyn_cast<ConstantOp>(op)) {
      Number n = Array::fromAttribute(c.getValue()).at(0);
      Type type = computeType(elementOf(c));
      TypedAttr value = isa<FloatType>(type) ? TypedAttr(FloatAttr::get(type, n.asDouble()))
                                             : TypedAttr(IntegerAttr::get(type, n.asInt()));
      values[c] = Scalar(e, arith::ConstantOp::create(b, loc, value), elementOf(c).isUnsignedInteger());
      continue;
    }
    SmallVector<Scalar> operands;
    for (Value v : op->getOperands())
      operands.push_back(values.lookup(v));
    values[op->getResult(0)] = cast<PointwiseOp>(op).emitScalar(operands);
  }
  return toStorage(values.lookup(result), elementOf(result));
}

Block Block::of(OpBuilder &b, Location loc, Value place, int64_t size, OpFoldResult extent) {
  if (!size)
    return {b.getIndexAttr(0), extent};
  AffineExpr p = b.getAffineDimExpr(0), e = b.getAffineDimExpr(1);
  OpFoldResult offset = affine::makeComposedFoldedAffineApply(b, loc, p * size, {OpFoldResult(place)});
  std::optional<int64_t> known = getConstantIntValue(extent);
  if (known && *known % size == 0)
    return {offset, b.getIndexAttr(size)};
  AffineMap left = AffineMap::get(2, 0, {b.getAffineConstantExpr(size), e - p}, b.getContext());
  return {offset, affine::makeComposedFoldedAffineMin(b, loc, left, {offset, extent})};
}

Value partOf(OpBuilder &b, Location loc, Value view, ArrayRef<OpFoldResult> from, ArrayRef<OpFoldResult> count,
             ArrayRef<bool> kept) {
  SmallVector<OpFoldResult> stride(from.size(), b.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (auto [size, keep] : llvm::zip(count, kept))
    if (keep)
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  auto type = memref::SubViewOp::inferRankReducedResultType(shape, cast<MemRefType>(view.getType()), from, count, stride);
  return memref::SubViewOp::create(b, loc, cast<MemRefType>(type), view, from, count, stride);
}

} // namespace dlc
