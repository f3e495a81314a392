//===- ApproximateMath.h - Math functions as inline polynomials -----------===//
//
// Every f32 function of the math dialect that is not one instruction becomes straight-line code of adds, multiplies and
// bit operations, on scalars and vectors alike, so that a remainder computes what the main loop computes. f16 and
// bf16 are computed in f32 and rounded once. Coefficients are minimax fits (Remez, weighted by relative error);
// test/kernel/ApproximateMathTest.cpp measures each function's error and states its bound.
//
// Left to libm, element by element: every f64 function that is not an instruction, arith.remf, math.erfc, math.fpowi,
// math.ipowi.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/kernel/LaneMath.h"

namespace dlc {

/// exp(x) for any x; overflow gives inf, underflow goes through denormals to 0.
Real exponential(Real x);
Real exponential2(Real x);
/// exp(x) - 1, exact near 0; for any x.
Real exponentialMinus1(Real x);
Real logarithm(Real x);
Real logarithm2(Real x);
Real logarithm10(Real x);
Real logarithm1p(Real x);
Real tangentHyperbolic(Real x);
Real sineHyperbolic(Real x);
Real cosineHyperbolic(Real x);
Real areaSine(Real x);
Real areaCosine(Real x);
Real areaTangent(Real x);
Real errorFunction(Real x);
/// Whether functions that end in ByTable can be had in this shape.
bool hasTables(LaneMath &m);
Real errorFunctionByTable(Real x);
Real power(Real x, Real y);
Real cubeRoot(Real x);

Real sine(Real x);
Real cosine(Real x);
Real tangent(Real x);
Real arcSine(Real x);
Real arcCosine(Real x);
Real arcTangent(Real x);
Real arcTangent2(Real y, Real x);

/// For targets without rounding instructions; f32 and f64.
Real roundToEven(Real x);
Real roundDown(Real x);
Real roundUp(Real x);
Real roundToZero(Real x);
Real roundHalfAway(Real x);

/// Conversions by integer operations (f16 for targets without them, bf16 always); NaN stays NaN.
mlir::Value halfToFloat(LaneMath &m, mlir::Value half);
mlir::Value floatToHalf(LaneMath &m, mlir::Value single);
mlir::Value brainToFloat(LaneMath &m, mlir::Value brain);
mlir::Value floatToBrain(LaneMath &m, mlir::Value single);
/// The same for formats of a byte or less; what is too large for one becomes its infinity, else NaN, else its largest
/// number.
mlir::Value narrowToFloat(LaneMath &m, mlir::Value narrow);
mlir::Value floatToNarrow(LaneMath &m, mlir::Value single, mlir::Type to);
/// f64 to f32 such that a second rounding, to a shorter float, gives what one rounding would.
mlir::Value doubleToFloatOdd(LaneMath &m, mlir::Value wide);

} // namespace dlc
