#include "compiler/package/Emit.h"
#include "compiler/package/Embedded.h"
#include "compiler/target/Cpu.h"
#include "runtime/model.h"
#include "test/package/TestLibrary.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Constants.h"
#include "llvm/Support/SourceMgr.h"
#include <gtest/gtest.h>

using namespace llvm;

namespace {

std::string emitError(const dlc::Program &program, bool emptyModule = false) {
  LLVMContext context;
  std::unique_ptr<Module> module = testLibraryModule(context, 1);
  if (emptyModule)
    module = std::make_unique<Module>("empty", context);
  return toString(dlc::emitProgram(*module, program).takeError());
}

TEST(Emit, CarriesTheRuntime) {
  EXPECT_TRUE(dlc::runtimeBitcode().starts_with("BC"));
  EXPECT_NE(dlc::modelHeader().find("#define DLC_ABI"), StringRef::npos);
}

TEST(Emit, RefusesWhatDoesNotFit) {
  dlc::Program program = testLibraryProgram("good");
  EXPECT_EQ(emitError(program, /*emptyModule=*/true), "the module does not define \"run.x86-64-v3\"");
  program.name = "not good";
  EXPECT_EQ(emitError(program), "library name \"not good\" is no C identifier");
  program = testLibraryProgram("good");
  program.functions[1].name = "open";
  EXPECT_EQ(emitError(program), "function name \"open\" is taken");
  program = testLibraryProgram("good");
  program.functions[0].inputs[0].dtype = DLC_I2 + 1;
  EXPECT_EQ(emitError(program), "input \"X\" of run: dtype 27 is not supported at the border of a library");
  program = testLibraryProgram("good");
  program.functions[0].inputs[0].dims[0] = dlc::ProgramDim::later();
  EXPECT_EQ(emitError(program), "input \"X\" of run: no symbol -2");
  program = testLibraryProgram("good");
  program.functions[0].symbols[0].max = -1;
  EXPECT_EQ(emitError(program), "symbol N of run: bounds 0 to -1 hold no size");
}

TEST(Emit, LeavesOnlyExportsVisible) {
  LLVMContext context;
  std::unique_ptr<Module> module = testLibraryModule(context, 1);
  dlc::Program program = testLibraryProgram("mnist");
  ASSERT_TRUE(bool(dlc::emitProgram(*module, program)));
  for (const GlobalValue &value : module->global_values())
    if (!value.isDeclaration() && !value.hasLocalLinkage() && !value.getName().starts_with("llvm."))
      EXPECT_TRUE(value.getName().starts_with("mnist_")) << value.getName().str();
  EXPECT_TRUE(module->getFunction("__truncsfhf2")) << "the half of \"halves\" needs it";
}

TEST(Emit, DropsHalfConversionsThatNothingNeeds) {
  LLVMContext context;
  SMDiagnostic problem;
  std::unique_ptr<Module> module =
      parseAssemblyString("define i32 @run.x(ptr %c, ptr %i, ptr %s) { ret i32 0 }", problem, context);
  module->setTargetTriple(Triple(dlc::cpuTriple));
  dlc::Program program;
  program.name = "empty";
  program.functions = {{"run", {}, {}, {}, 0}};
  program.variants = {{"x", 0}};
  ASSERT_TRUE(bool(dlc::emitProgram(*module, program)));
  EXPECT_FALSE(module->getFunction("__truncsfhf2"));
  EXPECT_FALSE(module->getFunction("dlc_rt_plan"));
}

TEST(Emit, LeavesOutWeightsThatNothingUses) {
  LLVMContext context;
  SMDiagnostic problem;
  std::unique_ptr<Module> module = parseAssemblyString(R"(
    @a = external constant [4 x i8]
    @b = external constant [3 x i8]
    @unused = external constant [9 x i8]
    define i32 @run.x(ptr %c, ptr %i, ptr %s) {
      store ptr @a, ptr %s
      store ptr @b, ptr %s
      ret i32 0
    })",
                                                       problem, context);
  dlc::Program program;
  program.name = "m";
  program.weights = {{"a", 4, ArrayRef("abcd", 4)},
                     {"b", 1, ArrayRef("xyz", 3)},
                     {"unused", 64, ArrayRef("123456789", 9)},
                     {"missing", 64, ArrayRef("123456789", 9)}};
  Expected<dlc::WeightLayout> layout = dlc::placeWeights(*module, program);
  ASSERT_TRUE(bool(layout));
  EXPECT_EQ(layout->symbol, "m_weights");
  EXPECT_EQ(layout->bytes, 7u);
  EXPECT_EQ(layout->alignment, 4u);
  ASSERT_EQ(layout->pieces.size(), 2u);
  EXPECT_EQ(layout->pieces[1].offset, 4u);
  EXPECT_FALSE(module->getNamedGlobal("unused"));
  EXPECT_TRUE(module->getNamedGlobal("m_weights")->hasHiddenVisibility());
}

} // namespace
