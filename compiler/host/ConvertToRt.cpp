//===- ConvertToRt.cpp - From tensors to buffers and launches -------------===//
//
// Before: functions of tensors with rt.call, dl.constant, dl.view and index computations. After: functions without
// arguments over !rt.buffer, where every launch writes a buffer of its own, or the caller's when its result is returned;
// HostProgram knows the ports, symbols, nodes and blobs. Here, because the kernels have been compiled and say how many
// tiles and how much scratch memory they have.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/host/Converter.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"
#include "runtime/program.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_CONVERTTORTPASS
#include "compiler/Passes.h.inc"

/// The names of the model's nodes behind a location, each once; of a node in a text without a name, its line.
static void collectNames(Location loc, std::vector<std::string> &names) {
  auto add = [&](std::string name) {
    if (!llvm::is_contained(names, name))
      names.push_back(std::move(name));
  };
  if (auto named = dyn_cast<NameLoc>(loc))
    add(named.getName().str());
  else if (auto line = dyn_cast<FileLineColLoc>(loc))
    add((llvm::sys::path::filename(line.getFilename()) + ":" + Twine(line.getLine())).str());
  else if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location inner : fused.getLocations())
      collectNames(inner, names);
}

FailureOr<func::FuncOp> Converter::run() {
  b.setInsertionPoint(source);
  target = func::FuncOp::create(b, source.getLoc(), source.getSymName(), b.getFunctionType({}, {}));
  target.setVisibility(source.getVisibility());
  target->setAttr(isBody ? "dlc.body" : "dlc.entry", b.getUnitAttr());
  if (hasPlaces)
    target->setAttr("dlc.places", b.getUnitAttr());
  b.setInsertionPointToStart(target.addEntryBlock());
  // Nobody outside calls a body, so the program's tables do not list it.
  if (!isBody) {
    info = program.function(source.getSymName());
    info.inputs.clear();
    info.outputs.clear();
    info.symbols.clear();
    info.launches = 0;
    info.stateAccess = DLC_STATE_UNUSED;
    info.copiedStates.clear();
  }
  if (failed(convertArguments()) || failed(nameOutputs()))
    return failure();
  claimOutputs();
  for (Operation &op : source.getBody().front())
    if (failed(convert(&op)))
      return failure();
  if (!isBody)
    program.function(source.getSymName()) = std::move(info);
  return target;
}

LogicalResult Converter::convertCall(rt::CallOp call) {
  Location loc = call.getLoc();
  auto callee = symbolTable.lookup<func::FuncOp>(call.getCallee());
  if (!callee)
    return call.emitError() << "calls '" << call.getCallee() << "', which is no function";
  SmallVector<Value> inputs, outputs, symbols;
  for (Value v : call.getInputs())
    inputs.push_back(buffers.lookup(withoutViews(v)));
  for (Value v : call.getSymbols()) {
    symbols.push_back(index(v));
    if (!symbols.back())
      return call.emitError() << "a dim cannot be computed before the launch";
  }
  for (Value v : call.getResults()) {
    FailureOr<Value> buffer = destination(v, loc);
    if (failed(buffer))
      return failure();
    buffers[v] = *buffer;
    outputs.push_back(*buffer);
  }
  auto number = [&](StringRef attribute, int64_t otherwise) -> Value {
    auto map = callee->getAttrOfType<AffineMapAttr>(attribute);
    OpFoldResult n = map ? evaluate(loc, map.getValue().getResult(0), call.getSymbols()) : b.getIndexAttr(otherwise);
    return getValueOrCreateConstantIndexOp(b, loc, n);
  };
  Value scratch;
  if (callee->hasAttr("dlc.scratch"))
    scratch = rt::ScratchOp::create(b, loc, rt::BufferType::get(b.getContext()), number("dlc.scratch", 0));
  auto grain = callee->getAttrOfType<IntegerAttr>("dlc.grain");
  auto launch = rt::LaunchOp::create(b, loc, call.getCalleeAttr(), inputs, outputs, scratch, symbols, number("dlc.tiles", 1),
                                     b.getI64IntegerAttr(grain ? grain.getInt() : 1), call.getNodeAttr());
  if (auto inPlace = callee->getAttrOfType<ArrayAttr>(inPlaceAttrName))
    launch->setAttr(inPlaceAttrName, inPlace);
  ++info.launches;

  auto ops = callee->getAttrOfType<StringAttr>("dlc.ops");
  addNode(call.getNode(), loc, ops ? ops.getValue() : "");
  program.nodes[call.getNode() - 1].kernel = call.getCallee().str();
  if (auto work = callee->getAttrOfType<StringAttr>("dlc.work"))
    program.kernels[call.getCallee().str()] = work.str();
  return success();
}

LogicalResult Converter::convertRequire(dl::RequireOp op) {
  Value lhs = index(op.getA()), rhs = op.getB() ? index(op.getB()) : Value();
  if (!lhs || (op.getB() && !rhs))
    return op.emitError() << "a dim cannot be computed before the launch that needs it";
  addNode(++lastNode, op.getLoc(), op.getOp(), op.getExpects());
  rt::RequireOp::create(b, op.getLoc(), lhs, rhs, op.getOrOne(), op.getAtMost(), lastNode);
  return success();
}

void Converter::addNode(int64_t id, Location loc, StringRef ops, StringRef expects) {
  std::vector<std::string> names;
  collectNames(loc, names);
  if (program.nodes.size() < size_t(id))
    program.nodes.resize(id);
  program.nodes[id - 1] = {id, std::move(names), ops.str(), expects.str()};
}

LogicalResult Converter::convert(Operation *op) {
  Location loc = op->getLoc();
  if (auto call = dyn_cast<rt::CallOp>(op))
    return convertCall(call);
  if (isa<func::ReturnOp>(op))
    return convertReturn(op);
  if (auto branch = dyn_cast<dl::IfOp>(op); branch && branch.getBodies())
    return convertIf(branch);
  if (auto loop = dyn_cast<dl::LoopOp>(op); loop && loop.getBodies())
    return convertLoop(loop);
  if (auto scan = dyn_cast<dl::ScanOp>(op); scan && scan.getBodies())
    return convertScan(scan);
  if (isa<dl::ViewOp>(op))
    return success();
  if (auto require = dyn_cast<dl::RequireOp>(op))
    return convertRequire(require);
  if (auto constant = dyn_cast<dl::ConstantOp>(op)) {
    if (constant.use_empty())
      return success();
    const HostProgram::Blob *blob = program.addConstant(constant.getValue());
    if (!blob)
      return op->emitError() << "the data of this constant is missing";
    buffers[constant] = rt::ConstantOp::create(b, loc, rt::BufferType::get(b.getContext()), blob->symbol);
    return success();
  }
  if (auto shape = dyn_cast<dl::ShapeOfOp>(op)) {
    auto dims = dimsOf(loc, shape.getX());
    FailureOr<Value> to = destination(shape, loc);
    if (failed(dims) || failed(to))
      return op->emitError() << "these dims are not known";
    SmallVector<Value> dynamic;
    SmallVector<int64_t> fixed;
    dispatchIndexOpFoldResults(*dims, dynamic, fixed);
    rt::StoreDimsOp::create(b, loc, *to, dynamic, fixed);
    buffers[shape] = *to;
    return success();
  }
  if (op->getNumResults() == 1 && op->getResult(0).getType().isIntOrIndex()) {
    if (op->getResult(0).use_empty() || index(op->getResult(0)))
      return success();
    return op->emitError() << "the host cannot compute this number";
  }
  return op->emitError() << "the host cannot run this op";
}

namespace {
struct ConvertToRt : impl::ConvertToRtPassBase<ConvertToRt> {
  explicit ConvertToRt(HostProgram *program = nullptr) : given(program) {}
  ConvertToRt(const ConvertToRt &other) : ConvertToRtPassBase(other), given(other.given) {}

  void runOnOperation() override {
    HostProgram own;
    HostProgram &program = given ? *given : own;
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions;
    llvm::StringMap<SymbolPlaces> bodies;
    for (auto f : getOperation().getOps<func::FuncOp>()) {
      bool isBody = f->hasAttr("dlc.body");
      if (isBody)
        bodies[f.getSymName()] = symbolsOf(f);
      if ((isBody || f.isPublic()) && !f.isDeclaration() && !f->hasAttr("dlc.kernel") && !f->hasAttr("dlc.entry"))
        functions.push_back(f);
    }
    if (failed(addStates(program)))
      return signalPassFailure();
    int64_t lastNode = 0;
    getOperation().walk([&](rt::CallOp call) { lastNode = std::max<int64_t>(lastNode, call.getNode()); });
    for (func::FuncOp source : functions) {
      FailureOr<func::FuncOp> target = Converter(source, symbols, bodies, program, lastNode).run();
      if (failed(target))
        return signalPassFailure();
      source.erase();
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance(*target);
      eliminateCommonSubExpressions(rewriter, dominance, *target);
    }
  }

  LogicalResult addStates(HostProgram &program) {
    program.states.clear(); // each variant says the same
    for (auto state : llvm::make_early_inc_range(getOperation().getOps<dl::StateOp>())) {
      auto type = state.getValue().getShapedType();
      const HostProgram::Blob *initial = program.addConstant(state.getValue());
      int32_t dtype = dtypeCode(type.getElementType());
      if (!initial || !dtype)
        return state.emitError() << "has no value, or one of a type that libraries cannot keep";
      program.states.push_back({state.getSymName().str(), dtype, type.getShape().vec(), initial->symbol});
      state.erase();
    }
    return success();
  }

  HostProgram *given;
};
} // namespace

std::unique_ptr<Pass> createConvertToRtPass(HostProgram &program) { return std::make_unique<ConvertToRt>(&program); }

} // namespace dlc
