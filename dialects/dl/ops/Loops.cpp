//===- Loops.cpp ----------------------------------------------------------===//
#include "dialects/dl/ops/Loops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace dlc::dl {

static SmallVector<Value> values(ArrayRef<Scalar> scalars) {
  return llvm::map_to_vector(scalars, [](const Scalar &s) { return s.value(); });
}

Scalar Loops::constant(Type type, Number v) {
  Type compute = computeType(type);
  TypedAttr attribute = isa<FloatType>(compute) ? TypedAttr(FloatAttr::get(compute, v.asDouble()))
                                                : TypedAttr(IntegerAttr::get(compute, v.asInt()));
  return scalar(arith::ConstantOp::create(l.b, l.loc(), attribute), type.isUnsignedInteger());
}

Scalar Loops::dim(Value tensor, unsigned axis) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return type.isDynamicDim(axis) ? scalar(tensor::DimOp::create(l.b, l.loc(), tensor, axis))
                                 : constant(type.getDimSize(axis));
}

SmallVector<Scalar> Loops::dims(Value tensor) {
  SmallVector<Scalar> result;
  for (int64_t i = 0, rank = cast<RankedTensorType>(tensor.getType()).getRank(); i < rank; ++i)
    result.push_back(dim(tensor, i));
  return result;
}

SmallVector<Scalar> Loops::resultDims(unsigned result) {
  return llvm::map_to_vector(l.dims[result], [&](OpFoldResult d) {
    return scalar(getValueOrCreateConstantIndexOp(l.b, l.loc(), d));
  });
}

Loops::Carried Loops::loop(Scalar count, ValueRange start, llvm::function_ref<Carried(Scalar, ValueRange)> body) {
  auto loop = scf::ForOp::create(l.b, l.loc(), constant(0).value(), count.value(), constant(1).value(), start);
  OpBuilder::InsertionGuard guard(l.b);
  Block *block = loop.getBody();
  if (block->mightHaveTerminator() && !block->empty() && block->back().hasTrait<OpTrait::IsTerminator>())
    block->back().erase(); // a loop that carries nothing gets its yield from the builder
  l.b.setInsertionPointToEnd(block);
  Carried next = body(scalar(loop.getInductionVar()), loop.getRegionIterArgs());
  scf::YieldOp::create(l.b, l.loc(), next);
  return Carried(loop.getResults());
}

Loops::Carried Loops::nestFrom(SmallVectorImpl<Scalar> &place, ArrayRef<Scalar> counts, ValueRange start,
                               llvm::function_ref<Carried(ArrayRef<Scalar>, ValueRange)> body) {
  if (place.size() == counts.size())
    return body(place, start);
  return loop(counts[place.size()], start, [&](Scalar i, ValueRange carried) {
    place.push_back(i);
    Carried next = nestFrom(place, counts, carried, body);
    place.pop_back();
    return next;
  });
}

Loops::Carried Loops::nest(ArrayRef<Scalar> counts, ValueRange start,
                           llvm::function_ref<Carried(ArrayRef<Scalar>, ValueRange)> body) {
  SmallVector<Scalar> place;
  return nestFrom(place, counts, start, body);
}

Scalar Loops::read(Value tensor, ArrayRef<Scalar> place, Type type) {
  return fromStorage(l.emitter, tensor::ExtractOp::create(l.b, l.loc(), tensor, values(place)), type);
}

Value Loops::write(Scalar v, Value tensor, ArrayRef<Scalar> place, Type type) {
  return tensor::InsertOp::create(l.b, l.loc(), toStorage(v, type), tensor, values(place));
}

Scalar Loops::wrap(Scalar i, Scalar size) {
  i = cast(i, l.b.getIndexType());
  Scalar wrapped = select(i < 0.0, i + size, i);
  Scalar ok = (wrapped >= 0.0) & (wrapped < size);
  check(ok, ValueError::IndexOutOfRange);
  return select(ok, wrapped, 0.0);
}

Value Loops::copyOf(unsigned operand) {
  return linalg::CopyOp::create(l.b, l.loc(), l.operands[operand], l.empty(0)).getResult(0);
}

} // namespace dlc::dl
