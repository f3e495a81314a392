//===- Functions.h - Model-local functions -----------------------*- C++ -*-===//
#pragma once

#include "compiler/import/Report.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace onnx {
class FunctionProto;
class ModelProto;
class NodeProto;
} // namespace onnx

namespace dlc::importer {

/// Nodes of a model once every function is inlined.
inline constexpr uint64_t maxNodes = 250'000;

/// The functions of a model, by (domain, name, overload).
class Functions {
public:
  explicit Functions(const onnx::ModelProto &model);

  /// The function that `node` calls, or null. A function takes precedence over an op of its name.
  const onnx::FunctionProto *find(const onnx::NodeProto &node) const;

  /// Reports functions defined twice and recursion; and, when there is none, more nodes or deeper nesting than the
  /// compiler takes once everything is inlined.
  void check(Report &report) const;

  /// The functions that the main graph needs, directly or not.
  llvm::SetVector<const onnx::FunctionProto *> reachable() const;

private:
  const onnx::ModelProto &model_;
  llvm::StringMap<int> index_;
};

} // namespace dlc::importer
