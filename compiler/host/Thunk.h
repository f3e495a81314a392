//===- Thunk.h - How a launch hands a kernel its parameters ----------------===//
//
// The parameters of a launch stand in a closure of 8-byte words on the host's stack: buffers, dims, and at last a status
// word of the launch's own if the kernel has checks. `<kernel>.thunk`, a dlc_task, reads them back.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Passes.h"
#include "dialects/rt/Dialect.h"
#include "mlir/IR/SymbolTable.h"

namespace dlc {

class Thunks {
public:
  explicit Thunks(mlir::ModuleOp module) : symbols(module) {}

  struct Thunk {
    mlir::LLVM::LLVMFuncOp function;
    bool status = false; ///< the kernel may write a status word, which is the closure's last
  };

  /// The thunk of the launch's kernel; null after an error was emitted: its parameters are not those of the launch.
  const Thunk *get(rt::LaunchOp launch);
  /// Bytes of the closure.
  int64_t closureBytes(rt::LaunchOp launch, const Thunk &thunk) const;

  mlir::SymbolTable symbols;

private:
  llvm::DenseMap<mlir::StringAttr, Thunk> thunks;
};

/// Buffers that a launch passes, in the kernel's order.
llvm::SmallVector<mlir::Value> buffersOf(rt::LaunchOp launch);

} // namespace dlc
