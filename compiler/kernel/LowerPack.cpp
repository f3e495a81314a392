//===- LowerPack.cpp - Packing of a run-time operand, panel by panel ------===//
//
// Batch dims and panels are parallel: a thread packs some panels from end to end. All of K is in a tile, since a panel's
// rows lie one behind the other in the result.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/KernelFrame.h"
#include "dialects/mk/Dialect.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {

LogicalResult lowerPack(KernelFrame &f) {
  auto op = cast<PackOp>(f.ops.back());
  constexpr int64_t worthwhile = 256 * 1024; // bytes that take about 30 us to move
  Value from = op.getB(), to = op.getResult();
  auto domain = llvm::to_vector(f.dimsOf(to).getResults().drop_back(2)); // batch, panels
  AffineExpr tiles = f.b.getAffineConstantExpr(1);
  SmallVector<OpFoldResult> sizes, offsets;
  for (AffineExpr d : domain) {
    tiles = tiles * d;
    sizes.push_back(f.dim(d));
  }
  Value source = f.view(from), destination = f.view(to);
  auto type = cast<MemRefType>(destination.getType());
  int64_t rank = type.getRank(), rows = type.isDynamicDim(rank - 2) ? 1024 : type.getDimSize(rank - 2);
  int64_t bytes = rows * type.getDimSize(rank - 1) * byteWidth(type.getElementType());
  auto loop = f.openTiles(tiles, worthwhile / std::max<int64_t>(bytes, 1));
  for (Value place : f.delinearize(loop.getInductionVar(), sizes))
    offsets.push_back(place);
  sizes.assign(domain.size(), f.b.getIndexAttr(1));
  offsets.push_back(f.b.getIndexAttr(0));
  sizes.push_back(f.dim(f.dimsOf(to).getResult(rank - 2)));
  auto whole = mk::PackOp::create(f.b, f.loc, source, destination,
                                  mk::packMap(f.b.getContext(), domain.size() - 1, op.getTranspose()));
  if (failed(whole.getTiledImplementation(f.b, offsets, sizes)))
    return failure();
  whole.erase();
  return success();
}

} // namespace dlc
