//===- Control.cpp - Branches and loops -----------------------------------===//
#include "dialects/dl/ops/Control.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// What they have in common
//===----------------------------------------------------------------------===//

LogicalResult verifyBodies(ControlOp op, unsigned count) {
  ArrayAttr functions = op.bodyFunctions();
  if ((functions ? functions.size() : op->getNumRegions()) != count || (functions && op->getNumRegions() != 0))
    return op->emitOpError() << "expects " << count << (count == 1 ? " body" : " bodies")
                             << ", as regions or as functions";
  for (Region &region : op->getRegions())
    if (!isa<YieldOp>(region.front().back()))
      return op->emitOpError("expects its bodies to end with dl.yield");
  return success();
}

LogicalResult inferOutlined(Operation *op, ArrayAttr noted, Inference &shapes) {
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    Dims dims;
    for (auto [axis, d] : llvm::enumerate(type.getShape())) {
      StringRef name;
      if (noted)
        name = cast<StringAttr>(cast<ArrayAttr>(noted[i])[axis]).getValue();
      unsigned operand, operandAxis;
      bool isOperands = name.consume_front("#") && !name.consumeInteger(10, operand) && name.consume_front(".") &&
                        !name.getAsInteger(10, operandAxis);
      dims.push_back(!ShapedType::isDynamic(d) ? shapes.constant(d)
                     : isOperands              ? shapes.dims(op->getOperand(operand))[operandAxis]
                     : name.empty()            ? shapes.unknown(result, axis)
                                               : shapes.input(name));
    }
    shapes.set(result, type.getElementType(), dims);
  }
  return success();
}

bool isVisibleOutside(AffineExpr e, Operation *op, Inference &shapes) {
  bool visible = true;
  e.walk([&](AffineExpr inner) {
    auto symbol = dyn_cast<AffineSymbolExpr>(inner);
    if (!symbol)
      return;
    SymbolDefinition d = shapes.symbols()[symbol.getPosition()];
    if (d.value)
      for (Region &region : op->getRegions())
        visible &= !region.isAncestor(d.value.getParentRegion());
    for (AffineExpr part : {d.a, d.b})
      if (part)
        visible &= isVisibleOutside(part, op, shapes);
  });
  return visible;
}

LogicalResult expectAlike(Operation *op, Value x, Value y, const Twine &what) {
  auto a = cast<RankedTensorType>(x.getType()), b = cast<RankedTensorType>(y.getType());
  if (a.getElementType() != b.getElementType())
    return op->emitOpError() << "expects " << what << " to have one element type, got " << a.getElementType() << " and "
                             << b.getElementType();
  if (a.getRank() != b.getRank())
    return op->emitOpError() << "expects " << what << " to have one rank, got " << a.getRank() << " and " << b.getRank()
                             << " (values whose rank changes are not supported)";
  return success();
}

static LogicalResult expectScalar(Operation *op, Value v, bool boolean, StringRef what, Inference &shapes) {
  if (shapes.elementType(v) != IntegerType::get(op->getContext(), boolean ? 1 : 64))
    return op->emitOpError() << "expects " << what << " to be " << (boolean ? "a boolean" : "an i64") << ", got "
                             << shapes.elementType(v);
  for (AffineExpr d : shapes.dims(v))
    if (constantOf(d).value_or(1) != 1)
      return op->emitOpError() << "expects " << what << " to have one element, got " << *constantOf(d);
  return success();
}

//===----------------------------------------------------------------------===//
// if
//===----------------------------------------------------------------------===//

LogicalResult IfOp::verify() { return verifyBodies(*this, 2); }
Fusion IfOp::fusion() { return {Fusion::Kind::Host, {}}; }

LogicalResult IfOp::infer(Inference &shapes) {
  if (failed(expectScalar(*this, getCondition(), true, "the condition", shapes)))
    return failure();
  if (getBodies())
    return inferOutlined(*this, getResultDimsAttr(), shapes);
  for (Region &region : getRegions())
    if (failed(shapes.inferBody(region.front())))
      return failure();
  OperandRange first = getRegions()[0].front().back().getOperands(), second = getRegions()[1].front().back().getOperands();
  if (first.size() != second.size())
    return emitOpError() << "expects both branches to give as many results, got " << first.size() << " and "
                         << second.size();
  for (auto [i, x, y] : llvm::enumerate(first, second)) {
    if (failed(expectAlike(*this, x, y, "result " + Twine(i) + " of both branches")))
      return failure();
    Dims dims;
    for (auto [axis, a, b] : llvm::enumerate(shapes.dims(x), shapes.dims(y)))
      dims.push_back(a == b && isVisibleOutside(a, *this, shapes) ? a : shapes.unknown(getResult(i), axis));
    shapes.set(getResult(i), shapes.elementType(x), dims);
  }
  return success();
}

FailureOr<std::vector<Array>> IfOp::runBodies(ArrayRef<Array> operands, BodyRunner run) {
  return run(operands[0].at(0).asBool() ? 0 : 1, {});
}

//===----------------------------------------------------------------------===//
// loop
//===----------------------------------------------------------------------===//

/// The body's arguments before the carried values, and its yielded values before them.
static constexpr unsigned ownArguments = 2, ownResults = 1;

LogicalResult LoopOp::verify() {
  if (getCarried() > getValues().size() || (!getBodies() && getCarried() != getValues().size()))
    return emitOpError() << "expects " << getCarried() << " carried values, got " << getValues().size();
  if (failed(verifyBodies(*this, 1)))
    return failure();
  if (!getBodies() && getRegions()[0].getNumArguments() != ownArguments + getCarried())
    return emitOpError() << "expects a body of " << ownArguments + getCarried() << " arguments, got "
                         << getRegions()[0].getNumArguments();
  return success();
}

Fusion LoopOp::fusion() { return {Fusion::Kind::Host, {}}; }

LogicalResult LoopOp::infer(Inference &shapes) {
  if (failed(expectScalar(*this, getTrips(), false, "the number of turns", shapes)) ||
      failed(expectScalar(*this, getCondition(), true, "the condition", shapes)))
    return failure();
  if (getBodies())
    return inferOutlined(*this, getResultDimsAttr(), shapes);
  Block &body = getRegions()[0].front();
  unsigned carried = getCarried();
  OperandRange yielded = body.back().getOperands();
  if (yielded.size() != ownResults + getNumResults())
    return emitOpError() << "expects the body to yield " << ownResults + getNumResults() << " values, got "
                         << yielded.size();
  if (failed(expectScalar(*this, yielded.front(), true, "the condition for the next turn", shapes)))
    return failure();
  auto argument = [&](unsigned i) -> Value { return body.getArgument(ownArguments + i); };
  auto next = [&](unsigned i) -> Value { return yielded[ownResults + i]; };

  // Carried dims are taken to stay as they start, until the body says otherwise.
  SmallVector<Dims> dims;
  for (auto [i, start] : llvm::enumerate(initial())) {
    if (failed(expectAlike(*this, start, argument(i), "carried value " + Twine(i))))
      return failure();
    Dims &own = dims.emplace_back(shapes.dims(start));
    for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(argument(i).getType()).getShape()))
      if (ShapedType::isDynamic(d) && constantOf(own[axis]))
        own[axis] = shapes.unknown(argument(i), axis);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (auto [i, own] : llvm::enumerate(dims))
      shapes.set(argument(i), shapes.elementType(argument(i)), own);
    if (failed(shapes.inferBody(body)))
      return failure();
    for (auto [i, own] : llvm::enumerate(dims)) {
      if (failed(expectAlike(*this, argument(i), next(i), "carried value " + Twine(i))))
        return failure();
      for (auto [axis, now, then] : llvm::enumerate(shapes.dims(argument(i)), shapes.dims(next(i)))) {
        AffineExpr varying = shapes.unknown(argument(i), axis);
        if (now == then || own[axis] == varying)
          continue;
        own[axis] = varying;
        changed = true;
      }
    }
  }
  for (unsigned i = 0; i < carried; ++i) {
    for (auto [axis, d] : llvm::enumerate(dims[i]))
      if (!isVisibleOutside(d, *this, shapes))
        d = shapes.unknown(getResult(i), axis);
    shapes.set(getResult(i), shapes.elementType(argument(i)), dims[i]);
  }
  // Of a stack of nothing only the constant dims are there: the others are 0, as no turn has said more.
  for (unsigned i = carried; i < getNumResults(); ++i) {
    Dims all{shapes.unknown(getResult(i), 0)};
    for (AffineExpr d : shapes.dims(next(i)))
      all.push_back(constantOf(d) ? d : shapes.unknown(getResult(i), all.size()));
    shapes.set(getResult(i), shapes.elementType(next(i)), all);
  }
  return success();
}

FailureOr<std::vector<Array>> LoopOp::runBodies(ArrayRef<Array> operands, BodyRunner run) {
  unsigned carried = getCarried(), stacks = getNumResults() - carried;
  std::vector<Array> values(operands.begin() + 2, operands.begin() + 2 + carried);
  std::vector<Array> stacked(stacks);
  int64_t turns = 0;
  bool goesOn = operands[1].at(0).asBool();
  for (; turns < operands[0].at(0).asInt() && goesOn; ++turns) {
    std::vector<Array> arguments{Array(IntegerType::get(getContext(), 64), {}),
                                 Array(IntegerType::get(getContext(), 1), {})};
    arguments[0].store(0, Number::ofSigned(turns));
    arguments[1].store(0, Number(true));
    arguments.insert(arguments.end(), std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
    FailureOr<std::vector<Array>> yielded = run(0, arguments);
    if (failed(yielded))
      return failure();
    goesOn = (*yielded)[0].at(0).asBool();
    values.assign(yielded->begin() + ownResults, yielded->begin() + ownResults + carried);
    for (auto [stack, element] : llvm::zip(stacked, ArrayRef(*yielded).drop_front(ownResults + carried))) {
      if (turns == 0)
        stack = Array(element.elementType, {});
      else if (ArrayRef(stack.dims).drop_front() != ArrayRef(element.dims))
        return emitError("a stacked value changes its dims from one turn to the next"), failure();
      stack.dims = element.dims;
      stack.dims.insert(stack.dims.begin(), turns + 1);
      if (turns == 0)
        stack.elements.clear();
      stack.elements.insert(stack.elements.end(), element.elements.begin(), element.elements.end());
    }
  }
  if (turns == 0)
    for (unsigned i = 0; i < stacks; ++i) {
      auto type = cast<RankedTensorType>(getResult(carried + i).getType());
      SmallVector<int64_t> dims{0};
      for (int64_t d : type.getShape().drop_front())
        dims.push_back(ShapedType::isDynamic(d) ? 0 : d);
      stacked[i] = Array(type.getElementType(), dims);
    }
  values.insert(values.end(), std::make_move_iterator(stacked.begin()), std::make_move_iterator(stacked.end()));
  return values;
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

Operation *createControl(NodeView &n, StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes,
                                unsigned results, unsigned bodies) {
  OperationState state(n.loc(), name, operands, SmallVector<Type>(results, NoneType::get(n.loc().getContext())),
                       attributes);
  for (unsigned i = 0; i < bodies; ++i)
    state.addRegion()->emplaceBlock();
  return n.builder().create(state);
}

LogicalResult finishControl(Operation *op, LogicalResult built, Values &results) {
  if (failed(built) || failed(inferResultTypes(op))) {
    op->erase();
    return failure();
  }
  results.append(op->result_begin(), op->result_end());
  return success();
}

/// One element as a rank-0 tensor.
static Tensor scalarOf(Tensor t) { return t && t.rank() > 0 ? reshape(t, ArrayRef<int64_t>()) : t; }

LogicalResult buildBody(NodeView &n, StringRef name, Block &body, unsigned conditions) {
  OpBuilder::InsertionGuard guard(n.builder());
  n.builder().setInsertionPointToEnd(&body);
  SmallVector<Value> outputs;
  if (failed(n.buildGraph(name, body.getArguments(), outputs)))
    return failure();
  for (Value v : outputs)
    if (!isa<RankedTensorType>(v.getType()))
      return n.error("graph \"" + name + "\" gives a value that is no tensor, which is not supported");
  for (Value &v : MutableArrayRef(outputs).take_front(conditions)) {
    Tensor scalar = scalarOf(Tensor(n.builder(), n.loc(), v));
    if (!scalar)
      return failure();
    v = scalar.value();
  }
  YieldOp::create(n.builder(), n.loc(), outputs);
  return success();
}

static LogicalResult buildIf(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  if (!n.graphInputs("then_branch") || !n.graphInputs("else_branch"))
    return n.error("expects the graphs then_branch and else_branch");
  unsigned count = n.graphOutputs("then_branch");
  if (count != n.graphOutputs("else_branch"))
    return n.error("expects both branches to give as many results, got " + Twine(count) + " and " +
                   Twine(n.graphOutputs("else_branch")));
  if (count < n.numOutputs())
    return n.error("has " + Twine(n.numOutputs()) + " outputs, its branches give " + Twine(count));
  Tensor condition = scalarOf(inputOf(n, 0));
  if (!condition)
    return failure();
  // A condition that is known already leaves one branch, and no demand that the other's results be alike: exporters ask
  // in this way whether a dim is 1.
  auto inference = inferenceWhileBuilding(n.loc().getContext());
  if (std::optional<SmallVector<int64_t>> known = inference->constantContents(condition.value()))
    return n.buildGraph(known->front() ? "then_branch" : "else_branch", {}, results);
  Operation *op = createControl(n, IfOp::getOperationName(), condition.value(), {}, count, 2);
  LogicalResult built = buildBody(n, "then_branch", op->getRegion(0).front());
  // Both, so that all mistakes are told in one go.
  if (failed(buildBody(n, "else_branch", op->getRegion(1).front())))
    built = failure();
  return finishControl(op, built, results);
}

/// Carried values start as given and keep in the arguments' types the dims that every turn keeps. What these are is known
/// when the body has been built; if it disagrees, it is built again for fewer known dims.
static LogicalResult buildLoopBody(NodeView &n, Operation *op, unsigned carried) {
  SmallVector<RankedTensorType> types;
  for (Value v : cast<LoopOp>(op).initial())
    types.push_back(cast<RankedTensorType>(v.getType()));
  Builder &b = n.builder();
  while (true) {
    Block &body = op->getRegion(0).emplaceBlock();
    body.addArgument(RankedTensorType::get({}, b.getI64Type()), n.loc());
    body.addArgument(RankedTensorType::get({}, b.getI1Type()), n.loc());
    for (RankedTensorType t : types)
      body.addArgument(t, n.loc());
    if (failed(buildBody(n, "body", body, ownResults)))
      return failure();
    bool agrees = true;
    for (auto [type, v] : llvm::zip(types, body.back().getOperands().drop_front(ownResults).take_front(carried))) {
      auto given = cast<RankedTensorType>(v.getType());
      if (given.getRank() != type.getRank())
        return n.error("a carried value changes its rank from " + Twine(type.getRank()) + " to " +
                       Twine(given.getRank()) + ", which is not supported");
      SmallVector<int64_t> dims(type.getShape());
      for (auto [d, e] : llvm::zip(dims, given.getShape()))
        if (d != e && !ShapedType::isDynamic(d))
          d = ShapedType::kDynamic, agrees = false;
      type = RankedTensorType::get(dims, type.getElementType());
    }
    if (agrees)
      return success();
    // Users before what they use.
    for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(body)))
      inner.erase();
    body.erase();
  }
}

static LogicalResult buildLoop(NodeView &n, Values &results) {
  if (!n.graphInputs("body"))
    return n.error("expects the graph body");
  unsigned inputs = *n.graphInputs("body"), outputs = n.graphOutputs("body");
  unsigned carried = std::max(inputs, ownArguments) - ownArguments;
  if (inputs < ownArguments || outputs < ownResults + carried)
    return n.error("expects a body that takes the turn, the condition and the carried values and gives at least the "
                   "condition and those values, got " +
                   Twine(inputs) + " inputs and " + Twine(outputs) + " outputs");
  if (failed(expectInputs(n, 0, ownArguments + carried)))
    return failure();
  OpBuilder &b = n.builder();
  Tensor trips = scalarOf(inputOf(n, 0)), condition = scalarOf(inputOf(n, 1));
  auto constant = [&](auto value, Type type) {
    return Tensor(b, n.loc(), buildConstant(b, n.loc(), DenseElementsAttr::get(RankedTensorType::get({}, type), value)));
  };
  if (!n.input(0))
    trips = constant(std::numeric_limits<int64_t>::max(), b.getI64Type());
  if (!n.input(1))
    condition = constant(true, b.getI1Type());
  if (!trips || !condition)
    return failure();
  SmallVector<Value> operands{trips.value(), condition.value()};
  for (unsigned i = 0; i < carried; ++i) {
    Value v = n.input(ownArguments + i);
    if (!v)
      return n.error("expects a start value for each of the " + Twine(carried) + " carried values");
    if (!isa<RankedTensorType>(v.getType()))
      return n.error("carried value " + Twine(i) + " is no tensor, which is not supported");
    operands.push_back(v);
  }
  Operation *op = createControl(n, LoopOp::getOperationName(), operands,
                                b.getNamedAttr("carried", b.getI64IntegerAttr(carried)), outputs - ownResults, 1);
  op->getRegion(0).front().erase();
  return finishControl(op, buildLoopBody(n, op, carried), results);
}

void appendControlForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "If", 1, buildIf});
  forms.push_back({"", "Loop", 1, buildLoop});
}

} // namespace dlc::dl
