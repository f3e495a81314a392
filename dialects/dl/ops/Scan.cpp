//===- Scan.cpp - Loops over rows -----------------------------------------===//
#include "dialects/dl/ops/Control.h"
#include <numeric>

using namespace mlir;

namespace dlc::dl {

LogicalResult ScanOp::verify() {
  unsigned own = getCarried() + getSteps();
  if (own > getValues().size() || (!getBodies() && own != getValues().size()))
    return emitOpError() << "expects " << own << " carried and step values, got " << getValues().size();
  if (getSteps() < 1)
    return emitOpError("expects at least one step value, whose dim 0 says how many steps there are");
  if (getNumResults() < getCarried())
    return emitOpError() << "expects a result for each of the " << getCarried() << " carried values, got "
                         << getNumResults();
  if (unsigned rows = getSteps() + getNumResults() - getCarried(); !getReversed().empty() && getReversed().size() != rows)
    return emitOpError() << "expects `reversed` for each of the " << rows << " step values and stacks, got "
                         << getReversed().size();
  if (failed(verifyBodies(*this, 1)))
    return failure();
  if (!getBodies() && getRegions()[0].getNumArguments() != own)
    return emitOpError() << "expects a body of " << own << " arguments, got " << getRegions()[0].getNumArguments();
  return success();
}

Fusion ScanOp::fusion() { return {Fusion::Kind::Host, {}}; }

LogicalResult ScanOp::infer(Inference &shapes) {
  unsigned carried = getCarried();
  std::optional<AffineExpr> trips;
  for (auto [i, v] : llvm::enumerate(stepValues())) {
    Dims dims = shapes.dims(v);
    if (dims.empty())
      return emitOpError() << "expects step value " << i << " to have rank 1 or more";
    if (trips && failed(shapes.requireEqual(*this, dims[0], *trips, "step values of one dim 0")))
      return failure();
    if (!trips)
      trips = dims[0];
  }
  if (getBodies()) {
    if (failed(inferOutlined(*this, getResultDimsAttr(), shapes)))
      return failure();
  } else if (failed(inferRegion(shapes))) {
    return failure();
  }
  for (unsigned i = 0; i < getNumResults(); ++i) {
    Dims dims = shapes.dims(i < carried ? getValues()[i] : Value(getResult(i)));
    if (i >= carried)
      dims[0] = *trips;
    shapes.set(getResult(i), shapes.elementType(i < carried ? getValues()[i] : Value(getResult(i))), dims);
  }
  return success();
}

/// Sets the dims of the arguments, and of the stacks but for dim 0.
LogicalResult ScanOp::inferRegion(Inference &shapes) {
  Block &body = getRegions()[0].front();
  unsigned carried = getCarried();
  for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
    Value v = getValues()[i];
    Dims dims = shapes.dims(v);
    if (i >= carried)
      dims.erase(dims.begin());
    auto type = cast<RankedTensorType>(argument.getType());
    if (type.getElementType() != shapes.elementType(v) || type.getRank() != static_cast<int64_t>(dims.size()))
      return emitOpError() << "expects argument " << i << " of the body to have the type of "
                           << (i < carried ? "its start value" : "a row of its step value") << ", got " << type
                           << " for " << v.getType();
    shapes.set(argument, type.getElementType(), dims);
  }
  if (failed(shapes.inferBody(body)))
    return failure();
  OperandRange yielded = body.back().getOperands();
  if (yielded.size() != getNumResults())
    return emitOpError() << "expects the body to yield " << getNumResults() << " values, got " << yielded.size();
  for (auto [i, v] : llvm::enumerate(yielded)) {
    if (i < carried) {
      Value argument = body.getArgument(i);
      if (failed(expectAlike(*this, argument, v, "carried value " + Twine(i))))
        return failure();
      for (auto [axis, before, after] : llvm::enumerate(shapes.dims(argument), shapes.dims(v)))
        if (constantOf(before) && constantOf(after) && before != after)
          return emitOpError() << "expects carried value " << i << " to keep its dims, got " << *constantOf(before)
                               << " and then " << *constantOf(after) << " for dim " << axis;
      continue;
    }
    Dims all{shapes.unknown(getResult(i), 0)};
    for (AffineExpr d : shapes.dims(v))
      all.push_back(isVisibleOutside(d, *this, shapes) ? d : shapes.unknown(getResult(i), all.size()));
    shapes.set(getResult(i), shapes.elementType(v), all);
  }
  return success();
}

/// Row `i` of `a`, which has one or more.
static Array rowOf(const Array &a, int64_t i) {
  Array row(a.elementType, ArrayRef(a.dims).drop_front());
  std::copy_n(a.elements.begin() + i * row.size(), row.size(), row.elements.begin());
  return row;
}

FailureOr<std::vector<Array>> ScanOp::runBodies(ArrayRef<Array> operands, BodyRunner run) {
  unsigned carried = getCarried(), steps = getSteps();
  int64_t trips = operands[carried].dims[0];
  for (unsigned i = 0; i < steps; ++i)
    if (operands[carried + i].dims[0] != trips)
      return emitError("the step values differ in dim 0"), failure();
  std::vector<Array> values(operands.begin(), operands.begin() + carried), stacked(getNumResults() - carried);
  if (trips == 0) {
    // What the body makes of a row of zeros tells the dims of the stacks.
    std::vector<Array> arguments = values;
    for (unsigned i = 0; i < steps; ++i)
      arguments.emplace_back(operands[carried + i].elementType, ArrayRef(operands[carried + i].dims).drop_front());
    FailureOr<std::vector<Array>> yielded = run(0, arguments);
    if (failed(yielded))
      return failure();
    for (auto [i, stack] : llvm::enumerate(stacked)) {
      SmallVector<int64_t> dims((*yielded)[carried + i].dims);
      dims.insert(dims.begin(), 0);
      stack = Array((*yielded)[carried + i].elementType, dims);
    }
  }
  for (int64_t turn = 0; turn < trips; ++turn) {
    auto place = [&, turn](unsigned i) { return isReversed(i) ? trips - 1 - turn : turn; };
    std::vector<Array> arguments = std::move(values);
    for (unsigned i = 0; i < steps; ++i)
      arguments.push_back(rowOf(operands[carried + i], place(i)));
    FailureOr<std::vector<Array>> yielded = run(0, arguments);
    if (failed(yielded))
      return failure();
    values.clear();
    for (unsigned i = 0; i < carried; ++i) {
      if (turn > 0 && (*yielded)[i].dims != arguments[i].dims)
        return emitError("a carried value changes its dims"), failure();
      values.push_back(std::move((*yielded)[i]));
    }
    for (auto [i, stack] : llvm::enumerate(stacked)) {
      const Array &row = (*yielded)[carried + i];
      if (turn == 0) {
        SmallVector<int64_t> dims(row.dims);
        dims.insert(dims.begin(), trips);
        stack = Array(row.elementType, dims);
      } else if (ArrayRef(stack.dims).drop_front() != ArrayRef(row.dims)) {
        return emitError("a stacked value changes its dims from one step to the next"), failure();
      }
      llvm::copy(row.elements, stack.elements.begin() + place(steps + i) * row.size());
    }
  }
  values.insert(values.end(), std::make_move_iterator(stacked.begin()), std::make_move_iterator(stacked.end()));
  return values;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

static Operation *createScan(NodeView &n, ArrayRef<Value> values, unsigned carried, ArrayRef<bool> reversed,
                             unsigned results) {
  Builder &b = n.builder();
  SmallVector<NamedAttribute> attributes{
      b.getNamedAttr("carried", b.getI64IntegerAttr(carried)),
      b.getNamedAttr("steps", b.getI64IntegerAttr(values.size() - carried)),
      b.getNamedAttr("reversed", DenseBoolArrayAttr::get(b.getContext(), reversed))};
  Operation *op = createControl(n, ScanOp::getOperationName(), values, attributes, results, 1);
  for (auto [i, v] : llvm::enumerate(values)) {
    auto type = cast<RankedTensorType>(v.getType());
    if (i >= carried)
      type = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
    op->getRegion(0).addArgument(type, n.loc());
  }
  return op;
}

/// Carried values of one type for all steps: where a next one's dims are not seen to be those of the first, it is made to
/// have them, which fails when it runs and they differ.
static void keepCarriedDims(NodeView &n, Block &body, unsigned carried) {
  Operation *yield = body.getTerminator();
  OpBuilder::InsertionGuard guard(n.builder());
  n.builder().setInsertionPoint(yield);
  for (unsigned i = 0; i < carried; ++i) {
    auto next = cast<RankedTensorType>(yield->getOperand(i).getType());
    auto type = cast<RankedTensorType>(body.getArgument(i).getType());
    if (next == type || next.getRank() != type.getRank() || next.getElementType() != type.getElementType())
      continue;
    Tensor argument(n.builder(), n.loc(), body.getArgument(i));
    if (Tensor r = broadcastTo(argument.with(yield->getOperand(i)), shapeOf(argument)))
      yield->setOperand(i, r.value());
  }
}

SmallVector<Tensor> scan(NodeView &n, ArrayRef<Tensor> initial, ArrayRef<Tensor> steps, unsigned results, bool reversed,
                         ScanBody body) {
  SmallVector<Value> values;
  for (ArrayRef<Tensor> part : {initial, steps})
    for (Tensor t : part) {
      if (!t)
        return {};
      values.push_back(t.value());
    }
  unsigned carried = initial.size();
  SmallVector<bool> directions(steps.size() + results - carried, reversed);
  Operation *op = createScan(n, values, carried, directions, results);
  Block &block = op->getRegion(0).front();
  LogicalResult built = success();
  {
    OpBuilder::InsertionGuard guard(n.builder());
    n.builder().setInsertionPointToEnd(&block);
    SmallVector<Tensor> arguments;
    for (Value v : block.getArguments())
      arguments.emplace_back(n.builder(), n.loc(), v);
    SmallVector<Value> yielded;
    for (Tensor t : body(ArrayRef(arguments).take_front(carried), ArrayRef(arguments).drop_front(carried))) {
      if (!t)
        built = failure();
      yielded.push_back(t ? t.value() : Value());
    }
    if (succeeded(built)) {
      YieldOp::create(n.builder(), n.loc(), yielded);
      keepCarriedDims(n, block, carried);
    }
  }
  SmallVector<Value> made;
  if (failed(finishControl(op, built, made)))
    return {};
  return llvm::map_to_vector(made, [&](Value v) { return Tensor(n.builder(), n.loc(), v); });
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

/// `axis` becomes the first of the dims, which keep their order, or, if `back`, the first one becomes `axis`.
static Tensor moveAxis(Tensor t, int64_t axis, bool back) {
  if (!t || axis == 0)
    return t;
  SmallVector<int64_t> order(t.rank());
  std::iota(order.begin(), order.end(), 0);
  if (back)
    std::rotate(order.begin(), order.begin() + 1, order.begin() + axis + 1);
  else
    std::rotate(order.begin(), order.begin() + axis, order.begin() + axis + 1);
  return transpose(t, order);
}

namespace {
/// The body's inputs and outputs, and how the step values and stacks lie.
struct ScanNode {
  unsigned carried, steps, stacks;
  SmallVector<int64_t> inputAxes, outputAxes;
  SmallVector<bool> reversed;
};
} // namespace

/// `name`: an entry for each of `count`, 0 if absent.
static FailureOr<SmallVector<int64_t>> entriesFrom(NodeView &n, StringRef name, unsigned count) {
  SmallVector<int64_t> values = n.getInts(name).value_or(SmallVector<int64_t>(count, 0));
  if (values.size() != count)
    return n.error("expects " + Twine(count) + " " + name + ", got " + Twine(values.size()));
  return values;
}

static FailureOr<ScanNode> readScan(NodeView &n, unsigned first) {
  std::optional<unsigned> inputs = n.graphInputs("body");
  int64_t steps = n.getInt("num_scan_inputs").value_or(0);
  if (!inputs)
    return n.error("expects the graph body");
  unsigned outputs = n.graphOutputs("body");
  if (steps < 1 || steps > *inputs)
    return n.error("expects num_scan_inputs from 1 to the body's " + Twine(*inputs) + " inputs, got " + Twine(steps));
  ScanNode s{static_cast<unsigned>(*inputs - steps), static_cast<unsigned>(steps), 0, {}, {}, {}};
  if (outputs < s.carried)
    return n.error("expects a body that gives its " + Twine(s.carried) + " carried values, got " + Twine(outputs) + " outputs");
  s.stacks = outputs - s.carried;
  if (n.numInputs() != first + *inputs)
    return n.error("expects " + Twine(first + *inputs) + " inputs, got " + Twine(n.numInputs()));
  for (unsigned i = 0; i < *inputs; ++i)
    if (Value v = n.input(first + i); !v || !isa<RankedTensorType>(v.getType()))
      return n.error("input " + Twine(first + i) + " must be given and be a tensor");
  auto inputAxes = entriesFrom(n, "scan_input_axes", s.steps), outputAxes = entriesFrom(n, "scan_output_axes", s.stacks),
       from = entriesFrom(n, n.opset() < 9 ? "directions" : "scan_input_directions", s.steps),
       to = entriesFrom(n, "scan_output_directions", s.stacks);
  if (failed(inputAxes) || failed(outputAxes) || failed(from) || failed(to))
    return failure();
  s.inputAxes = *inputAxes, s.outputAxes = *outputAxes;
  for (const auto *directions : {&*from, &*to})
    for (int64_t d : *directions) {
      if (d != 0 && d != 1)
        return n.error("expects directions of 0 or 1, got " + Twine(d));
      s.reversed.push_back(d);
    }
  return s;
}

/// The scan of a node, on these values.
static LogicalResult runScan(NodeView &n, const ScanNode &s, ArrayRef<Tensor> values, Values &results) {
  SmallVector<Value> operands;
  for (auto [i, t] : llvm::enumerate(values)) {
    Tensor operand = t;
    if (i >= s.carried) {
      if (t.rank() == 0)
        return n.error("expects scan inputs of rank 1 or more");
      FailureOr<int64_t> axis = axisIn(n, s.inputAxes[i - s.carried], t.rank());
      if (failed(axis))
        return failure();
      operand = moveAxis(t, *axis, /*back=*/false);
    }
    if (!operand)
      return failure();
    operands.push_back(operand.value());
  }
  Operation *op = createScan(n, operands, s.carried, s.reversed, s.carried + s.stacks);
  Block &body = op->getRegion(0).front();
  LogicalResult built = buildBody(n, "body", body);
  if (succeeded(built))
    keepCarriedDims(n, body, s.carried);
  SmallVector<Value> made;
  if (failed(finishControl(op, built, made)))
    return failure();
  for (auto [i, v] : llvm::enumerate(made)) {
    Tensor r(n.builder(), n.loc(), v);
    if (i >= s.carried) {
      FailureOr<int64_t> axis = axisIn(n, s.outputAxes[i - s.carried], r.rank());
      if (failed(axis))
        return failure();
      r = moveAxis(r, *axis, /*back=*/true);
    }
    if (failed(give(results, r)))
      return failure();
  }
  return success();
}

static LogicalResult buildScan(NodeView &n, Values &results) {
  FailureOr<ScanNode> s = readScan(n, 0);
  if (failed(s))
    return failure();
  SmallVector<Tensor> values;
  for (unsigned i = 0; i < n.numInputs(); ++i)
    values.push_back(inputOf(n, i));
  return runScan(n, *s, values, results);
}

/// In opset 8 all values have a batch dim before, and each of the batch is scanned by itself.
static LogicalResult buildBatchedScan(NodeView &n, Values &results) {
  if (n.input(0))
    return unsupported(n, "sequence_lens");
  FailureOr<ScanNode> s = readScan(n, 1);
  if (failed(s))
    return failure();
  SmallVector<Tensor> values;
  for (unsigned i = 1; i < n.numInputs(); ++i) {
    values.push_back(inputOf(n, i));
    if (values.back().rank() < 1 + (i > s->carried))
      return n.error("expects input " + Twine(i) + " to have a batch dim" + (i > s->carried ? " and a scan dim" : ""));
  }
  LogicalResult inner = success();
  SmallVector<Tensor> made = scan(n, {}, values, s->carried + s->stacks, /*reversed=*/false, [&](auto, ArrayRef<Tensor> rows) {
    SmallVector<Value> own;
    inner = runScan(n, *s, rows, own);
    SmallVector<Tensor> all;
    for (unsigned i = 0; i < s->carried + s->stacks; ++i)
      all.push_back(succeeded(inner) ? Tensor(n.builder(), n.loc(), own[i]) : Tensor());
    return all;
  });
  for (Tensor t : made)
    results.push_back(t.value());
  return success(!made.empty());
}

void appendScanForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Scan", 8, buildBatchedScan});
  forms.push_back({"", "Scan", 9, buildScan});
}

} // namespace dlc::dl
