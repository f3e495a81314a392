//===- Scalar.cpp ---------------------------------------------------------===//
#include "dialects/dl/Scalar.h"
#include "dialects/dl/Dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include <limits>

using namespace mlir;

namespace dlc::dl {

template <class Op, class... Args> static Value make(Emitter &e, Args &&...args) {
  return Op::create(e.b, e.loc, std::forward<Args>(args)...);
}

/// `a op b` with the op of the operands' kind. Booleans take the unsigned integer op.
template <class F, class S, class U> static Scalar byKind(Scalar a, Scalar b) {
  Emitter &e = a.emitter();
  if (a.isFloat())
    return Scalar(e, make<F>(e, a.value(), b.value()));
  if (a.isUnsigned() || a.isBool())
    return Scalar(e, make<U>(e, a.value(), b.value()), a.isUnsigned());
  return Scalar(e, make<S>(e, a.value(), b.value()));
}

static Value constant(Emitter &e, Type type, double v) {
  if (auto f = dyn_cast<FloatType>(type))
    return make<arith::ConstantOp>(e, FloatAttr::get(f, v));
  int64_t i = Number(v).asInt();
  return make<arith::ConstantOp>(e, IntegerAttr::get(type, type.isInteger(1) ? (v != 0) : i));
}

Scalar like(Scalar a, double v) { return Scalar(a.emitter(), constant(a.emitter(), a.type(), v), a.isUnsigned()); }
Scalar indexConstant(Emitter &e, int64_t v) { return Scalar(e, make<arith::ConstantIndexOp>(e, v)); }

Scalar operator+(Scalar a, Scalar b) { return byKind<arith::AddFOp, arith::AddIOp, arith::AddIOp>(a, b); }
Scalar operator-(Scalar a, Scalar b) { return byKind<arith::SubFOp, arith::SubIOp, arith::SubIOp>(a, b); }
Scalar operator*(Scalar a, Scalar b) { return byKind<arith::MulFOp, arith::MulIOp, arith::MulIOp>(a, b); }
Scalar minimum(Scalar a, Scalar b) { return byKind<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(a, b); }
Scalar maximum(Scalar a, Scalar b) { return byKind<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(a, b); }

/// A divisor that traps never: 1 where `b` is zero (reported) or where INT_MIN / -1 would overflow (reported if asked).
static Scalar safeDivisor(Scalar a, Scalar b, bool reportOverflow) {
  Scalar bad = b == 0.0;
  check(!bad, ValueError::DivisionByZero);
  if (!a.isUnsigned() && !a.isBool()) {
    unsigned width = isa<IndexType>(a.type()) ? 64 : a.type().getIntOrFloatBitWidth();
    Emitter &e = a.emitter();
    Value lowest = make<arith::ConstantOp>(
        e, isa<IndexType>(a.type()) ? IntegerAttr::get(a.type(), std::numeric_limits<int64_t>::min())
                                    : IntegerAttr::get(a.type(), APInt::getSignedMinValue(width)));
    Scalar overflow = (a == Scalar(e, lowest)) & (b == -1.0);
    if (reportOverflow)
      check(!overflow, ValueError::InvalidValue);
    bad = bad | overflow;
  }
  return select(bad, 1.0, b);
}

Scalar operator/(Scalar a, Scalar b) {
  if (!a.isFloat())
    b = safeDivisor(a, b, /*reportOverflow=*/true);
  return byKind<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(a, b);
}

Scalar fmod(Scalar a, Scalar b) {
  if (!a.isFloat())
    b = safeDivisor(a, b, /*reportOverflow=*/false);
  return byKind<arith::RemFOp, arith::RemSIOp, arith::RemUIOp>(a, b);
}

Scalar floormod(Scalar a, Scalar b) {
  Scalar r = fmod(a, b);
  if (a.isUnsigned() || a.isBool())
    return r;
  Scalar adjust = (r != 0.0) & ((r < 0.0) ^ (b < 0.0));
  return select(adjust, r + b, r);
}

static Scalar compare(Scalar a, Scalar b, arith::CmpFPredicate f, arith::CmpIPredicate s, arith::CmpIPredicate u) {
  Emitter &e = a.emitter();
  if (a.isFloat())
    return Scalar(e, make<arith::CmpFOp>(e, f, a.value(), b.value()));
  return Scalar(e, make<arith::CmpIOp>(e, a.isUnsigned() || a.isBool() ? u : s, a.value(), b.value()));
}
#define DLC_COMPARE(OP, F, S, U)                                                                                       \
  Scalar operator OP(Scalar a, Scalar b) {                                                                             \
    return compare(a, b, arith::CmpFPredicate::F, arith::CmpIPredicate::S, arith::CmpIPredicate::U);                   \
  }
DLC_COMPARE(<, OLT, slt, ult)
DLC_COMPARE(<=, OLE, sle, ule)
DLC_COMPARE(>, OGT, sgt, ugt)
DLC_COMPARE(>=, OGE, sge, uge)
DLC_COMPARE(==, OEQ, eq, eq)
DLC_COMPARE(!=, UNE, ne, ne)
#undef DLC_COMPARE

#define DLC_BITWISE(OP, ARITH)                                                                                         \
  Scalar operator OP(Scalar a, Scalar b) {                                                                             \
    return Scalar(a.emitter(), make<arith::ARITH>(a.emitter(), a.value(), b.value()), a.isUnsigned());                 \
  }
DLC_BITWISE(&, AndIOp)
DLC_BITWISE(|, OrIOp)
DLC_BITWISE(^, XOrIOp)
#undef DLC_BITWISE

Scalar operator~(Scalar a) { return a ^ like(a, -1); }
Scalar operator!(Scalar a) { return a ^ like(a, 1); }
Scalar operator-(Scalar a) {
  Emitter &e = a.emitter();
  return a.isFloat() ? Scalar(e, make<arith::NegFOp>(e, a.value())) : like(a, 0) - a;
}

/// Amounts are unsigned: a negative one counts as large. Shifts by the width or more leave zero, or the sign.
Scalar shiftLeft(Scalar a, Scalar b) {
  Emitter &e = a.emitter();
  Scalar amount(e, b.value(), true);
  Scalar shifted(e, make<arith::ShLIOp>(e, a.value(), b.value()), a.isUnsigned());
  return select(amount < like(amount, a.type().getIntOrFloatBitWidth()), shifted, 0.0);
}
Scalar shiftRight(Scalar a, Scalar b) {
  Emitter &e = a.emitter();
  Scalar amount(e, b.value(), true);
  Scalar most = like(amount, a.type().getIntOrFloatBitWidth() - 1);
  if (!a.isUnsigned())
    return Scalar(e, make<arith::ShRSIOp>(e, a.value(), minimum(amount, most).value()));
  Scalar shifted(e, make<arith::ShRUIOp>(e, a.value(), b.value()), true);
  return select(amount <= most, shifted, 0.0);
}

Scalar select(Scalar c, Scalar a, Scalar b) {
  Emitter &e = c.emitter();
  return Scalar(e, make<arith::SelectOp>(e, c.value(), a.value(), b.value()), a.isUnsigned());
}

/// By squaring, a step a bit of the exponent; wraps. Below zero, 1 and -1 alone have powers that are integers.
static Scalar integerPower(Scalar a, Scalar b) {
  Scalar power = like(a, 1), square = a, rest = b;
  for (unsigned bit = 0, width = b.type().getIntOrFloatBitWidth(); bit < width; ++bit) {
    power = select((rest & like(rest, 1)) != 0.0, power * square, power);
    square = square * square;
    rest = shiftRight(rest, like(rest, 1));
  }
  if (a.isUnsigned())
    return power;
  Scalar one = select((b & like(b, 1)) != 0.0, a, like(a, 1));
  return select(b < 0.0, select(abs(a) == 1.0, one, like(a, 0)), power);
}

Scalar pow(Scalar a, Scalar b) {
  Emitter &e = a.emitter();
  if (a.isFloat())
    return Scalar(e, make<math::PowFOp>(e, a.value(), b.value()));
  return integerPower(a, b);
}

Scalar abs(Scalar a) {
  Emitter &e = a.emitter();
  if (a.isFloat())
    return Scalar(e, make<math::AbsFOp>(e, a.value()));
  return a.isUnsigned() || a.isBool() ? a : maximum(a, -a);
}

Scalar sign(Scalar a) {
  if (a.isUnsigned() || a.isBool())
    return select(a == 0.0, 0.0, like(a, 1));
  Scalar s = select(a > 0.0, 1.0, select(a < 0.0, -1.0, like(a, 0)));
  return a.isFloat() ? select(isnan(a), a, s) : s;
}

Scalar isnan(Scalar a) {
  Emitter &e = a.emitter();
  if (!a.isFloat())
    return Scalar(e, constant(e, e.b.getI1Type(), 0));
  return Scalar(e, make<arith::CmpFOp>(e, arith::CmpFPredicate::UNO, a.value(), a.value()));
}
Scalar isinf(Scalar a) {
  Emitter &e = a.emitter();
  if (!a.isFloat())
    return Scalar(e, constant(e, e.b.getI1Type(), 0));
  return abs(a) == like(a, std::numeric_limits<double>::infinity());
}

template <class Op> static Scalar mathOp(Scalar a) {
  return a.isFloat() ? Scalar(a.emitter(), make<Op>(a.emitter(), a.value())) : a;
}
Scalar exp(Scalar a) { return mathOp<math::ExpOp>(a); }
Scalar expm1(Scalar a) { return mathOp<math::ExpM1Op>(a); }
Scalar log(Scalar a) { return mathOp<math::LogOp>(a); }
Scalar log1p(Scalar a) { return mathOp<math::Log1pOp>(a); }
Scalar log2(Scalar a) { return mathOp<math::Log2Op>(a); }
Scalar sqrt(Scalar a) { return mathOp<math::SqrtOp>(a); }
Scalar sin(Scalar a) { return mathOp<math::SinOp>(a); }
Scalar cos(Scalar a) { return mathOp<math::CosOp>(a); }
Scalar tan(Scalar a) { return mathOp<math::TanOp>(a); }
Scalar asin(Scalar a) { return mathOp<math::AsinOp>(a); }
Scalar acos(Scalar a) { return mathOp<math::AcosOp>(a); }
Scalar atan(Scalar a) { return mathOp<math::AtanOp>(a); }
Scalar sinh(Scalar a) { return mathOp<math::SinhOp>(a); }
Scalar cosh(Scalar a) { return mathOp<math::CoshOp>(a); }
Scalar tanh(Scalar a) { return mathOp<math::TanhOp>(a); }
Scalar asinh(Scalar a) { return mathOp<math::AsinhOp>(a); }
Scalar acosh(Scalar a) { return mathOp<math::AcoshOp>(a); }
Scalar atanh(Scalar a) { return mathOp<math::AtanhOp>(a); }
Scalar erf(Scalar a) { return mathOp<math::ErfOp>(a); }
Scalar floor(Scalar a) { return mathOp<math::FloorOp>(a); }
Scalar ceil(Scalar a) { return mathOp<math::CeilOp>(a); }
Scalar roundeven(Scalar a) { return mathOp<math::RoundEvenOp>(a); }
Scalar trunc(Scalar a) { return mathOp<math::TruncOp>(a); }

void check(Scalar ok, ValueError error) {
  Emitter &e = ok.emitter();
  CheckOp::create(e.b, e.loc, ok.value(), static_cast<int64_t>(error), e.node);
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// A float that is computed in f32.
static bool isShortFloat(Type t) { return isa<FloatType>(t) && t.getIntOrFloatBitWidth() < 32; }
/// A number of which a byte in memory holds one, as its bits.
static bool isNarrowFloat(Type t) { return isa<FloatType>(t) && t.getIntOrFloatBitWidth() <= 8; }
static bool isNarrowInteger(Type t) { return isa<IntegerType>(t) && !t.isInteger(1) && t.getIntOrFloatBitWidth() < 8; }

Type storageType(Type t) {
  if (t.isInteger(1) || isNarrowInteger(t) || isNarrowFloat(t))
    return IntegerType::get(t.getContext(), 8);
  if (auto i = dyn_cast<IntegerType>(t))
    return IntegerType::get(t.getContext(), i.getWidth());
  return t;
}

Type computeType(Type t) {
  if (isShortFloat(t))
    return Float32Type::get(t.getContext());
  return t.isInteger(1) ? t : storageType(t);
}

/// `v`, of 8 bits, with the lowest bits that elements of `t` have extended by zeros or their sign.
static Value wrapNarrow(Emitter &e, Value v, Type t) {
  unsigned width = t.getIntOrFloatBitWidth();
  if (t.isUnsignedInteger())
    return make<arith::AndIOp>(e, v, constant(e, v.getType(), (1 << width) - 1));
  Value above = constant(e, v.getType(), 8 - width);
  return make<arith::ShRSIOp>(e, make<arith::ShLIOp>(e, v, above), above);
}

static Type bitsType(Type t) { return IntegerType::get(t.getContext(), t.getIntOrFloatBitWidth()); }

Scalar fromStorage(Emitter &e, Value stored, Type t) {
  if (t.isInteger(1)) {
    Value zero = make<arith::ConstantOp>(e, IntegerAttr::get(stored.getType(), 0));
    return Scalar(e, make<arith::CmpIOp>(e, arith::CmpIPredicate::ne, stored, zero));
  }
  if (isNarrowFloat(t)) {
    if (bitsType(t) != stored.getType())
      stored = make<arith::TruncIOp>(e, bitsType(t), stored);
    stored = make<arith::BitcastOp>(e, t, stored);
  }
  if (isShortFloat(t))
    return Scalar(e, make<arith::ExtFOp>(e, e.b.getF32Type(), stored));
  if (isNarrowInteger(t)) // what the bits above say is not asked
    stored = wrapNarrow(e, stored, t);
  return Scalar(e, stored, t.isUnsignedInteger());
}

Value toStorage(Scalar s, Type t) {
  Emitter &e = s.emitter();
  if (t.isInteger(1))
    return make<arith::ExtUIOp>(e, e.b.getI8Type(), s.value());
  if (isNarrowInteger(t))
    return wrapNarrow(e, s.value(), t);
  if (!isShortFloat(t))
    return s.value();
  Value v = make<arith::TruncFOp>(e, t, s.value());
  if (!isNarrowFloat(t))
    return v;
  v = make<arith::BitcastOp>(e, bitsType(t), v);
  return v.getType() == storageType(t) ? v : make<arith::ExtUIOp>(e, storageType(t), v);
}

/// Float to integer without undefined behaviour: NaN is 0, values beyond the type saturate at 32 bits where these suffice,
/// else at 64, and then wrap.
static Value floatToInteger(Emitter &e, Value v, Type to, bool isUnsigned) {
  Value zero = make<arith::ConstantOp>(e, FloatAttr::get(cast<FloatType>(v.getType()), 0.0));
  Value ordered = make<arith::CmpFOp>(e, arith::CmpFPredicate::ORD, v, v);
  v = make<arith::SelectOp>(e, ordered, v, zero);
  bool f32 = v.getType().isF32();
  // The largest float below 2^width of the integer that the conversion goes through.
  unsigned width = to.getIntOrFloatBitWidth();
  auto limit = [&](double f64, double f32Value) {
    return make<arith::ConstantOp>(e, FloatAttr::get(cast<FloatType>(v.getType()), f32 ? f32Value : f64));
  };
  // What was cut off to that float becomes the largest integer.
  auto saturated = [&](Value i, Value given, double beyond, APInt largest) {
    Value isBeyond = make<arith::CmpFOp>(e, arith::CmpFPredicate::OGE, given, limit(beyond, beyond));
    Value most = make<arith::ConstantOp>(e, IntegerAttr::get(i.getType(), largest));
    return make<arith::SelectOp>(e, isBeyond, most, i);
  };
  Value given = v;
  if (isUnsigned && width == 64) {
    v = make<arith::MinimumFOp>(e, v, limit(18446744073709549568.0, 18446742974197923840.0));
    v = make<arith::MaximumFOp>(e, v, zero);
    return saturated(make<arith::FPToUIOp>(e, to, v), given, 0x1p64, APInt::getMaxValue(64));
  }
  if (width <= 16 || (width == 32 && !isUnsigned)) {
    v = make<arith::MinimumFOp>(e, v, limit(2147483647.0, 2147483520.0));
    v = make<arith::MaximumFOp>(e, v, limit(-2147483648.0, -2147483648.0));
    Value i = saturated(make<arith::FPToSIOp>(e, e.b.getI32Type(), v), given, 0x1p31, APInt::getSignedMaxValue(32));
    return width == 32 ? i : make<arith::TruncIOp>(e, to, i);
  }
  v = make<arith::MinimumFOp>(e, v, limit(9223372036854774784.0, 9223371487098961920.0));
  v = make<arith::MaximumFOp>(e, v, limit(-9223372036854775808.0, -9223372036854775808.0));
  Value i = saturated(make<arith::FPToSIOp>(e, e.b.getI64Type(), v), given, 0x1p63, APInt::getSignedMaxValue(64));
  return width == 64 ? i : make<arith::TruncIOp>(e, to, i);
}

Scalar cast(Scalar a, Type to) {
  Emitter &e = a.emitter();
  bool toUnsigned = to.isUnsignedInteger();
  Type target = computeType(to);
  if (to.isInteger(1))
    return a.isBool() ? a : a != 0.0;
  Value v = a.value();
  Type from = a.type();
  bool zeroExtend = a.isUnsigned() || a.isBool();
  if (isa<IndexType>(from) || isa<IndexType>(target)) {
    if (from != target)
      v = zeroExtend ? make<arith::IndexCastUIOp>(e, target, v) : make<arith::IndexCastOp>(e, target, v);
    return Scalar(e, v, toUnsigned);
  }
  unsigned have = from.getIntOrFloatBitWidth(), want = target.getIntOrFloatBitWidth();
  if (a.isFloat() && isa<FloatType>(target)) {
    if (isShortFloat(to)) {
      v = make<arith::TruncFOp>(e, to, v);
      v = make<arith::ExtFOp>(e, target, v);
    } else if (have < want) {
      v = make<arith::ExtFOp>(e, target, v);
    } else if (have > want) {
      v = make<arith::TruncFOp>(e, target, v);
    }
  } else if (a.isFloat()) {
    v = floatToInteger(e, v, target, toUnsigned);
  } else if (isa<FloatType>(target)) {
    v = zeroExtend ? make<arith::UIToFPOp>(e, target, v) : make<arith::SIToFPOp>(e, target, v);
    if (isShortFloat(to))
      return cast(Scalar(e, v), to);
  } else if (have < want) {
    v = zeroExtend ? make<arith::ExtUIOp>(e, target, v) : make<arith::ExtSIOp>(e, target, v);
  } else if (have > want) {
    v = make<arith::TruncIOp>(e, target, v);
  }
  if (isNarrowInteger(to))
    v = wrapNarrow(e, v, to);
  return Scalar(e, v, toUnsigned);
}

Scalar bitcast(Scalar a, Type from, Type to) {
  Emitter &e = a.emitter();
  Value stored = toStorage(a, from);
  Type target = storageType(to);
  if (stored.getType() != target)
    stored = make<arith::BitcastOp>(e, target, stored);
  return fromStorage(e, stored, to);
}

} // namespace dlc::dl
