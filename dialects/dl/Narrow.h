//===- Narrow.h - Rounding to floats of any format --------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/APFloat.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace dlc::dl {

/// `v` rounded once, halves to even. Beyond the largest number of a format without infinity lies NaN; a format that has no
/// NaN either ends at its largest number, and has minus zero for a NaN. One of powers of two alone takes the exponent.
inline llvm::APFloat roundedTo(const llvm::fltSemantics &format, double v) {
  llvm::APFloat f(v);
  bool lost;
  if (!llvm::APFloat::semanticsHasSignedRepr(format)) {
    if (!std::isfinite(v))
      return llvm::APFloat::getNaN(format);
    int exponent = v == 0 ? -127 : std::clamp(std::ilogb(v), -127, 127);
    return llvm::APFloat(format, llvm::APInt(8, exponent + 127));
  }
  if (!llvm::APFloat::semanticsHasNaN(format)) {
    if (f.isNaN())
      return llvm::APFloat::getZero(format, /*Negative=*/true);
    llvm::APFloat largest = llvm::APFloat::getLargest(format);
    if (std::abs(v) > largest.convertToDouble())
      return v < 0 ? -largest : largest;
  }
  f.convert(format, llvm::APFloat::rmNearestTiesToEven, &lost);
  return f;
}

/// The other way: a number of a format as a double. NaN of a format without digits would become infinity.
inline double valueOf(llvm::APFloat v) {
  if (v.isNaN())
    return std::copysign(std::numeric_limits<double>::quiet_NaN(), v.isNegative() ? -1.0 : 1.0);
  bool lost;
  v.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return v.convertToDouble();
}

} // namespace dlc::dl
