//===- Number.h - Reference values of formulas -----------------*- C++ -*-===//
//
// A Number is one element of a reference tensor: f64, i64, u64 or bool. It has the vocabulary of Scalar.h, so that a formula
// compiled over Number gives the reference value. Rounding to the tensor's own type happens once, when an Array stores it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Types.h"
#include <cstdint>

namespace dlc::dl {

/// Why a value could not be computed; numbered as dlc_status (runtime/model.h), which compiled code reports.
enum class ValueError : uint8_t { None = 0, IndexOutOfRange = 9, DivisionByZero = 10, InvalidValue = 11 };

class Number {
public:
  enum class Kind : uint8_t { Float, Signed, Unsigned, Bool };

  Number() : kind_(Kind::Float), f_(0) {}
  Number(double v) : kind_(Kind::Float), f_(v) {}
  static Number ofSigned(int64_t v) { return Number(Kind::Signed, static_cast<uint64_t>(v)); }
  static Number ofUnsigned(uint64_t v) { return Number(Kind::Unsigned, v); }
  static Number ofBool(bool v) { return Number(Kind::Bool, v); }
  /// `v` as the kind that elements of `type` have (index counts as signed).
  static Number of(mlir::Type type, double v);
  static Kind kindOf(mlir::Type type);
  static Number failed(ValueError e) {
    Number n;
    n.error_ = e;
    return n;
  }

  Kind kind() const { return kind_; }
  bool isFloat() const { return kind_ == Kind::Float; }
  ValueError error() const { return error_; }
  double asDouble() const;
  int64_t asInt() const;   ///< toward zero, saturating; NaN is 0
  uint64_t asUInt() const; ///< toward zero, wrapping for negative integers, saturating for floats
  bool asBool() const;
  Number as(Kind kind) const;
  /// Eight bytes that Array keeps.
  uint64_t bits() const { return u_; }
  static Number fromBits(Kind kind, uint64_t bits, unsigned width = 64) {
    Number n(kind, bits);
    n.width_ = width;
    return n;
  }
  /// Of an integer read from a tensor; 64 when computed. Division alone asks: INT_MIN / -1 overflows at each width.
  unsigned width() const { return width_; }

private:
  Number(Kind kind, uint64_t bits) : kind_(kind), u_(bits) {}
  Kind kind_;
  ValueError error_ = ValueError::None;
  uint8_t width_ = 64;
  union {
    double f_;
    uint64_t u_;
  };
};

// Vocabulary. A literal takes the kind of the other operand. Integer arithmetic wraps at 64 bits.
#define DLC_NUMBER_BINARY(NAME)                                                                                        \
  Number NAME(Number a, Number b);                                                                                     \
  inline Number NAME(Number a, double b) { return NAME(a, Number(b).as(a.kind())); }                                   \
  inline Number NAME(double a, Number b) { return NAME(Number(a).as(b.kind()), b); }
DLC_NUMBER_BINARY(operator+)
DLC_NUMBER_BINARY(operator-)
DLC_NUMBER_BINARY(operator*)
DLC_NUMBER_BINARY(operator/)
DLC_NUMBER_BINARY(operator<)
DLC_NUMBER_BINARY(operator<=)
DLC_NUMBER_BINARY(operator>)
DLC_NUMBER_BINARY(operator>=)
DLC_NUMBER_BINARY(operator==)
DLC_NUMBER_BINARY(operator!=)
DLC_NUMBER_BINARY(minimum)
DLC_NUMBER_BINARY(maximum)
DLC_NUMBER_BINARY(pow)
DLC_NUMBER_BINARY(fmod)
DLC_NUMBER_BINARY(floormod)
#undef DLC_NUMBER_BINARY
Number operator&(Number a, Number b);
Number operator|(Number a, Number b);
Number operator^(Number a, Number b);
Number operator~(Number a);
Number operator!(Number a);
inline Number logicalNot(Number a) { return !a; }
Number operator-(Number a);
Number shiftLeft(Number a, Number b);
Number shiftRight(Number a, Number b);
Number select(Number condition, Number a, Number b);
inline Number select(Number c, double a, Number b) { return select(c, Number(a).as(b.kind()), b); }
inline Number select(Number c, Number a, double b) { return select(c, a, Number(b).as(a.kind())); }
inline Number select(Number c, double a, double b) { return select(c, Number(a), Number(b)); }
/// Converts to `type` as ONNX Cast does (float to integer toward zero, to bool by != 0).
Number cast(Number a, mlir::Type type);
/// Neutral elements of maximum and minimum over elements of `type`.
Number lowestOf(mlir::Type type);
Number highestOf(mlir::Type type);
/// The bits of `a`, an element of type `from`, as an element of type `to`, which is as wide.
Number bitcast(Number a, mlir::Type from, mlir::Type to);
/// A constant of the kind of `a`.
inline Number like(Number a, double v) { return Number(v).as(a.kind()); }
Number abs(Number a);
Number sign(Number a);
Number isnan(Number a);
Number isinf(Number a);

#define DLC_NUMBER_MATH(X)                                                                                             \
  X(exp) X(expm1) X(log) X(log1p) X(log2) X(sqrt) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh)         \
  X(tanh) X(asinh) X(acosh) X(atanh) X(erf) X(floor) X(ceil) X(roundeven) X(trunc)
#define DLC_DECLARE(NAME) Number NAME(Number a);
DLC_NUMBER_MATH(DLC_DECLARE)
#undef DLC_DECLARE

} // namespace dlc::dl
