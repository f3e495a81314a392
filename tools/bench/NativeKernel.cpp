//===- NativeKernel.cpp - Kernel functions compiled into this process -----===//
#include "tools/bench/NativeKernel.h"

#include "compiler/Passes.h"
#include "compiler/target/Cpu.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace mlir;

namespace dlc {

static LogicalResult lowerKernels(ModuleOp module, const Target &target) {
  PassManager passes(module.getContext());
  auto &kernel = passes.nest<func::FuncOp>();
  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(createExpandMicrokernelsPass(target));
  kernel.addPass(createVectorizePass(target));
  kernel.addPass(createApproximateMathPass(target));

  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(createCSEPass());
  if (failed(passes.run(module)))
    return failure();
  for (auto function : module.getOps<func::FuncOp>())
    setTarget(function, target);
  return lowerToLLVM(module);
}

/// Runs the back end once: it consumes the module.
static llvm::Error generate(ModuleOp module, CodeFormat format, llvm::SmallVectorImpl<char> &code) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated = translateToLLVM(module, context);
  if (!translated)
    return llvm::createStringError("the kernel does not translate to LLVM");
  if (llvm::Error failure = optimize(*translated))
    return failure;
  llvm::raw_svector_ostream out(code);
  return emit(*translated, format, out);
}

llvm::Expected<NativeKernel> NativeKernel::compile(llvm::StringRef mlir, const Target &target, bool withAssembly) {
  DialectRegistry registry;
  registerCpuDialects(registry);
  registry.insert<mk::MkDialect, linalg::LinalgDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(mlir, &context);
  if (!module || failed(lowerKernels(*module, target)))
    return llvm::createStringError("the kernel does not compile");

  NativeKernel kernel;
  llvm::SmallVector<char, 0> text, object;
  if (withAssembly)
    if (llvm::Error failure = generate(*module, CodeFormat::Assembly, text))
      return failure;
  kernel.text.assign(text.begin(), text.end());
  if (llvm::Error failure = generate(*module, CodeFormat::Object, object))
    return failure;
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  kernel.jit = std::move(*jit);
  auto buffer = std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object), /*RequiresNullTerminator=*/false);
  if (llvm::Error failure = kernel.jit->addObjectFile(std::move(buffer)))
    return failure;
  return kernel;
}

} // namespace dlc
