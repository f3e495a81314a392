//===- Contract.cpp - Products --------------------------------------------===//
#include "dialects/dl/ops/Forms.h"
#include "dialects/mk/Dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace dlc::dl {

/// Columns of a packed panel; one number for all targets, so that weights are packed once (Target::packedColumns).
constexpr int64_t panel = 32;

//===----------------------------------------------------------------------===//
// Shapes and reference
//===----------------------------------------------------------------------===//

/// dims of A and B as [batch..., rows, columns] after the transposes.
static LogicalResult inferProduct(Operation *op, Value a, Dims da, Dims db, Inference &shapes) {
  if (da.size() < 2 || db.size() < 2)
    return op->emitOpError("expects operands of rank 2 or more, got ranks ") << da.size() << " and " << db.size();
  AffineExpr k = da.back(), kb = db[db.size() - 2];
  if (failed(shapes.requireEqual(op, k, kb, "lhs columns to equal rhs rows")))
    return failure();
  Dims batchA(ArrayRef<AffineExpr>(da).drop_back(2)), batchB(ArrayRef<AffineExpr>(db).drop_back(2));
  FailureOr<Dims> result = shapes.broadcast(op, {batchA, batchB});
  if (failed(result))
    return failure();
  result->push_back(da[da.size() - 2]);
  result->push_back(db.back());
  shapes.set(op->getResult(0), shapes.elementType(a), *result);
  return success();
}

static Dims swapped(Dims dims, bool swap) {
  if (swap && dims.size() >= 2)
    std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  return dims;
}

LogicalResult MatMulOp::infer(Inference &shapes) {
  return inferProduct(*this, getA(), swapped(shapes.dims(getA()), getTransposeA()),
                      swapped(shapes.dims(getB()), getTransposeB()), shapes);
}

LogicalResult PackedMatMulOp::infer(Inference &shapes) {
  Dims a = swapped(shapes.dims(getA()), getTransposeA()), b = shapes.dims(getB());
  if (a.size() < 2 || b.size() < 3)
    return emitOpError("expects a lhs of rank 2 or more and a packed rhs of rank 3 or more");
  Dims rows(ArrayRef<AffineExpr>(b).drop_back(3));
  rows.push_back(b[b.size() - 2]);
  rows.push_back(getUnpacked() ? swapped(shapes.dims(getUnpacked()), getTransposeB()).back()
                               : shapes.constant(getColumns().value_or(0)));
  return inferProduct(*this, getA(), a, rows, shapes);
}

/// acc(b, m, n) over f64 (or 64-bit integers); `at` reads the right operand.
template <class ReadB>
static void multiply(const Array &a, bool transposeA, Array &result, int64_t k, ReadB at) {
  bool isFloat = result.kind() == Number::Kind::Float;
  forEachPlace(result.dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    size_t r = place.size();
    SmallVector<int64_t> pa(place.take_back(a.dims.size()));
    size_t m = pa.size() - 2, c = pa.size() - 1;
    if (transposeA)
      std::swap(m, c);
    pa[m] = place[r - 2];
    double sum = 0;
    uint64_t wrapped = 0;
    for (int64_t x = 0; x < k; ++x) {
      pa[c] = x;
      Number va = a.at(a.offset(pa)), vb = at(place, x);
      if (isFloat)
        sum += va.asDouble() * vb.asDouble();
      else
        wrapped += va.asUInt() * vb.asUInt();
    }
    result.store(i++, isFloat ? Number(sum) : Number::fromBits(result.kind(), wrapped));
  });
}

LogicalResult MatMulOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &a = *operands[0], &b = *operands[1];
  int64_t k = a.dims[a.dims.size() - (getTransposeA() ? 2 : 1)];
  SmallVector<int64_t> pb(b.dims.size());
  size_t row = pb.size() - (getTransposeB() ? 1 : 2), column = pb.size() - (getTransposeB() ? 2 : 1);
  multiply(a, getTransposeA(), results[0], k, [&](ArrayRef<int64_t> place, int64_t x) {
    llvm::copy(place.take_back(pb.size()), pb.begin());
    pb[row] = x;
    pb[column] = place.back();
    return b.at(b.offset(pb));
  });
  return success();
}

LogicalResult PackedMatMulOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &a = *operands[0], &b = *operands[1];
  int64_t k = b.dims[b.dims.size() - 2];
  SmallVector<int64_t> pb(b.dims.size());
  size_t batch = pb.size() - 3;
  multiply(a, getTransposeA(), results[0], k, [&](ArrayRef<int64_t> place, int64_t x) {
    llvm::copy(place.drop_back(2).take_back(batch), pb.begin());
    pb[batch] = place.back() / panel;
    pb[batch + 1] = x;
    pb[batch + 2] = place.back() % panel;
    return b.at(b.offset(pb));
  });
  return success();
}

LogicalResult PackOp::infer(Inference &shapes) {
  Dims b = swapped(shapes.dims(getB()), getTranspose());
  if (b.size() < 2)
    return emitOpError("expects rank 2 or more, got ") << b.size();
  Dims result(ArrayRef<AffineExpr>(b).drop_back(2));
  result.push_back(b.back().ceilDiv(panel));
  result.push_back(b[b.size() - 2]);
  result.push_back(shapes.constant(panel));
  shapes.set(getResult(), shapes.elementType(getB()), result);
  return success();
}

LogicalResult PackOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &b = *operands[0];
  int64_t columns = b.dims[b.dims.size() - (getTranspose() ? 2 : 1)];
  forEachPlace(results[0].dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    SmallVector<int64_t> source(place.drop_back(3));
    int64_t k = place[place.size() - 2], n = place[place.size() - 3] * panel + place.back();
    source.push_back(getTranspose() ? n : k);
    source.push_back(getTranspose() ? k : n);
    results[0].store(i++, n < columns ? b.at(b.offset(source)) : Number().as(b.kind()));
  });
  return success();
}

/// Only the packed form of the right operand is multiplied.
bool PackedMatMulOp::onlyShapes(unsigned operand) { return operand == 2; }

ElementsAttr PackOp::foldBytes(ArrayRef<ElementsAttr> operands) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(operands[0]);
  auto dense = dyn_cast<DenseElementsAttr>(operands[0]);
  Type element = operands[0].getElementType();
  if (element.isInteger(1) || (dense && dense.isSplat()))
    return {};
  ArrayRef<char> source = resource ? resource.getData() : dense.getRawData();
  auto in = cast<RankedTensorType>(getB().getType()), out = cast<RankedTensorType>(getResult().getType());
  int64_t k = out.getDimSize(out.getRank() - 2), n = in.getDimSize(in.getRank() - (getTranspose() ? 2 : 1));
  int64_t batch = k * n == 0 ? 0 : in.getNumElements() / (k * n);
  auto blob = HeapAsmResourceBlob::allocate(out.getNumElements() * byteWidth(element), 64, /*dataIsMutable=*/true);
  mk::packConstant(source, blob.getMutableData(), batch, k, n, panel, byteWidth(element), getTranspose());
  // A name of its own: the blob manager looks for a free one step by step.
  std::string name = "packed_" + llvm::utohexstr(llvm::xxh3_64bits(llvm::ArrayRef<uint8_t>(
                                     reinterpret_cast<const uint8_t *>(source.data()), source.size())));
  return DenseResourceElementsAttr::get(out, name, std::move(blob));
}

Fusion MatMulOp::fusion() { return {Fusion::Kind::Alone, {}}; }
Fusion PackedMatMulOp::fusion() { return {Fusion::Kind::Contraction, {}}; }
Fusion PackOp::fusion() { return {Fusion::Kind::Packing, {}}; }

/// A multiply-add along `depth` for each element of the result.
static Dims productFlops(Value result, AffineExpr depth, Inference &shapes) {
  Dims factors{shapes.constant(2), depth};
  factors.append(shapes.dims(result));
  return factors;
}
Dims MatMulOp::flops(Inference &shapes) {
  Dims a = shapes.dims(getA());
  return productFlops(getResult(), a[a.size() - (getTransposeA() ? 2 : 1)], shapes);
}
Dims PackedMatMulOp::flops(Inference &shapes) {
  Dims b = shapes.dims(getB());
  return productFlops(getResult(), b[b.size() - 2], shapes);
}

//===----------------------------------------------------------------------===//
// Packing and lowering
//===----------------------------------------------------------------------===//

Tensor MatMulOp::scaledWeights(Tensor scale) {
  return Tensor(scale.builder(), getLoc(), getB()) * (getTransposeB() ? unsqueeze(scale, {1}) : scale);
}

/// Packing reads rows or columns alike: a transpose that swaps them is an attribute.
Permuted MatMulOp::beforeTranspose(BeforeTranspose &o) {
  Permuted right = permutedSource(o.b, getB());
  if (!right)
    return {};
  SmallVector<int64_t> swapped = llvm::to_vector(llvm::seq<int64_t>(0, right.permutation.size()));
  std::swap(swapped.back(), swapped[swapped.size() - 2]);
  if (right.permutation != swapped)
    return {};
  Tensor r = o.rebuilt({o.untouched(0), right.value}, [](Operation *op) {
    cast<MatMulOp>(op).setTransposeB(!cast<MatMulOp>(op).getTransposeB());
  });
  return {r, llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(getType()).getRank()))};
}

LogicalResult MatMulOp::packOperands(RewriterBase &rewriter) {
  Value packed = PackOp::create(rewriter, getLoc(), UnrankedTensorType::get(rewriter.getF32Type()), getB(),
                                getTransposeBAttr());
  if (failed(inferResultTypes(packed.getDefiningOp())))
    return failure();
  auto b = cast<RankedTensorType>(getB().getType());
  int64_t columns = b.getDimSize(b.getRank() - (getTransposeB() ? 2 : 1));
  bool known = !ShapedType::isDynamic(columns);
  rewriter.replaceOpWithNewOp<PackedMatMulOp>(*this, getType(), getA(), packed, known ? Value() : getB(),
                                              known ? rewriter.getI64IntegerAttr(columns) : IntegerAttr(),
                                              getTransposeAAttr(), known ? UnitAttr() : getTransposeBAttr());
  return success();
}

/// The batch dims of an operand of rank `rank` within a domain of `batch` batch dims.
static SmallVector<AffineExpr> batchExprs(RankedTensorType type, int64_t inner, int64_t batch, MLIRContext *context) {
  SmallVector<AffineExpr> exprs;
  int64_t own = type.getRank() - inner;
  for (int64_t i = 0; i < own; ++i)
    exprs.push_back(type.getDimSize(i) == 1 ? getAffineConstantExpr(0, context)
                                            : getAffineDimExpr(batch - own + i, context));
  return exprs;
}

SmallVector<AffineMap> PackedMatMulOp::productMaps() {
  MLIRContext *context = getContext();
  auto result = cast<RankedTensorType>(getResult().getType());
  auto a = cast<RankedTensorType>(getA().getType()), b = cast<RankedTensorType>(getB().getType());
  int64_t batch = result.getRank() - 2;
  AffineExpr m = getAffineDimExpr(batch, context), n = getAffineDimExpr(batch + 1, context),
             k = getAffineDimExpr(batch + 2, context);
  SmallVector<AffineExpr> ea = batchExprs(a, 2, batch, context), eb = batchExprs(b, 3, batch, context), eo;
  ea.push_back(getTransposeA() ? k : m);
  ea.push_back(getTransposeA() ? m : k);
  eb.append({n.floorDiv(panel), k, n % panel});
  for (int64_t i = 0; i < batch + 2; ++i)
    eo.push_back(getAffineDimExpr(i, context));
  SmallVector<AffineMap> maps;
  for (const auto &e : {ea, eb, eo})
    maps.push_back(AffineMap::get(batch + 3, 0, e, context));
  return maps;
}

LogicalResult PackOp::lower(Lowering &l) {
  int64_t rank = cast<RankedTensorType>(getB().getType()).getRank();
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < rank; ++i)
    exprs.push_back(getAffineDimExpr(i, getContext()));
  if (getTranspose())
    std::swap(exprs[rank - 1], exprs[rank - 2]);
  auto pack = mk::PackOp::create(l.b, l.loc(), l.operands[0], l.empty(0), AffineMap::get(rank, 0, exprs, getContext()));
  l.results.push_back(pack.getResult(0));
  return success();
}

LogicalResult MatMulOp::lower(Lowering &l) { return emitOpError("must be packed before it is lowered"); }

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

/// numpy's rule: a vector on the left is a row, on the right a column, and its dim is dropped from the result.
static LogicalResult buildMatMul(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)) || failed(expectSameTypes(n, 0, 2)))
    return failure();
  Tensor a = inputOf(n, 0), b = inputOf(n, 1);
  if (a.rank() == 0 || b.rank() == 0)
    return n.error("expects operands of rank 1 or more");
  bool row = a.rank() == 1, column = b.rank() == 1;
  Tensor r = matmul(row ? unsqueeze(a, {0}) : a, column ? unsqueeze(b, {1}) : b);
  if (column && r)
    r = squeeze(r, {-1});
  if (row && r)
    r = squeeze(r, {column ? -1 : -2});
  return give(results, r);
}

static LogicalResult buildGemm(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)) || failed(expectSameTypes(n, 0, 3)))
    return failure();
  Tensor a = inputOf(n, 0), b = inputOf(n, 1), c = inputOf(n, 2);
  if (a.rank() != 2 || b.rank() != 2)
    return n.error("expects matrices, got ranks " + Twine(a.rank()) + " and " + Twine(b.rank()));
  double alpha = n.getFloat("alpha").value_or(1), beta = n.getFloat("beta").value_or(1);
  SmallVector<NamedAttribute> flags;
  for (auto [onnx, own] : {std::pair("transA", "transpose_a"), std::pair("transB", "transpose_b")})
    if (n.getInt(onnx).value_or(0))
      flags.push_back(n.builder().getNamedAttr(own, n.builder().getUnitAttr()));
  Tensor r = apply<MatMulOp>({a, b}, flags);
  if (alpha != 1 && r)
    r = r * alpha;
  if (c && r)
    r = r + (beta == 1 ? c : c * beta);
  return give(results, r);
}

void appendContractForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "MatMul", 1, buildMatMul});
  forms.push_back({"", "Gemm", 1, buildGemm});
}

} // namespace dlc::dl
