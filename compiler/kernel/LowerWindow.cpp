//===- LowerWindow.cpp - Folds over windows with their epilogue as mk.window ---===//
//
// Images, blocks of rows (of the outermost spatial dim) and blocks of channels are parallel.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/Epilogue.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
namespace {

/// How many rows and channels a tile has (0: all), and of how many tiles a thread wants at least.
struct WindowSchedule {
  int64_t rows = 0, channels = 0, grain = 1;
};

/// `dims`: of the result, with guesses for what is not known; `steps`: places of a window.
WindowSchedule chooseWindowSchedule(ArrayRef<int64_t> dims, int64_t steps, bool channelsKnown) {
  constexpr int64_t wantedTiles = 8;        // enough for two to four threads to share evenly
  constexpr int64_t fewestRows = 4;         // below, the rows that neighbouring tiles both read begin to count
  constexpr int64_t channelGranule = 64;    // whole vectors, several side by side
  constexpr double stepsPerSecond = 2e10, worthwhile = 30e-6;
  int64_t images = dims.front(), rows = dims[1], channels = dims.back();
  WindowSchedule s;
  int64_t block = std::max<int64_t>(std::min(rows, fewestRows), llvm::divideCeil(rows * images, wantedTiles));
  int64_t tiles = images * llvm::divideCeil(rows, std::min(block, rows));
  s.rows = block < rows ? block : 0;
  if (channelsKnown && tiles < wantedTiles) {
    int64_t share = llvm::divideCeil(channels, llvm::divideCeil(wantedTiles, tiles));
    int64_t wide = llvm::alignTo(share, channelGranule);
    s.channels = wide < channels ? wide : 0;
  }
  double elements = double(s.rows ? s.rows : rows) * (s.channels ? s.channels : channels);
  for (int64_t d : dims.drop_front(2).drop_back())
    elements *= d;
  double seconds = elements * steps / stepsPerSecond;
  s.grain = std::max<int64_t>(1, static_cast<int64_t>(worthwhile / std::max(seconds, 1e-9)));
  return s;
}

class WindowBuilder {
public:
  WindowBuilder(KernelFrame &f, WindowOp op)
      : f(f), b(f.b), loc(f.loc), op(op), spatial(op.getWindow().size()), epilogue(f, op) {}

  void run() {
    Value x = op->getOperand(0), out = f.outputs.front();
    SmallVector<AffineExpr> dims(f.dimsOf(op->getResult(0)).getResults());
    WindowSchedule schedule = scheduleFor(dims);
    AffineExpr one = b.getAffineConstantExpr(1);
    AffineExpr rowTiles = schedule.rows ? dims[1].ceilDiv(schedule.rows) : one;
    AffineExpr channelTiles = schedule.channels ? dims.back().ceilDiv(schedule.channels) : one;
    SmallVector<OpFoldResult> order{f.dim(dims.front()), f.dim(rowTiles), f.dim(channelTiles)};
    // What is computed here, before the loop over tiles, serves all of them.
    for (Value v : op->getOperands())
      (void)f.dims(v);
    for (Value v : epilogue.extras())
      (void)f.dims(v);
    OpFoldResult rows = f.dim(dims[1]), channels = f.dim(dims.back());
    (void)f.dims(out);

    f.openTiles(dims.front() * rowTiles * channelTiles, schedule.grain);
    Value tile = cast<scf::ForOp>(b.getInsertionBlock()->getParentOp()).getInductionVar();
    SmallVector<Value> place = f.delinearize(tile, order);
    image = place[0];
    rowBlock = Block::of(b, loc, place[1], schedule.rows, rows);
    channelBlock = Block::of(b, loc, place[2], schedule.channels, channels);

    SmallVector<Value> weights, extras;
    for (Value w : op->getOperands().drop_front())
      weights.push_back(weightsOf(w));
    SmallVector<AffineMap> maps;
    for (Value v : epilogue.extras())
      maps.push_back(slice(v, extras.emplace_back()));
    Value to;
    (void)slice(out, to);
    mk::WindowOp::create(
        b, loc, imageOf(x), weights, extras, to, getValueOrCreateConstantIndexOp(b, loc, rowBlock.offset), start(), maps,
        mk::WindowAttributes{op.getWindow(), op.getStrides(), op.getDilations(), op.getPadsLow()},
        [&](OpBuilder &body, Location at, ValueRange args) { return combine(body, at, args); },
        [&](OpBuilder &body, Location at, ValueRange args) { return epilogue.emit(body, at, args); });
  }

private:
  static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
  static Type elementOf(Value v) { return typeOf(v).getElementType(); }

  WindowSchedule scheduleFor(ArrayRef<AffineExpr> dims) {
    SmallVector<int64_t> guesses;
    for (auto [i, e] : llvm::enumerate(dims))
      guesses.push_back(std::max<int64_t>(1, constantOf(e).value_or(i == 0 ? 1 : 32)));
    int64_t steps = 1;
    for (int64_t k : op.getWindow())
      steps *= k;
    return chooseWindowSchedule(guesses, steps, constantOf(dims.back()).has_value());
  }

  TypedAttr start() {
    Type type = elementOf(op->getResult(0)), accumulator = epilogue.accumulator();
    Number v = op.initial(type);
    return isa<FloatType>(accumulator) ? TypedAttr(FloatAttr::get(accumulator, v.asDouble()))
                                       : TypedAttr(IntegerAttr::get(accumulator, v.asInt()));
  }

  Value combine(OpBuilder &body, Location at, ValueRange args) {
    Emitter e{body, at, f.node};
    SmallVector<Scalar> elements;
    for (auto [v, arg] : llvm::zip(op->getOperands(), args.drop_front()))
      elements.push_back(fromStorage(e, arg, elementOf(v)));
    return op.emitCombine(Scalar(e, args[0], elementOf(op->getResult(0)).isUnsignedInteger()), elements).value();
  }

  /// All of one image, of the tile's channels.
  Value imageOf(Value x) {
    SmallVector<OpFoldResult> from(spatial + 2, b.getIndexAttr(0)), count = f.dims(x);
    SmallVector<bool> kept(spatial + 2, true);
    from[0] = image;
    count[0] = b.getIndexAttr(1);
    kept[0] = false;
    from.back() = channelBlock.offset;
    count.back() = channelBlock.size;
    return partOf(b, loc, f.view(x), from, count, kept);
  }

  Value weightsOf(Value w) {
    SmallVector<OpFoldResult> from(spatial + 1, b.getIndexAttr(0)), count = f.dims(w);
    from.back() = channelBlock.offset;
    count.back() = channelBlock.size;
    return partOf(b, loc, f.view(w), from, count, SmallVector<bool>(spatial + 1, true));
  }

  /// What the tile needs of the result or of an operand that broadcasts to it. Returns its map of (e..., c).
  AffineMap slice(Value v, Value &buffer) {
    bool isResult = v == f.outputs.front();
    int64_t rank = typeOf(v).getRank(), missing = int64_t(spatial) + 2 - rank;
    SmallVector<OpFoldResult> from(rank, b.getIndexAttr(0)), count = f.dims(v);
    SmallVector<bool> kept(rank, true);
    SmallVector<AffineExpr> exprs;
    for (int64_t own = 0; own < rank; ++own) {
      int64_t dim = own + missing;
      if (dim == 0)
        kept[own] = false;
      else if (typeOf(v).getDimSize(own) == 1 && !isResult)
        kept[own] = false;
      else
        exprs.push_back(b.getAffineDimExpr(dim - 1));
      bool broadcasts = typeOf(v).getDimSize(own) == 1 && !isResult;
      if (broadcasts)
        continue;
      if (dim == 0) {
        from[own] = image;
        count[own] = b.getIndexAttr(1);
      } else if (dim == 1) {
        from[own] = rowBlock.offset;
        count[own] = rowBlock.size;
      } else if (dim == int64_t(spatial) + 1) {
        from[own] = channelBlock.offset;
        count[own] = channelBlock.size;
      }
    }
    buffer = partOf(b, loc, f.view(v), from, count, kept);
    return AffineMap::get(spatial + 1, 0, exprs, b.getContext());
  }

  KernelFrame &f;
  OpBuilder &b;
  Location loc;
  WindowOp op;
  unsigned spatial;
  Epilogue epilogue;
  Value image;
  Block rowBlock, channelBlock;
};
} // namespace

LogicalResult lowerWindow(KernelFrame &frame) {
  for (Operation *op : frame.ops)
    if (auto window = dyn_cast<WindowOp>(op))
      return WindowBuilder(frame, window).run(), success();
  return failure();
}

} // namespace dlc
