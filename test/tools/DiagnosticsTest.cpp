#include "tools/dlc/Diagnostics.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace dlc;
using namespace mlir;

namespace {

struct Diagnostics : testing::Test {
  MLIRContext context{MLIRContext::Threading::DISABLED};
  DiagnosticCollector collector{context};
  Location node(llvm::StringRef name, unsigned index) {
    return NameLoc::get(StringAttr::get(&context, name), FileLineColLoc::get(&context, "bert.onnx", index, 0));
  }
};

TEST_F(Diagnostics, NamesTheNode) {
  InFlightDiagnostic error = emitError(node("/layer.3/attn/MatMul", 142), "[E0102] MatMul: inner dimensions differ (768 vs 64)");
  error.attachNote() << "A f32[N,128,768]  from \"/layer.3/ln/Add\"";
  error.attachNote() << "B f32[64,768]     initializer \"W_q\"";
  error.report();
  ASSERT_EQ(collector.findings().size(), 1u);
  EXPECT_EQ(textOf(collector.findings()[0], /*color=*/false),
            "error[E0102]: MatMul: inner dimensions differ (768 vs 64)\n"
            "  --> bert.onnx: node \"/layer.3/attn/MatMul\" (#142)\n"
            "  | A f32[N,128,768]  from \"/layer.3/ln/Add\"\n"
            "  | B f32[64,768]     initializer \"W_q\"\n");
  EXPECT_EQ(collector.exitCode(), ExitCode::Usage);
}

TEST_F(Diagnostics, KeepsPlacesInText) {
  emitError(FileLineColLoc::get(&context, "a.mlir", 3, 7), "no such op");
  EXPECT_EQ(textOf(collector.findings()[0], false), "error: no such op\n  --> a.mlir:3:7\n");
}

TEST_F(Diagnostics, FindsTheNodeInFusedLocations) {
  Location fused = FusedLoc::get(&context, {UnknownLoc::get(&context), node("a", 0), node("b", 1)});
  emitError(fused, "[E0601] Foo is not supported");
  EXPECT_EQ(collector.findings()[0].node, "a");
  EXPECT_EQ(collector.findings()[0].index, 0);
  EXPECT_EQ(collector.exitCode(), ExitCode::Unsupported);
}

TEST_F(Diagnostics, ClassifiesWithoutCode) {
  emitError(node("a", 0), "op Foo is not supported");
  EXPECT_EQ(collector.exitCode(), ExitCode::Unsupported);
  emitError(node("a", 0), "expects two inputs, got 1");
  EXPECT_EQ(collector.exitCode(), ExitCode::Usage);
  emitError(UnknownLoc::get(&context), "pass broke");
  EXPECT_EQ(collector.exitCode(), ExitCode::Internal);
}

TEST_F(Diagnostics, AFailureWithoutAnErrorIsOurs) {
  emitWarning(node("a", 0), "odd");
  EXPECT_EQ(collector.exitCode(), ExitCode::Internal);
}

} // namespace
