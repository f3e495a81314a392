//===- Layout.cpp - The same elements elsewhere ---------------------------===//
#include "dialects/dl/ops/Forms.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace dlc::dl {

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
  Dims x = shapes.dims(getX());
  FailureOr<int64_t> rank = shapes.rankFrom(*this, getShape());
  if (failed(rank))
    return failure();
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
    } else {
      if (failed(shapes.requireNonNegative(*this, d, "dims of at least 0")))
        return failure();
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
    if (constantOf(total) && constantOf(d) && *constantOf(d) != 0 && *constantOf(n) % *constantOf(d) != 0)
      return emitOpError("expects the ") << *constantOf(total) << " elements to divide by " << *constantOf(rest);
    if (failed(shapes.requireEqual(*this, dims[*inferred] * d, n, "a number of elements that the other dims divide")))
      return failure();
  } else if (failed(shapes.requireEqual(*this, rest, total, "dims of as many elements as the operand"))) {
    return failure();
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
    else if (failed(shapes.requireEqual(*this, d, shapes.constant(1), "dim " + Twine(i) + " to be 1")))
      return failure();
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
  FailureOr<int64_t> rank = shapes.rankFrom(*this, getShape());
  if (failed(rank))
    return failure();
  std::optional<Dims> wanted = shapes.contents(getShape());
  Dims target;
  for (int64_t i = 0; i < *rank; ++i)
    target.push_back(wanted ? (*wanted)[i] : shapes.unknown(getResult(), i));
  for (AffineExpr d : target)
    if (failed(shapes.requireNonNegative(*this, d, "dims of at least 0")))
      return failure();
  // A dim of x that is known decides, whether the shape says the same or 1; one that is not must be the shape's.
  Dims x = shapes.dims(getX()), dims(std::max(target.size(), x.size()), shapes.constant(1));
  llvm::copy(target, dims.end() - target.size());
  for (auto [i, d] : llvm::enumerate(x)) {
    AffineExpr &r = dims[dims.size() - x.size() + i];
    if (constantOf(d) == 1)
      continue;
    std::string expects = "operand dims that broadcast in dim " + std::to_string(dims.size() - x.size() + i) + " of the result";
    // An entry that is computed may turn out 1.
    bool mayBeOne = constantOf(d) || constantOf(r) == 1 || !shapes.isNonNegative(r);
    if (failed(mayBeOne ? shapes.requireEqualOrOne(*this, r, d, expects) : shapes.requireEqual(*this, r, d, expects)))
      return failure();
    if (mayBeOne)
      r = d;
  }
  shapes.set(getResult(), shapes.elementType(getX()), dims);
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

LogicalResult SliceOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), dims = x;
  std::optional<Dims> sizes = shapes.contents(getSizes());
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    if (axis < 0 || axis >= static_cast<int64_t>(dims.size()))
      return emitOpError("expects axes below the rank ") << dims.size() << ", got " << axis;
    if (sizes && sizes->size() != getAxes().size())
      return emitOpError("expects a size for each of the ") << getAxes().size() << " axes, got " << sizes->size();
    dims[axis] = sizes ? (*sizes)[i] : shapes.unknown(getResult(), axis);
    if (failed(shapes.requireNonNegative(*this, dims[axis], "sizes of at least 0")))
      return failure();
  }
  shapes.set(getResult(), shapes.elementType(getX()), dims);
  std::optional<Dims> contents = shapes.contents(getX());
  std::optional<SmallVector<int64_t>> start = shapes.constantContents(getStarts()),
                                      step = shapes.constantContents(getSteps());
  // Others are checked where they are read.
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    std::optional<int64_t> size = constantOf(x[axis]), count = constantOf(dims[axis]);
    if (getInRange() || !start || !step || !size || count.value_or(0) == 0)
      continue;
    int64_t reach;
    if (llvm::MulOverflow(*count - 1, (*step)[i], reach) || llvm::AddOverflow(reach, (*start)[i], reach))
      return emitOpError("expects places that 64 bits hold");
    for (int64_t place : {(*start)[i], reach})
      if (place < -*size || place >= *size)
        return emitOpError("expects places below ") << *size << ", got " << place;
  }
  if (contents && start && step && dims.size() == 1 && getAxes().size() == 1 && constantOf(dims[0])) {
    Dims picked;
    for (int64_t i = 0; i < *constantOf(dims[0]); ++i) {
      int64_t place = (*start)[0] + i * (*step)[0];
      if (place < 0 || place >= static_cast<int64_t>(contents->size()))
        return emitOpError("expects places below ") << contents->size() << ", got " << place;
      picked.push_back((*contents)[place]);
    }
    shapes.setContents(getResult(), picked);
  }
  return success();
}

bool SliceOp::onlyShapes(unsigned operand) { return operand == 2; }

template <class T> static T sliced(ElementReader<T> &in, ArrayRef<T> place, ArrayRef<int64_t> axes, bool inRange) {
  SmallVector<T> source(place);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    T at = in.constant(i);
    T wanted = in.toPlace(in.read(1, {at})) + place[axis] * in.toPlace(in.read(3, {at}));
    source[axis] = inRange ? wanted : in.wrap(wanted, in.dim(0, axis));
  }
  return in.read(0, source);
}
Scalar SliceOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return sliced(in, p, getAxes(), getInRange()); }
Number SliceOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return sliced(in, p, getAxes(), getInRange()); }

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
      else if (failed(shapes.requireEqual(*this, dims[i], d, "parts with the same dim " + Twine(i))))
        return failure();
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
    if (llvm::is_contained(cast<RankedTensorType>(part.getType()).getShape(), 0))
      continue;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(l.b, l.loc(), part);
    result = tensor::InsertSliceOp::create(l.b, l.loc(), part, result, offsets, sizes, strides);
    AffineExpr a = getAffineDimExpr(0, getContext()), b = getAffineDimExpr(1, getContext());
    offsets[axis] = affine::makeComposedFoldedAffineApply(l.b, l.loc(), a + b, {offsets[axis], sizes[axis]});
  }
  l.results.push_back(result);
  return success();
}

} // namespace dlc::dl
