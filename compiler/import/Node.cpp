//===- Node.cpp -----------------------------------------------------------===//

#include "compiler/import/Node.h"
#include "compiler/import/Types.h"
#include "mlir/IR/Diagnostics.h"

namespace dlc::importer {
using onnx::AttributeProto;

namespace {
/// "an int", "ints".
std::string nameOfType(int type) {
  std::string name =
      llvm::StringRef(AttributeProto::AttributeType_Name(static_cast<AttributeProto::AttributeType>(type))).lower();
  std::replace(name.begin(), name.end(), '_', ' ');
  if (name.back() == 's')
    return name;
  return (name == "int" ? "an " : "a ") + name;
}
} // namespace

Node::Node(GraphBuilder &graph, const onnx::NodeProto &node, unsigned index, Scope &scope)
    : graph_(graph), node_(node), scope_(scope), label_(scope.place.label(node, index)), index_(index),
      loc_(scope.place.locate(graph.report(), node, index)), numOutputs_(node.output_size()) {
  for (const std::string &input : node.input()) {
    Named *named = input.empty() ? nullptr : graph.lookup(scope, input);
    inputs_.push_back(named ? *named : Named{});
  }
  while (!inputs_.empty() && !inputs_.back().value)
    inputs_.pop_back();
  while (numOutputs_ > 0 && node.output(numOutputs_ - 1).empty())
    --numOutputs_;
  unsigned before = graph.report().count();
  attributes_ = graph.attributesOf(node, scope, loc_);
  hasReportedFailure_ = graph.report().count() != before;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

NodeAttribute Node::attribute(llvm::StringRef name) const {
  for (const auto &[own, attribute] : attributes_)
    if (own == name)
      return attribute;
  return {};
}

const AttributeProto *Node::expect(llvm::StringRef name, int type) const {
  const AttributeProto *proto = attribute(name).proto;
  if (!proto)
    return nullptr;
  if (proto->type() != type) {
    misfits_[proto->name()].push_back(type);
    return nullptr;
  }
  answered_.push_back(proto->name());
  return proto;
}

std::optional<int64_t> Node::getInt(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::INT);
  return a ? std::optional<int64_t>(a->i()) : std::nullopt;
}

std::optional<double> Node::getFloat(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::FLOAT);
  return a ? std::optional<double>(a->f()) : std::nullopt;
}

std::optional<llvm::StringRef> Node::getString(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::STRING);
  return a ? std::optional<llvm::StringRef>(a->s()) : std::nullopt;
}

std::optional<llvm::SmallVector<int64_t>> Node::getInts(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::INTS);
  return a ? std::optional(llvm::SmallVector<int64_t>(a->ints().begin(), a->ints().end())) : std::nullopt;
}

std::optional<llvm::SmallVector<double>> Node::getFloats(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::FLOATS);
  return a ? std::optional(llvm::SmallVector<double>(a->floats().begin(), a->floats().end())) : std::nullopt;
}

std::optional<llvm::SmallVector<llvm::StringRef>> Node::getStrings(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::STRINGS);
  return a ? std::optional(llvm::SmallVector<llvm::StringRef>(a->strings().begin(), a->strings().end())) : std::nullopt;
}

mlir::ElementsAttr Node::getTensor(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::TENSOR);
  return a ? graph_.weights().read(a->t(), label_ + "/" + name.str()) : mlir::ElementsAttr();
}

llvm::SmallVector<llvm::StringRef> Node::attrNames() const {
  llvm::SmallVector<llvm::StringRef> names;
  for (const auto &[name, attribute] : attributes_)
    names.push_back(name);
  return names;
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

std::optional<unsigned> Node::graphInputs(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::GRAPH);
  return a ? std::optional<unsigned>(a->g().input_size()) : std::nullopt;
}

unsigned Node::graphOutputs(llvm::StringRef name) const {
  const AttributeProto *a = expect(name, AttributeProto::GRAPH);
  return a ? a->g().output_size() : 0;
}

mlir::LogicalResult Node::buildGraph(llvm::StringRef name, mlir::ValueRange arguments,
                                     llvm::SmallVectorImpl<mlir::Value> &outputs) {
  const AttributeProto *a = expect(name, AttributeProto::GRAPH);
  if (!a)
    return attribute(name).proto ? mlir::failure() : error("attribute " + quote(name) + " is missing");
  const onnx::GraphProto &graph = a->g();
  if (graph.input_size() != static_cast<int>(arguments.size()))
    return error("graph " + quote(name) + " takes " + plural(graph.input_size(), "input") + ", gets " +
                 llvm::Twine(arguments.size()));
  for (auto [input, argument] : llvm::zip(graph.input(), arguments)) {
    mlir::Type declared = elementTypeOf(input.type().tensor_type().elem_type(), graph_.report().context());
    auto given = llvm::dyn_cast<mlir::ShapedType>(argument.getType());
    if (declared && given && given.getElementType() != declared)
      return error("input " + quote(input.name()) + " of graph " + quote(name) + " is declared as " +
                   describe(declared) + ", gets " + describe(given));
  }
  if (mlir::succeeded(graph_.buildSubgraph(graph, *attribute(name).scope, scope_.place.inside(node_, index_, name),
                                           arguments, outputs)))
    return mlir::success();
  hasReportedFailure_ = true;
  return mlir::failure();
}

//===----------------------------------------------------------------------===//
// Building and its mistakes
//===----------------------------------------------------------------------===//

mlir::LogicalResult Node::error(const llvm::Twine &message) {
  mistakes_.push_back({message.str(), {}});
  return mlir::failure();
}

/// Takes over what an op's builder says of itself: "'dl.matmul' op expects ..." becomes a mistake of this node.
void Node::collect(mlir::Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  llvm::StringRef rest = text;
  if (rest.consume_front("'"))
    rest = rest.split("' op ").second;
  Mistake mistake{rest.empty() ? text : rest.str(), {}};
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    if (std::string words = note.str(); !llvm::StringRef(words).starts_with("see current operation"))
      mistake.notes.push_back(words);
  mistakes_.push_back(std::move(mistake));
}

std::vector<std::string> Node::describeInputs() const {
  std::vector<std::string> notes;
  for (auto [i, input] : llvm::enumerate(inputs_)) {
    if (!input.value)
      continue;
    std::string note = node_.input(i) + " " + describe(input.value.getType(), input.dims);
    auto named = llvm::dyn_cast<mlir::NameLoc>(input.value.getLoc());
    if (input.initializer)
      note += "  initializer";
    else if (llvm::isa<mlir::BlockArgument>(input.value))
      note += "  input of the graph";
    else if (named)
      note += "  from " + quote(named.getName());
    notes.push_back(std::move(note));
    if (notes.size() == 8 && inputs_.size() > 9) {
      notes.push_back("and " + plural(inputs_.size() - i - 1, "more input"));
      break;
    }
  }
  return notes;
}

bool Node::report(bool built) {
  unsigned before = graph_.report().count();
  for (auto &[name, expected] : misfits_) {
    if (llvm::is_contained(answered_, name))
      continue;
    std::string types;
    for (int type : expected)
      types += (types.empty() ? "" : " or ") + nameOfType(type);
    graph_.report().error(loc_, Code::BadAttribute,
                          opName(node_) + ": attribute " + quote(name) + " expects " + types + ", found " +
                              nameOfType(attribute(name).proto ? attribute(name).proto->type() : 0));
  }
  // What a form says after it was refused an attribute follows from that.
  if (graph_.report().count() != before)
    return true;
  for (Mistake &mistake : mistakes_) {
    bool isUnsupported = llvm::StringRef(mistake.text).contains("not supported");
    std::vector<std::string> notes = describeInputs();
    notes.insert(notes.end(), mistake.notes.begin(), mistake.notes.end());
    graph_.report().error(loc_, isUnsupported ? Code::UnsupportedOp : Code::BadNode,
                          opName(node_) + ": " + mistake.text, notes);
  }
  if (!built && mistakes_.empty() && !hasReportedFailure_)
    graph_.report().error(loc_, Code::Internal, opName(node_) + ": cannot be built, and the op gives no reason");
  return graph_.report().count() != before;
}

bool Node::checkResults(llvm::SmallVectorImpl<mlir::Value> &results) {
  bool isFine = true;
  results.resize(std::max<size_t>(results.size(), node_.output_size()));
  for (unsigned i = 0; i < numOutputs_; ++i)
    if (outputUsed(i) && !results[i]) {
      (void)error("output " + llvm::Twine(i) + ", " + quote(node_.output(i)) + ", is not supported");
      isFine = false;
    }
  return isFine;
}

bool Node::build(llvm::SmallVectorImpl<mlir::Value> &results) {
  if (hasReportedFailure_)
    return false;
  const dl::OnnxForm *form = dl::findOnnx(domain(), opType(), opset());
  if (!form) {
    graph_.report().error(loc_, Code::UnsupportedOp, opName(node_) + ": the op is not supported");
    return false;
  }
  bool built;
  {
    mlir::ScopedDiagnosticHandler handler(&graph_.report().context(), [&](mlir::Diagnostic &diagnostic) {
      // Nodes inside graph attributes have already reported theirs.
      if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error || codeOf(diagnostic.str()))
        return mlir::failure();
      collect(diagnostic);
      return mlir::success();
    });
    built = mlir::succeeded(form->build(*this, results)) && mistakes_.empty() && checkResults(results);
  }
  return !report(built) && built && !hasReportedFailure_;
}

} // namespace dlc::importer
