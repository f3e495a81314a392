//===- Dialect.cpp --------------------------------------------------------===//
#include "dialects/dl/Dialect.h"

using namespace mlir;
using namespace dlc::dl;

#include "dialects/dl/DlDialect.cpp.inc"

#include "dialects/dl/Interfaces.cpp.inc"

void DlDialect::initialize() {
  registerPointwiseOps();
  registerStructuralOps();
  registerExtendedOps();
}

Operation *DlDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements ? ConstantOp::create(b, loc, type, elements, StringAttr()) : nullptr;
}
