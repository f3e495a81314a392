//===- Lower.h - What an op sees while it is lowered ------------*- C++ -*-===//
#pragma once

#include "dialects/dl/Evaluate.h"
#include "dialects/dl/Scalar.h"
#include "mlir/IR/Builders.h"

namespace dlc::dl {

/// How kernels may be formed around an op.
struct Fusion {
  enum class Kind {
    Pointwise,   ///< same place in, same place out (operands broadcast)
    Indexed,     ///< result elements are read at computed places: may head a kernel, reads its operands from memory
    Reduction,   ///< folds `reducedAxes`
    Contraction, ///< product with a packed right operand, or fold over windows; takes pointwise epilogues
    Packing,     ///< a kernel of its own that writes panels for a contraction
    Alone,       ///< a kernel of its own
    Alias,       ///< the same bytes under other dims
    Host,        ///< constants, control flow, reads of dims: stays outside of kernels
  };
  Kind kind = Kind::Alone;
  llvm::SmallVector<int64_t> reducedAxes;
  /// Contraction: the dims before the result's last one that make up its rows together; an operand of the epilogue has
  /// all of them, or 1 in each.
  int64_t rowDims = 1;
};

/// Lowering of one op inside a kernel function: operands are tensors of storage types (Scalar.h).
class Lowering {
public:
  Lowering(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands,
           llvm::ArrayRef<llvm::SmallVector<mlir::OpFoldResult>> resultDims, int64_t node,
           llvm::function_ref<mlir::Value(unsigned result, mlir::Type elementType)> temporary)
      : b(b), op(op), operands(operands), dims(resultDims), emitter{b, op->getLoc(), node}, temporary(temporary) {}

  mlir::OpBuilder &b;
  mlir::Operation *op;
  llvm::ArrayRef<mlir::Value> operands;
  llvm::ArrayRef<llvm::SmallVector<mlir::OpFoldResult>> dims; ///< of each result
  Emitter emitter;
  llvm::SmallVector<mlir::Value> results; ///< filled by the op

  mlir::Location loc() const { return op->getLoc(); }
  mlir::Type elementType(unsigned operand) const;       ///< dl element type of an operand
  mlir::Type resultElementType(unsigned result) const;
  /// An uninitialized tensor of the storage type and dims of a result, which it becomes.
  mlir::Value empty(unsigned result);
  /// The same of another element type, in memory of the worker.
  llvm::function_ref<mlir::Value(unsigned result, mlir::Type elementType)> temporary;
};

/// Reads operand elements at computed places. T is Scalar (index type) or Number (signed).
template <class T> class ElementReader {
public:
  virtual ~ElementReader() = default;
  virtual T read(unsigned operand, llvm::ArrayRef<T> place) = 0;
  virtual T dim(unsigned operand, unsigned axis) = 0;
  virtual T resultDim(unsigned axis) = 0;
  virtual T constant(int64_t v) = 0;
  /// Reports `error` unless `ok`.
  virtual void check(T ok, ValueError error) = 0;
  /// An element (any integer type) as a place.
  virtual T toPlace(T element) = 0;
  /// A place or element as an element of the result's type.
  virtual T toResult(T v) = 0;

  /// a mod b for b above 0: in [0, b).
  virtual T remainder(T a, T b) = 0;

  /// `i` counted from the end when negative, checked and clamped into [0, size).
  T wrap(T i, T size) {
    T wrapped = select(i < constant(0), i + size, i);
    T ok = (wrapped >= constant(0)) & (wrapped < size);
    check(ok, ValueError::IndexOutOfRange);
    return select(ok, wrapped, constant(0));
  }
};

// What the interfaces' default methods do; see Interfaces.td.
mlir::LogicalResult evaluateByInterface(mlir::Operation *op, llvm::ArrayRef<const Array *> operands,
                                        llvm::MutableArrayRef<Array> results);
mlir::LogicalResult lowerByInterface(mlir::Operation *op, Lowering &lowering);
Fusion fusionByInterface(mlir::Operation *op);
Dims flopsByInterface(mlir::Operation *op, Inference &shapes);
mlir::LogicalResult inferPointwise(mlir::Operation *op, Inference &shapes);

} // namespace dlc::dl
