//===- ApproximateMathTrig.cpp - Sines and arcs ---------------------------===//
#include "compiler/kernel/ApproximateMath.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc {

namespace {
constexpr double pi = 3.14159265358979323846;

/// x = (4k + quadrant) * pi / 2 + r with |r| <= pi / 4.
struct Angle {
  Real r;
  Bits quadrant; ///< i32; only the last two bits count
};
} // namespace

/// In f64: the first part of pi / 2 has 33 bits, so that its product with the quotient is exact up to 2^20.
static Angle reduceNear(Real x) {
  LaneMath &m = *x.m;
  Real wide = x.to(m.b.getF64Type());
  constexpr double magic = 6755399441055744.0; // 1.5 * 2^52: rounds to an integer, kept in the low bits
  Real shifted = wide * (2 / pi) + magic;
  Real n = shifted - magic;
  Real r = fma(n, -6.07710050650619224932e-11, fma(n, -1.57079632673412561417, wide));
  return {r.to(m.b.getF32Type()), shifted.asBits().truncated(32)};
}

/// For any finite x of at least 2^20: multiplies its 24 bits with the 96 bits of 2 / pi that decide about the turn
/// (Payne, Hanek).
static Angle reduceFar(Real x) {
  LaneMath &m = *x.m;
  // 2^-32 * 2 / pi in words of 32 bits behind the point.
  constexpr int64_t words[] = {0, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB};
  Bits bits = x.asBits();
  Bits mantissa = ((bits & 0x7fffff) | 0x800000).extended(64);
  // |x| = mantissa * 2^e. A quarter turn is pi / 2: the fraction of a whole turn stands behind bit e - 2 of 2 / pi; what
  // stands before it is whole turns.
  Bits position = ((bits >> 23) & 0xff) - 150 - 2 + 32;
  Bits word = position >> 5, shift = (position & 31).extended(64);
  auto wordAt = [&](unsigned offset) {
    Bits result = word.of(words[offset]);
    for (unsigned i = 1; i <= 4; ++i)
      result = select(word == word.of(i), word.of(words[offset + i]), result);
    return result.extended(64);
  };
  Bits w0 = wordAt(0), w1 = wordAt(1), w2 = wordAt(2), w3 = wordAt(3);
  auto window = [&](Bits high, Bits low) {
    return (((high << 32) | low).apply<arith::ShLIOp>(shift)).shiftRightUnsigned(32);
  };
  Bits turn = (mantissa * window(w0, w1) << 32) + mantissa * window(w1, w2) +
              (mantissa * window(w2, w3)).shiftRightUnsigned(32);
  // Two bits of quadrant; the rest, rounded to the nearer quadrant, is the angle.
  constexpr int64_t quarter = 0x4000000000000000;
  Bits quadrant = turn.shiftRightUnsigned(62), rest = turn & (quarter - 1);
  Test up = rest > rest.of(quarter / 2);
  quadrant = select(up, quadrant + 1, quadrant).truncated(32);
  rest = select(up, rest - quarter, rest);
  Real r = (rest.toReal(m.b.getF64Type()) * (pi / 2 / double(quarter))).to(m.b.getF32Type());
  Test negative = bits < bits.of(0);
  return {select(negative, -r, r), select(negative, quadrant.of(0) - quadrant, quadrant)};
}

/// Lanes of 2^20 and more are rare enough to be done one by one, which keeps their many intermediate values out of the
/// vector registers.
static Angle reduceAngle(Real x) {
  LaneMath &m = *x.m;
  OpBuilder &b = m.b;
  Location loc = m.loc;
  Angle near = reduceNear(x);
  bool isVector = m.lanes() > 1;
  Value any = (absolute(x) >= 1048576.0).v;
  if (isVector)
    any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
  auto branch = scf::IfOp::create(b, loc, TypeRange{near.r.v.getType(), near.quadrant.v.getType()}, any,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  LaneMath scalar(b, loc, b.getF32Type(), m.target);
  auto reduceOne = [&](Value one, Value r, Value quadrant) {
    Angle far = reduceFar({&scalar, one});
    Test isFar = absolute(Real{&scalar, one}) >= 1048576.0;
    return Angle{select(isFar, far.r, {&scalar, r}), select(isFar, far.quadrant, {&scalar, quadrant})};
  };
  if (!isVector) {
    Angle far = reduceOne(x.v, near.r.v, near.quadrant.v);
    scf::YieldOp::create(b, loc, ValueRange{far.r.v, far.quadrant.v});
  } else {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    Value lanes = arith::ConstantIndexOp::create(b, loc, m.lanes());
    auto loop = scf::ForOp::create(b, loc, zero, lanes, one, ValueRange{near.r.v, near.quadrant.v});
    scf::YieldOp::create(b, loc, loop.getResults());
    b.setInsertionPointToStart(loop.getBody());
    OpFoldResult lane = loop.getInductionVar();
    Value r = loop.getRegionIterArg(0), quadrant = loop.getRegionIterArg(1);
    Angle angle = reduceOne(vector::ExtractOp::create(b, loc, x.v, lane), vector::ExtractOp::create(b, loc, r, lane),
                            vector::ExtractOp::create(b, loc, quadrant, lane));
    scf::YieldOp::create(b, loc, ValueRange{vector::InsertOp::create(b, loc, angle.r.v, r, lane),
                                            vector::InsertOp::create(b, loc, angle.quadrant.v, quadrant, lane)});
  }
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, ValueRange{near.r.v, near.quadrant.v});
  return {{&m, branch.getResult(0)}, {&m, branch.getResult(1)}};
}

static Real sineNear(Real r) {
  Real z = r * r;
  Real p = polynomial(z, {-0.16666655242443085, 0.0083321761339902878, -0.00019516977772582322});
  return fma(p * z, r, r);
}

static Real cosineNear(Real r) {
  Real z = r * r;
  Real p = polynomial(z, {0.041666645556688309, -0.0013887312961742282, 2.4432785721728578e-05});
  return fma(p, z * z, fma(z, -0.5, z.of(1.0)));
}

/// The sine of the angle `quarters` quarter turns ahead of x.
static Real sineAhead(Real x, int64_t quarters) {
  Angle angle = reduceAngle(x);
  Bits quadrant = angle.quadrant + quarters;
  Real value = select((quadrant & 1) == quadrant.of(0), sineNear(angle.r), cosineNear(angle.r));
  Real result = (value.asBits() ^ ((quadrant & 2) << 30)).asReal();
  return select(absolute(x) < INFINITY, result, x - x);
}

Real sine(Real x) {
  Real result = sineAhead(x, 0);
  return select(x == 0.0, x, result); // keeps -0
}

Real cosine(Real x) { return sineAhead(x, 1); }

Real tangent(Real x) {
  Angle angle = reduceAngle(x);
  Real s = sineNear(angle.r), c = cosineNear(angle.r);
  Test even = (angle.quadrant & 1) == angle.quadrant.of(0);
  Real result = select(even, s, -c) / select(even, c, s);
  result = select(absolute(x) < INFINITY, result, x - x);
  return select(x == 0.0, x, result);
}

//===- Arcs ---------------------------------------------------------------===//

/// asin(a) for a in [0, 0.5].
static Real arcSineNear(Real a, Real square) {
  Real p = polynomial(square, {0.16666753590106964, 0.07495241612195969, 0.045477099716663361, 0.024147599935531616,
                               0.042218569666147232});
  return fma(p * square, a, a);
}

Real arcSine(Real x) {
  Real a = absolute(x);
  Test far = a > 0.5;
  // asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2))
  Real square = select(far, (a.of(1.0) - a) * 0.5, a * a);
  Real root = select(far, squareRoot(square), a);
  Real near = arcSineNear(root, square);
  return copySign(select(far, a.of(pi / 2) - (near + near), near), x);
}

Real arcCosine(Real x) {
  Real a = absolute(x);
  Test far = a > 0.5;
  Real square = select(far, (a.of(1.0) - a) * 0.5, a * a);
  Real root = select(far, squareRoot(square), a);
  Real near = arcSineNear(root, square);
  Real twice = near + near;
  Real middle = a.of(pi / 2) - copySign(near, x);
  return select(far, select(x < 0.0, a.of(pi) - twice, twice), middle);
}

/// atan(t) for t in [0, 1].
static Real arcTangentNear(Real t) {
  Real z = t * t;
  Real p = polynomial(z, {-0.33333298563957214, 0.19998548924922943, -0.14264242351055145, 0.10952185839414597,
                          -0.0840345099568367, 0.057957608252763748, -0.031177859753370285, 0.01091461256146431,
                          -0.0017936232034116983});
  return fma(p * z, t, t);
}

Real arcTangent(Real x) {
  Real a = absolute(x);
  Test far = a > 1.0;
  Real near = arcTangentNear(select(far, a.of(1.0) / a, a));
  return copySign(select(far, a.of(pi / 2) - near, near), x);
}

Real arcTangent2(Real y, Real x) {
  Real ax = absolute(x), ay = absolute(y);
  Test steep = ay > ax;
  Real t = select(steep, ax, ay) / select(steep, ay, ax);
  t = select(ax == ay, select(ax == 0.0, x.of(0.0), x.of(1.0)), t); // 0/0 and inf/inf
  Real near = arcTangentNear(t);
  Real result = select(steep, x.of(pi / 2) - near, near);
  Bits sign = x.asBits();
  result = select(sign < sign.of(0), x.of(pi) - result, result);
  result = copySign(result, y);
  return select(x.isNaN() || y.isNaN(), x + y, result);
}

} // namespace dlc
