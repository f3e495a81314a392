//===- Ops.cpp - dlc ops ----------------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"
#include "tools/dlc/Outcome.h"

#include "dialects/dl/Onnx.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <map>

using namespace llvm;

namespace dlc {

namespace {
struct OpsCommand {
  std::string model;
  bool json = false;
};
} // namespace

static std::string qualified(const dl::OnnxForm &form) {
  return form.domain.empty() ? form.name.str() : (form.domain + "." + form.name).str();
}

static int listAll(Outcome &outcome) {
  std::map<std::string, std::vector<int64_t>> versions;
  for (const dl::OnnxForm &form : dl::allOnnxForms())
    versions[qualified(form)].push_back(form.since);
  json::Array ops;
  for (auto &[name, since] : versions) {
    ops.push_back(json::Object{{"op", name}, {"since", json::Array(since)}});
    if (!outcome.json())
      outs() << name << " (opset " << join(map_range(since, [](int64_t v) { return std::to_string(v); }), ", ") << ")\n";
  }
  outcome.fields["ops"] = std::move(ops);
  outcome.fields["newest_opset"] = dl::newestOpset;
  if (!outcome.json())
    outs() << versions.size() << " ops, up to opset " << dl::newestOpset << "\n";
  return outcome.done();
}

/// The importer reports all that a model asks for and does not get, before it makes anything.
static int judgeModel(const OpsCommand &command, Outcome &outcome) {
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  DiagnosticCollector collector(*context);
  if (!readModel(command.model, CompileOptions(), *context)) {
    if (collector.exitCode() != ExitCode::Unsupported || outcome.json())
      return outcome.fail(collector);
    std::map<std::string, std::vector<const Finding *>> byMessage;
    for (const Finding &finding : collector.findings())
      byMessage[finding.message].push_back(&finding);
    for (auto &[message, findings] : byMessage) {
      outs() << message;
      if (!findings.front()->node.empty())
        outs() << "  (" << findings.size() << (findings.size() == 1 ? " node" : " nodes") << ", first \""
               << findings.front()->node << "\")";
      outs() << "\n";
    }
    return outcome.done(ExitCode::Unsupported);
  }
  if (!outcome.json())
    outs() << command.model << ": everything is supported\n";
  return outcome.done();
}

void addOps(CLI::App &app, int &exit) {
  auto command = std::make_shared<OpsCommand>();
  CLI::App *sub = app.add_subcommand("ops", "List the ONNX ops that are supported; of a model, all that is not");
  sub->add_option("model", command->model, "Model (.onnx) to judge");
  sub->add_flag("--json", command->json, "Report as JSON on standard output");
  sub->footer("Example:\n  dlc ops bert.onnx\n");
  sub->callback([command, &exit] {
    Outcome outcome(command->json);
    exit = command->model.empty() ? listAll(outcome) : judgeModel(*command, outcome);
  });
}

} // namespace dlc
