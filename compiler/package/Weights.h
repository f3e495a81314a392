//===- Weights.h - Constant data beside the code ----------------*- C++ -*-===//
//
// Weights never enter LLVM: MC would hold them several times. The module refers to one external symbol plus offsets,
// and the bytes are streamed into an object file of their own, the second member of the archive.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/package/Program.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {

/// Where the weights lie behind the one symbol.
struct WeightLayout {
  struct Piece {
    llvm::ArrayRef<char> bytes;
    uint64_t offset;
    std::function<void()> release;
  };
  std::string symbol; ///< hidden, with the library's prefix: archives of two models do not meet
  uint64_t bytes = 0, alignment = 1;
  std::vector<Piece> pieces; ///< by rising offset

  /// Too far from the code for 32-bit offsets: code and section use the large model for them.
  bool isLarge() const { return bytes > (uint64_t(1) << 30); }
};

/// Replaces the globals of `module` that stand for weights of `program` by offsets from one symbol. Weights that the
/// module does not use are left out.
llvm::Expected<WeightLayout> placeWeights(llvm::Module &module, const Program &program);

/// Writes an x86-64 ELF object that defines the symbol, and releases each weight when it is written. The data starts at
/// byte `weightsObjectOffset`.
void writeWeightsObject(const WeightLayout &layout, llvm::raw_ostream &out);
uint64_t weightsObjectOffset(const WeightLayout &layout);

} // namespace dlc
