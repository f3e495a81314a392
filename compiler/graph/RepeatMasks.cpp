//===- RepeatMasks.cpp ----------------------------------------------------===//
//
// Before: a mask that several attentions add to their scores is one value, as large as the scores of a head, and so is
// one that is broadcast or reshaped on its way. After: each attention has cheap pointwise ops of its own for it, which
// become part of its kernel, and what they read has rows or columns, not both. Here, right before kernels are formed,
// because until then equal ops are worth merging.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/AttentionPattern.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_REPEATMASKSPASS
#include "compiler/Passes.h.inc"

namespace {
struct RepeatMasks : impl::RepeatMasksPassBase<RepeatMasks> {
  void runOnOperation() override {
    for (ProductOp product : llvm::to_vector(getOperation().getBody().front().getOps<ProductOp>()))
      if (std::optional<AttentionPattern> attention = matchAttention(product))
        if (failed(repeatMasks(*attention)))
          return signalPassFailure();
  }
};
} // namespace
} // namespace dlc
