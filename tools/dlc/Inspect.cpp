//===- Inspect.cpp - dlc inspect --------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"
#include "tools/dlc/CompileArguments.h"
#include "tools/dlc/ElementTypes.h"
#include "tools/dlc/Outcome.h"

#include "dialects/dl/Dialect.h"
#include "dialects/dl/Work.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <map>

using namespace llvm;
using namespace mlir;

namespace dlc {

namespace {
struct InspectCommand {
  CompileArguments arguments;
  bool json = false;
};

/// What one function is made of.
struct Contents {
  std::vector<std::pair<StringRef, int64_t>> ops; ///< most frequent first
  int64_t parameters = 0, constantBytes = 0;
  dl::FunctionWork work;
};
} // namespace

static StringRef attributeText(Attribute attribute) {
  auto text = dyn_cast_or_null<StringAttr>(attribute);
  return text ? text.getValue() : StringRef();
}

static std::string typeText(Type type, ArrayAttr dims) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return "?";
  const DType *dtype = dtypeOf(tensor.getElementType());
  std::string text = dtype ? dtype->name.str() : "?";
  text += "[";
  for (auto [i, size] : llvm::enumerate(tensor.getShape())) {
    text += i ? "," : "";
    StringRef name = dims && i < dims.size() ? attributeText(dims[i]) : StringRef();
    text += !ShapedType::isDynamic(size) ? std::to_string(size) : name.empty() ? "?" : name.str();
  }
  return text + "]";
}

static Contents contentsOf(func::FuncOp function) {
  Contents contents;
  std::map<StringRef, int64_t> counts;
  function.walk([&](Operation *op) {
    if (op == function || op->hasTrait<OpTrait::IsTerminator>())
      return;
    auto tensor = op->getNumResults() ? dyn_cast<RankedTensorType>(op->getResult(0).getType()) : RankedTensorType();
    if (op->hasTrait<OpTrait::ConstantLike>()) {
      if (tensor && tensor.hasStaticShape()) {
        contents.constantBytes += tensor.getNumElements() * dl::byteWidth(tensor.getElementType());
        if (isa<FloatType>(tensor.getElementType()) && tensor.getRank()) // scalars are parts of formulas
          contents.parameters += tensor.getNumElements();
      }
      return;
    }
    ++counts[op->getName().stripDialect()];
  });
  contents.work = dl::workOf(function);
  contents.ops.assign(counts.begin(), counts.end());
  llvm::sort(contents.ops, [](auto &a, auto &b) { return std::pair(-a.second, a.first) < std::pair(-b.second, b.first); });
  return contents;
}

enum class PortKind { Input, Output, State };

static json::Array portsToJson(func::FuncOp function, PortKind kind) {
  json::Array ports;
  bool inputs = kind != PortKind::Output; // a state is an argument, whether it is a result or not
  for (unsigned i = 0, n = inputs ? function.getNumArguments() : function.getNumResults(); i < n; ++i) {
    auto get = [&](StringRef name) { return inputs ? function.getArgAttr(i, name) : function.getResultAttr(i, name); };
    if ((kind == PortKind::State) != bool(get("dl.state")))
      continue;
    Type type = inputs ? function.getArgumentTypes()[i] : function.getResultTypes()[i];
    ports.push_back(json::Object{{"name", attributeText(get(kind == PortKind::State ? "dl.state" : "dl.name"))},
                                 {"type", typeText(type, dyn_cast_or_null<ArrayAttr>(get("dl.dims")))}});
  }
  return ports;
}

static json::Object toJson(func::FuncOp function) {
  Contents contents = contentsOf(function);
  json::Object ops;
  for (auto &[name, count] : contents.ops)
    ops[name] = count;
  json::Object object{{"name", function.getName()},
                      {"inputs", portsToJson(function, PortKind::Input)},
                      {"outputs", portsToJson(function, PortKind::Output)},
                      {"states", portsToJson(function, PortKind::State)},
                      {"ops", std::move(ops)},
                      {"parameters", contents.parameters},
                      {"constant_bytes", contents.constantBytes},
                      {"ops_of_unknown_flops", contents.work.unknown}};
  std::optional<int64_t> flops = contents.work.flops.constant();
  object["flops"] = flops ? json::Value(*flops) : contents.work.flops.json();
  return object;
}

static void print(func::FuncOp function) {
  Contents contents = contentsOf(function);
  outs() << function.getName() << "\n";
  for (auto [kind, word] : {std::pair(PortKind::Input, "in "), std::pair(PortKind::Output, "out"), std::pair(PortKind::State, "state")})
    for (const json::Value &port : portsToJson(function, kind))
      outs() << formatv("  {0} {1}  {2}\n", word, *port.getAsObject()->getString("name"),
                        *port.getAsObject()->getString("type"));
  outs() << formatv("  parameters {0:N} ({1:F1} KiB of constants)\n", contents.parameters,
                    contents.constantBytes / 1024.0);
  outs() << "  " << contents.work.flops.text() << " FLOPs";
  if (contents.work.unknown)
    outs() << formatv(" and {0} ops whose sizes or turns show only while running", contents.work.unknown);
  outs() << "\n  ops\n";
  for (auto &[name, count] : contents.ops)
    outs() << formatv("    {0,-24} {1}\n", name, count);
}

static int run(const InspectCommand &command) {
  Outcome outcome(command.json);
  Expected<CompileOptions> options = command.arguments.toOptions();
  if (!options)
    return outcome.fail(ExitCode::Usage, options.takeError());
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticCollector collector(*context);
  OwningOpRef<ModuleOp> module = readModel(command.arguments.model, *options, *context);
  if (!module)
    return outcome.fail(collector);
  json::Array functions;
  for (func::FuncOp function : module->getOps<func::FuncOp>()) {
    if (function.isPrivate() || function.isDeclaration())
      continue;
    functions.push_back(toJson(function));
    if (!command.json)
      print(function);
  }
  outcome.fields["functions"] = std::move(functions);
  return outcome.done();
}

void addInspect(CLI::App &app, int &exit) {
  auto command = std::make_shared<InspectCommand>();
  CLI::App *sub = app.add_subcommand("inspect", "Show a model's inputs, outputs, ops, parameters and FLOPs");
  command->arguments.addTo(*sub, "Model: an .onnx file, or .mlir with dl functions");
  sub->add_flag("--json", command->json, "Report as JSON on standard output");
  sub->footer("Example:\n  dlc inspect mnist.onnx --dim N=1\n");
  sub->callback([command, &exit] { exit = run(*command); });
}

} // namespace dlc
