//===- Shapes.cpp ---------------------------------------------------------===//
#include "dialects/dl/Dialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc::dl {

std::optional<SmallVector<int64_t>> Inference::constantContents(Value v) {
  std::optional<Dims> known = contents(v);
  if (!known)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (AffineExpr e : *known) {
    std::optional<int64_t> c = constantOf(e);
    if (!c)
      return std::nullopt;
    values.push_back(*c);
  }
  return values;
}

AffineExpr Inference::define(SymbolDefinition d) {
  for (auto [i, s] : llvm::enumerate(symbols_))
    if (s.kind == d.kind && s.name == d.name && s.value == d.value && s.index == d.index && s.a == d.a && s.b == d.b)
      return getAffineSymbolExpr(i, context_);
  symbols_.push_back(std::move(d));
  return getAffineSymbolExpr(symbols_.size() - 1, context_);
}

using Kind = SymbolDefinition::Kind;

AffineExpr Inference::min(AffineExpr a, AffineExpr b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (a == b || (x && y))
    return a == b || *x < *y ? a : b;
  return define({Kind::Min, "", Value(), 0, a, b});
}
AffineExpr Inference::max(AffineExpr a, AffineExpr b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (a == b || (x && y))
    return a == b || *x > *y ? a : b;
  if (x == 0 && isNonNegative(b))
    return b;
  if (y == 0 && isNonNegative(a))
    return a;
  return define({Kind::Max, "", Value(), 0, a, b});
}
AffineExpr Inference::input(StringRef name) { return define({Kind::Input, name.str(), Value(), 0, {}, {}}); }
AffineExpr Inference::content(Value v, int64_t index) { return define({Kind::Content, "", v, index, {}, {}}); }
AffineExpr Inference::unknown(Value v, int64_t dim) { return define({Kind::Unknown, "", v, dim, {}, {}}); }

bool Inference::isNonNegative(AffineExpr e) const {
  if (auto c = constantOf(e))
    return *c >= 0;
  if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    const SymbolDefinition &d = symbols_[s.getPosition()];
    if (d.kind == Kind::Min)
      return isNonNegative(d.a) && isNonNegative(d.b);
    if (d.kind == Kind::Max)
      return isNonNegative(d.a) || isNonNegative(d.b);
    return d.kind != Kind::Content;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(e);
  return binary && isNonNegative(binary.getLHS()) && isNonNegative(binary.getRHS());
}

AffineExpr Inference::product(ArrayRef<AffineExpr> dims) const {
  AffineExpr p = constant(1);
  for (AffineExpr d : dims)
    p = p * d;
  return p;
}

FailureOr<int64_t> Inference::rankFrom(Operation *op, Value shape) {
  Dims length = dims(shape);
  std::optional<int64_t> rank = length.size() == 1 ? constantOf(length[0]) : std::nullopt;
  if (!rank || !isa<IntegerType>(elementType(shape)))
    return op->emitOpError("expects a 1-D integer shape of known length");
  if (*rank > maxRank)
    return op->emitOpError() << "expects at most " << maxRank << " dims, got " << *rank;
  return *rank;
}

LogicalResult Inference::require(Requirement r) {
  AffineExpr slack = simplifyAffineExpr(r.kind == Requirement::Kind::NonNegative ? r.a : r.b - r.a, 0, symbols_.size());
  std::optional<int64_t> known = constantOf(slack);
  bool equal = r.kind == Requirement::Kind::Equal || r.kind == Requirement::Kind::EqualOrOne;
  bool fits = equal ? known == 0 : known ? *known >= 0 : isNonNegative(slack);
  fits |= r.kind == Requirement::Kind::EqualOrOne && constantOf(r.a) == 1;
  if (fits)
    return success();
  std::optional<int64_t> a = constantOf(r.a), b = r.b ? constantOf(r.b) : std::nullopt;
  if (!a || (r.b && !b)) {
    note(std::move(r));
    return success();
  }
  InFlightDiagnostic error = r.op->emitOpError("expects ") << r.expects << ", got " << *a;
  return b ? error << " and " << *b : error;
}

LogicalResult Inference::requireEqual(Operation *op, AffineExpr a, AffineExpr b, const Twine &expects) {
  return require({op, Requirement::Kind::Equal, a, b, expects.str()});
}
LogicalResult Inference::requireEqualOrOne(Operation *op, AffineExpr a, AffineExpr b, const Twine &expects) {
  return require({op, Requirement::Kind::EqualOrOne, a, b, expects.str()});
}
LogicalResult Inference::requireAtMost(Operation *op, AffineExpr a, AffineExpr b, const Twine &expects) {
  return require({op, Requirement::Kind::AtMost, a, b, expects.str()});
}
LogicalResult Inference::requireNonNegative(Operation *op, AffineExpr a, const Twine &expects) {
  return require({op, Requirement::Kind::NonNegative, a, {}, expects.str()});
}

FailureOr<Dims> Inference::broadcast(Operation *op, ArrayRef<Dims> shapes) {
  size_t rank = 0;
  for (const Dims &s : shapes)
    rank = std::max(rank, s.size());
  Dims result(rank, constant(1));
  for (const Dims &s : shapes) {
    size_t pad = rank - s.size();
    for (auto [i, d] : llvm::enumerate(s)) {
      AffineExpr &r = result[pad + i];
      if (r == d || constantOf(d) == 1)
        continue;
      if (constantOf(r) == 1) {
        r = d;
        continue;
      }
      if (failed(requireEqual(op, r, d, "operand dims that broadcast in dim " + Twine(pad + i) + " of the result")))
        return failure();
      // Of two unequal symbols the first stands for both.
      if (constantOf(d))
        r = d;
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Contents of constants
//===----------------------------------------------------------------------===//

static std::optional<Dims> contentsOfConstant(Value v, MLIRContext *context) {
  auto op = v.getDefiningOp<ConstantOp>();
  if (!op)
    return std::nullopt;
  auto type = cast<ShapedType>(op.getValue().getType());
  if (!isa<IntegerType>(type.getElementType()) || type.getNumElements() > Inference::maxContents)
    return std::nullopt;
  Array array = Array::fromAttribute(op.getValue());
  Dims values;
  for (int64_t i = 0; i < array.size(); ++i)
    values.push_back(getAffineConstantExpr(array.at(i).asInt(), context));
  return values;
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Bytes that a tensor may have: what user programs can address on x86-64. Far below where products of dims wrap.
static constexpr int64_t mostBytes = int64_t(1) << 47;

/// Reports a result of known dims that no memory holds.
static LogicalResult checkSize(Operation *op, Type element, ArrayRef<AffineExpr> dims) {
  int64_t bytes = byteWidth(element);
  bool fits = true, empty = false;
  for (AffineExpr d : dims) {
    std::optional<int64_t> size = constantOf(d);
    if (size && *size < 0)
      return op->emitOpError("expects dims of at least 0 and below 2^63, got ") << *size;
    if (!size) // may be 0
      return success();
    empty |= *size == 0;
    fits = fits && !llvm::MulOverflow(bytes, *size, bytes) && bytes <= mostBytes;
  }
  if (fits || empty)
    return success();
  std::string text;
  llvm::raw_string_ostream out(text);
  out << element << "[";
  llvm::interleave(dims, out, [&](AffineExpr d) { out << *constantOf(d); }, ",");
  return op->emitOpError("expects a result that fits into memory, got ") << text << "]";
}

/// A dim as types have it.
static int64_t inType(AffineExpr dim) {
  std::optional<int64_t> size = constantOf(dim);
  return size && *size >= 0 ? *size : ShapedType::kDynamic;
}

//===----------------------------------------------------------------------===//
// Local inference: types of a new op
//===----------------------------------------------------------------------===//

namespace {
/// Knows types, constants, and what small shape computations behind a value give.
class LocalInference : public Inference {
public:
  /// `op`: the one whose result types may be set, or null.
  LocalInference(MLIRContext *context, Operation *op) : Inference(context), op(op) {}

  Dims dims(Value v) override {
    Dims result;
    for (auto [i, d] : llvm::enumerate(cast<RankedTensorType>(v.getType()).getShape()))
      result.push_back(ShapedType::isDynamic(d) ? unknown(v, i) : constant(d));
    return result;
  }

  std::optional<Dims> contents(Value v) override {
    auto it = known.find(v);
    if (it != known.end())
      return it->second;
    if (std::optional<Dims> c = contentsOfConstant(v, context()))
      return c;
    auto type = cast<RankedTensorType>(v.getType());
    if (!isa<IntegerType>(type.getElementType()) || !type.hasStaticShape() || type.getNumElements() > maxContents ||
        ++steps > 64)
      return std::nullopt;
    auto producer = v.getDefiningOp<DlOp>();
    if (!producer)
      return std::nullopt;
    Operation *outer = op;
    op = nullptr; // rules of producers must not change types
    known[v] = std::nullopt;
    (void)producer.infer(*this);
    op = outer;
    return known[v];
  }

  void set(Value result, Type elementType, ArrayRef<AffineExpr> dims) override {
    if (!op || result.getDefiningOp() != op)
      return;
    Dims simplified = llvm::map_to_vector<4>(dims, [&](AffineExpr d) { return simplifyAffineExpr(d, 0, symbols().size()); });
    fits = fits && succeeded(checkSize(op, elementType, simplified));
    result.setType(RankedTensorType::get(llvm::map_to_vector(simplified, inType), elementType));
  }
  void setContents(Value result, Dims contents) override { known[result] = contents; }

  bool fits = true; ///< all results into memory; else it has been reported

private:
  Operation *op;
  llvm::DenseMap<Value, std::optional<Dims>> known;
  int steps = 0;
};
} // namespace

std::unique_ptr<Inference> inferenceWhileBuilding(MLIRContext *context) {
  return std::make_unique<LocalInference>(context, nullptr);
}

LogicalResult inferResultTypes(Operation *op) {
  LocalInference local(op->getContext(), op);
  return success(succeeded(cast<DlOp>(op).infer(local)) && local.fits);
}

//===----------------------------------------------------------------------===//
// Symbolic inference: a whole function
//===----------------------------------------------------------------------===//

void SymbolicShapes::setArgument(Value v, ArrayAttr names) {
  Dims dims;
  auto type = cast<RankedTensorType>(v.getType());
  for (auto [i, d] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(d))
      dims.push_back(constant(d));
    else if (names && i < names.size())
      dims.push_back(input(cast<StringAttr>(names[i]).getValue()));
    else
      dims.push_back(unknown(v, i));
  }
  dims_[v] = dims;
}

LogicalResult SymbolicShapes::run(Block &block) {
  for (Operation &op : block) {
    if (auto rule = dyn_cast<DlOp>(op)) {
      if (failed(rule.infer(*this)))
        return failure();
      for (Value r : op.getResults())
        if (failed(checkSize(&op, elementType(r), dims(r))))
          return failure();
    }
  }
  return success();
}

LogicalResult SymbolicShapes::inferBody(Block &body) {
  auto forget = [&](Value v) { contents_.erase(v); };
  llvm::for_each(body.getArguments(), forget);
  body.walk([&](Operation *op) { llvm::for_each(op->getResults(), forget); });
  llvm::erase_if(requirements_, [&](const Requirement &r) { return body.getParent()->isAncestor(r.op->getParentRegion()); });
  return run(body);
}

Dims SymbolicShapes::dims(Value v) {
  auto it = dims_.find(v);
  if (it != dims_.end())
    return it->second;
  Dims result;
  for (auto [i, d] : llvm::enumerate(cast<RankedTensorType>(v.getType()).getShape()))
    result.push_back(ShapedType::isDynamic(d) ? unknown(v, i) : constant(d));
  dims_[v] = result;
  return result;
}

std::optional<Dims> SymbolicShapes::contents(Value v) {
  auto it = contents_.find(v);
  if (it != contents_.end())
    return it->second;
  if (std::optional<Dims> c = contentsOfConstant(v, context()))
    return contents_[v] = *c;
  // A small integer tensor that is computed: each element is a symbol, read when it is there.
  auto type = cast<RankedTensorType>(v.getType());
  if (!type.getElementType().isIntOrIndex() || !type.hasStaticShape() || type.getNumElements() > 16)
    return std::nullopt;
  Dims symbols;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    symbols.push_back(content(v, i));
  return contents_[v] = symbols;
}

void SymbolicShapes::set(Value result, Type elementType, ArrayRef<AffineExpr> dims) {
  Dims simplified = llvm::map_to_vector<4>(dims, [&](AffineExpr d) { return simplifyAffineExpr(d, 0, symbols().size()); });
  dims_[result] = simplified;
  auto type = RankedTensorType::get(llvm::map_to_vector(simplified, inType), elementType);
  if (result.getType() != type)
    result.setType(type);
}

} // namespace dlc::dl
