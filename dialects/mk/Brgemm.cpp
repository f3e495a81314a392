//===- Brgemm.cpp - Contraction with a packed right operand ---------------===//
#include "dialects/mk/DestinationStyle.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace dlc::mk;

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

AffineExpr BrgemmMaps::dim(unsigned i) const { return getAffineDimExpr(i, context); }

SmallVector<AffineExpr> BrgemmMaps::allBatch() const {
  SmallVector<AffineExpr> batch;
  for (unsigned i = 0; i < batchRank; ++i)
    batch.push_back(dim(i));
  return batch;
}

static AffineMap mapOf(MLIRContext *context, unsigned batchRank, ArrayRef<AffineExpr> batch,
                       ArrayRef<AffineExpr> matrix) {
  SmallVector<AffineExpr> results(batch);
  results.append(matrix.begin(), matrix.end());
  return AffineMap::get(batchRank + 3, 0, results, context);
}

AffineMap BrgemmMaps::lhs(ArrayRef<AffineExpr> batch, bool transposed) const {
  AffineExpr m = dim(batchRank), k = dim(batchRank + 2);
  return transposed ? mapOf(context, batchRank, batch, {k, m}) : mapOf(context, batchRank, batch, {m, k});
}

AffineMap BrgemmMaps::rhs(ArrayRef<AffineExpr> batch, int64_t columns) const {
  AffineExpr n = dim(batchRank + 1), k = dim(batchRank + 2);
  return mapOf(context, batchRank, batch, {n.floorDiv(columns), k, n % columns});
}

AffineMap BrgemmMaps::all(ArrayRef<AffineExpr> batch) const {
  return mapOf(context, batchRank, batch, {dim(batchRank), dim(batchRank + 1)});
}

AffineMap BrgemmMaps::columns() const { return mapOf(context, batchRank, {}, {dim(batchRank + 1)}); }

void BrgemmOp::build(OpBuilder &b, OperationState &state, Value lhs, Value rhs, ValueRange extras, Value init,
                     ArrayRef<AffineMap> maps, Type accumulator, PayloadBuilder body) {
  state.addOperands({lhs, rhs});
  state.addOperands(extras);
  state.addOperands(init);
  state.getOrAddProperties<Properties>().maps = b.getAffineMapArrayAttr(maps);
  if (isa<TensorType>(init.getType()))
    state.addTypes(init.getType());
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(state.addRegion());
  block->addArgument(accumulator, state.location);
  for (Value extra : extras)
    block->addArgument(getElementTypeOrSelf(extra.getType()), extra.getLoc());
  Value yielded = body ? body(b, state.location, block->getArguments()) : block->getArgument(0);
  YieldOp::create(b, state.location, yielded);
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Every result is a dim out of `allowed`, each at most once, or the constant 0.
static bool isProjection(ArrayRef<AffineExpr> results, function_ref<bool(unsigned)> allowed) {
  llvm::SmallDenseSet<unsigned> seen;
  return llvm::all_of(results, [&](AffineExpr result) {
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      return allowed(dim.getPosition()) && seen.insert(dim.getPosition()).second;
    auto constant = dyn_cast<AffineConstantExpr>(result);
    return constant && constant.getValue() == 0;
  });
}

SmallVector<int64_t> BrgemmOp::getStaticDomain() {
  SmallVector<int64_t> domain(getBatchRank() + 3, ShapedType::kDynamic);
  for (unsigned operand = 0; operand < getNumOperands(); ++operand) {
    ArrayRef<int64_t> shape = cast<ShapedType>(getOperand(operand).getType()).getShape();
    for (auto [expr, extent] : llvm::zip_equal(getMap(operand).getResults(), shape))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && ShapedType::isStatic(extent))
        domain[dim.getPosition()] = extent;
  }
  return domain;
}

static LogicalResult verifyMaps(BrgemmOp op) {
  if (op.getMaps().size() != op.getNumOperands())
    return op.emitOpError("expects one map an operand, got ")
           << op.getMaps().size() << " for " << op.getNumOperands() << " operands";
  unsigned rank = op.getOutMap().getNumDims();
  if (rank < 3 || op.getOutMap().getNumResults() != rank - 1)
    return op.emitOpError("expects out's map to go from (b..., m, n, k) to b..., m, n in some order, got ")
           << AffineMapAttr::get(op.getOutMap());
  unsigned m = rank - 3, n = rank - 2, k = rank - 1;
  for (unsigned i = 0; i < op.getNumOperands(); ++i) {
    AffineMap map = op.getMap(i);
    auto type = cast<ShapedType>(op.getOperand(i).getType());
    if (map.getNumDims() != rank || map.getNumSymbols() != 0 || map.getNumResults() != unsigned(type.getRank()))
      return op.emitOpError("expects map ") << i << " to go from " << rank << " dims to the operand's "
                                            << type.getRank() << " indices, got " << AffineMapAttr::get(map);
    if (type.getElementType().isInteger(1))
      return op.emitOpError("expects operand ") << i << " to hold booleans as i8, got i1";
  }
  auto lhs = op.getLhsMap().getResults();
  if (!isProjection(lhs, [&](unsigned dim) { return dim != n; }) ||
      !llvm::is_contained(lhs, getAffineDimExpr(k, op.getContext())))
    return op.emitOpError("expects lhs's map to name k and any of b..., m, got ") << AffineMapAttr::get(op.getLhsMap());
  auto rhs = op.getRhsMap().getResults();
  if (rhs.size() < 3)
    return op.emitOpError("expects rhs to be [b..., panels, K, columns], got rank ") << rhs.size();
  if (int64_t columns = op.getPanelColumns(); ShapedType::isDynamic(columns) || columns < 1)
    return op.emitOpError("expects rhs's panels to have a static number of columns");
  AffineMap packed = BrgemmMaps(op.getContext(), m).rhs(rhs.drop_back(3), op.getPanelColumns());
  if (op.getRhsMap() != packed || !isProjection(rhs.drop_back(3), [&](unsigned dim) { return dim < m; }))
    return op.emitOpError("expects rhs's map to be b..., n floordiv columns, k, n mod columns, got ")
           << AffineMapAttr::get(op.getRhsMap());
  for (unsigned i = 0; i < op.getExtras().size(); ++i)
    if (!isProjection(op.getExtraMap(i).getResults(), [&](unsigned dim) { return dim != k; }))
      return op.emitOpError("expects the map of extra ")
             << i << " to name any of b..., m, n, got " << AffineMapAttr::get(op.getExtraMap(i));
  if (!op.getOutMap().isProjectedPermutation() ||
      !isProjection(op.getOutMap().getResults(), [&](unsigned dim) { return dim != k; }))
    return op.emitOpError("expects out's map to be a permutation of b..., m, n, got ")
           << AffineMapAttr::get(op.getOutMap());
  return success();
}

LogicalResult BrgemmOp::verify() {
  if (!getInit() || failed(verifyMaps(*this)))
    return failure();
  SmallVector<int64_t> domain = getStaticDomain();
  for (unsigned i = 0; i < getNumOperands(); ++i) {
    ArrayRef<int64_t> shape = cast<ShapedType>(getOperand(i).getType()).getShape();
    for (auto [position, expr] : llvm::enumerate(getMap(i).getResults())) {
      int64_t expected = isa<AffineConstantExpr>(expr) ? 1 : ShapedType::kDynamic;
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        expected = domain[dim.getPosition()];
      else if (i == 1 && position + 3 == shape.size() && ShapedType::isStatic(domain[getNDim()]))
        expected = llvm::divideCeil(domain[getNDim()], getPanelColumns());
      if (ShapedType::isStatic(expected) && ShapedType::isStatic(shape[position]) && expected != shape[position])
        return emitOpError("expects dim ")
               << position << " of operand " << i << " to be " << expected << ", got " << shape[position];
    }
  }
  return success();
}

LogicalResult BrgemmOp::verifyRegions() {
  Block &block = getPayload().front();
  if (block.getNumArguments() != 1 + getExtras().size())
    return emitOpError("expects the payload to take the accumulator and ")
           << getExtras().size() << " extras, got " << block.getNumArguments() << " arguments";
  for (auto [argument, extra] : llvm::zip_equal(block.getArguments().drop_front(), getExtras()))
    if (argument.getType() != getElementTypeOrSelf(extra.getType()))
      return emitOpError("expects payload argument ")
             << argument.getArgNumber() << " to be " << getElementTypeOrSelf(extra.getType()) << ", got "
             << argument.getType();
  Type accumulator = getAccumulatorType();
  for (Value factor : {getLhs(), getRhs()}) {
    Type type = getElementTypeOrSelf(factor.getType());
    bool floats = isa<FloatType>(type) && (accumulator.isF32() || accumulator.isF64());
    bool integers = type.isSignlessInteger() && accumulator.isSignlessInteger();
    if ((!floats && !integers) || type.getIntOrFloatBitWidth() > accumulator.getIntOrFloatBitWidth())
      return emitOpError("expects an accumulator that holds products of ")
             << type << " (f32, f64 or a signless integer), got " << accumulator;
  }
  for (Operation &op : block.without_terminator()) {
    bool constant = op.hasTrait<OpTrait::ConstantLike>();
    if (!constant && !OpTrait::hasElementwiseMappableTraits(&op))
      return op.emitOpError("cannot be in the payload of mk.brgemm: not elementwise");
  }
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getValue().getType() != getOutElementType())
    return emitOpError("expects the payload to yield ") << getOutElementType();
  return success();
}

//===----------------------------------------------------------------------===//
// Tiling
//===----------------------------------------------------------------------===//

SmallVector<utils::IteratorType> BrgemmOp::getLoopIteratorTypes() {
  SmallVector<utils::IteratorType> types(getBatchRank() + 2, utils::IteratorType::parallel);
  types.push_back(utils::IteratorType::reduction);
  return types;
}

SmallVector<Range> BrgemmOp::getIterationDomain(OpBuilder &b) {
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  SmallVector<Range> domain(getBatchRank() + 3, Range{zero, zero, one});
  for (auto [position, expr] : llvm::enumerate(getOutMap().getResults()))
    domain[cast<AffineDimExpr>(expr).getPosition()].size = extentOf(b, getLoc(), getInit(), position);
  domain[getKDim()].size = extentOf(b, getLoc(), getRhs(), cast<ShapedType>(getRhs().getType()).getRank() - 2);
  return domain;
}

SmallVector<OpFoldResult> BrgemmOp::getDomainExtents(OpBuilder &b) {
  return llvm::map_to_vector(getIterationDomain(b), [](const Range &range) { return range.size; });
}

/// The tile must carry all of K and start at a panel.
static LogicalResult checkTile(BrgemmOp op, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {
  std::optional<int64_t> k = getConstantIntValue(offsets[op.getKDim()]);
  if (!k || *k != 0)
    return op.emitOpError("cannot be tiled along its reduction");
  std::optional<int64_t> offset = getConstantIntValue(offsets[op.getNDim()]),
                         size = getConstantIntValue(sizes[op.getNDim()]);
  int64_t columns = op.getPanelColumns();
  if (offset ? *offset % columns != 0 : size && *size % columns != 0)
    return op.emitOpError("can be tiled along n by multiples of ") << columns << " only";
  return success();
}

FailureOr<TilingResult> BrgemmOp::getTiledImplementation(OpBuilder &b, ArrayRef<OpFoldResult> offsets,
                                                         ArrayRef<OpFoldResult> sizes) {
  if (failed(checkTile(*this, offsets, sizes)))
    return failure();
  Location loc = getLoc();
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  AffineExpr n = b.getAffineDimExpr(0);
  int64_t columns = getPanelColumns();
  auto apply = [&](AffineExpr expr, OpFoldResult operand) {
    return affine::makeComposedFoldedAffineApply(b, loc, expr, {operand});
  };
  SmallVector<Value> tiles;
  SmallVector<Operation *> slices;
  for (unsigned i = 0; i < getNumOperands(); ++i) {
    SmallVector<OpFoldResult> from, extent;
    for (AffineExpr expr : getMap(i).getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      from.push_back(dim ? offsets[dim.getPosition()] : zero);
      extent.push_back(dim ? sizes[dim.getPosition()] : one);
    }
    if (i == 1) {
      unsigned panel = from.size() - 3;
      from[panel] = apply(n.floorDiv(columns), offsets[getNDim()]);
      extent[panel] = apply(n.ceilDiv(columns), sizes[getNDim()]);
      extent.back() = b.getIndexAttr(columns);
    }
    tiles.push_back(sliceOf(b, loc, getOperand(i), from, extent, slices));
  }
  return cloneOnTiles(b, *this, tiles, std::move(slices));
}

LogicalResult BrgemmOp::getResultTilePosition(OpBuilder &b, unsigned result, ArrayRef<OpFoldResult> offsets,
                                              ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,
                                              SmallVector<OpFoldResult> &resultSizes) {
  for (AffineExpr expr : getOutMap().getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    resultOffsets.push_back(offsets[dim]);
    resultSizes.push_back(sizes[dim]);
  }
  return success();
}

LogicalResult BrgemmOp::getIterationDomainTileFromResultTile(OpBuilder &b, unsigned result,
                                                             ArrayRef<OpFoldResult> offsets,
                                                             ArrayRef<OpFoldResult> sizes,
                                                             SmallVectorImpl<OpFoldResult> &domainOffsets,
                                                             SmallVectorImpl<OpFoldResult> &domainSizes) {
  SmallVector<Range> domain = getIterationDomain(b);
  for (auto [position, expr] : llvm::enumerate(getOutMap().getResults())) {
    Range &range = domain[cast<AffineDimExpr>(expr).getPosition()];
    range.offset = offsets[position];
    range.size = sizes[position];
  }
  for (const Range &range : domain) {
    domainOffsets.push_back(range.offset);
    domainSizes.push_back(range.size);
  }
  return success();
}

FailureOr<TilingResult> BrgemmOp::generateResultTileValue(OpBuilder &b, unsigned result, ArrayRef<OpFoldResult> offsets,
                                                          ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> domainOffsets, domainSizes;
  if (failed(getIterationDomainTileFromResultTile(b, result, offsets, sizes, domainOffsets, domainSizes)))
    return failure();
  return getTiledImplementation(b, domainOffsets, domainSizes);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

void BrgemmOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

bool BrgemmOp::bufferizesToMemoryRead(OpOperand &operand, const bufferization::AnalysisState &) {
  return !isDpsInit(&operand);
}

bool BrgemmOp::bufferizesToMemoryWrite(OpOperand &operand, const bufferization::AnalysisState &) {
  return isDpsInit(&operand);
}

bool BrgemmOp::bufferizesToElementwiseAccess(const bufferization::AnalysisState &, ArrayRef<OpOperand *> operands) {
  // A register tile loads its extras before it stores, and tiles do not overlap.
  return llvm::all_of(operands, [&](OpOperand *operand) {
    return operand->getOperandNumber() >= 2 && getMap(operand->getOperandNumber()) == getOutMap();
  });
}

bufferization::AliasingValueList BrgemmOp::getAliasingValues(OpOperand &operand, const bufferization::AnalysisState &) {
  if (!isDpsInit(&operand))
    return {};
  return {{getTiedOpResult(&operand), bufferization::BufferRelation::Equivalent}};
}

LogicalResult BrgemmOp::bufferize(RewriterBase &rewriter, const bufferization::BufferizationOptions &options,
                                  bufferization::BufferizationState &state) {
  return bufferizeInPlace(*this, rewriter, options, state);
}
