//===- ApproximateMathRound.cpp - Rounding and short floats ---------------===//
#include "compiler/kernel/ApproximateMath.h"

using namespace mlir;

namespace dlc {

Real roundToEven(Real x) {
  LaneMath &m = *x.m;
  if (m.target.roundInstruction)
    return {&m, math::RoundEvenOp::create(m.b, m.loc, x.v)};
  // From 2^23 (2^52) on every number is whole; adding that to a smaller one leaves no place for a fraction.
  double whole = x.element().isF64() ? 4503599627370496.0 : 8388608.0;
  Real a = absolute(x);
  Real rounded = copySign((a + whole) - whole, x);
  return select(a < whole, rounded, x);
}

Real roundDown(Real x) {
  Real near = roundToEven(x);
  return copySign(select(near > x, near - 1.0, near), x);
}

Real roundUp(Real x) {
  Real near = roundToEven(x);
  return copySign(select(near < x, near + 1.0, near), x);
}

Real roundToZero(Real x) {
  LaneMath &m = *x.m;
  if (m.target.roundInstruction)
    return {&m, math::TruncOp::create(m.b, m.loc, x.v)};
  return copySign(roundDown(absolute(x)), x);
}

Real roundHalfAway(Real x) {
  // The number before 0.5: 0.5 itself would lift 0.49999997 to 1.
  double half = x.element().isF64() ? 0.49999999999999994 : 0.49999997019767761;
  return roundToZero(x + copySign(x.of(half), x));
}

//===- Short floats -------------------------------------------------------===//

Value halfToFloat(LaneMath &m, Value half) {
  Type i16 = m.b.getI16Type();
  Bits h = Bits{&m, arith::BitcastOp::create(m.b, m.loc, m.typed(i16), half)}.extended(32);
  Bits sign = (h & 0x8000) << 16;
  Bits magnitude = (h & 0x7fff) << 13;
  // Moves the exponent's bias, and makes denormals normal; inf and NaN are put back by their exponent.
  Bits scaled = (magnitude.asReal() * 0x1p112).asBits();
  Test special = magnitude > magnitude.of(0x0f7fffff);
  return (select(special, scaled | 0x7f800000, scaled) | sign).asReal().v;
}

Value floatToHalf(LaneMath &m, Value single) {
  Real x{&m, single};
  Bits w = x.asBits();
  Bits twice = w << 1;
  // Adding a power of two that depends on the exponent makes the addition do the rounding, denormals included.
  Real base = (absolute(x) * 0x1p112) * 0x1p-110;
  Bits bias = twice & 0xff000000;
  bias = select(bias.unsignedGreater(bias.of(0x71000000)), bias, bias.of(0x71000000));
  Bits rounded = ((bias.shiftRightUnsigned(1) + 0x07800000).asReal() + base).asBits();
  Bits value = ((rounded >> 13) & 0x7c00) + (rounded & 0x0fff);
  value = select(twice.unsignedGreater(twice.of(0xff000000)), value.of(0x7e00), value);
  Bits result = (w.shiftRightUnsigned(16) & 0x8000) | value;
  return arith::BitcastOp::create(m.b, m.loc, m.typed(m.b.getF16Type()), result.truncated(16).v);
}

Value brainToFloat(LaneMath &m, Value brain) {
  Bits h{&m, arith::BitcastOp::create(m.b, m.loc, m.typed(m.b.getI16Type()), brain)};
  return (h.extended(32) << 16).asReal().v;
}

Value floatToBrain(LaneMath &m, Value single) {
  Real x{&m, single};
  Bits w = x.asBits();
  Bits rounded = w + 0x7fff + (w.shiftRightUnsigned(16) & 1);
  Bits result = select(x.isNaN(), w | 0x400000, rounded).shiftRightUnsigned(16);
  return arith::BitcastOp::create(m.b, m.loc, m.typed(m.b.getBF16Type()), result.truncated(16).v);
}

Value doubleToFloatOdd(LaneMath &m, Value wide) {
  Real x{&m, wide};
  Real near = x.to(m.b.getF32Type());
  Real back = near.to(m.b.getF64Type());
  // Toward zero, then the last bit set where anything was lost.
  Bits bits = near.asBits();
  bits = select(absolute(back) > absolute(x), bits - 1, bits);
  return select(back != x, bits | 1, bits).asReal().v;
}

} // namespace dlc
