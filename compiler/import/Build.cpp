//===- Build.cpp ----------------------------------------------------------===//

#include "compiler/import/Build.h"
#include "compiler/import/Node.h"
#include "compiler/import/Scan.h"
#include "compiler/import/Signature.h"
#include "compiler/import/Types.h"
#include "dialects/dl/Builder.h"
#include "dialects/dl/ops/Random.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Path.h"

namespace dlc::importer {

Opsets GraphBuilder::opsetsOf(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) const {
  Opsets opsets;
  for (const onnx::OperatorSetIdProto &import : imports)
    opsets.try_emplace(domainOf(import.domain()), import.version());
  return opsets;
}

void GraphBuilder::bindInitializers(const onnx::GraphProto &graph, Scope &scope) {
  for (const onnx::TensorProto &tensor : graph.initializer())
    scope.names.try_emplace(tensor.name(), Named{{}, &tensor, {}, false});
}

Named *GraphBuilder::lookup(Scope &scope, llvm::StringRef name) {
  for (Scope *s = &scope; s; s = s->outer) {
    auto it = s->names.find(name);
    if (it == s->names.end())
      continue;
    Named &named = it->second;
    if (named.value || !named.initializer)
      return &named;
    // Made where it is first needed, so that unused weights never enter the module.
    mlir::OpBuilder::InsertionGuard guard(builder_);
    if (s->lastConstant)
      builder_.setInsertionPointAfter(s->lastConstant);
    else
      builder_.setInsertionPointToStart(s->block);
    mlir::Location loc = report_.named(name, 0);
    named.value = dl::buildConstant(builder_, loc, weights_.read(*named.initializer, name), name);
    s->lastConstant = named.value.getDefiningOp();
    return &named;
  }
  return nullptr;
}

llvm::SmallVector<std::pair<llvm::StringRef, NodeAttribute>>
GraphBuilder::attributesOf(const onnx::NodeProto &node, Scope &scope, mlir::Location loc) {
  llvm::SmallVector<std::pair<llvm::StringRef, NodeAttribute>> attributes;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    NodeAttribute resolved{&attribute, &scope};
    if (!attribute.ref_attr_name().empty()) {
      resolved = scope.frame->attributes.lookup(attribute.ref_attr_name());
      if (!resolved.proto)
        continue;
      if (resolved.proto->type() != attribute.type()) {
        report_.error(loc, Code::BadAttribute,
                      opName(node) + ": attribute " + quote(attribute.name()) + " refers to " +
                          quote(attribute.ref_attr_name()) + ", which has another type");
        continue;
      }
    }
    attributes.push_back({attribute.name(), resolved});
  }
  return attributes;
}

/// Inlines a call: its inputs, attributes and opsets are the body's, its outputs the node's.
bool GraphBuilder::call(const onnx::FunctionProto &function, const onnx::NodeProto &node, unsigned index,
                        Scope &scope) {
  mlir::Location loc = scope.place.locate(report_, node, index);
  unsigned before = report_.count();
  auto tooMany = [&](llvm::StringRef what, int given, int taken) {
    if (given > taken)
      report_.error(loc, Code::BadCall,
                    opName(node) + ": function " + quote(function.name()) + " has " + plural(taken, what) + ", got " +
                        llvm::Twine(given));
  };
  tooMany("input", node.input_size(), function.input_size());
  tooMany("output", node.output_size(), function.output_size());

  Frame frame;
  frame.function = &function;
  frame.opsets = opsetsOf(function.opset_import());
  for (const auto &entry : opsetsOf(model_.opset_import()))
    frame.opsets.try_emplace(entry.first(), entry.second);
  for (auto [name, attribute] : attributesOf(node, scope, loc)) {
    auto isNamed = [&](const onnx::AttributeProto &a) { return a.name() == name; };
    if (!llvm::is_contained(function.attribute(), name) && llvm::none_of(function.attribute_proto(), isNamed))
      report_.error(loc, Code::BadCall,
                    opName(node) + ": function " + quote(function.name()) + " has no attribute " + quote(name));
    frame.attributes[name] = attribute;
  }
  Scope body{nullptr, &frame, scope.place.inside(node, index, ""), builder_.getInsertionBlock(), nullptr};
  body.place.isFunction = true;
  for (const onnx::AttributeProto &attribute : function.attribute_proto())
    frame.attributes.try_emplace(attribute.name(), NodeAttribute{&attribute, &body});
  for (int i = 0; i < function.input_size(); ++i) {
    Named *argument = i < node.input_size() && !node.input(i).empty() ? lookup(scope, node.input(i)) : nullptr;
    body.names[function.input(i)] = argument ? *argument : Named{};
  }
  if (report_.count() != before)
    return false;
  buildNodes(function.node(), body);
  for (int i = 0; i < node.output_size(); ++i)
    if (!node.output(i).empty()) {
      Named *result = lookup(body, function.output(i));
      scope.names[node.output(i)] = result && result->value ? *result : Named{{}, nullptr, {}, true};
    }
  return true;
}

bool GraphBuilder::countNode(mlir::Location loc) {
  if (!isTooLarge_ && (++nodes_ > maxNodes || depth_ > 2 * maxNesting)) {
    isTooLarge_ = true;
    report_.error(loc, Code::TooLarge,
                  "the model has more than " + llvm::Twine(maxNodes) + " nodes, or is nested deeper than " +
                      llvm::Twine(2 * maxNesting) + ", once its functions are inlined");
  }
  return !isTooLarge_;
}

bool GraphBuilder::buildNode(const onnx::NodeProto &node, unsigned index, Scope &scope) {
  if (!countNode(scope.place.locate(report_, node, index)))
    return false;
  for (const std::string &input : node.input())
    if (Named *named = input.empty() ? nullptr : lookup(scope, input); named && named->failed)
      return false;
  if (const onnx::FunctionProto *function = functions_.find(node))
    return call(*function, node, index, scope);
  llvm::SmallVector<mlir::Value> results;
  if (!Node(*this, node, index, scope).build(results))
    return false;
  for (int i = 0; i < node.output_size(); ++i)
    if (!node.output(i).empty())
      scope.names[node.output(i)] = Named{results[i], nullptr, {}, false};
  return true;
}

void GraphBuilder::buildNodes(const Nodes &nodes, Scope &scope) {
  ++depth_;
  for (int i = 0; i < nodes.size(); ++i)
    if (!buildNode(nodes[i], i, scope))
      // What depends on a wrong node is not wrong by itself: it is skipped in silence.
      for (const std::string &output : nodes[i].output())
        if (!output.empty())
          scope.names[output] = Named{{}, nullptr, {}, true};
  --depth_;
}

mlir::LogicalResult GraphBuilder::buildSubgraph(const onnx::GraphProto &graph, Scope &outer, Place place,
                                                mlir::ValueRange arguments,
                                                llvm::SmallVectorImpl<mlir::Value> &outputs) {
  mlir::Block *block = builder_.getInsertionBlock();
  mlir::Block::iterator point = builder_.getInsertionPoint();
  Scope scope{&outer, outer.frame, std::move(place), block, point == block->begin() ? nullptr : &*std::prev(point)};
  for (auto [input, argument] : llvm::zip(graph.input(), arguments))
    scope.names[input.name()] = Named{argument, nullptr, {}, false};
  bindInitializers(graph, scope);
  buildNodes(graph.node(), scope);
  for (const onnx::ValueInfoProto &output : graph.output()) {
    Named *named = lookup(scope, output.name());
    if (!named || !named->value)
      return mlir::failure();
    outputs.push_back(named->value);
  }
  return mlir::success();
}

/// Ends the function: its results, and what the file says of them.
void GraphBuilder::bindResults(const onnx::GraphProto &graph, Scope &scope, mlir::Operation *op) {
  auto function = llvm::cast<mlir::func::FuncOp>(op);
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::Attribute> attributes;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    Named *named = lookup(scope, output.name());
    if (!named || !named->value)
      return;
    const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
    auto type = llvm::dyn_cast<mlir::ShapedType>(named->value.getType());
    bool agrees = type && (!declared.elem_type() ||
                           type.getElementType() == elementTypeOf(declared.elem_type(), report_.context()));
    if (agrees && declared.has_shape() && type.hasRank())
      agrees = declared.shape().dim_size() == type.getRank();
    if (!agrees)
      report_.error(named->value.getLoc(), Code::TypesDisagree,
                    "output " + quote(output.name()) + " is " + describe(named->value.getType()) +
                        ", declared with element type " + nameOf(declared.elem_type()) + " and " +
                        plural(declared.shape().dim_size(), "dim"));
    values.push_back(named->value);
    types.push_back(named->value.getType());
    attributes.push_back(
        builder_.getDictionaryAttr(builder_.getNamedAttr("dl.name", builder_.getStringAttr(output.name()))));
  }
  mlir::func::ReturnOp::create(builder_, report_.file(), values);
  function.setType(builder_.getFunctionType(function.getArgumentTypes(), types));
  function.setResAttrsAttr(builder_.getArrayAttr(attributes));
}

mlir::OwningOpRef<mlir::ModuleOp> GraphBuilder::build(const ImportOptions &options) {
  const onnx::GraphProto &graph = model_.graph();
  llvm::SmallVector<Argument> arguments = readSignature(graph, options, report_);
  if (report_.any())
    return nullptr;
  mlir::OwningOpRef<mlir::ModuleOp> module(mlir::ModuleOp::create(builder_, report_.file(), options.name));
  builder_.setInsertionPointToStart(module->getBody());
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::DictionaryAttr> attributes;
  for (const Argument &argument : arguments) {
    types.push_back(argument.type);
    llvm::SmallVector<llvm::StringRef> dims(argument.dims.begin(), argument.dims.end());
    attributes.push_back(
        builder_.getDictionaryAttr({builder_.getNamedAttr("dl.dims", builder_.getStrArrayAttr(dims)),
                                    builder_.getNamedAttr("dl.name", builder_.getStringAttr(argument.name))}));
  }
  auto function = mlir::func::FuncOp::create(builder_, report_.file(), "run", builder_.getFunctionType(types, {}));
  mlir::Block *body = function.addEntryBlock();
  builder_.setInsertionPointToStart(body);

  Frame frame;
  frame.opsets = opsetsOf(model_.opset_import());
  Scope scope{nullptr, &frame, {}, body, nullptr};
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    function.setArgAttrs(i, attributes[i]);
    mlir::BlockArgument value = body->getArgument(i);
    value.setLoc(report_.named(argument.name, 0));
    auto dims = llvm::cast<mlir::ArrayAttr>(attributes[i].get("dl.dims"));
    scope.names[argument.name] = Named{value, nullptr, dims, false};
  }
  bindInitializers(graph, scope);
  buildNodes(graph.node(), scope);
  if (!report_.any())
    bindResults(graph, scope, function);
  if (!report_.any())
    dl::numberDraws(function);
  return report_.any() ? nullptr : std::move(module);
}

} // namespace dlc::importer
