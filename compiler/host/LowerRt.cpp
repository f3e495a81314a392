//===- LowerRt.cpp - Host programs as calls of the runtime ----------------===//
//
// Before: functions of rt ops and index computations. After: `i32 @run(ptr context, ptr inputs, ptr symbols)`, a
// dlc_entry, which fills a closure and calls dlc_rt_launch for each launch. Here, because what is left of both host and
// kernels now goes through the same conversion to LLVM.
//
// A function with many launches is cut into parts of a few hundred, since code generation is not linear in the size of
// a function. Addresses are computed where they are used: inputs, blobs and slices cost an instruction or two, and
// nothing stays live from launch to launch. What the parts share (blocks, outputs, numbers) lies in a frame of 8-byte
// words on the stack of the first function.
//
// A body of a control op becomes `i32 @body(ptr context, ptr inputs, ptr symbols, ptr results)`, a dlc_body; an rt.if calls
// one of two, an rt.loop leaves the turns to the runtime.
//
//===----------------------------------------------------------------------===//
#include "compiler/host/HostCode.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_LOWERRTPASS
#include "compiler/Passes.h.inc"

namespace {
/// Ops of a part that cost a few instructions or more.
constexpr unsigned maxWorkOps = 256;

class Lowering {
public:
  Lowering(func::FuncOp source, Thunks &thunks)
      : source(source), module(source->getParentOfType<ModuleOp>()), thunks(thunks) {}

  LogicalResult run() {
    Type ptr = LLVM::LLVMPointerType::get(source.getContext()), i32 = IntegerType::get(source.getContext(), 32);
    SmallVector<SmallVector<Operation *>> parts = cut();
    SmallVector<Type> arguments(source->hasAttr("dlc.body") ? 4 : 3, ptr);
    OwningOpRef<func::FuncOp> target = make(source.getSymName(), arguments, i32);
    target->setVisibility(source.getVisibility());
    for (NamedAttribute a : source->getDiscardableAttrs())
      (*target)->setAttr(a.getName(), a.getValue());
    if (source->hasAttr("dlc.body"))
      (*target)->setAttr("llvm.linkage", LLVM::LinkageAttr::get(source.getContext(), LLVM::Linkage::Internal));
    HostCode body(module, thunks.symbols, *target, nullptr);
    if (parts.size() == 1) {
      if (failed(lower(parts.front(), body)))
        return failure();
    } else {
      Slots slots = share(parts);
      Value frame = body.alloca(8 * slots.size());
      for (auto [i, part] : llvm::enumerate(parts)) {
        func::FuncOp function = make((source.getSymName() + ".part" + Twine(i)).str(), {ptr, ptr, ptr, ptr, ptr}, i32);
        function.setPrivate();
        // Called once: LLVM would put it back together.
        function->setAttr("passthrough", Builder(source.getContext()).getStrArrayAttr({"noinline"}));
        function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(source.getContext(), LLVM::Linkage::Internal));
        thunks.symbols.insert(function, Block::iterator(source));
        HostCode partBody(module, thunks.symbols, function, &slots);
        if (failed(lower(part, partBody)))
          return failure();
        partBody.returnOk();
        body.callPart(function, frame);
      }
    }
    body.returnStatus();
    Block::iterator place = std::next(Block::iterator(source));
    thunks.symbols.erase(source);
    thunks.symbols.insert(target.release(), place);
    return success();
  }

private:
  func::FuncOp make(StringRef name, TypeRange arguments, Type result) {
    return func::FuncOp::create(source.getLoc(), name, FunctionType::get(source.getContext(), arguments, result));
  }

  SmallVector<SmallVector<Operation *>> cut() {
    SmallVector<SmallVector<Operation *>> parts(1);
    unsigned work = 0;
    for (Operation &op : source.getBody().front().without_terminator()) {
      if (isa<rt::LaunchOp, rt::CopyOp, rt::StoreDimsOp, rt::ReadOp, rt::OutputOp, rt::ResultOp, rt::IfOp, rt::LoopOp, rt::ScanOp>(op) &&
          ++work > maxWorkOps) {
        parts.emplace_back();
        work = 1;
      }
      parts.back().push_back(&op);
    }
    return parts;
  }

  static Slots share(ArrayRef<SmallVector<Operation *>> parts) {
    Slots slots;
    for (auto &part : parts)
      for (Operation *op : part)
        for (Value v : op->getResults())
          if (isKept(v))
            slots.try_emplace(v, slots.size());
    return slots;
  }

  LogicalResult lower(ArrayRef<Operation *> ops, HostCode &code) {
    for (Operation *op : ops)
      if (failed(lower(op, code)))
        return failure();
    return success();
  }

  LogicalResult lower(Operation *op, HostCode &code) {
    code.loc = op->getLoc();
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        // Made where they are used.
        .Case<rt::InputOp, rt::ConstantOp, rt::SliceOp, rt::OffsetOp, rt::SymbolOp, arith::ConstantOp>(
            [](auto) { return success(); })
        .Case([&](rt::LaunchOp launch) { return lowerLaunch(launch, code); })
        .Case([&](rt::BytesOp bytes) {
          code.define(bytes, code.bytes(code.numbers(bytes.getDims(), bytes.getStaticDims()), bytes.getWidth()));
          return success();
        })
        .Case([&](rt::ReadOp read) {
          code.define(read, code.read(code.pointer(read.getBuffer()), read.getIndex(), read.getElementType()));
          return success();
        })
        .Case([&](rt::WorkersOp workers) {
          Value n = code.call("dlc_rt_workers", code.b.getI32Type(), code.context());
          code.define(workers, arith::IndexCastOp::create(code.b, code.loc, code.b.getIndexType(), n));
          return success();
        })
        .Case([&](rt::BlockOp block) {
          Value memory = code.call("dlc_rt_block", code.ptr(), {code.context(), code.i32(block.getSegment()),
                                                                code.i64(block.getBytes())});
          code.returnStatusIfNull(memory);
          code.define(block, memory);
          return success();
        })
        .Case([&](rt::OutputOp output) {
          Value dims = code.store(code.numbers(output.getDims(), output.getStaticDims()));
          Value memory =
              code.call("dlc_rt_output", code.ptr(), {code.context(), code.i32(output.getIndex()), dims});
          code.returnStatusIfNull(memory);
          code.define(output, memory);
          return success();
        })
        .Case([&](rt::ResultOp result) {
          SmallVector<Value> dims = code.numbers(result.getDims(), result.getStaticDims());
          Value memory = code.call("dlc_rt_result", code.ptr(),
                                   {code.context(), code.word(code.results(), result.getPlace()), code.i32(dims.size()),
                                    code.store(dims), code.i64(result.getBytes())});
          code.returnStatusIfNull(memory);
          code.define(result, memory);
          return success();
        })
        .Case([&](rt::IfOp branch) { return lowerIf(branch, code); })
        .Case([&](rt::LoopOp loop) { return lowerLoop(loop, code); })
        .Case([&](rt::ScanOp scan) {
          lowerScan(scan, code);
          return success();
        })
        .Case([&](rt::PlaceOp place) {
          code.define(place, code.load(code.ptr(), code.results(), place.getIndex()));
          return success();
        })
        .Case([&](rt::PlanOp plan) {
          code.define(plan, code.plan(plan));
          return success();
        })
        .Case([&](rt::StateOp state) {
          code.define(state, code.call("dlc_rt_state", code.ptr(), {code.context(), code.i32(state.getIndex())}));
          return success();
        })
        .Case([&](rt::StopIfFailedOp) {
          code.returnUnlessZero(code.call("dlc_rt_status", code.b.getI32Type(), code.context()));
          return success();
        })
        .Case([&](rt::CopyOp copy) {
          LLVM::MemcpyOp::create(code.b, code.loc, code.pointer(copy.getTo()), code.pointer(copy.getFrom()),
                                 code.i64(copy.getBytes()), /*isVolatile=*/false);
          return success();
        })
        .Case([&](rt::StoreDimsOp store) {
          code.store(code.numbers(store.getDims(), store.getStaticDims()), code.pointer(store.getTo()));
          return success();
        })
        .Case([&](rt::RequireOp require) {
          code.require(require);
          return success();
        })
        .Case([&](affine::AffineApplyOp apply) {
          SmallVector<Value> operands;
          for (Value v : apply.getMapOperands())
            operands.push_back(code.number(v));
          AffineMap map = apply.getAffineMap();
          ArrayRef<Value> all(operands);
          code.define(apply, code.expand(map.getResult(0), all.take_front(map.getNumDims()),
                                         all.drop_front(map.getNumDims())));
          return success();
        })
        .Case<arith::AddIOp, arith::MulIOp>([&](auto both) -> LogicalResult {
          if (!both.getType().isIndex())
            return both.emitError() << "the host computes with index values";
          Value x = code.number(both.getLhs()), y = code.number(both.getRhs());
          code.define(both, isa<arith::AddIOp>(*both) ? code.saturatingSum(x, y) : code.saturatingProduct(x, y));
          return success();
        })
        .Default([&](Operation *other) -> LogicalResult {
          if (other->getNumRegions() || other->getNumResults() != 1 || !isMemoryEffectFree(other))
            return other->emitError() << "the host cannot run this op";
          IRMapping mapping;
          for (Value v : other->getOperands())
            mapping.map(v, code.number(v));
          code.define(other->getResult(0), code.b.clone(*other, mapping)->getResult(0));
          return success();
        });
  }

  LogicalResult lowerLaunch(rt::LaunchOp launch, HostCode &code) {
    const Thunks::Thunk *thunk = thunks.get(launch);
    if (!thunk)
      return failure();
    APInt constantTiles;
    bool isConstant = matchPattern(launch.getTiles(), m_ConstantInt(&constantTiles));
    if (isConstant && constantTiles.isZero())
      return success();
    Value closure = code.closure(thunks.closureBytes(launch, *thunk));
    unsigned word = 0;
    for (Value buffer : buffersOf(launch))
      code.storeWord(code.pointer(buffer), closure, word++);
    for (Value dim : launch.getDims())
      code.storeWord(code.i64(dim), closure, word++);
    if (thunk->status)
      code.storeWord(code.i64(int64_t(0)), closure, word);

    LLVM::LLVMFuncOp task(thunk->function);
    Value tiles = code.i64(launch.getTiles());
    auto callRuntime = [&] {
      Value descriptor = code.launch(launch, task.getSymName(), buffersOf(launch).size());
      code.call("dlc_rt_launch", {}, {code.context(), descriptor, closure, tiles});
    };
    if (isConstant && constantTiles.sle(launch.getGrain()))
      code.unlessProfiled([&] {
        LLVM::CallOp::create(code.b, code.loc, task, ValueRange{closure, code.i64(int64_t(0)), tiles, code.i32(0)});
      }, callRuntime);
    else
      callRuntime();
    if (thunk->status)
      code.report(code.word(closure, word), launch.getNode());
    return success();
  }

  /// Words for what `ranks` tensors are: where each lies, and its dims.
  static int64_t wordsOf(ArrayRef<int32_t> ranks) {
    return std::accumulate(ranks.begin(), ranks.end(), int64_t(ranks.size()));
  }

  Value storePointers(ValueRange buffers, unsigned first, HostCode &code) {
    Value to = code.alloca(8 * (first + buffers.size()));
    for (auto [i, buffer] : llvm::enumerate(buffers))
      code.storeWord(code.pointer(buffer), to, first + i);
    return to;
  }

  SmallVector<Value> numbersOf(ValueRange values, HostCode &code) {
    return llvm::map_to_vector(values, [&](Value v) { return code.number(v); });
  }

  /// Says what the results of a control op are, which its bodies or the runtime have described in `from`.
  void defineResults(ValueRange buffers, ValueRange dims, ArrayRef<int32_t> ranks, Value from, HostCode &code) {
    int64_t place = 0;
    for (auto [buffer, rank] : llvm::zip(buffers, ranks)) {
      code.define(buffer, code.load(code.ptr(), from, place++));
      for (Value d : dims.take_front(rank))
        code.define(d, code.toIndex(code.load(code.b.getI64Type(), from, place++)));
      dims = dims.drop_front(rank);
    }
  }

  LogicalResult lowerIf(rt::IfOp op, HostCode &code) {
    OpBuilder &b = code.b;
    ArrayRef<int32_t> ranks = op.getRanks();
    Value results = code.alloca(8 * wordsOf(ranks));
    int64_t place = 0;
    for (auto [i, rank] : llvm::enumerate(ranks)) {
      code.storeWord(code.i64(op.getSegment() + int64_t(i)), results, place);
      place += 1 + rank;
    }
    SmallVector<Value> arguments{code.context(), storePointers(op.getInputs(), 0, code),
                                 code.store(numbersOf(op.getSymbols(), code)), results};
    Value zero = arith::ConstantIndexOp::create(b, code.loc, 0);
    Value holds = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ne, code.number(op.getCondition()), zero);
    auto call = [&](FlatSymbolRefAttr body) {
      return [&, body](OpBuilder &inner, Location loc) {
        Value status = func::CallOp::create(inner, loc, body, b.getI32Type(), arguments).getResult(0);
        scf::YieldOp::create(inner, loc, status);
      };
    };
    auto branch = scf::IfOp::create(b, code.loc, holds, call(op.getFirstAttr()), call(op.getSecondAttr()));
    code.returnUnlessZero(branch.getResult(0));
    defineResults(op.getBuffers(), op.getDims(), ranks, results, code);
    return success();
  }

  Value addressOf(FlatSymbolRefAttr body, HostCode &code) {
    auto type = FunctionType::get(code.b.getContext(), SmallVector<Type>(4, code.ptr()), code.b.getI32Type());
    Value function = func::ConstantOp::create(code.b, code.loc, type, body);
    return UnrealizedConversionCastOp::create(code.b, code.loc, code.ptr(), function).getResult(0);
  }

  /// As dlc_rt_scan reads it: see runtime/program.h.
  void lowerScan(rt::ScanOp op, HostCode &code) {
    unsigned carried = op.getInitial().size(), stacks = op.getStacks().size();
    SmallVector<int32_t> table{int32_t(carried), int32_t(op.getSteps().size()), int32_t(stacks)};
    llvm::append_range(table, op.getReversed());
    SmallVector<Value> inputs(op.getInitial()), places(op.getFinal());
    llvm::append_range(inputs, op.getSteps());
    llvm::append_range(inputs, op.getCaptured());
    llvm::append_range(places, op.getSpare());
    llvm::append_range(places, op.getStacks());
    std::string name;
    for (int i = 0; name.empty() || thunks.symbols.lookup(name); ++i)
      name = (source.getSymName() + ".scan" + Twine(i)).str();
    Value status = code.call("dlc_rt_scan", code.b.getI32Type(),
                             {code.context(), addressOf(op.getBodyAttr(), code), code.table(name, table),
                              code.i64(op.getTrips()), storePointers(inputs, 0, code),
                              code.store(numbersOf(op.getSymbols(), code)), storePointers(places, 0, code),
                              code.store(numbersOf(op.getBytes(), code)), code.alloca(8 * (carried + stacks))});
    code.returnUnlessZero(status);
  }

  LogicalResult lowerLoop(rt::LoopOp op, HostCode &code) {
    OpBuilder &b = code.b;
    ArrayRef<int32_t> ranks = op.getRanks();
    unsigned carried = op.getCarried().size();
    // As dlc_rt_loop reads it: see runtime/program.h.
    SmallVector<int32_t> table{int32_t(carried), int32_t(ranks.size() - carried), int32_t(op.getSources().size()),
                               int32_t(op.getSegment()), int32_t(op.getNode())};
    llvm::append_range(table, ranks);
    llvm::append_range(table, op.getWidths());
    llvm::append_range(table, op.getSources());
    SmallVector<Value> buffers(op.getCarried());
    llvm::append_range(buffers, op.getCaptured());
    Value results = code.alloca(8 * wordsOf(ranks));
    int64_t place = 0;
    ValueRange dims = op.getStartDims();
    for (int32_t rank : ranks) {
      for (auto [axis, d] : llvm::enumerate(dims.take_front(rank)))
        code.storeWord(code.i64(d), results, place + 1 + axis);
      dims = dims.drop_front(rank);
      place += 1 + rank;
    }
    // A turn's results are the condition and all others, with stacks of one dim less.
    Value turn = code.alloca(8 * (1 + wordsOf(ranks))), body = addressOf(op.getBodyAttr(), code);
    Value status = code.call(
        "dlc_rt_loop", b.getI32Type(),
        {code.context(), body, code.table((source.getSymName() + ".loop" + Twine(op.getSegment())).str(), table),
         code.i64(op.getTrips()), code.i64(op.getCondition()), storePointers(buffers, 2, code),
         code.store(numbersOf(op.getSymbols(), code)), results, turn});
    code.returnUnlessZero(status);
    defineResults(op.getBuffers(), op.getDims(), ranks, results, code);
    return success();
  }

  func::FuncOp source;
  ModuleOp module;
  Thunks &thunks;
};

struct LowerRt : impl::LowerRtPassBase<LowerRt> {
  void runOnOperation() override {
    Thunks thunks(getOperation());
    SmallVector<func::FuncOp> functions;
    for (auto f : getOperation().getOps<func::FuncOp>())
      if (f->hasAttr("dlc.entry") || f->hasAttr("dlc.body"))
        functions.push_back(f);
    for (func::FuncOp f : functions)
      if (failed(Lowering(f, thunks).run()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace dlc
