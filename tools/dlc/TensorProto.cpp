//===- TensorProto.cpp - ONNX tensors from the protobuf wire ----*- C++ -*-===//
//
// One message of eleven fields: reading the wire format is shorter than the generated classes, and has no parser whose
// limits we would have to set.
//
//===----------------------------------------------------------------------===//
#include "tools/dlc/TensorIO.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace llvm;

namespace dlc {

static Error bad(StringRef what, const Twine &message) {
  return createStringError(what + ": " + message);
}

namespace {
/// A cursor over one message. Each read fails at the end of the bytes.
class Wire {
public:
  explicit Wire(StringRef bytes) : bytes_(bytes) {}
  bool atEnd() const { return bytes_.empty(); }

  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      uint8_t byte = bytes_.front();
      bytes_ = bytes_.drop_front();
      value |= uint64_t(byte & 127) << shift;
      if (byte < 128)
        return true;
    }
    return false;
  }
  bool bytes(StringRef &value, uint64_t n) {
    if (n > bytes_.size())
      return false;
    value = bytes_.take_front(n);
    bytes_ = bytes_.drop_front(n);
    return true;
  }

private:
  StringRef bytes_;
};

/// Values of the fields that matter, before they are known to agree.
struct Fields {
  std::vector<int64_t> dims;
  uint64_t type = 0, location = 0;
  std::optional<StringRef> raw;
  std::string fixed;            ///< float_data or double_data, concatenated
  std::vector<uint64_t> varints; ///< int32_data, int64_data or uint64_data
  bool strings = false, segment = false;
};
} // namespace

static bool readVarints(StringRef packed, std::vector<uint64_t> &out) {
  for (Wire wire(packed); !wire.atEnd();) {
    uint64_t v;
    if (!wire.varint(v))
      return false;
    out.push_back(v);
  }
  return true;
}

static bool readFields(StringRef bytes, Fields &fields) {
  for (Wire wire(bytes); !wire.atEnd();) {
    uint64_t tag, number = 0;
    if (!wire.varint(tag))
      return false;
    StringRef data;
    uint64_t field = tag >> 3;
    std::vector<uint64_t> values;
    switch (tag & 7) {
    case 0:
      if (!wire.varint(number))
        return false;
      values.push_back(number);
      break;
    case 1:
      if (!wire.bytes(data, 8))
        return false;
      break;
    case 2:
      if (!wire.varint(number) || !wire.bytes(data, number))
        return false;
      if ((field == 1 || field == 5 || field == 7 || field == 11) && !readVarints(data, values))
        return false;
      break;
    case 5:
      if (!wire.bytes(data, 4))
        return false;
      break;
    default:
      return false;
    }
    switch (field) {
    case 1: fields.dims.insert(fields.dims.end(), values.begin(), values.end()); break;
    case 2: fields.type = number; break;
    case 3: fields.segment = true; break;
    case 4: case 10: fields.fixed += data; break;
    case 5: case 7: case 11: fields.varints.insert(fields.varints.end(), values.begin(), values.end()); break;
    case 6: fields.strings = true; break;
    case 9: fields.raw = data; break;
    case 14: fields.location = number; break;
    default: break; // a name, a doc string
    }
  }
  return true;
}

Expected<HostTensor> parseTensorProto(StringRef bytes, StringRef what) {
  Fields fields;
  if (!readFields(bytes, fields))
    return bad(what, "not a TensorProto, or cut off");
  HostTensor tensor;
  tensor.type = DType::ofCode(static_cast<int64_t>(fields.type));
  tensor.dims = fields.dims;
  if (!tensor.type || fields.strings)
    return bad(what, "elements of ONNX type " + Twine(fields.type) + " are not supported");
  if (fields.segment || fields.location)
    return bad(what, "segmented or external data is not supported here");
  std::optional<int64_t> size = checkedBytes(tensor.dims, tensor.type->bytes);
  if (!size)
    return bad(what, "a dimension is negative, or their product too large");

  // Small types travel as one varint an element; f16 and bf16 as their bits.
  int64_t width = tensor.type->bytes, shared = tensor.type->packed;
  std::string packed;
  StringRef data = fields.raw ? *fields.raw : StringRef(fields.fixed);
  if (!fields.raw && !fields.varints.empty()) {
    packed.reserve(fields.varints.size() * width);
    for (uint64_t v : fields.varints) {
      uint64_t little = support::endian::byte_swap(v, endianness::little);
      packed.append(reinterpret_cast<const char *>(&little), width);
    }
    data = packed;
  }
  uint64_t needed = divideCeil(*size, shared);
  if (data.size() != needed)
    return bad(what, tensor.typeText() + " needs " + Twine(needed) + " bytes, the file has " + Twine(data.size()));
  tensor.data.assign(data.begin(), data.end());
  if (shared > 1) { // the first of a byte in its lowest bits; here each has a byte, integers with their sign
    int64_t bits = 8 / shared;
    tensor.data.resize(*size);
    for (int64_t i = 0; i < *size; ++i) {
      int v = static_cast<uint8_t>(data[i / shared]) >> (i % shared * bits) & ((1 << bits) - 1);
      tensor.data[i] = static_cast<char>(tensor.type->name.front() == 'i' ? SignExtend32(v, bits) : v);
    }
  }
  return tensor;
}

} // namespace dlc
