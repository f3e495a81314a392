//===- Winograd.h - Winograd's minimal filtering ----------------*- C++ -*-===//
//
// F(2, 3): two neighbouring results of a window of three weights from four products instead of six,
//
//   y = A^T ((G w) * (B^T x))
//
// and of a window of 3 x 3 the same along both dims: 16 products for 2 x 2 results instead of 36. S. Winograd, Arithmetic
// Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016.
// The entries are exact, and small enough that f32 loses no more than in 36 products one after the other.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/ops/Extended.h"

namespace dlc::dl {

inline constexpr int64_t winogradResults = 2, winogradWindow = 3, winogradPlaces = 4;

inline constexpr double winogradInput[winogradPlaces][winogradPlaces] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
inline constexpr double winogradWeights[winogradPlaces][winogradWindow] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
inline constexpr double winogradOutput[winogradResults][winogradPlaces] = {{1, 1, 1, 0}, {0, 1, -1, -1}};

/// Whether a convolution of this form takes less time so: `results`, its spatial dims, may be dynamic.
bool suitsWinograd(llvm::ArrayRef<int64_t> window, llvm::ArrayRef<int64_t> results, int64_t channels, int64_t columns);

} // namespace dlc::dl
