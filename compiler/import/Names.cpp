//===- Names.cpp - Each name is defined once, and before it is used -------===//

#include "compiler/import/Model.h"
#include "compiler/import/Validate.h"
#include "llvm/ADT/BitVector.h"

namespace dlc::importer {
namespace {

constexpr int outside = -1; ///< defined by an input or initializer, not by a node

/// A list of nodes and the names around it: the main graph, a subgraph, or a function's body.
struct Body {
  const Nodes &nodes;
  std::vector<llvm::StringRef> inputs, outputs;
  const google::protobuf::RepeatedPtrField<onnx::TensorProto> *initializers = nullptr;
  std::string what; ///< "the graph", "function "f"", "graph "then_branch""
};

struct Scope {
  Scope *outer;
  const Body &body;
  Place place;
  llvm::StringMap<int> definitions;       ///< index of the defining node
  int current = 0;                        ///< the node being looked at
  std::vector<std::pair<int, int>> edges; ///< (node, a node it needs)

  std::string label(int index) const {
    return quote(place.label(body.nodes[index], index)) + " (#" + std::to_string(index) + ")";
  }
};

class NameChecker {
public:
  explicit NameChecker(Report &report) : report_(report) {}
  void check(const Body &body, Scope *outer, Place place);

private:
  void define(Scope &scope, llvm::StringRef name, int index);
  void use(Scope &scope, llvm::StringRef name, const onnx::NodeProto &node, size_t position);
  void checkSubgraphs(Scope &scope, const onnx::NodeProto &node, int index);
  void checkOrder(Scope &scope);
  llvm::BitVector reportCycles(const Scope &scope);
  mlir::Location locate(const Scope &scope, int index) {
    return index == outside ? report_.file() : scope.place.locate(report_, scope.body.nodes[index], index);
  }

  Report &report_;
};

void NameChecker::define(Scope &scope, llvm::StringRef name, int index) {
  auto [it, isNew] = scope.definitions.try_emplace(name, index);
  if (isNew)
    return;
  auto describe = [&](int by) {
    return by == outside ? "an input or initializer of " + scope.body.what : "node " + scope.label(by);
  };
  report_.error(locate(scope, index), Code::DefinedTwice, "the name " + quote(name) + " is defined twice",
                {"by " + describe(it->second), "by " + describe(index)});
}

void NameChecker::use(Scope &scope, llvm::StringRef name, const onnx::NodeProto &node, size_t position) {
  for (Scope *s = &scope; s; s = s->outer) {
    auto it = s->definitions.find(name);
    if (it == s->definitions.end())
      continue;
    if (it->second != outside)
      s->edges.push_back({s->current, it->second});
    return;
  }
  report_.error(locate(scope, scope.current), Code::NotDefined,
                opName(node) + ": input " + llvm::Twine(position) + ", " + quote(name) + ", is not defined",
                {"no input, initializer or node of " + scope.body.what +
                 (scope.outer ? " or the graphs around it" : "") + " has this name"});
}

void NameChecker::checkSubgraphs(Scope &scope, const onnx::NodeProto &node, int index) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    auto checkGraph = [&](const onnx::GraphProto &graph) {
      Body body{graph.node(), {}, {}, &graph.initializer(), "graph " + quote(attribute.name())};
      for (const onnx::ValueInfoProto &input : graph.input())
        body.inputs.push_back(input.name());
      for (const onnx::ValueInfoProto &output : graph.output())
        body.outputs.push_back(output.name());
      check(body, &scope, scope.place.inside(node, index, attribute.name()));
    };
    if (attribute.has_g())
      checkGraph(attribute.g());
    for (const onnx::GraphProto &graph : attribute.graphs())
      checkGraph(graph);
  }
}

void NameChecker::check(const Body &body, Scope *outer, Place place) {
  Scope scope{outer, body, std::move(place), {}, 0, {}};
  for (llvm::StringRef input : body.inputs)
    define(scope, input, outside);
  llvm::StringMap<bool> seen;
  if (body.initializers)
    for (const onnx::TensorProto &tensor : *body.initializers) {
      if (tensor.name().empty())
        continue;
      if (!seen.try_emplace(tensor.name()).second)
        report_.error(report_.file(), Code::DefinedTwice,
                      "initializer " + quote(tensor.name()) + " of " + body.what + " is defined twice");
      // An initializer gives an input of its name a default.
      scope.definitions.try_emplace(tensor.name(), outside);
    }
  for (int i = 0; i < body.nodes.size(); ++i)
    for (const std::string &output : body.nodes[i].output())
      if (!output.empty())
        define(scope, output, i);

  for (scope.current = 0; scope.current < body.nodes.size(); ++scope.current) {
    const onnx::NodeProto &node = body.nodes[scope.current];
    for (int i = 0; i < node.input_size(); ++i)
      if (!node.input(i).empty())
        use(scope, node.input(i), node, i);
    checkSubgraphs(scope, node, scope.current);
  }
  for (llvm::StringRef output : body.outputs) {
    Scope *s = &scope;
    while (s && !s->definitions.count(output))
      s = s->outer;
    if (!s && !output.empty())
      report_.error(outer ? locate(*outer, outer->current) : report_.file(), Code::NotDefined,
                    "output " + quote(output) + " of " + body.what + " is not defined",
                    {"no input, initializer or node has this name"});
    else if (s && s != &scope && s->definitions.lookup(output) != outside)
      s->edges.push_back({s->current, s->definitions.lookup(output)});
  }
  checkOrder(scope);
}

void NameChecker::checkOrder(Scope &scope) {
  if (llvm::all_of(scope.edges, [](auto edge) { return edge.second < edge.first; }))
    return;
  llvm::BitVector isInCycle = reportCycles(scope);
  for (auto [node, needed] : scope.edges)
    if (needed > node && !(isInCycle[node] && isInCycle[needed]))
      report_.error(locate(scope, node), Code::UsedTooEarly,
                    opName(scope.body.nodes[node]) + ": needs the result of node " + scope.label(needed) +
                        ", which comes later in the file; ONNX expects nodes in topological order");
}

/// Depth first along the needs of each node; an edge back into the current path closes a cycle.
llvm::BitVector NameChecker::reportCycles(const Scope &scope) {
  int count = scope.body.nodes.size();
  std::vector<std::vector<int>> needs(count);
  for (auto [node, needed] : scope.edges)
    needs[node].push_back(needed);
  llvm::BitVector isInCycle(count);
  enum { Unseen, Open, Done };
  std::vector<int> state(count, Unseen);
  for (int root = 0; root < count; ++root) {
    if (state[root] != Unseen)
      continue;
    std::vector<std::pair<int, size_t>> path = {{root, 0}};
    state[root] = Open;
    while (!path.empty()) {
      auto &[node, next] = path.back();
      if (next == needs[node].size()) {
        state[node] = Done;
        path.pop_back();
        continue;
      }
      int needed = needs[node][next++];
      if (state[needed] == Unseen) {
        state[needed] = Open;
        path.push_back({needed, 0});
      } else if (state[needed] == Open) {
        auto first = llvm::find_if(path, [&](auto &entry) { return entry.first == needed; });
        std::vector<std::string> notes;
        for (auto it = first; it != path.end(); ++it) {
          isInCycle.set(it->first);
          int after = std::next(it) == path.end() ? needed : std::next(it)->first;
          if (notes.size() < 16)
            notes.push_back("node " + scope.label(it->first) + " needs node " + scope.label(after));
        }
        auto length = static_cast<uint64_t>(path.end() - first);
        if (length > notes.size())
          notes.push_back("and " + plural(length - notes.size(), "more node"));
        report_.error(locate(scope, needed), Code::Cycle, plural(length, "node") + " in a cycle", notes);
      }
    }
  }
  return isInCycle;
}
} // namespace

void checkNames(const onnx::ModelProto &model, Report &report) {
  NameChecker checker(report);
  const onnx::GraphProto &graph = model.graph();
  Body main{graph.node(), {}, {}, &graph.initializer(), "the graph"};
  for (const onnx::ValueInfoProto &input : graph.input())
    main.inputs.push_back(input.name());
  for (const onnx::ValueInfoProto &output : graph.output())
    main.outputs.push_back(output.name());
  checker.check(main, nullptr, {});
  for (const onnx::FunctionProto &function : model.functions()) {
    Body body{function.node(), {}, {}, nullptr, "function " + quote(function.name())};
    body.inputs.assign(function.input().begin(), function.input().end());
    body.outputs.assign(function.output().begin(), function.output().end());
    checker.check(body, nullptr, {function.name() + "/", /*isFunction=*/true, std::nullopt});
  }
}

} // namespace dlc::importer
