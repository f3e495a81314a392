//===- CheckAttributes.cpp - How a function wants to be checked -*- C++ -*-===//
#include "tools/dlc/CheckAttributes.h"

#include "dialects/dl/Evaluate.h"
#include "tools/dlc/ElementTypes.h"

using namespace llvm;

namespace dlc {

const char *const CheckAttributes::help =
    "A .mlir file may say on its functions how they are to be checked:\n"
    "  dl.sizes = {N = [0, 1, 17]}           function: a run for each size of the symbolic dims (lists side by side)\n"
    "  dl.range = [0.5, 2.0]                 argument: random floats in [0.5, 2), integers in [lo, hi]\n"
    "  dl.specials                           argument: half of the elements are zeros, NaN, infinities, extremes\n"
    "  dl.value = dense<[1, 2]> : ...        argument: these elements\n"
    "  dl.expect = dense<[3, 4]> : ...       result: what the reference and the compiled code must give\n"
    "  dl.fails                              function: both must refuse the inputs\n";

static Error mistake(mlir::func::FuncOp function, const Twine &message) {
  return createStringError("function '" + function.getName() + "': " + message);
}

/// Lists side by side: the i-th sizes of all symbols make the i-th run.
static Error readSizes(mlir::func::FuncOp function, std::vector<std::map<std::string, int64_t>> &runs) {
  mlir::Attribute attribute = function->getAttr("dl.sizes");
  if (!attribute) {
    runs.resize(1);
    return Error::success();
  }
  auto lists = dyn_cast<mlir::DictionaryAttr>(attribute);
  if (!lists || lists.empty())
    return mistake(function, "expects dl.sizes = {N = [1, 2], ...}");
  for (mlir::NamedAttribute named : lists) {
    auto list = dyn_cast<mlir::ArrayAttr>(named.getValue());
    if (!list || list.empty() || !all_of(list, [](mlir::Attribute a) { return isa<mlir::IntegerAttr>(a); }))
      return mistake(function, "expects dl.sizes = {N = [1, 2], ...}");
    if (runs.empty())
      runs.resize(list.size());
    if (runs.size() != list.size())
      return mistake(function, "expects as many dl.sizes of one symbol as of another");
    for (auto [run, size] : zip(runs, list))
      run[named.getName().str()] = cast<mlir::IntegerAttr>(size).getInt();
  }
  return Error::success();
}

static std::optional<double> numberOf(mlir::Attribute attribute) {
  if (auto real = dyn_cast<mlir::FloatAttr>(attribute))
    return real.getValueAsDouble();
  if (auto integer = dyn_cast<mlir::IntegerAttr>(attribute))
    return static_cast<double>(integer.getInt());
  return std::nullopt;
}

/// The tensor of a dl.value or dl.expect, which must have the element type of the value it stands at.
static Expected<HostTensor> readTensor(mlir::func::FuncOp function, mlir::Attribute attribute, mlir::Type type) {
  auto elements = dyn_cast<mlir::DenseElementsAttr>(attribute);
  auto shaped = dyn_cast<mlir::ShapedType>(type);
  if (!elements || !shaped || elements.getElementType() != shaped.getElementType() ||
      !dtypeOf(elements.getElementType()))
    return mistake(function, "expects dl.value and dl.expect to be dense<...> of the type that they stand at");
  dl::Array array = dl::Array::fromAttribute(elements);
  std::vector<char> bytes = array.toBytes();
  HostTensor tensor{dtypeOf(array.elementType), {array.dims.begin(), array.dims.end()}, {}};
  tensor.data.assign(bytes.begin(), bytes.end());
  return tensor;
}

static Error readInput(mlir::func::FuncOp function, unsigned argument, InputValues &values) {
  values.specials = function.getArgAttr(argument, "dl.specials") != nullptr;
  if (mlir::Attribute value = function.getArgAttr(argument, "dl.value")) {
    Expected<HostTensor> tensor = readTensor(function, value, function.getArgumentTypes()[argument]);
    if (!tensor)
      return tensor.takeError();
    values.fixed = std::move(*tensor);
  }
  if (mlir::Attribute attribute = function.getArgAttr(argument, "dl.range")) {
    auto range = dyn_cast<mlir::ArrayAttr>(attribute);
    std::optional<double> low, high;
    if (range && range.size() == 2)
      low = numberOf(range[0]), high = numberOf(range[1]);
    // The bound keeps the width of the range, and each integer in it, exact.
    if (!low || !high || !(*low <= *high) || *low < -0x1p52 || *high > 0x1p52)
      return mistake(function, "expects dl.range = [LOW, HIGH] within 2^52");
    values.range = {*low, *high};
  }
  return Error::success();
}

Expected<CheckAttributes> CheckAttributes::of(mlir::func::FuncOp function) {
  CheckAttributes result;
  result.fails = function->hasAttr("dl.fails");
  if (Error error = readSizes(function, result.sizes))
    return error;
  result.inputs.resize(function.getNumArguments());
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (Error error = readInput(function, i, result.inputs[i]))
      return error;
  result.expected.resize(function.getNumResults());
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (mlir::Attribute value = function.getResultAttr(i, "dl.expect")) {
      Expected<HostTensor> tensor = readTensor(function, value, function.getResultTypes()[i]);
      if (!tensor)
        return tensor.takeError();
      result.expected[i] = std::move(*tensor);
    }
  return result;
}

} // namespace dlc
