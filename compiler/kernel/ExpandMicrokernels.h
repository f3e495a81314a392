//===- ExpandMicrokernels.h - mk ops as loops over registers --------------===//
#pragma once

#include "compiler/kernel/GemmSchedule.h"
#include "compiler/kernel/VectorizeAccess.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <memory>

namespace dlc {

/// Replaces a mk.brgemm or mk.conv on memrefs by loops over register tiles. Fails, with a message, where the packed
/// operand's columns are not contiguous.
mlir::LogicalResult expandContraction(mlir::OpBuilder &b, mk::ContractionOp op, const Target &target);

/// Replaces a mk.pack on memrefs by linalg ops, whose loops dlc-vectorize makes.
mlir::LogicalResult expandPack(mlir::OpBuilder &b, mk::PackOp op);

/// Replaces a mk.window on memrefs. Fails, with a message, where channels are not contiguous.
mlir::LogicalResult expandWindow(mlir::OpBuilder &b, mk::WindowOp op, const Target &target);

/// The last step of a micro-kernel: registers of accumulators go through its payload and are stored.
class PayloadStore {
public:
  /// Vectors run along dim `laneDim` of the `dims` that the maps take.
  PayloadStore(mlir::OpBuilder &b, mlir::Location loc, mlir::Block &payload, mlir::ValueRange extras,
               llvm::ArrayRef<mlir::AffineMap> extraMaps, mlir::Value init, mlir::AffineMap initMap, unsigned laneDim,
               const Target &target);

  /// A register's place in the output.
  struct Place {
    llvm::SmallVector<mlir::Value> ivs;
    mlir::Value mask; ///< null: all lanes
  };
  void emit(llvm::ArrayRef<Place> places, llvm::ArrayRef<mlir::Value> sums, unsigned lanes);

  /// A long payload is better in a loop than unrolled for many registers.
  bool isShort() const { return isShort_; }
  /// Registers that go through the payload side by side.
  unsigned registersTogether() const { return together; }

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Block &payload;
  llvm::SmallVector<Access, 4> accesses; ///< the extras, then the output
  llvm::SmallVector<unsigned> order;
  unsigned laneDim, together;
  bool isShort_;
};

/// Memory on the stack, in the function's entry: inside of a loop it would grow the stack each time. One buffer a size.
class StackBuffers {
public:
  mlir::Value get(mlir::OpBuilder &b, mlir::Operation *inside, mlir::Type element, int64_t elements);

private:
  llvm::DenseMap<std::pair<mlir::Type, int64_t>, mlir::Value> buffers;
};

/// The left operand of a contraction, as the rows of a register tile meet it.
class LeftRows {
public:
  /// A run of k over which each row steps through memory evenly: its first element lies at `addresses[row]` of the flat
  /// `buffers[row]`, its `count` elements `stride` apart, and k starts at `first`.
  struct Run {
    llvm::SmallVector<mlir::Value> buffers, addresses;
    mlir::OpFoldResult stride;
    mlir::Value first, count;
  };
  using Sums = llvm::SmallVector<mlir::Value>;
  using AddRun = llvm::function_ref<Sums(const Run &, Sums)>;

  virtual ~LeftRows() = default;
  /// Calls `add` for runs that make up all of k, in order, inside of whatever loops that takes, for rows [m, m + rows).
  virtual Sums forEachRun(mlir::OpBuilder &b, mlir::ValueRange batch, mlir::Value m, unsigned rows, Sums sums,
                          AddRun add) = 0;

  static std::unique_ptr<LeftRows> of(mlir::OpBuilder &b, mk::BrgemmOp op);
  static std::unique_ptr<LeftRows> of(mlir::OpBuilder &b, mk::ConvOp op);
};

/// The element of `view` at `ivs`, less what k, the last dim of `map`, contributes; and the distance of one step of k.
mlir::Value addressIn(mlir::OpBuilder &b, mlir::Location loc, const FlatView &view, mlir::AffineMap map,
                      mlir::ArrayRef<mlir::Value> ivs);
mlir::OpFoldResult strideOfK(const FlatView &view, mlir::AffineMap map);

/// Emits the register tiles of one contraction.
class TileEmitter {
public:
  TileEmitter(mlir::OpBuilder &b, mk::ContractionOp op, const RegisterTile &tile, const Target &target);

  /// The last columns of the output: `end` is N, and the tile's last vectors may reach past it.
  struct Tail {
    mlir::OpFoldResult end;
  };
  /// Emits rows [m, m + rows) x columns [n, n + vectors * lanes): sums in registers over all of K, then the payload.
  void emit(mlir::ValueRange batch, mlir::Value m, unsigned rows, mlir::OpFoldResult n, unsigned vectors,
            std::optional<Tail> tail = std::nullopt);

private:
  struct Point;
  using Place = PayloadStore::Place;
  llvm::SmallVector<mlir::Value> emitSums(const Point &at, unsigned rows, unsigned vectors);
  llvm::SmallVector<mlir::Value> addRun(const LeftRows::Run &run, mlir::ArrayRef<mlir::Value> rhsVectors, int64_t ahead,
                                        llvm::SmallVector<mlir::Value> sums);
  llvm::SmallVector<mlir::Value> addSteps(const LeftRows::Run &run, mlir::Value first, mlir::Value last,
                                          mlir::ArrayRef<mlir::Value> rhsVectors, int64_t ahead,
                                          llvm::SmallVector<mlir::Value> sums);
  mlir::Value widen(mlir::Value factor, bool isUnsigned);
  mlir::Value multiplyAdd(mlir::Value lhs, mlir::Value rhs, mlir::Value sum);
  void forEach(unsigned first, unsigned last, unsigned step, llvm::function_ref<void(mlir::Value)> body);
  void emitRows(const Point &at, mlir::Value m, mlir::ArrayRef<mlir::Value> sums, unsigned vectors,
                std::optional<Tail> tail);
  void emitScalars(Place place, mlir::Value sum, mlir::OpFoldResult count);
  mlir::Value stackBuffer(unsigned vectors);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mk::ContractionOp op;
  RegisterTile tile;
  Target target;
  std::unique_ptr<LeftRows> lhs;
  FlatView rhs;
  PayloadStore payload;
  mlir::Value zero;
  StackBuffers stackBuffers;
};

} // namespace dlc
