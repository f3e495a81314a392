//===- Model.h - Small questions to a parsed model ---------------*- C++ -*-===//
//
// Included by the .cpp files of this folder only: it brings in protobuf.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/import/Report.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::importer {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
/// Version of each imported domain; "" is ai.onnx.
using Opsets = llvm::StringMap<int64_t>;

/// ai.onnx has two spellings.
inline llvm::StringRef domainOf(llvm::StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

/// "Add", "com.microsoft.Gelu".
inline std::string opName(const onnx::NodeProto &node) {
  llvm::StringRef domain = domainOf(node.domain());
  return domain.empty() ? node.op_type() : (domain + "." + node.op_type()).str();
}

/// Where a list of nodes stands: nodes are called by their own name, or by their op and index after `prefix`; nodes of
/// an inlined function always carry the prefix, since every call repeats their names.
struct Place {
  std::string prefix;
  bool isFunction = false;
  std::optional<unsigned> top; ///< index of the top-level node around, if any

  std::string label(const onnx::NodeProto &node, unsigned index) const {
    if (node.name().empty())
      return prefix + node.op_type() + "_" + std::to_string(index);
    return isFunction ? prefix + node.name() : node.name();
  }
  mlir::Location locate(Report &report, const onnx::NodeProto &node, unsigned index) const {
    return report.named(label(node, index), top.value_or(index));
  }
  /// The place of the nodes inside node `index`.
  Place inside(const onnx::NodeProto &node, unsigned index, llvm::StringRef attribute) const {
    return {label(node, index) + "/" + (attribute.empty() ? "" : attribute.str() + "/"), isFunction,
            top.value_or(index)};
  }
};

/// Visits the nodes and, before going on, those of their graph attributes; `depth` counts the graphs around.
inline void forEachNode(const Nodes &nodes, llvm::function_ref<void(const onnx::NodeProto &, int64_t depth)> visit,
                        int64_t depth = 0) {
  for (const onnx::NodeProto &node : nodes) {
    visit(node, depth);
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        forEachNode(attribute.g().node(), visit, depth + 1);
      for (const onnx::GraphProto &graph : attribute.graphs())
        forEachNode(graph.node(), visit, depth + 1);
    }
  }
}

} // namespace dlc::importer
