//===- DestinationStyle.cpp - What both mk ops do alike -------------------===//
#include "dialects/mk/DestinationStyle.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

void dlc::mk::addEffects(DestinationStyleOpInterface op,
                         SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, 0, true, SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand, 0, true, SideEffects::DefaultResource::get());
  }
}

LogicalResult dlc::mk::bufferizeInPlace(DestinationStyleOpInterface op, RewriterBase &rewriter,
                                        const bufferization::BufferizationOptions &options,
                                        bufferization::BufferizationState &state) {
  if (op.hasPureBufferSemantics())
    return success();
  if (!op.hasPureTensorSemantics())
    return op->emitOpError("expects all operands to be tensors or all to be memrefs");
  SmallVector<Value> buffers;
  for (Value operand : op->getOperands()) {
    FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
    if (failed(buffer))
      return failure();
    buffers.push_back(*buffer);
  }
  OperationState bufferized(op.getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
  for (Region &region : op->getRegions())
    bufferized.addRegion()->takeBody(region);
  rewriter.setInsertionPoint(op);
  Operation *created = rewriter.create(bufferized);
  auto init = cast<DestinationStyleOpInterface>(created).getDpsInitOperand(0)->get();
  bufferization::replaceOpWithBufferizedValues(rewriter, op, init);
  return success();
}

Value dlc::mk::sliceOf(OpBuilder &b, Location loc, Value whole, ArrayRef<OpFoldResult> offsets,
                       ArrayRef<OpFoldResult> sizes, SmallVectorImpl<Operation *> &slices) {
  SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
  // The verifiers of slices take no offset, not even 0, into an extent that is known to be 0.
  auto type = cast<ShapedType>(whole.getType());
  if (llvm::is_contained(type.getShape(), 0)) {
    SmallVector<int64_t> shape(type.getShape());
    llvm::replace(shape, int64_t(0), ShapedType::kDynamic);
    Type unknown = type.clone(shape);
    if (isa<TensorType>(type))
      whole = tensor::CastOp::create(b, loc, unknown, whole);
    else
      whole = memref::CastOp::create(b, loc, unknown, whole);
  }
  Operation *slice = isa<TensorType>(whole.getType())
                         ? tensor::ExtractSliceOp::create(b, loc, whole, offsets, sizes, strides).getOperation()
                         : memref::SubViewOp::create(b, loc, whole, offsets, sizes, strides).getOperation();
  slices.push_back(slice);
  return slice->getResult(0);
}

OpFoldResult dlc::mk::extentOf(OpBuilder &b, Location loc, Value shaped, unsigned i) {
  return isa<TensorType>(shaped.getType()) ? tensor::getMixedSize(b, loc, shaped, i)
                                           : memref::getMixedSize(b, loc, shaped, i);
}

TilingResult dlc::mk::cloneOnTiles(OpBuilder &b, DestinationStyleOpInterface op, ValueRange operands,
                                   SmallVector<Operation *> slices) {
  SmallVector<Type> results;
  if (op->getNumResults())
    results.push_back(operands[op.getDpsInits().getBeginOperandIndex()].getType());
  Operation *tiled = mlir::clone(b, op, results, operands);
  return {{tiled}, SmallVector<Value>(tiled->getResults()), std::move(slices)};
}
