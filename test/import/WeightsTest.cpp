//===- WeightsTest.cpp - Tensor data: in place, decoded, external ---------===//

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "test/import/Models.h"
#include "gtest/gtest.h"
#include <fstream>
#include <sys/stat.h>

using namespace dlc;
using namespace dlc::test;
using onnx::TensorProto;

namespace {

mlir::ElementsAttr constantOf(Imported &imported) {
  mlir::ElementsAttr value;
  imported.module->walk([&](mlir::Operation *op) {
    if (auto attribute = op->getAttrOfType<mlir::ElementsAttr>("value"))
      value = attribute;
  });
  return value;
}

/// Y = Relu(W), with W as given.
onnx::ModelProto makeWeightModel(const TensorProto &tensor) {
  onnx::ModelProto model = makeModel();
  *model.mutable_graph()->add_initializer() = tensor;
  addNode(*model.mutable_graph()->mutable_node(), "Relu", {tensor.name()}, {"Y"});
  *model.mutable_graph()->add_output() = makeValue("Y", {""});
  model.mutable_graph()->mutable_output(0)->clear_type();
  return model;
}

std::string printed(mlir::Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

TEST(Weights, smallDataIsDense) {
  Imported r = importModel(makeWeightModel(makeTensor("W", {2, 3})));
  ASSERT_TRUE(r.module) << r.all();
  EXPECT_EQ(printed(constantOf(r)),
            "dense<[[0.000000e+00, 1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00, 5.000000e+00]]> : "
            "tensor<2x3xf32>");
  Imported empty = importModel(makeWeightModel(makeTensor("W", {2, 0})));
  ASSERT_TRUE(empty.module) << empty.all();
  EXPECT_EQ(printed(constantOf(empty)), "dense<> : tensor<2x0xf32>");
}

TEST(Weights, everyTypeInBothEncodings) {
  struct Case {
    int dtype;
    std::string raw; ///< elements 1, 0
    llvm::StringRef text;
  };
  const Case cases[] = {
      {1, std::string("\0\0\x80\x3f\0\0\0\0", 8), "dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32>"},
      {2, std::string("\1\0", 2), "dense<[1, 0]> : tensor<2xui8>"},
      {3, std::string("\1\0", 2), "dense<[1, 0]> : tensor<2xi8>"},
      {4, std::string("\1\0\0\0", 4), "dense<[1, 0]> : tensor<2xui16>"},
      {5, std::string("\1\0\0\0", 4), "dense<[1, 0]> : tensor<2xi16>"},
      {6, std::string("\1\0\0\0\0\0\0\0", 8), "dense<[1, 0]> : tensor<2xi32>"},
      {7, std::string("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "dense<[1, 0]> : tensor<2xi64>"},
      {9, std::string("\1\0", 2), "dense<[true, false]> : tensor<2xi1>"},
      {10, std::string("\0\x3c\0\0", 4), "dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf16>"},
      {11, std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\0", 16),
       "dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf64>"},
      {12, std::string("\1\0\0\0\0\0\0\0", 8), "dense<[1, 0]> : tensor<2xui32>"},
      {13, std::string("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "dense<[1, 0]> : tensor<2xui64>"},
      {16, std::string("\x80\x3f\0\0", 4), "dense<[1.000000e+00, 0.000000e+00]> : tensor<2xbf16>"},
  };
  for (const Case &c : cases) {
    TensorProto tensor;
    tensor.set_name("W");
    tensor.add_dims(2);
    tensor.set_data_type(c.dtype);
    tensor.set_raw_data(c.raw);
    Imported raw = importModel(makeWeightModel(tensor));
    ASSERT_TRUE(raw.module) << c.text.str() << raw.all();
    EXPECT_EQ(printed(constantOf(raw)), c.text);

    tensor.clear_raw_data();
    switch (c.dtype) {
    case TensorProto::FLOAT:
      tensor.add_float_data(1), tensor.add_float_data(0);
      break;
    case TensorProto::DOUBLE:
      tensor.add_double_data(1), tensor.add_double_data(0);
      break;
    case TensorProto::INT64:
      tensor.add_int64_data(1), tensor.add_int64_data(0);
      break;
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      tensor.add_uint64_data(1), tensor.add_uint64_data(0);
      break;
    default:
      uint16_t one;
      std::memcpy(&one, c.raw.data(), 2);
      tensor.add_int32_data(c.dtype == TensorProto::FLOAT16 || c.dtype == TensorProto::BFLOAT16 ? one : 1);
      tensor.add_int32_data(0);
    }
    Imported typed = importModel(makeWeightModel(tensor));
    ASSERT_TRUE(typed.module) << c.text.str() << typed.all();
    EXPECT_EQ(printed(constantOf(typed)), c.text);
  }
}

/// A model whose raw_data lies at a multiple of 4 plus `shift`.
std::string serializeShifted(const onnx::ModelProto &model, unsigned shift) {
  for (unsigned pad = 0; pad < 16; ++pad) {
    onnx::ModelProto padded = model;
    padded.set_producer_name(std::string(pad + 1, 'p'));
    std::string bytes = padded.SerializeAsString();
    size_t at = bytes.find(model.graph().initializer(0).raw_data().substr(4, 64));
    if ((at - 4) % 4 == shift)
      return bytes;
  }
  return "";
}

TEST(Weights, largeDataIsUsedInPlaceAlignedOrNot) {
  onnx::ModelProto model = makeWeightModel(makeTensor("W", {1000}));
  for (unsigned shift : {0u, 1u, 2u}) {
    Imported r = importBytes(serializeShifted(model, shift));
    ASSERT_TRUE(r.module) << r.all();
    auto value = llvm::cast<mlir::DenseResourceElementsAttr>(constantOf(r));
    const mlir::AsmResourceBlob *blob = value.getRawHandle().getBlob();
    EXPECT_FALSE(blob->isMutable());
    llvm::ArrayRef<char> data = blob->getData();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data.data()) % 4, shift);
    ASSERT_EQ(data.size(), 4000u);
    for (int i = 0; i < 1000; ++i) {
      float v;
      std::memcpy(&v, data.data() + 4 * i, 4);
      ASSERT_EQ(v, static_cast<float>(i));
    }
    EXPECT_EQ(value.getRawHandle().getKey(), "W");
  }
}

TEST(Weights, largeTypedDataIsDecoded) {
  TensorProto tensor;
  tensor.set_name("W");
  tensor.set_data_type(TensorProto::INT64);
  tensor.add_dims(500);
  for (int i = 0; i < 500; ++i)
    tensor.add_int64_data(i - 250);
  Imported r = importModel(makeWeightModel(tensor));
  ASSERT_TRUE(r.module) << r.all();
  llvm::ArrayRef<int64_t> data =
      llvm::cast<mlir::DenseResourceElementsAttr>(constantOf(r)).getRawHandle().getBlob()->getDataAs<int64_t>();
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(data[i], i - 250);
}

TEST(Weights, numbersMayBeUnpacked) {
  // float_data as single fields, as writers may also store it.
  onnx::ModelProto model = makeWeightModel(makeTensor("W", {2}));
  TensorProto &tensor = *model.mutable_graph()->mutable_initializer(0);
  tensor.clear_raw_data();
  std::string serialized = tensor.SerializeAsString() + std::string("\x25\0\0\x80\x3f\x25\0\0\0\x40", 10);
  // Protobuf would pack them, so the bytes are put together by hand: field 5 of the graph, field 7 of the model.
  model.mutable_graph()->clear_initializer();
  std::string graph = model.graph().SerializeAsString();
  graph += "\x2a" + std::string(1, static_cast<char>(serialized.size())) + serialized;
  model.clear_graph();
  Imported r =
      importBytes(model.SerializeAsString() + "\x3a" + std::string(1, static_cast<char>(graph.size())) + graph);
  ASSERT_TRUE(r.module) << r.all();
  EXPECT_EQ(printed(constantOf(r)), "dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>");
}

std::string refusal(const TensorProto &tensor) { return importModel(makeWeightModel(tensor)).all(); }

TEST(Weights, wrongDataIsRefused) {
  TensorProto tensor = makeTensor("W", {3});
  tensor.mutable_raw_data()->pop_back();
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has 11 bytes of data, expected 12 for 3 elements of f32");
  tensor.clear_raw_data();
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has 0 bytes of data, expected 12 for 3 elements of f32");
  tensor.add_int32_data(1);
  EXPECT_EQ(refusal(tensor),
            "[E0302] initializer \"W\" has its data in int32_data, expected raw_data or float_data for f32");
  tensor.set_raw_data("abcd");
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has data in both int32_data and raw_data");
  tensor = makeTensor("W", {2});
  tensor.clear_raw_data();
  tensor.set_data_type(TensorProto::INT8);
  tensor.add_int32_data(128), tensor.add_int32_data(1);
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has the value 128 in int32_data, which is no i8");
  tensor.set_int32_data(0, -128), tensor.add_int32_data(0);
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has 3 numbers of data, expected 2 for 2 elements of i8");
  tensor.clear_int32_data();
  tensor.set_data_type(TensorProto::BOOL);
  tensor.set_raw_data(std::string("\1\2", 2));
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has the byte 2 for a bool, expected 0 or 1");
  tensor.set_data_type(TensorProto::STRING);
  EXPECT_EQ(refusal(tensor), "[E0603] initializer \"W\" has element type string, which is not supported");
  tensor.set_data_type(99);
  EXPECT_EQ(refusal(tensor), "[E0603] initializer \"W\" has element type number 99, which is not supported");
  tensor.set_data_type(0);
  EXPECT_EQ(refusal(tensor), "[E0206] initializer \"W\" has no element type");
}

TEST(Weights, wrongDimsAreRefused) {
  TensorProto tensor = makeTensor("W", {1});
  tensor.set_dims(0, -1);
  EXPECT_EQ(refusal(tensor), "[E0301] initializer \"W\" dim 0 is -1, expected a size");
  tensor.set_dims(0, int64_t(1) << 40);
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has 4 bytes of data, expected 4398046511104 for 1099511627776 "
                             "elements of f32");
  tensor.add_dims(2);
  EXPECT_EQ(refusal(tensor), "[E0301] initializer \"W\" has more than 2^40 elements");
  for (int64_t huge : {INT64_MAX, int64_t(1) << 62}) {
    tensor.set_dims(0, huge), tensor.set_dims(1, huge);
    EXPECT_EQ(refusal(tensor), "[E0301] initializer \"W\" has more than 2^40 elements");
    tensor.set_dims(0, 0);
    EXPECT_EQ(refusal(tensor), "[E0301] initializer \"W\" has more than 2^40 elements");
  }
  tensor = makeTensor("W", std::vector<int64_t>(65, 1));
  EXPECT_EQ(refusal(tensor), "[E0301] initializer \"W\" has 65 dims, more than 64");
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

class External : public testing::Test {
protected:
  External() {
    std::vector<float> data(1024);
    for (int i = 0; i < 1024; ++i)
      data[i] = static_cast<float>(i);
    std::ofstream(folder.file("w.bin"), std::ios::binary)
        .write(reinterpret_cast<const char *>(data.data()), static_cast<std::streamsize>(data.size() * 4));
  }

  Imported import(const std::string &location, const std::string &offset = "", const std::string &length = "") {
    TensorProto tensor = makeTensor("W", {1000});
    tensor.clear_raw_data();
    tensor.set_data_location(TensorProto::EXTERNAL);
    for (auto &[key, value] : {std::pair("location", location), {"offset", offset}, {"length", length}})
      if (!value.empty() || key == std::string("location")) {
        tensor.add_external_data()->set_key(key);
        tensor.mutable_external_data()->rbegin()->set_value(value);
      }
    std::ofstream(folder.file("m.onnx"), std::ios::binary) << makeWeightModel(tensor).SerializeAsString();
    return importFile(folder.file("m.onnx"));
  }

  TemporaryFolder folder;
};

TEST_F(External, isMappedInPlace) {
  Imported r = import("w.bin", "96", "4000");
  ASSERT_TRUE(r.module) << r.all();
  const mlir::AsmResourceBlob *blob =
      llvm::cast<mlir::DenseResourceElementsAttr>(constantOf(r)).getRawHandle().getBlob();
  EXPECT_FALSE(blob->isMutable());
  EXPECT_EQ(blob->getDataAs<float>()[0], 24.0f);
  EXPECT_EQ(blob->getDataAs<float>()[999], 1023.0f);
  std::filesystem::create_directory(folder.path / "sub");
  std::filesystem::rename(folder.file("w.bin"), folder.file("sub/w.bin"));
  std::filesystem::create_symlink("sub/w.bin", folder.file("inside"));
  EXPECT_TRUE(import("sub/w.bin", "96").module);
  EXPECT_TRUE(import("inside", "0", "4000").module) << "a link that stays in the folder is fine";
}

TEST_F(External, ofTheWrongLengthIsRefused) {
  EXPECT_TRUE(import("w.bin").has("[E0302] initializer \"W\" has 4096 bytes of data, expected 4000"));
  EXPECT_TRUE(import("w.bin", "0", "3996").has("[E0302] initializer \"W\" has 3996 bytes of data, expected 4000"));
}

TEST_F(External, pastTheEndIsRefused) {
  for (auto [offset, length] : {std::pair("97", "4000"),
                                {"4097", ""},
                                {"9223372036854775807", "4000"},
                                {"4000", "9223372036854775807"},
                                {"0", "4097"}})
    EXPECT_TRUE(import("w.bin", offset, length).has("[E0304] initializer \"W\" needs ")) << offset << ' ' << length;
  for (const char *number : {"-1", "0x10", "9223372036854775808", "99999999999999999999999", "1 ", "+1"})
    EXPECT_TRUE(import("w.bin", number).has("[E0304] initializer \"W\" has \"" + std::string(number) + "\"")) << number;
}

TEST_F(External, outsideTheFolderIsRefused) {
  EXPECT_TRUE(import("").has("[E0303]"));
  EXPECT_TRUE(import(folder.file("w.bin")).has("[E0303] initializer \"W\" has the absolute path"));
  for (const char *location : {"../w.bin", "sub/../../w.bin", "..", "a/.."})
    EXPECT_TRUE(import(location).has("[E0303] initializer \"W\" has the path")) << location;
  TemporaryFolder other;
  std::ofstream(other.file("secret")) << std::string(4000, 'x');
  std::filesystem::create_symlink(other.file("secret"), folder.file("link"));
  EXPECT_TRUE(import("link").has("a symbolic link out of the model's folder"));
  std::filesystem::create_directory_symlink(other.path, folder.file("sub"));
  EXPECT_TRUE(import("sub/secret").has("a symbolic link out of the model's folder"));
  std::filesystem::create_hard_link(other.file("secret"), folder.file("hard"));
  EXPECT_TRUE(import("hard").has("it has 2 names (hard links)"));
}

TEST_F(External, thatIsNoFileIsRefused) {
  EXPECT_TRUE(import("none.bin").has("[E0401] initializer \"W\" needs external data file \"none.bin\": No such file"));
  EXPECT_TRUE(import(".").has("[E0303]"));
  std::filesystem::create_directory(folder.path / "d");
  EXPECT_TRUE(import("d").has("it is a folder"));
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(import("fifo").has("it is not a regular file"));
  EXPECT_TRUE(import(std::string("w.bin\0x", 7)).has("[E0303]"));
  EXPECT_TRUE(import(std::string(10000, 'a')).has("[E0401]"));
}

TEST_F(External, besideInlineDataIsRefused) {
  TensorProto tensor = makeTensor("W", {1});
  tensor.set_data_location(TensorProto::EXTERNAL);
  tensor.add_external_data()->set_key("location");
  tensor.mutable_external_data(0)->set_value("w.bin");
  EXPECT_EQ(refusal(tensor), "[E0302] initializer \"W\" has external data and also raw_data");
}

TEST_F(External, aMissingFileIsReportedOnce) {
  onnx::ModelProto model = makeAddModel();
  for (int i = 0; i < 3; ++i) {
    TensorProto &tensor = *model.mutable_graph()->add_initializer();
    tensor = makeTensor("W" + std::to_string(i), {4});
    tensor.clear_raw_data();
    tensor.set_data_location(TensorProto::EXTERNAL);
    tensor.add_external_data()->set_key("location");
    tensor.mutable_external_data(0)->set_value("none.bin");
  }
  EXPECT_EQ(importModel(model).errors.size(), 1u);
}

} // namespace
