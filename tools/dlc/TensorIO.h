//===- TensorIO.h - Tensors in files: .npy, .npz, TensorProto --*- C++ -*-===//
//
// What a file says is checked before it is used: sizes with checked multiplication, data length against shape.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
struct fltSemantics;
}

namespace dlc {

/// An element type of the C ABI. `code` is ONNX's TensorProto.DataType, `name` is written f32, i64, bool, ...
struct DType {
  int32_t code;
  llvm::StringLiteral name;
  int64_t bytes;
  llvm::StringLiteral npy; ///< numpy's descr, little endian
  int64_t packed = 1;      ///< elements that share a byte in a TensorProto

  const llvm::fltSemantics *floatSemantics() const; ///< null of integers and bool

  static const DType *ofCode(int64_t code); ///< null when the ABI has no such type
  static const DType *ofName(llvm::StringRef name);
};

/// On cache lines: what a careful caller of a library would pass.
template <typename T> struct LineAllocator {
  using value_type = T;
  T *allocate(size_t n) { return static_cast<T *>(::operator new(n * sizeof(T), std::align_val_t(64))); }
  void deallocate(T *p, size_t) { ::operator delete(p, std::align_val_t(64)); }
  bool operator==(const LineAllocator &) const { return true; }
};

/// A dense row-major tensor in memory.
struct HostTensor {
  const DType *type = nullptr;
  std::vector<int64_t> dims;
  std::vector<char, LineAllocator<char>> data; ///< elements() * type->bytes

  int64_t elements() const;
  /// Element `i` as a double; exact for all types but 64-bit integers.
  double at(int64_t i) const;
  std::string typeText() const; ///< f32[2,3]
};
std::string typeText(llvm::StringRef dtype, llvm::ArrayRef<int64_t> dims);

/// Bytes of a tensor; nullopt when a dim is negative or the product does not fit into 62 bits.
std::optional<int64_t> checkedBytes(llvm::ArrayRef<int64_t> dims, int64_t elementBytes);

/// Reads `a.npy`, `b.npz:key` (key optional when there is one array) or `t.pb` (an ONNX TensorProto).
/// Fortran order and big-endian data are converted; bf16 is `<V2`, as numpy writes ml_dtypes.bfloat16.
llvm::Expected<HostTensor> readTensor(llvm::StringRef spec);
/// The same from memory; `what` names the source in messages.
llvm::Expected<HostTensor> parseNpy(llvm::StringRef bytes, llvm::StringRef what);
llvm::Expected<HostTensor> parseTensorProto(llvm::StringRef bytes, llvm::StringRef what);

std::string formatNpy(const HostTensor &tensor);
/// Writes to a temporary name beside `path` and renames it.
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<std::pair<std::string, HostTensor>> tensors);

} // namespace dlc
