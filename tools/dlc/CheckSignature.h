//===- CheckSignature.h - Arguments and results, states among them -*- C++ -*-===//
#pragma once

#include "tools/dlc/Library.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// What the reference takes and gives, argument by argument and result by result, beside the library's inputs and
/// outputs: some of them are states, which the library keeps.
struct Signature {
  LibraryFunction all;
  llvm::SmallVector<bool> isStateArgument, isStateResult;

  Signature(mlir::func::FuncOp function, const LibraryFunction &compiled);
  std::vector<HostTensor> inputsOf(llvm::ArrayRef<HostTensor> arguments) const;
  /// Calls a function from given values of its states; all results, in order.
  llvm::Expected<std::vector<HostTensor>> call(Session &session, int32_t index, llvm::ArrayRef<HostTensor> arguments) const;
};

} // namespace dlc
