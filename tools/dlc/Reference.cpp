//===- Reference.cpp - What outputs ought to be -----------------*- C++ -*-===//
#include "tools/dlc/Reference.h"

#include "dialects/dl/Evaluate.h"
#include "tools/dlc/ElementTypes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace llvm;

namespace dlc {

mlir::FailureOr<std::vector<HostTensor>> evaluateReference(mlir::func::FuncOp function, ArrayRef<HostTensor> inputs) {
  if (inputs.size() != function.getNumArguments())
    return function.emitError() << "takes " << function.getNumArguments() << " inputs, its states among them, got "
                                << inputs.size();
  std::vector<dl::Array> arrays;
  for (const HostTensor &tensor : inputs)
    arrays.push_back(dl::Array::fromBytes(elementTypeOf(*tensor.type, function.getContext()), tensor.dims,
                                          tensor.data.data()));
  mlir::FailureOr<std::vector<dl::Array>> results = dl::evaluate(function, arrays);
  if (failed(results))
    return mlir::failure();
  std::vector<HostTensor> tensors;
  for (const dl::Array &array : *results) {
    std::vector<char> bytes = array.toBytes();
    HostTensor &tensor = tensors.emplace_back();
    tensor.type = dtypeOf(array.elementType);
    tensor.dims.assign(array.dims.begin(), array.dims.end());
    tensor.data.assign(bytes.begin(), bytes.end());
  }
  return tensors;
}

static Error readSeries(StringRef folder, StringRef what, std::vector<HostTensor> &tensors) {
  for (unsigned i = 0;; ++i) {
    SmallString<128> path(folder);
    sys::path::append(path, what + "_" + Twine(i) + ".pb");
    if (!sys::fs::exists(path))
      return Error::success();
    Expected<HostTensor> tensor = readTensor(path);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }
}

Expected<DataSet> readDataSet(StringRef folder) {
  DataSet data;
  if (Error error = readSeries(folder, "input", data.inputs))
    return error;
  if (Error error = readSeries(folder, "output", data.outputs))
    return error;
  if (data.outputs.empty())
    return createStringError(folder + ": no output_0.pb");
  return data;
}

Tolerance Tolerance::of(const HostTensor &expected) {
  double largest = 1;
  for (int64_t i = 0, n = expected.elements(); i < n; ++i)
    if (double v = std::abs(expected.at(i)); std::isfinite(v))
      largest = std::max(largest, v);
  StringRef type = expected.type->name;
  if (type == "f64")
    return {1e-9, 1e-12 * largest};
  if (type == "f32")
    return {1e-4, 1e-5 * largest};
  if (type == "f16")
    return {2e-3, 2e-3 * largest};
  if (type == "bf16")
    return {1.6e-2, 1.6e-2 * largest};
  return {0, 0};
}

static std::string placeText(const HostTensor &tensor, int64_t i) {
  std::string text;
  for (size_t d = tensor.dims.size(); d-- > 0; i /= tensor.dims[d])
    text = std::to_string(i % tensor.dims[d]) + (text.empty() ? "" : "," + text);
  return "[" + text + "]";
}

Difference compare(const HostTensor &actual, const HostTensor &expected, Tolerance tolerance) {
  Difference difference;
  if (actual.type != expected.type || actual.dims != expected.dims) {
    difference.problem = "is " + actual.typeText() + ", expected " + expected.typeText();
    return difference;
  }
  bool exact = !actual.type->floatSemantics();
  bool signedZeros = tolerance.relative == 0 && tolerance.absolute == 0;
  int64_t bad = 0, worst = -1;
  for (int64_t i = 0, n = actual.elements(); i < n; ++i) {
    double a = actual.at(i), e = expected.at(i);
    double error = std::abs(a - e), allowed = tolerance.absolute + tolerance.relative * std::abs(e);
    bool equal = a == e || (std::isnan(a) && std::isnan(e));
    if (exact && actual.type->bytes == 8) // doubles do not tell neighbours apart up there
      equal = std::equal(&actual.data[i * 8], &actual.data[i * 8] + 8, &expected.data[i * 8]);
    if (equal && signedZeros && a == 0)
      equal = std::signbit(a) == std::signbit(e);
    if (equal)
      continue;
    bool ok = !exact && std::isfinite(a) && std::isfinite(e) && allowed > 0 && error <= allowed;
    double share = std::isfinite(error) && allowed > 0 ? error / allowed : INFINITY;
    if (std::isfinite(error))
      difference.maxError = std::max(difference.maxError, error);
    if (!ok && (bad++ == 0 || share > difference.share))
      worst = i;
    difference.share = std::max(difference.share, share);
  }
  if (bad)
    difference.problem = formatv("{0} of {1} elements differ, most at {2}: {3}, expected {4}", bad, actual.elements(),
                                 placeText(actual, worst), format("%.9g", actual.at(worst)),
                                 format("%.9g", expected.at(worst)));
  return difference;
}

} // namespace dlc
