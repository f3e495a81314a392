//===- ExpandMicrokernelsPack.cpp - Packing as linalg ops -----------------===//
//
// Whole panels are one copy, from columns p * W + j; the last panel, where N is not a multiple of W, is a copy of its
// columns and a fill. dlc-vectorize makes the loops, transposing in registers where the source is transposed.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc {
namespace {
class PackEmitter {
public:
  PackEmitter(OpBuilder &b, mk::PackOp op) : b(b), loc(op.getLoc()), op(op), columns(op.getPanelColumns()) {}

  void emit() {
    OpFoldResult N = memref::getMixedSize(b, loc, op.getSource(), op.getSourcePosition(op.getNDim()));
    OpFoldResult zero = b.getIndexAttr(0), width = b.getIndexAttr(columns);
    AffineExpr n = b.getAffineDimExpr(0);
    OpFoldResult whole = apply(n.floorDiv(columns), N);
    OpFoldResult rest = apply(n % columns, N), partial = apply(n.ceilDiv(columns) - n.floorDiv(columns), N);
    if (!isConstantIntValue(whole, 0))
      copy(columnsOf(zero, apply(n * columns, whole)), panelsOf(zero, whole, zero, width));
    if (isConstantIntValue(rest, 0))
      return;
    // Where N is a run-time extent that W divides, both have no panel.
    fill(panelsOf(whole, partial, rest, apply(columns - n, rest)));
    copy(columnsOf(apply(n * columns, whole), rest), panelsOf(whole, partial, zero, rest));
  }

private:
  OpFoldResult apply(AffineExpr expr, OpFoldResult operand) {
    return affine::makeComposedFoldedAffineApply(b, loc, expr, {operand});
  }

  /// `count` columns of the source from column `first`.
  Value columnsOf(OpFoldResult first, OpFoldResult count) {
    unsigned position = op.getSourcePosition(op.getNDim());
    SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, op.getSource());
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0)), strides(sizes.size(), b.getIndexAttr(1));
    offsets[position] = first;
    sizes[position] = count;
    return memref::SubViewOp::create(b, loc, op.getSource(), offsets, sizes, strides);
  }

  /// Columns [column, column + width) of panels [first, first + count).
  Value panelsOf(OpFoldResult first, OpFoldResult count, OpFoldResult column, OpFoldResult width) {
    SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, op.getInit());
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0)), strides(sizes.size(), b.getIndexAttr(1));
    unsigned panel = op.getBatchRank();
    offsets[panel] = first;
    sizes[panel] = count;
    offsets.back() = column;
    sizes.back() = width;
    return memref::SubViewOp::create(b, loc, op.getInit(), offsets, sizes, strides);
  }

  /// panels[b..., p, k, j] = source[map(b..., k, p * W + j)].
  void copy(Value source, Value panels) {
    unsigned batch = op.getBatchRank(), rank = batch + 3;
    SmallVector<AffineExpr> dims;
    for (unsigned i = 0; i < batch; ++i)
      dims.push_back(b.getAffineDimExpr(i));
    dims.push_back(b.getAffineDimExpr(batch + 1));
    dims.push_back(b.getAffineDimExpr(batch) * columns + b.getAffineDimExpr(batch + 2));
    AffineMap from = op.getMap().replaceDimsAndSymbols(dims, {}, rank, 0);
    AffineMap to = AffineMap::getMultiDimIdentityMap(rank, b.getContext());
    SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
    linalg::GenericOp::create(
        b, loc, source, panels, ArrayRef<AffineMap>{from, to}, parallel,
        [](OpBuilder &b, Location loc, ValueRange args) { linalg::YieldOp::create(b, loc, args[0]); });
  }

  void fill(Value panels) {
    Type type = cast<MemRefType>(panels.getType()).getElementType();
    Value nothing = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    AffineMap all = AffineMap::getMultiDimIdentityMap(op.getBatchRank() + 3, b.getContext());
    SmallVector<utils::IteratorType> parallel(all.getNumDims(), utils::IteratorType::parallel);
    linalg::GenericOp::create(b, loc, ValueRange(), panels, all, parallel, [&](OpBuilder &b, Location loc, ValueRange) {
      linalg::YieldOp::create(b, loc, nothing);
    });
  }

  OpBuilder &b;
  Location loc;
  mk::PackOp op;
  int64_t columns;
};
} // namespace

LogicalResult expandPack(OpBuilder &b, mk::PackOp op) {
  if (!op.hasPureBufferSemantics())
    return op.emitOpError("expects memrefs: bufferize before dlc-expand-microkernels");
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  // memref.subview refuses any view of a buffer that is known to be empty.
  if (!llvm::is_contained(cast<MemRefType>(op.getInit().getType()).getShape(), 0))
    PackEmitter(b, op).emit();
  op.erase();
  return success();
}

} // namespace dlc
