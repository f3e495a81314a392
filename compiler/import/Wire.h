//===- Wire.h - Protobuf's wire format, bounds checked -----------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"

namespace dlc::importer {

enum class WireType : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, GroupStart = 3, GroupEnd = 4, Fixed32 = 5 };

/// Reads one message's fields in order. Every read says false, and moves nothing on, at the end or on malformed bytes.
class WireReader {
public:
  explicit WireReader(llvm::ArrayRef<uint8_t> bytes) : next_(bytes.begin()), end_(bytes.end()) {}

  bool atEnd() const { return next_ == end_; }
  const uint8_t *position() const { return next_; }

  bool readVarint(uint64_t &value) {
    const uint8_t *p = next_;
    value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (p == end_)
        return false;
      uint8_t byte = *p++;
      // The tenth byte holds one bit.
      if (shift == 63 && byte > 1)
        return false;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        next_ = p;
        return true;
      }
    }
    return false;
  }

  bool readTag(uint32_t &field, WireType &type) {
    const uint8_t *start = next_;
    uint64_t tag;
    if (!readVarint(tag))
      return false;
    field = static_cast<uint32_t>(tag >> 3);
    type = static_cast<WireType>(tag & 7);
    if (tag >> 32 || field == 0 || (tag & 7) > 5) {
      next_ = start;
      return false;
    }
    return true;
  }

  /// The bytes of a string, a message or packed numbers.
  bool readBytes(llvm::ArrayRef<uint8_t> &bytes) {
    const uint8_t *start = next_;
    uint64_t length;
    if (!readVarint(length))
      return false;
    if (length > static_cast<uint64_t>(end_ - next_)) {
      next_ = start;
      return false;
    }
    bytes = {next_, static_cast<size_t>(length)};
    next_ += length;
    return true;
  }

  bool readFixed(unsigned width, llvm::ArrayRef<uint8_t> &bytes) {
    if (static_cast<size_t>(end_ - next_) < width)
      return false;
    bytes = {next_, width};
    next_ += width;
    return true;
  }

  /// Moves past a field's value; groups, which ONNX has none of, are refused.
  bool skip(WireType type) {
    uint64_t value;
    llvm::ArrayRef<uint8_t> bytes;
    switch (type) {
    case WireType::Varint:
      return readVarint(value);
    case WireType::Fixed64:
      return readFixed(8, bytes);
    case WireType::Bytes:
      return readBytes(bytes);
    case WireType::Fixed32:
      return readFixed(4, bytes);
    case WireType::GroupStart:
    case WireType::GroupEnd:
      break;
    }
    return false;
  }

private:
  const uint8_t *next_, *end_;
};

} // namespace dlc::importer
