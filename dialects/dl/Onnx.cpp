//===- Onnx.cpp - The table of ONNX forms ---------------------------------===//
#include "dialects/dl/Onnx.h"
#include "dialects/dl/ops/Forms.h"
#include "llvm/ADT/STLExtras.h"
#include <tuple>

using namespace mlir;

namespace dlc::dl {

ArrayRef<OnnxForm> allOnnxForms() {
  static const SmallVector<OnnxForm> forms = [] {
    SmallVector<OnnxForm> all;
    appendAttentionForms(all);
    appendConstantForms(all);
    appendContractForms(all);
    appendConvForms(all);
    appendControlForms(all);
    appendEinsumForms(all);
    appendFormulaForms(all);
    appendGenerateForms(all);
    appendIndexForms(all);
    appendLayoutForms(all);
    appendLossForms(all);
    appendNormalizeForms(all);
    appendOptimizerForms(all);
    appendOrderForms(all);
    appendOverlapAddForms(all);
    appendPoolForms(all);
    appendQuantizeForms(all);
    appendRandomForms(all);
    appendReduceForms(all);
    appendResizeForms(all);
    appendRecurrentForms(all);
    appendScanForms(all);
    appendScatterForms(all);
    appendFourierForms(all);
    appendLinearAttentionForms(all);
    appendVisionForms(all);
    llvm::sort(all, [](const OnnxForm &a, const OnnxForm &b) {
      return std::tie(a.domain, a.name, a.since) < std::tie(b.domain, b.name, b.since);
    });
    return all;
  }();
  return forms;
}

const OnnxForm *findOnnx(StringRef domain, StringRef name, int64_t opset) {
  if (domain == "ai.onnx")
    domain = "";
  ArrayRef<OnnxForm> forms = allOnnxForms();
  // The last form whose (domain, name, since) is not above (domain, name, opset).
  const OnnxForm *it = llvm::upper_bound(forms, std::make_tuple(domain, name, opset), [](const auto &key, const OnnxForm &f) {
    return key < std::make_tuple(f.domain, f.name, f.since);
  });
  if (it == forms.begin())
    return nullptr;
  --it;
  return it->domain == domain && it->name == name ? it : nullptr;
}

LogicalResult expectInputs(NodeView &n, unsigned least, unsigned most) {
  if (n.numInputs() < least || n.numInputs() > most) {
    std::string range = least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
    return n.error("expects " + range + " inputs, got " + Twine(n.numInputs()));
  }
  for (unsigned i = 0; i < least; ++i)
    if (!n.input(i))
      return n.error("input " + Twine(i) + " must be given");
  return success();
}

FailureOr<std::optional<SmallVector<int64_t>>> intsFrom(NodeView &n, StringRef name, int input) {
  if (n.hasAttr(name)) {
    if (std::optional<SmallVector<int64_t>> values = n.getInts(name))
      return values;
    if (std::optional<int64_t> value = n.getInt(name))
      return std::optional(SmallVector<int64_t>{*value});
    return failure();
  }
  Value v = input >= 0 ? n.input(input) : Value();
  if (!v)
    return std::optional<SmallVector<int64_t>>();
  if (std::optional<SmallVector<int64_t>> known = inferenceWhileBuilding(v.getContext())->constantContents(v))
    return known;
  return unsupported(n, "input " + Twine(input) + " ('" + name + "') that is not a constant");
}

LogicalResult unsupported(NodeView &n, const Twine &what) { return n.error(what + " is not supported"); }

bool isConstant(Value v) { return inferenceWhileBuilding(v.getContext())->constantContents(v).has_value(); }

FailureOr<int64_t> axisFrom(NodeView &n, StringRef name, int64_t fallback, int64_t rank) {
  return axisIn(n, n.getInt(name).value_or(fallback), rank);
}

FailureOr<int64_t> axisIn(NodeView &n, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return n.error("expects an axis in [" + Twine(-rank) + ", " + Twine(rank - 1) + "], got " + Twine(axis));
  return axis < 0 ? axis + rank : axis;
}

Type elementTypeOf(NodeView &n, int64_t t) {
  Builder &b = n.builder();
  MLIRContext *c = b.getContext();
  switch (t) {
  case 1: return b.getF32Type();
  case 2: return IntegerType::get(c, 8, IntegerType::Unsigned);
  case 3: return b.getIntegerType(8);
  case 4: return IntegerType::get(c, 16, IntegerType::Unsigned);
  case 5: return b.getIntegerType(16);
  case 6: return b.getIntegerType(32);
  case 7: return b.getIntegerType(64);
  case 9: return b.getI1Type();
  case 10: return b.getF16Type();
  case 11: return b.getF64Type();
  case 12: return IntegerType::get(c, 32, IntegerType::Unsigned);
  case 13: return IntegerType::get(c, 64, IntegerType::Unsigned);
  case 16: return b.getBF16Type();
  case 17: return Float8E4M3FNType::get(c);
  case 18: return Float8E4M3FNUZType::get(c);
  case 19: return Float8E5M2Type::get(c);
  case 20: return Float8E5M2FNUZType::get(c);
  case 21: return IntegerType::get(c, 4, IntegerType::Unsigned);
  case 22: return b.getIntegerType(4);
  case 23: return Float4E2M1FNType::get(c);
  case 24: return Float8E8M0FNUType::get(c);
  case 25: return IntegerType::get(c, 2, IntegerType::Unsigned);
  case 26: return b.getIntegerType(2);
  }
  (void)n.error("data type " + Twine(t) + " is not supported");
  return {};
}

LogicalResult expectSameTypes(NodeView &n, unsigned from, unsigned to) {
  auto typeOf = [&](unsigned i) { return cast<RankedTensorType>(n.input(i).getType()).getElementType(); };
  for (unsigned i = from + 1; i < to; ++i)
    if (n.input(i) && typeOf(i) != typeOf(from)) {
      std::string text;
      llvm::raw_string_ostream(text) << "expects inputs of one type, got " << typeOf(from) << " and " << typeOf(i);
      return n.error(text);
    }
  return success();
}

FailureOr<SmallVector<NamedAttribute>> sameNamedAttributes(NodeView &n, ArrayRef<StringRef> names) {
  SmallVector<NamedAttribute> attributes;
  for (StringRef name : names) {
    if (!n.hasAttr(name))
      continue;
    Attribute value;
    if (std::optional<double> f = n.getFloat(name))
      value = n.builder().getF64FloatAttr(*f);
    else if (std::optional<int64_t> i = n.getInt(name))
      value = n.builder().getI64IntegerAttr(*i);
    else
      return n.error("attribute '" + name + "' must be a number");
    attributes.push_back(n.builder().getNamedAttr(name, value));
  }
  return attributes;
}

LogicalResult buildOp(NodeView &n, StringRef name, unsigned operands, ArrayRef<StringRef> attributes, bool sameTypes,
                      Values &results) {
  if (failed(expectInputs(n, operands, operands)) || (sameTypes && failed(expectSameTypes(n, 0, operands))))
    return failure();
  FailureOr<SmallVector<NamedAttribute>> converted = sameNamedAttributes(n, attributes);
  if (failed(converted))
    return failure();
  SmallVector<Value> values;
  for (unsigned i = 0; i < operands; ++i)
    values.push_back(n.input(i));
  Operation *op = createOp(n.builder(), n.loc(), name, values, *converted);
  if (!op)
    return failure();
  results.push_back(op->getResult(0));
  return success();
}

} // namespace dlc::dl
