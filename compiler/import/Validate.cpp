//===- Validate.cpp -------------------------------------------------------===//

#include "compiler/import/Validate.h"
#include "compiler/import/Model.h"
#include "compiler/import/Types.h"
#include "dialects/dl/Onnx.h"
#include "llvm/ADT/MapVector.h"

namespace dlc::importer {
namespace {
using onnx::AttributeProto;


std::string nameOf(AttributeProto::AttributeType type) {
  std::string name = llvm::StringRef(AttributeProto::AttributeType_Name(type)).lower();
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

class Validator {
public:
  Validator(const onnx::ModelProto &model, const Functions &functions, Weights &weights, Report &report)
      : model_(model), functions_(functions), weights_(weights), report_(report) {}
  void run();

private:
  void checkModel();
  Opsets readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                    const std::string &what);
  void checkGraph(const onnx::GraphProto &graph, const Place &place, const onnx::FunctionProto *function, bool isMain);
  void checkInterface(const onnx::GraphProto &graph);
  void checkValue(const onnx::ValueInfoProto &value, const std::string &what, bool isArgument);
  void checkDefault(const onnx::ValueInfoProto &input, const onnx::TensorProto &initializer);
  void checkNodes(const Nodes &nodes, const Place &place, const onnx::FunctionProto *function);
  void checkAttribute(const onnx::NodeProto &node, const AttributeProto &attribute, unsigned index, const Place &place,
                      const onnx::FunctionProto *function);
  void checkOps(const Nodes &nodes, const Place &place, const Opsets &opsets);
  void reportUnsupported();

  /// Where an op that no form reads is first met, and how often.
  struct Unsupported {
    mlir::Location first;
    uint64_t count = 0;
    std::string message;
  };

  const onnx::ModelProto &model_;
  const Functions &functions_;
  Weights &weights_;
  Report &report_;
  Opsets opsets_;
  llvm::MapVector<std::pair<llvm::StringRef, llvm::StringRef>, Unsupported> unsupported_;
  llvm::StringMap<bool> missingDomains_;
};

Opsets Validator::readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                             const std::string &what) {
  Opsets opsets;
  for (const onnx::OperatorSetIdProto &import : imports) {
    llvm::StringRef domain = domainOf(import.domain());
    std::string name = domain.empty() ? "ai.onnx" : domain.str();
    int64_t version = import.version();
    auto [it, isNew] = opsets.try_emplace(domain, version);
    if (!isNew && it->second != version)
      report_.error(report_.file(), Code::BadOpsetImport,
                    what + " imports " + name + " in the versions " + llvm::Twine(it->second) + " and " +
                        llvm::Twine(version));
    if (version < 1)
      report_.error(report_.file(), Code::BadOpsetImport,
                    what + " imports version " + llvm::Twine(version) + " of " + name + ", which is none");
    else if (domain.empty() && version > dl::newestOpset)
      report_.error(report_.file(), Code::UnsupportedVersion,
                    what + " needs opset " + llvm::Twine(version) + " of ai.onnx, newer than " +
                        llvm::Twine(dl::newestOpset) + ", the newest supported");
  }
  return opsets;
}

void Validator::checkModel() {
  if (model_.ir_version() < 1)
    report_.error(report_.file(), Code::Incomplete, "the model has no ir_version");
  else if (model_.ir_version() > onnx::IR_VERSION)
    report_.error(report_.file(), Code::UnsupportedVersion,
                  "the file format is version " + llvm::Twine(model_.ir_version()) + ", newer than " +
                      llvm::Twine(static_cast<int>(onnx::IR_VERSION)) + ", the newest supported");
  if (model_.training_info_size() > 0)
    report_.error(report_.file(), Code::UnsupportedPart,
                  "the model has training_info, which is not supported: export it for inference");
  if (!model_.has_graph())
    report_.error(report_.file(), Code::Incomplete, "the model has no graph");
  else if (model_.graph().output_size() == 0)
    report_.error(report_.file(), Code::Incomplete, "the graph has no outputs");
  if (model_.opset_import_size() == 0 && model_.has_graph())
    report_.error(report_.file(), Code::BadOpsetImport, "the model imports no opset");
  for (const onnx::FunctionProto &function : model_.functions())
    if (function.name().empty())
      report_.error(report_.file(), Code::Incomplete, "a function has no name");
}

/// The shape and element type that a value is declared to have.
void Validator::checkValue(const onnx::ValueInfoProto &value, const std::string &what, bool isArgument) {
  const onnx::TypeProto &type = value.type();
  if (value.name().empty())
    return report_.error(report_.file(), Code::Incomplete, what + " has no name");
  if (isArgument && type.value_case() == onnx::TypeProto::VALUE_NOT_SET)
    return report_.error(report_.file(), Code::Incomplete, what + " has no type");
  if (!type.has_tensor_type()) {
    if (isArgument)
      report_.error(report_.file(), Code::UnsupportedType, what + " is no tensor, which is not supported");
    return;
  }
  const onnx::TypeProto::Tensor &tensor = type.tensor_type();
  if (isArgument && tensor.elem_type() == onnx::TensorProto::UNDEFINED)
    report_.error(report_.file(), Code::Incomplete, what + " has no element type");
  else if (isArgument && widthOf(tensor.elem_type()) == 0)
    report_.error(report_.file(), Code::UnsupportedType,
                  what + " has element type " + importer::nameOf(tensor.elem_type()) + ", which is not supported");
  if (isArgument && !tensor.has_shape())
    report_.error(report_.file(), Code::UnsupportedType,
                  what + " has no shape; a number of dims is needed, the dims may be unknown");
  llvm::SmallVector<int64_t> dims;
  for (const onnx::TensorShapeProto::Dimension &dim : tensor.shape().dim())
    dims.push_back(dim.has_dim_value() ? dim.dim_value() : 1);
  int64_t elements;
  if (std::optional<std::string> why = checkDims(dims, elements))
    report_.error(report_.file(), Code::BadDims, what + " " + *why);
}

/// An input with an initializer is a constant, but both must agree.
void Validator::checkDefault(const onnx::ValueInfoProto &input, const onnx::TensorProto &initializer) {
  const onnx::TypeProto::Tensor &type = input.type().tensor_type();
  bool agrees = !type.has_elem_type() || type.elem_type() == initializer.data_type();
  if (type.has_shape()) {
    agrees &= type.shape().dim_size() == initializer.dims_size();
    for (int i = 0; agrees && i < type.shape().dim_size(); ++i)
      agrees = !type.shape().dim(i).has_dim_value() || type.shape().dim(i).dim_value() == initializer.dims(i);
  }
  if (!agrees)
    report_.error(report_.file(), Code::TypesDisagree,
                  "input " + quote(input.name()) + " and the initializer of this name differ in type or dims");
}

void Validator::checkInterface(const onnx::GraphProto &graph) {
  llvm::StringMap<const onnx::TensorProto *> initializers;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initializers.try_emplace(tensor.name(), &tensor);
  for (auto [i, input] : llvm::enumerate(graph.input())) {
    const onnx::TensorProto *initializer = initializers.lookup(input.name());
    checkValue(input, "input " + (input.name().empty() ? std::to_string(i) : quote(input.name())), !initializer);
    if (initializer)
      checkDefault(input, *initializer);
  }
  llvm::StringMap<bool> seen;
  for (auto [i, output] : llvm::enumerate(graph.output())) {
    std::string what = "output " + (output.name().empty() ? std::to_string(i) : quote(output.name()));
    checkValue(output, what, /*isArgument=*/false);
    if (!seen.try_emplace(output.name()).second)
      report_.error(report_.file(), Code::DefinedTwice, what + " is given twice");
  }
}

void Validator::checkGraph(const onnx::GraphProto &graph, const Place &place, const onnx::FunctionProto *function,
                           bool isMain) {
  if (graph.sparse_initializer_size() > 0)
    report_.error(report_.file(), Code::UnsupportedPart,
                  "the graph has " + plural(graph.sparse_initializer_size(), "sparse initializer") +
                      ", which are not supported");
  if (isMain) {
    checkInterface(graph);
  } else {
    for (const onnx::ValueInfoProto &input : graph.input())
      checkValue(input, "input " + quote(input.name()) + " of a subgraph", /*isArgument=*/false);
    for (const onnx::ValueInfoProto &output : graph.output())
      checkValue(output, "output " + quote(output.name()) + " of a subgraph", /*isArgument=*/false);
  }
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    if (tensor.name().empty())
      report_.error(report_.file(), Code::Incomplete, "an initializer has no name");
    weights_.check(tensor, report_.file(), "initializer " + quote(tensor.name()));
  }
  checkNodes(graph.node(), place, function);
}

void Validator::checkNodes(const Nodes &nodes, const Place &place, const onnx::FunctionProto *function) {
  for (int i = 0; i < nodes.size(); ++i) {
    const onnx::NodeProto &node = nodes[i];
    if (node.op_type().empty())
      report_.error(place.locate(report_, node, i), Code::Incomplete, "a node has no op_type");
    llvm::StringMap<bool> seen;
    for (const AttributeProto &attribute : node.attribute()) {
      if (!seen.try_emplace(attribute.name()).second)
        report_.error(place.locate(report_, node, i), Code::BadAttribute,
                      opName(node) + ": attribute " + quote(attribute.name()) + " is given twice");
      checkAttribute(node, attribute, i, place, function);
    }
  }
}

void Validator::checkAttribute(const onnx::NodeProto &node, const AttributeProto &attribute, unsigned index,
                               const Place &place, const onnx::FunctionProto *function) {
  std::string what = opName(node) + ": attribute " + quote(attribute.name());
  auto error = [&](Code code, const llvm::Twine &message) {
    report_.error(place.locate(report_, node, index), code, what + " " + message);
  };
  if (attribute.name().empty())
    return report_.error(place.locate(report_, node, index), Code::BadAttribute,
                         opName(node) + ": an attribute has no name");
  if (!attribute.has_type() || attribute.type() == AttributeProto::UNDEFINED)
    return error(Code::BadAttribute, "has no type, or one that this format does not have");
  const std::pair<AttributeProto::AttributeType, bool> contents[] = {
      {AttributeProto::FLOAT, attribute.has_f()},
      {AttributeProto::INT, attribute.has_i()},
      {AttributeProto::STRING, attribute.has_s()},
      {AttributeProto::TENSOR, attribute.has_t()},
      {AttributeProto::GRAPH, attribute.has_g()},
      {AttributeProto::SPARSE_TENSOR, attribute.has_sparse_tensor()},
      {AttributeProto::TYPE_PROTO, attribute.has_tp()},
      {AttributeProto::FLOATS, attribute.floats_size() > 0},
      {AttributeProto::INTS, attribute.ints_size() > 0},
      {AttributeProto::STRINGS, attribute.strings_size() > 0},
      {AttributeProto::TENSORS, attribute.tensors_size() > 0},
      {AttributeProto::GRAPHS, attribute.graphs_size() > 0},
      {AttributeProto::SPARSE_TENSORS, attribute.sparse_tensors_size() > 0},
      {AttributeProto::TYPE_PROTOS, attribute.type_protos_size() > 0},
  };
  for (auto [type, isPresent] : contents)
    if (isPresent && !attribute.ref_attr_name().empty())
      return error(Code::BadAttribute, "has a value and also refers to " + quote(attribute.ref_attr_name()));
    else if (isPresent && type != attribute.type())
      return error(Code::BadAttribute, "is declared as " + nameOf(attribute.type()) + " but holds " + nameOf(type));
  if (!attribute.ref_attr_name().empty()) {
    auto isNamed = [&](const AttributeProto &a) { return a.name() == attribute.ref_attr_name(); };
    if (!function)
      error(Code::BadAttribute, "refers to " + quote(attribute.ref_attr_name()) + ", which only works in a function");
    else if (!llvm::is_contained(function->attribute(), attribute.ref_attr_name()) &&
             llvm::none_of(function->attribute_proto(), isNamed))
      error(Code::BadAttribute, "refers to " + quote(attribute.ref_attr_name()) +
                                    ", which is no attribute of function " + quote(function->name()));
    return;
  }
  switch (attribute.type()) {
  case AttributeProto::TENSOR:
    if (!attribute.has_t())
      return error(Code::BadAttribute, "is declared as tensor but holds nothing");
    weights_.check(attribute.t(), place.locate(report_, node, index), what);
    return;
  case AttributeProto::GRAPH:
    if (!attribute.has_g())
      return error(Code::BadAttribute, "is declared as graph but holds nothing");
    return checkGraph(attribute.g(), place.inside(node, index, attribute.name()), function, /*isMain=*/false);
  case AttributeProto::SPARSE_TENSOR:
  case AttributeProto::SPARSE_TENSORS:
  case AttributeProto::TYPE_PROTO:
  case AttributeProto::TYPE_PROTOS:
  case AttributeProto::TENSORS:
  case AttributeProto::GRAPHS:
    return error(Code::UnsupportedPart, "holds " + nameOf(attribute.type()) + ", which is not supported");
  default:
    return;
  }
}

void Validator::checkOps(const Nodes &nodes, const Place &place, const Opsets &opsets) {
  for (int i = 0; i < nodes.size(); ++i) {
    const onnx::NodeProto &node = nodes[i];
    for (const AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        checkOps(attribute.g().node(), place.inside(node, i, attribute.name()), opsets);
    if (node.op_type().empty() || functions_.find(node))
      continue;
    llvm::StringRef domain = domainOf(node.domain());
    std::string domainName = domain.empty() ? "ai.onnx" : domain.str();
    auto opset = opsets.find(domain);
    if (opset == opsets.end()) {
      if (missingDomains_.try_emplace(domain).second)
        report_.error(place.locate(report_, node, i), Code::BadOpsetImport,
                      opName(node) + ": the model imports no opset of domain " + domainName);
      continue;
    }
    if (opset->second < 1 || dl::findOnnx(domain, node.op_type(), opset->second))
      continue;
    auto [it, isNew] =
        unsupported_.try_emplace({domain, node.op_type()}, Unsupported{place.locate(report_, node, i), 0, {}});
    ++it->second.count;
    if (!isNew)
      continue;
    bool knowsDomain = false;
    std::optional<int64_t> since;
    for (const dl::OnnxForm &form : dl::allOnnxForms()) {
      knowsDomain |= form.domain == domain;
      if (form.domain == domain && form.name == node.op_type())
        since = std::min(since.value_or(form.since), form.since);
    }
    if (!knowsDomain)
      it->second.message = "the domain " + quote(domainName) + " is not supported";
    else if (since)
      it->second.message = "opset " + std::to_string(opset->second) + " of " + domainName +
                           " is not supported for this op, " + std::to_string(*since) + " and newer are";
    else
      it->second.message = "the op is not supported";
  }
}

void Validator::reportUnsupported() {
  for (auto &[op, where] : unsupported_) {
    std::vector<std::string> notes;
    if (where.count > 1)
      notes.push_back("and " + plural(where.count - 1, "more node") + " of this op");
    std::string name = (op.first + (op.first.empty() ? "" : ".") + op.second).str();
    report_.error(where.first, Code::UnsupportedOp, name + ": " + where.message, notes);
  }
}

void Validator::run() {
  checkModel();
  opsets_ = readOpsets(model_.opset_import(), "the model");
  checkGraph(model_.graph(), {}, nullptr, /*isMain=*/true);
  checkNames(model_, report_);
  functions_.check(report_);
  checkOps(model_.graph().node(), {}, opsets_);
  llvm::SetVector<const onnx::FunctionProto *> reachable = functions_.reachable();
  for (const onnx::FunctionProto &function : model_.functions()) {
    Place place{function.name() + "/", /*isFunction=*/true, std::nullopt};
    checkNodes(function.node(), place, &function);
    Opsets opsets = readOpsets(function.opset_import(), "function " + quote(function.name()));
    for (const auto &entry : opsets_)
      opsets.try_emplace(entry.first(), entry.second);
    if (reachable.contains(&function))
      checkOps(function.node(), place, opsets);
  }
  reportUnsupported();
}
} // namespace

void validate(const onnx::ModelProto &model, const Functions &functions, Weights &weights, Report &report) {
  Validator(model, functions, weights, report).run();
}

} // namespace dlc::importer
