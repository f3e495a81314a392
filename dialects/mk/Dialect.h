//===- Dialect.h - The mk dialect -------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"
#include <functional>

namespace dlc::mk {

/// Writes a payload: receives the accumulator and one element of each extra, returns the value to yield.
using PayloadBuilder = std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// The windows of a convolution, an entry a spatial dim.
struct WindowAttributes {
  llvm::ArrayRef<int64_t> window, strides, dilations, padsLow;
};

} // namespace dlc::mk

#include "dialects/mk/MkInterfaces.h.inc"

#include "dialects/mk/MkDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/mk/MkOps.h.inc"

namespace dlc::mk {

/// The maps of a mk.brgemm over `batchRank` batch dims. `batch` names the batch part of an operand's index, one
/// expression a dim (a domain dim, or the constant 0 for a broadcast extent of 1); by default all batch dims in order.
/// Pass `{}` for an operand without batch.
class BrgemmMaps {
public:
  BrgemmMaps(mlir::MLIRContext *context, unsigned batchRank) : context(context), batchRank(batchRank) {}
  mlir::SmallVector<mlir::AffineExpr> allBatch() const;
  /// [batch..., m, k], or [batch..., k, m].
  mlir::AffineMap lhs(bool transposed = false) const { return lhs(allBatch(), transposed); }
  mlir::AffineMap lhs(mlir::ArrayRef<mlir::AffineExpr> batch, bool transposed = false) const;
  /// [batch..., ceil(n / columns), k, columns].
  mlir::AffineMap rhs(int64_t columns) const { return rhs(allBatch(), columns); }
  mlir::AffineMap rhs(mlir::ArrayRef<mlir::AffineExpr> batch, int64_t columns) const;
  /// [batch..., m, n]: the output, or an extra that is added to all of it.
  mlir::AffineMap all() const { return all(allBatch()); }
  mlir::AffineMap all(mlir::ArrayRef<mlir::AffineExpr> batch) const;
  /// [n]: a bias.
  mlir::AffineMap columns() const;
  /// A domain dim: i below batchRank a batch dim, then m, n, k.
  mlir::AffineExpr dim(unsigned i) const;

private:
  mlir::MLIRContext *context;
  unsigned batchRank;
};

/// The map of a mk.pack whose source is [batch..., K, N], or [batch..., N, K] when `transposed`.
mlir::AffineMap packMap(mlir::MLIRContext *context, unsigned batchRank, bool transposed);

/// Packs a constant. `source` holds `batch` matrices of K x N elements of `elementBytes` bytes, row-major, or N x K
/// when `transposed`; `packed` receives `batch * ceil(N / columns) * K * columns` elements.
void packConstant(llvm::ArrayRef<char> source, llvm::MutableArrayRef<char> packed, int64_t batch, int64_t K, int64_t N,
                  int64_t columns, unsigned elementBytes, bool transposed);

} // namespace dlc::mk
