//===- GemmSchedule.h - How a contraction is cut into tiles ---------------===//
#pragma once

#include "compiler/target/Target.h"
#include "mlir/IR/Types.h"

namespace dlc {

/// The register tile of a mk.brgemm: `rows` x `vectors` accumulators of `lanes` elements.
struct RegisterTile {
  unsigned lanes = 1;
  unsigned vectors = 1;  ///< side by side in one row
  unsigned rows = 1;     ///< of most tiles: a multiple of 4 where there are registers enough, as long payloads like it
  unsigned mostRows = 1; ///< that fit the registers
  unsigned mostBlocks = 4; ///< side by side in a tile of few rows
  unsigned columns() const { return lanes * vectors; }
};

/// Products of integers without an instruction of that width, and widening of halves without one, take a handful of
/// scratch registers.
bool needsScratch(mlir::Type accumulator, mlir::Type operand, const Target &target);

/// The largest tile that leaves registers for the operands. `accumulator` is the type of the sums, `operand` that of
/// the packed operand in memory, `panelColumns` its panel width.
RegisterTile chooseRegisterTile(mlir::Type accumulator, mlir::Type operand, int64_t panelColumns, const Target &target);

/// Rows of each register tile when M is known; what is left over is one smaller tile.
unsigned balancedRows(int64_t M, const RegisterTile &tile);

/// Up to so many rows a product waits for memory, not for the multiply-add units.
inline constexpr int64_t fewRows = 6;

/// Column blocks that a tile of few rows takes at once, so that enough sums are in flight to hide the latency of a
/// multiply-add and enough streams to fill the memory bus.
unsigned blocksAtOnce(unsigned rows, const RegisterTile &tile, const Target &target);

/// Columns of packed operand, a multiple of `granule`, that the rows pass over before the next ones are fetched.
/// `columnBytes` is the size of one column of K elements.
int64_t columnsInCache(int64_t columnBytes, int64_t granule);
/// Bytes of packed operand that stay in a core's second-level cache beside the rows that stream through it.
inline constexpr int64_t residentBytes = 1 << 20;

/// Tile sizes for the parallel loop over one contraction.
struct GemmSchedule {
  int64_t rows = 0;            ///< tile size along m; 0: do not tile
  int64_t columns = 0;         ///< tile size along n, a multiple of the panel width; 0: do not tile
  int64_t grain = 1;           ///< tiles below which a second thread does not pay
  bool columnsOutside = false; ///< the loop over columns is the outer one: neighbouring tiles share the packed operand
};

/// `M`, `N`, `K` may be ShapedType::kDynamic. `batch` is the number of independent products, also parallel.
/// `packsInTile`: the right operand is packed inside the tile loop, once a tile, so tiles keep all rows together.
GemmSchedule chooseSchedule(int64_t M, int64_t N, int64_t K, mlir::Type elementType, const Target &target,
                            int64_t batch = 1, bool packsInTile = false);

/// The same for a convolution, M of one image: rows are cut first, since all meet the same weights, unless these are large.
GemmSchedule chooseConvolutionSchedule(int64_t M, int64_t N, int64_t K, mlir::Type elementType, const Target &target,
                                       int64_t batch);

/// Blocks of tiles for a convolution by transformed windows.
struct WinogradSchedule {
  int64_t tiles[2] = {1, 1}; ///< of a block, along rows and columns
  int64_t columns = 1;       ///< output channels whose products are in memory at a time
  int64_t partColumns = 1;   ///< output channels of a parallel tile, a multiple of `columns` or all
  int64_t grain = 1;         ///< tiles below which a second thread does not pay
};

/// `batch` images of `rows` x `columns` results, which may be dynamic, in tiles of `results` each way, which take `places`
/// each way transformed: from `channels` to `outputs` channels of f32.
WinogradSchedule chooseWinogradSchedule(int64_t batch, int64_t rows, int64_t columns, int64_t channels, int64_t outputs,
                                        int64_t results, int64_t places);

} // namespace dlc
