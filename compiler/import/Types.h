//===- Types.h - ONNX element types, dims and value types --------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <optional>

namespace dlc::importer {

/// Elements that a tensor may have, and dims.
inline constexpr int64_t maxElements = int64_t(1) << 40;
inline constexpr int64_t maxRank = 64;

/// The element type of TensorProto.DataType `dtype`: signed integers are signless, bool is i1. Null for a type that dlc
/// does not have.
mlir::Type elementTypeOf(int32_t dtype, mlir::MLIRContext &context);
/// Bytes of one element in memory; 0 for a type that dlc does not have.
unsigned widthOf(int32_t dtype);
/// Elements that share a byte in a file; in memory none do.
unsigned packedIn(int32_t dtype);
/// "f32", "string", ...
std::string nameOf(int32_t dtype);

/// Why `dims` are not a shape, or nothing and the number of elements. A dim of 0 does not excuse the others.
std::optional<std::string> checkDims(llvm::ArrayRef<int64_t> dims, int64_t &elements);

/// "f32[N,128]", with the names of `dims` (an array of strings) where given.
std::string describe(mlir::Type type, mlir::ArrayAttr dims = nullptr);

} // namespace dlc::importer
