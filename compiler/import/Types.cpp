//===- Types.cpp ----------------------------------------------------------===//

#include "compiler/import/Types.h"
#include "mlir/IR/Builders.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/StringExtras.h"

namespace dlc::importer {

namespace {
struct ElementKind {
  int32_t dtype;
  llvm::StringLiteral name;
  unsigned width;
  mlir::Type (*type)(mlir::Builder &);
};

mlir::Type makeUnsigned(mlir::Builder &b, unsigned bits) { return b.getIntegerType(bits, /*isSigned=*/false); }

template <class T> mlir::Type make(mlir::Builder &b) { return T::get(b.getContext()); }

constexpr ElementKind elementKinds[] = {
    {onnx::TensorProto::FLOAT, "f32", 4, [](mlir::Builder &b) -> mlir::Type { return b.getF32Type(); }},
    {onnx::TensorProto::DOUBLE, "f64", 8, [](mlir::Builder &b) -> mlir::Type { return b.getF64Type(); }},
    {onnx::TensorProto::FLOAT16, "f16", 2, [](mlir::Builder &b) -> mlir::Type { return b.getF16Type(); }},
    {onnx::TensorProto::BFLOAT16, "bf16", 2, [](mlir::Builder &b) -> mlir::Type { return b.getBF16Type(); }},
    {onnx::TensorProto::INT8, "i8", 1, [](mlir::Builder &b) -> mlir::Type { return b.getI8Type(); }},
    {onnx::TensorProto::INT16, "i16", 2, [](mlir::Builder &b) -> mlir::Type { return b.getI16Type(); }},
    {onnx::TensorProto::INT32, "i32", 4, [](mlir::Builder &b) -> mlir::Type { return b.getI32Type(); }},
    {onnx::TensorProto::INT64, "i64", 8, [](mlir::Builder &b) -> mlir::Type { return b.getI64Type(); }},
    {onnx::TensorProto::UINT8, "u8", 1, [](mlir::Builder &b) { return makeUnsigned(b, 8); }},
    {onnx::TensorProto::UINT16, "u16", 2, [](mlir::Builder &b) { return makeUnsigned(b, 16); }},
    {onnx::TensorProto::UINT32, "u32", 4, [](mlir::Builder &b) { return makeUnsigned(b, 32); }},
    {onnx::TensorProto::UINT64, "u64", 8, [](mlir::Builder &b) { return makeUnsigned(b, 64); }},
    {onnx::TensorProto::FLOAT8E4M3FN, "f8e4m3fn", 1, make<mlir::Float8E4M3FNType>},
    {onnx::TensorProto::FLOAT8E4M3FNUZ, "f8e4m3fnuz", 1, make<mlir::Float8E4M3FNUZType>},
    {onnx::TensorProto::FLOAT8E5M2, "f8e5m2", 1, make<mlir::Float8E5M2Type>},
    {onnx::TensorProto::FLOAT8E5M2FNUZ, "f8e5m2fnuz", 1, make<mlir::Float8E5M2FNUZType>},
    {onnx::TensorProto::FLOAT8E8M0, "f8e8m0fnu", 1, make<mlir::Float8E8M0FNUType>},
    {onnx::TensorProto::FLOAT4E2M1, "f4e2m1fn", 1, make<mlir::Float4E2M1FNType>},
    {onnx::TensorProto::UINT4, "u4", 1, [](mlir::Builder &b) { return makeUnsigned(b, 4); }},
    {onnx::TensorProto::INT4, "i4", 1, [](mlir::Builder &b) -> mlir::Type { return b.getIntegerType(4); }},
    {onnx::TensorProto::UINT2, "u2", 1, [](mlir::Builder &b) { return makeUnsigned(b, 2); }},
    {onnx::TensorProto::INT2, "i2", 1, [](mlir::Builder &b) -> mlir::Type { return b.getIntegerType(2); }},
    {onnx::TensorProto::BOOL, "bool", 1, [](mlir::Builder &b) -> mlir::Type { return b.getI1Type(); }},
};

const ElementKind *findKind(int32_t dtype) {
  for (const ElementKind &kind : elementKinds)
    if (kind.dtype == dtype)
      return &kind;
  return nullptr;
}
} // namespace

mlir::Type elementTypeOf(int32_t dtype, mlir::MLIRContext &context) {
  mlir::Builder builder(&context);
  const ElementKind *kind = findKind(dtype);
  return kind ? kind->type(builder) : mlir::Type();
}

unsigned widthOf(int32_t dtype) {
  const ElementKind *kind = findKind(dtype);
  return kind ? kind->width : 0;
}

unsigned packedIn(int32_t dtype) {
  switch (dtype) {
  case onnx::TensorProto::UINT4:
  case onnx::TensorProto::INT4:
  case onnx::TensorProto::FLOAT4E2M1:
    return 2;
  case onnx::TensorProto::UINT2:
  case onnx::TensorProto::INT2:
    return 4;
  default:
    return 1;
  }
}

std::string nameOf(int32_t dtype) {
  if (const ElementKind *kind = findKind(dtype))
    return kind->name.str();
  if (onnx::TensorProto::DataType_IsValid(dtype))
    return llvm::StringRef(onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(dtype))).lower();
  return "number " + std::to_string(dtype);
}

std::optional<std::string> checkDims(llvm::ArrayRef<int64_t> dims, int64_t &elements) {
  if (static_cast<int64_t>(dims.size()) > maxRank)
    return "has " + std::to_string(dims.size()) + " dims, more than " + std::to_string(maxRank);
  int64_t extent = 1;
  elements = 1;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (dim < 0)
      return "dim " + std::to_string(i) + " is " + std::to_string(dim) + ", expected a size";
    if (llvm::MulOverflow(extent, std::max<int64_t>(dim, 1), extent) || extent > maxElements)
      return "has more than 2^40 elements";
    elements *= dim;
  }
  return std::nullopt;
}

std::string describe(mlir::Type type, mlir::ArrayAttr dims) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto shaped = llvm::dyn_cast_or_null<mlir::ShapedType>(type);
  mlir::Type element = shaped ? shaped.getElementType() : type;
  if (!element)
    return "nothing";
  if (element.isInteger(1))
    os << "bool";
  else if (element.isUnsignedInteger())
    os << 'u' << element.getIntOrFloatBitWidth();
  else
    os << element;
  if (!shaped)
    return text;
  if (!shaped.hasRank())
    return text + "[...]";
  os << '[';
  for (int64_t i = 0; i < shaped.getRank(); ++i) {
    os << (i ? "," : "");
    if (dims && i < static_cast<int64_t>(dims.size()) && llvm::isa<mlir::StringAttr>(dims[i]))
      os << llvm::cast<mlir::StringAttr>(dims[i]).getValue();
    else if (shaped.isDynamicDim(i))
      os << '?';
    else
      os << shaped.getDimSize(i);
  }
  os << ']';
  return text;
}

} // namespace dlc::importer
