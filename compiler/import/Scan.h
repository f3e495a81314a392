//===- Scan.h - Checks a model's bytes before protobuf sees them -*- C++ -*-===//
//
// Half a gigabyte of weights is half a gigabyte that protobuf would copy. The scan walks the wire format over the
// mapped file, once, and hands protobuf a skeleton: the model without tensor data, and without what the compiler never
// reads (documentation, recorded shapes). A TensorProto of the skeleton says in its otherwise unused `segment` where it
// lies in the file; Weights reads its data from there. Since the scan sees every length, tag and nesting level first,
// the parse cannot run out of memory or stack.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/import/Report.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>
#include <string>

namespace onnx {
class ModelProto;
}

namespace dlc::importer {

/// Graphs inside graphs, model-local functions inside functions.
inline constexpr int64_t maxNesting = 64;
/// Bytes that a parsed model may take without its tensor data.
inline constexpr uint64_t maxModelMemory = uint64_t(512) << 20;

/// The serialized skeleton of the model in `file`, or nothing after a reported mistake.
std::optional<std::string> scanModel(llvm::ArrayRef<uint8_t> file, Report &report);

/// Parses a skeleton; false after a reported mistake.
bool parseSkeleton(const std::string &skeleton, onnx::ModelProto &model, Report &report);

} // namespace dlc::importer
