//===- DomainSlices.cpp ---------------------------------------------------===//
#include "compiler/kernel/DomainSlices.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc {

Value DomainSlices::slice(Value v, AffineMap &map) {
  Location loc = f.loc;
  Value view = f.view(v);
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

} // namespace dlc
