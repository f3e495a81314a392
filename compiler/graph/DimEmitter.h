//===- DimEmitter.h - Symbolic dims as index values -------------*- C++ -*-===//
#pragma once

#include "dialects/dl/Shapes.h"
#include "mlir/IR/Builders.h"

namespace dlc {

/// Emits the affine expressions of a SymbolicShapes as index ops: dl.symbol for inputs, dl.read for computed elements.
/// Each expression is emitted once, where it is first asked for; later uses must come after that place.
class DimEmitter {
public:
  DimEmitter(mlir::OpBuilder &b, dl::SymbolicShapes &shapes) : b(b), shapes(shapes) {}
  /// `mapped` gives the value that stands for an original one where dims are read from it.
  mlir::Value emit(mlir::Location loc, mlir::AffineExpr e, llvm::function_ref<mlir::Value(mlir::Value)> mapped);
  /// The values whose elements or dims `e` reads.
  void readBy(mlir::AffineExpr e, llvm::SmallVectorImpl<mlir::Value> &values);

private:
  mlir::OpBuilder &b;
  dl::SymbolicShapes &shapes;
  llvm::DenseMap<mlir::AffineExpr, mlir::Value> emitted;
};

} // namespace dlc
