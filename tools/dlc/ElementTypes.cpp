//===- ElementTypes.cpp - dl element types and the ABI's --------*- C++ -*-===//
#include "tools/dlc/ElementTypes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace dlc {

const DType *dtypeOf(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    if (integer.getWidth() == 1)
      return DType::ofName("bool");
    return DType::ofName((integer.isUnsigned() ? "u" : "i") + std::to_string(integer.getWidth()));
  }
  if (isa<FloatType>(type)) { // named as MLIR does, in small letters
    std::string name;
    llvm::raw_string_ostream(name) << type;
    return DType::ofName(StringRef(name).lower());
  }
  return nullptr;
}

Type elementTypeOf(const DType &type, MLIRContext *context) {
  if (type.name == "bool")
    return IntegerType::get(context, 1);
  switch (type.code) {
  case 1: return Float32Type::get(context);
  case 10: return Float16Type::get(context);
  case 11: return Float64Type::get(context);
  case 16: return BFloat16Type::get(context);
  case 17: return Float8E4M3FNType::get(context);
  case 18: return Float8E4M3FNUZType::get(context);
  case 19: return Float8E5M2Type::get(context);
  case 20: return Float8E5M2FNUZType::get(context);
  case 23: return Float4E2M1FNType::get(context);
  case 24: return Float8E8M0FNUType::get(context);
  }
  bool isUnsigned = type.name.front() == 'u';
  return IntegerType::get(context, type.bytes * 8 / type.packed, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
}

} // namespace dlc
