//===- ElementTypes.cpp - dl element types and the ABI's --------*- C++ -*-===//
#include "tools/dlc/ElementTypes.h"

using namespace mlir;

namespace dlc {

const DType *dtypeOf(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    if (integer.getWidth() == 1)
      return DType::ofName("bool");
    return DType::ofName((integer.isUnsigned() ? "u" : "i") + std::to_string(integer.getWidth()));
  }
  if (type.isBF16())
    return DType::ofName("bf16");
  if (auto real = dyn_cast<FloatType>(type))
    return DType::ofName("f" + std::to_string(real.getWidth()));
  return nullptr;
}

Type elementTypeOf(const DType &type, MLIRContext *context) {
  if (type.name == "bool")
    return IntegerType::get(context, 1);
  if (type.name == "bf16")
    return BFloat16Type::get(context);
  if (type.name == "f16")
    return Float16Type::get(context);
  if (type.name == "f32")
    return Float32Type::get(context);
  if (type.name == "f64")
    return Float64Type::get(context);
  bool isUnsigned = type.name.front() == 'u';
  return IntegerType::get(context, type.bytes * 8, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
}

} // namespace dlc
