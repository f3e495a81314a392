//===- Vectorize.cpp - linalg ops on buffers to vector loops --------------===//
//
// Before: a bufferized kernel function whose work is linalg ops on memrefs (tiles of them, inside scf.for).
// After: scf.for loops over explicit vector loads, payload ops on whole registers, and vector stores.
// Here, after bufferization, because only then do strides and in-place operands show; and by our own emitter, because
// upstream's vectorizer declines strides, dynamic sizes without masks and reductions with several results.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/Vectorize.h"
#include "compiler/Passes.h"
#include "compiler/kernel/VectorizeLoops.h"
#include "compiler/target/Cpu.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"

using namespace mlir;

namespace dlc {
#define GEN_PASS_DEF_VECTORIZEPASS
#include "compiler/Passes.h.inc"

FailureOr<Target> targetOf(Operation *function, StringRef cpu) {
  if (cpu.empty())
    if (auto own = function->getAttrOfType<StringAttr>(targetAttrName))
      cpu = own.getValue();
  llvm::Expected<Target> target = Target::get(cpu.empty() ? "native" : cpu);
  if (!target)
    return function->emitError() << llvm::toString(target.takeError());
  return *target;
}

LogicalResult vectorize(RewriterBase &rewriter, linalg::LinalgOp op, const Target &target) {
  rewriter.setInsertionPoint(op);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    FailureOr<linalg::GenericOp> general = linalg::generalizeNamedOp(rewriter, op);
    if (failed(general))
      return op.emitOpError("has no structured form that could be vectorized");
    generic = *general;
  }
  rewriter.setInsertionPoint(generic);
  FailureOr<Nest> nest = describeNest(rewriter, generic);
  if (failed(nest))
    return failure();
  emitNest(rewriter, *nest, choosePlan(*nest, target), target);
  rewriter.eraseOp(generic);
  return success();
}

namespace {
struct Vectorize : dlc::impl::VectorizePassBase<Vectorize> {
  using VectorizePassBase::VectorizePassBase;
  explicit Vectorize(const Target &target) : given(target) {}

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    FailureOr<Target> target = given ? FailureOr<Target>(*given) : targetOf(function, cpu);
    if (failed(target))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    // memref.copy of a strided buffer would become a call into a runtime that we do not ship.
    function.walk([&](memref::CopyOp copy) {
      rewriter.setInsertionPoint(copy);
      rewriter.replaceOpWithNewOp<linalg::CopyOp>(copy, copy.getSource(), copy.getTarget());
    });
    SmallVector<linalg::LinalgOp> ops;
    function.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops)
      if (failed(vectorize(rewriter, op, *target)))
        return signalPassFailure();
  }

  std::optional<Target> given;
};
} // namespace

std::unique_ptr<Pass> createVectorizePass(const Target &target) { return std::make_unique<Vectorize>(target); }

} // namespace dlc
