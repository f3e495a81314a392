//===- ConvertDims.cpp - Index computations of the host --------------------===//
#include "compiler/host/Converter.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc {

Value Converter::symbol(Location loc, StringRef name, int64_t index) {
  return rt::SymbolOp::create(b, loc, b.getIndexType(), index, name);
}

Value Converter::number(Location loc, OpFoldResult n) { return getValueOrCreateConstantIndexOp(b, loc, n); }

Value Converter::index(Value v) {
  if (Value known = indices.lookup(v))
    return known;
  Operation *op = v.getDefiningOp();
  if (!op || op->getNumRegions() || op->getNumResults() != 1)
    return {};
  Location loc = op->getLoc();
  Value result;
  if (auto s = dyn_cast<dl::SymbolOp>(op)) {
    auto it = symbolIndex.find(s.getName());
    if (it == symbolIndex.end()) {
      op->emitError() << "no input has a dim called '" << s.getName() << "'";
      return {};
    }
    result = symbol(loc, s.getName(), it->second);
  } else if (auto read = dyn_cast<dl::ReadOp>(op)) {
    Value buffer = buffers.lookup(withoutViews(read.getX()));
    if (!buffer)
      return {};
    result = rt::ReadOp::create(b, loc, b.getIndexType(), buffer, read.getIndex(), elementTypeOf(read.getX()));
  } else if (auto dim = dyn_cast<dl::DimOp>(op)) {
    auto known = dimsOf(loc, dim.getX());
    if (failed(known))
      return {};
    result = getValueOrCreateConstantIndexOp(b, loc, (*known)[dim.getAxis()]);
  } else if (!isMemoryEffectFree(op)) {
    return {};
  } else {
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      Value mapped = index(operand);
      if (!mapped)
        return {};
      mapping.map(operand, mapped);
    }
    result = b.clone(*op, mapping)->getResult(0);
  }
  indices[v] = result;
  return result;
}

OpFoldResult Converter::evaluate(Location loc, AffineExpr e, ValueRange symbols) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return b.getIndexAttr(c.getValue());
  SmallVector<Value> operands;
  SmallVector<AffineExpr> replacements;
  for (auto [i, v] : llvm::enumerate(symbols)) {
    if (!e.isFunctionOfSymbol(i)) {
      replacements.push_back(b.getAffineConstantExpr(0));
      continue;
    }
    Value mapped = index(v);
    if (!mapped)
      return {};
    APInt constant;
    if (matchPattern(mapped, m_ConstantInt(&constant))) {
      replacements.push_back(b.getAffineConstantExpr(constant.getSExtValue()));
      continue;
    }
    replacements.push_back(b.getAffineSymbolExpr(operands.size()));
    operands.push_back(mapped);
  }
  e = simplifyAffineExpr(e.replaceSymbols(replacements), 0, operands.size());
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return b.getIndexAttr(c.getValue());
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return operands[s.getPosition()];
  auto map = AffineMap::get(0, operands.size(), e);
  return affine::AffineApplyOp::create(b, loc, map, operands).getResult();
}

FailureOr<SmallVector<OpFoldResult>> Converter::dimsOf(Location loc, Value v) {
  SmallVector<OpFoldResult> dims;
  AffineMap map;
  ValueRange symbols;
  if (auto argument = dyn_cast<BlockArgument>(v)) {
    for (HostProgram::Dim d : argumentDims[argument])
      if (d.kind == HostProgram::Dim::Constant)
        dims.push_back(b.getIndexAttr(d.value));
      else
        dims.push_back(symbol(loc, info.symbols[d.value].name, d.value));
    return dims;
  }
  if (auto control = v.getDefiningOp<dl::ControlOp>(); control && !control.placesResults()) {
    auto known = controlDims.find(v);
    if (known == controlDims.end())
      return failure();
    return known->second;
  }
  if (auto call = v.getDefiningOp<rt::CallOp>()) {
    map = cast<AffineMapAttr>(call.getResultDims()[cast<OpResult>(v).getResultNumber()]).getValue();
    symbols = call.getSymbols();
  } else if (auto view = v.getDefiningOp<dl::ViewOp>()) {
    map = view.getDims();
    symbols = view.getSymbols();
  } else if (auto scan = v.getDefiningOp<dl::ScanOp>()) {
    return dimsOf(loc, scan, cast<OpResult>(v).getResultNumber());
  } else {
    auto type = cast<RankedTensorType>(v.getType());
    if (!type.hasStaticShape())
      return failure();
    for (int64_t d : type.getShape())
      dims.push_back(b.getIndexAttr(d));
    return dims;
  }
  for (AffineExpr e : map.getResults()) {
    dims.push_back(evaluate(loc, e, symbols));
    if (!dims.back())
      return failure();
  }
  return dims;
}

Value Converter::bytes(Location loc, ArrayRef<OpFoldResult> dims, Type elementType) {
  SmallVector<Value> dynamic;
  SmallVector<int64_t> fixed;
  dispatchIndexOpFoldResults(dims, dynamic, fixed);
  int64_t width = dl::byteWidth(elementType);
  if (!dynamic.empty())
    return rt::BytesOp::create(b, loc, b.getIndexType(), dynamic, fixed, width);
  int64_t product = width;
  for (int64_t d : fixed)
    if (llvm::MulOverflow(product, d, product))
      product = std::numeric_limits<int64_t>::max();
  return arith::ConstantIndexOp::create(b, loc, product);
}

} // namespace dlc
