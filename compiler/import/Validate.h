//===- Validate.h - Everything wrong with a model, before any IR -*- C++ -*-===//
#pragma once

#include "compiler/import/Functions.h"
#include "compiler/import/Report.h"
#include "compiler/import/Weights.h"

namespace dlc::importer {

/// Reports every mistake that can be seen without knowing what an op does: missing parts, versions, names, order,
/// cycles, recursion, dims, element types, data, attributes, ops that no ONNX form reads. What is left for the forms:
/// the number and types of a node's inputs, and which attributes it takes.
void validate(const onnx::ModelProto &model, const Functions &functions, Weights &weights, Report &report);

/// The part about names: each is defined once in its graph, and before it is used (Names.cpp).
void checkNames(const onnx::ModelProto &model, Report &report);

} // namespace dlc::importer
