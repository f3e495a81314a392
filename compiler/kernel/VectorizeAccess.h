//===- VectorizeAccess.h - Where an operand's elements lie ----------------===//
#pragma once

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace dlc {

/// A payload value for `lanes` consecutive points of the vector dimension. Lane i holds `base + i * step`, or element i
/// of `vector` if that is set. Keeping the first two forms unexpanded leaves uniform work scalar and lets an index
/// that grows by one address memory contiguously.
struct LaneValue {
  mlir::Value base;
  int64_t step = 0;
  mlir::Value vector;

  LaneValue() = default;
  LaneValue(mlir::Value base, int64_t step = 0) : base(base), step(step) {}
  static LaneValue varying(mlir::Value vector) {
    LaneValue result;
    result.vector = vector;
    return result;
  }

  bool isUniform() const { return !vector && step == 0; }
  bool isVarying() const { return vector != nullptr; }
};

/// `value` as one vector of `lanes` elements; the scalar itself when lanes is 1.
mlir::Value materialize(mlir::OpBuilder &b, mlir::Location loc, const LaneValue &value, unsigned lanes);

/// A whole buffer as one dimension: element (i, j, ...) of the memref lies at offset + i * strides[0] + ...
struct FlatView {
  mlir::Value buffer; ///< memref<?xT>
  mlir::OpFoldResult offset;
  llvm::SmallVector<mlir::OpFoldResult> strides;
};
FlatView flatten(mlir::OpBuilder &b, mlir::Location loc, mlir::Value memref);

/// How lanes are loaded and stored: all of them (mask null) or those of a vector<lanes x i1>.
struct LaneShape {
  unsigned lanes = 1;
  mlir::Value mask;
};

/// Lanes at `address + i * stride` of a flat buffer. `stride` null means that `indices` (vector<lanes x index or i32>)
/// holds each lane's distance. Inactive lanes read as zero, or as one where `fillOnes` (integer divisors). Whole
/// vectors that are `streamed` go past the caches; they must lie at multiples of their size or of a cache line.
mlir::Value loadLanes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value buffer, mlir::Value address,
                      mlir::OpFoldResult stride, mlir::Value indices, LaneShape shape, bool fillOnes);
void storeLanes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Value buffer, mlir::Value address,
                mlir::OpFoldResult stride, mlir::Value indices, LaneShape shape, bool streamed = false);

/// The elements that one operand of a structured op touches, as a function of the loops' induction variables:
/// `offset + sum of iv[d] * coefficient(d) + irregular terms`.
class Access {
public:
  /// `operand`: a strided memref, or a scalar, which every point reads.
  Access(mlir::OpBuilder &b, mlir::Location loc, mlir::Value operand, mlir::AffineMap map);

  mlir::Type elementType() const;
  bool dependsOn(unsigned dim) const;
  /// The distance between neighbours along `dim` if it is a constant (0: the same element).
  std::optional<int64_t> constantStride(unsigned dim) const;
  /// A floordiv or mod of `dim` takes part.
  bool isIrregular(unsigned dim) const;

  /// True if dims `outer` and `inner` (of `innerSize` points) step through memory like one dimension.
  bool canCollapse(unsigned outer, unsigned inner, mlir::OpFoldResult innerSize) const;
  /// From now on `inner` runs over both; `outer` must leave the loops.
  void collapse(unsigned outer, unsigned inner);

  /// Loads the lanes at `ivs` along `dim`. Uniform if it does not depend on `dim`. `order`: dims, outermost loop first,
  /// so that what is invariant in inner loops is computed first and can be hoisted.
  LaneValue load(mlir::OpBuilder &b, mlir::Location loc, mlir::ArrayRef<mlir::Value> ivs,
                 mlir::ArrayRef<unsigned> order, unsigned dim, LaneShape shape, bool fillOnes = false) const;
  void store(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::ArrayRef<mlir::Value> ivs,
             mlir::ArrayRef<unsigned> order, unsigned dim, LaneShape shape, bool streamed = false) const;

private:
  struct Irregular {
    mlir::AffineExpr expr;
    mlir::OpFoldResult stride;
  };
  mlir::Value address(mlir::OpBuilder &b, mlir::Location loc, mlir::ArrayRef<mlir::Value> ivs,
                      mlir::ArrayRef<unsigned> order, unsigned dim) const;
  mlir::Value laneDistances(mlir::OpBuilder &b, mlir::Location loc, mlir::ArrayRef<mlir::Value> ivs, unsigned dim,
                            unsigned lanes) const;

  mlir::Value scalar; ///< null: a memref
  FlatView view;
  llvm::SmallVector<mlir::OpFoldResult> coefficients; ///< per dim; null: zero
  llvm::SmallVector<Irregular> irregular;
  /// Contiguous buffers only: the memref dimension that each dim indexes plainly, or -1.
  llvm::SmallVector<int> plainDimension;
};

/// `expr` over lane values of its dims; floordiv and mod round to minus infinity.
LaneValue evaluateAffine(mlir::OpBuilder &b, mlir::Location loc, mlir::AffineExpr expr,
                         mlir::ArrayRef<LaneValue> dims, unsigned lanes);

/// Index arithmetic that folds constants.
mlir::Value asValue(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult value);
mlir::Value addIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs, mlir::Value rhs);
mlir::Value scaleIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::OpFoldResult factor);

} // namespace dlc
