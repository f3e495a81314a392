//===- ExpandMicrokernels.h - mk ops as loops over registers --------------===//
#pragma once

#include "compiler/kernel/GemmSchedule.h"
#include "compiler/kernel/VectorizeAccess.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc {

/// Replaces a mk.brgemm on memrefs by loops over register tiles. Fails, with a message, where the packed operand's
/// columns are not contiguous.
mlir::LogicalResult expandBrgemm(mlir::OpBuilder &b, mk::BrgemmOp op, const Target &target);

/// Replaces a mk.pack on memrefs by linalg ops, whose loops dlc-vectorize makes.
mlir::LogicalResult expandPack(mlir::OpBuilder &b, mk::PackOp op);

/// Emits the register tiles of one mk.brgemm.
class TileEmitter {
public:
  TileEmitter(mlir::OpBuilder &b, mk::BrgemmOp op, const RegisterTile &tile, const Target &target);

  /// The last columns of the output: `end` is N, and the tile's last vectors may reach past it.
  struct Tail {
    mlir::OpFoldResult end;
  };
  /// Emits rows [m, m + rows) x columns [n, n + vectors * lanes): sums in registers over all of K, then the payload.
  void emit(mlir::ValueRange batch, mlir::Value m, unsigned rows, mlir::OpFoldResult n, unsigned vectors,
            std::optional<Tail> tail = std::nullopt);

private:
  struct Point;
  struct Place;
  llvm::SmallVector<mlir::Value> emitSums(const Point &at, unsigned rows, unsigned vectors);
  mlir::Value widen(mlir::Value factor, bool isUnsigned);
  mlir::Value multiplyAdd(mlir::Value lhs, mlir::Value rhs, mlir::Value sum);
  void forEach(unsigned first, unsigned last, unsigned step, llvm::function_ref<void(mlir::Value)> body);
  void emitRows(const Point &at, mlir::Value m, mlir::ArrayRef<mlir::Value> sums, unsigned vectors,
                std::optional<Tail> tail);
  void emitScalars(Place place, mlir::Value sum, mlir::OpFoldResult count);
  void emitPayload(mlir::ArrayRef<Place> places, mlir::ArrayRef<mlir::Value> sums, unsigned lanes);
  mlir::Value stackBuffer(unsigned vectors);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mk::BrgemmOp op;
  RegisterTile tile;
  Target target;
  FlatView lhs, rhs;
  llvm::SmallVector<Access, 4> epilogue; ///< the extras, then out
  mlir::Value K, zero;
  bool isPayloadShort;
  unsigned registersTogether; ///< in the payload
  llvm::DenseMap<unsigned, mlir::Value> stackBuffers;
};

} // namespace dlc
