#include "tools/dlc/TensorIO.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>

using namespace dlc;
using namespace llvm;

namespace {

HostTensor make(StringRef dtype, std::vector<int64_t> dims, StringRef bytes) {
  return {DType::ofName(dtype), std::move(dims), {bytes.begin(), bytes.end()}};
}

std::string npy(StringRef dict, StringRef data, char major = 1) {
  std::string out = "\x93NUMPY";
  out += major;
  out += '\0';
  out += static_cast<char>(dict.size());
  out += '\0';
  if (major > 1)
    out.append(2, '\0');
  return out + dict.str() + data.str();
}

std::string messageOf(Expected<HostTensor> result) {
  return result ? "no error" : toString(result.takeError());
}

TEST(Npy, RoundTripsEveryType) {
  for (StringRef name : {"f32", "u8", "i8", "u16", "i16", "i32", "i64", "bool", "f16", "f64", "u32", "u64", "bf16"}) {
    HostTensor t = make(name, {2, 3}, std::string(6 * DType::ofName(name)->bytes, '\1'));
    std::string file = formatNpy(t);
    EXPECT_EQ(file.find('\n') % 64, 63u) << name.str();
    Expected<HostTensor> back = parseNpy(file, "x.npy");
    ASSERT_TRUE(bool(back)) << toString(back.takeError());
    EXPECT_EQ(back->typeText(), t.typeText());
    EXPECT_EQ(back->data, t.data);
  }
}

TEST(Npy, ReadsScalarsAndLaterVersions) {
  StringRef dict = "{'descr': '<i2', 'fortran_order': False, 'shape': (), }";
  for (char version : {1, 2, 3}) {
    Expected<HostTensor> t = parseNpy(npy(dict, StringRef("\7\0", 2), version), "x.npy");
    ASSERT_TRUE(bool(t)) << toString(t.takeError());
    EXPECT_EQ(t->at(0), 7);
  }
}

TEST(Npy, ConvertsFortranOrderAndBigEndian) {
  StringRef dict = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
  Expected<HostTensor> t = parseNpy(npy(dict, StringRef("\0\1\0\2\0\3\0\4\0\5\0\6", 12)), "x.npy");
  ASSERT_TRUE(bool(t)) << toString(t.takeError());
  double expected[] = {1, 3, 5, 2, 4, 6};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(t->at(i), expected[i]);
}

TEST(Npy, RefusesBadFiles) {
  StringRef good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(messageOf(parseNpy("", "a")), "a: not a .npy file");
  EXPECT_EQ(messageOf(parseNpy(npy(good, "1234567"), "a")), "a: f32[2] needs 8 bytes, the file has 7");
  EXPECT_EQ(messageOf(parseNpy(npy(good, "12345678", 4), "a")), "a: .npy version 4 is not known (1 to 3 are)");
  EXPECT_EQ(messageOf(parseNpy(npy(good, "").substr(0, 30), "a")), "a: the header is cut off");
  EXPECT_EQ(messageOf(parseNpy(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", ""), "a")),
            "a: elements of type '|O' are not supported");
  EXPECT_EQ(messageOf(parseNpy(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", ""),
                               "a")),
            "a: f32[4294967296,4294967296] needs too many bytes, the file has 0");
  for (StringRef broken : {"{'descr': '<f4', 'shape': (2,), }", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "{", "{'descr'", "{'shape': (2"})
    EXPECT_EQ(messageOf(parseNpy(npy(broken, "12345678"), "a")), "a: the header is not one of a plain array");
}

TEST(Npz, KeepsNamesAndIsDeterministic) {
  SmallString<128> path;
  ASSERT_FALSE(sys::fs::createUniqueDirectory("tensor-io", path));
  std::string a = (path + "/a.npz").str(), b = (path + "/b.npz").str();
  std::vector<std::pair<std::string, HostTensor>> tensors = {
      {"x", make("u8", {3}, "abc")}, {"layer/y:0", make("i16", {1}, "zz")}};
  for (const std::string &file : {a, b}) {
    Error error = writeNpz(file, tensors);
    ASSERT_FALSE(bool(error)) << toString(std::move(error));
  }
  auto one = MemoryBuffer::getFile(a), two = MemoryBuffer::getFile(b);
  EXPECT_EQ((*one)->getBuffer(), (*two)->getBuffer());
  Expected<HostTensor> y = readTensor(a + ":layer/y:0");
  ASSERT_TRUE(bool(y)) << toString(y.takeError());
  EXPECT_EQ(y->typeText(), "i16[1]");
  EXPECT_EQ(messageOf(readTensor(a + ":q")), a + ": no array 'q'; there are: x, layer/y:0");
  EXPECT_EQ(messageOf(readTensor(a)), a + ": say which array as FILE.npz:NAME; there are: x, layer/y:0");
  std::string missing = (path + "/missing/c.npz").str();
  Error error = writeNpz(missing, tensors);
  EXPECT_TRUE(StringRef(toString(std::move(error))).starts_with(missing + ": cannot be written"));
  sys::fs::remove_directories(path);
}

TEST(TensorProto, ReadsRawAndTypedData) {
  // dims = [2] packed, data_type = 1, raw_data
  Expected<HostTensor> raw = parseTensorProto(StringRef("\x0a\x01\x02\x10\x01\x4a\x08\0\0\x80\x3f\0\0\0\x40", 15), "t");
  ASSERT_TRUE(bool(raw)) << toString(raw.takeError());
  EXPECT_EQ(raw->at(1), 2.0);
  // dims = 2, data_type = 3 (i8), int32_data = {1, -1}: a negative varint has ten bytes.
  Expected<HostTensor> typed =
      parseTensorProto(StringRef("\x08\x02\x10\x03\x2a\x0b\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 17), "t");
  ASSERT_TRUE(bool(typed)) << toString(typed.takeError());
  EXPECT_EQ(typed->at(1), -1);
}

TEST(TensorProto, UnpacksWhatSharesBytes) {
  // dims = 3, data_type = 22 (i4), raw_data: -1, 7, -8, the first in the low bits.
  Expected<HostTensor> nibbles = parseTensorProto(StringRef("\x08\x03\x10\x16\x4a\x02\x7f\x08", 8), "t");
  ASSERT_TRUE(bool(nibbles)) << toString(nibbles.takeError());
  EXPECT_EQ(nibbles->at(0), -1);
  EXPECT_EQ(nibbles->at(1), 7);
  EXPECT_EQ(nibbles->at(2), -8);
  // dims = 3, data_type = 25 (u2), int32_data = {0b100111}.
  Expected<HostTensor> pairs = parseTensorProto(StringRef("\x08\x03\x10\x19\x2a\x01\x27", 7), "t");
  ASSERT_TRUE(bool(pairs)) << toString(pairs.takeError());
  EXPECT_EQ(pairs->at(0), 3);
  EXPECT_EQ(pairs->at(1), 1);
  EXPECT_EQ(pairs->at(2), 2);
  EXPECT_EQ(messageOf(parseTensorProto(StringRef("\x08\x03\x10\x16\x4a\x01\x7f", 7), "t")),
            "t: i4[3] needs 2 bytes, the file has 1");
}

TEST(TensorProto, RefusesBadMessages) {
  StringRef good("\x08\x02\x10\x01\x4a\x08\0\0\x80\x3f\0\0\0\x40", 14);
  ASSERT_EQ(messageOf(parseTensorProto(good, "t")), "no error");
  for (size_t n = 1; n < good.size(); ++n)
    EXPECT_NE(messageOf(parseTensorProto(good.take_front(n), "t")), "no error") << n;
  EXPECT_EQ(messageOf(parseTensorProto(StringRef("\x10\x08", 2), "t")), "t: elements of ONNX type 8 are not supported");
  EXPECT_EQ(messageOf(parseTensorProto(StringRef("\x10\x01\x70\x01", 4), "t")),
            "t: segmented or external data is not supported here");
  EXPECT_EQ(messageOf(parseTensorProto(StringRef("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01", 13), "t")),
            "t: a dimension is negative, or their product too large");
}

TEST(HostTensor, ReadsSmallFloats) {
  EXPECT_EQ(make("f16", {1}, StringRef("\0\x3e", 2)).at(0), 1.5);
  EXPECT_EQ(make("bf16", {1}, StringRef("\xc0\x3f", 2)).at(0), 1.5);
  EXPECT_EQ(make("f8e4m3fn", {1}, "\x3c").at(0), 1.5);
  EXPECT_EQ(make("f8e5m2", {1}, "\x3e").at(0), 1.5);
  EXPECT_EQ(make("f4e2m1fn", {1}, "\x03").at(0), 1.5);
  EXPECT_EQ(make("f8e8m0fnu", {1}, "\x80").at(0), 2);
  EXPECT_TRUE(std::isnan(make("f8e8m0fnu", {1}, "\xff").at(0)));
}

} // namespace
