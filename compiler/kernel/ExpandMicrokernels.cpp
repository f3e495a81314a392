//===- ExpandMicrokernels.cpp - mk ops as loops over registers ------------===//
//
// Before: mk ops on memrefs, tiled and bufferized. After: scf.for loops whose bodies keep a tile of sums in registers,
// with the payload on whole vectors; packing as linalg ops. Here, after bufferization, because the emitter needs
// strides, and before dlc-vectorize, which makes the loops of the packing.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ExpandMicrokernels.h"
#include "compiler/Passes.h"
#include "compiler/kernel/Vectorize.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace dlc {
#define GEN_PASS_DEF_EXPANDMICROKERNELSPASS
#include "compiler/Passes.h.inc"

namespace {
struct ExpandMicrokernels : impl::ExpandMicrokernelsPassBase<ExpandMicrokernels> {
  using ExpandMicrokernelsPassBase::ExpandMicrokernelsPassBase;
  explicit ExpandMicrokernels(const Target &target) : given(target) {}

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    FailureOr<Target> target = given ? FailureOr<Target>(*given) : targetOf(function, cpu);
    if (failed(target))
      return signalPassFailure();
    OpBuilder b(&getContext());
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa<mk::ContractionOp, mk::PackOp, mk::WindowOp>(op))
        ops.push_back(op);
    });
    // The loops here move a register's worth: a call, which LLVM would make of them, takes longer.
    if (!ops.empty())
      function->setAttr("passthrough", b.getStrArrayAttr({"no-builtin-memcpy", "no-builtin-memset"}));
    for (Operation *op : ops) {
      LogicalResult done = llvm::TypeSwitch<Operation *, LogicalResult>(op)
                               .Case([&](mk::ContractionOp o) { return expandContraction(b, o, *target); })
                               .Case([&](mk::WindowOp o) { return expandWindow(b, o, *target); })
                               .Case([&](mk::PackOp o) { return expandPack(b, o); });
      if (failed(done))
        return signalPassFailure();
    }
  }

  std::optional<Target> given;
};
} // namespace

std::unique_ptr<Pass> createExpandMicrokernelsPass(const Target &target) {
  return std::make_unique<ExpandMicrokernels>(target);
}

} // namespace dlc
