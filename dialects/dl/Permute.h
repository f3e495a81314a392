//===- Permute.h - Transposes that change places with ops -------*- C++ -*-===//
//
// For an op with a transposed operand: what its operands are before the transpose, and what its result is then. A
// permutation is that of dl.transpose: dim i of the transposed is dim permutation[i] of the source.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Builder.h"
#include "dialects/dl/Shapes.h"

namespace dlc::dl {

/// `value` transposed by `permutation`; false when nothing was built.
struct Permuted {
  Tensor value;
  llvm::SmallVector<int64_t> permutation;
  explicit operator bool() const { return static_cast<bool>(value); }
};

/// `v` as a transposed value, when it is the result of an op that only permutes dims.
Permuted permutedSource(mlir::OpBuilder &b, mlir::Value v);

/// Whether the permutation leaves the order of the dims that are not 1 as it is: then the bytes stay where they are.
bool keepsOrder(mlir::RankedTensorType source, llvm::ArrayRef<int64_t> permutation);

/// `t` transposed: `t` itself, or one dl.transpose of what `t` is a transpose of.
Tensor transposeOnce(Tensor t, llvm::ArrayRef<int64_t> permutation);
/// The same, but only other dims of 1 where the order of the others stays.
Tensor permute(Tensor t, llvm::ArrayRef<int64_t> permutation);

/// The operands of an op before a transpose of those that have its rank.
class BeforeTranspose {
public:
  BeforeTranspose(mlir::OpBuilder &b, Inference &shapes, mlir::Operation *op, unsigned operand,
                  llvm::ArrayRef<int64_t> permutation)
      : b(b), shapes(shapes), op(op), operand(operand), permutation(permutation) {}

  mlir::OpBuilder &b;
  Inference &shapes; ///< knows the op's operands and results
  mlir::Operation *op;
  unsigned operand;                    ///< the first one that is transposed
  llvm::ArrayRef<int64_t> permutation; ///< how

  int64_t rank() const { return permutation.size(); }
  /// Where dim `i` of the operands is in their sources.
  int64_t axis(int64_t i) const { return permutation[i]; }
  /// Operand `i`, of fewer dims than the permutation when it broadcasts, as it is before the transpose; false when that
  /// would take a transpose at run time.
  Tensor source(unsigned i);
  /// The sources of all operands, or none.
  llvm::SmallVector<Tensor> sources();
  /// An operand as it stands, which the transpose does not concern.
  Tensor untouched(unsigned i);
  /// A 1-D tensor with an entry a dim, `groups` times, in the order of the sources' dims.
  Tensor entries(mlir::Value v, int64_t groups = 1);
  /// The op on other operands; `change` sets its attributes. False after a mistake.
  Tensor rebuilt(llvm::ArrayRef<Tensor> operands, llvm::function_ref<void(mlir::Operation *)> change = nullptr);
  /// What an op gives whose result has the dims of its operands, changed in place.
  Permuted same(Tensor result) { return {result, llvm::to_vector(permutation)}; }
};

/// The default of DlOp::beforeTranspose: pointwise ops and reductions.
Permuted beforeTransposeByInterface(mlir::Operation *op, BeforeTranspose &operands);

} // namespace dlc::dl
