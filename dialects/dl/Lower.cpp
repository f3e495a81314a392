//===- Lower.cpp - Formulas, reductions and indexed reads as linalg -------===//
#include "dialects/dl/Lower.h"
#include "dialects/dl/Dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace dlc::dl {

Type Lowering::elementType(unsigned i) const { return cast<ShapedType>(op->getOperand(i).getType()).getElementType(); }
Type Lowering::resultElementType(unsigned i) const {
  return cast<ShapedType>(op->getResult(i).getType()).getElementType();
}
Value Lowering::empty(unsigned i) {
  return tensor::EmptyOp::create(b, loc(), dims[i], storageType(resultElementType(i)));
}

/// Which dims of `operand` are read at place 0 for every place of the result.
static AffineMap broadcastMap(RankedTensorType operand, RankedTensorType result, MLIRContext *context) {
  int64_t pad = result.getRank() - operand.getRank();
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < operand.getRank(); ++i)
    exprs.push_back(operand.getDimSize(i) == 1 && result.getDimSize(pad + i) != 1 ? getAffineConstantExpr(0, context)
                                                                                  : getAffineDimExpr(pad + i, context));
  return AffineMap::get(result.getRank(), 0, exprs, context);
}

static LogicalResult lowerPointwise(PointwiseOp op, Lowering &l) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  MLIRContext *context = op->getContext();
  SmallVector<AffineMap> maps;
  for (Value v : op->getOperands())
    maps.push_back(broadcastMap(cast<RankedTensorType>(v.getType()), result, context));
  maps.push_back(AffineMap::getMultiDimIdentityMap(result.getRank(), context));
  SmallVector<utils::IteratorType> iterators(result.getRank(), utils::IteratorType::parallel);
  Value empty = l.empty(0);
  auto generic = linalg::GenericOp::create(
      l.b, l.loc(), empty.getType(), l.operands, empty, maps, iterators, [&](OpBuilder &b, Location loc, ValueRange args) {
        Emitter emitter{b, loc, l.emitter.node};
        SmallVector<Scalar> scalars;
        for (auto [i, v] : llvm::enumerate(op->getOperands()))
          scalars.push_back(fromStorage(emitter, args[i], cast<ShapedType>(v.getType()).getElementType()));
        linalg::YieldOp::create(b, loc, toStorage(op.emitScalar(scalars), result.getElementType()));
      });
  l.results.push_back(generic.getResult(0));
  return success();
}

static LogicalResult lowerReduction(ReductionOp op, Lowering &l) {
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  MLIRContext *context = op->getContext();
  Type element = type.getElementType(), accumulate = computeType(element);
  if (element.isInteger(1))
    accumulate = l.b.getI8Type();
  SmallVector<int64_t> axes = op.reducedAxes();
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  SmallVector<AffineExpr> out;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    bool reduced = llvm::is_contained(axes, i);
    if (reduced)
      iterators[i] = utils::IteratorType::reduction;
    out.push_back(reduced ? getAffineConstantExpr(0, context) : getAffineDimExpr(i, context));
  }
  Number start = op.initial(element);
  Attribute startAttr = isa<FloatType>(accumulate) ? Attribute(FloatAttr::get(accumulate, start.asDouble()))
                                                   : IntegerAttr::get(accumulate, start.asInt());
  Value init = arith::ConstantOp::create(l.b, l.loc(), cast<TypedAttr>(startAttr));
  Value place = accumulate == storageType(l.resultElementType(0)) ? l.empty(0) : l.temporary(0, accumulate);
  Value filled = linalg::FillOp::create(l.b, l.loc(), init, place).getResult(0);
  SmallVector<AffineMap> maps{AffineMap::getMultiDimIdentityMap(type.getRank(), context),
                              AffineMap::get(type.getRank(), 0, out, context)};
  Value sum = linalg::GenericOp::create(l.b, l.loc(), filled.getType(), l.operands[0], filled, maps, iterators,
                                        [&](OpBuilder &b, Location loc, ValueRange args) {
                                          Emitter emitter{b, loc, l.emitter.node};
                                          Scalar x = fromStorage(emitter, args[0], element);
                                          Scalar a = element.isInteger(1)
                                                         ? fromStorage(emitter, args[1], element)
                                                         : Scalar(emitter, args[1], element.isUnsignedInteger());
                                          Scalar r = op.emitCombine(a, x);
                                          linalg::YieldOp::create(b, loc,
                                                                  element.isInteger(1) ? toStorage(r, element)
                                                                                       : r.value());
                                        })
                  .getResult(0);
  if (accumulate != storageType(element)) { // round the f32 accumulator once
    SmallVector<AffineMap> identity(2, AffineMap::getMultiDimIdentityMap(type.getRank(), context));
    SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
    Value empty = l.empty(0);
    sum = linalg::GenericOp::create(l.b, l.loc(), empty.getType(), sum, empty, identity, parallel,
                                    [&](OpBuilder &b, Location loc, ValueRange args) {
                                      Emitter emitter{b, loc, l.emitter.node};
                                      linalg::YieldOp::create(b, loc, toStorage(Scalar(emitter, args[0]), element));
                                    })
              .getResult(0);
  }
  l.results.push_back(sum);
  return success();
}

namespace {
class ScalarReader : public ElementReader<Scalar> {
public:
  ScalarReader(Lowering &l, Emitter &e) : l(l), e(e) {}
  Scalar read(unsigned operand, ArrayRef<Scalar> place) override {
    SmallVector<Value> indices;
    for (const Scalar &s : place)
      indices.push_back(s.value());
    Value v = tensor::ExtractOp::create(e.b, e.loc, l.operands[operand], indices);
    return fromStorage(e, v, l.elementType(operand));
  }
  Scalar dim(unsigned operand, unsigned axis) override {
    auto type = cast<RankedTensorType>(l.operands[operand].getType());
    if (!type.isDynamicDim(axis))
      return indexConstant(e, type.getDimSize(axis));
    return Scalar(e, tensor::DimOp::create(e.b, e.loc, l.operands[operand], axis));
  }
  Scalar resultDim(unsigned axis) override {
    return Scalar(e, getValueOrCreateConstantIndexOp(e.b, e.loc, l.dims[0][axis]));
  }
  Scalar constant(int64_t v) override { return indexConstant(e, v); }
  void check(Scalar ok, ValueError error) override { dl::check(ok, error); }
  Scalar remainder(Scalar a, Scalar b) override {
    Scalar r(e, arith::RemSIOp::create(e.b, e.loc, a.value(), b.value()));
    return select(r < constant(0), r + b, r);
  }
  Scalar toPlace(Scalar element) override { return cast(element, e.b.getIndexType()); }
  Scalar toResult(Scalar v) override { return cast(v, l.resultElementType(0)); }

private:
  Lowering &l;
  Emitter &e;
};
} // namespace

static LogicalResult lowerIndexed(IndexedOp op, Lowering &l) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<AffineMap> maps{AffineMap::getMultiDimIdentityMap(result.getRank(), op->getContext())};
  SmallVector<utils::IteratorType> iterators(result.getRank(), utils::IteratorType::parallel);
  Value empty = l.empty(0);
  auto generic = linalg::GenericOp::create(l.b, l.loc(), empty.getType(), ValueRange{}, empty, maps, iterators,
                                           [&](OpBuilder &b, Location loc, ValueRange) {
                                             Emitter emitter{b, loc, l.emitter.node};
                                             ScalarReader reader(l, emitter);
                                             SmallVector<Scalar> place;
                                             for (int64_t i = 0; i < result.getRank(); ++i)
                                               place.push_back(Scalar(emitter, linalg::IndexOp::create(b, loc, i)));
                                             linalg::YieldOp::create(
                                                 b, loc, toStorage(op.emitElement(reader, place), result.getElementType()));
                                           });
  l.results.push_back(generic.getResult(0));
  return success();
}

LogicalResult lowerByInterface(Operation *op, Lowering &l) {
  if (auto pointwise = dyn_cast<PointwiseOp>(op))
    return lowerPointwise(pointwise, l);
  if (auto reduction = dyn_cast<ReductionOp>(op))
    return lowerReduction(reduction, l);
  if (auto indexed = dyn_cast<IndexedOp>(op))
    return lowerIndexed(indexed, l);
  return op->emitError("cannot be lowered to a kernel");
}

Fusion fusionByInterface(Operation *op) {
  if (isa<PointwiseOp>(op))
    return {Fusion::Kind::Pointwise, {}};
  if (auto reduction = dyn_cast<ReductionOp>(op))
    return {Fusion::Kind::Reduction, reduction.reducedAxes()};
  if (isa<IndexedOp>(op))
    return {Fusion::Kind::Indexed, {}};
  return {Fusion::Kind::Alone, {}};
}

Dims flopsByInterface(Operation *op, Inference &shapes) {
  if (isa<PointwiseOp>(op))
    return shapes.dims(op->getResult(0));
  if (isa<ReductionOp>(op))
    return shapes.dims(op->getOperand(0));
  return {shapes.constant(0)};
}

} // namespace dlc::dl
