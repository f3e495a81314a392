//===- Forms.cpp - A few ops of the tests' own ----------------------------===//
//
// The sanitized tests look at the importer, not at the ops: these forms make unregistered ops "test.Add" and so on, and
// ask the questions that an op family would ask. They take the place of the dl library.
//
//===----------------------------------------------------------------------===//

#include "dialects/dl/Builder.h"
#include "dialects/dl/Onnx.h"
#include "dialects/dl/ops/Random.h"
#include "mlir/IR/Diagnostics.h"
#include "test/import/Models.h"

using namespace mlir;

namespace dlc::dl {

/// None of these ops draws.
void numberDraws(func::FuncOp) {}

static Value make(NodeView &n, ArrayRef<NamedAttribute> attributes = {}) {
  OperationState state(n.loc(), ("test." + n.opType()).str());
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.input(i))
      state.addOperands(n.input(i));
  state.addAttributes(attributes);
  state.addTypes(state.operands.empty() ? RankedTensorType::get({}, n.builder().getF32Type())
                                        : state.operands.front().getType());
  return n.builder().create(state)->getResult(0);
}

/// Two inputs; those of different rank are refused by the op's builder.
static LogicalResult buildAdd(NodeView &n, SmallVectorImpl<Value> &results) {
  if (n.numInputs() != 2 || !n.input(0))
    return n.error("expects 2 inputs, got " + Twine(n.numInputs()));
  Value sum = make(n);
  auto typeOf = [&](unsigned i) { return cast<RankedTensorType>(n.input(i).getType()); };
  if (typeOf(0).getElementType() != typeOf(1).getElementType())
    return sum.getDefiningOp()->emitOpError("expects operands of one type");
  results.push_back(sum);
  return success();
}

/// One input; the attribute "axis" may be an int or ints.
static LogicalResult buildRelu(NodeView &n, SmallVectorImpl<Value> &results) {
  SmallVector<NamedAttribute> attributes;
  if (std::optional<SmallVector<int64_t>> axes = n.getInts("axis"))
    attributes.push_back(n.builder().getNamedAttr("axis", n.builder().getDenseI64ArrayAttr(*axes)));
  else if (std::optional<int64_t> axis = n.getInt("axis"))
    attributes.push_back(n.builder().getNamedAttr("axis", n.builder().getI64IntegerAttr(*axis)));
  else if (n.hasAttr("axis"))
    return n.error("expects an axis");
  results.push_back(make(n, attributes));
  return success();
}

static LogicalResult buildConstantNode(NodeView &n, SmallVectorImpl<Value> &results) {
  ElementsAttr value = n.getTensor("value");
  if (!value)
    return n.error("has no value");
  results.push_back(buildConstant(n.builder(), n.loc(), value));
  return success();
}

static LogicalResult buildIf(NodeView &n, SmallVectorImpl<Value> &results) {
  if (!n.input(0))
    return n.error("expects a condition");
  OperationState state(n.loc(), "test.If");
  state.addOperands(n.input(0));
  for (const char *name : {"then_branch", "else_branch"}) {
    Block *block = new Block;
    state.addRegion()->push_back(block);
    OpBuilder::InsertionGuard guard(n.builder());
    n.builder().setInsertionPointToEnd(block);
    SmallVector<Value> values;
    if (failed(n.buildGraph(name, {}, values)))
      return failure();
    OperationState yield(n.loc(), "test.yield");
    yield.addOperands(values);
    n.builder().create(yield);
    state.types.clear();
    for (Value value : values)
      state.addTypes(value.getType());
  }
  Operation *op = n.builder().create(state);
  results.append(op->result_begin(), op->result_end());
  return success();
}

static LogicalResult buildSilent(NodeView &, SmallVectorImpl<Value> &) { return failure(); }
static LogicalResult buildUnsupported(NodeView &n, SmallVectorImpl<Value> &) {
  return n.error("mode 3 is not supported");
}
static LogicalResult buildAbsent(NodeView &n, SmallVectorImpl<Value> &results) {
  results.push_back(n.numOutputs() > 1 ? Value() : make(n));
  return success();
}

ArrayRef<OnnxForm> allOnnxForms() {
  static const OnnxForm forms[] = {
      {"", "Absent", 7, buildAbsent},
      {"", "Add", 7, buildAdd},
      {"", "Constant", 7, buildConstantNode},
      {"", "If", 7, buildIf},
      {"", "Late", 15, buildRelu},
      {"", "Relu", 7, buildRelu},
      {"", "Silent", 7, buildSilent},
      {"", "Unsupported", 7, buildUnsupported},
  };
  return forms;
}

const OnnxForm *findOnnx(StringRef domain, StringRef name, int64_t opset) {
  for (const OnnxForm &form : allOnnxForms())
    if (form.domain == domain && form.name == name && form.since <= opset)
      return &form;
  return nullptr;
}

Value buildConstant(OpBuilder &b, Location loc, ElementsAttr value, StringRef name) {
  OperationState state(loc, "test.constant");
  state.addAttribute("value", value);
  state.addAttribute("name", b.getStringAttr(name));
  state.addTypes(value.getType());
  return b.create(state)->getResult(0);
}

} // namespace dlc::dl

void dlc::test::loadFormDialects(mlir::MLIRContext &context) { context.allowUnregisteredDialects(); }
