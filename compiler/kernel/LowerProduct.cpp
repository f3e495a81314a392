//===- LowerProduct.cpp - Products with their epilogue as mk.brgemm --------===//
//
// The kernel's first op is the product, the rest is pointwise over its result and becomes the payload. Tiles cut rows
// and columns by the schedule; batch dims are parallel one by one.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/Epilogue.h"
#include "compiler/kernel/GemmSchedule.h"
#include "compiler/kernel/KernelFrame.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
namespace {

class ProductBuilder {
public:
  ProductBuilder(KernelFrame &f, const Target &target) : f(f), b(f.b), loc(f.loc), target(target) {}

  LogicalResult run() {
    for (Operation *op : f.ops)
      if (auto p = dyn_cast<ProductOp>(op))
        product = p;
    maps = product.productMaps();
    batch = maps[2].getNumResults() - 2;
    out = f.outputs.front();
    SmallVector<AffineExpr> domain = llvm::to_vector(f.dimsOf(product->getResult(0)).getResults());
    int64_t panel = typeOf(product->getOperand(1)).getShape().back();
    rhsRank = typeOf(product->getOperand(1)).getRank();
    AffineExpr kExpr = f.dimsOf(product->getOperand(1)).getResult(rhsRank - 2);
    GemmSchedule schedule =
        chooseSchedule(sizeOf(domain[batch]), sizeOf(domain[batch + 1]), sizeOf(kExpr),
                       storageType(elementOf(product->getOperand(0))), target, batchSize(domain));
    AffineExpr m = domain[batch], n = domain[batch + 1];
    AffineExpr rowTiles = schedule.rows ? m.ceilDiv(schedule.rows) : b.getAffineConstantExpr(1);
    AffineExpr columnTiles = schedule.columns ? n.ceilDiv(schedule.columns) : b.getAffineConstantExpr(1);
    AffineExpr tiles = rowTiles * columnTiles;
    SmallVector<OpFoldResult> order;
    for (int64_t i = 0; i < batch; ++i) {
      tiles = tiles * domain[i];
      order.push_back(f.dim(domain[i]));
    }
    order.push_back(f.dim(schedule.columnsOutside ? columnTiles : rowTiles));
    order.push_back(f.dim(schedule.columnsOutside ? rowTiles : columnTiles));
    // An untiled dim of size 0 has no elements to write, and a loop over none.
    OpFoldResult M = f.dim(m), N = f.dim(n);
    for (Operation *op : f.ops)
      for (Value v : op->getOperands())
        if (f.inMemory(v))
          (void)f.dims(v);
    (void)f.dims(out);
    f.openTiles(tiles, schedule.grain);
    Value tile = cast<scf::ForOp>(b.getInsertionBlock()->getParentOp()).getInductionVar();
    SmallVector<Value> places = f.delinearize(tile, order);
    for (int64_t i = 0; i < batch; ++i) {
      offsets.push_back(places[i]);
      sizes.push_back(b.getIndexAttr(1));
    }
    addBlock(places[batch + (schedule.columnsOutside ? 1 : 0)], schedule.rows, M);
    addBlock(places[batch + (schedule.columnsOutside ? 0 : 1)], schedule.columns, N);
    emit(panel);
    return success();
  }

private:
  static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
  static Type elementOf(Value v) { return typeOf(v).getElementType(); }
  static int64_t sizeOf(AffineExpr e) { return constantOf(e).value_or(ShapedType::kDynamic); }
  int64_t batchSize(ArrayRef<AffineExpr> domain) {
    int64_t n = 1;
    for (int64_t i = 0; i < batch; ++i)
      n *= constantOf(domain[i]).value_or(16);
    return n;
  }

  void addBlock(Value place, int64_t size, OpFoldResult extent) {
    Block block = Block::of(b, loc, place, size, extent);
    offsets.push_back(block.offset);
    sizes.push_back(block.size);
  }

  /// The part of `v` that the tile needs. `map` takes (batch..., m, n, k) to its dims; those of the batch are dropped.
  /// Returns the map of (m, n, k) to what is left.
  AffineMap slice(Value v, AffineMap map, int64_t panel, Value &buffer) {
    Value view = f.view(v);
    SmallVector<OpFoldResult> from, count, stride, shape = f.dims(v);
    SmallVector<int64_t> keptShape;
    SmallVector<AffineExpr> kept;
    auto local = [&](int64_t d) { return b.getAffineDimExpr(d - batch); };
    for (auto [i, e] : llvm::enumerate(map.getResults())) {
      stride.push_back(b.getIndexAttr(1));
      if (auto c = dyn_cast<AffineConstantExpr>(e)) {
        from.push_back(b.getIndexAttr(0));
        count.push_back(b.getIndexAttr(1));
        continue;
      }
      if (auto d = dyn_cast<AffineDimExpr>(e)) {
        int64_t position = d.getPosition();
        if (position < batch) {
          from.push_back(offsets[position]);
          count.push_back(b.getIndexAttr(1));
          continue;
        }
        bool isK = position == batch + 2;
        from.push_back(isK ? OpFoldResult(b.getIndexAttr(0)) : offsets[position]);
        count.push_back(isK ? shape[i] : sizes[position]);
        kept.push_back(local(position));
      } else { // n floordiv panel, or n mod panel
        AffineExpr n = local(batch + 1);
        if (e.getKind() == AffineExprKind::FloorDiv) {
          AffineExpr x = b.getAffineDimExpr(0);
          from.push_back(affine::makeComposedFoldedAffineApply(b, loc, x.floorDiv(panel), {offsets[batch + 1]}));
          count.push_back(affine::makeComposedFoldedAffineApply(b, loc, x.ceilDiv(panel), {sizes[batch + 1]}));
          kept.push_back(n.floorDiv(panel));
        } else {
          from.push_back(b.getIndexAttr(0));
          count.push_back(b.getIndexAttr(panel));
          kept.push_back(n % panel);
        }
      }
      keptShape.push_back(getConstantIntValue(count.back()).value_or(ShapedType::kDynamic));
    }
    auto type = memref::SubViewOp::inferRankReducedResultType(keptShape, cast<MemRefType>(view.getType()), from, count,
                                                              stride);
    buffer = memref::SubViewOp::create(b, loc, cast<MemRefType>(type), view, from, count, stride);
    return AffineMap::get(3, 0, kept, b.getContext());
  }

  /// An epilogue operand, broadcast as numpy does against (batch..., m, n).
  AffineMap broadcastMap(Value v) {
    SmallVector<AffineExpr> exprs;
    auto type = typeOf(v);
    int64_t pad = batch + 2 - type.getRank();
    for (int64_t i = 0; i < type.getRank(); ++i)
      exprs.push_back(type.getDimSize(i) == 1 && typeOf(out).getDimSize(pad + i) != 1 ? b.getAffineConstantExpr(0)
                                                                                     : b.getAffineDimExpr(pad + i));
    return AffineMap::get(batch + 3, 0, exprs, b.getContext());
  }

  void emit(int64_t panel) {
    SmallVector<AffineMap> local;
    Value lhs, rhs, init;
    local.push_back(slice(product->getOperand(0), maps[0], panel, lhs));
    local.push_back(slice(product->getOperand(1), maps[1], panel, rhs));
    Epilogue epilogue(f, product);
    SmallVector<Value> buffers;
    for (Value v : epilogue.extras())
      local.push_back(slice(v, broadcastMap(v), panel, buffers.emplace_back()));
    local.push_back(slice(out, maps[2], panel, init));
    auto gemm = mk::BrgemmOp::create(
        b, loc, lhs, rhs, buffers, init, local, epilogue.accumulator(),
        [&](OpBuilder &body, Location at, ValueRange args) { return epilogue.emit(body, at, args); });
    if (elementOf(product->getOperand(0)).isUnsignedInteger())
      gemm.setUnsignedLhs(true);
    if (elementOf(product->getOperand(1)).isUnsignedInteger())
      gemm.setUnsignedRhs(true);
  }

  KernelFrame &f;
  OpBuilder &b;
  Location loc;
  Target target;
  ProductOp product;
  SmallVector<AffineMap> maps;
  int64_t batch = 0, rhsRank = 0;
  Value out;
  SmallVector<OpFoldResult> offsets, sizes; ///< of (batch..., m, n)
};

} // namespace

LogicalResult lowerProduct(KernelFrame &frame, const Target &target) { return ProductBuilder(frame, target).run(); }

} // namespace dlc
