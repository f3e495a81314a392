//===- ScanTest.cpp - Bytes that are no model, and skeletons --------------===//

#include "compiler/import/Scan.h"
#include "mlir/IR/Diagnostics.h"
#include "test/import/Models.h"
#include "gtest/gtest.h"
#include <functional>
#include <random>

using namespace dlc;
using namespace dlc::test;

namespace {

/// The start of a length-delimited field with a one-byte tag.
std::string head(char tag, size_t length) {
  std::string bytes(1, tag);
  for (; length >= 0x80; length >>= 7)
    bytes += static_cast<char>(length | 0x80);
  return bytes + static_cast<char>(length);
}

/// A model whose graph has `depth` graphs inside each other, as bytes: protobuf would build them recursively.
std::string nestGraphs(int depth) {
  onnx::ModelProto model = makeAddModel();
  std::string innermost = model.graph().SerializeAsString();
  std::vector<std::string> heads;
  size_t size = innermost.size();
  auto wrap = [&](const std::string &before, char tag) {
    heads.push_back(before + head(tag, size));
    size += heads.back().size();
  };
  for (int i = 0; i < depth; ++i) {
    // AttributeProto {name: "g", type: GRAPH, g: ...} in NodeProto {op_type: "If", input: "X", ...}.
    wrap("\x0a\x01g\xa0\x01\x05", '\x32');
    wrap("\x22\x02If\x0a\x01X", '\x2a');
    wrap("", '\x0a');
  }
  wrap("", '\x3a');
  model.clear_graph();
  std::string bytes = model.SerializeAsString();
  for (const std::string &part : llvm::reverse(heads))
    bytes += part;
  return bytes + innermost;
}

std::optional<std::string> scan(const std::string &bytes) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler quiet(&context, [](mlir::Diagnostic &) { return mlir::success(); });
  importer::Report report(context, "m.onnx");
  return importer::scanModel({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, report);
}

TEST(Scan, skeletonIsTheModelWithoutData) {
  onnx::ModelProto model = makeRichModel();
  model.set_doc_string("long");
  *model.mutable_graph()->add_value_info() = makeValue("h", {"N"});
  std::string bytes = model.SerializeAsString();
  std::optional<std::string> skeleton = scan(bytes);
  ASSERT_TRUE(skeleton);
  onnx::ModelProto parsed;
  ASSERT_TRUE(parsed.ParseFromString(*skeleton));
  // Each tensor says where it is; with its data put back the skeleton is the model.
  std::function<void(onnx::TensorProto &)> restore = [&](onnx::TensorProto &tensor) {
    ASSERT_TRUE(tensor.has_segment());
    onnx::TensorProto whole;
    ASSERT_TRUE(whole.ParseFromString(
        bytes.substr(tensor.segment().begin(), tensor.segment().end() - tensor.segment().begin())));
    tensor = whole;
  };
  std::function<void(onnx::GraphProto &)> restoreGraph = [&](onnx::GraphProto &graph) {
    for (onnx::TensorProto &tensor : *graph.mutable_initializer())
      restore(tensor);
    for (onnx::NodeProto &node : *graph.mutable_node())
      for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
        if (attribute.has_t())
          restore(*attribute.mutable_t());
        if (attribute.has_g())
          restoreGraph(*attribute.mutable_g());
      }
  };
  restoreGraph(*parsed.mutable_graph());
  model.clear_doc_string();
  model.mutable_graph()->clear_value_info();
  EXPECT_EQ(parsed.SerializeAsString(), model.SerializeAsString());
}

TEST(Scan, refusesWhatIsNoModel) {
  EXPECT_EQ(importBytes("").all(), "[E0402] the file is empty");
  EXPECT_TRUE(importBytes("hello world").has("[E0402]"));
  // Field 7 (the graph) as a varint, as 4 bytes, and a group.
  EXPECT_TRUE(importBytes("\x38\x01")
                  .has("wrong wire type: field \"graph\" of ModelProto expects a length and bytes, "
                       "found a varint"));
  EXPECT_TRUE(importBytes("\x3d\x01\x01\x01\x01").has("found 4 bytes"));
  EXPECT_TRUE(importBytes("\x3b\x3c").has("[E0402]"));
  EXPECT_TRUE(importBytes(llvm::StringRef("\x00\x00", 2)).has("[E0402]"));
  // A length beyond the end, and one of more than 64 bits.
  EXPECT_TRUE(importBytes("\x3a\x7f\x01").has("field \"graph\" of ModelProto is cut off"));
  EXPECT_TRUE(importBytes("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").has("[E0402]"));
  // Two graphs.
  EXPECT_TRUE(importBytes(llvm::StringRef("\x3a\x00\x3a\x00", 4)).has("field \"graph\" of ModelProto is given twice"));
}

TEST(Scan, saysWhereTheMistakeLies) {
  onnx::ModelProto model = makeAddModel();
  model.mutable_graph()->mutable_node(0)->set_op_type("A\xff\xff");
  EXPECT_TRUE(importModel(model).has("expected UTF-8 text")) << importModel(model).all();
  EXPECT_TRUE(importModel(model).has("in graph.node[0].op_type")) << importModel(model).all();
}

TEST(Scan, refusesSegments) {
  onnx::ModelProto model = makeAddModel();
  model.mutable_graph()->mutable_initializer(0)->mutable_segment()->set_begin(0);
  EXPECT_TRUE(importModel(model).has("[E0604] a tensor stored in segments"));
}

TEST(Scan, capsNesting) {
  for (int depth : {60, 70, 10'000}) {
    Imported r = importBytes(nestGraphs(depth));
    EXPECT_FALSE(r.module);
    EXPECT_EQ(r.has("[E0605] graphs are nested deeper than 64"), depth > 64) << r.all();
  }
}

TEST(Scan, capsMemory) {
  // 40 MB of two-byte nodes would be 6 GB of messages.
  std::string nodes;
  for (int i = 0; i < 20'000'000; ++i)
    nodes.append("\x0a\0", 2);
  EXPECT_TRUE(importBytes(head('\x3a', nodes.size()) + nodes)
                  .has("[E0605] the model without its tensor data would take more than"));
}

TEST(Scan, truncatedModelsAreRefused) {
  std::string bytes = makeRichModel().SerializeAsString();
  for (int i = 0; i < 50; ++i) {
    Imported r = importBytes(bytes.substr(0, bytes.size() * i / 50));
    EXPECT_FALSE(r.module);
    EXPECT_FALSE(r.errors.empty());
  }
}

TEST(Scan, randomBytesAreRefused) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::string bytes(1 + random() % 4096, '\0');
    for (char &byte : bytes)
      byte = static_cast<char>(random());
    Imported r = importBytes(bytes);
    EXPECT_FALSE(r.module);
    EXPECT_FALSE(r.errors.empty());
  }
}

} // namespace
