//===- Functions.cpp ------------------------------------------------------===//

#include "compiler/import/Functions.h"
#include "compiler/import/Model.h"
#include "compiler/import/Scan.h"
#include "llvm/Support/MathExtras.h"

namespace dlc::importer {
namespace {
std::string keyOf(llvm::StringRef domain, llvm::StringRef name, llvm::StringRef overload) {
  return (domainOf(domain) + "\n" + name + "\n" + overload).str();
}

std::string nameOf(const onnx::FunctionProto &function) {
  std::string name = (domainOf(function.domain()) + (function.domain().empty() ? "" : ".") + function.name()).str();
  return quote(function.overload().empty() ? name : name + ":" + function.overload());
}

/// The calls of a list of nodes, each with the number of graphs around it.
struct Calls {
  uint64_t nodes = 0;
  int64_t depth = 0;
  std::vector<std::pair<int, int64_t>> calls;
};
} // namespace

Functions::Functions(const onnx::ModelProto &model) : model_(model) {
  for (int i = 0; i < model.functions_size(); ++i) {
    const onnx::FunctionProto &f = model.functions(i);
    index_.try_emplace(keyOf(f.domain(), f.name(), f.overload()), i);
  }
}

const onnx::FunctionProto *Functions::find(const onnx::NodeProto &node) const {
  if (index_.empty())
    return nullptr;
  auto it = index_.find(keyOf(node.domain(), node.op_type(), node.overload()));
  return it == index_.end() ? nullptr : &model_.functions(it->second);
}

void Functions::check(Report &report) const {
  // The main graph is the last of the lists, so that everything it calls is known when its turn comes.
  int count = model_.functions_size();
  std::vector<Calls> lists(count + 1);
  for (int i = 0; i <= count; ++i) {
    Calls &list = lists[i];
    if (i < count) {
      const onnx::FunctionProto &f = model_.functions(i);
      if (index_.lookup(keyOf(f.domain(), f.name(), f.overload())) != i)
        report.error(report.file(), Code::DefinedTwice, "function " + nameOf(f) + " is defined twice");
    }
    forEachNode(i < count ? model_.functions(i).node() : model_.graph().node(), [&](const onnx::NodeProto &node,
                                                                                    int64_t depth) {
      ++list.nodes;
      list.depth = std::max(list.depth, depth);
      if (const onnx::FunctionProto *callee = find(node))
        list.calls.push_back({index_.lookup(keyOf(callee->domain(), callee->name(), callee->overload())), depth});
    });
  }

  // Depth first with a stack of our own: a chain of calls may be as long as the file allows.
  enum { Unseen, Open, Done };
  std::vector<int> state(count + 1, Unseen);
  bool isRecursive = false;
  for (int root = 0; root <= count; ++root) {
    if (state[root] != Unseen)
      continue;
    std::vector<std::pair<int, size_t>> stack = {{root, 0}};
    state[root] = Open;
    while (!stack.empty()) {
      auto &[current, next] = stack.back();
      Calls &list = lists[current];
      if (next == list.calls.size()) {
        for (auto [callee, depth] : list.calls) {
          list.nodes = llvm::SaturatingAdd(list.nodes, lists[callee].nodes);
          list.depth = std::max(list.depth, depth + 1 + lists[callee].depth);
        }
        state[current] = Done;
        stack.pop_back();
        continue;
      }
      int callee = list.calls[next++].first;
      if (state[callee] == Unseen) {
        state[callee] = Open;
        stack.push_back({callee, 0});
      } else if (state[callee] == Open) {
        isRecursive = true;
        std::vector<std::string> notes;
        auto first = llvm::find_if(stack, [&](auto &entry) { return entry.first == callee; });
        for (auto it = first; it != stack.end() && notes.size() < 16; ++it)
          notes.push_back("function " + nameOf(model_.functions(it->first)) + " calls " +
                          nameOf(model_.functions(std::next(it) == stack.end() ? callee : std::next(it)->first)));
        report.error(report.file(), Code::Recursion, "function " + nameOf(model_.functions(callee)) + " calls itself",
                     notes);
      }
    }
  }
  if (isRecursive)
    return;
  if (lists[count].nodes > maxNodes)
    report.error(report.file(), Code::TooLarge,
                 "the model has more than " + llvm::Twine(maxNodes) + " nodes once its functions are inlined");
  if (lists[count].depth > maxNesting)
    report.error(report.file(), Code::TooLarge,
                 "graphs and function calls are nested deeper than " + llvm::Twine(maxNesting));
}

llvm::SetVector<const onnx::FunctionProto *> Functions::reachable() const {
  llvm::SetVector<const onnx::FunctionProto *> found;
  auto visit = [&](const onnx::NodeProto &node, int64_t) {
    if (const onnx::FunctionProto *callee = find(node))
      found.insert(callee);
  };
  forEachNode(model_.graph().node(), visit);
  for (size_t i = 0; i < found.size(); ++i)
    forEachNode(found[i]->node(), visit);
  return found;
}

} // namespace dlc::importer
