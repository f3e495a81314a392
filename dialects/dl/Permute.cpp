//===- Permute.cpp --------------------------------------------------------===//
#include "dialects/dl/Permute.h"
#include "dialects/dl/Dialect.h"

using namespace mlir;

namespace dlc::dl {

Permuted permutedSource(OpBuilder &b, Value v) {
  auto indexed = dyn_cast_or_null<IndexedOp>(v.getDefiningOp());
  AffineMap map = indexed ? indexed.sourceMap() : AffineMap();
  if (!map || !map.isPermutation())
    return {};
  // What else an op reads may demand something of dims that only the run knows.
  if (indexed->getNumOperands() > 1 && !cast<RankedTensorType>(v.getType()).hasStaticShape())
    return {};
  Permuted p{Tensor(b, v.getLoc(), indexed->getOperand(0)), SmallVector<int64_t>(map.getNumDims())};
  for (auto [dim, place] : llvm::enumerate(map.getResults()))
    p.permutation[cast<AffineDimExpr>(place).getPosition()] = dim;
  return p;
}

bool keepsOrder(RankedTensorType source, ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t p : permutation) {
    if (source.getDimSize(p) == 1)
      continue;
    if (p < last)
      return false;
    last = p;
  }
  return true;
}

static SmallVector<int64_t> unitDims(ArrayRef<int64_t> dims) {
  SmallVector<int64_t> units;
  for (auto [i, d] : llvm::enumerate(dims))
    if (d == 1)
      units.push_back(i);
  return units;
}

static bool isIdentity(ArrayRef<int64_t> permutation) {
  return llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
}

Tensor transposeOnce(Tensor t, ArrayRef<int64_t> permutation) {
  if (!t || isIdentity(permutation))
    return t;
  Permuted source = permutedSource(t.builder(), t.value());
  if (!source)
    return transpose(t, permutation);
  SmallVector<int64_t> both;
  for (int64_t p : permutation)
    both.push_back(source.permutation[p]);
  return transposeOnce(t.with(source.value.value()), both);
}

Tensor permute(Tensor t, ArrayRef<int64_t> permutation) {
  if (!t || isIdentity(permutation))
    return t;
  if (!keepsOrder(t.type(), permutation))
    return transposeOnce(t, permutation);
  SmallVector<int64_t> dims;
  for (int64_t p : permutation)
    dims.push_back(t.type().getDimSize(p));
  return unsqueeze(squeeze(t, unitDims(t.type().getShape())), unitDims(dims));
}

Tensor BeforeTranspose::source(unsigned i) {
  Value v = op->getOperand(i);
  auto type = cast<RankedTensorType>(v.getType());
  Tensor t(b, op->getLoc(), v);
  if (type.getRank() == rank())
    if (Permuted p = permutedSource(b, v); p && llvm::equal(p.permutation, permutation))
      return t.with(p.value.value());
  if (type.getRank() > rank())
    return {};
  if (type.getRank() == 0)
    return t;
  SmallVector<int64_t> inverse(rank());
  for (auto [to, from] : llvm::enumerate(permutation))
    inverse[from] = to;
  Tensor wide = type.getRank() == rank() ? t : unsqueeze(t, llvm::to_vector(llvm::seq<int64_t>(0, rank() - type.getRank())));
  if (keepsOrder(wide.type(), inverse) || v.getDefiningOp<ConstantOp>())
    return permute(wide, inverse);
  return {};
}

Tensor BeforeTranspose::untouched(unsigned i) { return Tensor(b, op->getLoc(), op->getOperand(i)); }

SmallVector<Tensor> BeforeTranspose::sources() {
  SmallVector<Tensor> all;
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    all.push_back(source(i));
    if (!all.back())
      return {};
  }
  return all;
}

Tensor BeforeTranspose::entries(Value v, int64_t groups) {
  SmallVector<int64_t> places(groups * rank());
  for (int64_t group = 0; group < groups; ++group)
    for (auto [to, from] : llvm::enumerate(permutation))
      places[group * rank() + from] = group * rank() + to;
  return gather(Tensor(b, op->getLoc(), v), constantInts(b, op->getLoc(), places), 0);
}

Tensor BeforeTranspose::rebuilt(ArrayRef<Tensor> operands, function_ref<void(Operation *)> change) {
  SmallVector<Value> values;
  for (const Tensor &t : operands) {
    if (!t)
      return {};
    values.push_back(t.value());
  }
  Operation *clone = op->clone();
  clone->setOperands(values);
  if (change)
    change(clone);
  b.insert(clone);
  if (failed(inferResultTypes(clone))) {
    clone->erase();
    return {};
  }
  return Tensor(b, op->getLoc(), clone->getResult(0));
}

Permuted beforeTransposeByInterface(Operation *op, BeforeTranspose &operands) {
  if (op->getNumResults() != 1)
    return {};
  auto reduction = dyn_cast<ReductionOp>(op);
  if (!reduction && !isa<PointwiseOp>(op))
    return {};
  if (cast<RankedTensorType>(op->getResult(0).getType()).getRank() != operands.rank())
    return {};
  SmallVector<Tensor> sources = operands.sources();
  if (sources.empty())
    return {};
  return operands.same(operands.rebuilt(sources, [&](Operation *clone) {
    if (!reduction)
      return;
    SmallVector<int64_t> axes = reduction.reducedAxes();
    for (int64_t &a : axes)
      a = operands.axis(a);
    llvm::sort(axes);
    cast<ReductionOp>(clone).setReducedAxes(axes);
  }));
}

} // namespace dlc::dl
