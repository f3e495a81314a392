//===- Dialect.cpp - The rt dialect ---------------------------------------===//
#include "dialects/rt/Dialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/rt/RtDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/rt/RtTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/rt/RtOps.cpp.inc"

namespace dlc::rt {

void RtDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/rt/RtTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/rt/RtOps.cpp.inc"
      >();
}

LogicalResult PlanOp::verify() {
  if (getLive().size() != 2 * getSizes().size())
    return emitOpError("expects a first and a last step for each of ")
           << getSizes().size() << " sizes, got " << getLive().size() << " steps";
  return success();
}

} // namespace dlc::rt
