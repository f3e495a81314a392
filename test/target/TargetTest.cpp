//===- TargetTest.cpp - CPU names, and code for several in one module -----===//
#include "compiler/target/Cpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace dlc;

TEST(Target, KnowsTheVariants) {
  Target best = llvm::cantFail(Target::get("x86-64-v4"));
  EXPECT_EQ(best.vectorBits, 512u);
  EXPECT_EQ(best.vectorRegisters, 32u);
  EXPECT_TRUE(best.masks && best.fma && best.halfConversions && best.roundInstruction);
  Target middle = llvm::cantFail(Target::get("x86-64-v3"));
  EXPECT_EQ(middle.vectorBits, 256u);
  EXPECT_EQ(middle.vectorRegisters, 16u);
  EXPECT_TRUE(!middle.masks && middle.fma && middle.halfConversions);
  Target least = llvm::cantFail(Target::get("x86-64"));
  EXPECT_EQ(least.vectorBits, 128u);
  EXPECT_FALSE(least.fma || least.halfConversions || least.roundInstruction);
  EXPECT_EQ(least.runtimeFeatures, 0u);
}

TEST(Target, OrdersItsNamesBestFirst) {
  uint64_t before = ~0ull;
  for (llvm::StringRef name : Target::names()) {
    uint64_t features = llvm::cantFail(Target::get(name)).runtimeFeatures;
    EXPECT_EQ(features & ~before, 0u) << name.str();
    before = features;
  }
}

TEST(Target, KnowsCpusOfLLVM) {
  EXPECT_EQ(llvm::cantFail(Target::get("sapphirerapids")).vectorBits, 512u);
  EXPECT_EQ(llvm::cantFail(Target::get("skylake-avx512")).vectorBits, 512u);
  EXPECT_EQ(llvm::cantFail(Target::get("haswell")).vectorBits, 256u);
  EXPECT_TRUE(bool(Target::get("native")));
}

TEST(Target, ListsNamesWhereOneIsUnknown) {
  for (llvm::StringRef name : {"", "x86-64-v5", "pentium4", "cortex-a72"}) {
    llvm::Expected<Target> target = Target::get(name);
    ASSERT_FALSE(bool(target)) << name.str();
    std::string why = llvm::toString(target.takeError());
    EXPECT_NE(why.find("unknown CPU '" + name.str() + "'"), std::string::npos) << why;
    EXPECT_NE(why.find("x86-64-v4, x86-64-v3, x86-64"), std::string::npos) << why;
  }
}

TEST(Cpu, CompilesEachFunctionForItsVariant) {
  mlir::DialectRegistry registry;
  registerCpuDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    func.func @wide(%p: memref<f32>) attributes {dlc.target = "x86-64-v4"} {
      %c0 = arith.constant 0 : index
      %m = memref.reinterpret_cast %p to offset: [0], sizes: [16], strides: [1] : memref<f32> to memref<16xf32>
      %v = vector.load %m[%c0] : memref<16xf32>, vector<16xf32>
      %s = arith.addf %v, %v : vector<16xf32>
      vector.store %s, %m[%c0] : memref<16xf32>, vector<16xf32>
      return
    }
    func.func @narrow(%p: memref<f32>) {
      %c0 = arith.constant 0 : index
      %m = memref.reinterpret_cast %p to offset: [0], sizes: [16], strides: [1] : memref<f32> to memref<16xf32>
      %v = vector.load %m[%c0] : memref<16xf32>, vector<16xf32>
      %s = arith.addf %v, %v : vector<16xf32>
      vector.store %s, %m[%c0] : memref<16xf32>, vector<16xf32>
      return
    })", &context);
  ASSERT_TRUE(module && mlir::succeeded(lowerToLLVM(*module)));
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated = translateToLLVM(*module, llvmContext);
  ASSERT_TRUE(translated);
  // Bare pointers: one argument each.
  EXPECT_EQ(translated->getFunction("wide")->arg_size(), 1u);
  ASSERT_FALSE(bool(optimize(*translated)));
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream out(text);
  ASSERT_FALSE(bool(emit(*translated, CodeFormat::Assembly, out)));
  auto [wide, narrow] = llvm::StringRef(text).split("\nnarrow:");
  EXPECT_TRUE(wide.contains("%zmm0"));
  EXPECT_FALSE(narrow.contains("%zmm") || narrow.contains("%ymm"));
}
