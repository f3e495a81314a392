//===- LowerConvolution.cpp - Convolutions with their epilogue as mk.conv --===//
//
// An implicit product: the result's places are its rows, output channels its columns, the places of the window with
// their channels what is summed. Images and groups are parallel one by one, rows and columns by the schedule.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/Epilogue.h"
#include "compiler/kernel/GemmSchedule.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
namespace {

class ConvolutionBuilder {
public:
  ConvolutionBuilder(KernelFrame &f, ConvolutionOp op, const Target &target)
      : f(f), b(f.b), loc(f.loc), op(op), target(target), spatial(op.getWindow().size()), epilogue(f, op) {}

  LogicalResult run() {
    Value x = op->getOperand(0), w = op->getOperand(1), out = f.outputs.front();
    ArrayRef<AffineExpr> result = f.dimsOf(op->getResult(0)).getResults();
    SmallVector<AffineExpr> resultDims(result), weights(f.dimsOf(w).getResults());
    AffineExpr places = b.getAffineConstantExpr(1);
    for (AffineExpr e : ArrayRef(resultDims).drop_front().drop_back())
      places = places * e;
    int64_t columns = op.groupColumns(), groups = typeOf(w).getDimSize(0);
    GemmSchedule schedule =
        chooseConvolutionSchedule(sizeOf(places), columns, sizeOf(weights[2]), storageType(elementOf(x)), target,
                                  groups * std::max<int64_t>(1, known(resultDims.front(), 1)));
    AffineExpr rowTiles = schedule.rows ? places.ceilDiv(schedule.rows) : b.getAffineConstantExpr(1);
    AffineExpr columnTiles =
        b.getAffineConstantExpr(schedule.columns ? llvm::divideCeil(columns, schedule.columns) : 1);
    SmallVector<OpFoldResult> order{f.dim(resultDims.front()), b.getIndexAttr(groups)};
    order.push_back(f.dim(schedule.columnsOutside ? columnTiles : rowTiles));
    order.push_back(f.dim(schedule.columnsOutside ? rowTiles : columnTiles));
    // What is computed here, before the loop over tiles, serves all of them.
    rows = f.dim(places);
    for (unsigned d = 0; d < spatial; ++d)
      extents.push_back(getValueOrCreateConstantIndexOp(b, loc, f.dim(resultDims[1 + d])));
    for (Value v : epilogue.extras())
      (void)f.dims(v);
    SmallVector<OpFoldResult> imageDims = f.dims(x), weightDims = f.dims(w);
    (void)f.dims(out);
    Value zeros = zeroRow(imageDims, f.dimsOf(x).getResults().back(), groups);

    f.openTiles(rowTiles * columnTiles * resultDims.front() * groups, schedule.grain);
    Value tile = cast<scf::ForOp>(b.getInsertionBlock()->getParentOp()).getInductionVar();
    SmallVector<Value> place = f.delinearize(tile, order);
    image = place[0];
    group = place[1];
    rowBlock = Block::of(b, loc, place[schedule.columnsOutside ? 3 : 2], schedule.rows, rows);
    columnBlock = Block::of(b, loc, place[schedule.columnsOutside ? 2 : 3], schedule.columns, b.getIndexAttr(columns));

    MLIRContext *context = b.getContext();
    AffineExpr n = getAffineDimExpr(1, context), k = getAffineDimExpr(2, context);
    int64_t panel = typeOf(w).getShape().back();
    SmallVector<AffineMap> maps{AffineMap::get(3, 0, {n.floorDiv(panel), k, n % panel}, context)};
    SmallVector<Value> extras;
    for (Value v : epilogue.extras())
      maps.push_back(slice(v, extras.emplace_back()));
    Value to;
    maps.push_back(slice(out, to));
    auto conv = mk::ConvOp::create(
        b, loc, imageOf(x, imageDims, groups), zeros, weightsOf(w, weightDims, panel), extras, to,
        getValueOrCreateConstantIndexOp(b, loc, rowBlock.offset), extents, maps,
        mk::WindowAttributes{op.getWindow(), op.getStrides(), op.getDilations(), op.getPadsLow()}, epilogue.accumulator(),
        [&](OpBuilder &body, Location at, ValueRange args) { return epilogue.emit(body, at, args); });
    conv.setUnsignedLhs(elementOf(x).isUnsignedInteger());
    conv.setUnsignedRhs(elementOf(w).isUnsignedInteger());
    return success();
  }

private:
  static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
  static Type elementOf(Value v) { return typeOf(v).getElementType(); }
  static int64_t sizeOf(AffineExpr e) { return known(e, ShapedType::kDynamic); }
  static int64_t known(AffineExpr e, int64_t otherwise) { return constantOf(e).value_or(otherwise); }

  OpFoldResult divided(OpFoldResult size, int64_t by) {
    return affine::makeComposedFoldedAffineApply(b, loc, b.getAffineDimExpr(0).floorDiv(by), {size});
  }

  /// The channels of a place outside of the image; null where the windows stay inside.
  Value zeroRow(ArrayRef<OpFoldResult> imageDims, AffineExpr channels, int64_t groups) {
    if (!op.isPadded())
      return {};
    Type element = storageType(elementOf(op->getOperand(0)));
    Value row = f.temporary(divided(imageDims.back(), groups), channels.floorDiv(groups), element);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    linalg::FillOp::create(b, loc, zero, row);
    return row;
  }

  /// [d..., c] of one image and group.
  Value imageOf(Value x, ArrayRef<OpFoldResult> dims, int64_t groups) {
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    SmallVector<OpFoldResult> shape(dims.drop_back()), from{image}, count{one};
    shape.append({b.getIndexAttr(groups), divided(dims.back(), groups)});
    SmallVector<bool> kept{false};
    for (unsigned d = 0; d < spatial; ++d) {
      from.push_back(zero);
      count.push_back(dims[1 + d]);
      kept.push_back(true);
    }
    from.append({group, zero});
    count.append({one, shape.back()});
    kept.append({false, true});
    return partOf(b, loc, f.view(x, shape), from, count, kept);
  }

  /// [panels, K, columns of a panel] of one group, from the tile's first column on.
  Value weightsOf(Value w, ArrayRef<OpFoldResult> dims, int64_t panel) {
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    AffineExpr d = b.getAffineDimExpr(0);
    return partOf(b, loc, f.view(w),
                   {group, affine::makeComposedFoldedAffineApply(b, loc, d.floorDiv(panel), {columnBlock.offset}), zero, zero},
                   {one, affine::makeComposedFoldedAffineApply(b, loc, d.ceilDiv(panel), {columnBlock.size}), dims[2],
                    b.getIndexAttr(panel)},
                   {false, true, true, true});
  }

  /// What the tile needs of the result or of an operand that broadcasts to it: along the images, all spatial dims
  /// together, or the channels. Returns its map of (m, n, k).
  AffineMap slice(Value v, Value &buffer) {
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    int64_t rank = typeOf(v).getRank(), missing = int64_t(spatial) + 2 - rank;
    auto broadcasts = [&](int64_t dim) { return dim < missing || typeOf(v).getDimSize(dim - missing) == 1; };
    bool allImages = !broadcasts(0), allColumns = !broadcasts(spatial + 1), allRows = false;
    for (unsigned d = 0; d < spatial; ++d)
      allRows |= !broadcasts(1 + d);
    // The one channel of a result is its column.
    bool isResult = v == f.outputs.front();
    allRows |= isResult;
    allColumns |= isResult;
    OpFoldResult groups = allColumns ? b.getIndexAttr(typeOf(op->getOperand(1)).getDimSize(0)) : one;
    SmallVector<OpFoldResult> shape{allImages ? f.dims(v)[0 - missing] : one, allRows ? rows : one, groups,
                                    allColumns ? b.getIndexAttr(op.groupColumns()) : one};
    SmallVector<OpFoldResult> from{allImages ? OpFoldResult(image) : zero, allRows ? rowBlock.offset : zero,
                                   allColumns ? OpFoldResult(group) : zero, allColumns ? columnBlock.offset : zero};
    SmallVector<OpFoldResult> count{one, allRows ? rowBlock.size : one, one, allColumns ? columnBlock.size : one};
    buffer = partOf(b, loc, f.view(v, shape), from, count, {false, allRows, false, allColumns});
    SmallVector<AffineExpr> kept;
    if (allRows)
      kept.push_back(b.getAffineDimExpr(0));
    if (allColumns)
      kept.push_back(b.getAffineDimExpr(1));
    return AffineMap::get(3, 0, kept, b.getContext());
  }

  KernelFrame &f;
  OpBuilder &b;
  Location loc;
  ConvolutionOp op;
  const Target &target;
  unsigned spatial;
  Epilogue epilogue;
  OpFoldResult rows;
  SmallVector<Value> extents;
  Value image, group;
  Block rowBlock, columnBlock;
};
} // namespace

LogicalResult lowerConvolution(KernelFrame &frame, const Target &target) {
  for (Operation *op : frame.ops)
    if (auto convolution = dyn_cast<ConvolutionOp>(op))
      return ConvolutionBuilder(frame, convolution, target).run();
  return failure();
}

} // namespace dlc
