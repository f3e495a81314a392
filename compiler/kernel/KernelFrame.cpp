//===- KernelFrame.cpp ----------------------------------------------------===//
#include "compiler/kernel/KernelFrame.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {

static Type elementOf(Value v) { return cast<ShapedType>(v.getType()).getElementType(); }

KernelFrame::KernelFrame(func::FuncOp source) : b(source), loc(source.getLoc()), source(source) {
  MLIRContext *context = b.getContext();
  Block &body = source.getBody().front();
  for (Operation &op : body.without_terminator())
    ops.push_back(&op);
  llvm::append_range(outputs, body.getTerminator()->getOperands());
  if (auto id = source->getAttrOfType<IntegerAttr>("dlc.node"))
    node = id.getInt();

  SmallVector<Type> types;
  SmallVector<Value> tensors;
  for (BlockArgument a : body.getArguments())
    if (isa<TensorType>(a.getType()))
      tensors.push_back(a);
  llvm::append_range(tensors, outputs);
  for (Value v : tensors)
    types.push_back(MemRefType::get({}, storageType(elementOf(v))));
  types.push_back(MemRefType::get({}, b.getI8Type())); // scratch
  unsigned symbolCount = llvm::count_if(body.getArguments(), [](BlockArgument a) { return a.getType().isIndex(); });
  types.append(symbolCount + 3, b.getIndexType());
  types.push_back(MemRefType::get({}, b.getI64Type()));

  function = func::FuncOp::create(b, loc, source.getName(), FunctionType::get(context, types, {}));
  function.setPrivate();
  for (StringRef name : {"dlc.kernel", "dlc.ops", "dlc.work", "dlc.in_place"}) // what the host asks of a kernel
    if (Attribute value = source->getAttr(name))
      function->setAttr(name, value);
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  unsigned next = 0;
  for (Value v : tensors)
    pointers[v] = entry->getArgument(next++);
  scratch = entry->getArgument(next++);
  for (unsigned i = 0; i < symbolCount; ++i)
    symbols.push_back(entry->getArgument(next++));
  begin = entry->getArgument(next++);
  end = entry->getArgument(next++);
  worker = entry->getArgument(next++);
  status = entry->getArgument(next++);
  scratchBytes = getAffineConstantExpr(0, context);
  // What depends on symbols alone goes before this constant, in order.
  prologueEnd = arith::ConstantIndexOp::create(b, loc, 0);
}

AffineMap KernelFrame::dimsOf(Value v) const {
  auto mapOf = [&](StringRef name, unsigned i) {
    return cast<AffineMapAttr>(source->getAttrOfType<ArrayAttr>(name)[i]).getValue();
  };
  auto type = cast<RankedTensorType>(v.getType());
  if (!type.hasStaticShape()) {
    if (auto argument = dyn_cast<BlockArgument>(v))
      return mapOf("dlc.input_dims", argument.getArgNumber());
    if (auto own = v.getDefiningOp()->getAttrOfType<ArrayAttr>("dims"))
      return cast<AffineMapAttr>(own[cast<OpResult>(v).getResultNumber()]).getValue();
  }
  SmallVector<AffineExpr> exprs;
  for (int64_t d : type.getShape())
    exprs.push_back(getAffineConstantExpr(d, v.getContext()));
  return AffineMap::get(0, symbols.size(), exprs, v.getContext());
}

OpFoldResult KernelFrame::dim(AffineExpr e) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return b.getIndexAttr(c.getValue());
  Value &v = dimValues[e];
  if (!v) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(prologueEnd);
    v = affine::makeComposedAffineApply(b, loc, AffineMap::get(0, symbols.size(), e),
                                        SmallVector<OpFoldResult>(symbols.begin(), symbols.end()));
  }
  return v;
}

SmallVector<OpFoldResult> KernelFrame::dims(Value v) {
  SmallVector<OpFoldResult> result;
  for (AffineExpr e : dimsOf(v).getResults())
    result.push_back(dim(e));
  return result;
}

/// The type and strides of a contiguous buffer of `shape`.
static std::pair<MemRefType, SmallVector<OpFoldResult>> contiguous(OpBuilder &b, Location loc,
                                                                   ArrayRef<OpFoldResult> shape, Type element) {
  SmallVector<int64_t> sizes, staticStrides(shape.size());
  SmallVector<OpFoldResult> strides(shape.size());
  OpFoldResult stride = b.getIndexAttr(1);
  for (int64_t i = shape.size() - 1; i >= 0; --i) {
    strides[i] = stride;
    staticStrides[i] = getConstantIntValue(stride).value_or(ShapedType::kDynamic);
    AffineExpr x = b.getAffineSymbolExpr(0), y = b.getAffineSymbolExpr(1);
    stride = affine::makeComposedFoldedAffineApply(b, loc, x * y, {stride, shape[i]});
  }
  for (OpFoldResult s : shape)
    sizes.push_back(getConstantIntValue(s).value_or(ShapedType::kDynamic));
  return {MemRefType::get(sizes, element, StridedLayoutAttr::get(b.getContext(), 0, staticStrides)), strides};
}

Value KernelFrame::view(Value v, ArrayRef<OpFoldResult> shape) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(prologueEnd);
  Value pointer = pointers.lookup(v);
  auto [type, strides] = contiguous(b, loc, shape, cast<MemRefType>(pointer.getType()).getElementType());
  return memref::ReinterpretCastOp::create(b, loc, type, pointer, b.getIndexAttr(0), shape, strides);
}

Value KernelFrame::startsOwnLine(Value v) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(prologueEnd);
  auto addressOf = [&](Value other) -> Value {
    return memref::ExtractAlignedPointerAsIndexOp::create(b, loc, pointers.lookup(other));
  };
  auto constant = [&](int64_t c) { return arith::ConstantIndexOp::create(b, loc, c); };
  Value address = addressOf(v), within = arith::AndIOp::create(b, loc, address, constant(63));
  Value result = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, within, constant(0));
  for (BlockArgument a : source.getArguments())
    if (isa<TensorType>(a.getType()))
      result = arith::AndIOp::create(
          b, loc, result, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, address, addressOf(a)));
  return result;
}

Value KernelFrame::temporary(ArrayRef<OpFoldResult> shape, ArrayRef<AffineExpr> exprs, Type element) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(prologueEnd);
  int64_t width = element.getIntOrFloatBitWidth() / 8;
  AffineExpr bytes = getAffineConstantExpr(width, b.getContext());
  for (AffineExpr e : exprs)
    bytes = bytes * e;
  bytes = simplifyAffineExpr(bytes, 0, symbols.size());
  auto constant = dyn_cast<AffineConstantExpr>(bytes);
  if (constant && constant.getValue() <= stackBytes) {
    SmallVector<int64_t> sizes;
    for (AffineExpr e : exprs)
      sizes.push_back(std::max<int64_t>(1, cast<AffineConstantExpr>(e).getValue()));
    return memref::AllocaOp::create(b, loc, MemRefType::get(sizes, element), b.getI64IntegerAttr(64));
  }
  // Behind what was asked for before, in this worker's share.
  AffineExpr offset = scratchBytes;
  scratchBytes = scratchBytes + bytes.ceilDiv(64) * 64;
  SmallVector<OpFoldResult> operands(symbols.begin(), symbols.end());
  Value start = affine::makeComposedAffineApply(b, loc, AffineMap::get(0, symbols.size(), offset), operands);
  // The share's size is known when the function is finished; until then a placeholder stands for it.
  auto share = arith::ConstantIndexOp::create(b, loc, -1);
  share->setAttr("dlc.scratch_share", b.getUnitAttr());
  Value mine = arith::MulIOp::create(b, loc, worker, share);
  start = arith::AddIOp::create(b, loc, start, mine);
  Value bytesValue = affine::makeComposedAffineApply(b, loc, AffineMap::get(0, symbols.size(), bytes), operands);
  Value flat = memref::ReinterpretCastOp::create(
      b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), scratch, b.getIndexAttr(0),
      ArrayRef<OpFoldResult>{arith::AddIOp::create(b, loc, start, bytesValue).getResult()},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  SmallVector<Value> dynamic;
  SmallVector<int64_t> sizes;
  for (OpFoldResult s : shape) {
    sizes.push_back(getConstantIntValue(s).value_or(ShapedType::kDynamic));
    if (sizes.back() == ShapedType::kDynamic)
      dynamic.push_back(getValueOrCreateConstantIndexOp(b, loc, s));
  }
  return memref::ViewOp::create(b, loc, MemRefType::get(sizes, element), flat, start, dynamic);
}

scf::ForOp KernelFrame::openTiles(AffineExpr tiles, int64_t grain) {
  function->setAttr("dlc.tiles", AffineMapAttr::get(AffineMap::get(0, symbols.size(), tiles)));
  function->setAttr("dlc.grain", b.getI64IntegerAttr(std::max<int64_t>(grain, 1)));
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, begin, end, one);
  b.setInsertionPointToStart(loop.getBody());
  return loop;
}

SmallVector<Value> KernelFrame::delinearize(Value tile, ArrayRef<OpFoldResult> domain) {
  SmallVector<Value> places(domain.size());
  // The first factor that is not 1 takes what is left, without a division.
  int64_t first = 0;
  while (first < static_cast<int64_t>(domain.size()) && getConstantIntValue(domain[first]) == 1)
    ++first;
  for (int64_t i = domain.size() - 1; i >= 0; --i) {
    if (getConstantIntValue(domain[i]) == 1) {
      places[i] = arith::ConstantIndexOp::create(b, loc, 0);
    } else if (i == first) {
      places[i] = tile;
    } else {
      Value size = getValueOrCreateConstantIndexOp(b, loc, domain[i]);
      places[i] = arith::RemUIOp::create(b, loc, tile, size);
      tile = arith::DivUIOp::create(b, loc, tile, size);
    }
  }
  return places;
}

/// dl.check becomes: if not ok, the status word takes (node << 8 | code) if that is its first or lowest mistake.
static void lowerCheck(CheckOp check, Value status) {
  OpBuilder b(check);
  Location loc = check.getLoc();
  Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  Value bad = arith::XOrIOp::create(b, loc, check.getOk(), yes);
  Value word = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(check.getNode() << 8 | check.getCode()));
  auto branch = scf::IfOp::create(b, loc, bad, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  auto atomic = memref::GenericAtomicRMWOp::create(b, loc, status, ValueRange{});
  OpBuilder inner = OpBuilder::atBlockEnd(atomic.getBody());
  Value old = atomic.getCurrentValue();
  Value zero = arith::ConstantOp::create(inner, loc, inner.getI64IntegerAttr(0));
  Value none = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq, old, zero);
  Value least = arith::MinUIOp::create(inner, loc, old, word);
  Value now = arith::SelectOp::create(inner, loc, none, word, least);
  memref::AtomicYieldOp::create(inner, loc, now);
  check.erase();
}

void KernelFrame::finish() {
  Block &entry = function.getBody().front();
  if (entry.empty() || !entry.back().hasTrait<OpTrait::IsTerminator>()) {
    b.setInsertionPointToEnd(&entry);
    func::ReturnOp::create(b, loc);
  }
  SmallVector<CheckOp> checks;
  function.walk([&](CheckOp c) { checks.push_back(c); });
  for (CheckOp c : checks)
    lowerCheck(c, status);
  if (!function->hasAttr("dlc.tiles"))
    function->setAttr("dlc.tiles", AffineMapAttr::get(AffineMap::get(0, symbols.size(), b.getAffineConstantExpr(1))));
  scratchBytes = simplifyAffineExpr(scratchBytes, 0, symbols.size());
  if (scratchBytes == b.getAffineConstantExpr(0))
    (void)function.eraseArgument(cast<BlockArgument>(scratch).getArgNumber());
  else
    function->setAttr("dlc.scratch", AffineMapAttr::get(AffineMap::get(0, symbols.size(), scratchBytes)));
  SmallVector<Operation *> shares;
  function.walk([&](arith::ConstantOp c) {
    if (c->hasAttr("dlc.scratch_share"))
      shares.push_back(c);
  });
  for (Operation *c : shares) {
    OpBuilder at(c);
    Value size = affine::makeComposedAffineApply(at, loc, AffineMap::get(0, symbols.size(), scratchBytes),
                                                 SmallVector<OpFoldResult>(symbols.begin(), symbols.end()));
    c->getResult(0).replaceAllUsesWith(size);
    c->erase();
  }
  for (StringRef kept : {"dlc.target"})
    if (Attribute a = source->getAttr(kept))
      function->setAttr(kept, a);
  source.erase();
}

} // namespace dlc
