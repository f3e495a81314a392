//===- NativeKernel.h - Kernel functions compiled into this process -------===//
#pragma once

#include "compiler/target/Target.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <memory>
#include <string>

namespace dlc {

/// The kernels of one MLIR module, as machine code of this process.
class NativeKernel {
public:
  /// Parses `mlir` (functions over memrefs with mk, linalg, scf and vector ops), runs the kernel passes for `target`
  /// and loads the object. Functions take bare pointers and index values: `%a: memref<f32>, %M: index` is
  /// `(float *a, int64_t M)`.
  static llvm::Expected<NativeKernel> compile(llvm::StringRef mlir, const Target &target, bool withAssembly = false);

  /// The function of that name; `Signature` as above.
  template <class Signature> Signature *get(llvm::StringRef name) {
    return llvm::cantFail(jit->lookup(name)).toPtr<Signature *>();
  }
  /// What was loaded, as text; empty unless asked for.
  llvm::StringRef assembly() const { return text; }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::string text;
};

} // namespace dlc
