//===- DimEmitter.cpp -----------------------------------------------------===//
#include "compiler/graph/DimEmitter.h"
#include "dialects/dl/Dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {

Value DimEmitter::emit(Location loc, AffineExpr e, llvm::function_ref<Value(Value)> mapped) {
  if (Value known = emitted.lookup(e))
    return known;
  auto sub = [&](AffineExpr inner) { return emit(loc, inner, mapped); };
  Value v;
  if (auto c = dyn_cast<AffineConstantExpr>(e)) {
    v = arith::ConstantIndexOp::create(b, loc, c.getValue());
  } else if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    SymbolDefinition d = shapes.symbols()[s.getPosition()];
    switch (d.kind) {
    case SymbolDefinition::Kind::Input:
      v = SymbolOp::create(b, loc, b.getIndexType(), b.getStringAttr(d.name));
      break;
    case SymbolDefinition::Kind::Content:
      v = ReadOp::create(b, loc, b.getIndexType(), mapped(d.value), b.getI64IntegerAttr(d.index));
      break;
    case SymbolDefinition::Kind::Unknown:
      v = DimOp::create(b, loc, b.getIndexType(), mapped(d.value), b.getI64IntegerAttr(d.index));
      break;
    case SymbolDefinition::Kind::Min: {
      Value x = sub(d.a), y = sub(d.b);
      v = arith::MinSIOp::create(b, loc, x, y);
      break;
    }
    case SymbolDefinition::Kind::Max: {
      Value x = sub(d.a), y = sub(d.b);
      v = arith::MaxSIOp::create(b, loc, x, y);
      break;
    }
    }
  } else {
    auto binary = cast<AffineBinaryOpExpr>(e);
    Value x = sub(binary.getLHS()), y = sub(binary.getRHS());
    switch (e.getKind()) {
    case AffineExprKind::Add:
      v = arith::AddIOp::create(b, loc, x, y);
      break;
    case AffineExprKind::Mul:
      v = arith::MulIOp::create(b, loc, x, y);
      break;
    case AffineExprKind::Mod:
    case AffineExprKind::FloorDiv:
    case AffineExprKind::CeilDiv: {
      // A divisor that is a dim may be zero: the quotient is then of no use, but it must not trap.
      Value one = arith::ConstantIndexOp::create(b, loc, 1);
      y = arith::MaxSIOp::create(b, loc, y, one);
      v = e.getKind() == AffineExprKind::Mod        ? Value(arith::RemSIOp::create(b, loc, x, y))
          : e.getKind() == AffineExprKind::FloorDiv ? Value(arith::FloorDivSIOp::create(b, loc, x, y))
                                                    : Value(arith::CeilDivSIOp::create(b, loc, x, y));
      break;
    }
    default:
      break;
    }
  }
  return emitted[e] = v;
}

void DimEmitter::readBy(AffineExpr e, SmallVectorImpl<Value> &values) {
  e.walk([&](AffineExpr inner) {
    auto s = dyn_cast<AffineSymbolExpr>(inner);
    if (!s)
      return;
    SymbolDefinition d = shapes.symbols()[s.getPosition()];
    if (d.value)
      values.push_back(d.value);
    if (d.a)
      readBy(d.a, values);
    if (d.b)
      readBy(d.b, values);
  });
}

} // namespace dlc
