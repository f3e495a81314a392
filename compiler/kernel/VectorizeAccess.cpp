//===- VectorizeAccess.cpp - Where an operand's elements lie --------------===//
#include "compiler/kernel/VectorizeAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineExprVisitor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace dlc {

Value asValue(OpBuilder &b, Location loc, OpFoldResult value) {
  if (auto v = dyn_cast<Value>(value))
    return v;
  return arith::ConstantIndexOp::create(b, loc, *getConstantIntValue(value));
}

Value addIndex(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
}

Value scaleIndex(OpBuilder &b, Location loc, Value value, OpFoldResult factor) {
  if (isConstantIntValue(factor, 1))
    return value;
  return b.createOrFold<arith::MulIOp>(loc, value, asValue(b, loc, factor));
}

static Value broadcast(OpBuilder &b, Location loc, Value scalar, unsigned lanes) {
  return vector::BroadcastOp::create(b, loc, VectorType::get(lanes, scalar.getType()), scalar);
}

/// The constant vector 0, step, 2 * step, ... of `type` (index or an integer).
static Value stepVector(OpBuilder &b, Location loc, int64_t step, unsigned lanes, Type type) {
  SmallVector<Attribute> elements;
  for (unsigned i = 0; i < lanes; ++i)
    elements.push_back(b.getIntegerAttr(type, int64_t(i) * step));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get(lanes, type), elements));
}

Value materialize(OpBuilder &b, Location loc, const LaneValue &value, unsigned lanes) {
  if (value.vector)
    return value.vector;
  if (lanes == 1)
    return value.base;
  Value all = broadcast(b, loc, value.base, lanes);
  if (value.step == 0)
    return all;
  return arith::AddIOp::create(b, loc, all, stepVector(b, loc, value.step, lanes, value.base.getType()));
}

FlatView flatten(OpBuilder &b, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  FlatView view;
  view.offset = metadata.getConstifiedMixedOffset();
  view.strides = metadata.getConstifiedMixedStrides();
  // The extent of the view is never read; the offset stays outside of it so that a negative stride never makes an
  // index into the view negative.
  auto flat = MemRefType::get({ShapedType::kDynamic}, type.getElementType(), MemRefLayoutAttrInterface(),
                              type.getMemorySpace());
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Value extent = arith::ConstantIndexOp::create(b, loc, std::numeric_limits<int64_t>::max());
  view.buffer =
      memref::ReinterpretCastOp::create(b, loc, flat, metadata.getBaseBuffer(), zero, OpFoldResult(extent), one);
  return view;
}

//===- Lanes of a flat buffer ---------------------------------------------===//

/// Strides up to 4 are read as whole vectors and sorted out by shuffles; the last vector ends at the last element
/// wanted, so that nothing behind it is touched.
static Value loadStrided(OpBuilder &b, Location loc, Value buffer, Value address, int64_t stride, unsigned lanes) {
  auto type = VectorType::get(lanes, cast<MemRefType>(buffer.getType()).getElementType());
  auto at = [&](int64_t distance) -> Value {
    Value index = addIndex(b, loc, address, arith::ConstantIndexOp::create(b, loc, distance));
    return vector::LoadOp::create(b, loc, type, buffer, ValueRange{index});
  };
  if (stride == -1) {
    SmallVector<int64_t> reverse;
    for (unsigned i = 0; i < lanes; ++i)
      reverse.push_back(lanes - 1 - i);
    Value all = at(1 - int64_t(lanes));
    return vector::ShuffleOp::create(b, loc, all, all, reverse);
  }
  int64_t last = stride * (lanes - 1) - (lanes - 1);
  Value result = at(0);
  for (int64_t part = 1; part < stride; ++part) {
    int64_t start = part + 1 == stride ? last : part * lanes;
    SmallVector<int64_t> pick;
    for (int64_t i = 0; i < lanes; ++i) {
      int64_t wanted = i * stride;
      bool fromFirst = part == 1 && wanted < lanes;
      bool fromPart = wanted >= start && wanted < start + lanes && !fromFirst;
      pick.push_back(fromPart ? lanes + wanted - start : fromFirst ? wanted : i);
    }
    result = vector::ShuffleOp::create(b, loc, result, at(start), pick);
  }
  return result;
}

/// Distances of the lanes from the first: in 32 bits where they fit, which halves the registers of a gather.
static Value strideDistances(OpBuilder &b, Location loc, OpFoldResult stride, unsigned lanes) {
  if (std::optional<int64_t> constant = getConstantIntValue(stride)) {
    bool narrow = std::abs(*constant) * lanes < std::numeric_limits<int32_t>::max();
    return stepVector(b, loc, *constant, lanes, narrow ? Type(b.getI32Type()) : Type(b.getIndexType()));
  }
  Value steps = stepVector(b, loc, 1, lanes, b.getIndexType());
  return arith::MulIOp::create(b, loc, steps, broadcast(b, loc, asValue(b, loc, stride), lanes));
}

static Value fullMask(OpBuilder &b, Location loc, LaneShape shape) {
  if (shape.mask)
    return shape.mask;
  auto type = VectorType::get(shape.lanes, b.getI1Type());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, true));
}

static bool isStride(OpFoldResult stride, int64_t value) { return stride && isConstantIntValue(stride, value); }

Value loadLanes(OpBuilder &b, Location loc, Value buffer, Value address, OpFoldResult stride, Value indices,
                LaneShape shape, bool fillOnes) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (shape.lanes == 1)
    return memref::LoadOp::create(b, loc, buffer, ValueRange{address});
  auto type = VectorType::get(shape.lanes, element);
  if (isStride(stride, 1) && !shape.mask)
    return vector::LoadOp::create(b, loc, type, buffer, ValueRange{address});
  std::optional<int64_t> constant = stride ? getConstantIntValue(stride) : std::nullopt;
  if (constant && !shape.mask && (*constant == -1 || (*constant >= 2 && *constant <= 4)))
    return loadStrided(b, loc, buffer, address, *constant, shape.lanes);
  TypedAttr fill = b.getZeroAttr(element);
  if (fillOnes && isa<IntegerType>(element))
    fill = b.getIntegerAttr(element, 1);
  Value inactive = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, Attribute(fill)));
  if (isStride(stride, 1))
    return vector::MaskedLoadOp::create(b, loc, type, buffer, ValueRange{address}, shape.mask, inactive);
  if (!indices)
    indices = strideDistances(b, loc, stride, shape.lanes);
  return vector::GatherOp::create(b, loc, type, buffer, ValueRange{address}, indices, fullMask(b, loc, shape),
                                  inactive);
}

void storeLanes(OpBuilder &b, Location loc, Value value, Value buffer, Value address, OpFoldResult stride,
                Value indices, LaneShape shape, bool streamed) {
  if (shape.lanes == 1) {
    memref::StoreOp::create(b, loc, value, buffer, ValueRange{address});
    return;
  }
  if (isStride(stride, 1)) {
    uint64_t bytes = shape.lanes * std::max(8u, getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth()) / 8;
    if (shape.mask)
      vector::MaskedStoreOp::create(b, loc, buffer, ValueRange{address}, shape.mask, value);
    else if (streamed)
      vector::StoreOp::create(b, loc, value, buffer, ValueRange{address}, /*nontemporal=*/true,
                              llvm::MaybeAlign(std::min<uint64_t>(bytes, 64)));
    else
      vector::StoreOp::create(b, loc, value, buffer, ValueRange{address});
    return;
  }
  if (!indices)
    indices = strideDistances(b, loc, stride, shape.lanes);
  vector::ScatterOp::create(b, loc, Type(), buffer, ValueRange{address}, indices, fullMask(b, loc, shape), value);
}

//===- Access -------------------------------------------------------------===//

/// Adds `factor * expr` to the per-dim coefficients; false if `expr` is not linear.
static bool addLinear(AffineExpr expr, int64_t factor, MutableArrayRef<int64_t> dims, int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    dims[dim.getPosition()] += factor;
    return true;
  }
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += factor * value.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), factor, dims, constant) && addLinear(binary.getRHS(), factor, dims, constant);
  auto rhs = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() == AffineExprKind::Mul && rhs)
    return addLinear(binary.getLHS(), factor * rhs.getValue(), dims, constant);
  return false;
}

static OpFoldResult scaleFold(OpBuilder &b, Location loc, OpFoldResult value, int64_t factor) {
  if (factor == 1)
    return value;
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return b.getIndexAttr(*constant * factor);
  return scaleIndex(b, loc, cast<Value>(value), b.getIndexAttr(factor));
}

static OpFoldResult addFold(OpBuilder &b, Location loc, OpFoldResult lhs, OpFoldResult rhs) {
  if (!lhs)
    return rhs;
  std::optional<int64_t> l = getConstantIntValue(lhs), r = getConstantIntValue(rhs);
  if (l && r)
    return b.getIndexAttr(*l + *r);
  return addIndex(b, loc, asValue(b, loc, lhs), asValue(b, loc, rhs));
}

Access::Access(OpBuilder &b, Location loc, Value operand, AffineMap map) {
  coefficients.resize(map.getNumDims());
  plainDimension.resize(map.getNumDims(), -1);
  if (!isa<MemRefType>(operand.getType())) {
    scalar = operand;
    return;
  }
  view = flatten(b, loc, operand);
  bool contiguous = cast<MemRefType>(operand.getType()).getLayout().isIdentity();
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    OpFoldResult stride = view.strides[position];
    SmallVector<int64_t> factors(map.getNumDims(), 0);
    int64_t constant = 0;
    if (!addLinear(expr, 1, factors, constant)) {
      irregular.push_back({expr, stride});
      continue;
    }
    if (constant)
      view.offset = addFold(b, loc, view.offset, scaleFold(b, loc, stride, constant));
    for (auto [dim, factor] : llvm::enumerate(factors))
      if (factor)
        coefficients[dim] = addFold(b, loc, coefficients[dim], scaleFold(b, loc, stride, factor));
    auto plain = dyn_cast<AffineDimExpr>(expr);
    if (contiguous && plain) {
      int &entry = plainDimension[plain.getPosition()];
      entry = entry == -1 ? int(position) : -2; // used twice: no longer plain
    }
  }
  for (OpFoldResult &coefficient : coefficients)
    if (coefficient && isConstantIntValue(coefficient, 0))
      coefficient = {};
}

Type Access::elementType() const {
  return scalar ? scalar.getType() : cast<MemRefType>(view.buffer.getType()).getElementType();
}

bool Access::isIrregular(unsigned dim) const {
  return llvm::any_of(irregular, [&](const Irregular &term) { return term.expr.isFunctionOfDim(dim); });
}

bool Access::dependsOn(unsigned dim) const {
  return dim < coefficients.size() && (coefficients[dim] || isIrregular(dim));
}

std::optional<int64_t> Access::constantStride(unsigned dim) const {
  if (isIrregular(dim))
    return std::nullopt;
  return coefficients[dim] ? getConstantIntValue(coefficients[dim]) : 0;
}

bool Access::canCollapse(unsigned outer, unsigned inner, OpFoldResult innerSize) const {
  if (isIrregular(outer) || isIrregular(inner))
    return false;
  if (!coefficients[outer] && !coefficients[inner])
    return true;
  if (!coefficients[outer] || !coefficients[inner])
    return false;
  std::optional<int64_t> far = getConstantIntValue(coefficients[outer]), near = getConstantIntValue(coefficients[inner]),
                         size = getConstantIntValue(innerSize);
  if (far && near && size)
    return *far == *near * *size;
  return plainDimension[outer] >= 0 && plainDimension[inner] == plainDimension[outer] + 1;
}

void Access::collapse(unsigned outer, unsigned inner) {
  plainDimension[inner] = plainDimension[outer];
  coefficients[outer] = {};
}

Value Access::address(OpBuilder &b, Location loc, ArrayRef<Value> ivs, ArrayRef<unsigned> order, unsigned dim) const {
  Value sum = asValue(b, loc, view.offset);
  for (unsigned d : order)
    if (coefficients[d])
      sum = addIndex(b, loc, sum, scaleIndex(b, loc, ivs[d], coefficients[d]));
  SmallVector<LaneValue> dims;
  for (Value iv : ivs)
    dims.push_back(iv);
  for (const Irregular &term : irregular)
    if (!term.expr.isFunctionOfDim(dim))
      sum = addIndex(b, loc, sum,
                     scaleIndex(b, loc, evaluateAffine(b, loc, term.expr, dims, 1).base, term.stride));
  return sum;
}

Value Access::laneDistances(OpBuilder &b, Location loc, ArrayRef<Value> ivs, unsigned dim, unsigned lanes) const {
  if (!isIrregular(dim))
    return nullptr;
  Value sum;
  auto add = [&](Value term) { sum = sum ? arith::AddIOp::create(b, loc, sum, term).getResult() : term; };
  SmallVector<LaneValue> dims;
  for (auto [d, iv] : llvm::enumerate(ivs))
    dims.push_back(LaneValue(iv, d == dim && lanes > 1 ? 1 : 0));
  for (const Irregular &term : irregular) {
    if (!term.expr.isFunctionOfDim(dim))
      continue;
    Value value = materialize(b, loc, evaluateAffine(b, loc, term.expr, dims, lanes), lanes);
    if (lanes == 1)
      add(scaleIndex(b, loc, value, term.stride));
    else if (isConstantIntValue(term.stride, 1))
      add(value);
    else
      add(arith::MulIOp::create(b, loc, value, broadcast(b, loc, asValue(b, loc, term.stride), lanes)));
  }
  if (lanes > 1 && coefficients[dim])
    add(strideDistances(b, loc, asValue(b, loc, coefficients[dim]), lanes));
  return sum;
}

LaneValue Access::load(OpBuilder &b, Location loc, ArrayRef<Value> ivs, ArrayRef<unsigned> order, unsigned dim,
                       LaneShape shape, bool fillOnes) const {
  if (scalar)
    return scalar;
  Value at = address(b, loc, ivs, order, dim);
  if (!dependsOn(dim))
    return memref::LoadOp::create(b, loc, view.buffer, ValueRange{at}).getResult();
  Value distances = laneDistances(b, loc, ivs, dim, shape.lanes);
  if (shape.lanes == 1) {
    if (distances)
      at = addIndex(b, loc, at, distances);
    return memref::LoadOp::create(b, loc, view.buffer, ValueRange{at}).getResult();
  }
  OpFoldResult stride = distances ? OpFoldResult() : coefficients[dim];
  return LaneValue::varying(loadLanes(b, loc, view.buffer, at, stride, distances, shape, fillOnes));
}

void Access::store(OpBuilder &b, Location loc, Value value, ArrayRef<Value> ivs, ArrayRef<unsigned> order,
                   unsigned dim, LaneShape shape, bool streamed) const {
  Value at = address(b, loc, ivs, order, dim);
  Value distances = dependsOn(dim) ? laneDistances(b, loc, ivs, dim, shape.lanes) : nullptr;
  if (shape.lanes == 1 && distances)
    at = addIndex(b, loc, at, distances);
  OpFoldResult stride = distances || shape.lanes == 1 ? OpFoldResult() : coefficients[dim];
  storeLanes(b, loc, value, view.buffer, at, stride, distances, shape, streamed);
}

//===- Affine expressions over lanes --------------------------------------===//

namespace {
struct AffineLanes : AffineExprVisitor<AffineLanes, LaneValue> {
  AffineLanes(OpBuilder &b, Location loc, ArrayRef<LaneValue> dims, unsigned lanes)
      : b(b), loc(loc), dims(dims), lanes(lanes) {}

  LaneValue constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value).getResult(); }

  LaneValue visitDimExpr(AffineDimExpr expr) { return dims[expr.getPosition()]; }
  LaneValue visitSymbolExpr(AffineSymbolExpr expr) { return dims[expr.getPosition()]; }
  LaneValue visitConstantExpr(AffineConstantExpr expr) { return constant(expr.getValue()); }

  template <typename Op> LaneValue varying(LaneValue lhs, LaneValue rhs) {
    if (lhs.isUniform() && rhs.isUniform())
      return b.createOrFold<Op>(loc, lhs.base, rhs.base);
    return LaneValue::varying(Op::create(b, loc, materialize(b, loc, lhs, lanes), materialize(b, loc, rhs, lanes)));
  }
  LaneValue visitAddExpr(AffineBinaryOpExpr expr) {
    LaneValue lhs = visit(expr.getLHS()), rhs = visit(expr.getRHS());
    if (lhs.isVarying() || rhs.isVarying())
      return varying<arith::AddIOp>(lhs, rhs);
    return {addIndex(b, loc, lhs.base, rhs.base), lhs.step + rhs.step};
  }
  LaneValue visitMulExpr(AffineBinaryOpExpr expr) {
    LaneValue lhs = visit(expr.getLHS()), rhs = visit(expr.getRHS());
    auto factor = dyn_cast<AffineConstantExpr>(expr.getRHS());
    if (lhs.isVarying() || !factor)
      return varying<arith::MulIOp>(lhs, rhs);
    return {scaleIndex(b, loc, lhs.base, b.getIndexAttr(factor.getValue())), lhs.step * factor.getValue()};
  }
  LaneValue visitFloorDivExpr(AffineBinaryOpExpr expr) {
    return varying<arith::FloorDivSIOp>(visit(expr.getLHS()), visit(expr.getRHS()));
  }
  LaneValue visitCeilDivExpr(AffineBinaryOpExpr expr) {
    return varying<arith::CeilDivSIOp>(visit(expr.getLHS()), visit(expr.getRHS()));
  }
  LaneValue visitModExpr(AffineBinaryOpExpr expr) {
    LaneValue lhs = visit(expr.getLHS()), rhs = visit(expr.getRHS());
    LaneValue whole = varying<arith::MulIOp>(varying<arith::FloorDivSIOp>(lhs, rhs), rhs);
    return varying<arith::SubIOp>(lhs, whole);
  }

  OpBuilder &b;
  Location loc;
  ArrayRef<LaneValue> dims;
  unsigned lanes;
};
} // namespace

LaneValue evaluateAffine(OpBuilder &b, Location loc, AffineExpr expr, ArrayRef<LaneValue> dims, unsigned lanes) {
  return AffineLanes(b, loc, dims, lanes).visit(expr);
}

} // namespace dlc
