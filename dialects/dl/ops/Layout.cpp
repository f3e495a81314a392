//===- Layout.cpp - The same elements elsewhere ---------------------------===//
#include "dialects/dl/ops/Forms.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace dlc::dl {

static Type elementOf(Value v) { return cast<ShapedType>(v.getType()).getElementType(); }

//===----------------------------------------------------------------------===//
// reshape, squeeze, unsqueeze: the same bytes under other dims
//===----------------------------------------------------------------------===//

static LogicalResult copyElements(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  results[0].elements = operands[0]->elements;
  return success();
}

/// The dims of x split as far as its known contents go: metadata reshapes of shape tensors keep them.
static void keepContents(Inference &shapes, Value x, Value result) {
  if (std::optional<Dims> contents = shapes.contents(x))
    shapes.setContents(result, *contents);
}

LogicalResult ReshapeOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), shape = shapes.dims(getShape());
  std::optional<int64_t> rank = constantOf(shape[0]);
  if (shape.size() != 1 || !rank)
    return emitOpError("expects a 1-D shape of known length");
  std::optional<Dims> wanted = shapes.contents(getShape());
  Dims dims;
  std::optional<size_t> inferred;
  AffineExpr rest = shapes.constant(1);
  for (int64_t i = 0; i < *rank; ++i) {
    AffineExpr d = wanted ? (*wanted)[i] : shapes.unknown(getResult(), i);
    std::optional<int64_t> c = constantOf(d);
    if (c == -1) {
      if (inferred)
        return emitOpError("expects one dim of -1 at most");
      inferred = i;
    } else if (c && *c < 0) {
      return emitOpError("expects dims of at least 0, got ") << *c;
    } else {
      rest = rest * d;
    }
    dims.push_back(d);
  }
  AffineExpr total = shapes.product(x);
  if (inferred) {
    // Common symbolic factors cancel first, so that [N, 3, 4] to [N, -1] is [N, 12] and not (N * 12) floordiv N.
    Dims numerator = x, denominator;
    for (auto [i, d] : llvm::enumerate(dims)) {
      if (i == *inferred)
        continue;
      auto it = llvm::find(numerator, d);
      if (it != numerator.end())
        numerator.erase(it);
      else
        denominator.push_back(d);
    }
    AffineExpr n = shapes.product(numerator), d = shapes.product(denominator);
    if (constantOf(d) == 0)
      dims[*inferred] = shapes.constant(0);
    else
      dims[*inferred] = n.floorDiv(d);
    if (constantOf(n) && constantOf(d) && *constantOf(d) != 0 && *constantOf(n) % *constantOf(d) != 0)
      return emitOpError("expects the ") << *constantOf(total) << " elements to divide by " << *constantOf(rest);
  } else if (constantOf(total) && constantOf(rest) && total != rest) {
    return emitOpError("expects dims of as many elements as the operand, got ")
           << *constantOf(rest) << " for " << *constantOf(total);
  }
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  keepContents(shapes, getX(), getResult());
  return success();
}
LogicalResult ReshapeOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  if (operands[0]->size() != results[0].size())
    return emitError("the shape does not have as many elements as the operand");
  return copyElements(operands, results);
}
Fusion ReshapeOp::fusion() { return {Fusion::Kind::Alias, {}}; }

bool ReshapeOp::onlyShapes(unsigned operand) { return operand == 1; }

LogicalResult SqueezeOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), dims;
  for (int64_t a : getAxes())
    if (a < 0 || a >= static_cast<int64_t>(x.size()))
      return emitOpError("expects axes below the rank ") << x.size() << ", got " << a;
  for (auto [i, d] : llvm::enumerate(x)) {
    if (!llvm::is_contained(getAxes(), static_cast<int64_t>(i)))
      dims.push_back(d);
    else if (constantOf(d).value_or(1) != 1)
      return emitOpError("expects dim ") << i << " to be 1, got " << *constantOf(d);
  }
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  keepContents(shapes, getX(), getResult());
  return success();
}
LogicalResult SqueezeOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  return copyElements(operands, results);
}
Fusion SqueezeOp::fusion() { return {Fusion::Kind::Alias, {}}; }

LogicalResult UnsqueezeOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  for (int64_t a : getAxes()) {
    if (a < 0 || a > static_cast<int64_t>(dims.size()))
      return emitOpError("expects axes below the result's rank, got ") << a;
    dims.insert(dims.begin() + a, shapes.constant(1));
  }
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  keepContents(shapes, getX(), getResult());
  return success();
}
LogicalResult UnsqueezeOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  return copyElements(operands, results);
}
Fusion UnsqueezeOp::fusion() { return {Fusion::Kind::Alias, {}}; }

/// Each dim of the larger tensor belongs to the group of the smaller one's dim; unit dims join a neighbour.
static SmallVector<ReassociationIndices> groups(ArrayRef<int64_t> axes, int64_t largeRank) {
  SmallVector<ReassociationIndices> result;
  ReassociationIndices pending;
  for (int64_t i = 0; i < largeRank; ++i) {
    pending.push_back(i);
    if (!llvm::is_contained(axes, i)) {
      result.push_back(pending);
      pending.clear();
    }
  }
  if (!result.empty())
    result.back().append(pending);
  return result;
}

LogicalResult SqueezeOp::lower(Lowering &l) {
  auto type = cast<RankedTensorType>(getX().getType());
  l.results.push_back(
      tensor::CollapseShapeOp::create(l.b, l.loc(), l.operands[0], groups(getAxes(), type.getRank())));
  return success();
}
LogicalResult UnsqueezeOp::lower(Lowering &l) {
  auto type = cast<RankedTensorType>(getResult().getType());
  auto lowered = RankedTensorType::get(type.getShape(), storageType(type.getElementType()));
  l.results.push_back(tensor::ExpandShapeOp::create(l.b, l.loc(), lowered, l.operands[0],
                                                    groups(getAxes(), type.getRank()), l.dims[0]));
  return success();
}

//===----------------------------------------------------------------------===//
// transpose, broadcast_to: places by a map
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), dims;
  SmallVector<int64_t> sorted(getPermutation());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, x.size())))
    return emitOpError("expects a permutation of 0 to ") << static_cast<int64_t>(x.size()) - 1;
  for (int64_t p : getPermutation())
    dims.push_back(x[p]);
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  return success();
}
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size())))
    return getX();
  return {};
}
AffineMap TransposeOp::sourceMap() {
  SmallVector<AffineExpr> exprs(getPermutation().size());
  for (auto [i, p] : llvm::enumerate(getPermutation()))
    exprs[p] = getAffineDimExpr(i, getContext());
  return AffineMap::get(exprs.size(), 0, exprs, getContext());
}
template <class T> static T transposed(ElementReader<T> &in, ArrayRef<T> place, ArrayRef<int64_t> permutation) {
  SmallVector<T> source(place);
  for (auto [i, p] : llvm::enumerate(permutation))
    source[p] = place[i];
  return in.read(0, source);
}
Scalar TransposeOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return transposed(in, p, getPermutation()); }
Number TransposeOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return transposed(in, p, getPermutation()); }

LogicalResult BroadcastToOp::infer(Inference &shapes) {
  Dims shape = shapes.dims(getShape());
  std::optional<int64_t> rank = constantOf(shape[0]);
  if (shape.size() != 1 || !rank)
    return emitOpError("expects a 1-D shape of known length");
  std::optional<Dims> wanted = shapes.contents(getShape());
  Dims target;
  for (int64_t i = 0; i < *rank; ++i)
    target.push_back(wanted ? (*wanted)[i] : shapes.unknown(getResult(), i));
  FailureOr<Dims> dims = shapes.broadcast(*this, {target, shapes.dims(getX())});
  if (failed(dims))
    return failure();
  shapes.set(getResult(), shapes.elementType(getX()), *dims);
  return success();
}
bool BroadcastToOp::onlyShapes(unsigned operand) { return operand == 1; }
AffineMap BroadcastToOp::sourceMap() {
  auto x = cast<RankedTensorType>(getX().getType()), r = cast<RankedTensorType>(getResult().getType());
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0, pad = r.getRank() - x.getRank(); i < x.getRank(); ++i)
    exprs.push_back(x.getDimSize(i) == 1 ? getAffineConstantExpr(0, getContext())
                                         : getAffineDimExpr(pad + i, getContext()));
  return AffineMap::get(r.getRank(), 0, exprs, getContext());
}
template <class T> static T broadcasted(ElementReader<T> &in, ArrayRef<T> place, int64_t rank) {
  SmallVector<T> source;
  for (int64_t i = 0; i < rank; ++i)
    source.push_back(select(in.dim(0, i) == in.constant(1), in.constant(0), place[place.size() - rank + i]));
  return in.read(0, source);
}
Scalar BroadcastToOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) {
  return broadcasted(in, p, cast<ShapedType>(getX().getType()).getRank());
}
Number BroadcastToOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) {
  return broadcasted(in, p, cast<ShapedType>(getX().getType()).getRank());
}

//===----------------------------------------------------------------------===//
// slice
//===----------------------------------------------------------------------===//

/// numpy's start, clamped: [0, size] going up, [-1, size - 1] going down.
template <class T> static T clampedStart(ElementReader<T> &in, T start, T size, T step) {
  start = select(start < in.constant(0), start + size, start);
  T up = minimum(maximum(start, in.constant(0)), size);
  T down = minimum(maximum(start, in.constant(-1)), size - in.constant(1));
  return select(step > in.constant(0), up, down);
}

LogicalResult SliceOp::infer(Inference &shapes) {
  Dims dims = shapes.dims(getX());
  std::optional<Dims> starts = shapes.contents(getStarts()), ends = shapes.contents(getEnds()),
                      steps = shapes.contents(getSteps());
  std::optional<SmallVector<int64_t>> constantSteps = shapes.constantContents(getSteps());
  Dims before = dims;
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    if (axis < 0 || axis >= static_cast<int64_t>(dims.size()))
      return emitOpError("expects axes below the rank ") << dims.size() << ", got " << axis;
    AffineExpr size = dims[axis], zero = shapes.constant(0);
    if (constantSteps && (*constantSteps)[i] == 0)
      return emitOpError("expects steps other than 0");
    if (!starts || !ends || !constantSteps) {
      dims[axis] = shapes.unknown(getResult(), axis);
      continue;
    }
    int64_t step = (*constantSteps)[i];
    auto fromEnd = [&](AffineExpr e) { return constantOf(e).value_or(0) < 0 ? e + size : e; };
    bool signsKnown = constantOf((*starts)[i]) && constantOf((*ends)[i]);
    if (!signsKnown) {
      // A computed bound may be negative; only x[0:n] with n a dim is common enough to follow.
      if (constantOf((*starts)[i]) == 0 && step == 1 && isa<AffineSymbolExpr>((*ends)[i]) &&
          shapes.symbols()[cast<AffineSymbolExpr>((*ends)[i]).getPosition()].kind == SymbolDefinition::Kind::Input) {
        dims[axis] = shapes.min((*ends)[i], size);
        continue;
      }
      dims[axis] = shapes.unknown(getResult(), axis);
      continue;
    }
    AffineExpr start = fromEnd((*starts)[i]), end = fromEnd((*ends)[i]);
    if (step > 0) {
      start = shapes.min(shapes.max(start, zero), size);
      end = shapes.min(shapes.max(end, zero), size);
      dims[axis] = shapes.max((end - start).ceilDiv(step), zero);
    } else {
      start = shapes.min(shapes.max(start, shapes.constant(-1)), size - 1);
      end = shapes.min(shapes.max(end, shapes.constant(-1)), size - 1);
      dims[axis] = shapes.max((start - end).ceilDiv(-step), zero);
    }
  }
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  std::optional<Dims> contents = shapes.contents(getX());
  std::optional<SmallVector<int64_t>> from = shapes.constantContents(getStarts());
  if (contents && from && constantSteps && dims.size() == 1 && getAxes().size() == 1 && constantOf(dims[0])) {
    int64_t size = contents->size(), first = (*from)[0] < 0 ? (*from)[0] + size : (*from)[0];
    first = (*constantSteps)[0] > 0 ? std::clamp<int64_t>(first, 0, size) : std::clamp<int64_t>(first, -1, size - 1);
    Dims picked;
    for (int64_t i = 0; i < *constantOf(dims[0]); ++i)
      picked.push_back((*contents)[first + i * (*constantSteps)[0]]);
    shapes.setContents(getResult(), picked);
  }
  return success();
}

template <class T> static T sliced(ElementReader<T> &in, ArrayRef<T> place, ArrayRef<int64_t> axes) {
  SmallVector<T> source(place);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    T at = in.constant(i);
    T step = in.toPlace(in.read(3, {at})), start = in.toPlace(in.read(1, {at}));
    source[axis] = clampedStart(in, start, in.dim(0, axis), step) + place[axis] * step;
  }
  return in.read(0, source);
}
Scalar SliceOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return sliced(in, p, getAxes()); }
Number SliceOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return sliced(in, p, getAxes()); }

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::infer(Inference &shapes) {
  int64_t axis = getAxis();
  Dims dims = shapes.dims(getParts()[0]);
  if (axis < 0 || axis >= static_cast<int64_t>(dims.size()))
    return emitOpError("expects an axis below the rank ") << dims.size() << ", got " << axis;
  for (Value part : getParts().drop_front()) {
    Dims other = shapes.dims(part);
    if (other.size() != dims.size() || shapes.elementType(part) != shapes.elementType(getParts()[0]))
      return emitOpError("expects parts of one rank and type");
    for (auto [i, d] : llvm::enumerate(other)) {
      if (static_cast<int64_t>(i) == axis)
        dims[i] = dims[i] + d;
      else if (constantOf(d) && constantOf(dims[i]) && d != dims[i])
        return emitOpError("expects parts with the same dim ") << i << ", got " << *constantOf(dims[i]) << " and "
                                                               << *constantOf(d);
      else if (constantOf(d))
        dims[i] = d;
    }
  }
  shapes.set(getResult(), shapes.elementType(getParts()[0]), dims);
  if (dims.size() != 1)
    return success();
  Dims all;
  for (Value part : getParts()) {
    std::optional<Dims> contents = shapes.contents(part);
    if (!contents)
      return success();
    all.append(*contents);
  }
  shapes.setContents(getResult(), all);
  return success();
}

LogicalResult ConcatOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  Array &r = results[0];
  int64_t axis = getAxis(), start = 0;
  for (const Array *part : operands) {
    int64_t i = 0;
    forEachPlace(part->dims, [&](ArrayRef<int64_t> place) {
      SmallVector<int64_t> target(place);
      target[axis] += start;
      int64_t offset = 0;
      for (auto [d, p] : llvm::zip(r.dims, target))
        offset = offset * d + p;
      r.elements[offset] = part->elements[i++];
    });
    start += part->dims[axis];
  }
  return success();
}

LogicalResult ConcatOp::lower(Lowering &l) {
  auto type = cast<RankedTensorType>(getResult().getType());
  Value result = l.empty(0);
  int64_t rank = type.getRank(), axis = getAxis();
  SmallVector<OpFoldResult> offsets(rank, l.b.getIndexAttr(0)), strides(rank, l.b.getIndexAttr(1));
  for (Value part : l.operands) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(l.b, l.loc(), part);
    result = tensor::InsertSliceOp::create(l.b, l.loc(), part, result, offsets, sizes, strides);
    AffineExpr a = getAffineDimExpr(0, getContext()), b = getAffineDimExpr(1, getContext());
    offsets[axis] = affine::makeComposedFoldedAffineApply(l.b, l.loc(), a + b, {offsets[axis], sizes[axis]});
  }
  l.results.push_back(result);
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static LogicalResult buildReshape(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0), shape = inputOf(n, 1);
  if (!shape)
    return n.error("expects a shape");
  // 0 copies the operand's dim unless allowzero says that it is zero.
  if (!n.getInt("allowzero").value_or(0)) {
    auto constant = shape.value().getDefiningOp<ConstantOp>();
    if (constant) {
      Array wanted = Array::fromAttribute(constant.getValue());
      SmallVector<Tensor> entries;
      bool anyZero = false;
      for (int64_t i = 0; i < wanted.size(); ++i)
        anyZero |= wanted.at(i).asInt() == 0;
      if (anyZero) {
        Tensor dims = shapeOf(x);
        for (int64_t i = 0; i < wanted.size(); ++i) {
          int64_t v = wanted.at(i).asInt();
          if (v == 0 && i >= x.rank())
            return n.error("dim " + Twine(i) + " of 0 copies a dim that the operand of rank " + Twine(x.rank()) +
                           " does not have");
          Tensor place = constantInts(n.builder(), n.loc(), {v == 0 ? i : v});
          entries.push_back(v == 0 ? apply<GatherOp>({dims, place}, {n.builder().getNamedAttr(
                                                                        "axis", n.builder().getI64IntegerAttr(0))})
                                   : place);
        }
        shape = concat(entries, 0);
      }
    }
  }
  return give(results, reshape(x, shape));
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
    SmallVector<int64_t> places = llvm::to_vector(llvm::seq<int64_t>(from, to));
    Tensor dims = apply<GatherOp>({shapeOf(x), constantInts(n.builder(), n.loc(), places)},
                                  {n.builder().getNamedAttr("axis", n.builder().getI64IntegerAttr(0))});
    return reduceProd(dims, {0});
  };
  return give(results, reshape(x, concat({picked(0, axis), picked(axis, rank)}, 0)));
}

static LogicalResult buildSqueeze(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0);
  FailureOr<std::optional<SmallVector<int64_t>>> given = intsFrom(n, "axes", 1);
  if (failed(given))
    return failure();
  SmallVector<int64_t> axes;
  if (*given) {
    for (int64_t a : **given) {
      FailureOr<int64_t> axis = axisIn(n, a, x.rank());
      if (failed(axis))
        return failure();
      axes.push_back(*axis);
    }
  } else {
    for (auto [i, d] : llvm::enumerate(x.type().getShape()))
      if (d == 1)
        axes.push_back(i);
  }
  return give(results, squeeze(x, axes));
}

static LogicalResult buildUnsqueeze(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  FailureOr<std::optional<SmallVector<int64_t>>> given = intsFrom(n, "axes", 1);
  if (failed(given))
    return failure();
  if (!*given)
    return n.error("expects axes");
  int64_t rank = inputOf(n, 0).rank() + (*given)->size();
  SmallVector<int64_t> axes;
  for (int64_t a : **given) {
    FailureOr<int64_t> axis = axisIn(n, a, rank);
    if (failed(axis))
      return failure();
    if (llvm::is_contained(axes, *axis))
      return n.error("axis " + Twine(*axis) + " is named twice");
    axes.push_back(*axis);
  }
  return give(results, unsqueeze(inputOf(n, 0), axes));
}

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
  int64_t count = starts.type().getDimSize(0);
  if (ShapedType::isDynamic(count))
    return n.error("expects starts of known length");
  FailureOr<std::optional<SmallVector<int64_t>>> given = intsFrom(n, "axes", 3);
  if (failed(given))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  if (*given)
    axes = **given;
  if (static_cast<int64_t>(axes.size()) != count)
    return n.error("expects as many axes as starts, got " + Twine(axes.size()) + " and " + Twine(count));
  for (int64_t &a : axes) {
    FailureOr<int64_t> axis = axisIn(n, a, x.rank());
    if (failed(axis))
      return failure();
    a = *axis;
  }
  if (!steps)
    steps = constantInts(b, n.loc(), SmallVector<int64_t>(count, 1));
  Type i64 = b.getI64Type();
  return give(results, apply<SliceOp>({x, cast(starts, i64), cast(ends, i64), cast(steps, i64)},
                                      {b.getNamedAttr("axes", b.getDenseI64ArrayAttr(axes))}));
}

void appendLayoutForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Reshape", 5, buildReshape});
  forms.push_back({"", "Flatten", 1, buildFlatten});
  forms.push_back({"", "Squeeze", 1, buildSqueeze});
  forms.push_back({"", "Unsqueeze", 1, buildUnsqueeze});
  forms.push_back({"", "Transpose", 1, buildTranspose});
  forms.push_back({"", "Expand", 8, buildExpand});
  forms.push_back({"", "Concat", 4, buildConcat});
  forms.push_back({"", "Slice", 1, buildSlice});
}

} // namespace dlc::dl
