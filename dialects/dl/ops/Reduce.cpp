//===- Reduce.cpp - Folds over axes ---------------------------------------===//
#include "dialects/dl/ops/Axes.h"
#include "dialects/dl/ops/Formulas.h"
#include <limits>

using namespace mlir;

namespace dlc::dl {

LogicalResult inferReduction(Operation *op, ArrayRef<int64_t> axes, Inference &shapes) {
  Value x = op->getOperand(0);
  Dims dims = shapes.dims(x);
  for (int64_t a : axes) {
    if (a < 0 || a >= static_cast<int64_t>(dims.size()))
      return op->emitOpError("expects axes below the rank ") << dims.size() << ", got " << a;
    dims[a] = shapes.constant(1);
  }
  shapes.set(op->getResult(0), shapes.elementType(x), dims);
  // The number of elements of a shape: a product of all its entries.
  if (auto contents = shapes.contents(x); contents && axes.size() == 1 && dims.size() == 1 && isa<ReduceProdOp>(op))
    shapes.setContents(op->getResult(0), {shapes.product(*contents)});
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX: a node is a map of the elements, a fold, and a map of the result
//===----------------------------------------------------------------------===//

using Fold = Tensor (*)(Tensor, ArrayRef<int64_t>);

static Tensor foldSum(Tensor x, ArrayRef<int64_t> a) { return reduceSum(x, a); }
static Tensor foldProd(Tensor x, ArrayRef<int64_t> a) { return reduceProd(x, a); }
static Tensor foldMax(Tensor x, ArrayRef<int64_t> a) { return reduceMax(x, a); }
static Tensor foldMin(Tensor x, ArrayRef<int64_t> a) { return reduceMin(x, a); }
static Tensor foldMean(Tensor x, ArrayRef<int64_t> a) { return mean(x, a); }
static Tensor foldL1(Tensor x, ArrayRef<int64_t> a) { return reduceSum(abs(x), a); }
static Tensor foldL2(Tensor x, ArrayRef<int64_t> a) {
  Tensor s = reduceSum(x * x, a);
  if (!s || isa<FloatType>(x.elementType()))
    return sqrt(s);
  return cast(sqrt(cast(s, x.builder().getF64Type())), x.elementType());
}
static Tensor foldSumSquare(Tensor x, ArrayRef<int64_t> a) { return reduceSum(x * x, a); }
static Tensor foldLogSum(Tensor x, ArrayRef<int64_t> a) { return log(reduceSum(x, a)); }
static Tensor foldLogSumExp(Tensor x, ArrayRef<int64_t> a) {
  if (!x)
    return {};
  // log sum exp(x - m) + m, with m = 0 where the maximum is not finite.
  Tensor m = reduceMax(x, a);
  m = select(isinf(m), 0.0, m);
  return log(reduceSum(exp(x - m), a)) + m;
}

/// Folds over axes that are computed; see Axes.h.
static Tensor foldComputed(Fold fold, Tensor x, const Axes &axes, bool keepDims) {
  Tensor dims = shapeOf(x);
  Tensor kept = select(axes.mask, 1.0, dims), folded = select(axes.mask, dims, 1.0);
  SmallVector<int64_t> second;
  for (int64_t i = 0; i < x.rank(); ++i)
    second.push_back(2 * i + 1);
  return reshape(fold(reshape(x, interleaved(kept, folded)), second),
                 keepDims ? kept : compacted(dims, logicalNot(axes.mask), x.rank() - axes.count));
}

template <Fold fold> static LogicalResult buildReduce(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<std::optional<Axes>> given = axesFrom(n, "axes", 1, x.rank());
  if (failed(given))
    return failure();
  if (*given && (*given)->computed())
    return give(results, foldComputed(fold, x, **given, n.getInt("keepdims").value_or(1)));
  SmallVector<int64_t> axes = *given ? (*given)->known : SmallVector<int64_t>();
  llvm::sort(axes);
  if (axes.empty()) {
    if (n.getInt("noop_with_empty_axes").value_or(0))
      // No axes: nothing is folded, the maps of the elements and of the result still apply.
      return give(results, fold(x, {}));
    axes = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  }
  Tensor r = fold(x, axes);
  if (!n.getInt("keepdims").value_or(1))
    r = squeeze(r, axes);
  return give(results, r);
}

/// Folds all dims behind batch and channel.
template <Fold fold> static LogicalResult buildGlobalPool(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (x.rank() < 2)
    return n.error("expects rank 2 or more, got " + Twine(x.rank()));
  return give(results, fold(x, llvm::to_vector(llvm::seq<int64_t>(2, x.rank()))));
}

static LogicalResult buildSoftmax(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  FailureOr<int64_t> axis = axisIn(n, n.getInt("axis").value_or(-1), inputOf(n, 0).rank());
  if (failed(axis))
    return failure();
  return give(results, softmax(inputOf(n, 0), *axis));
}

/// 1 at the first largest element along `axis`, 0 elsewhere.
static Tensor hardmax(Tensor x, int64_t axis) {
  return x ? cast(placesAlong(x, axis) == argMax(x, axis), x.elementType()) : Tensor();
}

static LogicalResult buildHardmax(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  FailureOr<int64_t> axis = axisFrom(n, "axis", -1, inputOf(n, 0).rank());
  return failed(axis) ? failure() : give(results, hardmax(inputOf(n, 0), *axis));
}

static LogicalResult buildLogSoftmax(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  FailureOr<int64_t> axis = axisIn(n, n.getInt("axis").value_or(-1), inputOf(n, 0).rank());
  if (failed(axis))
    return failure();
  return give(results, logSoftmax(inputOf(n, 0), *axis));
}

/// Before opset 13 the dims from `axis` on are one.
template <Tensor (*function)(Tensor, int64_t)> static LogicalResult buildFlattened(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<int64_t> axis = axisIn(n, n.getInt("axis").value_or(1), x.rank());
  if (failed(axis))
    return failure();
  if (*axis == x.rank() - 1)
    return give(results, function(x, *axis));
  SmallVector<Tensor> flat{constantInts(n.builder(), n.loc(), {-1})};
  if (*axis > 0)
    flat.insert(flat.begin(), dimsAt(x, llvm::to_vector(llvm::seq<int64_t>(0, *axis))));
  return give(results, reshape(function(reshape(x, concat(flat, 0)), *axis), shapeOf(x)));
}

void appendReduceForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "ReduceSum", 1, buildReduce<foldSum>});
  forms.push_back({"", "ReduceProd", 1, buildReduce<foldProd>});
  forms.push_back({"", "ReduceMax", 1, buildReduce<foldMax>});
  forms.push_back({"", "ReduceMin", 1, buildReduce<foldMin>});
  forms.push_back({"", "ReduceMean", 1, buildReduce<foldMean>});
  forms.push_back({"", "ReduceL1", 1, buildReduce<foldL1>});
  forms.push_back({"", "ReduceL2", 1, buildReduce<foldL2>});
  forms.push_back({"", "ReduceSumSquare", 1, buildReduce<foldSumSquare>});
  forms.push_back({"", "ReduceLogSum", 1, buildReduce<foldLogSum>});
  forms.push_back({"", "ReduceLogSumExp", 1, buildReduce<foldLogSumExp>});
  forms.push_back({"", "Softmax", 1, buildFlattened<softmax>});
  forms.push_back({"", "Softmax", 13, buildSoftmax});
  forms.push_back({"", "Hardmax", 1, buildFlattened<hardmax>});
  forms.push_back({"", "Hardmax", 13, buildHardmax});
  forms.push_back({"", "GlobalAveragePool", 1, buildGlobalPool<foldMean>});
  forms.push_back({"", "GlobalMaxPool", 1, buildGlobalPool<foldMax>});
  forms.push_back({"", "LogSoftmax", 1, buildFlattened<logSoftmax>});
  forms.push_back({"", "LogSoftmax", 13, buildLogSoftmax});
}

} // namespace dlc::dl
