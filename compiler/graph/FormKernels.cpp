//===- FormKernels.cpp ----------------------------------------------------===//
//
// Before: one dl op after another, each with its result in memory. After: dl.kernel regions that read their inputs and
// write their results once, and between them only constants, views and dims. Here, at the end of the graph phase,
// because the cost is in bytes moved and all that removes ops must have happened.
//
// A group of ops shares a frame, the dims over which it iterates. Pointwise ops join when their dims are the frame, or
// the frame with the group's reduced axes as 1; a reduction joins producers over its frame; a contraction takes
// pointwise epilogues over its result. A group never depends on itself through another.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/graph/DimEmitter.h"
#include "dialects/dl/AttentionPattern.h"
#include "dialects/dl/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_FORMKERNELSPASS
#include "compiler/Passes.h.inc"

namespace {

struct Group {
  SmallVector<Operation *> ops; ///< in order
  Fusion::Kind root;
  Dims frame;
  SmallVector<int64_t> reduced; ///< sorted; empty until a reduction joins
  llvm::SmallSetVector<Group *, 8> producers;
  unsigned first = 0; ///< position of the first op
  bool emitted = false, open = true;

  bool contains(Operation *op) const { return llvm::is_contained(ops, op); }
  Dims reducedFrame(AffineExpr one) const {
    Dims d = frame;
    for (int64_t a : reduced)
      d[a] = one;
    return d;
  }
};

class Former {
public:
  Former(func::FuncOp function, SymbolicShapes &shapes, unsigned maxOps, unsigned maxInputs)
      : function(function), block(function.getBody().front()), shapes(shapes), maxOps(maxOps), maxInputs(maxInputs),
        b(function.getContext()), dims(b, shapes) {
    for (const Requirement &r : shapes.requirements())
      required[r.op].push_back(&r);
  }

  void run() {
    findNeeded();
    for (auto [i, op] : llvm::enumerate(block))
      position[&op] = i;
    for (ProductOp op : block.getOps<ProductOp>())
      if (std::optional<AttentionPattern> attention = matchAttention(op); attention && needed.contains(op))
        placeAttention(*attention);
    for (Operation &op : block)
      if (Group *attention = groups.lookup(&op))
        addProducers(attention, &op); // by now all of them are placed
      else if (needed.contains(&op) && isa<DlOp>(op))
        place(&op);
    splitEpilogues();
    rebuild();
  }

private:
  //===--------------------------------------------------------------------===//
  // Which ops the results need; operands that only shape are not among them
  //===--------------------------------------------------------------------===//

  void need(Value v, SmallVectorImpl<Operation *> &work) {
    Operation *op = v.getDefiningOp();
    if (op && needed.insert(op).second)
      work.push_back(op);
  }

  void findNeeded() {
    SmallVector<Operation *> work;
    Operation *end = block.getTerminator();
    for (Value v : end->getOperands())
      need(v, work);
    // What has no result is there for what it demands.
    for (Operation &op : block)
      if (isa<DlOp>(op) && op.getNumResults() == 0 && needed.insert(&op).second)
        work.push_back(&op);
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      auto dl = dyn_cast<DlOp>(op);
      bool shapesOnly = isa<ShapeOfOp>(op);
      for (auto [i, v] : llvm::enumerate(op->getOperands()))
        if (!shapesOnly && !(dl && dl.onlyShapes(i)))
          need(v, work);
      for (Value v : readForDims(op)) {
        readOnHost.insert(v);
        if (v.getDefiningOp() != op)
          need(v, work);
      }
    }
  }

  /// The values whose elements or dims the host reads before `op` runs, to know its dims and whether they fit; and of
  /// its own results, those that alone tell their dims.
  SmallVector<Value> readForDims(Operation *op) {
    SmallVector<Value> read;
    for (Value r : op->getResults())
      if (isa<RankedTensorType>(r.getType()))
        for (AffineExpr e : shapes.dims(r))
          dims.readBy(e, read);
    for (const Requirement *r : required.lookup(op))
      read.append(readBy(*r));
    return read;
  }

  SmallVector<Value> readBy(const Requirement &r) {
    SmallVector<Value> read;
    dims.readBy(r.a, read);
    if (r.b)
      dims.readBy(r.b, read);
    return read;
  }

  //===--------------------------------------------------------------------===//
  // Groups
  //===--------------------------------------------------------------------===//

  /// The group that computes `v`, seen through aliases that a kernel can hold.
  Group *groupOf(Value v) {
    Operation *op = v.getDefiningOp();
    return op ? groups.lookup(op) : nullptr;
  }

  Group *newGroup(Operation *op, Fusion::Kind root) {
    storage.push_back(std::make_unique<Group>());
    Group *g = storage.back().get();
    g->root = root;
    g->first = position[op];
    return g;
  }

  void add(Group *g, Operation *op) {
    g->ops.push_back(op);
    groups[op] = g;
    addProducers(g, op);
  }

  void addProducers(Group *g, Operation *op) {
    for (Value v : op->getOperands())
      if (Group *p = groupOf(v); p && p != g)
        g->producers.insert(p);
  }

  /// Whether `from` needs `target` to have run, directly or through others. Gives up (true) after a while.
  bool depends(Group *from, Group *target) {
    SmallVector<Group *> work{from};
    llvm::SmallPtrSet<Group *, 32> seen;
    while (!work.empty()) {
      Group *g = work.pop_back_val();
      if (g == target)
        return true;
      if (!seen.insert(g).second)
        continue;
      if (seen.size() > 256)
        return true;
      work.append(g->producers.begin(), g->producers.end());
    }
    return false;
  }

  /// Joining `op` to `g` must not make `g` depend on itself: none of the op's other producers may depend on `g`.
  bool makesCycle(Operation *op, Group *g) {
    for (Value v : op->getOperands())
      if (Group *p = groupOf(v); p && p != g)
        for (Group *producer : p->producers)
          if (depends(producer, g) || p == g)
            return true;
    for (Value v : op->getOperands())
      if (Group *p = groupOf(v); p && p != g && depends(p, g))
        return true;
    return false;
  }

  /// Distinct tensors that the group and `op` read from outside.
  unsigned inputsWith(Group *g, Operation *op) {
    llvm::SmallPtrSet<void *, 32> inputs;
    auto visit = [&](Operation *o) {
      for (Value v : o->getOperands())
        if (!(v.getDefiningOp() && (g->contains(v.getDefiningOp()) || v.getDefiningOp() == op)) && !literalFor(o, v))
          inputs.insert(v.getAsOpaquePointer());
    };
    for (Operation *o : g->ops)
      visit(o);
    visit(op);
    return inputs.size();
  }

  bool isOne(AffineExpr e) { return constantOf(e) == 1; }

  /// Whether the reduced axes are the last ones, dims of 1 aside.
  bool trailing(const Dims &frame, ArrayRef<int64_t> axes) {
    for (int64_t i = axes.empty() ? 0 : axes.front(); i < static_cast<int64_t>(frame.size()); ++i)
      if (!llvm::is_contained(axes, i) && !isOne(frame[i]))
        return false;
    return true;
  }

  bool fits(Group *g, Operation *op, const Fusion &fusion) {
    if (!g->open || g->ops.size() >= maxOps || inputsWith(g, op) > maxInputs)
      return false;
    AffineExpr one = shapes.constant(1);
    Dims result = shapes.dims(op->getResult(0));
    bool full = result == g->frame, reduced = !g->reduced.empty() && result == g->reducedFrame(one);
    if (fusion.kind == Fusion::Kind::Reduction) {
      if (g->root != Fusion::Kind::Pointwise && g->root != Fusion::Kind::Indexed)
        return false;
      if (shapes.dims(op->getOperand(0)) != g->frame)
        return false;
      return g->reduced.empty() || llvm::equal(g->reduced, fusion.reducedAxes);
    }
    if (fusion.kind != Fusion::Kind::Pointwise || (!full && !reduced))
      return false;
    for (Value v : op->getOperands()) {
      if (groupOf(v) != g)
        continue;
      Dims d = shapes.dims(v);
      if (d != g->frame && (g->reduced.empty() || d != g->reducedFrame(one)))
        return false;
      if (!full && d != result) // a whole frame folded into a reduced place
        return false;
      // Results of a reduction that is not over the last axes are not broadcast again here: the frame would be kept.
      if (full && !g->reduced.empty() && d != g->frame && !trailing(g->frame, g->reduced))
        return false;
    }
    return g->root != Fusion::Kind::Contraction || (full && keepsRows(g, op));
  }

  /// Whether what `op` reads beside the group's own values has all dims of a contraction's rows, or 1 in each.
  bool keepsRows(Group *g, Operation *op) {
    int64_t rank = g->frame.size(), rows = cast<DlOp>(g->ops.front()).fusion().rowDims;
    for (Value v : op->getOperands()) {
      Dims d = shapes.dims(v);
      bool all = true, none = true;
      for (int64_t i = rank - 1 - rows; i < rank - 1; ++i) {
        int64_t own = i - (rank - static_cast<int64_t>(d.size()));
        bool one = own < 0 || isOne(d[own]);
        all &= own >= 0 && (d[own] == g->frame[i] || (one && isOne(g->frame[i])));
        none &= one;
      }
      if (rows > 1 && !all && !none)
        return false;
    }
    return true;
  }

  void place(Operation *op) {
    Fusion fusion = cast<DlOp>(op).fusion();
    if (fusion.kind == Fusion::Kind::Host || fusion.kind == Fusion::Kind::Alias)
      return placeAlone(op, fusion.kind);
    bool alone = fusion.kind == Fusion::Kind::Alone || fusion.kind == Fusion::Kind::Packing;
    if (op->getNumResults() != 1 || alone)
      return placeAlone(op, Fusion::Kind::Alone);
    Group *best = nullptr;
    if (fusion.kind == Fusion::Kind::Pointwise || fusion.kind == Fusion::Kind::Reduction)
      for (Value v : op->getOperands()) {
        Group *g = groupOf(v);
        if (g && g != best && fits(g, op, fusion) && !makesCycle(op, g) && (!best || g->ops.size() > best->ops.size()))
          best = g;
      }
    if (!best) {
      best = newGroup(op, fusion.kind == Fusion::Kind::Reduction ? Fusion::Kind::Pointwise : fusion.kind);
      best->frame = shapes.dims(fusion.kind == Fusion::Kind::Reduction ? op->getOperand(0) : op->getResult(0));
    }
    add(best, op);
    if (fusion.kind == Fusion::Kind::Reduction)
      best->reduced = fusion.reducedAxes;
    absorbProducers(best, op);
  }

  void placeAlone(Operation *op, Fusion::Kind kind) {
    Group *g = newGroup(op, kind);
    g->open = false;
    add(g, op);
  }

  /// One kernel, which never holds more than a few rows of the scores.
  void placeAttention(const AttentionPattern &attention) {
    SmallVector<Operation *> ops = attention.ops();
    llvm::sort(ops, [&](Operation *a, Operation *c) { return position[a] < position[c]; });
    Group *g = newGroup(ops.back(), Fusion::Kind::Contraction);
    g->open = false;
    g->frame = shapes.dims(ops.back()->getResult(0));
    for (Operation *op : ops)
      add(g, op);
  }

  /// Whether an op of `g` reads results of `p` at computed places, for which they must be in memory.
  bool readsAtPlaces(Group *g, Group *p) {
    return llvm::any_of(g->ops, [&](Operation *op) {
      return cast<DlOp>(op).fusion().kind == Fusion::Kind::Indexed &&
             llvm::any_of(op->getOperands(), [&](Value v) { return groupOf(v) == p; });
    });
  }

  /// Groups that feed `op` and are pointwise over the same frame become one with `g`; such that read at computed places
  /// only where `g` does so too, since these reads may keep a kernel from being vectorized.
  void absorbProducers(Group *g, Operation *op) {
    if (g->root == Fusion::Kind::Contraction)
      return;
    for (Value v : op->getOperands()) {
      Group *p = groupOf(v);
      if (!p || p == g || !p->open || !p->reduced.empty() || p->frame != g->frame ||
          p->ops.size() + g->ops.size() > maxOps)
        continue;
      if (p->root != Fusion::Kind::Pointwise && (p->root != Fusion::Kind::Indexed || g->root != Fusion::Kind::Indexed))
        continue;
      if (readsAtPlaces(g, p) || readsAtPlaces(p, g))
        continue;
      bool cycle = false;
      for (Group *other : g->producers)
        cycle |= other != p && depends(other, p);
      if (cycle)
        continue;
      unsigned inputs = 0;
      for (Operation *o : p->ops)
        inputs += o->getNumOperands();
      if (inputs + inputsWith(g, op) > maxInputs)
        continue;
      for (Operation *o : p->ops)
        groups[o] = g;
      g->ops.insert(g->ops.begin(), p->ops.begin(), p->ops.end());
      llvm::sort(g->ops, [&](Operation *a, Operation *c) { return position[a] < position[c]; });
      g->producers.insert(p->producers.begin(), p->producers.end());
      g->producers.remove(p);
      for (auto &other : storage)
        if (other->producers.contains(p) && other.get() != g) {
          other->producers.remove(p);
          other->producers.insert(g);
        }
      p->ops.clear();
    }
  }

  bool escapes(Group *g, Operation *op) {
    if (llvm::any_of(op->getResults(), [&](Value r) { return readOnHost.contains(r); }))
      return true;
    return llvm::any_of(op->getUsers(), [&](Operation *user) {
      return !g->contains(user) && (needed.contains(user) || user == block.getTerminator());
    });
  }

  /// A contraction writes one result: when more of its group escapes, the epilogue becomes a group of its own.
  void splitEpilogues() {
    for (size_t i = 0, n = storage.size(); i < n; ++i) {
      Group *g = storage[i].get();
      if (g->root != Fusion::Kind::Contraction || !g->open || g->ops.size() < 2)
        continue;
      unsigned escaping = llvm::count_if(g->ops, [&](Operation *op) { return escapes(g, op); });
      if (escaping == 1 && escapes(g, g->ops.back()))
        continue;
      SmallVector<Operation *> epilogue(g->ops.begin() + 1, g->ops.end());
      g->ops.resize(1);
      Group *rest = newGroup(epilogue.front(), Fusion::Kind::Pointwise);
      rest->frame = g->frame;
      for (Operation *op : epilogue)
        add(rest, op);
      for (auto &other : storage)
        if (other.get() != g && other.get() != rest && other->producers.contains(g))
          other->producers.insert(rest);
    }
  }

  //===--------------------------------------------------------------------===//
  // The new body
  //===--------------------------------------------------------------------===//

  /// A constant of one value that the kernel holds as a literal where `user` reads it element by element.
  static ConstantOp literalFor(Operation *user, Value v) {
    auto c = v.getDefiningOp<ConstantOp>();
    Fusion::Kind kind = cast<DlOp>(user).fusion().kind;
    if (!c || kind == Fusion::Kind::Contraction || kind == Fusion::Kind::Packing)
      return {};
    auto dense = dyn_cast<DenseElementsAttr>(c.getValue());
    return dense && (dense.isSplat() || dense.getNumElements() == 1) ? c : ConstantOp();
  }

  void rebuild() {
    // New ops go before a marker, old ones are erased behind it.
    SmallVector<Operation *> old;
    for (Operation &op : block)
      old.push_back(&op);
    b.setInsertionPointToStart(&block);
    if (!old.empty())
      b.setInsertionPoint(old.front());
    // What the inputs' dims alone decide is known before anything runs.
    for (const Requirement &r : shapes.requirements())
      if (needed.contains(r.op) && readBy(r).empty())
        emitRequirement(r);
    for (Operation *op : old) {
      if (op == block.getTerminator())
        break;
      if (Group *g = groups.lookup(op))
        emit(g);
    }
    Operation *end = block.getTerminator();
    SmallVector<Value> returned;
    for (Value v : end->getOperands())
      returned.push_back(mapping.lookupOrDefault(v));
    end->setOperands(returned);
    for (Operation *op : llvm::reverse(old))
      if (op != end)
        op->erase();
  }

  void emit(Group *g) {
    if (g->emitted || g->ops.empty())
      return;
    g->emitted = true;
    for (Operation *op : g->ops) {
      for (Value v : op->getOperands())
        if (Group *p = groupOf(v); p && p != g && needed.contains(v.getDefiningOp()))
          emit(p);
      for (Value v : readForDims(op))
        if (Group *p = groupOf(v); p && p != g)
          emit(p);
    }
    for (Operation *op : g->ops)
      for (const Requirement *r : required.lookup(op))
        emitRequirement(*r);
    if (g->ops.front()->getNumResults() == 0)
      return;
    if (g->root == Fusion::Kind::Host)
      emitHost(g->ops.front());
    else if (g->root == Fusion::Kind::Alias)
      emitView(g->ops.front());
    else
      emitKernel(g);
  }

  Value mapped(Value v) { return mapping.lookupOrDefault(v); }

  void emitHost(Operation *op) {
    Operation *clone = b.clone(*op, mapping);
    (void)clone;
  }

  /// The dims of `v` as a map of symbols, which are appended to `symbols` once each.
  AffineMap dimsOver(Location loc, Value v, SmallVectorImpl<AffineExpr> &symbols) {
    SmallVector<AffineExpr> exprs;
    for (AffineExpr e : shapes.dims(v)) {
      if (constantOf(e)) {
        exprs.push_back(e);
        continue;
      }
      auto it = llvm::find(symbols, e);
      exprs.push_back(getAffineSymbolExpr(it - symbols.begin(), b.getContext()));
      if (it == symbols.end())
        symbols.push_back(e);
    }
    return AffineMap::get(0, symbols.size(), exprs, b.getContext());
  }

  /// Maps made while symbols were still being added get all of them.
  static AffineMap widened(AffineMap map, unsigned symbols) {
    return AffineMap::get(0, symbols, map.getResults(), map.getContext());
  }

  SmallVector<Value> emitDims(Location loc, ArrayRef<AffineExpr> symbols) {
    SmallVector<Value> values;
    for (AffineExpr e : symbols)
      values.push_back(dims.emit(loc, e, [&](Value v) { return mapped(v); }));
    return values;
  }

  /// Once for each pair of dims: the first op that needs them to fit is the one to name.
  void emitRequirement(const Requirement &r) {
    using Kind = Requirement::Kind;
    if (!demanded.insert({int(r.kind), r.a, r.b}).second)
      return;
    Location loc = r.op->getLoc();
    SmallVector<AffineExpr> both{r.a};
    if (r.b)
      both.push_back(r.b);
    SmallVector<Value> values = emitDims(loc, both);
    RequireOp::create(b, loc, values[0], r.b ? values[1] : Value(), r.kind == Kind::EqualOrOne, r.kind == Kind::AtMost,
                      r.op->getName().stripDialect(), r.expects);
  }

  void emitView(Operation *op) {
    SmallVector<AffineExpr> symbols;
    AffineMap map = dimsOver(op->getLoc(), op->getResult(0), symbols);
    SmallVector<Value> values = emitDims(op->getLoc(), symbols);
    mapping.map(op->getResult(0), ViewOp::create(b, op->getLoc(), op->getResult(0).getType(), mapped(op->getOperand(0)),
                                                 values, widened(map, symbols.size())));
  }

  void emitKernel(Group *g) {
    SmallVector<Location> locations;
    for (Operation *op : g->ops)
      locations.push_back(op->getLoc());
    Location loc = FusedLoc::get(b.getContext(), locations);

    llvm::SmallSetVector<Value, 8> inputs;
    SmallVector<Value> outputs;
    SmallVector<AffineExpr> symbols;
    for (Operation *op : g->ops) {
      auto dl = cast<DlOp>(op);
      for (auto [i, v] : llvm::enumerate(op->getOperands()))
        if (!(v.getDefiningOp() && g->contains(v.getDefiningOp())) && !dl.onlyShapes(i) && !literalFor(op, v))
          inputs.insert(v);
      if (escapes(g, op) || op->getNumResults() > 1)
        outputs.append(op->result_begin(), op->result_end());
    }
    SmallVector<AffineMap> inputDims, resultDims;
    for (Value v : inputs)
      inputDims.push_back(dimsOver(loc, v, symbols));
    for (Value v : outputs)
      resultDims.push_back(dimsOver(loc, v, symbols));
    SmallVector<SmallVector<AffineMap>> own;
    for (Operation *op : g->ops) {
      auto &maps = own.emplace_back();
      for (Value r : op->getResults())
        maps.push_back(dimsOver(loc, r, symbols));
    }
    auto attribute = [&](ArrayRef<AffineMap> maps) {
      SmallVector<AffineMap> wide;
      for (AffineMap m : maps)
        wide.push_back(widened(m, symbols.size()));
      return b.getAffineMapArrayAttr(wide);
    };
    SmallVector<Value> symbolValues = emitDims(loc, symbols), inputValues;
    SmallVector<Type> types;
    for (Value v : inputs)
      inputValues.push_back(mapped(v));
    for (Value v : outputs)
      types.push_back(v.getType());
    auto kernel = KernelOp::create(b, loc, types, inputValues, symbolValues, attribute(inputDims), attribute(resultDims));

    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&kernel.getBody());
    IRMapping inner;
    for (Value v : inputs)
      inner.map(v, body->addArgument(v.getType(), v.getLoc()));
    for (AffineExpr e : symbols)
      (void)e, body->addArgument(b.getIndexType(), loc);
    for (auto [op, maps] : llvm::zip(g->ops, own)) {
      auto dl = cast<DlOp>(op);
      for (auto [i, v] : llvm::enumerate(op->getOperands()))
        if (ConstantOp c = literalFor(op, v); c && !dl.onlyShapes(i) && !inner.contains(v))
          inner.map(v, b.clone(*c)->getResult(0));
      Operation *clone = b.clone(*op, inner);
      for (auto [i, v] : llvm::enumerate(op->getOperands()))
        if (dl.onlyShapes(i) && !inner.contains(v)) {
          b.setInsertionPoint(clone);
          clone->setOperand(i, NoneOp::create(b, op->getLoc(), v.getType()));
          b.setInsertionPointToEnd(body);
        }
      if (llvm::any_of(op->getResultTypes(), [](Type t) { return !cast<ShapedType>(t).hasStaticShape(); }))
        clone->setAttr("dims", attribute(maps));
    }
    SmallVector<Value> yielded;
    for (Value v : outputs)
      yielded.push_back(inner.lookup(v));
    YieldOp::create(b, loc, yielded);
    for (auto [v, r] : llvm::zip(outputs, kernel.getResults()))
      mapping.map(v, r);
  }

  func::FuncOp function;
  Block &block;
  SymbolicShapes &shapes;
  unsigned maxOps, maxInputs;
  OpBuilder b;
  DimEmitter dims;
  llvm::DenseSet<Operation *> needed;
  llvm::DenseSet<Value> readOnHost; ///< their elements or dims make up the dims of others
  llvm::DenseMap<Operation *, unsigned> position;
  llvm::DenseMap<Operation *, Group *> groups;
  llvm::DenseMap<Operation *, SmallVector<const Requirement *>> required;
  llvm::DenseSet<std::tuple<int, AffineExpr, AffineExpr>> demanded;
  std::vector<std::unique_ptr<Group>> storage;
  IRMapping mapping;
};

struct FormKernels : impl::FormKernelsPassBase<FormKernels> {
  using Base::Base;
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SymbolicShapes shapes(&getContext());
    for (auto [i, argument] : llvm::enumerate(function.getArguments()))
      shapes.setArgument(argument, function.getArgAttrOfType<ArrayAttr>(i, "dl.dims"));
    if (failed(shapes.run(function.getBody().front())))
      return signalPassFailure();
    Former(function, shapes, maxOps, maxInputs).run();
  }
};
} // namespace
} // namespace dlc
