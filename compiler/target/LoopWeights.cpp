//===- LoopWeights.cpp - Which loops are worth their registers ------------===//
#include "compiler/target/LoopWeights.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"

using namespace llvm;

namespace dlc {

static constexpr uint32_t turns = 1000; // any number far above the few turns of loops over a tile's rows

void weighLoops(Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    DominatorTree tree(function);
    LoopInfo loops(tree);
    for (Loop *loop : loops.getLoopsInPreorder()) {
      BasicBlock *latch = loop->getLoopLatch();
      auto carriesVector = [](PHINode &phi) { return phi.getType()->isVectorTy(); };
      if (!latch || !loop->isInnermost() || none_of(loop->getHeader()->phis(), carriesVector))
        continue;
      auto *branch = dyn_cast<BranchInst>(latch->getTerminator());
      if (!branch || !branch->isConditional())
        continue;
      bool staysFirst = branch->getSuccessor(0) == loop->getHeader();
      branch->setMetadata(
          LLVMContext::MD_prof,
          MDBuilder(function.getContext()).createBranchWeights(staysFirst ? turns : 1, staysFirst ? 1 : turns));
    }
  }
}

} // namespace dlc
