//===- LayoutForms.cpp - ONNX nodes of the layout family -----------------===//
#include "dialects/dl/ops/Axes.h"
#include "dialects/dl/ops/Demand.h"
#include <limits>
#include <numeric>

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Reshape, Flatten, Squeeze, Unsqueeze
//===----------------------------------------------------------------------===//

/// ONNX's shape operand as dl.reshape wants it: entries of 0 copy the operand's dim; one of -1 that is computed at run time
/// is replaced by what is left.
static Tensor resolvedShape(NodeView &n, Tensor x, Tensor shape, bool zeroCopies) {
  int64_t rank = shape.type().getDimSize(0);
  OpBuilder &b = n.builder();
  shape = cast(shape, b.getI64Type());
  std::unique_ptr<Inference> known = inferenceWhileBuilding(b.getContext());
  if (std::optional<Dims> entries = known->contents(shape.value())) {
    auto isZero = [](AffineExpr e) { return constantOf(e) == 0; };
    if (!zeroCopies || llvm::none_of(*entries, isZero))
      return shape;
    SmallVector<Tensor> parts;
    for (auto [i, e] : llvm::enumerate(*entries)) {
      int64_t at = i;
      if (isZero(e) && at >= x.rank()) {
        (void)n.error("dim " + Twine(at) + " of 0 copies a dim that the operand of rank " + Twine(x.rank()) +
                      " does not have");
        return {};
      }
      parts.push_back(isZero(e) ? dimsAt(x, {at}) : slice(shape, {at}, {1}, {0}));
    }
    return concat(parts, 0);
  }
  Tensor dims = shapeOf(x);
  if (zeroCopies) {
    Tensor own = x.rank() < rank ? concat({dims, constantInts(b, n.loc(), SmallVector<int64_t>(rank - x.rank(), 0))}, 0)
                                 : slice(dims, {0}, {rank}, {0});
    shape = select(shape == 0.0, own, shape);
  }
  Tensor others = reduceProd(select(shape < 0.0, 1.0, shape), {0});
  return select(shape < 0.0, reduceProd(dims, {0}) / maximum(others, 1.0), shape);
}

static LogicalResult buildReshape(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor x = inputOf(n, 0), shape = inputOf(n, 1);
  if (shape.rank() != 1 || shape.type().isDynamicDim(0))
    return unsupported(n, "a shape that is not 1-D of known length");
  if (!isa<IntegerType>(shape.elementType()))
    return n.error("expects an integer shape");
  return give(results, reshape(x, resolvedShape(n, x, shape, !n.getInt("allowzero").value_or(0))));
}

/// The shape as attribute, before opset 5.
static LogicalResult buildReshapeByAttribute(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  std::optional<SmallVector<int64_t>> shape = n.getInts("shape");
  if (!shape)
    return n.error("expects the attribute shape");
  Tensor x = inputOf(n, 0);
  return give(results, reshape(x, resolvedShape(n, x, constantInts(n.builder(), n.loc(), *shape), true)));
}

static LogicalResult buildFlatten(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  int64_t axis = n.getInt("axis").value_or(1), rank = x.rank();
  if (axis < -rank || axis > rank)
    return n.error("expects an axis in [" + Twine(-rank) + ", " + Twine(rank) + "], got " + Twine(axis));
  axis = axis < 0 ? axis + rank : axis;
  auto picked = [&](int64_t from, int64_t to) {
    return reduceProd(dimsAt(x, llvm::to_vector(llvm::seq<int64_t>(from, to))), {0});
  };
  return give(results, reshape(x, concat({picked(0, axis), picked(axis, rank)}, 0)));
}

static LogicalResult buildSqueeze(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<std::optional<Axes>> axes = axesFrom(n, "axes", 1, x.rank());
  if (failed(axes))
    return failure();
  if (*axes && (*axes)->computed())
    return give(results, reshape(x, compacted(shapeOf(x), logicalNot((*axes)->mask), x.rank() - (*axes)->count)));
  if (*axes)
    return give(results, squeeze(x, (*axes)->known));
  SmallVector<int64_t> ones;
  for (auto [i, d] : llvm::enumerate(x.type().getShape())) {
    if (ShapedType::isDynamic(d))
      return unsupported(n, "without axes, an operand whose dim " + Twine(i) + " is not known");
    if (d == 1)
      ones.push_back(i);
  }
  return give(results, squeeze(x, ones));
}

static LogicalResult buildUnsqueeze(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  int64_t added = 0;
  if (std::optional<SmallVector<int64_t>> given = n.getInts("axes"))
    added = given->size();
  else if (Tensor axes = inputOf(n, 1); axes && axes.rank() == 1 && !axes.type().isDynamicDim(0))
    added = axes.type().getDimSize(0);
  else
    return unsupported(n, "without axes of known number");
  FailureOr<std::optional<Axes>> axes = axesFrom(n, "axes", 1, x.rank() + added);
  if (failed(axes))
    return failure();
  if ((*axes)->computed())
    return give(results, reshape(x, expanded(shapeOf(x), logicalNot((*axes)->mask))));
  return give(results, unsqueeze(x, (*axes)->known));
}

//===----------------------------------------------------------------------===//
// Transpose, Expand, Concat
//===----------------------------------------------------------------------===//

static LogicalResult buildTranspose(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, x.rank())));
  if (auto given = n.getInts("perm"))
    permutation = *given;
  return give(results, transpose(x, permutation));
}

static LogicalResult buildExpand(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  return give(results, broadcastTo(inputOf(n, 0), inputOf(n, 1)));
}

static LogicalResult buildConcat(NodeView &n, Values &results) {
  SmallVector<Tensor> parts;
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.input(i))
      parts.push_back(inputOf(n, i));
  if (parts.empty())
    return n.error("expects at least one input");
  FailureOr<int64_t> axis = axisIn(n, n.getInt("axis").value_or(1), parts[0].rank());
  if (failed(axis))
    return failure();
  return give(results, concat(parts, *axis));
}

/// Blocks of b x b pixels as channels ([N, C, H, W] to [N, C b b, H / b, W / b]) or back. In both, the order within the
/// channels is (block row, block column, channel) for DCR and (channel, row, column) for CRD.
template <bool toDepth> static LogicalResult buildDepthSpace(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  int64_t block = n.getInt("blocksize").value_or(0);
  StringRef mode = n.getString("mode").value_or("DCR");
  if (x.rank() != 4)
    return n.error("expects rank 4, got " + Twine(x.rank()));
  if (block < 1)
    return n.error("expects a blocksize of at least 1, got " + Twine(block));
  if (mode != "DCR" && mode != "CRD")
    return n.error("expects mode DCR or CRD, got '" + mode + "'");
  bool channelFirst = mode == "CRD";
  Tensor b = constantInts(n.builder(), n.loc(), {block}), batch = dimsAt(x, {0}), channels = dimsAt(x, {1}),
         rows = dimsAt(x, {2}), columns = dimsAt(x, {3});
  if constexpr (toDepth) {
    rows = rows / b, columns = columns / b;
    Tensor split = reshape(x, concat({batch, channels, rows, b, columns, b}, 0)); // n c h bh w bw
    SmallVector<int64_t> order = channelFirst ? SmallVector<int64_t>{0, 1, 3, 5, 2, 4} : SmallVector<int64_t>{0, 3, 5, 1, 2, 4};
    return give(results, reshape(transpose(split, order), concat({batch, channels * b * b, rows, columns}, 0)));
  }
  channels = channels / (b * b);
  Tensor split = reshape(x, channelFirst ? concat({batch, channels, b, b, rows, columns}, 0)
                                         : concat({batch, b, b, channels, rows, columns}, 0));
  SmallVector<int64_t> order = channelFirst ? SmallVector<int64_t>{0, 1, 4, 2, 5, 3} : SmallVector<int64_t>{0, 3, 4, 1, 5, 2};
  return give(results, reshape(transpose(split, order), concat({batch, channels, rows * b, columns * b}, 0)));
}

//===----------------------------------------------------------------------===//
// Slice, Split
//===----------------------------------------------------------------------===//

/// numpy's x[starts:ends:steps] along `axes`: negative bounds count from the end, all are clamped.
static Tensor sliceByEnds(Tensor x, Tensor starts, Tensor ends, Tensor steps, ArrayRef<int64_t> axes) {
  Tensor dims = dimsAt(x, axes);
  if (!dims || !starts || !ends || !steps)
    return {};
  Tensor up = steps > 0.0;
  auto clamped = [&](Tensor bound) {
    bound = select(bound < 0.0, bound + dims, bound);
    return select(up, minimum(maximum(bound, 0.0), dims), minimum(maximum(bound, -1.0), dims - 1.0));
  };
  Tensor start = clamped(starts), end = clamped(ends), stride = abs(steps);
  if (failed(demandAtLeast(stride, 1, "steps other than 0")))
    return {};
  Tensor sizes = maximum((select(up, end - start, start - end) + (stride - 1.0)) / stride, 0.0);
  return slice(x, start, sizes, steps, axes, /*inRange=*/true);
}

static LogicalResult buildSlice(NodeView &n, Values &results) {
  Tensor x = inputOf(n, 0);
  if (!x)
    return n.error("input 0 must be given");
  OpBuilder &b = n.builder();
  Tensor starts = inputOf(n, 1), ends = inputOf(n, 2), steps = inputOf(n, 4);
  if (auto fromAttribute = n.getInts("starts")) // before opset 10
    starts = constantInts(b, n.loc(), *fromAttribute);
  if (auto fromAttribute = n.getInts("ends"))
    ends = constantInts(b, n.loc(), *fromAttribute);
  if (!starts || !ends)
    return n.error("expects starts and ends");
  if (starts.rank() != 1 || starts.type().isDynamicDim(0))
    return unsupported(n, "starts that are not 1-D of known length");
  int64_t count = starts.type().getDimSize(0);
  if (!steps)
    steps = constantInts(b, n.loc(), SmallVector<int64_t>(count, 1));
  auto wide = [&](Tensor t) { return cast(t, b.getI64Type()); };
  // No tensor is so large that a longer step goes elsewhere, and sums with it stay in 64 bits.
  constexpr double longest = int64_t(1) << 60;
  starts = wide(starts), ends = wide(ends), steps = maximum(minimum(wide(steps), longest), -longest);
  FailureOr<std::optional<Axes>> axes = axesFrom(n, "axes", 3, x.rank());
  if (failed(axes))
    return failure();
  if (!*axes)
    return give(results, sliceByEnds(x, starts, ends, steps, llvm::to_vector(llvm::seq<int64_t>(0, count))));
  if ((*axes)->count != count)
    return n.error("expects as many axes as starts, got " + Twine((*axes)->count) + " and " + Twine(count));
  if (!(*axes)->computed())
    return give(results, sliceByEnds(x, starts, ends, steps, (*axes)->known));
  // Every dim is cut, those not named to all of themselves.
  auto everywhere = [&](Tensor values, int64_t fill) { return spread(values, **axes, x.rank(), fill); };
  return give(results, sliceByEnds(x, everywhere(starts, 0), everywhere(ends, std::numeric_limits<int64_t>::max()),
                                   everywhere(steps, 1), llvm::to_vector(llvm::seq<int64_t>(0, x.rank()))));
}

/// Sizes in the 1-D i64 `sizes`, an entry a part.
static LogicalResult splitBySizes(NodeView &n, Tensor x, int64_t axis, Tensor sizes, unsigned parts, Values &results) {
  OpBuilder &b = n.builder();
  Tensor start = constantInts(b, n.loc(), {0}), one = constantInts(b, n.loc(), {1});
  for (unsigned i = 0; i < parts; ++i) {
    Tensor size = slice(sizes, {static_cast<int64_t>(i)}, {1}, {0});
    if (failed(give(results, slice(x, start, size, one, {axis}, /*inRange=*/false))))
      return failure();
    start = start + size;
  }
  return demandEqual(start, dimsAt(x, {axis}), "sizes that add up to the dim");
}

/// Parts of ceil(dim / parts), the last one smaller.
static LogicalResult splitEvenly(NodeView &n, Tensor x, int64_t axis, unsigned parts, Values &results) {
  Tensor one = constantInts(n.builder(), n.loc(), {1}), dim = dimsAt(x, {axis});
  Tensor size = (dim + static_cast<double>(parts - 1)) / static_cast<double>(parts);
  for (unsigned i = 0; i < parts; ++i) {
    Tensor start = minimum(size * static_cast<double>(i), dim);
    if (failed(give(results, slice(x, start, minimum(dim - start, size), one, {axis}, /*inRange=*/true))))
      return failure();
  }
  return success();
}

static LogicalResult buildSplit(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0), sizes = inputOf(n, 1);
  FailureOr<int64_t> axis = axisFrom(n, "axis", 0, x.rank());
  if (failed(axis))
    return failure();
  unsigned parts = n.numOutputs();
  if (auto fromAttribute = n.getInts("split")) // before opset 13
    sizes = constantInts(n.builder(), n.loc(), *fromAttribute);
  if (std::optional<int64_t> wanted = n.getInt("num_outputs"); wanted && *wanted < static_cast<int64_t>(parts))
    return n.error("expects num_outputs of at least the " + Twine(parts) + " outputs, got " + Twine(*wanted));
  else if (wanted)
    parts = *wanted;
  if (!sizes)
    return splitEvenly(n, x, *axis, parts, results);
  if (sizes.rank() != 1 || sizes.type().getDimSize(0) != static_cast<int64_t>(parts))
    return n.error("expects a size for each of the " + Twine(parts) + " outputs");
  sizes = cast(sizes, n.builder().getI64Type());
  std::unique_ptr<Inference> known = inferenceWhileBuilding(n.builder().getContext());
  if (auto values = known->constantContents(sizes.value()); values && !x.type().isDynamicDim(*axis)) {
    int64_t sum = std::accumulate(values->begin(), values->end(), int64_t(0));
    if (sum != x.type().getDimSize(*axis))
      return n.error("expects sizes that add up to the dim " + Twine(x.type().getDimSize(*axis)) + ", got " + Twine(sum));
  }
  return splitBySizes(n, x, *axis, sizes, parts, results);
}

void appendLayoutForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Reshape", 1, buildReshapeByAttribute});
  forms.push_back({"", "Reshape", 5, buildReshape});
  forms.push_back({"", "Flatten", 1, buildFlatten});
  forms.push_back({"", "Squeeze", 1, buildSqueeze});
  forms.push_back({"", "Unsqueeze", 1, buildUnsqueeze});
  forms.push_back({"", "Transpose", 1, buildTranspose});
  forms.push_back({"", "Expand", 8, buildExpand});
  forms.push_back({"", "Concat", 1, buildConcat});
  forms.push_back({"", "DepthToSpace", 1, buildDepthSpace<false>});
  forms.push_back({"", "SpaceToDepth", 1, buildDepthSpace<true>});
  forms.push_back({"", "Slice", 1, buildSlice});
  forms.push_back({"", "Split", 1, buildSplit});
}

} // namespace dlc::dl
