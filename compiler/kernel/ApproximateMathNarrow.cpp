//===- ApproximateMathNarrow.cpp - Floats of a byte or less ---------------===//
#include "compiler/kernel/ApproximateMath.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>

using namespace mlir;

namespace dlc {

namespace {
/// How a format of up to 8 bits writes its numbers: sign, exponent, then `digits` bits of the fraction.
struct Format {
  explicit Format(Type type) : semantics(cast<FloatType>(type).getFloatSemantics()) {
    using llvm::APFloat;
    auto bitsOf = [](const APFloat &f) { return static_cast<int64_t>(f.bitcastToAPInt().getZExtValue()); };
    width = APFloat::semanticsSizeInBits(semantics);
    digits = APFloat::semanticsPrecision(semantics) - 1;
    bias = 1 - APFloat::semanticsMinExponent(semantics);
    isScale = !APFloat::semanticsHasSignedRepr(semantics);
    sign = int64_t(1) << (width - 1);
    largest = bitsOf(APFloat::getLargest(semantics));
    hasInfinity = APFloat::semanticsHasInf(semantics);
    hasNaN = APFloat::semanticsHasNaN(semantics);
    beyond = hasInfinity ? largest + 1 : hasNaN ? bitsOf(APFloat::getNaN(semantics)) : largest;
    notANumber = hasNaN ? bitsOf(APFloat::getNaN(semantics)) : sign;
  }

  const llvm::fltSemantics &semantics;
  unsigned width;
  int64_t digits, bias, sign;
  int64_t largest;    ///< the largest number
  int64_t beyond;     ///< what lies above it
  int64_t notANumber; ///< without its sign, but where that alone is NaN
  bool isScale;       ///< of powers of two alone, without sign: 8 bits of exponent, all ones for NaN
  bool hasInfinity, hasNaN;
};

constexpr int64_t f32Sign = int64_t(1) << 31, f32Infinity = 0x7f800000;
} // namespace

Value narrowToFloat(LaneMath &m, Value narrow) {
  Format f(getElementTypeOrSelf(narrow.getType()));
  Bits code{&m, arith::BitcastOp::create(m.b, m.loc, m.typed(m.b.getIntegerType(f.width)), narrow)};
  code = code.extended(32);
  if (f.isScale) {
    Bits scale = select(code == code.of(0), code.of(1 << 22), code << 23);
    return select(code == code.of(255), code.of(0x7fc00000), scale).asReal().v;
  }
  Bits magnitude = code & (f.sign - 1), sign = (code & f.sign) << (32 - f.width);
  Bits normal = (magnitude << (23 - f.digits)) + ((127 - f.bias) << 23);
  // Integers, rather than denormals of f32, which are slow.
  Real small = magnitude.toReal(m.b.getF32Type()) * std::ldexp(1.0, static_cast<int>(1 - f.bias - f.digits));
  Bits r = select(magnitude < magnitude.of(int64_t(1) << f.digits), small.asBits(), normal);
  if (f.hasInfinity)
    r = select(magnitude > magnitude.of(f.largest), (magnitude << (23 - f.digits)) | f32Infinity, r);
  else if (f.hasNaN && f.notANumber < f.sign)
    r = select(magnitude == magnitude.of(f.notANumber), magnitude.of(0x7fc00000), r);
  else if (f.hasNaN)
    return select(code == code.of(f.sign), code.of(0x7fc00000), r | sign).asReal().v;
  return (r | sign).asReal().v;
}

Value floatToNarrow(LaneMath &m, Value single, Type to) {
  Format f(getElementTypeOrSelf(to));
  Bits bits = Real{&m, single}.asBits(), magnitude = bits & (f32Sign - 1), code = magnitude;
  if (f.isScale) {
    code = magnitude.shiftRightUnsigned(23);
  } else {
    // Half to even: what is cut off is added to one less than a half, and the last digit that stays.
    int64_t cut = 23 - f.digits;
    Bits rebiased = magnitude - ((127 - f.bias) << 23);
    Bits normal = (rebiased + (rebiased.shiftRightUnsigned(cut) & 1) + ((int64_t(1) << (cut - 1)) - 1)) >> cut;
    // Below the normal numbers 2^23 leaves no place for a fraction.
    Real scaled = magnitude.asReal() * std::ldexp(1.0, static_cast<int>(f.bias - 1 + f.digits));
    Bits small = (scaled + 8388608.0).asBits() - 0x4b000000;
    code = select(magnitude < magnitude.of((128 - f.bias) << 23), small, normal);
    code = select(code > code.of(f.largest), code.of(f.beyond), code);
    Bits sign = bits.shiftRightUnsigned(32 - f.width) & f.sign;
    bool signIsNaN = f.hasNaN && f.notANumber == f.sign;
    if (signIsNaN) // there is no minus zero, and NaN has no sign
      code = select(code == code.of(0), code, code | sign);
    else
      code = code | sign;
    Bits nan = f.hasNaN && !signIsNaN ? sign | f.notANumber : code.of(f.notANumber);
    code = select(magnitude > magnitude.of(f32Infinity), nan, code);
  }
  code = code.truncated(f.width);
  return arith::BitcastOp::create(m.b, m.loc, m.typed(getElementTypeOrSelf(to)), code.v);
}

} // namespace dlc
