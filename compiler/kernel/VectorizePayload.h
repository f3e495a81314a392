//===- VectorizePayload.h - A scalar payload on whole registers -----------===//
#pragma once

#include "compiler/kernel/VectorizeAccess.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/DenseMap.h"
#include <functional>

namespace dlc {

/// True if `body` (of a linalg.generic, or any block of arith, math and memref.load on scalars) can be emitted for more
/// than one lane. scf.if without results is accepted where its region computes only from values outside of the body:
/// it then runs once if the condition holds in any active lane, so its effect must be idempotent (a status word). A
/// memref.prefetch is taken to step along the lanes with its last index.
bool canVectorizePayload(mlir::Block &body);

/// Emits a payload for `shape.lanes` points at once. Values that are the same in all lanes stay scalar.
class PayloadEmitter {
public:
  PayloadEmitter(mlir::OpBuilder &b, mlir::Location loc, LaneShape shape) : b(b), loc(loc), shape(shape) {}

  /// Divide by what is the same in all lanes through its reciprocal and two fused steps; needs hardware FMA.
  bool dividesByReciprocal = false;
  /// What linalg.index of a dim means here.
  std::function<LaneValue(unsigned dim)> index;

  void bind(mlir::Value payloadValue, LaneValue value) { values[payloadValue] = value; }
  /// Emits all ops of `body` but its terminator, with every lane at once.
  void emit(mlir::Block &body);
  /// The lanes of a payload value, or the value itself if it was defined outside of the payload.
  LaneValue get(mlir::Value payloadValue) const;
  mlir::Value materialize(mlir::Value payloadValue) {
    return dlc::materialize(b, loc, get(payloadValue), shape.lanes);
  }

private:
  void emitOp(mlir::Operation &op);
  LaneValue emitElementwise(mlir::Operation &op);
  mlir::Value emitUniformDivision(mlir::Value dividend, mlir::Value divisor);
  void emitPrefetch(mlir::memref::PrefetchOp op);
  bool emitLinear(mlir::Operation &op);
  void emitLoad(mlir::Operation &op);
  void emitConditionalEffect(mlir::Operation &op);
  void emitUniform(mlir::Operation &op);

  mlir::OpBuilder &b;
  mlir::Location loc;
  LaneShape shape;
  llvm::DenseMap<mlir::Value, LaneValue> values;
};

/// Lets multiplies and adds of `op` fuse, and ordered min/max ignore the sign of zero (ONNX does not define it, and
/// x86's instructions are three times shorter without it). No other freedom is taken.
void allowContraction(mlir::Operation *op);

} // namespace dlc
