//===- LaneMath.cpp - Formulas over scalars or vectors --------------------===//
#include "compiler/kernel/LaneMath.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc {

static Value splat(LaneMath &m, TypedAttr attr) {
  Type type = m.typed(attr.getType());
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(m.b, m.loc, DenseElementsAttr::get(vector, Attribute(attr)));
  return arith::ConstantOp::create(m.b, m.loc, attr);
}

Value LaneMath::real(double value, Type element) { return splat(*this, b.getFloatAttr(element, value)); }

Value LaneMath::integer(int64_t value, Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  return splat(*this, b.getIntegerAttr(element, llvm::APInt(width, value, /*isSigned=*/true, /*implicitTrunc=*/true)));
}

static Type floatOfWidth(OpBuilder &b, unsigned bits) {
  return bits == 64 ? Type(b.getF64Type()) : bits == 32 ? Type(b.getF32Type()) : Type(b.getF16Type());
}

Real Bits::toReal(Type to) const { return {m, arith::SIToFPOp::create(m->b, m->loc, m->typed(to), v)}; }

Real Bits::asReal() const {
  Type to = floatOfWidth(m->b, element().getIntOrFloatBitWidth());
  return {m, arith::BitcastOp::create(m->b, m->loc, m->typed(to), v)};
}

Bits Bits::extended(unsigned bits) const {
  return {m, arith::ExtUIOp::create(m->b, m->loc, m->typed(m->b.getIntegerType(bits)), v)};
}

Bits Bits::truncated(unsigned bits) const {
  return {m, arith::TruncIOp::create(m->b, m->loc, m->typed(m->b.getIntegerType(bits)), v)};
}

Bits Real::asBits() const {
  Type to = m->b.getIntegerType(element().getIntOrFloatBitWidth());
  return {m, arith::BitcastOp::create(m->b, m->loc, m->typed(to), v)};
}

Bits Real::toBits(unsigned bits) const {
  return {m, arith::FPToSIOp::create(m->b, m->loc, m->typed(m->b.getIntegerType(bits)), v)};
}

Real Real::to(Type type) const {
  unsigned from = element().getIntOrFloatBitWidth(), width = type.getIntOrFloatBitWidth();
  if (from == width)
    return *this;
  if (from < width)
    return {m, arith::ExtFOp::create(m->b, m->loc, m->typed(type), v)};
  return {m, arith::TruncFOp::create(m->b, m->loc, m->typed(type), v)};
}

Real select(Test c, Real a, Real b) {
  return {c.m, arith::SelectOp::create(c.m->b, c.m->loc, c.v, a.v, b.v)};
}

Bits select(Test c, Bits a, Bits b) {
  return {c.m, arith::SelectOp::create(c.m->b, c.m->loc, c.v, a.v, b.v)};
}

Real fma(Real a, Real b, Real c) {
  LaneMath &m = *a.m;
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(m.b, m.loc, a.v, b.v, contract);
  return {&m, arith::AddFOp::create(m.b, m.loc, product, c.v, contract)};
}

Real fma(Real a, double b, Real c) { return fma(a, a.of(b), c); }
Real fma(Real a, Real b, double c) { return fma(a, b, a.of(c)); }

Real absolute(Real x) { return {x.m, math::AbsFOp::create(x.m->b, x.m->loc, x.v)}; }
Real squareRoot(Real x) { return {x.m, math::SqrtOp::create(x.m->b, x.m->loc, x.v)}; }

/// Whether `v` is one number above zero in all lanes.
static bool isPositiveConstant(Value v) {
  if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>())
    v = broadcast.getSource();
  llvm::APFloat number(0.0f);
  return matchPattern(v, m_ConstantFloat(&number)) && number.isFiniteNonZero() && !number.isNegative();
}

/// A value of the same sign as `v` that was there before it, so that `v` need not be kept.
static Value signOf(Value v) {
  auto product = v.getDefiningOp<arith::MulFOp>();
  return product && isPositiveConstant(product.getRhs()) ? product.getLhs() : v;
}

Real copySign(Real magnitude, Real sign) {
  sign.v = signOf(sign.v);
  return {sign.m, math::CopySignOp::create(sign.m->b, sign.m->loc, magnitude.v, sign.v)};
}

Real atMost(Real x, double bound) { return select(x > bound, x.of(bound), x); }
Real atLeast(Real x, double bound) { return select(x < bound, x.of(bound), x); }

Real polynomial(Real x, std::initializer_list<double> coefficients) {
  const double *next = coefficients.end() - 1;
  Real sum = x.of(*next);
  while (next != coefficients.begin())
    sum = fma(sum, x, *--next);
  return sum;
}

} // namespace dlc
