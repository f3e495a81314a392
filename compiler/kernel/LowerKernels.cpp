//===- LowerKernels.cpp ---------------------------------------------------===//
//
// Before: a kernel is a function of tensors whose body is dl ops. After: it is a function of pointers that loops over the
// tiles [begin, end) of its parallel domain, with linalg and mk ops on the tile's buffers inside. Here, first in the kernel
// phase: tiling happens as the ops are lowered, because all of them share the domain.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/kernel/KernelFrame.h"
#include "compiler/kernel/Vectorize.h"
#include "dialects/dl/ops/Winograd.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_LOWERKERNELSPASS
#include "compiler/Passes.h.inc"

namespace {
enum class Form { Nests, Product, Attention, Convolution, Winograd, Window, Pack, Alone };

bool hasTwoProducts(func::FuncOp kernel) {
  auto products = kernel.getBody().front().getOps<ProductOp>();
  return !products.empty() && std::next(products.begin()) != products.end();
}

Form formOf(func::FuncOp kernel) {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (isa<ProductOp>(op))
      return hasTwoProducts(kernel) ? Form::Attention : Form::Product;
    if (isa<ConvolutionOp>(op))
      return Form::Convolution;
    if (isa<TransformedConvolutionOp>(op))
      return Form::Winograd;
    if (isa<WindowOp>(op))
      return Form::Window;
    auto dl = dyn_cast<DlOp>(op);
    if (!dl || isa<ConstantOp>(op))
      continue;
    Fusion::Kind kind = dl.fusion().kind;
    if (kind == Fusion::Kind::Packing)
      return Form::Pack;
    if (kind != Fusion::Kind::Pointwise && kind != Fusion::Kind::Reduction && kind != Fusion::Kind::Indexed)
      return Form::Alone;
  }
  return Form::Nests;
}

struct LowerKernels : impl::LowerKernelsPassBase<LowerKernels> {
  using Base::Base;
  explicit LowerKernels(const Target &target) : target(target) {}

  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (func::FuncOp f : getOperation().getOps<func::FuncOp>())
      if (f->hasAttr("dlc.kernel") && !f.empty())
        kernels.push_back(f);
    for (func::FuncOp kernel : kernels) {
      FailureOr<Target> variant = target ? FailureOr<Target>(*target) : targetOf(kernel, cpu);
      if (failed(variant))
        return signalPassFailure();
      Form form = formOf(kernel);
      KernelFrame frame(kernel);
      LogicalResult lowered = form == Form::Product       ? lowerProduct(frame, *variant)
                              : form == Form::Attention   ? lowerAttention(frame, *variant)
                              : form == Form::Convolution ? lowerConvolution(frame, *variant)
                              : form == Form::Winograd    ? lowerWinograd(frame)
                              : form == Form::Window      ? lowerWindow(frame)
                              : form == Form::Pack        ? lowerPack(frame)
                              : form == Form::Alone       ? lowerAlone(frame)
                                                          : lowerNests(frame);
      if (failed(lowered))
        return signalPassFailure();
      if (form != Form::Alone)
        frame.finish();
    }
  }
  std::optional<Target> target;
};
} // namespace

std::unique_ptr<Pass> createLowerKernelsPass(const Target &target) { return std::make_unique<LowerKernels>(target); }

} // namespace dlc
