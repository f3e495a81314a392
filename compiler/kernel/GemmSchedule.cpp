//===- GemmSchedule.cpp - How a contraction is cut into tiles -------------===//
#include "compiler/kernel/GemmSchedule.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;

namespace dlc {

bool needsScratch(Type accumulator, Type operand, const Target &target) {
  if (isa<FloatType>(accumulator))
    return operand.isF16() && !target.halfConversions;
  unsigned bits = accumulator.getIntOrFloatBitWidth();
  return !(bits == 16 || (bits == 32 && target.vectorBits > 128) || (bits == 64 && target.masks));
}

RegisterTile chooseRegisterTile(Type accumulator, Type operand, int64_t panelColumns, const Target &target) {
  RegisterTile tile;
  unsigned bits = std::max(8u, accumulator.getIntOrFloatBitWidth());
  tile.lanes = std::min<int64_t>(target.lanes(bits), panelColumns);
  while (panelColumns % tile.lanes != 0)
    tile.lanes /= 2;
  tile.vectors = panelColumns % (2 * tile.lanes) == 0 ? 2 : 1;
  if (needsScratch(accumulator, operand, target)) {
    tile.rows = tile.mostRows = 2;
    tile.mostBlocks = 1;
    return tile;
  }
  // One register for the broadcast factor, one for an unfused product or a widened operand.
  bool fused = target.fma && isa<FloatType>(accumulator);
  unsigned scratch = (fused ? 1 : 2) + (operand != accumulator ? 1 : 0);
  unsigned rows = (target.vectorRegisters - tile.vectors - scratch) / tile.vectors;
  // Without AVX a widened operand comes by way of a register of zeros.
  if (operand != accumulator && target.vectorBits == 128)
    tile.mostBlocks = 2;
  tile.mostRows = std::min(rows, target.vectorRegisters == 32 ? 14u : 6u);
  tile.rows = std::min(rows, target.vectorRegisters == 32 ? 12u : 6u);
  return tile;
}

unsigned balancedRows(int64_t M, const RegisterTile &tile) {
  if (M > 4 * tile.mostRows)
    return tile.rows;
  int64_t tiles = std::max<int64_t>(1, llvm::divideCeil(M, tile.mostRows));
  return std::max<int64_t>(1, llvm::divideCeil(M, tiles));
}

unsigned blocksAtOnce(unsigned rows, const RegisterTile &tile, const Target &target) {
  if (rows > fewRows)
    return 1;
  unsigned blocks = std::min(rows <= 2 ? 4u : 2u, tile.mostBlocks);
  // Packed operands of one row are read by the multiply-add itself.
  while (blocks > 1 && (rows + (rows > 1)) * blocks * tile.vectors + 2 > target.vectorRegisters)
    blocks /= 2;
  return blocks;
}

int64_t columnsInCache(int64_t columnBytes, int64_t granule) {
  return std::max<int64_t>(1, residentBytes / std::max<int64_t>(1, columnBytes * granule)) * granule;
}

static constexpr int64_t wantedTiles = 8; // enough for two to four threads to share evenly

/// Tiles that take as long as a second thread needs to wake.
static int64_t grainOf(double rows, double columns, double depth, double columnBytes) {
  constexpr double flopsPerSecond = 2e11, bytesPerSecond = 2e10, worthwhile = 30e-6;
  double seconds = std::max(2 * rows * columns * depth / flopsPerSecond, columns * columnBytes / bytesPerSecond);
  return std::max<int64_t>(1, static_cast<int64_t>(worthwhile / std::max(seconds, 1e-9)));
}

GemmSchedule chooseConvolutionSchedule(int64_t M, int64_t N, int64_t K, Type elementType, const Target &target,
                                       int64_t batch) {
  constexpr int64_t rowStep = 28, leastRows = 56; // multiples of the rows of a register tile
  constexpr int64_t sharedBytes = 600 * 1024;     // of weights that stay in the second-level cache beside the rows
  int64_t columnBytes = std::max<int64_t>(K, 1) * std::max<int64_t>(1, elementType.getIntOrFloatBitWidth() / 8);
  if (ShapedType::isDynamic(M) || ShapedType::isDynamic(K) || N * columnBytes > sharedBytes || M < 2 * leastRows)
    return chooseSchedule(M, N, K, elementType, target, batch);
  GemmSchedule schedule;
  int64_t cuts = llvm::divideCeil(wantedTiles, batch);
  if (cuts > 1)
    schedule.rows = std::max(leastRows, static_cast<int64_t>(llvm::divideCeil(llvm::divideCeil(M, cuts), rowStep)) * rowStep);
  if (schedule.rows >= M)
    schedule.rows = 0;
  schedule.grain = grainOf(schedule.rows ? schedule.rows : M, N, K, columnBytes);
  return schedule;
}

GemmSchedule chooseSchedule(int64_t M, int64_t N, int64_t K, Type elementType, const Target &target, int64_t batch,
                            bool packsInTile) {
  constexpr int64_t rowBlock = 168; // a multiple of 12 and of 14, the rows of a register tile
  GemmSchedule schedule;
  bool rowsKnown = !ShapedType::isDynamic(M), columnsKnown = !ShapedType::isDynamic(N);
  int64_t depth = ShapedType::isDynamic(K) ? 1024 : std::max<int64_t>(K, 1);
  int64_t columns = columnsKnown ? std::max<int64_t>(N, 1) : 4 * int64_t(Target::packedColumns);
  // Columns: a block of the packed operand that stays in the second-level cache while all rows pass over it.
  constexpr int64_t panel = Target::packedColumns;
  int64_t columnBytes = depth * std::max<int64_t>(1, elementType.getIntOrFloatBitWidth() / 8);
  // A few rows meet each column once and take several panels side by side: as many streams from memory.
  bool streams = rowsKnown && M <= fewRows;
  int64_t step = streams ? 4 * panel : panel;
  int64_t resident = std::max<int64_t>(step, residentBytes / columnBytes / step * step);
  int64_t share = llvm::divideCeil(llvm::divideCeil(columns * batch, wantedTiles), step) * step;
  schedule.columns = streams ? share : std::min(resident, share);
  schedule.columnsOutside = true;
  // Rows: cut only where columns and batch leave too few tiles.
  int64_t tiles = batch * llvm::divideCeil(columns, schedule.columns);
  if (!rowsKnown || !columnsKnown)
    schedule.rows = packsInTile ? 0 : rowBlock;
  else if (tiles < wantedTiles && M > rowBlock && !packsInTile)
    schedule.rows = llvm::divideCeil(llvm::divideCeil(M * tiles, wantedTiles), rowBlock) * rowBlock;
  if (rowsKnown && schedule.rows >= M)
    schedule.rows = 0;
  if (columnsKnown && schedule.columns >= N)
    schedule.columns = 0;
  double rows = schedule.rows ? schedule.rows : rowsKnown ? M : rowBlock;
  double width = schedule.columns ? schedule.columns : columns;
  schedule.grain = grainOf(rows, width, depth, columnBytes);
  return schedule;
}

WinogradSchedule chooseWinogradSchedule(int64_t batch, int64_t rows, int64_t columns, int64_t channels, int64_t outputs,
                                        int64_t results, int64_t places) {
  constexpr int64_t panel = Target::packedColumns, usual = 56; // results a side where they are dynamic
  constexpr int64_t cachedBytes = 512 * 1024;                  // of transformed tiles and their products
  constexpr int64_t leastTiles = 24, leastColumns = 128;       // that weights and transformed tiles are worth fetching for
  WinogradSchedule schedule;
  for (int64_t width : {2 * panel, 3 * panel, panel})
    if (outputs % width == 0) {
      schedule.columns = width;
      break;
    }
  if (schedule.columns == 1)
    schedule.columns = std::min<int64_t>(2 * panel, llvm::divideCeil(outputs, panel) * panel);
  int64_t tileBytes = places * places * (channels + schedule.columns) * sizeof(float);
  int64_t wanted = std::max(leastTiles, cachedBytes / tileBytes), left = wanted, blocks = batch;
  if (ShapedType::isDynamic(batch))
    blocks = 1;
  // Whole rows of tiles if they fit, all blocks of about one size.
  int64_t sizes[2] = {rows, columns};
  for (int d : {1, 0}) {
    int64_t tiles = llvm::divideCeil(ShapedType::isDynamic(sizes[d]) ? usual : std::max<int64_t>(1, sizes[d]), results);
    int64_t parts = llvm::divideCeil(tiles, std::max<int64_t>(1, left));
    schedule.tiles[d] = llvm::divideCeil(tiles, parts);
    left /= schedule.tiles[d];
    blocks *= parts;
  }
  // Few blocks: some of the output channels each.
  int64_t parts = std::min<int64_t>(llvm::divideCeil(wantedTiles, std::max<int64_t>(1, blocks)),
                                    std::max<int64_t>(1, outputs / leastColumns));
  schedule.partColumns = llvm::divideCeil(llvm::divideCeil(outputs, parts), schedule.columns) * schedule.columns;
  schedule.grain = grainOf(schedule.tiles[0] * schedule.tiles[1] * places * places, std::min(outputs, schedule.partColumns),
                           channels, channels * sizeof(float));
  return schedule;
}

} // namespace dlc
