//===- Run.cpp - dlc run ----------------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"
#include "tools/dlc/Invocation.h"
#include "tools/dlc/Outcome.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <cmath>

using namespace llvm;

namespace dlc {

namespace {
struct RunCommand {
  InvocationArguments call;
  std::string output;
  int32_t threads = 0;
  bool json = false;
};

/// What one line can say of a tensor.
struct Summary {
  double min = INFINITY, max = -INFINITY, sum = 0;
  int64_t nans = 0, infinities = 0, finite = 0;
};
} // namespace

static Summary summarize(const HostTensor &tensor) {
  Summary s;
  for (int64_t i = 0, n = tensor.elements(); i < n; ++i) {
    double v = tensor.at(i);
    if (std::isnan(v)) {
      ++s.nans;
    } else if (std::isinf(v)) {
      ++s.infinities;
    } else {
      ++s.finite;
      s.min = std::min(s.min, v);
      s.max = std::max(s.max, v);
      s.sum += v;
    }
  }
  return s;
}

static json::Object toJson(const std::string &name, const HostTensor &tensor, const Summary &s) {
  json::Object object{{"name", name}, {"dtype", tensor.type->name}, {"dims", json::Array(tensor.dims)},
                      {"nans", s.nans}, {"infinities", s.infinities}};
  if (s.finite) {
    object["min"] = s.min;
    object["max"] = s.max;
    object["mean"] = s.sum / s.finite;
  }
  return object;
}

static void print(const std::string &name, const HostTensor &tensor, const Summary &s) {
  outs() << formatv("{0}  {1}", name, tensor.typeText());
  if (int64_t n = tensor.elements(); n && n <= 8) {
    outs() << " =";
    for (int64_t i = 0; i < n; ++i)
      outs() << formatv(" {0}", format("%g", tensor.at(i)));
  } else if (s.finite) {
    outs() << formatv("  min {0}  max {1}  mean {2}", format("%g", s.min), format("%g", s.max),
                      format("%g", s.sum / s.finite));
  }
  if (s.nans)
    outs() << "  " << s.nans << " NaN";
  if (s.infinities)
    outs() << "  " << s.infinities << " infinite";
  outs() << "\n";
}

static int run(const RunCommand &command) {
  Outcome outcome(command.json);
  int exit = 0;
  std::optional<Invocation> call = Invocation::prepare(command.call, /*randomByDefault=*/false, outcome, exit);
  if (!call)
    return exit;

  Expected<std::unique_ptr<Session>> session = Session::open(call->library(), command.threads);
  if (!session)
    return outcome.fail(ExitCode::Usage, session.takeError());
  Expected<std::vector<HostTensor>> results = (*session)->call(call->index, call->inputs);
  if (!results)
    return outcome.fail(ExitCode::Usage, results.takeError());

  json::Array outputs;
  std::vector<std::pair<std::string, HostTensor>> named;
  for (auto [port, tensor] : zip(call->function().outputs, *results)) {
    Summary summary = summarize(tensor);
    outputs.push_back(toJson(port.name, tensor, summary));
    if (!command.json)
      print(port.name, tensor, summary);
    named.emplace_back(port.name, std::move(tensor));
  }
  outcome.fields["variant"] = (*session)->variant();
  outcome.fields["outputs"] = std::move(outputs);
  if (!command.output.empty())
    if (Error error = writeNpz(command.output, named))
      return outcome.fail(ExitCode::Usage, std::move(error));
  return outcome.done();
}

void addRun(CLI::App &app, int &exit) {
  auto command = std::make_shared<RunCommand>();
  CLI::App *sub = app.add_subcommand("run", "Run a compiled library, or a model that is compiled on the way");
  command->call.compile.addTo(*sub, "Library (.so) made by dlc compile, or a model");
  sub->add_option("-i,--input", command->call.inputs,
                  "NAME=@FILE (.npy, .npz:KEY, .pb with an ONNX tensor) or NAME=rand, once for each input")
      ->expected(1)
      ->take_all();
  sub->add_option("-o,--output", command->output, "Write the outputs under the model's names to this .npz");
  sub->add_option("--function", command->call.function, "Function to run")->capture_default_str();
  sub->add_option("--threads", command->threads, "Threads (default: one for each CPU)");
  sub->add_option("--seed", command->call.seed, "Seed of random inputs")->capture_default_str();
  sub->add_flag("--json", command->json, "Report as JSON on standard output");
  sub->footer("Example:\n  dlc run build/libmnist.so -i image=@seven.npy -o out.npz\n");
  sub->callback([command, &exit] { exit = run(*command); });
}

} // namespace dlc
