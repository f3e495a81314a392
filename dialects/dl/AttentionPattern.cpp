//===- AttentionPattern.cpp -----------------------------------------------===//
#include "dialects/dl/AttentionPattern.h"
#include "dialects/dl/ops/Formulas.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace dlc::dl {

SmallVector<Operation *> AttentionPattern::ops() const {
  SmallVector<Operation *> all{scores, mix};
  llvm::append_range(all, between);
  llvm::append_range(all, beside);
  llvm::append_range(all, softmax);
  return all;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// Whether it costs about as much to compute an element as to load it.
static bool isCheap(Operation *op) {
  return isa_and_nonnull<AddOp, SubOp, MulOp, NegOp, AbsOp, MinimumOp, MaximumOp, LessOp, LessEqualOp, GreaterOp,
                         GreaterEqualOp, EqualOp, NotEqualOp, AndOp, OrOp, XorOp, LogicalNotOp, SelectOp, CastOp>(op);
}

/// Whether `v` has rows and columns, as scores have.
static bool hasRowsAndColumns(Value v) {
  ArrayRef<int64_t> dims = cast<RankedTensorType>(v.getType()).getShape();
  return dims.size() >= 2 && dims.back() != 1 && dims[dims.size() - 2] != 1;
}

/// What pointwise ops may read for `v`, since its dims broadcast to the same place.
static Value beforeBroadcast(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    auto unsqueeze = dyn_cast<UnsqueezeOp>(op);
    if (unsqueeze && llvm::equal(unsqueeze.getAxes(), llvm::seq<int64_t>(0, unsqueeze.getAxes().size())))
      v = unsqueeze.getX();
    else if (auto broadcast = dyn_cast<BroadcastToOp>(op))
      v = broadcast.getX();
    else if (auto fill = dyn_cast<FillOp>(op))
      v = fill.getValue();
    else
      break;
  }
  return v;
}

/// `v` from ops of the attention's own, put before `user`.
static FailureOr<Value> repeated(Value v, Operation *user, llvm::DenseMap<Value, Value> &made) {
  if (!hasRowsAndColumns(v))
    return v;
  auto [known, isNew] = made.try_emplace(v, Value());
  if (!isNew)
    return known->second;
  Value source = beforeBroadcast(v);
  Operation *op = source.getDefiningOp();
  if (hasRowsAndColumns(source) && isCheap(op)) {
    SmallVector<Value> operands;
    for (Value o : op->getOperands()) {
      FailureOr<Value> own = repeated(o, user, made);
      if (failed(own))
        return failure();
      operands.push_back(*own);
    }
    OpBuilder b(user);
    Operation *clone = b.clone(*op);
    clone->setOperands(operands);
    if (failed(inferResultTypes(clone)))
      return failure();
    source = clone->getResult(0);
  }
  return made[v] = source;
}

LogicalResult repeatMasks(AttentionPattern &attention) {
  llvm::DenseMap<Value, Value> made;
  auto isOwn = [&](Value v) {
    Operation *op = v.getDefiningOp();
    return op == attention.scores || llvm::is_contained(attention.between, op);
  };
  // In order, for what is made for one op serves those behind it.
  llvm::sort(attention.between, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : attention.between)
    for (OpOperand &operand : op->getOpOperands())
      if (!isOwn(operand.get())) {
        FailureOr<Value> own = repeated(operand.get(), op, made);
        if (failed(own))
          return failure();
        operand.set(*own);
      }
  return success();
}

//===----------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------===//

namespace {

template <class Op> Op definedBy(Value v) { return dyn_cast_or_null<Op>(v.getDefiningOp()); }

bool isOne(Value v) {
  auto c = definedBy<ConstantOp>(v);
  return c && c.getValue().getNumElements() == 1 && Array::fromAttribute(c.getValue()).at(0).asDouble() == 1;
}

class Matcher {
public:
  explicit Matcher(ProductOp mix) { pattern.mix = mix; }

  bool match() {
    SmallVector<AffineMap> maps = pattern.mix.productMaps();
    int64_t batch = maps[2].getNumResults() - 2;
    Value weights = pattern.mix->getOperand(0);
    auto type = cast<RankedTensorType>(weights.getType());
    bool isPlain = type.getRank() == batch + 2;
    for (int64_t i = 0; isPlain && i < batch + 2; ++i) {
      AffineExpr place = maps[0].getResult(i), own = getAffineDimExpr(i < batch + 1 ? i : batch + 2, weights.getContext());
      isPlain = place == own || (i < batch && constantOf(place) == 0 && type.getDimSize(i) == 1 &&
                                 cast<RankedTensorType>(pattern.mix->getResult(0).getType()).getDimSize(i) == 1);
    }
    return isPlain && type.getElementType().isF32() && matchSoftmax(weights, type.getRank() - 1) &&
           dependsOnScores(pattern.logits) && pattern.scores && (collectBeside(), keepsToItself());
  }
  AttentionPattern pattern;

private:
  bool isOver(ReductionOp op, int64_t axis) { return op && op.reducedAxes() == SmallVector<int64_t>{axis}; }

  /// e / sum(e) or e * (1 / sum(e)), where e = exp(x - max(x)).
  bool matchSoftmax(Value v, int64_t axis) {
    Operation *last = v.getDefiningOp();
    if (!isa_and_nonnull<DivOp, MulOp>(last))
      return false;
    Value e = last->getOperand(0), divisor = last->getOperand(1);
    pattern.softmax.push_back(last);
    if (isa<MulOp>(last)) {
      auto inverse = definedBy<DivOp>(divisor);
      if (!inverse || !isOne(inverse.getX()))
        return false;
      pattern.softmax.push_back(inverse);
      divisor = inverse.getY();
    }
    auto sum = definedBy<ReduceSumOp>(divisor);
    auto exponential = definedBy<ExpOp>(e);
    if (!sum || !exponential || sum.getX() != e || !isOver(cast<ReductionOp>(*sum), axis))
      return false;
    auto shifted = definedBy<SubOp>(exponential.getX());
    auto most = shifted ? definedBy<ReduceMaxOp>(shifted.getY()) : ReduceMaxOp();
    if (!most || most.getX() != shifted.getX() || !isOver(cast<ReductionOp>(*most), axis))
      return false;
    pattern.softmax.append({sum, exponential, shifted, most});
    pattern.logits = shifted.getX();
    return true;
  }

  /// Whether `v` is made from the scores by pointwise ops over the same dims, which are collected.
  bool dependsOnScores(Value v) {
    Operation *op = v.getDefiningOp();
    if (!op || v.getType() != pattern.logits.getType())
      return false;
    if (auto product = dyn_cast<ProductOp>(op)) {
      if (!pattern.scores)
        pattern.scores = product;
      return product == pattern.scores;
    }
    if (!isa<PointwiseOp>(op) || pattern.between.size() > 16)
      return false;
    if (llvm::is_contained(pattern.between, op))
      return true;
    bool depends = false;
    for (Value o : op->getOperands())
      depends |= dependsOnScores(o);
    if (depends)
      pattern.between.push_back(op);
    return depends;
  }

  /// From the last op to the first, so that all users of one are known when it is met.
  void collectBeside() {
    SmallVector<Operation *> work(pattern.between);
    while (!work.empty()) {
      Operation *user = work.pop_back_val();
      for (Value v : user->getOperands()) {
        Operation *op = v.getDefiningOp();
        auto isOwn = [&](Operation *o) { return llvm::is_contained(pattern.between, o) || llvm::is_contained(pattern.beside, o); };
        if (!isCheap(op) || isOwn(op) || !hasRowsAndColumns(v) || !llvm::all_of(op->getUsers(), isOwn) ||
            pattern.beside.size() >= 16)
          continue;
        pattern.beside.push_back(op);
        work.push_back(op);
      }
    }
  }

  bool keepsToItself() {
    llvm::SmallPtrSet<Operation *, 16> own;
    for (Operation *op : pattern.ops())
      own.insert(op);
    return llvm::all_of(own, [&](Operation *op) {
      return op == pattern.mix || llvm::all_of(op->getUsers(), [&](Operation *user) { return own.contains(user); });
    });
  }
};
} // namespace

std::optional<AttentionPattern> matchAttention(ProductOp mix) {
  Matcher matcher(mix);
  return matcher.match() ? std::optional(matcher.pattern) : std::nullopt;
}

} // namespace dlc::dl
