//===- ApproximateMathExp.cpp - Exponentials, logarithms and their kin ----===//
#include "compiler/kernel/ApproximateMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc {

namespace {
constexpr double log2e = 1.4426950408889634;
constexpr double ln2 = 0.6931471805599453;
// ln2 in two parts, the first so short that its product with an exponent is exact.
constexpr double ln2High = 0.693359375;
constexpr double ln2Low = -2.12194440054690583e-4;
// Adding 1.5 * 2^23 leaves a number rounded to an integer in the low bits.
constexpr double magic = 12582912.0;
constexpr int64_t magicBits = 0x4B400000;

/// n whole and |r| <= ln2 / 2 such that the power sought is 2^n * exp(r).
struct Reduced {
  Real n, r;
  Bits exponent; ///< n as an integer
};
} // namespace

static Reduced reduceByLn2(Real x) {
  Real shifted = fma(x, log2e, x.of(magic));
  Real n = shifted - magic;
  Real r = fma(n, -ln2Low, fma(n, -ln2High, x));
  return {n, r, shifted.asBits() - magicBits};
}

/// 2^n for n in the exponents of normal numbers.
static Real powerOfTwo(Bits n) { return ((n + 127) << 23).asReal(); }

static bool hasScaleInstruction(LaneMath &m) { return m.target.masks && m.lanes() == 16; }

/// x * 2^n, and zero in the lanes that `active` (null: all) leaves out.
static Real scaleByInstruction(Real x, Real n, const Test *active = nullptr) {
  LaneMath &m = *x.m;
  auto name = m.b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512");
  Value mask = active ? vector::ExtractOp::create(
                            m.b, m.loc, vector::BitCastOp::create(m.b, m.loc, VectorType::get(1, m.b.getI16Type()), active->v),
                            int64_t(0))
                            .getResult()
                      : arith::ConstantOp::create(m.b, m.loc, m.b.getI16IntegerAttr(-1)).getResult();
  Value currentRounding = arith::ConstantOp::create(m.b, m.loc, m.b.getI32IntegerAttr(4));
  auto call = LLVM::CallIntrinsicOp::create(m.b, m.loc, x.v.getType(), name,
                                            ValueRange{x.v, n.v, x.of(0.0).v, mask, currentRounding});
  return {&m, call.getResults()};
}

/// x * 2^n for any n, rounded once.
static Real scale(Real x, Real n, Bits exponent) {
  // In two steps, so that neither leaves the normal numbers: 2^128 and 2^-150 are needed.
  Bits half = exponent >> 1;
  return x * powerOfTwo(half) * powerOfTwo(exponent - half);
}

/// exp(r) - 1 - r over r^2, for |r| <= ln2 / 2.
static Real expTail(Real r) {
  return polynomial(r, {0.49999994039535522, 0.1666651964187622, 0.041668400168418884, 0.0083688506856560707,
                        0.0013814320554956794});
}

/// base^x, where `reduce` gives n and r of base^x = 2^n * exp(r). `most` overflows; below `least` all is 0. Such numbers (a mask's minus infinity before a softmax) are set
/// aside before they could become denormal results, which cost a hundred times as much.
static Real exponentialBetween(Real x, double least, double most, Reduced (*reduce)(Real)) {
  bool byInstruction = hasScaleInstruction(*x.m);
  Test lives = x.compareNotLess(least);
  Real bounded = atMost(byInstruction ? x : select(lives, x, x.of(0.0)), most);
  auto [n, r, exponent] = reduce(bounded);
  Real p = fma(expTail(r), r * r, r) + 1.0;
  if (byInstruction)
    return scaleByInstruction(p, n, &lives);
  Real result = scale(p, n, exponent);
  // Of a scalar's choice by a condition used before LLVM makes a branch, on what no machine predicts.
  return x.m->lanes() == 1 ? select(x < least, x.of(0.0), result) : select(lives, result, x.of(0.0));
}

static Reduced reduceByOne(Real x) {
  Real shifted = x + magic;
  Real n = shifted - magic;
  return {n, (x - n) * ln2, shifted.asBits() - magicBits};
}

Real exponential(Real x) { return exponentialBetween(x, -104.0, 89.0, reduceByLn2); }
Real exponential2(Real x) { return exponentialBetween(x, -150.0, 129.0, reduceByOne); }

/// exp(r) - 1 for |r| <= ln2 / 2.
static Real expMinus1Near(Real r) {
  Real q = polynomial(r, {0.5, 0.16666541993618011, 0.041666280478239059, 0.0083667105063796043,
                          0.0013946670806035399});
  return fma(q, r * r, r);
}

/// exp(x) - 1 for x in [-87, 89], relative error kept near 0.
static Real expMinus1Bounded(Real x) {
  auto [n, r, exponent] = reduceByLn2(x);
  Real p = expMinus1Near(r);
  // One below, so that n = 128 does not overflow before its time.
  Real half = powerOfTwo(exponent - 1);
  return (fma(half, p, half - 0.5)) * 2.0;
}

/// exp(x) - 1 for x in [-30, 0]. The error of a one-part ln2 grows with n, but exp(x), which it enters by, shrinks faster.
static Real expMinus1Negative(Real x) {
  Real shifted = fma(x, log2e, x.of(magic));
  Real n = shifted - magic;
  Real p = expMinus1Near(fma(n, -ln2, x));
  Real power = hasScaleInstruction(*x.m) ? scaleByInstruction(x.of(1.0), n) : powerOfTwo(shifted.asBits() - magicBits);
  return fma(power, p, power - 1.0);
}

Real exponentialMinus1(Real x) {
  Real bounded = atLeast(atMost(x, 89.0), -20.0);
  Real result = expMinus1Bounded(bounded);
  return select(x == 0.0, x, result); // keeps -0
}

//===- Logarithms ---------------------------------------------------------===//

namespace {
/// x = 2^e * (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
struct Split {
  Real e, f;
};
} // namespace

static Split splitExponent(Bits bits) {
  Bits e = (bits - 0x3f3504f3) >> 23;
  Real fraction = (bits - (e << 23)).asReal();
  return {e.toReal(fraction.element()), fraction - 1.0};
}

static Split splitPositive(Real x) {
  Test tiny = x < 1.17549435e-38;
  auto [e, f] = splitExponent(select(tiny, x * 8388608.0, x).asBits());
  return {select(tiny, e - 23.0, e), f};
}

/// log(1 + f) - f for f of a Split, plus `low`, which joins while the sum is still small.
static Real logTail(Real f, Real low) {
  Real square = f * f;
  Real p = polynomial(f, {0.3333331048488617, -0.24999986588954926, 0.20002226531505585, -0.16669252514839172,
                          0.14218665659427643, -0.12384336441755295, 0.11872918158769608, -0.11789856106042862,
                          0.069155469536781311});
  return fma(square, -0.5, fma(p, f * square, low));
}

/// The logarithm's values where `result`, computed as for a positive finite x, is none.
static Real withLogarithmsEnds(Real x, Real result) {
  Real ends = select(x == 0.0, x.of(-INFINITY), x.of(NAN));
  result = select(x > 0.0, result, ends);
  return select(x == INFINITY, x, result);
}

Real logarithm(Real x) {
  auto [e, f] = splitPositive(x);
  Real tail = logTail(f, e * ln2Low);
  return withLogarithmsEnds(x, fma(e, ln2High, f + tail));
}

/// log(1 + f) * factor + e * unit, where unit = highUnit + lowUnit.
static Real scaledLogarithm(Real x, double factorHigh, double factorLow, double unitHigh, double unitLow) {
  auto [e, f] = splitPositive(x);
  Real tail = logTail(f, f.of(0.0));
  // The leading part of f keeps 12 bits: its product with factorHigh, as short, is exact.
  Real high = ((f + tail).asBits() & 0xfffff000).asReal();
  Real low = (f - high) + tail;
  Real small = fma(low, factorHigh + factorLow, fma(high, factorLow, e * unitLow));
  return withLogarithmsEnds(x, fma(e, unitHigh, high * factorHigh) + small);
}

Real logarithm2(Real x) { return scaledLogarithm(x, 1.44287109375, -1.7605285393074e-04, 1.0, 0.0); }

Real logarithm10(Real x) {
  return scaledLogarithm(x, 0.43432617188, -3.1689971365e-05, 0.30102920532226563, 7.9034151667e-07);
}

Real logarithm1p(Real x) {
  Real u = x + 1.0;
  auto [e, f] = splitExponent(u.asBits());
  // What the sum lost, relative to u; and where 1 + x needs no exponent, x itself is the exact fraction.
  Test large = x > 1.0;
  Real lost = select(large, (x - u) + 1.0, x - (u - 1.0));
  Test whole = e == 0.0;
  f = select(whole, x, f);
  Real correction = select(whole, x.of(0.0), lost / u);
  Real tail = logTail(f, fma(e, ln2Low, correction));
  Real result = fma(e, ln2High, f + tail);
  Real ends = select(x == -1.0, x.of(-INFINITY), x.of(NAN));
  result = select(x > -1.0, result, ends);
  return select((x == INFINITY) || (x == 0.0), x, result);
}

//===- Hyperbolic functions and erf ---------------------------------------===//

Real tangentHyperbolic(Real x) {
  Real a = atMost(absolute(x), 10.0);
  Real t = expMinus1Negative(a * -2.0);
  return copySign(-t / (t + 2.0), x);
}

Real sineHyperbolic(Real x) {
  Real a = absolute(x);
  Real t = expMinus1Bounded(atMost(a, 88.0));
  Real near = (t + t / (t + 1.0)) * 0.5;
  Real root = exponential(a * 0.5);
  return copySign(select(a > 80.0, root * 0.5 * root, near), x);
}

Real cosineHyperbolic(Real x) {
  Real root = exponential(absolute(x) * 0.5);
  Real whole = root * root;
  Real near = fma(whole, 0.5, root.of(0.5) / whole);
  return select(absolute(x) > 80.0, root * 0.5 * root, near);
}

Real areaSine(Real x) {
  Real a = absolute(x);
  Test huge = a > 1e9;
  Real square = a * a;
  Real near = a + square / (squareRoot(square + 1.0) + 1.0);
  Real result = logarithm1p(select(huge, a - 1.0, near));
  return copySign(select(huge, result + ln2, result), x);
}

Real areaCosine(Real x) {
  Test huge = x > 1e9;
  Real t = x - 1.0;
  Real near = t + squareRoot(t * 2.0 + t * t);
  Real result = logarithm1p(select(huge, t, near));
  result = select(huge, result + ln2, result);
  return select(x < 1.0, x.of(NAN), result);
}

Real areaTangent(Real x) {
  Real a = absolute(x);
  return copySign(logarithm1p(a * 2.0 / (x.of(1.0) - a)) * 0.5, x);
}

Real errorFunction(Real x) {
  if (hasTables(*x.m))
    return errorFunctionByTable(x);
  // erf(a) = 1 - exp(-a * (1 + q(a))): one polynomial for all of [0, 3.95], where erf reaches 1, and expm1 keeps small
  // values exact to the end. The 1 is apart so that q's first coefficient, 2 / sqrt(pi) - 1, is precise.
  Real a = atMost(absolute(x), 3.95);
  Real q = polynomial(a, {0.12837918102741241, 0.63661795854568481, 0.10279975086450577, -0.019270241260528564,
                          0.00012391443306114525, 0.0013156405184417963, -0.0004048143164254725,
                          4.407551750773564e-05});
  return copySign(-expMinus1Negative(-fma(a, q, a)), x);
}

//===- Powers -------------------------------------------------------------===//

/// log2 of a positive finite f32, to 40 bits. Denormals are accepted.
static Real wideLogarithm2(Real x) {
  LaneMath &m = *x.m;
  Type f64 = m.b.getF64Type();
  Test tiny = x < 1.17549435e-38;
  Bits bits = select(tiny, x * 8388608.0, x).asBits();
  Bits exponent = (bits - 0x3f3504f3) >> 23;
  Real fraction = (bits - (exponent << 23)).asReal().to(f64);
  exponent = select(tiny, exponent - 23, exponent);
  // 2 atanh(s) / ln2
  Real s = (fraction - 1.0) / (fraction + 1.0);
  Real z = s * s;
  Real p = polynomial(z, {0.33333333338030335, 0.19999997761370844, 0.14286060352496166, 0.11087833094799707,
                          0.09796102952797385});
  Real twice = s * (2.0 * log2e);
  return fma(p, twice * z, twice) + exponent.toReal(f64);
}

/// 2^t of an f64 in [-200, 200], as f32, rounded once to f32's accuracy.
static Real wideExponential2(Real t) {
  LaneMath &m = *t.m;
  constexpr double wideMagic = 6755399441055744.0; // 1.5 * 2^52
  Real shifted = t + wideMagic;
  Real r = t - (shifted - wideMagic);
  Real p = polynomial(r, {1.0, 0.69314718054165142, 0.24022651075846694, 0.055504109625853906, 0.009618036911597011,
                          0.0013333430774831924, 0.00015467110145747767, 1.5314949771836983e-05});
  Bits exponent = shifted.asBits() - 0x4338000000000000;
  return (p * ((exponent + 1023) << 52).asReal()).to(m.b.getF32Type());
}

Real power(Real x, Real y) {
  LaneMath &m = *x.m;
  Real a = absolute(x);
  Real log = wideLogarithm2(a);
  log = select(a == 0.0, log.of(-INFINITY), log);
  log = select(a == INFINITY, log.of(INFINITY), log);
  Real t = log * y.to(m.b.getF64Type());
  Real result = wideExponential2(atLeast(atMost(t, 200.0), -200.0));
  result = select(a == 1.0, x.of(1.0), result); // 1 to the power of infinity

  Real half = y * 0.5;
  Test isFraction = roundToZero(y) != y;
  Test isOdd = (roundToZero(half) != half) && (roundToZero(y) == y);
  Bits sign = x.asBits() & 0x80000000;
  result = select(isOdd, (result.asBits() | sign).asReal(), result);
  result = select((x < 0.0) && (x > -INFINITY) && isFraction, x.of(NAN), result);
  result = select(x.isNaN() || y.isNaN(), x + y, result);
  return select((y == 0.0) || (x == 1.0), x.of(1.0), result);
}

Real cubeRoot(Real x) {
  LaneMath &m = *x.m;
  Type f32 = m.b.getF32Type(), f64 = m.b.getF64Type();
  Real a = absolute(x);
  Test tiny = a < 1.17549435e-38;
  Real normal = select(tiny, a * 16777216.0, a);
  // A third of the exponent as a first guess, then two steps of Halley's iteration.
  Bits third = (normal.asBits().toReal(f32) * (1.0 / 3)).toBits(32) + 709958130;
  Real wide = normal.to(f64), root = third.asReal().to(f64);
  for (int step = 0; step < 2; ++step) {
    Real cube = root * root * root;
    root = root * (wide + wide + cube) / (wide + cube + cube);
  }
  Real result = root.to(f32);
  result = copySign(select(tiny, result * (1.0 / 256), result), x);
  return select((a > 0.0) && (a < INFINITY), result, x + x);
}

} // namespace dlc
