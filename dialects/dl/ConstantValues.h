//===- ConstantValues.h - What will fold ------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Value.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc::dl {

/// Of a function's values, those that ops of one result and no regions compute of constants alone.
class ConstantValues {
public:
  bool contains(mlir::Value v) {
    mlir::Operation *op = v.getDefiningOp();
    if (!op || !mlir::isPure(op) || op->getNumResults() != 1 || op->getNumRegions() != 0)
      return false;
    auto [it, isNew] = known.try_emplace(op, false);
    if (!isNew)
      return it->second;
    bool all = llvm::all_of(op->getOperands(), [&](mlir::Value o) { return contains(o); });
    return known[op] = all;
  }

private:
  llvm::DenseMap<mlir::Operation *, bool> known;
};

} // namespace dlc::dl
