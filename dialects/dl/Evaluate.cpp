//===- Evaluate.cpp -------------------------------------------------------===//
#include "dialects/dl/Evaluate.h"
#include "dialects/dl/Dialect.h"
#include "dialects/dl/Narrow.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <limits>

using namespace mlir;

namespace dlc::dl {

int64_t byteWidth(Type t) { return llvm::divideCeil(t.getIntOrFloatBitWidth(), 8); }

int64_t elementCount(ArrayRef<int64_t> dims) {
  if (llvm::is_contained(dims, 0))
    return 0;
  int64_t n = 1;
  for (int64_t d : dims)
    if (llvm::MulOverflow(n, d, n))
      return std::numeric_limits<int64_t>::max();
  return n;
}

void forEachPlace(ArrayRef<int64_t> dims, llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  if (elementCount(dims) == 0)
    return;
  SmallVector<int64_t> place(dims.size(), 0);
  while (true) {
    visit(place);
    int64_t i = dims.size() - 1;
    while (i >= 0 && ++place[i] == dims[i])
      place[i--] = 0;
    if (i < 0)
      return;
  }
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

Array::Array(Type elementType, ArrayRef<int64_t> dims)
    : elementType(elementType), dims(dims), elements(elementCount(dims)) {}

/// A double rounded once to the type.
static double roundTo(Type type, double v) {
  if (type.isF64())
    return v;
  if (type.isF32())
    return static_cast<double>(static_cast<float>(v));
  return valueOf(roundedTo(cast<FloatType>(type).getFloatSemantics(), v));
}

static uint64_t wrap(uint64_t v, unsigned width, bool isUnsigned) {
  if (width == 64)
    return v;
  uint64_t mask = (uint64_t(1) << width) - 1;
  v &= mask;
  return !isUnsigned && (v >> (width - 1)) ? v | ~mask : v;
}

void Array::store(int64_t i, Number v) {
  Number::Kind k = kind();
  if (k == Number::Kind::Float) {
    elements[i] = Number(roundTo(elementType, v.asDouble())).bits();
    return;
  }
  v = v.as(k);
  elements[i] = k == Number::Kind::Bool
                    ? v.asBool()
                    : wrap(v.asUInt(), elementType.getIntOrFloatBitWidth(), k == Number::Kind::Unsigned);
}

int64_t Array::offset(ArrayRef<int64_t> place) const {
  int64_t result = 0;
  for (auto [d, p] : llvm::zip(dims, place))
    result = result * d + (d == 1 ? 0 : p);
  return result;
}

Array Array::fromBytes(Type type, ArrayRef<int64_t> dims, const void *data) {
  Array a(type, dims);
  const char *p = static_cast<const char *>(data);
  int64_t width = byteWidth(type);
  for (int64_t i = 0; i < a.size(); ++i, p += width) {
    if (auto f = dyn_cast<FloatType>(type)) {
      if (type.isF32()) {
        float v;
        std::memcpy(&v, p, 4);
        a.elements[i] = Number(double(v)).bits();
      } else {
        uint64_t bits = 0;
        std::memcpy(&bits, p, width);
        llvm::APFloat v(f.getFloatSemantics(), llvm::APInt(f.getWidth(), bits, /*isSigned=*/false, /*implicitTrunc=*/true));
        a.elements[i] = Number(valueOf(v)).bits();
      }
      continue;
    }
    uint64_t bits = 0;
    std::memcpy(&bits, p, width);
    a.elements[i] = type.isInteger(1) ? (bits != 0) : wrap(bits, type.getIntOrFloatBitWidth(), type.isUnsignedInteger());
  }
  return a;
}

std::vector<char> Array::toBytes() const {
  int64_t width = byteWidth(elementType);
  std::vector<char> bytes(size() * width);
  char *p = bytes.data();
  for (int64_t i = 0; i < size(); ++i, p += width) {
    if (auto f = dyn_cast<FloatType>(elementType)) {
      uint64_t bits = roundedTo(f.getFloatSemantics(), at(i).asDouble()).bitcastToAPInt().getZExtValue();
      std::memcpy(p, &bits, width);
    } else {
      std::memcpy(p, &elements[i], width);
    }
  }
  return bytes;
}

Array Array::fromAttribute(ElementsAttr attribute) {
  auto type = cast<ShapedType>(attribute.getType());
  Type element = type.getElementType();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    return fromBytes(element, type.getShape(), resource.getRawHandle().getBlob()->getData().data());
  auto dense = cast<DenseElementsAttr>(attribute);
  Array a(element, type.getShape());
  if (a.size() == 0)
    return a;
  auto fill = [&](auto range, auto convert) {
    if (dense.isSplat())
      std::fill(a.elements.begin(), a.elements.end(), convert(*range.begin()));
    else
      for (auto [i, v] : llvm::enumerate(range))
        a.elements[i] = convert(v);
  };
  if (isa<FloatType>(element))
    fill(dense.getValues<APFloat>(), [](const APFloat &v) { return Number(valueOf(v)).bits(); });
  else
    fill(dense.getValues<APInt>(), [&](const APInt &v) {
      return wrap(v.getZExtValue(), v.getBitWidth(), element.isUnsignedInteger() || element.isInteger(1));
    });
  return a;
}

DenseElementsAttr Array::toAttribute() const {
  auto type = RankedTensorType::get(dims, elementType);
  if (elementType.isInteger(1)) {
    SmallVector<bool> values;
    for (uint64_t e : elements)
      values.push_back(e != 0);
    return DenseElementsAttr::get(type, values);
  }
  std::vector<char> bytes = toBytes();
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

Number bitcast(Number a, Type from, Type to) {
  Array one(from, {});
  one.store(0, a);
  return Array::fromBytes(to, {}, one.toBytes().data()).at(0);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static StringRef textOf(ValueError e) {
  switch (e) {
  case ValueError::IndexOutOfRange:
    return "index out of range";
  case ValueError::DivisionByZero:
    return "integer division by zero";
  case ValueError::InvalidValue:
    return "a value that the operator does not allow";
  case ValueError::None:
    break;
  }
  return "no error";
}

static LogicalResult evaluatePointwise(PointwiseOp op, ArrayRef<const Array *> operands, Array &result) {
  SmallVector<Number> numbers(operands.size());
  bool sameDims = llvm::all_of(operands, [&](const Array *a) { return a->dims == result.dims; });
  ValueError error = ValueError::None;
  auto compute = [&](int64_t i) {
    Number v = op.evaluateNumber(numbers);
    if (v.error() != ValueError::None)
      error = v.error();
    result.store(i, v);
  };
  if (sameDims) {
    for (int64_t i = 0; i < result.size(); ++i) {
      for (auto [n, a] : llvm::zip(numbers, operands))
        n = a->at(i);
      compute(i);
    }
  } else {
    int64_t i = 0;
    forEachPlace(result.dims, [&](ArrayRef<int64_t> place) {
      for (auto [n, a] : llvm::zip(numbers, operands))
        n = a->at(a->offset(place.take_back(a->dims.size())));
      compute(i++);
    });
  }
  if (error != ValueError::None)
    return op->emitError(textOf(error));
  return success();
}

static LogicalResult evaluateReduction(ReductionOp op, const Array &x, Array &result) {
  Type type = x.elementType;
  Array accumulators = result;
  if (type.isF32() || type.isF16() || type.isBF16())
    accumulators.elementType = Float64Type::get(type.getContext());
  for (int64_t i = 0; i < result.size(); ++i)
    accumulators.store(i, op.initial(type));
  int64_t i = 0;
  forEachPlace(x.dims, [&](ArrayRef<int64_t> place) {
    int64_t o = result.offset(place);
    accumulators.store(o, op.evaluateCombine(accumulators.at(o), x.at(i++)));
  });
  for (int64_t i = 0; i < result.size(); ++i)
    result.store(i, accumulators.at(i));
  return success();
}

namespace {
class NumberReader : public ElementReader<Number> {
public:
  NumberReader(ArrayRef<const Array *> operands, const Array &result) : operands(operands), result(result) {}
  Number read(unsigned operand, ArrayRef<Number> place) override {
    const Array &a = *operands[operand];
    int64_t offset = 0;
    for (auto [d, p] : llvm::zip(a.dims, place))
      offset = offset * d + p.asInt();
    return offset >= 0 && offset < a.size() ? a.at(offset) : Number().as(a.kind());
  }
  Number dim(unsigned operand, unsigned axis) override { return Number::ofSigned(operands[operand]->dims[axis]); }
  Number resultDim(unsigned axis) override { return Number::ofSigned(result.dims[axis]); }
  Number constant(int64_t v) override { return Number::ofSigned(v); }
  void check(Number ok, ValueError e) override {
    if (!ok.asBool())
      error = e;
  }
  Number remainder(Number a, Number b) override { return floormod(a, b); }
  Number toPlace(Number element) override { return element.as(Number::Kind::Signed); }
  Number toResult(Number v) override { return v.as(result.kind()); }
  ValueError error = ValueError::None;

private:
  ArrayRef<const Array *> operands;
  const Array &result;
};
} // namespace

static LogicalResult evaluateIndexed(IndexedOp op, ArrayRef<const Array *> operands, Array &result) {
  NumberReader reader(operands, result);
  int64_t i = 0;
  SmallVector<Number> numbers(result.dims.size());
  forEachPlace(result.dims, [&](ArrayRef<int64_t> place) {
    for (auto [n, p] : llvm::zip(numbers, place))
      n = Number::ofSigned(p);
    result.store(i++, op.evaluateElement(reader, numbers));
  });
  if (reader.error != ValueError::None)
    return op->emitError(textOf(reader.error));
  return success();
}

LogicalResult evaluateByInterface(Operation *op, ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  if (auto pointwise = dyn_cast<PointwiseOp>(op))
    return evaluatePointwise(pointwise, operands, results[0]);
  if (auto reduction = dyn_cast<ReductionOp>(op))
    return evaluateReduction(reduction, *operands[0], results[0]);
  if (auto indexed = dyn_cast<IndexedOp>(op))
    return evaluateIndexed(indexed, operands, results[0]);
  return op->emitError("has no reference evaluation");
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {
/// The shape rule with everything known.
class ConcreteInference : public Inference {
public:
  ConcreteInference(Operation *op, ArrayRef<const Array *> operands)
      : Inference(op->getContext()), op(op), operands(operands), results(op->getNumResults()) {}
  const Array *find(Value v) {
    for (auto [o, a] : llvm::zip(op->getOperands(), operands))
      if (o == v)
        return a;
    return nullptr;
  }
  Dims dims(Value v) override {
    Dims result;
    for (int64_t d : find(v)->dims)
      result.push_back(constant(d));
    return result;
  }
  std::optional<Dims> contents(Value v) override {
    const Array *a = find(v);
    if (!a || a->kind() == Number::Kind::Float || a->size() > maxContents)
      return std::nullopt;
    Dims values;
    for (int64_t i = 0; i < a->size(); ++i)
      values.push_back(constant(a->at(i).asInt()));
    return values;
  }
  void set(Value result, Type type, ArrayRef<AffineExpr> dims) override {
    SmallVector<int64_t> sizes;
    for (AffineExpr d : dims) {
      std::optional<int64_t> c = constantOf(simplifyAffineExpr(d, 0, symbols().size()));
      complete &= c.has_value();
      sizes.push_back(std::max<int64_t>(0, c.value_or(0)));
    }
    if (elementCount(sizes) > mostElements) {
      if (fits)
        op->emitOpError("has a result of more than 2^32 elements, which the reference interpreter does not take on");
      fits = false;
      return;
    }
    results[cast<OpResult>(result).getResultNumber()] = Array(type, sizes);
  }
  static constexpr int64_t mostElements = int64_t(1) << 32;
  Operation *op;
  ArrayRef<const Array *> operands;
  std::vector<Array> results;
  bool complete = true, fits = true;
};
} // namespace

FailureOr<std::vector<Array>> evaluateOp(Operation *op, ArrayRef<const Array *> operands) {
  auto dl = dyn_cast<DlOp>(op);
  if (!dl)
    return op->emitError("has no reference evaluation");
  ConcreteInference concrete(op, operands);
  if (failed(dl.infer(concrete)) || !concrete.fits)
    return failure();
  // A dim that only the op itself knows (a count): its evaluation sets the dims.
  if (failed(dl.evaluate(operands, concrete.results)))
    return failure();
  return std::move(concrete.results);
}

static LogicalResult evaluateBlock(Block &block, llvm::DenseMap<Value, Array> &values,
                                   const std::function<void(Value, const Array &)> &observe,
                                   std::vector<Array> &returned) {
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      for (Value v : op.getOperands())
        returned.push_back(values[v]);
      continue;
    }
    if (op.getNumResults() != 0 && llvm::all_of(op.getResultTypes(), [](Type t) { return isa<IndexType>(t); }))
      continue; // dims for kernels
    std::vector<Array> results;
    if (auto control = dyn_cast<ControlOp>(op); control && op.getNumRegions()) {
      std::vector<Array> operands;
      for (Value v : op.getOperands())
        operands.push_back(values[v]);
      // The bodies see the values around them.
      FailureOr<std::vector<Array>> r =
          control.runBodies(operands, [&](unsigned body, ArrayRef<Array> arguments) -> FailureOr<std::vector<Array>> {
            Block &inner = op.getRegion(body).front();
            for (auto [argument, a] : llvm::zip(inner.getArguments(), arguments))
              values[argument] = a;
            std::vector<Array> yielded;
            if (failed(evaluateBlock(inner, values, observe, yielded)))
              return failure();
            return yielded;
          });
      if (failed(r))
        return failure();
      results = std::move(*r);
    } else if (auto kernel = dyn_cast<KernelOp>(op)) {
      llvm::DenseMap<Value, Array> inner;
      for (auto [argument, input] : llvm::zip(kernel.block().getArguments(), kernel.getInputs()))
        inner[argument] = values[input];
      if (failed(evaluateBlock(kernel.block(), inner, observe, results)))
        return failure();
    } else {
      SmallVector<const Array *> operands;
      for (Value v : op.getOperands())
        operands.push_back(&values[v]);
      FailureOr<std::vector<Array>> r = evaluateOp(&op, operands);
      if (failed(r))
        return failure();
      results = std::move(*r);
    }
    for (auto [v, a] : llvm::zip(op.getResults(), results)) {
      if (observe)
        observe(v, a);
      values[v] = std::move(a);
    }
  }
  return success();
}

FailureOr<std::vector<Array>> evaluate(func::FuncOp function, ArrayRef<Array> inputs,
                                       std::function<void(Value, const Array &)> observe) {
  llvm::DenseMap<Value, Array> values;
  for (auto [argument, input] : llvm::zip(function.getArguments(), inputs))
    values[argument] = input;
  std::vector<Array> returned;
  if (failed(evaluateBlock(function.getBody().front(), values, observe, returned)))
    return failure();
  return std::move(returned);
}

} // namespace dlc::dl
