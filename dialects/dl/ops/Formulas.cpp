//===- Formulas.cpp - Pointwise ops -----------------------------*- C++ -*-===//
#include "dialects/dl/ops/Formulas.h"
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/dl/ops/Formulas.cpp.inc"

namespace dlc::dl {

void DlDialect::registerPointwiseOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/dl/ops/Formulas.cpp.inc"
      >();
}

/// Operands have one type, but the condition of a choice and the exponent of a power. Ops on bits have no floats.
static LogicalResult checkTypes(Operation *op, ArrayRef<Type> types) {
  ArrayRef<Type> alike = types;
  if (isa<AndOp, OrOp, XorOp, BitwiseNotOp, ShiftLeftOp, ShiftRightOp>(op) && !isa<IntegerType>(types[0]))
    return op->emitOpError("expects integers or booleans, got ") << types[0];
  if (isa<LogicalNotOp>(op) && !types[0].isInteger(1))
    return op->emitOpError("expects booleans, got ") << types[0];
  if (isa<SelectOp>(op)) {
    if (!types[0].isInteger(1))
      return op->emitOpError("expects a boolean condition, got ") << types[0];
    alike = types.drop_front();
  }
  if (isa<PowOp>(op))
    alike = types.take_front();
  for (Type t : alike)
    if (t != alike[0])
      return op->emitOpError("expects operands of one type, got ") << alike[0] << " and " << t;
  return success();
}

LogicalResult inferPointwise(Operation *op, Inference &shapes) {
  SmallVector<Type> types;
  SmallVector<Dims> dims;
  for (Value v : op->getOperands()) {
    types.push_back(shapes.elementType(v));
    dims.push_back(shapes.dims(v));
  }
  if (failed(checkTypes(op, types)))
    return failure();
  FailureOr<Dims> result = shapes.broadcast(op, dims);
  if (failed(result))
    return failure();
  Type type = cast<PointwiseOp>(op).resultElementType(types);
  shapes.set(op->getResult(0), type, *result);
  return inferPointwiseContents(op, shapes, *result);
}

//===----------------------------------------------------------------------===//
// ONNX forms
//===----------------------------------------------------------------------===//

/// Before opset 7 the second operand broadcast only where `broadcast` said so, its dims those of the first from `axis` on.
template <class Op> static LogicalResult buildBroadcastFromAxis(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)) || failed(expectSameTypes(n, 0, 2)))
    return failure();
  Tensor x = inputOf(n, 0), y = broadcastFromAxis(n, x, inputOf(n, 1));
  return y ? give(results, apply<Op>({x, y})) : failure();
}

/// Every op with an ONNX name of its own has the same operands and attributes as the node.
template <class... Ops> static void appendForms(SmallVectorImpl<OnnxForm> &forms) {
  (
      [&] {
        if constexpr (Ops::onnxName.size() != 0) {
          constexpr bool isOldBinary = Ops::template hasTrait<OpTrait::NOperands<2>::Impl>() && Ops::onnxSince == 1;
          forms.push_back({"", Ops::onnxName, isOldBinary ? 7 : Ops::onnxSince, buildSameNamed<Ops>});
          if (isOldBinary && Ops::onnxName != PReluOp::onnxName)
            forms.push_back({"", Ops::onnxName, 1, buildBroadcastFromAxis<Ops>});
        }
      }(),
      ...);
}

void appendFormulaForms(SmallVectorImpl<OnnxForm> &forms) {
  appendForms<
#define GET_OP_LIST
#include "dialects/dl/ops/Formulas.cpp.inc"
      >(forms);
  appendPointwiseForms(forms);
}

} // namespace dlc::dl
