//===- LowerProduct.cpp - Products with their epilogue as mk.brgemm --------===//
//
// The kernel's first op is the product, the rest is pointwise over its result and becomes the payload. Tiles cut rows
// and columns by the schedule; batch dims are parallel one by one, or more rows where all meet one right operand.
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
  ProductBuilder(KernelFrame &f, ProductOp product, const Target &target)
      : f(f), b(f.b), loc(f.loc), target(target), product(product), epilogue(f, product) {}

  LogicalResult run() {
    maps = product.productMaps();
    batch = maps[2].getNumResults() - 2;
    out = f.outputs.front();
    SmallVector<AffineExpr> domain = llvm::to_vector(f.dimsOf(product->getResult(0)).getResults());
    int64_t rhsRank = typeOf(product->getOperand(1)).getRank();
    AffineExpr kExpr = f.dimsOf(product->getOperand(1)).getResult(rhsRank - 2);
    findOperands();
    if (batch && llvm::all_of(operands, [](const Operand &o) { return canMergeRows(o.map); }))
      mergeBatch(domain);
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

  /// The product's operands, the extras of the epilogue and the result, with their dims over the domain.
  void findOperands() {
    DomainSlices slices(f, batch);
    auto add = [&](Value v, AffineMap map) { operands.push_back({v, f.view(v), map}); };
    add(product->getOperand(0), maps[0]);
    add(product->getOperand(1), maps[1]);
    for (Value v : epilogue.extras())
      add(v, slices.broadcastMap(v, out));
    add(out, maps[2]);
  }

  /// One right operand serves the whole batch: it is one product with more rows.
  void mergeBatch(SmallVector<AffineExpr> &domain) {
    AffineExpr rows = b.getAffineConstantExpr(1);
    for (AffineExpr e : ArrayRef(domain).take_front(batch + 1))
      rows = rows * e;
    for (Operand &o : operands)
      o.view = mergeRows(f, o.value, o.map);
    domain = {rows, domain.back()};
    batch = 0;
  }

  void emit(DomainSlices &slices) {
    SmallVector<AffineMap> local;
    SmallVector<Value> buffers;
    for (const Operand &o : operands)
      buffers.push_back(slices.sliceOf(o.view, local.emplace_back(o.map)));
    auto gemm = mk::BrgemmOp::create(
        b, loc, buffers[0], buffers[1], ArrayRef(buffers).drop_front(2).drop_back(), buffers.back(), local, epilogue.accumulator(),
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
  Epilogue epilogue;
  SmallVector<AffineMap> maps;
  struct Operand {
    Value value, view;
    AffineMap map;
  };
  SmallVector<Operand> operands;
  int64_t batch = 0;
  Value out;
};

} // namespace

LogicalResult lowerProduct(KernelFrame &frame, const Target &target) {
  auto product = llvm::find_if(frame.ops, [](Operation *op) { return isa<ProductOp>(op); });
  return ProductBuilder(frame, cast<ProductOp>(*product), target).run();
}

} // namespace dlc
