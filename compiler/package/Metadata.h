//===- Metadata.h - What a library says of itself ---------------*- C++ -*-===//
#pragma once

#include "compiler/package/Weights.h"

namespace dlc {

/// The JSON of dlc_description and of NAME.json: name, functions with inputs, outputs and symbols, variants, bytes of
/// the weights, and the program's facts. A dimension is a number, a symbol's name, or null if only the run knows it.
std::string describeJson(const Program &program, const WeightLayout &weights);

} // namespace dlc
