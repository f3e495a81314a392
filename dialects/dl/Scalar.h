//===- Scalar.h - Formulas as kernel bodies --------------------*- C++ -*-===//
//
// The vocabulary of formulas, over SSA values: + - * / < <= > >= == != & | ^ ~ and the functions below. Number.h gives
// the same names over reference values and Builder.h over whole tensors.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Number.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace dlc::dl {

/// Where scalar ops are put, and the node that run-time checks name.
struct Emitter {
  mlir::OpBuilder &b;
  mlir::Location loc;
  int64_t node = 0;
};

/// One element inside a kernel: arith values are signless, so the Scalar remembers unsignedness. Floats narrower than
/// 32 bits are widened before a formula sees them.
class Scalar {
public:
  Scalar() = default;
  Scalar(Emitter &emitter, mlir::Value value, bool isUnsigned = false)
      : emitter_(&emitter), value_(value), unsigned_(isUnsigned) {}
  mlir::Value value() const { return value_; }
  mlir::Type type() const { return value_.getType(); }
  bool isUnsigned() const { return unsigned_; }
  bool isFloat() const { return llvm::isa<mlir::FloatType>(type()); }
  bool isBool() const { return type().isInteger(1); }
  Emitter &emitter() const { return *emitter_; }

private:
  Emitter *emitter_ = nullptr;
  mlir::Value value_;
  bool unsigned_ = false;
};

/// A constant of the type of `a`.
Scalar like(Scalar a, double v);
/// A constant of type index.
Scalar indexConstant(Emitter &emitter, int64_t v);

#define DLC_SCALAR_BINARY(NAME)                                                                                        \
  Scalar NAME(Scalar a, Scalar b);                                                                                     \
  inline Scalar NAME(Scalar a, double b) { return NAME(a, like(a, b)); }                                               \
  inline Scalar NAME(double a, Scalar b) { return NAME(like(b, a), b); }
DLC_SCALAR_BINARY(operator+)
DLC_SCALAR_BINARY(operator-)
DLC_SCALAR_BINARY(operator*)
DLC_SCALAR_BINARY(operator/)
DLC_SCALAR_BINARY(operator<)
DLC_SCALAR_BINARY(operator<=)
DLC_SCALAR_BINARY(operator>)
DLC_SCALAR_BINARY(operator>=)
DLC_SCALAR_BINARY(operator==)
DLC_SCALAR_BINARY(operator!=)
DLC_SCALAR_BINARY(minimum)
DLC_SCALAR_BINARY(maximum)
DLC_SCALAR_BINARY(pow)
DLC_SCALAR_BINARY(fmod)
DLC_SCALAR_BINARY(floormod)
#undef DLC_SCALAR_BINARY
Scalar operator&(Scalar a, Scalar b);
Scalar operator|(Scalar a, Scalar b);
Scalar operator^(Scalar a, Scalar b);
Scalar operator~(Scalar a);
Scalar operator!(Scalar a);
inline Scalar logicalNot(Scalar a) { return !a; }
Scalar operator-(Scalar a);
Scalar shiftLeft(Scalar a, Scalar b);
Scalar shiftRight(Scalar a, Scalar b);
Scalar select(Scalar condition, Scalar a, Scalar b);
inline Scalar select(Scalar c, double a, Scalar b) { return select(c, like(b, a), b); }
inline Scalar select(Scalar c, Scalar a, double b) { return select(c, a, like(a, b)); }
/// Converts to the dl element type `type` as ONNX Cast does; f16 and bf16 targets are rounded to and widened again.
Scalar cast(Scalar a, mlir::Type type);
/// The bits of `a`, an element of dl type `from`, as an element of dl type `to`, which is as wide.
Scalar bitcast(Scalar a, mlir::Type from, mlir::Type to);
Scalar abs(Scalar a);
Scalar sign(Scalar a);
Scalar isnan(Scalar a);
Scalar isinf(Scalar a);
#define DLC_DECLARE(NAME) Scalar NAME(Scalar a);
DLC_NUMBER_MATH(DLC_DECLARE)
#undef DLC_DECLARE

/// Records `error` in the session's status word when `ok` is false.
void check(Scalar ok, ValueError error);

/// Element type in memory: signless, bool as i8.
mlir::Type storageType(mlir::Type dlType);
/// Type in which formulas compute: f16 and bf16 in f32, integers signless, bool i1.
mlir::Type computeType(mlir::Type dlType);
/// A stored element as a formula sees it, and back.
Scalar fromStorage(Emitter &emitter, mlir::Value stored, mlir::Type dlType);
mlir::Value toStorage(Scalar s, mlir::Type dlType);

} // namespace dlc::dl
