//===- Emit.cpp - From kernels and host functions to a whole module -------===//
#include "compiler/package/Emit.h"

#include "compiler/package/Embedded.h"
#include "compiler/package/Metadata.h"
#include "compiler/package/Tables.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace dlc {

namespace {

/// What of the runtime the code generator may call by name, long after unused functions were dropped.
constexpr StringLiteral halfConversions[] = {"__extendhfsf2", "__truncsfhf2", "__truncdfhf2", "__truncsfbf2",
                                             "__truncdfbf2"};

bool isHalf(Type *type) {
  Type *scalar = type->getScalarType();
  return scalar->isHalfTy() || scalar->isBFloatTy();
}

bool usesHalf(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (isHalf(instruction.getType()) ||
          any_of(instruction.operands(), [](const Use &use) { return isHalf(use->getType()); }))
        return true;
  return false;
}

Error linkRuntime(Module &module) {
  Expected<std::unique_ptr<Module>> runtime =
      parseBitcodeFile(MemoryBufferRef(runtimeBitcode(), "runtime"), module.getContext());
  if (!runtime)
    return runtime.takeError();
  (*runtime)->setTargetTriple(module.getTargetTriple());
  (*runtime)->setDataLayout(module.getDataLayout());
  for (Function &function : **runtime) {
    // Code for any x86-64 may be inlined into any variant; what clang says of its target must not stand in the way.
    for (StringRef attribute : {"target-cpu", "target-features", "tune-cpu"})
      function.removeFnAttr(attribute);
    // Thousands of launches call these: one copy each.
    if (!function.isDeclaration() && function.getName().starts_with("dlc_rt_"))
      function.addFnAttr(Attribute::NoInline);
  }
  if (Linker::linkModules(module, std::move(*runtime)))
    return createStringError("the runtime does not link with the compiled code");
  if (NamedMDNode *identity = module.getNamedMetadata("llvm.ident"))
    identity->eraseFromParent();
  return Error::success();
}

/// Defines the functions that the library exports. Each passes its arguments on to the runtime.
class Exports {
public:
  Exports(Module &module, const Program &program)
      : module(module), program(program), context(module.getContext()), pointer(PointerType::get(context, 0)),
        i32(Type::getInt32Ty(context)), i64(Type::getInt64Ty(context)), nothing(Type::getVoidTy(context)) {}

  /// PREFIX_name with these parameters calls the runtime's `callee` with `leading` before them.
  Error forward(StringRef name, StringRef callee, Type *result, ArrayRef<Type *> parameters,
                ArrayRef<Constant *> leading = {}) {
    std::string exported = exportedName(program, name);
    Function *target = module.getFunction(callee);
    if (!target)
      return createStringError("the runtime has no \"" + callee + "\"");
    Function *function = define(exported, result, parameters);
    IRBuilder<> builder(BasicBlock::Create(context, "", function));
    SmallVector<Value *> arguments(leading.begin(), leading.end());
    for (Argument &argument : function->args())
      arguments.push_back(&argument);
    finish(builder, builder.CreateCall(target, arguments));
    return Error::success();
  }

  /// PREFIX_name(session, io) runs function `index`.
  Error run(StringRef name, size_t index) {
    Function *function = define(exportedName(program, name), i32, {pointer, pointer});
    IRBuilder<> builder(BasicBlock::Create(context, "", function));
    finish(builder, builder.CreateCall(module.getFunction("dlc_rt_run"),
                                       {function->getArg(0), builder.getInt32(uint32_t(index)), function->getArg(1)}));
    return Error::success();
  }

  void returning(StringRef name, Constant *value) {
    Function *function = define(exportedName(program, name), pointer, {});
    IRBuilder<>(BasicBlock::Create(context, "", function)).CreateRet(value);
  }

  Error all(Constant *table) {
    if (Error error = forward("open", "dlc_rt_open", i32, {pointer, pointer, pointer, i64}, {table}))
      return error;
    struct {
      StringRef name;
      Type *result;
      SmallVector<Type *, 6> parameters;
    } const entries[] = {{"close", nothing, {pointer}},
                         {"variant", pointer, {pointer}},
                         {"session_new", i32, {pointer, pointer}},
                         {"session_free", nothing, {pointer}},
                         {"call", i32, {pointer, i32, pointer, i32, pointer, i32}},
                         {"last_error", pointer, {pointer}},
                         {"status_text", pointer, {i32}},
                         {"pool_new", i32, {i32, pointer}},
                         {"pool_free", nothing, {pointer}},
                         {"get_state", i32, {pointer, pointer, pointer, i64}},
                         {"set_state", i32, {pointer, pointer, pointer, i64}},
                         {"set_profile", i32, {pointer, pointer}}};
    for (const auto &entry : entries)
      if (Error error = forward(entry.name, ("dlc_rt_" + entry.name).str(), entry.result, entry.parameters))
        return error;
    for (size_t i = 0; i < program.functions.size(); ++i)
      if (Error error = run(program.functions[i].name, i))
        return error;
    return Error::success();
  }

  StringSet<> names;

private:
  Function *define(const std::string &name, Type *result, ArrayRef<Type *> parameters) {
    names.insert(name);
    auto *function = Function::Create(FunctionType::get(result, parameters, /*isVarArg=*/false),
                                      GlobalValue::ExternalLinkage, name, module);
    function->addFnAttr(Attribute::NoUnwind);
    return function;
  }

  void finish(IRBuilder<> &builder, CallInst *call) {
    call->setTailCall();
    if (call->getType()->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(call);
  }

  Module &module;
  const Program &program;
  LLVMContext &context;
  PointerType *pointer;
  Type *i32, *i64, *nothing;
};

} // namespace

Expected<WeightLayout> emitProgram(Module &module, const Program &program) {
  if (Error error = verify(program))
    return error;
  Expected<GlobalVariable *> table = addProgramTable(module, program);
  if (!table)
    return table.takeError();
  Expected<WeightLayout> weights = placeWeights(module, program); // those of states the table names
  if (!weights)
    return weights.takeError();
  const bool keepHalfConversions = usesHalf(module); // asked before the conversions themselves are in
  if (Error error = linkRuntime(module))
    return error;

  Exports exports(module, program);
  if (Error error = exports.all(*table))
    return error;
  exports.returning("describe", addDescription(module, program, describeJson(program, *weights)));

  if (keepHalfConversions) {
    SmallVector<GlobalValue *> kept;
    for (StringRef name : halfConversions)
      if (Function *function = module.getFunction(name))
        kept.push_back(function);
    appendToCompilerUsed(module, kept);
  }
  internalizeModule(module, [&](const GlobalValue &value) { return exports.names.contains(value.getName()); });
  ModuleAnalysisManager analyses;
  GlobalDCEPass().run(module, analyses);

  std::string broken;
  raw_string_ostream stream(broken);
  if (verifyModule(module, &stream))
    return createStringError("broken module: " + broken);
  return weights;
}

} // namespace dlc
