//===- Pack.cpp - Copy of a right operand into panels of columns ----------===//
#include "dialects/mk/DestinationStyle.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace dlc::mk;

AffineMap dlc::mk::packMap(MLIRContext *context, unsigned batchRank, bool transposed) {
  SmallVector<AffineExpr> results;
  for (unsigned i = 0; i < batchRank + 2; ++i)
    results.push_back(getAffineDimExpr(i, context));
  if (transposed)
    std::swap(results[batchRank], results[batchRank + 1]);
  return AffineMap::get(batchRank + 2, 0, results, context);
}

void PackOp::build(OpBuilder &b, OperationState &state, Value source, Value init, AffineMap map) {
  state.addOperands({source, init});
  state.getOrAddProperties<Properties>().map = AffineMapAttr::get(map);
  if (isa<TensorType>(init.getType()))
    state.addTypes(init.getType());
}

unsigned PackOp::getSourcePosition(unsigned dim) {
  return *getMap().getResultPosition(getAffineDimExpr(dim, getContext()));
}

LogicalResult PackOp::verify() {
  auto source = cast<ShapedType>(getSource().getType()), init = cast<ShapedType>(getInit().getType());
  AffineMap map = getMap();
  if (init.getRank() < 3 || map.getNumDims() + 1 != unsigned(init.getRank()))
    return emitOpError("expects init to be [b..., panels, K, columns] for a map of b..., k, n, got rank ")
           << init.getRank() << " and " << AffineMapAttr::get(map);
  if (init.isDynamicDim(init.getRank() - 1) || init.getShape().back() < 1)
    return emitOpError("expects panels with a static number of columns");
  if (source.getElementType() != init.getElementType())
    return emitOpError("expects the element type to stay, got ")
           << source.getElementType() << " and " << init.getElementType();
  if (map.getNumSymbols() != 0 || map.getNumResults() != unsigned(source.getRank()) ||
      !map.isProjectedPermutation(/*allowZeroInResults=*/true) || !map.isFunctionOfDim(getKDim()) ||
      !map.isFunctionOfDim(getNDim()))
    return emitOpError("expects a map from b..., k, n to the source's indices that names k and n, got ")
           << AffineMapAttr::get(map);
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    int64_t got = source.getDimSize(position), expected = 1;
    if (dim && dim.getPosition() == getNDim()) {
      expected = init.getDimSize(init.getRank() - 3);
      got = ShapedType::isDynamic(got) ? got : llvm::divideCeil(got, getPanelColumns());
    } else if (dim) {
      expected = init.getDimSize(dim.getPosition() == getKDim() ? init.getRank() - 2 : dim.getPosition());
    }
    if (ShapedType::isStatic(got) && ShapedType::isStatic(expected) && got != expected)
      return emitOpError("expects dim ") << position << " of source to fit " << init << ", got " << source;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tiling
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> PackOp::getLoopIteratorTypes() {
  return SmallVector<utils::IteratorType>(getBatchRank() + 2, utils::IteratorType::parallel);
}

SmallVector<Range> PackOp::getIterationDomain(OpBuilder &b) {
  SmallVector<Range> domain;
  for (unsigned i = 0; i < getBatchRank() + 2; ++i)
    domain.push_back({b.getIndexAttr(0), extentOf(b, getLoc(), getInit(), i), b.getIndexAttr(1)});
  return domain;
}

FailureOr<TilingResult> PackOp::getTiledImplementation(OpBuilder &b, ArrayRef<OpFoldResult> offsets,
                                                       ArrayRef<OpFoldResult> sizes) {
  Location loc = getLoc();
  int64_t columns = getPanelColumns();
  unsigned panel = getBatchRank(), k = panel + 1;
  SmallVector<OpFoldResult> from, extent;
  for (auto [position, expr] : llvm::enumerate(getMap().getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim) {
      from.push_back(b.getIndexAttr(0));
      extent.push_back(b.getIndexAttr(1));
    } else if (dim.getPosition() == getNDim()) {
      // The last panel may reach past the source.
      AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1), d2 = b.getAffineDimExpr(2);
      OpFoldResult first = affine::makeComposedFoldedAffineApply(b, loc, d0 * columns, {offsets[panel]});
      OpFoldResult end = extentOf(b, loc, getSource(), position);
      AffineMap present = AffineMap::get(3, 0, {d0 * columns, d2 - d1}, b.getContext());
      from.push_back(first);
      // Where the width divides N every panel is whole, and known to be.
      std::optional<int64_t> known = getConstantIntValue(end);
      extent.push_back(known && *known % columns == 0
                           ? affine::makeComposedFoldedAffineApply(b, loc, d0 * columns, {sizes[panel]})
                           : affine::makeComposedFoldedAffineMin(b, loc, present, {sizes[panel], first, end}));
    } else {
      unsigned loop = dim.getPosition() == getKDim() ? k : dim.getPosition();
      from.push_back(offsets[loop]);
      extent.push_back(sizes[loop]);
    }
  }
  SmallVector<Operation *> slices;
  SmallVector<OpFoldResult> initFrom(offsets), initExtent(sizes);
  initFrom.push_back(b.getIndexAttr(0));
  initExtent.push_back(b.getIndexAttr(columns));
  Value source = sliceOf(b, loc, getSource(), from, extent, slices);
  Value init = sliceOf(b, loc, getInit(), initFrom, initExtent, slices);
  return cloneOnTiles(b, *this, {source, init}, std::move(slices));
}

LogicalResult PackOp::getResultTilePosition(OpBuilder &b, unsigned result, ArrayRef<OpFoldResult> offsets,
                                            ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,
                                            SmallVector<OpFoldResult> &resultSizes) {
  resultOffsets.assign(offsets.begin(), offsets.end());
  resultSizes.assign(sizes.begin(), sizes.end());
  resultOffsets.push_back(b.getIndexAttr(0));
  resultSizes.push_back(b.getIndexAttr(getPanelColumns()));
  return success();
}

LogicalResult PackOp::getIterationDomainTileFromResultTile(OpBuilder &b, unsigned result,
                                                           ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                                                           SmallVectorImpl<OpFoldResult> &domainOffsets,
                                                           SmallVectorImpl<OpFoldResult> &domainSizes) {
  if (!isConstantIntValue(offsets.back(), 0) || !isConstantIntValue(sizes.back(), getPanelColumns()))
    return failure();
  domainOffsets.assign(offsets.begin(), offsets.end() - 1);
  domainSizes.assign(sizes.begin(), sizes.end() - 1);
  return success();
}

FailureOr<TilingResult> PackOp::generateResultTileValue(OpBuilder &b, unsigned result, ArrayRef<OpFoldResult> offsets,
                                                        ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> domainOffsets, domainSizes;
  if (failed(getIterationDomainTileFromResultTile(b, result, offsets, sizes, domainOffsets, domainSizes)))
    return failure();
  return getTiledImplementation(b, domainOffsets, domainSizes);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

void PackOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

bool PackOp::bufferizesToMemoryRead(OpOperand &operand, const bufferization::AnalysisState &) {
  return !isDpsInit(&operand);
}

bool PackOp::bufferizesToMemoryWrite(OpOperand &operand, const bufferization::AnalysisState &) {
  return isDpsInit(&operand);
}

bool PackOp::bufferizesToElementwiseAccess(const bufferization::AnalysisState &, ArrayRef<OpOperand *>) {
  return false;
}

bufferization::AliasingValueList PackOp::getAliasingValues(OpOperand &operand, const bufferization::AnalysisState &) {
  if (!isDpsInit(&operand))
    return {};
  return {{getTiedOpResult(&operand), bufferization::BufferRelation::Equivalent}};
}

LogicalResult PackOp::bufferize(RewriterBase &rewriter, const bufferization::BufferizationOptions &options,
                                bufferization::BufferizationState &state) {
  return bufferizeInPlace(*this, rewriter, options, state);
}
