//===- Cpu.cpp - From kernels and host code in MLIR to x86-64 objects -----===//
#include "compiler/target/Cpu.h"
#include "compiler/target/LoopWeights.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

namespace dlc {

void initializeCpuBackend() {
  static const bool once = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    return true;
  }();
  (void)once;
}

void setTarget(FunctionOpInterface function, const Target &target) {
  function->setAttr(targetAttrName, StringAttr::get(function->getContext(), target.name));
}

void registerCpuDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  index::IndexDialect, LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  ub::UBDialect, vector::VectorDialect, x86vector::X86VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

namespace {
/// Turns `dlc.target` into the function attributes that LLVM's backend reads.
LogicalResult applyTargets(ModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto name = function->getAttrOfType<StringAttr>(targetAttrName);
    if (!name)
      continue;
    llvm::Expected<Target> target = Target::get(name.getValue());
    if (!target)
      return function.emitError() << llvm::toString(target.takeError());
    MLIRContext *context = module.getContext();
    function.setTargetCpu(target->cpu);
    if (!target->features.empty())
      function.setTargetFeaturesAttr(LLVM::TargetFeaturesAttr::get(context, target->features));
    // Many CPU models of LLVM prefer 256-bit code for the sake of programs that seldom use vectors.
    if (target->vectorBits == 512) {
      function.setPreferVectorWidth("512");
      auto width = ArrayAttr::get(context, {StringAttr::get(context, "min-legal-vector-width"),
                                            StringAttr::get(context, "512")});
      SmallVector<Attribute> all{width};
      if (ArrayAttr others = function.getPassthroughAttr())
        llvm::append_range(all, others);
      function.setPassthroughAttr(ArrayAttr::get(context, all));
    }
    function->removeAttr(targetAttrName);
  }
  return success();
}

/// Loads and stores short floats as the integers that their neighbours cast them from and to. LLVM scalarizes vectors
/// of bf16 and f16 on machines without them, with a call for each element.
void moveShortFloatsAsIntegers(ModuleOp module) {
  SmallVector<LLVM::BitcastOp> casts;
  module.walk([&](LLVM::BitcastOp cast) { casts.push_back(cast); });
  auto isShort = [](Value value) {
    Type element = getElementTypeOrSelf(value.getType());
    return element.isBF16() || element.isF16();
  };
  for (LLVM::BitcastOp cast : casts) {
    Value from = cast.getArg();
    Operation *load = from.getDefiningOp();
    if (isShort(from) && from.hasOneUse() &&
        isa_and_nonnull<LLVM::LoadOp, LLVM::MaskedLoadOp, LLVM::masked_gather>(load)) {
      OpBuilder b(load);
      for (OpOperand &inactive : load->getOpOperands())
        if (inactive.get().getType() == from.getType())
          inactive.set(LLVM::BitcastOp::create(b, load->getLoc(), cast.getType(), inactive.get()));
      from.setType(cast.getType());
      cast.replaceAllUsesWith(from);
      cast.erase();
      continue;
    }
    if (!isShort(cast))
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(cast->getUses()))
      if (isa<LLVM::StoreOp, LLVM::MaskedStoreOp, LLVM::masked_scatter>(use.getOwner()) && use.getOperandNumber() == 0)
        use.set(from);
    if (cast.use_empty())
      cast.erase();
  }
}

std::unique_ptr<llvm::TargetMachine> makeTargetMachine(OptimizationLevel level) {
  initializeCpuBackend();
  std::string why;
  llvm::Triple triple(cpuTriple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, why);
  if (!backend)
    llvm::report_fatal_error(llvm::Twine(why));
  llvm::TargetOptions options;
  // Only operations marked `contract` fuse: error-free transformations in math code must stay as written.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  // Assembly text says which moves are spills and which blocks are inner loops; test/target/asm-check.py reads that.
  options.MCOptions.AsmVerbose = true;
  options.FunctionSections = true;
  options.DataSections = true;
  auto codeGen = level == OptimizationLevel::Full ? llvm::CodeGenOptLevel::Aggressive : llvm::CodeGenOptLevel::Less;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, "x86-64", "", options, llvm::Reloc::PIC_, llvm::CodeModel::Small, codeGen));
}
} // namespace

LogicalResult lowerToLLVM(ModuleOp module) {
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  auto &functions = passes.nest<func::FuncOp>();
  // extract_strided_metadata of subviews and casts becomes index arithmetic, which CSE and LICM then see.
  functions.addPass(memref::createExpandStridedMetadataPass());
  functions.addPass(createLowerAffinePass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createLoopInvariantCodeMotionPass());
  functions.addPass(createSCFToControlFlowPass());
  functions.addPass(arith::createArithExpandOpsPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass()); // takes vectors of f64 apart, so before vector ops are lowered
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  ConvertFuncToLLVMPassOptions bare;
  bare.useBarePtrCallConv = true;
  passes.addPass(createConvertFuncToLLVMPass(bare));
  passes.addPass(createUBToLLVMConversionPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (failed(passes.run(module)))
    return failure();
  moveShortFloatsAsIntegers(module);
  return applyTargets(module);
}

std::unique_ptr<llvm::Module> translateToLLVM(ModuleOp module, llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> result = translateModuleToLLVMIR(module, context);
  if (!result)
    return nullptr;
  result->setTargetTriple(llvm::Triple(cpuTriple));
  result->setDataLayout(makeTargetMachine(OptimizationLevel::Light)->createDataLayout());
  return result;
}

/// Stores one lane as a scalar. LLVM 22 makes of a truncation and a masked store of one known lane a store of the
/// element before truncation, which writes past it.
static void storeSingleLanesAsScalars(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto *store = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
      if (!store || store->getIntrinsicID() != llvm::Intrinsic::masked_store)
        continue;
      auto *mask = llvm::dyn_cast<llvm::Constant>(store->getArgOperand(store->arg_size() - 1));
      auto *type = llvm::dyn_cast<llvm::FixedVectorType>(store->getArgOperand(0)->getType());
      if (!mask || !type)
        continue;
      llvm::SmallVector<unsigned> active;
      for (unsigned lane = 0; lane < type->getNumElements(); ++lane)
        if (llvm::Constant *bit = mask->getAggregateElement(lane); bit && !bit->isNullValue())
          active.push_back(lane);
      if (active.size() != 1)
        continue;
      llvm::IRBuilder<> b(store);
      llvm::Value *element = b.CreateExtractElement(store->getArgOperand(0), uint64_t(active[0]));
      llvm::Value *address = b.CreateConstGEP1_64(type->getElementType(), store->getArgOperand(1), active[0]);
      uint64_t bytes = module.getDataLayout().getTypeStoreSize(type->getElementType());
      b.CreateAlignedStore(element, address, llvm::MaybeAlign(llvm::bit_floor(bytes)));
      store->eraseFromParent();
    }
}

llvm::Error optimize(llvm::Module &module, OptimizationLevel level) {
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(level);
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.SLPVectorization = false;
  llvm::PassBuilder builder(machine.get(), tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  auto pipeline = level == OptimizationLevel::Full ? llvm::OptimizationLevel::O3 : llvm::OptimizationLevel::O1;
  builder.buildPerModuleDefaultPipeline(pipeline).run(module, modules);
  storeSingleLanesAsScalars(module);
  weighLoops(module);
  return llvm::Error::success();
}

llvm::Error emit(llvm::Module &module, CodeFormat format, llvm::raw_pwrite_stream &out, OptimizationLevel level) {
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(level);
  llvm::legacy::PassManager passes;
  auto kind = format == CodeFormat::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(passes, out, nullptr, kind))
    return llvm::createStringError("the x86-64 backend cannot emit this kind of file");
  passes.run(module);
  return llvm::Error::success();
}

} // namespace dlc
