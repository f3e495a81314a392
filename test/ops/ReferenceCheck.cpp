//===- ReferenceCheck.cpp - The reference against an independent source ---===//
//
// A formula is compiled into the reference and into the kernels, so `dlc check` cannot see a mistake in it. Here the
// reference meets the expected outputs of the onnx package's suite instead. Needs no code generation.
//
//   reference-check FOLDER...      each with model.onnx, input_0.pb, ..., output_0.pb, ...
//
// Prints a line a folder: "passed", "differs", "unsupported" or "refused", the folder, and why.
//
//===----------------------------------------------------------------------===//
#include "compiler/Codes.h"
#include "compiler/import/Onnx.h"
#include "dialects/dl/Dialect.h"
#include "tools/dlc/ElementTypes.h"
#include "tools/dlc/Reference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace dlc;

namespace {
struct Verdict {
  std::string word, why;
};
} // namespace

/// The suite's own tolerance: 1e-3 relative, 1e-7 absolute; as much as bf16 resolves for bf16.
static Tolerance suiteTolerance(const HostTensor &expected) {
  return {expected.type->name == "bf16" ? 1.0 / 64 : 1e-3, 1e-7};
}

/// States, of which the suite knows nothing, start as zeros.
static void addStates(mlir::func::FuncOp function, std::vector<HostTensor> &inputs) {
  for (unsigned i = 0; i < function.getNumArguments() && i <= inputs.size(); ++i)
    if (function.getArgAttr(i, "dl.state")) {
      auto type = llvm::cast<mlir::RankedTensorType>(function.getArgument(i).getType());
      HostTensor state{dtypeOf(type.getElementType()), type.getShape().vec(), {}};
      state.data.resize(state.elements() * state.type->bytes);
      inputs.insert(inputs.begin() + i, std::move(state));
    }
}

/// Their next values are no results.
static void dropStates(mlir::func::FuncOp function, std::vector<HostTensor> &results) {
  for (unsigned i = results.size(); i-- > 0;)
    if (function.getResultAttr(i, "dl.state"))
      results.erase(results.begin() + i);
}

static Verdict checkFolder(const std::string &folder) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<dl::DlDialect, mlir::func::FuncDialect>();
  std::string first;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
    if (first.empty())
      first = d.str();
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module = importOnnx(folder + "/model.onnx", {}, context);
  if (!module) {
    std::optional<Code> code = codeOf(first);
    return {code && exitCodeOf(*code) == 3 ? "unsupported" : "refused", first};
  }
  if (failed(mlir::verify(*module)))
    return {"differs", "does not verify: " + first};
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  llvm::Expected<DataSet> data = readDataSet(folder);
  if (!data)
    return {"unsupported", llvm::toString(data.takeError())};
  addStates(function, data->inputs);
  mlir::FailureOr<std::vector<HostTensor>> results = evaluateReference(function, data->inputs);
  if (failed(results))
    return {"differs", "fails: " + first};
  dropStates(function, *results);
  for (auto [i, actual, expected] : llvm::enumerate(*results, data->outputs)) {
    std::string output = "output " + std::to_string(i) + ": ";
    if (Difference d = compare(actual, expected, suiteTolerance(expected)); !d.problem.empty())
      return {"differs", output + d.problem};
    // What the shape rules promised before the run.
    auto type = llvm::cast<mlir::RankedTensorType>(function.getFunctionType().getResult(i));
    bool kept = type.getRank() == static_cast<int64_t>(actual.dims.size());
    for (int64_t d = 0; kept && d < type.getRank(); ++d)
      kept = type.isDynamicDim(d) || type.getDimSize(d) == actual.dims[d];
    if (!kept) {
      llvm::raw_string_ostream(output) << "inferred as " << type << ", is " << actual.typeText();
      return {"differs", output};
    }
  }
  return {"passed", ""};
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    Verdict verdict = checkFolder(argv[i]);
    llvm::outs() << verdict.word << "\t" << argv[i] << "\t" << llvm::StringRef(verdict.why).split('\n').first << "\n";
    llvm::outs().flush(); // a crash in the next one must not lose this
  }
  return 0;
}
