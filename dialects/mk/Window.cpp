//===- Window.cpp - Folds over windows -------------------------------------===//
#include "dialects/mk/DestinationStyle.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace dlc::mk;

static void addRegion(OpBuilder &b, OperationState &state, Type accumulator, ValueRange operands, PayloadBuilder body) {
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(state.addRegion());
  block->addArgument(accumulator, state.location);
  for (Value v : operands)
    block->addArgument(getElementTypeOrSelf(v.getType()), v.getLoc());
  YieldOp::create(b, state.location, body(b, state.location, block->getArguments()));
}

void WindowOp::build(OpBuilder &b, OperationState &state, Value image, ValueRange weights, ValueRange extras, Value init,
                     Value first, TypedAttr start, ArrayRef<AffineMap> maps, WindowAttributes window,
                     PayloadBuilder combine, PayloadBuilder payload) {
  state.addOperands(image);
  state.addOperands(weights);
  state.addOperands(extras);
  state.addOperands({init, first});
  auto &properties = state.getOrAddProperties<Properties>();
  properties.operandSegmentSizes = {1, int32_t(weights.size()), int32_t(extras.size()), 1, 1};
  properties.start = start;
  properties.maps = b.getAffineMapArrayAttr(maps);
  properties.window = b.getDenseI64ArrayAttr(window.window);
  properties.strides = b.getDenseI64ArrayAttr(window.strides);
  properties.dilations = b.getDenseI64ArrayAttr(window.dilations);
  properties.pads_low = b.getDenseI64ArrayAttr(window.padsLow);
  SmallVector<Value> elements{image};
  elements.append(weights.begin(), weights.end());
  addRegion(b, state, start.getType(), elements, combine);
  addRegion(b, state, start.getType(), extras, payload);
}

LogicalResult WindowOp::verify() {
  int64_t spatial = getSpatialRank();
  auto rankOf = [](Value v) { return cast<MemRefType>(v.getType()).getRank(); };
  for (Value v : {getImage(), getInit()})
    if (rankOf(v) != spatial + 1)
      return emitOpError("expects an image and a result of ") << spatial << " spatial dims and channels, got rank " << rankOf(v);
  for (Value v : getWeights())
    if (rankOf(v) != spatial + 1)
      return emitOpError("expects weights [window..., channels], got rank ") << rankOf(v);
  for (ArrayRef<int64_t> entries : {getStrides(), getDilations(), getPadsLow()})
    if (static_cast<int64_t>(entries.size()) != spatial)
      return emitOpError("expects strides, dilations and pads for each of the ") << spatial << " spatial dims";
  if (getMaps().size() != getExtras().size())
    return emitOpError("expects a map of each extra, got ") << getMaps().size();
  for (unsigned i = 0; i < getMaps().size(); ++i)
    if (getExtraMap(i).getNumDims() != spatial + 1 || getExtraMap(i).getNumSymbols())
      return emitOpError("expects maps of the spatial dims and the channel, got ") << getMaps()[i];
  auto takes = [&](Region &region, size_t count) {
    return region.getNumArguments() == count && region.getArgument(0).getType() == getAccumulatorType();
  };
  if (!takes(getCombine(), 2 + getWeights().size()) || !takes(getPayload(), 1 + getExtras().size()))
    return emitOpError("expects combine to take the accumulator, an element and the weights, the payload the accumulator and "
                       "the extras");
  return success();
}

void WindowOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    auto *effect = operand.get() == getInit() ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
                                              : static_cast<MemoryEffects::Effect *>(MemoryEffects::Read::get());
    effects.emplace_back(effect, &operand, 0, true, SideEffects::DefaultResource::get());
  }
}
