//===- TestLibrary.h - A small compiled model, without a compiler ---------===//
#pragma once

#include "compiler/package/Library.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LLVMContext.h"
#include <memory>

/// run: Y[N,4] = X[N,4] + w * scale, on the pool; find: I[?] of X[N]; halves: f16 H[K] = X[K] / 2 through f32;
/// pick: a bad index at node 3, if X[0] is negative.
dlc::Program testLibraryProgram(const std::string &name);

/// The module of the above; `scale` is compiled in.
std::unique_ptr<llvm::Module> testLibraryModule(llvm::LLVMContext &context, int scale);

/// The object of a completed module.
llvm::SmallVector<char, 0> emitObject(llvm::Module &module);

/// The test library, ready to be written.
struct TestLibrary {
  explicit TestLibrary(const std::string &name, int scale = 1);
  llvm::Error write(llvm::StringRef folder) const;

  dlc::Program program;
  dlc::WeightLayout weights;
  llvm::SmallVector<char, 0> object;
};

/// A folder that is removed with all that is in it.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string operator/(llvm::StringRef name) const;
  std::string path;
};

/// Runs `command` in a shell; its exit status, and what it printed in `output`.
int shell(const std::string &command, std::string &output);

/// File names in `folder`, sorted.
std::vector<std::string> filesIn(llvm::StringRef folder);
