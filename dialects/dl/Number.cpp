//===- Number.cpp ---------------------------------------------------------===//
#include "dialects/dl/Number.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APInt.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace dlc::dl {

using Kind = Number::Kind;

Kind Number::kindOf(mlir::Type type) {
  if (llvm::isa<mlir::FloatType>(type))
    return Kind::Float;
  if (type.isInteger(1))
    return Kind::Bool;
  return type.isUnsignedInteger() ? Kind::Unsigned : Kind::Signed;
}

Number Number::of(mlir::Type type, double v) { return Number(v).as(kindOf(type)); }

double Number::asDouble() const {
  switch (kind_) {
  case Kind::Float:
    return f_;
  case Kind::Signed:
    return static_cast<double>(static_cast<int64_t>(u_));
  case Kind::Unsigned:
  case Kind::Bool:
    return static_cast<double>(u_);
  }
  return 0;
}

int64_t Number::asInt() const {
  if (kind_ != Kind::Float)
    return static_cast<int64_t>(u_);
  if (std::isnan(f_))
    return 0;
  if (f_ >= 9223372036854775808.0)
    return std::numeric_limits<int64_t>::max();
  if (f_ <= -9223372036854775808.0)
    return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(f_);
}

uint64_t Number::asUInt() const {
  if (kind_ != Kind::Float)
    return u_;
  if (f_ < 0)
    return static_cast<uint64_t>(asInt());
  if (f_ >= 18446744073709551616.0)
    return std::numeric_limits<uint64_t>::max();
  return std::isnan(f_) ? 0 : static_cast<uint64_t>(f_);
}

bool Number::asBool() const { return kind_ == Kind::Float ? f_ != 0 : u_ != 0; }

Number Number::as(Kind kind) const {
  if (kind == kind_)
    return *this;
  Number result;
  switch (kind) {
  case Kind::Float:
    result = Number(asDouble());
    break;
  case Kind::Signed:
    result = ofSigned(asInt());
    break;
  case Kind::Unsigned:
    result = ofUnsigned(asUInt());
    break;
  case Kind::Bool:
    result = ofBool(asBool());
    break;
  }
  result.error_ = error_;
  return result;
}

static ValueError firstError(Number a, Number b) { return a.error() != ValueError::None ? a.error() : b.error(); }

/// Applies the op of the operands' common kind. Booleans compute as unsigned.
template <class F, class I, class U> static Number arithmetic(Number a, Number b, F onFloat, I onSigned, U onUnsigned) {
  if (ValueError e = firstError(a, b); e != ValueError::None)
    return Number::failed(e);
  switch (a.kind()) {
  case Kind::Float:
    return Number(onFloat(a.asDouble(), b.asDouble()));
  case Kind::Signed:
    return onSigned(a.asInt(), b.asInt());
  case Kind::Unsigned:
    return onUnsigned(a.asUInt(), b.asUInt());
  case Kind::Bool:
    return onUnsigned(a.asUInt(), b.asUInt()).as(Kind::Bool);
  }
  return a;
}

#define DLC_WRAPPING(OP)                                                                                               \
  Number operator OP(Number a, Number b) {                                                                             \
    return arithmetic(                                                                                                 \
        a, b, [](double x, double y) { return x OP y; },                                                               \
        [](int64_t x, int64_t y) { return Number::ofSigned(int64_t(uint64_t(x) OP uint64_t(y))); },                    \
        [](uint64_t x, uint64_t y) { return Number::ofUnsigned(x OP y); });                                            \
  }
DLC_WRAPPING(+)
DLC_WRAPPING(-)
DLC_WRAPPING(*)
#undef DLC_WRAPPING

Number operator/(Number a, Number b) {
  return arithmetic(
      a, b, [](double x, double y) { return x / y; },
      [lowest = llvm::minIntN(a.width())](int64_t x, int64_t y) {
        if (y == 0)
          return Number::failed(ValueError::DivisionByZero);
        if (y == -1)
          return x == lowest ? Number::failed(ValueError::InvalidValue) : Number::ofSigned(-x);
        return Number::ofSigned(x / y);
      },
      [](uint64_t x, uint64_t y) {
        return y == 0 ? Number::failed(ValueError::DivisionByZero) : Number::ofUnsigned(x / y);
      });
}

Number fmod(Number a, Number b) {
  return arithmetic(
      a, b, [](double x, double y) { return std::fmod(x, y); },
      [](int64_t x, int64_t y) {
        if (y == 0)
          return Number::failed(ValueError::DivisionByZero);
        return Number::ofSigned(y == -1 ? 0 : x % y);
      },
      [](uint64_t x, uint64_t y) {
        return y == 0 ? Number::failed(ValueError::DivisionByZero) : Number::ofUnsigned(x % y);
      });
}

Number floormod(Number a, Number b) {
  return arithmetic(
      a, b,
      [](double x, double y) {
        double r = std::fmod(x, y);
        return r != 0 && (r < 0) != (y < 0) ? r + y : r;
      },
      [](int64_t x, int64_t y) {
        if (y == 0)
          return Number::failed(ValueError::DivisionByZero);
        int64_t r = y == -1 ? 0 : x % y;
        return Number::ofSigned(r != 0 && (r < 0) != (y < 0) ? r + y : r);
      },
      [](uint64_t x, uint64_t y) {
        return y == 0 ? Number::failed(ValueError::DivisionByZero) : Number::ofUnsigned(x % y);
      });
}

#define DLC_COMPARE(OP)                                                                                                \
  Number operator OP(Number a, Number b) {                                                                             \
    if (ValueError e = firstError(a, b); e != ValueError::None)                                                        \
      return Number::failed(e);                                                                                        \
    if (a.isFloat())                                                                                                   \
      return Number::ofBool(a.asDouble() OP b.asDouble());                                                             \
    if (a.kind() == Kind::Signed)                                                                                      \
      return Number::ofBool(a.asInt() OP b.asInt());                                                                   \
    return Number::ofBool(a.asUInt() OP b.asUInt());                                                                   \
  }
DLC_COMPARE(<)
DLC_COMPARE(<=)
DLC_COMPARE(>)
DLC_COMPARE(>=)
DLC_COMPARE(==)
DLC_COMPARE(!=)
#undef DLC_COMPARE

Number minimum(Number a, Number b) {
  if (a.isFloat() && (std::isnan(a.asDouble()) || std::isnan(b.asDouble())))
    return Number(std::numeric_limits<double>::quiet_NaN());
  return (b < a).asBool() ? b : a;
}
Number maximum(Number a, Number b) {
  if (a.isFloat() && (std::isnan(a.asDouble()) || std::isnan(b.asDouble())))
    return Number(std::numeric_limits<double>::quiet_NaN());
  return (a < b).asBool() ? b : a;
}

static uint64_t integerPower(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1)
      result *= base;
  return result;
}

Number pow(Number a, Number b) {
  if (a.isFloat() || b.isFloat())
    return Number(std::pow(a.asDouble(), b.asDouble())).as(a.kind());
  if (b.kind() == Kind::Signed && b.asInt() < 0 && abs(a).asUInt() != 1)
    return Number::fromBits(a.kind(), 0);
  return Number::fromBits(a.kind(), integerPower(a.asUInt(), b.asUInt()));
}

#define DLC_BITWISE(OP)                                                                                                \
  Number operator OP(Number a, Number b) {                                                                             \
    if (ValueError e = firstError(a, b); e != ValueError::None)                                                        \
      return Number::failed(e);                                                                                        \
    return Number::fromBits(a.kind(), a.asUInt() OP b.asUInt());                                                       \
  }
DLC_BITWISE(&)
DLC_BITWISE(|)
DLC_BITWISE(^)
#undef DLC_BITWISE

Number operator~(Number a) { return Number::fromBits(a.kind(), ~a.asUInt()); }
Number operator!(Number a) { return Number::ofBool(!a.asBool()); }
Number operator-(Number a) {
  return a.isFloat() ? Number(-a.asDouble()) : Number::fromBits(a.kind(), uint64_t(0) - a.asUInt());
}
Number shiftLeft(Number a, Number b) {
  return Number::fromBits(a.kind(), b.asUInt() < 64 ? a.asUInt() << b.asUInt() : 0);
}
Number shiftRight(Number a, Number b) {
  if (a.kind() == Kind::Signed)
    return Number::ofSigned(a.asInt() >> std::min<uint64_t>(b.asUInt(), 63));
  return Number::fromBits(a.kind(), b.asUInt() < 64 ? a.asUInt() >> b.asUInt() : 0);
}

Number select(Number condition, Number a, Number b) { return condition.asBool() ? a : b; }
Number cast(Number a, mlir::Type type) {
  Kind kind = Number::kindOf(type);
  auto integer = llvm::dyn_cast<mlir::IntegerType>(type);
  if (!a.isFloat() || !integer || kind == Kind::Bool)
    return a.as(kind);
  // As kernels do: what is beyond the type saturates at 32 bits where these suffice, else at 64, and then wraps.
  unsigned width = integer.getWidth();
  if (width == 64 && kind == Kind::Unsigned)
    return a.asDouble() < 0 ? Number::ofUnsigned(0) : a.as(kind);
  int64_t i = a.asInt();
  if (width <= 16 || (width == 32 && kind == Kind::Signed))
    i = std::clamp<int64_t>(i, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  return kind == Kind::Unsigned ? Number::ofUnsigned(static_cast<uint64_t>(i)) : Number::ofSigned(i);
}

Number lowestOf(mlir::Type type) {
  if (llvm::isa<mlir::FloatType>(type))
    return Number(-std::numeric_limits<double>::infinity());
  if (type.isUnsignedInteger() || type.isInteger(1))
    return Number::of(type, 0);
  return Number::ofSigned(llvm::APInt::getSignedMinValue(type.getIntOrFloatBitWidth()).getSExtValue());
}
Number highestOf(mlir::Type type) {
  if (llvm::isa<mlir::FloatType>(type))
    return Number(std::numeric_limits<double>::infinity());
  if (type.isUnsignedInteger() || type.isInteger(1))
    return Number::fromBits(Number::kindOf(type), llvm::APInt::getMaxValue(type.getIntOrFloatBitWidth()).getZExtValue());
  return Number::ofSigned(llvm::APInt::getSignedMaxValue(type.getIntOrFloatBitWidth()).getSExtValue());
}

Number abs(Number a) {
  if (a.isFloat())
    return Number(std::fabs(a.asDouble()));
  return a.kind() == Kind::Signed && a.asInt() < 0 ? -a : a;
}
Number sign(Number a) {
  if (a.isFloat()) {
    double v = a.asDouble();
    return Number(std::isnan(v) ? v : (v > 0) - (v < 0));
  }
  if (a.kind() == Kind::Signed)
    return Number::ofSigned((a.asInt() > 0) - (a.asInt() < 0));
  return Number::fromBits(a.kind(), a.asUInt() != 0);
}
Number isnan(Number a) { return Number::ofBool(a.isFloat() && std::isnan(a.asDouble())); }
Number isinf(Number a) { return Number::ofBool(a.isFloat() && std::isinf(a.asDouble())); }

#define DLC_DEFINE(NAME)                                                                                               \
  Number NAME(Number a) { return a.isFloat() ? Number(std::NAME(a.asDouble())) : a; }
DLC_DEFINE(exp)
DLC_DEFINE(expm1)
DLC_DEFINE(log)
DLC_DEFINE(log1p)
DLC_DEFINE(log2)
DLC_DEFINE(sqrt)
DLC_DEFINE(sin)
DLC_DEFINE(cos)
DLC_DEFINE(tan)
DLC_DEFINE(asin)
DLC_DEFINE(acos)
DLC_DEFINE(atan)
DLC_DEFINE(sinh)
DLC_DEFINE(cosh)
DLC_DEFINE(tanh)
DLC_DEFINE(asinh)
DLC_DEFINE(acosh)
DLC_DEFINE(atanh)
DLC_DEFINE(erf)
DLC_DEFINE(floor)
DLC_DEFINE(ceil)
DLC_DEFINE(trunc)
#undef DLC_DEFINE
Number roundeven(Number a) { return a.isFloat() ? Number(__builtin_roundeven(a.asDouble())) : a; }

} // namespace dlc::dl
