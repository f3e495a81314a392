//===- Conv.cpp - Convolution with packed weights --------------------------===//
#include "dialects/mk/DestinationStyle.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace dlc::mk;

void ConvOp::build(OpBuilder &b, OperationState &state, Value lhs, Value zeros, Value rhs, ValueRange extras, Value init,
                   Value first, ValueRange extents, ArrayRef<AffineMap> maps, WindowAttributes window, Type accumulator,
                   PayloadBuilder body) {
  state.addOperands(lhs);
  if (zeros)
    state.addOperands(zeros);
  state.addOperands(rhs);
  state.addOperands(extras);
  state.addOperands({init, first});
  state.addOperands(extents);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.operandSegmentSizes = {1, zeros ? 1 : 0, 1, int32_t(extras.size()), 1, 1, int32_t(extents.size())};
  properties.maps = b.getAffineMapArrayAttr(maps);
  properties.window = b.getDenseI64ArrayAttr(window.window);
  properties.strides = b.getDenseI64ArrayAttr(window.strides);
  properties.dilations = b.getDenseI64ArrayAttr(window.dilations);
  properties.pads_low = b.getDenseI64ArrayAttr(window.padsLow);
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(state.addRegion());
  block->addArgument(accumulator, state.location);
  for (Value extra : extras)
    block->addArgument(getElementTypeOrSelf(extra.getType()), extra.getLoc());
  YieldOp::create(b, state.location, body(b, state.location, block->getArguments()));
}

LogicalResult ConvOp::verify() {
  unsigned spatial = getWindow().size();
  if (cast<MemRefType>(getLhs().getType()).getRank() != spatial + 1 || getExtents().size() != spatial)
    return emitOpError("expects an image and extents of ") << spatial << " spatial dims, as the window has";
  for (ArrayRef<int64_t> entries : {getStrides(), getDilations(), getPadsLow()})
    if (entries.size() != spatial)
      return emitOpError("expects strides, dilations and pads for each of the ") << spatial << " spatial dims";
  if (getMaps().size() != 2 + getExtras().size())
    return emitOpError("expects maps of rhs, the extras and out, got ") << getMaps().size();
  if (cast<MemRefType>(getRhs().getType()).getRank() != 3 || ShapedType::isDynamic(getPanelColumns()))
    return emitOpError("expects rhs to be [panels, K, columns], its columns known");
  for (unsigned i = 0; i < getMaps().size(); ++i)
    if (getMap(i).getNumDims() != 3 || getMap(i).getNumSymbols())
      return emitOpError("expects maps of (m, n, k), got ") << getMaps()[i];
  if (getPayload().getNumArguments() != 1 + getExtras().size())
    return emitOpError("expects the payload to take the accumulator and the extras");
  return success();
}

SmallVector<OpFoldResult> ConvOp::getDomainExtents(OpBuilder &b) {
  return {extentOf(b, getLoc(), getInit(), 0), extentOf(b, getLoc(), getInit(), 1), extentOf(b, getLoc(), getRhs(), 1)};
}

void ConvOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    auto *effect = operand.get() == getInit() ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
                                              : static_cast<MemoryEffects::Effect *>(MemoryEffects::Read::get());
    effects.emplace_back(effect, &operand, 0, true, SideEffects::DefaultResource::get());
  }
}
