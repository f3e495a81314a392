//===- Compile.cpp - From a model file to a library ------------------------===//
#include "compiler/driver/Compile.h"
#include "compiler/Codes.h"
#include "compiler/driver/Pipeline.h"
#include "compiler/import/Onnx.h"
#include "compiler/package/Emit.h"
#include "compiler/package/Library.h"
#include "compiler/target/Cpu.h"
#include "dialects/dl/Dialect.h"
#include "dialects/dl/Work.h"
#include "dialects/mk/Dialect.h"
#include "dialects/rt/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/Path.h"
#include <chrono>

using namespace mlir;

namespace dlc {

std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registry.insert<dl::DlDialect, mk::MkDialect, rt::RtDialect, affine::AffineDialect, bufferization::BufferizationDialect,
                  linalg::LinalgDialect, tensor::TensorDialect>();
  registerCpuDialects(registry);
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

OwningOpRef<ModuleOp> readModel(StringRef path, const CompileOptions &options, MLIRContext &context,
                                std::vector<std::string> *files) {
  if (!path.ends_with(".mlir"))
    return importOnnx(path, {options.dims, options.name, files}, context);
  if (files)
    files->push_back(path.str());
  return parseSourceFile<ModuleOp>(path, &context);
}

namespace {

/// One compile: the state that its phases share.
class Compilation {
public:
  Compilation(StringRef path, const CompileOptions &options, MLIRContext &context)
      : path(path), options(options), context(context), where(FileLineColLoc::get(&context, path, 0, 0)) {}

  FailureOr<CompileReport> run() {
    initializeCpuBackend();
    if (failed(checkOptions()))
      return failure();
    OwningOpRef<ModuleOp> module;
    if (failed(phase("import", [&] {
          module = readModel(path, options, context, &report.inputs);
          return success(static_cast<bool>(module));
        })))
      return failure();
    if (stopsAfter("import"))
      return writeText(*module);
    countWork(*module);
    if (failed(phase("graph", [&] { return runPasses(*module, [](OpPassManager &pm) { addGraphPasses(pm); }); })))
      return failure();
    for (func::FuncOp f : module->getOps<func::FuncOp>())
      report.kernels += f->hasAttr("dlc.kernel");
    if (stopsAfter("graph"))
      return writeText(*module);

    std::unique_ptr<llvm::Module> merged;
    for (const Target &target : targets) {
      OwningOpRef<ModuleOp> variant(module->clone());
      if (failed(phase("kernels", [&] { return lowerKernels(*variant, target); })))
        return failure();
      if (stopsAfter("kernels"))
        return writeText(*variant);
      if (failed(phase("host", [&] {
            return runPasses(*variant, [&](OpPassManager &pm) { addHostPasses(pm, host); });
          })))
        return failure();
      if (stopsAfter("host"))
        return writeText(*variant);
      if (failed(phase("target", [&] { return translate(*variant, target, merged); })))
        return failure();
    }
    if (options.emit == "llvm" && stopsAfter("target"))
      return writeModule(*merged);
    return package(std::move(merged));
  }

private:
  LogicalResult error(const Twine &message) { return dlc::emitError(where, Code::Internal) << message; }
  LogicalResult error(llvm::Error e) {
    // What the file system says is the user's to mend.
    return dlc::emitError(where, Code::CannotRead) << llvm::toString(std::move(e));
  }

  LogicalResult checkOptions() {
    for (const std::string &cpu : options.cpus) {
      llvm::Expected<Target> target = Target::get(cpu);
      if (!target)
        return dlc::emitError(where, Code::BadDimOption) << llvm::toString(target.takeError());
      targets.push_back(*target);
    }
    report.name = cIdentifier(options.name.empty() ? llvm::sys::path::stem(path) : StringRef(options.name));
    return success();
  }

  LogicalResult phase(StringRef name, llvm::function_ref<LogicalResult()> body) {
    if (options.progress)
      options.progress(name.str());
    auto start = std::chrono::steady_clock::now();
    LogicalResult result = body();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!report.phases.empty() && report.phases.back().name == name)
      report.phases.back().seconds += seconds;
    else
      report.phases.push_back({name.str(), seconds});
    return result;
  }

  bool stopsAfter(StringRef name) const { return options.stopAfter == name; }

  LogicalResult runPasses(ModuleOp module, llvm::function_ref<void(OpPassManager &)> add) {
    PassManager pm(&context);
    pm.enableVerifier(options.verify);
    add(pm);
    return pm.run(module);
  }

  LogicalResult lowerKernels(ModuleOp module, const Target &target) {
    for (func::FuncOp f : module.getOps<func::FuncOp>())
      setTarget(f, target);
    return runPasses(module, [&](OpPassManager &pm) { addKernelPasses(pm, target); });
  }

  /// Multiply-adds and such of each function of the model.
  void countWork(ModuleOp module) {
    for (func::FuncOp f : module.getOps<func::FuncOp>())
      if (!f.isDeclaration() && !f.isPrivate())
        work[f.getSymName().str()] = dl::workOf(f);
  }

  LogicalResult translate(ModuleOp module, const Target &target, std::unique_ptr<llvm::Module> &merged) {
    if (failed(lowerToLLVM(module)))
      return failure();
    std::unique_ptr<llvm::Module> one = translateToLLVM(module, llvmContext);
    if (!one)
      return failure();
    // Every variant is a whole program; its functions carry its name.
    for (llvm::Function &f : *one)
      if (!f.isDeclaration())
        f.setName(f.getName() + "." + target.name);
    if (!merged) {
      merged = std::move(one);
      return success();
    }
    return success(!llvm::Linker::linkModules(*merged, std::move(one)));
  }

  Program describe() {
    Program program;
    program.name = report.name;
    for (const HostProgram::Function &f : host.functions) {
      ProgramFunction &to = program.functions.emplace_back();
      to.name = f.name;
      auto ports = [](const std::vector<HostProgram::Port> &from, std::vector<ProgramPort> &result) {
        for (const HostProgram::Port &p : from) {
          ProgramPort &port = result.emplace_back();
          port.name = p.name;
          port.dtype = p.dtype;
          for (const HostProgram::Dim &d : p.dims)
            port.dims.push_back(d.kind == HostProgram::Dim::Constant ? ProgramDim::constant(d.value)
                                : d.kind == HostProgram::Dim::Symbol ? ProgramDim::symbolic(d.value)
                                                                     : ProgramDim::later());
        }
      };
      ports(f.inputs, to.inputs);
      ports(f.outputs, to.outputs);
      for (const HostProgram::Symbol &s : f.symbols)
        to.symbols.push_back({s.name, s.min, s.max});
      to.segments = f.segments;
      to.segmentBytes = f.segmentBytes;
      to.stateAccess = f.stateAccess;
      if (auto known = work.find(f.name); known != work.end() && known->second.unknown == 0)
        to.flops = known->second.flops.json();
      for (const std::string &state : f.copiedStates)
        report.copiedStates.push_back(f.name + ": " + state);
      report.launches += f.launches;
      report.memory.raiseTo(f.memory);
    }
    for (const HostProgram::State &s : host.states)
      program.states.push_back({s.name, s.dtype, s.dims, s.initial});
    for (const Target &t : targets)
      program.variants.push_back({t.name, t.runtimeFeatures});
    for (const HostProgram::Node &n : host.nodes) {
      program.nodes.push_back({static_cast<int32_t>(n.id), llvm::join(n.names, ", "), n.op, n.expects});
      if (!n.kernel.empty())
        program.launches.push_back({static_cast<int32_t>(n.id), n.kernel, n.op, n.names});
    }
    for (const auto &[name, work] : host.kernels)
      program.kernels.push_back({name, llvm::cantFail(llvm::json::parse(work))});
    for (const HostProgram::Blob &blob : host.blobs)
      program.weights.push_back({blob.symbol, static_cast<uint64_t>(blob.alignment), blob.data, blob.release});
    program.facts["arena_bytes"] = report.memory.arena;
    program.facts["kernels"] = report.kernels;
    program.facts["launches"] = report.launches;
    return program;
  }

  FailureOr<CompileReport> package(std::unique_ptr<llvm::Module> module) {
    Program program = describe();
    std::optional<WeightLayout> weights;
    SmallVector<char> object;
    bool assembly = options.emit == "asm";
    if (failed(phase("target", [&] {
          llvm::Expected<WeightLayout> layout = emitProgram(*module, program);
          if (!layout)
            return error(llvm::toString(layout.takeError()));
          weights = std::move(*layout);
          // A host program of thousands of launches is straight-line code that gains nothing from -O3.
          OptimizationLevel level = report.launches > 2000 ? OptimizationLevel::Light : OptimizationLevel::Full;
          if (llvm::Error e = optimize(*module, level))
            return error(llvm::toString(std::move(e)));
          llvm::raw_svector_ostream out(object);
          if (llvm::Error e = emit(*module, assembly ? CodeFormat::Assembly : CodeFormat::Object, out, level))
            return error(llvm::toString(std::move(e)));
          return success();
        })))
      return failure();
    report.weightBytes = weights->bytes;
    if (assembly || options.emit == "obj")
      return writeFile(report.name + (assembly ? ".s" : ".o"), StringRef(object.data(), object.size()));
    if (failed(phase("package", [&] {
          llvm::Expected<OutputFiles> files = OutputFiles::create(options.outputFolder);
          if (!files)
            return error(files.takeError());
          if (llvm::Error e = writeLibrary(*files, program, *weights, object))
            return error(std::move(e));
          llvm::Expected<std::vector<std::string>> paths = files->commit();
          if (!paths)
            return error(paths.takeError());
          report.files = std::move(*paths);
          return success();
        })))
      return failure();
    return report;
  }

  FailureOr<CompileReport> writeText(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream out(text);
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(32).elideLargeResourceString(64);
    module.print(out, flags);
    return writeFile(report.name + "." + options.stopAfter + ".mlir", text);
  }
  FailureOr<CompileReport> writeModule(llvm::Module &module) {
    std::string text;
    llvm::raw_string_ostream out(text);
    module.print(out, nullptr);
    return writeFile(report.name + ".ll", text);
  }
  FailureOr<CompileReport> writeFile(const std::string &name, StringRef text) {
    llvm::Expected<OutputFiles> files = OutputFiles::create(options.outputFolder);
    if (!files)
      return error(files.takeError());
    if (llvm::Error e = files->write(name, [&](llvm::raw_ostream &out) { out << text; }))
      return error(std::move(e));
    llvm::Expected<std::vector<std::string>> paths = files->commit();
    if (!paths)
      return error(paths.takeError());
    report.files = std::move(*paths);
    return report;
  }

  std::string path;
  const CompileOptions &options;
  MLIRContext &context;
  Location where;
  std::vector<Target> targets;
  HostProgram host;
  llvm::LLVMContext llvmContext;
  CompileReport report;
  std::map<std::string, dl::FunctionWork> work; ///< by function
};

} // namespace

FailureOr<CompileReport> compileModel(StringRef path, const CompileOptions &options, MLIRContext &context) {
  return Compilation(path, options, context).run();
}

} // namespace dlc
