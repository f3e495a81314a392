//===- LaneMath.h - Formulas over scalars or vectors ----------------------===//
#pragma once

#include "compiler/target/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include <initializer_list>

namespace dlc {

/// Where and for which shape formulas are emitted: scalars, or vectors of `lanes`.
class LaneMath {
public:
  LaneMath(mlir::OpBuilder &b, mlir::Location loc, mlir::Type like, const Target &target)
      : b(b), loc(loc), target(target), shape(llvm::dyn_cast<mlir::VectorType>(like)) {}

  /// The scalar type `element` in this shape.
  mlir::Type typed(mlir::Type element) const {
    return shape ? mlir::Type(mlir::VectorType::get(shape.getShape(), element)) : element;
  }
  unsigned lanes() const { return shape ? shape.getNumElements() : 1; }
  mlir::Value real(double value, mlir::Type element);
  mlir::Value integer(int64_t value, mlir::Type element);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const Target &target;

private:
  mlir::VectorType shape;
};

/// A condition, lane by lane.
struct Test {
  LaneMath *m;
  mlir::Value v;
  Test operator&&(Test o) const { return {m, mlir::arith::AndIOp::create(m->b, m->loc, v, o.v)}; }
  Test operator||(Test o) const { return {m, mlir::arith::OrIOp::create(m->b, m->loc, v, o.v)}; }
};

struct Real;

/// Integers of one width, with C++'s operators; >> is arithmetic.
struct Bits {
  LaneMath *m;
  mlir::Value v;
  mlir::Type element() const { return mlir::getElementTypeOrSelf(v.getType()); }
  Bits of(int64_t value) const { return {m, m->integer(value, element())}; }

  template <typename Op> Bits apply(Bits o) const { return {m, Op::create(m->b, m->loc, v, o.v)}; }
  Bits operator+(Bits o) const { return apply<mlir::arith::AddIOp>(o); }
  Bits operator-(Bits o) const { return apply<mlir::arith::SubIOp>(o); }
  Bits operator*(Bits o) const { return apply<mlir::arith::MulIOp>(o); }
  Bits operator&(Bits o) const { return apply<mlir::arith::AndIOp>(o); }
  Bits operator|(Bits o) const { return apply<mlir::arith::OrIOp>(o); }
  Bits operator^(Bits o) const { return apply<mlir::arith::XOrIOp>(o); }
  Bits operator+(int64_t o) const { return *this + of(o); }
  Bits operator-(int64_t o) const { return *this - of(o); }
  Bits operator*(int64_t o) const { return *this * of(o); }
  Bits operator&(int64_t o) const { return *this & of(o); }
  Bits operator|(int64_t o) const { return *this | of(o); }
  Bits operator<<(int64_t o) const { return apply<mlir::arith::ShLIOp>(of(o)); }
  Bits operator>>(int64_t o) const { return apply<mlir::arith::ShRSIOp>(of(o)); }
  Bits shiftRightUnsigned(int64_t o) const { return apply<mlir::arith::ShRUIOp>(of(o)); }
  Test compare(mlir::arith::CmpIPredicate p, Bits o) const {
    return {m, mlir::arith::CmpIOp::create(m->b, m->loc, p, v, o.v)};
  }
  Test operator==(Bits o) const { return compare(mlir::arith::CmpIPredicate::eq, o); }
  Test operator!=(Bits o) const { return compare(mlir::arith::CmpIPredicate::ne, o); }
  Test operator<(Bits o) const { return compare(mlir::arith::CmpIPredicate::slt, o); }
  Test operator>(Bits o) const { return compare(mlir::arith::CmpIPredicate::sgt, o); }
  Test unsignedGreater(Bits o) const { return compare(mlir::arith::CmpIPredicate::ugt, o); }

  /// The value as a number of type `to`, rounded if need be.
  Real toReal(mlir::Type to) const;
  /// The bits as a number of the same width.
  Real asReal() const;
  Bits extended(unsigned bits) const;     ///< with zeros
  Bits truncated(unsigned bits) const;
};

/// Floating-point numbers. The operators round as written; fma is the one operation that may fuse.
struct Real {
  LaneMath *m;
  mlir::Value v;
  mlir::Type element() const { return mlir::getElementTypeOrSelf(v.getType()); }
  Real of(double value) const { return {m, m->real(value, element())}; }

  template <typename Op> Real apply(Real o) const { return {m, Op::create(m->b, m->loc, v, o.v)}; }
  Real operator+(Real o) const { return apply<mlir::arith::AddFOp>(o); }
  Real operator-(Real o) const { return apply<mlir::arith::SubFOp>(o); }
  Real operator*(Real o) const { return apply<mlir::arith::MulFOp>(o); }
  Real operator/(Real o) const { return apply<mlir::arith::DivFOp>(o); }
  Real operator+(double o) const { return *this + of(o); }
  Real operator-(double o) const { return *this - of(o); }
  Real operator*(double o) const { return *this * of(o); }
  Real operator/(double o) const { return *this / of(o); }
  Real operator-() const { return {m, mlir::arith::NegFOp::create(m->b, m->loc, v)}; }
  /// Comparisons are false where a NaN takes part, but for !=.
  Test compare(mlir::arith::CmpFPredicate p, Real o) const {
    return {m, mlir::arith::CmpFOp::create(m->b, m->loc, p, v, o.v)};
  }
  Test operator<(Real o) const { return compare(mlir::arith::CmpFPredicate::OLT, o); }
  Test operator>(Real o) const { return compare(mlir::arith::CmpFPredicate::OGT, o); }
  Test operator>=(Real o) const { return compare(mlir::arith::CmpFPredicate::OGE, o); }
  Test operator==(Real o) const { return compare(mlir::arith::CmpFPredicate::OEQ, o); }
  Test operator!=(Real o) const { return compare(mlir::arith::CmpFPredicate::UNE, o); }
  Test operator<(double o) const { return *this < of(o); }
  Test operator>(double o) const { return *this > of(o); }
  Test operator>=(double o) const { return *this >= of(o); }
  Test operator==(double o) const { return *this == of(o); }
  Test operator!=(double o) const { return *this != of(o); }
  Test compareNotLess(double o) const { return compare(mlir::arith::CmpFPredicate::UGE, of(o)); } ///< true for NaN
  Test isNaN() const { return compare(mlir::arith::CmpFPredicate::UNO, *this); }

  Bits asBits() const;                    ///< the bits, of the same width
  Bits toBits(unsigned bits) const;       ///< rounded toward zero
  Real to(mlir::Type type) const;         ///< extended or rounded
};

Real select(Test c, Real a, Real b);
Bits select(Test c, Bits a, Bits b);
/// a * b + c, fused where the machine can.
Real fma(Real a, Real b, Real c);
Real fma(Real a, double b, Real c);
Real fma(Real a, Real b, double c);
Real absolute(Real x);
Real squareRoot(Real x);
/// `magnitude` with the sign of `sign`.
Real copySign(Real magnitude, Real sign);
/// The lesser (greater) of the two; x itself where it is NaN.
Real atMost(Real x, double bound);
Real atLeast(Real x, double bound);
/// coefficients[0] + coefficients[1] * x + ...
Real polynomial(Real x, std::initializer_list<double> coefficients);

} // namespace dlc
