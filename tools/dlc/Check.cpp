//===- Check.cpp - dlc check ------------------------------------*- C++ -*-===//
#include "tools/dlc/CheckAttributes.h"
#include "tools/dlc/CheckSignature.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/CompileArguments.h"
#include "tools/dlc/Divergence.h"
#include "tools/dlc/Inputs.h"
#include "tools/dlc/Outcome.h"
#include "tools/dlc/Reference.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>

using namespace llvm;

namespace dlc {

namespace {
struct CheckCommand {
  CompileArguments arguments;
  std::vector<std::string> inputs;
  std::string reference = "builtin", function;
  std::optional<double> relative, absolute;
  int32_t threads = 0;
  uint64_t seed = 0;
  bool json = false;

  Tolerance tolerance(const HostTensor &expected) const {
    Tolerance usual = Tolerance::of(expected);
    return {relative.value_or(usual.relative), absolute.value_or(usual.absolute)};
  }
};

/// A CPU variant that this machine runs, opened once for all functions.
struct Variant {
  std::string name; ///< as given to --cpu; empty when there was no choice
  std::unique_ptr<Session> session;
};

/// One run of `dlc check`: the model as the reference sees it, and as compiled.
struct Checker {
  const CheckCommand &command;
  Outcome &outcome;
  mlir::MLIRContext &context;
  DiagnosticCollector &collector;
  const Library &library;
  std::vector<Variant> variants;
  std::vector<std::string> skipped;
  json::Array results;
  bool mismatch = false;

  /// Each is an exit code, or nullopt when the work is done.
  std::optional<int> openVariants();
  std::optional<int> check(mlir::func::FuncOp function);
  std::optional<int> check(mlir::func::FuncOp function, const CheckAttributes &attributes,
                           std::map<std::string, int64_t> symbols);
  std::optional<int> checkRefusal(mlir::func::FuncOp function, const Signature &signature, int32_t index,
                                  ArrayRef<HostTensor> inputs);

  /// Whether it agrees. `variant` is the one that computed `actual`, or "reference".
  bool report(mlir::func::FuncOp function, const Port &port, StringRef variant, const HostTensor &actual,
              const HostTensor &expected);
  void explain(mlir::func::FuncOp function, ArrayRef<HostTensor> inputs, const Variant &variant);
};
} // namespace

std::optional<int> Checker::openVariants() {
  std::vector<std::string> names = command.arguments.cpus;
  if (names.empty())
    names.push_back("");
  for (const std::string &name : names) {
    if (!name.empty() && !library.runs(name)) {
      skipped.push_back(name);
      if (!command.json)
        outs() << name << ": skipped, this machine lacks it\n";
      continue;
    }
    Expected<std::unique_ptr<Session>> session = Session::open(library, command.threads, nullptr, name);
    if (!session)
      return outcome.fail(ExitCode::Usage, session.takeError());
    variants.push_back({name, std::move(*session)});
  }
  if (variants.empty())
    return outcome.fail(ExitCode::Unsupported, createStringError("this machine runs none of " + join(names, ", ")));
  return std::nullopt;
}

bool Checker::report(mlir::func::FuncOp function, const Port &port, StringRef variant, const HostTensor &actual,
                     const HostTensor &expected) {
  Difference difference = compare(actual, expected, command.tolerance(expected));
  bool bad = !difference.problem.empty();
  mismatch |= bad;
  json::Object object{{"function", function.getName()}, {"output", port.name}, {"type", actual.typeText()},
                      {"max_error", difference.maxError}, {"ok", !bad}};
  if (!variant.empty())
    object["variant"] = variant;
  if (bad)
    object["problem"] = difference.problem;
  results.push_back(std::move(object));
  if (command.json)
    return !bad;
  outs() << function.getName() << ": " << port.name << " " << actual.typeText();
  if (!variant.empty())
    outs() << ", " << variant << ":";
  if (bad)
    outs() << " DIFFERS: " << difference.problem << "\n";
  else
    outs() << formatv(" ok, largest error {0} ({1:F0}% of what is allowed)\n", format("%.2g", difference.maxError),
                      difference.share * 100);
  return !bad;
}

void Checker::explain(mlir::func::FuncOp function, ArrayRef<HostTensor> inputs, const Variant &variant) {
  CompileOptions options = *command.arguments.toOptions();
  if (!variant.name.empty())
    options.cpus = {variant.name};
  std::optional<Divergence> first = findDivergence(
      function, inputs, options, [&](const HostTensor &expected) { return command.tolerance(expected); });
  if (!first) {
    if (!command.json)
      outs() << "  each node alone agrees with the reference: the difference arises in how they are fused\n";
    return;
  }
  outcome.fields["first_diverging_node"] = first->node;
  if (!command.json)
    outs() << "  first node that diverges: " << first->node << "\n  | " << first->problem << "\n";
}

/// The function must refuse its inputs on both sides.
std::optional<int> Checker::checkRefusal(mlir::func::FuncOp function, const Signature &signature, int32_t index,
                                         ArrayRef<HostTensor> inputs) {
  auto report = [&](StringRef variant, bool refused, StringRef why) {
    mismatch |= !refused;
    results.push_back(json::Object{{"function", function.getName()}, {"variant", variant}, {"ok", refused}});
    if (!command.json)
      outs() << function.getName() << ", " << variant << ":" << (refused ? " refuses: " : " DIFFERS: accepts the inputs") << why
             << "\n";
  };
  std::string why;
  {
    mlir::ScopedDiagnosticHandler quiet(&context, [&](mlir::Diagnostic &d) { why = d.str(); });
    bool refused = failed(evaluateReference(function, inputs));
    report("reference", refused, why);
  }
  for (const Variant &variant : variants) {
    Expected<std::vector<HostTensor>> actual = signature.call(*variant.session, index, inputs);
    bool refused = !actual;
    report(variant.name.empty() ? "compiled" : variant.name, refused, refused ? toString(actual.takeError()) : "");
  }
  return std::nullopt;
}

std::optional<int> Checker::check(mlir::func::FuncOp function, const CheckAttributes &attributes,
                                  std::map<std::string, int64_t> symbols) {
  Expected<int32_t> index = library.find(function.getName());
  if (!index)
    return outcome.fail(ExitCode::Internal, index.takeError());
  Signature signature(function, library.functions()[*index]);

  std::vector<HostTensor> inputs, expected;
  if (command.reference == "builtin") {
    auto gathered = gatherInputs(signature.all, command.inputs, /*randomByDefault=*/true, command.seed, symbols,
                                 attributes.inputs);
    if (!gathered)
      return outcome.fail(ExitCode::Usage, gathered.takeError());
    inputs = std::move(*gathered);
    if (attributes.fails)
      return checkRefusal(function, signature, *index, inputs);
    mlir::FailureOr<std::vector<HostTensor>> reference = evaluateReference(function, inputs);
    if (failed(reference))
      return outcome.fail(collector);
    expected = std::move(*reference);
    for (auto [port, e, golden] : zip(signature.all.outputs, expected, attributes.expected))
      if (golden && report(function, port, "reference", e, *golden))
        e = *golden;
  } else if (is_contained(signature.isStateArgument, true)) {
    return outcome.fail(ExitCode::Usage, createStringError(Twine(function.getName()) +
                                                           ": has states, of which a folder of tensors says nothing"));
  } else {
    Expected<DataSet> data = readDataSet(command.reference);
    if (!data)
      return outcome.fail(ExitCode::Usage, data.takeError());
    inputs = std::move(data->inputs);
    expected = std::move(data->outputs);
  }

  for (const Variant &variant : variants) {
    Expected<std::vector<HostTensor>> actual = signature.call(*variant.session, *index, inputs);
    if (!actual)
      return outcome.fail(ExitCode::Mismatch, createStringError(Twine(function.getName()) +
                                                                (variant.name.empty() ? "" : ", ") + variant.name +
                                                                ": " + toString(actual.takeError())));
    if (actual->size() != expected.size())
      return outcome.fail(ExitCode::Mismatch, createStringError(Twine(actual->size()) + " outputs, the reference has " +
                                                                Twine(expected.size())));
    bool agrees = true;
    for (auto [port, a, e] : zip(signature.all.outputs, *actual, expected))
      agrees &= report(function, port, variant.name, a, e);
    if (!agrees && command.reference == "builtin")
      explain(function, inputs, variant);
  }
  return std::nullopt;
}

std::optional<int> Checker::check(mlir::func::FuncOp function) {
  Expected<std::map<std::string, int64_t>> given = parseDims(command.arguments.dims);
  if (!given)
    return outcome.fail(ExitCode::Usage, given.takeError());
  Expected<CheckAttributes> attributes = CheckAttributes::of(function);
  if (!attributes)
    return outcome.fail(ExitCode::Usage, attributes.takeError());
  for (const std::map<std::string, int64_t> &sizes : attributes->sizes) {
    std::map<std::string, int64_t> symbols = *given;
    symbols.insert(sizes.begin(), sizes.end());
    if (std::optional<int> failure = check(function, *attributes, std::move(symbols)))
      return failure;
  }
  return std::nullopt;
}

static int run(const CheckCommand &command) {
  Outcome outcome(command.json);
  int exit = 0;
  std::optional<LoadedModel> loaded = loadModel(command.arguments, outcome, exit);
  if (!loaded)
    return exit;
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  DiagnosticCollector collector(*context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      readModel(command.arguments.model, *command.arguments.toOptions(), *context);
  if (!module)
    return outcome.fail(collector);

  Checker checker{command, outcome, *context, collector, *loaded->library, {}, {}, {}, false};
  if (std::optional<int> failure = checker.openVariants())
    return *failure;
  for (auto function : module->getOps<mlir::func::FuncOp>()) {
    bool wanted = command.function.empty() || function.getName() == command.function;
    if (function.isPrivate() || function.isDeclaration() || !wanted)
      continue;
    if (std::optional<int> failure = checker.check(function))
      return *failure;
  }
  if (checker.results.empty())
    return outcome.fail(ExitCode::Usage, createStringError("no function to check"));
  outcome.fields["results"] = std::move(checker.results);
  if (!command.arguments.cpus.empty())
    outcome.fields["skipped"] = json::Array(checker.skipped);
  return outcome.done(checker.mismatch ? ExitCode::Mismatch : ExitCode::Ok);
}

void addCheck(CLI::App &app, int &exit) {
  auto command = std::make_shared<CheckCommand>();
  CLI::App *sub = app.add_subcommand("check", "Compare compiled code with a reference");
  command->arguments.addTo(*sub, "Model: an .onnx file, or .mlir with dl functions");
  sub->add_option("--ref", command->reference,
                  "'builtin', the reference interpreter, or a folder with input_0.pb, output_0.pb, ...")
      ->capture_default_str();
  sub->add_option("-i,--input", command->inputs, "NAME=@FILE or NAME=rand (default: rand)")->expected(1)->take_all();
  sub->add_option("--function", command->function, "Only this function (default: all)");
  sub->add_option("--rtol", command->relative, "Relative tolerance (default: by element type, 1e-4 for f32)");
  sub->add_option("--atol", command->absolute, "Absolute tolerance (default: by element type and magnitude, 1e-5 for f32)");
  sub->add_option("--threads", command->threads, "Threads (default: one for each CPU)");
  sub->add_option("--seed", command->seed, "Seed of random inputs")->capture_default_str();
  sub->add_flag("--json", command->json, "Report as JSON on standard output");
  sub->footer(CheckAttributes::help +
              std::string("\nExample:\n  dlc check mnist.onnx --dim N=7\n"
                          "  dlc check mnist.onnx --dim N=7 --cpu x86-64-v4,x86-64-v3   each that this machine runs\n"));
  sub->callback([command, &exit] { exit = run(*command); });
}

} // namespace dlc
