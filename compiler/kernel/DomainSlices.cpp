//===- DomainSlices.cpp ---------------------------------------------------===//
#include "compiler/kernel/DomainSlices.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc {

Value DomainSlices::sliceOf(Value view, AffineMap &map) {
  Location loc = f.loc;
  SmallVector<OpFoldResult> from, count, stride(map.getNumResults(), b.getIndexAttr(1));
  SmallVector<int64_t> keptShape;
  SmallVector<AffineExpr> kept;
  auto keep = [&](OpFoldResult offset, OpFoldResult size, AffineExpr e) {
    from.push_back(offset);
    count.push_back(size);
    if (!e)
      return;
    kept.push_back(e);
    keptShape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  };
  AffineExpr x = b.getAffineDimExpr(0);
  for (auto [i, e] : llvm::enumerate(map.getResults())) {
    if (isa<AffineConstantExpr>(e)) {
      keep(b.getIndexAttr(0), b.getIndexAttr(1), {});
    } else if (auto d = dyn_cast<AffineDimExpr>(e)) {
      int64_t dim = d.getPosition();
      keep(offsets[dim], sizes[dim], dim < batch ? AffineExpr() : b.getAffineDimExpr(dim - batch));
    } else {
      AffineExpr n = b.getAffineDimExpr(1);
      int64_t panel = cast<AffineConstantExpr>(cast<AffineBinaryOpExpr>(e).getRHS()).getValue();
      if (e.getKind() == AffineExprKind::FloorDiv)
        keep(affine::makeComposedFoldedAffineApply(b, loc, x.floorDiv(panel), {offsets[batch + 1]}),
             affine::makeComposedFoldedAffineApply(b, loc, x.ceilDiv(panel), {sizes[batch + 1]}), n.floorDiv(panel));
      else
        keep(b.getIndexAttr(0), b.getIndexAttr(panel), n % panel);
    }
  }
  map = AffineMap::get(3, 0, kept, b.getContext());
  auto type = memref::SubViewOp::inferRankReducedResultType(keptShape, cast<MemRefType>(view.getType()), from, count, stride);
  return memref::SubViewOp::create(b, loc, cast<MemRefType>(type), view, from, count, stride);
}

AffineMap DomainSlices::broadcastMap(Value v, Value result) {
  SmallVector<AffineExpr> exprs;
  auto type = cast<RankedTensorType>(v.getType()), whole = cast<RankedTensorType>(result.getType());
  int64_t pad = batch + 2 - type.getRank();
  for (int64_t i = 0; i < type.getRank(); ++i)
    exprs.push_back(type.getDimSize(i) == 1 && whole.getDimSize(pad + i) != 1 ? b.getAffineConstantExpr(0)
                                                                             : b.getAffineDimExpr(pad + i));
  return AffineMap::get(batch + 3, 0, exprs, b.getContext());
}

static bool isRow(AffineExpr e, AffineMap map) {
  auto dim = dyn_cast<AffineDimExpr>(e);
  return dim && dim.getPosition() < map.getNumDims() - 2;
}

bool canMergeRows(AffineMap map) {
  unsigned rows = map.getNumDims() - 2;
  if (llvm::none_of(map.getResults(), [&](AffineExpr e) { return isRow(e, map); }))
    return true;
  return map.getNumResults() >= rows &&
         llvm::all_of(llvm::seq(rows), [&](unsigned i) { return map.getResult(i) == getAffineDimExpr(i, map.getContext()); });
}

Value mergeRows(KernelFrame &frame, Value v, AffineMap &map) {
  MLIRContext *context = map.getContext();
  unsigned rows = map.getNumDims() - 2;
  SmallVector<AffineExpr> replaced(rows, getAffineDimExpr(0, context)), results;
  replaced.append({getAffineDimExpr(1, context), getAffineDimExpr(2, context)});
  AffineExpr all = getAffineConstantExpr(1, context);
  SmallVector<OpFoldResult> shape, dims = frame.dims(v);
  for (auto [i, e] : llvm::enumerate(map.getResults())) {
    if (isRow(e, map)) {
      all = all * frame.dimsOf(v).getResult(i);
      if (i + 1 < rows)
        continue;
      shape.push_back(frame.dim(all));
    } else {
      shape.push_back(dims[i]);
    }
    results.push_back(e.replaceDims(replaced));
  }
  map = AffineMap::get(3, 0, results, context);
  return frame.view(v, shape);
}

} // namespace dlc
