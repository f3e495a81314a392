//===- LoopWeights.h - Which loops are worth their registers --------------===//
#pragma once

#include "llvm/IR/Module.h"

namespace dlc {

/// Gives the innermost loops that carry vectors the branch weights of long loops. Without any, the register allocator
/// takes all loops of one depth for equally long, and spills the sums of a contraction for constants that the epilogue
/// beside it hoists over both.
void weighLoops(llvm::Module &module);

} // namespace dlc
