//===- PlanMemory.cpp - Where intermediate values lie ---------------------===//
//
// Before: an rt.alloc for each intermediate value and an rt.scratch for each launch that needs one. After: slices of a
// few blocks, at offsets placed by the compiler where all sizes are constants and by the runtime, with the same
// algorithm, where they depend on symbols. Here, because the order of the launches is final.
//
// Buffers whose sizes depend on the same last rt.read share a segment, which is planned once that has happened. The steps
// are the ops of the function; an input of a launch and its outputs live at the same step, so they never overlap, unless
// the kernel may write in place and nobody reads the input later: then both are one buffer. A body of a control op has
// segments of its own, behind those of the function that runs it.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/host/HostProgram.h"
#include "dialects/rt/Dialect.h"
#include "mlir/IR/Matchers.h"
#include "runtime/Placement.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/SymbolTable.h"
#include <map>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_PLANMEMORYPASS
#include "compiler/Passes.h.inc"

namespace {
class Planner {
public:
  /// `first`: number of the first segment.
  Planner(func::FuncOp function, int64_t first) : segments(first), function(function), b(function.getContext()) {}

  LogicalResult run() {
    number();
    shareBuffers();
    for (auto &[level, allocs] : byLevel)
      if (failed(plan(allocs)))
        return failure();
    for (auto &[level, allocs] : byLevel)
      for (rt::AllocOp alloc : allocs)
        alloc.erase();
    placeScratch();
    for (Operation &op : function.getBody().front())
      llvm::TypeSwitch<Operation *>(&op).Case<rt::IfOp, rt::LoopOp>([&](auto control) {
        control.setSegment(segments);
        segments += control.ownSegments();
      });
    return success();
  }

  int64_t segments;
  HostProgram::Memory memory;
  std::vector<int64_t> segmentBytes; ///< of those whose size is known, else 0

private:
  /// Whether the op's numbers depend on what has run by then.
  static bool readsMemory(Operation *op) {
    return !isMemoryEffectFree(op) && llvm::any_of(op->getResultTypes(), [](Type t) { return t.isIntOrIndex(); });
  }

  /// Gives every op its step and every number its level: how many of the function's reads come up to the last one that
  /// it depends on.
  void number() {
    int32_t reads = 0;
    for (Operation &op : function.getBody().front()) {
      steps[&op] = steps.size();
      int32_t level = 0;
      for (Value v : op.getOperands())
        level = std::max(level, levels.lookup(v));
      if (readsMemory(&op))
        level = ++reads;
      if (level && !isa<rt::AllocOp>(op))
        for (Value v : op.getResults())
          if (v.getType().isIntOrIndex())
            levels[v] = level;
      if (auto alloc = dyn_cast<rt::AllocOp>(op)) {
        byLevel[level].push_back(alloc);
        levels[alloc] = level;
      }
      else if (auto scratch = dyn_cast<rt::ScratchOp>(op))
        scratches.push_back(scratch);
    }
  }

  dlc_interval liveOf(rt::AllocOp alloc) {
    dlc_interval live{std::numeric_limits<int32_t>::max(), 0};
    for (Operation *user : alloc->getUsers()) {
      live.first = std::min(live.first, steps.lookup(user));
      live.last = std::max(live.last, steps.lookup(user));
    }
    if (alloc.use_empty())
      live.first = live.last = steps.lookup(alloc);
    return live;
  }

  /// The result of a launch takes the place of an input of the same size that is read there for the last time.
  void shareBuffers() {
    for (auto &[level, allocs] : byLevel)
      for (rt::AllocOp alloc : allocs)
        lives[alloc] = liveOf(alloc);
    for (rt::LaunchOp launch : function.getBody().front().getOps<rt::LaunchOp>())
      if (auto inPlace = launch->getAttrOfType<ArrayAttr>(inPlaceAttrName))
        for (auto [output, allowed] : llvm::zip(launch.getOutputs(), inPlace.getAsRange<DenseI64ArrayAttr>()))
          for (int64_t i : allowed.asArrayRef())
            if (share(launch, launch.getInputs()[i], output))
              break;
  }

  bool share(rt::LaunchOp launch, Value input, Value output) {
    auto from = input.getDefiningOp<rt::AllocOp>(), to = output.getDefiningOp<rt::AllocOp>();
    if (!from || !to || llvm::count(launch.getInputs(), input) != 1 || levels.lookup(from) != levels.lookup(to) ||
        !isSame(from.getBytes(), to.getBytes()))
      return false;
    while (rt::AllocOp before = placeOf.lookup(from))
      from = before;
    dlc_interval &live = lives[from], added = lives.lookup(to);
    int32_t step = steps.lookup(launch);
    if (live.last != step || added.first != step)
      return false;
    live.last = added.last;
    placeOf[to] = from;
    return true;
  }

  static bool isSame(Value x, Value y) {
    Operation *a = x.getDefiningOp(), *b = y.getDefiningOp();
    return x == y || (a && b && a->getNumResults() == 1 && isMemoryEffectFree(a) &&
                      OperationEquivalence::isEquivalentTo(a, b, OperationEquivalence::IgnoreLocations));
  }

  /// Moves what `v` is computed from to before `point`.
  void hoist(Value v, Operation *point) {
    Operation *op = v.getDefiningOp();
    if (!op || steps.lookup(op) < steps.lookup(point))
      return;
    for (Value operand : op->getOperands())
      hoist(operand, point);
    op->moveBefore(point);
    steps[op] = steps.lookup(point) - 1;
  }

  /// Of one level, in order.
  LogicalResult plan(ArrayRef<rt::AllocOp> all) {
    SmallVector<rt::AllocOp> allocs;
    for (rt::AllocOp alloc : all)
      if (!placeOf.contains(alloc))
        allocs.push_back(alloc);
    if (failed(planOwn(allocs)))
      return failure();
    for (rt::AllocOp alloc : all)
      if (rt::AllocOp before = placeOf.lookup(alloc)) {
        Value slice = slices.lookup(before);
        slices[alloc] = slice;
        alloc.replaceAllUsesWith(slice);
      }
    return success();
  }

  LogicalResult planOwn(ArrayRef<rt::AllocOp> allocs) {
    rt::AllocOp first = allocs.front();
    SmallVector<dlc_interval> live;
    SmallVector<int64_t> sizes;
    SmallVector<Value> bytes;
    bool isStatic = true;
    for (rt::AllocOp alloc : allocs) {
      live.push_back(lives.lookup(alloc));
      bytes.push_back(alloc.getBytes());
      APInt size;
      isStatic &= matchPattern(alloc.getBytes(), m_ConstantInt(&size));
      if (isStatic)
        sizes.push_back(size.getSExtValue());
    }
    for (Value v : bytes)
      hoist(v, first);
    b.setInsertionPoint(first);
    return isStatic ? placeNow(allocs, live, sizes) : placeLater(allocs, live, bytes);
  }

  Type bufferType() { return rt::BufferType::get(b.getContext()); }

  void replace(rt::AllocOp alloc, Value block, llvm::function_ref<Value()> offset) {
    b.setInsertionPoint(alloc);
    Value slice = rt::SliceOp::create(b, alloc.getLoc(), bufferType(), block, offset());
    alloc.replaceAllUsesWith(slice);
    slices[alloc] = slice;
  }

  /// The most bytes that are live at one step.
  static int64_t mostLive(ArrayRef<dlc_interval> live, ArrayRef<int64_t> sizes) {
    std::map<int32_t, int64_t> changes;
    for (auto [interval, size] : llvm::zip(live, sizes)) {
      changes[interval.first] += size;
      changes[interval.last + 1] -= size;
    }
    int64_t now = 0, most = 0;
    for (auto [step, change] : changes)
      most = std::max(most, now += change);
    return most;
  }

  LogicalResult placeNow(ArrayRef<rt::AllocOp> allocs, ArrayRef<dlc_interval> live, ArrayRef<int64_t> sizes) {
    std::vector<int64_t> offsets(allocs.size());
    std::vector<char> workspace(placementScratch(allocs.size()));
    int64_t total = place(allocs.size(), live.data(), sizes.data(), offsets.data(), workspace.data());
    if (total < 0)
      return function.emitError() << "the intermediate values of '" << function.getSymName()
                                  << "' exceed the address space";
    memory.arena += total;
    memory.live += mostLive(live, sizes);
    segmentBytes.resize(segments + 1);
    segmentBytes[segments] = total;
    Location loc = function.getLoc();
    Value bytes = arith::ConstantIndexOp::create(b, loc, total);
    Value block = rt::BlockOp::create(b, loc, bufferType(), segments++, bytes);
    for (auto [alloc, offset] : llvm::zip(allocs, offsets))
      replace(alloc, block, [&, offset = offset] {
        return arith::ConstantIndexOp::create(b, loc, offset).getResult();
      });
    return success();
  }

  LogicalResult placeLater(ArrayRef<rt::AllocOp> allocs, ArrayRef<dlc_interval> live, ArrayRef<Value> sizes) {
    Location loc = function.getLoc();
    SmallVector<int32_t> steps;
    for (dlc_interval i : live)
      steps.append({i.first, i.last});
    Value plan = rt::PlanOp::create(b, loc, rt::PlanType::get(b.getContext()), segments, steps, sizes);
    auto offset = [&](int64_t i) { return rt::OffsetOp::create(b, loc, b.getIndexType(), plan, i).getResult(); };
    Value block = rt::BlockOp::create(b, loc, bufferType(), segments++, offset(allocs.size()));
    for (auto [i, alloc] : llvm::enumerate(allocs))
      replace(alloc, block, [&, i = i] { return offset(i); });
    return success();
  }

  /// One block serves all launches: the most that any of them needs. Those whose need is known late get their own.
  void placeScratch() {
    SmallVector<rt::ScratchOp> early, late;
    for (rt::ScratchOp scratch : scratches)
      (levels.lookup(scratch.getBytes()) ? late : early).push_back(scratch);
    if (!early.empty()) {
      rt::ScratchOp first = early.front();
      llvm::SmallSetVector<Value, 8> sizes;
      int64_t most = 0;
      for (rt::ScratchOp scratch : early) {
        APInt size;
        if (matchPattern(scratch.getBytes(), m_ConstantInt(&size)))
          most = std::max(most, size.getSExtValue());
        else
          sizes.insert(scratch.getBytes());
      }
      for (Value v : sizes)
        hoist(v, first);
      b.setInsertionPoint(first);
      memory.scratch = most;
      Value bytes = arith::ConstantIndexOp::create(b, first.getLoc(), most);
      for (Value v : sizes)
        bytes = arith::MaxSIOp::create(b, first.getLoc(), bytes, v);
      Value block = blockForWorkers(first, bytes);
      for (rt::ScratchOp scratch : early)
        scratch.replaceAllUsesWith(block);
      ++segments;
    }
    for (rt::ScratchOp scratch : late)
      scratch.replaceAllUsesWith(blockForWorkers(scratch, scratch.getBytes()));
    segments += !late.empty();
    for (rt::ScratchOp scratch : scratches)
      scratch.erase();
  }

  Value blockForWorkers(rt::ScratchOp at, Value bytes) {
    b.setInsertionPoint(at);
    Location loc = at.getLoc();
    Value workers = rt::WorkersOp::create(b, loc, b.getIndexType());
    Value total = rt::BytesOp::create(b, loc, b.getIndexType(), ValueRange{bytes, workers},
                                      ArrayRef<int64_t>{ShapedType::kDynamic, ShapedType::kDynamic}, 1);
    return rt::BlockOp::create(b, loc, bufferType(), segments, total);
  }

  func::FuncOp function;
  OpBuilder b;
  llvm::DenseMap<Operation *, int32_t> steps;
  llvm::DenseMap<Value, int32_t> levels; ///< absent: 0
  std::map<int32_t, SmallVector<rt::AllocOp>> byLevel;
  llvm::DenseMap<Operation *, dlc_interval> lives;       ///< of the buffer and of those that take its place
  llvm::DenseMap<Operation *, rt::AllocOp> placeOf;      ///< whose place a buffer takes
  llvm::DenseMap<Operation *, Value> slices;
  SmallVector<rt::ScratchOp> scratches;
};

struct PlanMemory : impl::PlanMemoryPassBase<PlanMemory> {
  explicit PlanMemory(HostProgram *program = nullptr) : program(program) {}
  PlanMemory(const PlanMemory &other) : PlanMemoryPassBase(other), program(other.program) {}

  /// Plans a function and then the bodies that it runs, whose segments follow.
  LogicalResult plan(func::FuncOp function, SymbolTable &symbols, HostProgram::Function &all) {
    Planner planner(function, all.segments);
    if (failed(planner.run()))
      return failure();
    all.segments = planner.segments;
    all.memory.arena += planner.memory.arena;
    all.memory.live += planner.memory.live;
    all.memory.scratch = std::max(all.memory.scratch, planner.memory.scratch);
    all.segmentBytes.resize(std::max(all.segmentBytes.size(), planner.segmentBytes.size()));
    for (auto [bytes, planned] : llvm::zip(all.segmentBytes, planner.segmentBytes))
      bytes = std::max(bytes, planned);
    auto planBody = [&](StringRef name) {
      auto body = symbols.lookup<func::FuncOp>(name);
      return body ? plan(body, symbols, all) : failure();
    };
    for (Operation &op : function.getBody().front()) {
      if (auto branch = dyn_cast<rt::IfOp>(op))
        if (failed(planBody(branch.getFirst())) || failed(planBody(branch.getSecond())))
          return failure();
      if (auto loop = dyn_cast<rt::LoopOp>(op); loop && failed(planBody(loop.getBody())))
        return failure();
      if (auto scan = dyn_cast<rt::ScanOp>(op); scan && failed(planBody(scan.getBody())))
        return failure();
    }
    return success();
  }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr("dlc.entry"))
        continue;
      HostProgram::Function all;
      if (failed(plan(function, symbols, all)))
        return signalPassFailure();
      Builder b(&getContext());
      function->setAttr("rt.segments", b.getI64IntegerAttr(all.segments));
      function->setAttr("rt.arena_bytes", b.getI64IntegerAttr(all.memory.arena));
      if (program) {
        auto &info = program->function(function.getSymName());
        info.segments = std::max(info.segments, all.segments);
        info.memory.raiseTo(all.memory);
        info.segmentBytes.resize(std::max(info.segmentBytes.size(), all.segmentBytes.size()));
        for (auto [most, bytes] : llvm::zip(info.segmentBytes, all.segmentBytes))
          most = std::max(most, bytes);
      }
    }
  }

  HostProgram *program;
};
} // namespace

std::unique_ptr<Pass> createPlanMemoryPass(HostProgram &program) { return std::make_unique<PlanMemory>(&program); }

} // namespace dlc
