//===- Work.cpp -----------------------------------------------------------===//
#include "dialects/dl/Work.h"
#include "dialects/dl/Dialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// Sums of products
//===----------------------------------------------------------------------===//

static std::string textOf(llvm::json::Value v) { return llvm::formatv("{0}", v).str(); }

bool Amount::addTo(Sum &sum, const Sum &more) {
  Sum result = sum;
  for (const auto &[factors, count] : more)
    if (int64_t &all = result[factors]; llvm::AddOverflow(all, count, all))
      return false;
    else if (all == 0)
      result.erase(factors);
  sum = std::move(result);
  return true;
}

std::optional<Amount::Sum> Amount::product(const Sum &a, const Sum &b) {
  Sum result;
  for (const auto &[f, x] : a)
    for (const auto &[g, y] : b) {
      Product factors;
      std::merge(f.begin(), f.end(), g.begin(), g.end(), std::back_inserter(factors));
      int64_t count;
      if (llvm::MulOverflow(x, y, count) || !addTo(result, {{factors, count}}))
        return std::nullopt;
    }
  return result;
}

std::optional<Amount::Sum> Amount::sumOf(const Inference &shapes, AffineExpr e) {
  auto binary = [&](StringRef op, AffineExpr x, AffineExpr y) -> std::optional<Sum> {
    std::optional<Sum> a = sumOf(shapes, x), b = sumOf(shapes, y);
    if (!a || !b)
      return std::nullopt;
    if (op == "+")
      return addTo(*a, *b) ? a : std::nullopt;
    if (op == "*")
      return product(*a, *b);
    return Sum{{{textOf(llvm::json::Array{op, json(*a), json(*b)})}, 1}};
  };
  if (auto c = constantOf(e))
    return *c ? Sum{{{}, *c}} : Sum();
  if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    const SymbolDefinition &d = shapes.symbols()[s.getPosition()];
    using Kind = SymbolDefinition::Kind;
    if (d.kind == Kind::Input)
      return Sum{{{textOf(llvm::json::isUTF8(d.name) ? d.name : llvm::json::fixUTF8(d.name))}, 1}};
    if (d.kind == Kind::Min || d.kind == Kind::Max)
      return binary(d.kind == Kind::Min ? "min" : "max", d.a, d.b);
    return std::nullopt;
  }
  auto pair = dyn_cast<AffineBinaryOpExpr>(e);
  if (!pair)
    return std::nullopt;
  StringRef op = e.getKind() == AffineExprKind::Add        ? "+"
                 : e.getKind() == AffineExprKind::Mul      ? "*"
                 : e.getKind() == AffineExprKind::FloorDiv ? "floordiv"
                 : e.getKind() == AffineExprKind::CeilDiv  ? "ceildiv"
                                                           : "mod";
  return binary(op, pair.getLHS(), pair.getRHS());
}

bool Amount::add(const Inference &shapes, ArrayRef<AffineExpr> factors) {
  std::optional<Sum> all = Sum{{{}, 1}};
  for (AffineExpr e : factors) {
    std::optional<Sum> factor = sumOf(shapes, e);
    if (factor)
      all = product(*all, *factor);
    if (!factor || !all)
      return false;
  }
  return addTo(sum, *all);
}

llvm::json::Value Amount::json(const Sum &sum) {
  llvm::json::Array products;
  for (const auto &[factors, count] : sum) {
    llvm::json::Array one{count};
    for (const std::string &factor : factors)
      one.push_back(llvm::cantFail(llvm::json::parse(factor)));
    products.push_back(std::move(one));
  }
  return products;
}

llvm::json::Value Amount::json() const { return json(sum); }

std::optional<int64_t> Amount::constant() const {
  if (sum.empty())
    return 0;
  if (sum.size() == 1 && sum.begin()->first.empty())
    return sum.begin()->second;
  return std::nullopt;
}

std::string Amount::text() const {
  if (sum.empty())
    return "0";
  return llvm::join(
      llvm::map_range(sum,
                      [](auto &product) {
                        std::string text = llvm::formatv("{0:N}", product.second);
                        for (StringRef factor : product.first)
                          text += " " + (factor.front() == '"' ? factor.drop_front().drop_back() : factor).str();
                        return text;
                      }),
      " + ");
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Adds how often the bodies around `op` run. False where that shows only while running.
static bool addTurns(Operation *op, Inference &shapes, Dims &factors) {
  for (auto around = op->getParentOfType<ControlOp>(); around; around = around->getParentOfType<ControlOp>()) {
    auto scan = dyn_cast<ScanOp>(*around);
    if (!scan || scan.stepValues().empty())
      return false;
    factors.push_back(shapes.dims(scan.stepValues()[0])[0]);
  }
  return true;
}

FunctionWork workOf(func::FuncOp function) {
  // On a copy: inference makes types more precise, and who asks wants to keep the function as it is.
  OwningOpRef<func::FuncOp> copy(function.clone());
  SymbolicShapes shapes(function.getContext());
  for (auto [i, argument] : llvm::enumerate(copy->getArguments()))
    if (isa<RankedTensorType>(argument.getType()))
      shapes.setArgument(argument, copy->getArgAttrOfType<ArrayAttr>(i, "dl.dims"));
  {
    // A mistake is reported by the pass that infers shapes for good.
    ScopedDiagnosticHandler silent(function.getContext(), [](Diagnostic &) { return success(); });
    (void)shapes.run(copy->getBody().front());
  }
  FunctionWork work;
  copy->walk([&](DlOp op) {
    if (op->getNumResults() == 0 || op->hasTrait<OpTrait::ConstantLike>())
      return;
    Dims factors = op.flops(shapes);
    if (factors.size() == 1 && constantOf(factors[0]) == 0)
      return;
    if (!addTurns(op, shapes, factors) || !work.flops.add(shapes, factors))
      ++work.unknown;
  });
  return work;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
/// The dims inside a kernel, as it notes them.
class KernelDims : public Inference {
public:
  explicit KernelDims(KernelOp kernel) : Inference(kernel.getContext()), kernel(kernel) {
    for (unsigned i = 0; i < kernel.getSymbols().size(); ++i)
      names.push_back(input("d" + std::to_string(i)));
  }

  Dims dims(Value v) override {
    auto over = [&](Attribute map) {
      Dims result;
      for (AffineExpr e : cast<AffineMapAttr>(map).getValue().getResults())
        result.push_back(e.replaceSymbols(names));
      return result;
    };
    auto type = cast<RankedTensorType>(v.getType());
    if (!type.hasStaticShape()) {
      if (auto argument = dyn_cast<BlockArgument>(v))
        return over(kernel.getInputDims()[argument.getArgNumber()]);
      if (auto own = v.getDefiningOp()->getAttrOfType<ArrayAttr>("dims"))
        return over(own[cast<OpResult>(v).getResultNumber()]);
    }
    Dims result;
    for (auto [i, d] : llvm::enumerate(type.getShape()))
      result.push_back(ShapedType::isDynamic(d) ? unknown(v, i) : constant(d));
    return result;
  }
  std::optional<Dims> contents(Value) override { return std::nullopt; }
  void set(Value, Type, ArrayRef<AffineExpr>) override {}

  /// How many elements of its operand an op reads.
  AffineExpr elementsRead(OpOperand &use) {
    AffineExpr all = product(dims(use.get()));
    if (cast<DlOp>(use.getOwner()).onlyShapes(use.getOperandNumber()))
      return constant(0);
    // Where other operands say which ones: at most one for each element of the result, few rows of a large table.
    Operation *op = use.getOwner();
    return isa<IndexedOp>(op) && op->getNumOperands() > 1 ? min(all, product(dims(op->getResult(0)))) : all;
  }

private:
  KernelOp kernel;
  SmallVector<AffineExpr> names;
};
} // namespace

llvm::json::Object workOf(KernelOp kernel) {
  KernelDims shapes(kernel);
  Amount flops, bytes;
  bool flopsKnown = true, bytesKnown = true;
  kernel.block().walk([&](DlOp op) {
    if (op->getNumResults() && !op->hasTrait<OpTrait::ConstantLike>())
      flopsKnown &= flops.add(shapes, op.flops(shapes));
  });
  auto move = [&](Value v, AffineExpr elements) {
    int64_t width = byteWidth(cast<RankedTensorType>(v.getType()).getElementType());
    bytesKnown &= bytes.add(shapes, {elements, shapes.constant(width)});
  };
  for (BlockArgument a : kernel.block().getArguments().take_front(kernel.getInputs().size())) {
    AffineExpr read = shapes.constant(0);
    for (OpOperand &use : a.getUses())
      if (isa<DlOp>(use.getOwner()))
        read = shapes.max(read, shapes.elementsRead(use));
    move(a, read);
  }
  for (Value v : kernel.block().getTerminator()->getOperands())
    move(v, shapes.product(shapes.dims(v)));
  return llvm::json::Object{{"flops", flopsKnown ? flops.json() : nullptr},
                            {"bytes", bytesKnown ? bytes.json() : nullptr}};
}

} // namespace dlc::dl
