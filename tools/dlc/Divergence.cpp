//===- Divergence.cpp - Where compiled code leaves the reference -*- C++ -*-===//
#include "tools/dlc/Divergence.h"

#include "tools/dlc/CompileArguments.h"
#include "tools/dlc/Diagnostics.h"
#include "tools/dlc/ElementTypes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;

namespace dlc {

/// Name of the ONNX node that an op came from, or the op's own.
static std::string nameOf(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  op->getLoc()->walk([&](Location location) {
    if (auto named = dyn_cast<NameLoc>(location)) {
      name = "\"" + named.getName().str() + "\" (" + name + ")";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

/// Values worth a look: every computed tensor of the function's own block.
static SmallVector<Value> intermediates(func::FuncOp function) {
  SmallVector<Value> values;
  for (Operation &op : function.front().without_terminator())
    if (!op.hasTrait<OpTrait::ConstantLike>())
      for (Value result : op.getResults())
        if (auto tensor = dyn_cast<RankedTensorType>(result.getType()); tensor && dtypeOf(tensor.getElementType()))
          values.push_back(result);
  return values;
}

/// Makes every intermediate value a result, and returns the ops they come from.
static SmallVector<Operation *> exposeAll(func::FuncOp function) {
  SmallVector<Value> values = intermediates(function);
  function.front().getTerminator()->setOperands(values);
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  SmallVector<Operation *> ops;
  Builder b(function.getContext());
  for (auto [i, value] : llvm::enumerate(values)) {
    types.push_back(value.getType());
    attributes.push_back(b.getDictionaryAttr(b.getNamedAttr("dl.name", b.getStringAttr("value" + std::to_string(i)))));
    ops.push_back(value.getDefiningOp());
  }
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (mlir::Attribute state = function.removeArgAttr(i, "dl.state"))
      function.setArgAttr(i, "dl.name", state);
  function.setType(b.getFunctionType(function.getArgumentTypes(), types));
  function.setAllResultAttrs(attributes);
  return ops;
}

/// Compiles the functions of `module` through a file beside the library.
static std::unique_ptr<Library> compileProbe(ModuleOp module, CompileOptions options, StringRef folder) {
  std::string path = (folder + "/probe.mlir").str();
  std::error_code ec;
  raw_fd_ostream file(path, ec);
  if (ec)
    return nullptr;
  module.print(file, OpPrintingFlags().useLocalScope());
  file.close();
  options.outputFolder = folder.str();
  options.dims.clear(); // the module has them already
  std::unique_ptr<MLIRContext> context = makeContext();
  DiagnosticCollector silent(*context);
  if (failed(compileModel(path, options, *context)))
    return nullptr;
  Expected<std::unique_ptr<Library>> library = Library::open((folder + "/libprobe.so").str());
  if (!library) {
    consumeError(library.takeError());
    return nullptr;
  }
  return std::move(*library);
}

std::optional<Divergence> findDivergence(func::FuncOp function, ArrayRef<HostTensor> inputs,
                                         const CompileOptions &options,
                                         std::function<Tolerance(const HostTensor &)> tolerance) {
  OwningOpRef<ModuleOp> module = cast<ModuleOp>(function->getParentOp()->clone());
  auto probe = module->lookupSymbol<func::FuncOp>(function.getName());
  SmallVector<Operation *> ops = exposeAll(probe);
  FailureOr<std::vector<HostTensor>> expected = evaluateReference(probe, inputs);
  LoadedModel loaded;
  SmallString<128> folder;
  if (failed(expected) || sys::fs::createUniqueDirectory("dlc", folder))
    return std::nullopt;
  loaded.folder = folder.str().str();
  loaded.library = compileProbe(*module, options, folder);
  if (!loaded.library)
    return std::nullopt;
  Expected<int32_t> index = loaded.library->find(function.getName());
  Expected<std::unique_ptr<Session>> session = Session::open(*loaded.library, 0);
  if (!index || !session) {
    consumeError(index.takeError());
    consumeError(session.takeError());
    return std::nullopt;
  }
  Expected<std::vector<HostTensor>> actual = (*session)->call(*index, inputs);
  if (!actual)
    return Divergence{"(the run itself)", toString(actual.takeError())};
  for (auto [op, a, e] : zip(ops, *actual, *expected)) {
    Difference difference = compare(a, e, tolerance(e));
    if (!difference.problem.empty())
      return Divergence{nameOf(op), difference.problem};
  }
  return std::nullopt;
}

} // namespace dlc
