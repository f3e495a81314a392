//===- LowerProduct.cpp - Products with their epilogue as mk.brgemm --------===//
//
// The kernel's first op is the product, the rest is pointwise over its result and becomes the payload. Tiles cut rows
// and columns by the schedule; batch dims are parallel one by one.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/DomainSlices.h"
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
    int64_t rhsRank = typeOf(product->getOperand(1)).getRank();
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
    DomainSlices slices(f, batch);
    for (int64_t i = 0; i < batch; ++i)
      slices.setBatch(i, places[i]);
    setBlock(slices, 0, places[batch + (schedule.columnsOutside ? 1 : 0)], schedule.rows, M);
    setBlock(slices, 1, places[batch + (schedule.columnsOutside ? 0 : 1)], schedule.columns, N);
    slices.set(2, b.getIndexAttr(0), f.dim(kExpr));
    emit(slices);
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

  void setBlock(DomainSlices &slices, int64_t dim, Value place, int64_t size, OpFoldResult extent) {
    Block block = Block::of(b, loc, place, size, extent);
    slices.set(dim, block.offset, block.size);
  }

  void emit(DomainSlices &slices) {
    SmallVector<AffineMap> local(maps.begin(), maps.begin() + 2);
    Value lhs = slices.slice(product->getOperand(0), local[0]), rhs = slices.slice(product->getOperand(1), local[1]);
    Epilogue epilogue(f, product);
    SmallVector<Value> buffers;
    for (Value v : epilogue.extras())
      buffers.push_back(slices.slice(v, local.emplace_back(slices.broadcastMap(v, out))));
    Value init = slices.slice(out, local.emplace_back(maps[2]));
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
  int64_t batch = 0;
  Value out;
};

} // namespace

LogicalResult lowerProduct(KernelFrame &frame, const Target &target) { return ProductBuilder(frame, target).run(); }

} // namespace dlc
