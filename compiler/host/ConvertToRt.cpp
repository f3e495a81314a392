//===- ConvertToRt.cpp - From tensors to buffers and launches -------------===//
//
// Before: functions of tensors with rt.call, dl.constant, dl.view and index computations. After: functions without
// arguments over !rt.buffer, where every launch writes a buffer of its own, or the caller's when its result is returned;
// HostProgram knows the ports, symbols, nodes and blobs. Here, because the kernels have been compiled and say how many
// tiles and how much scratch memory they have.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/host/HostProgram.h"
#include "dialects/dl/Dialect.h"
#include "dialects/rt/Dialect.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/CSE.h"
#include "runtime/program.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Path.h"
#include <numeric>

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_CONVERTTORTPASS
#include "compiler/Passes.h.inc"

namespace {
/// No dim of a tensor in memory is larger, and sums and small products of such dims do not overflow.
constexpr int64_t largestDim = int64_t(1) << 40;
/// Attribute of arguments and results that are a state of the model, and of its next value.
constexpr llvm::StringLiteral stateName = "dl.state";

int32_t dtypeOf(Type t) {
  return llvm::TypeSwitch<Type, int32_t>(t)
      .Case([](Float32Type) { return DLC_F32; })
      .Case([](Float64Type) { return DLC_F64; })
      .Case([](Float16Type) { return DLC_F16; })
      .Case([](BFloat16Type) { return DLC_BF16; })
      .Case([](IntegerType i) -> int32_t {
        bool isUnsigned = i.isUnsigned();
        switch (i.getWidth()) {
        case 1:
          return DLC_BOOL;
        case 8:
          return isUnsigned ? DLC_U8 : DLC_I8;
        case 16:
          return isUnsigned ? DLC_U16 : DLC_I16;
        case 32:
          return isUnsigned ? DLC_U32 : DLC_I32;
        case 64:
          return isUnsigned ? DLC_U64 : DLC_I64;
        default:
          return 0;
        }
      })
      .Default([](Type) { return 0; });
}

/// The names of the model's nodes behind a location, each once; of a node in a text without a name, its line.
void collectNames(Location loc, std::vector<std::string> &names) {
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

Type elementTypeOf(Value v) { return cast<ShapedType>(v.getType()).getElementType(); }

Value withoutViews(Value v) {
  while (auto view = v.getDefiningOp<dl::ViewOp>())
    v = view.getX();
  return v;
}

/// A dim that a function takes as a symbol: the first place where its arguments have it.
struct SymbolPlace {
  std::string name;
  unsigned argument, axis;
};
using SymbolPlaces = SmallVector<SymbolPlace>;

std::string nameOf(Attribute name, const char *otherwise, unsigned index) {
  auto text = dyn_cast_or_null<StringAttr>(name);
  return text ? text.str() : otherwise + std::to_string(index);
}

std::string dimNameOf(func::FuncOp function, unsigned argument, unsigned axis) {
  auto names = function.getArgAttrOfType<ArrayAttr>(argument, "dl.dims");
  return names && axis < names.size()
             ? cast<StringAttr>(names[axis]).str()
             : nameOf(function.getArgAttr(argument, "dl.name"), "input", argument) + "_" + std::to_string(axis);
}

/// The symbols of a function in the order in which callers give them.
SymbolPlaces symbolsOf(func::FuncOp function) {
  SymbolPlaces places;
  llvm::StringSet<> known;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(type).getShape()))
      if (ShapedType::isDynamic(d))
        if (std::string name = dimNameOf(function, i, axis); known.insert(name).second)
          places.push_back({name, unsigned(i), unsigned(axis)});
  return places;
}

/// One function of the model, or, with the attribute `dlc.body`, one body of a control op.
class Converter {
public:
  /// `bodies`: the symbols of all bodies, by function name. `lastNode`: the last node number in use.
  Converter(func::FuncOp source, SymbolTable &symbolTable, const llvm::StringMap<SymbolPlaces> &bodies,
            HostProgram &program, int64_t &lastNode)
      : source(source), symbolTable(symbolTable), bodies(bodies), program(program), lastNode(lastNode),
        isBody(source->hasAttr("dlc.body")), b(source.getContext()) {}

  FailureOr<func::FuncOp> run() {
    b.setInsertionPoint(source);
    target = func::FuncOp::create(b, source.getLoc(), source.getSymName(), b.getFunctionType({}, {}));
    target.setVisibility(source.getVisibility());
    target->setAttr(isBody ? "dlc.body" : "dlc.entry", b.getUnitAttr());
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

private:
  //===--------------------------------------------------------------------===//
  // Ports
  //===--------------------------------------------------------------------===//

  LogicalResult convertArguments() {
    auto bounds = source->getAttrOfType<DictionaryAttr>("dl.symbol_bounds");
    for (const SymbolPlace &place : symbolsOf(source)) {
      HostProgram::Symbol symbol{place.name, 0, largestDim};
      if (auto range = bounds ? bounds.getAs<DenseI64ArrayAttr>(place.name) : nullptr; range && range.size() == 2)
        symbol.min = range[0], symbol.max = range[1];
      symbolIndex[place.name] = info.symbols.size();
      info.symbols.push_back(symbol);
    }
    for (BlockArgument argument : source.getArguments()) {
      unsigned i = argument.getArgNumber();
      if (auto name = source.getArgAttrOfType<StringAttr>(i, stateName)) {
        if (failed(convertState(argument, name.getValue())))
          return failure();
        continue;
      }
      HostProgram::Port port{nameOf(source.getArgAttr(i, "dl.name"), "input", i), dtypeOf(elementTypeOf(argument)), {}};
      if (!port.dtype)
        return source.emitError() << "input '" << port.name << "' has an element type that libraries cannot take: "
                                  << elementTypeOf(argument);
      for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(argument.getType()).getShape())) {
        if (ShapedType::isDynamic(d))
          port.dims.push_back({HostProgram::Dim::Symbol, symbolIndex.lookup(dimNameOf(source, i, axis))});
        else
          port.dims.push_back({HostProgram::Dim::Constant, d});
      }
      buffers[argument] = rt::InputOp::create(b, argument.getLoc(), rt::BufferType::get(b.getContext()), info.inputs.size());
      argumentDims[argument] = port.dims;
      info.inputs.push_back(std::move(port));
    }
    return success();
  }

  LogicalResult convertState(BlockArgument argument, StringRef name) {
    auto known = llvm::find_if(program.states, [&](const HostProgram::State &s) { return s.name == name; });
    if (known == program.states.end())
      return source.emitError() << "the module has no state '" << name << "'";
    auto type = cast<RankedTensorType>(argument.getType());
    if (ArrayRef<int64_t>(known->dims) != type.getShape() || known->dtype != dtypeOf(type.getElementType()))
      return source.emitError() << "takes state '" << name << "' as " << type << ", which it is not";
    int64_t index = known - program.states.begin();
    if (!stateArguments.try_emplace(index, argument).second)
      return source.emitError() << "takes state '" << name << "' twice";
    buffers[argument] = rt::StateOp::create(b, argument.getLoc(), rt::BufferType::get(b.getContext()), index, name);
    std::vector<HostProgram::Dim> &dims = argumentDims[argument];
    for (int64_t d : type.getShape())
      dims.push_back({HostProgram::Dim::Constant, d});
    info.stateAccess = std::max<int32_t>(info.stateAccess, DLC_STATE_READ);
    return success();
  }

  LogicalResult nameOutputs() {
    Operation *end = source.getBody().front().getTerminator();
    for (auto [i, v] : llvm::enumerate(end->getOperands())) {
      if (auto name = source.getResultAttrOfType<StringAttr>(i, stateName)) {
        auto argument = llvm::find_if(stateArguments, [&](auto &known) { return program.states[known.first].name == name; });
        if (argument == stateArguments.end() || argument->second.getType() != v.getType())
          return source.emitError() << "gives a next value of state '" << name.getValue() << "', of type " << v.getType()
                                    << ", and takes none of that type";
        places.push_back({/*isState=*/true, argument->first});
        info.stateAccess = DLC_STATE_WRITTEN;
        continue;
      }
      places.push_back({/*isState=*/false, int64_t(info.outputs.size())});
      HostProgram::Port port{nameOf(source.getResultAttr(i, "dl.name"), "output", i), dtypeOf(elementTypeOf(v)), {}};
      if (!port.dtype)
        return source.emitError() << "output '" << port.name << "' has an element type that libraries cannot give: "
                                  << elementTypeOf(v);
      info.outputs.push_back(std::move(port));
    }
    return success();
  }

  /// Finds the returned values that their producer can write to the caller's memory.
  void claimOutputs() {
    for (auto require : source.getBody().front().getOps<dl::RequireOp>())
      lastRequire = require;
    returned = source.getBody().front().getTerminator()->getOperands();
    for (auto [i, v] : llvm::enumerate(returned)) {
      Value root = withoutViews(v);
      if (!root.getDefiningOp() || !isa<rt::CallOp, dl::ShapeOfOp>(root.getDefiningOp()))
        continue;
      if (!places[i].isState || canReplace(stateArguments.lookup(places[i].index), root))
        claimed.try_emplace(root, i);
    }
  }

  /// Whether the kernel that makes `next` can write it where `old` lies: it may itself, whatever else reads the old
  /// value does so earlier, and no later check of dims ends the run with the old value gone.
  bool canReplace(Value old, Value next) {
    auto call = next.getDefiningOp<rt::CallOp>();
    auto callee = call ? symbolTable.lookup<func::FuncOp>(call.getCallee()) : func::FuncOp();
    auto inPlace = callee ? callee->getAttrOfType<ArrayAttr>("dlc.in_place") : ArrayAttr();
    ArrayRef<int64_t> allowed;
    if (inPlace)
      allowed = cast<DenseI64ArrayAttr>(inPlace[cast<OpResult>(next).getResultNumber()]).asArrayRef();
    if (lastRequire && call && call->isBeforeInBlock(lastRequire))
      return false;
    for (OpOperand &use : old.getUses()) {
      Operation *user = use.getOwner();
      if (user == call ? !llvm::is_contained(allowed, int64_t(use.getOperandNumber()))
                       : !call || !isa<rt::CallOp>(user) || !user->isBeforeInBlock(call))
        return false;
    }
    return true;
  }

  //===--------------------------------------------------------------------===//
  // Dims
  //===--------------------------------------------------------------------===//

  Value symbol(Location loc, StringRef name, int64_t index) {
    return rt::SymbolOp::create(b, loc, b.getIndexType(), index, name);
  }

  /// The value here of an index computation of the source, made when first asked for: null when it reads an element
  /// that has not been computed yet.
  Value index(Value v) {
    if (Value known = indices.lookup(v))
      return known;
    Operation *op = v.getDefiningOp();
    if (!op || op->getNumRegions() || op->getNumResults() != 1)
      return {};
    Location loc = op->getLoc();
    Value result;
    if (auto s = dyn_cast<dl::SymbolOp>(op)) {
      auto it = symbolIndex.find(s.getName());
      if (it == symbolIndex.end()) {
        op->emitError() << "no input has a dim called '" << s.getName() << "'";
        return {};
      }
      result = symbol(loc, s.getName(), it->second);
    } else if (auto read = dyn_cast<dl::ReadOp>(op)) {
      Value buffer = buffers.lookup(withoutViews(read.getX()));
      if (!buffer)
        return {};
      result = rt::ReadOp::create(b, loc, b.getIndexType(), buffer, read.getIndex(), elementTypeOf(read.getX()));
    } else if (auto dim = dyn_cast<dl::DimOp>(op)) {
      auto known = dimsOf(loc, dim.getX());
      if (failed(known))
        return {};
      result = getValueOrCreateConstantIndexOp(b, loc, (*known)[dim.getAxis()]);
    } else if (!isMemoryEffectFree(op)) {
      return {};
    } else {
      IRMapping mapping;
      for (Value operand : op->getOperands()) {
        Value mapped = index(operand);
        if (!mapped)
          return {};
        mapping.map(operand, mapped);
      }
      result = b.clone(*op, mapping)->getResult(0);
    }
    indices[v] = result;
    return result;
  }

  /// One result of a map of `symbols`; null where index() is.
  OpFoldResult evaluate(Location loc, AffineExpr e, ValueRange symbols) {
    if (auto c = dyn_cast<AffineConstantExpr>(e))
      return b.getIndexAttr(c.getValue());
    SmallVector<Value> operands;
    SmallVector<AffineExpr> replacements;
    for (auto [i, v] : llvm::enumerate(symbols)) {
      if (!e.isFunctionOfSymbol(i)) {
        replacements.push_back(b.getAffineConstantExpr(0));
        continue;
      }
      Value mapped = index(v);
      if (!mapped)
        return {};
      APInt constant;
      if (matchPattern(mapped, m_ConstantInt(&constant))) {
        replacements.push_back(b.getAffineConstantExpr(constant.getSExtValue()));
        continue;
      }
      replacements.push_back(b.getAffineSymbolExpr(operands.size()));
      operands.push_back(mapped);
    }
    e = simplifyAffineExpr(e.replaceSymbols(replacements), 0, operands.size());
    if (auto c = dyn_cast<AffineConstantExpr>(e))
      return b.getIndexAttr(c.getValue());
    if (auto s = dyn_cast<AffineSymbolExpr>(e))
      return operands[s.getPosition()];
    auto map = AffineMap::get(0, operands.size(), e);
    return affine::AffineApplyOp::create(b, loc, map, operands).getResult();
  }

  /// The dims of a tensor of the source, or failure when they are not known yet.
  FailureOr<SmallVector<OpFoldResult>> dimsOf(Location loc, Value v) {
    SmallVector<OpFoldResult> dims;
    AffineMap map;
    ValueRange symbols;
    if (auto argument = dyn_cast<BlockArgument>(v)) {
      for (HostProgram::Dim d : argumentDims[argument])
        if (d.kind == HostProgram::Dim::Constant)
          dims.push_back(b.getIndexAttr(d.value));
        else
          dims.push_back(symbol(loc, info.symbols[d.value].name, d.value));
      return dims;
    }
    if (v.getDefiningOp<dl::ControlOp>()) {
      auto known = controlDims.find(v);
      if (known == controlDims.end())
        return failure();
      return known->second;
    }
    if (auto call = v.getDefiningOp<rt::CallOp>()) {
      map = cast<AffineMapAttr>(call.getResultDims()[cast<OpResult>(v).getResultNumber()]).getValue();
      symbols = call.getSymbols();
    } else if (auto view = v.getDefiningOp<dl::ViewOp>()) {
      map = view.getDims();
      symbols = view.getSymbols();
    } else {
      auto type = cast<RankedTensorType>(v.getType());
      if (!type.hasStaticShape())
        return failure();
      for (int64_t d : type.getShape())
        dims.push_back(b.getIndexAttr(d));
      return dims;
    }
    for (AffineExpr e : map.getResults()) {
      dims.push_back(evaluate(loc, e, symbols));
      if (!dims.back())
        return failure();
    }
    return dims;
  }

  Value bytes(Location loc, ArrayRef<OpFoldResult> dims, Type elementType) {
    SmallVector<Value> dynamic;
    SmallVector<int64_t> fixed;
    dispatchIndexOpFoldResults(dims, dynamic, fixed);
    int64_t width = dl::byteWidth(elementType);
    if (!dynamic.empty())
      return rt::BytesOp::create(b, loc, b.getIndexType(), dynamic, fixed, width);
    int64_t product = width;
    for (int64_t d : fixed)
      if (llvm::MulOverflow(product, d, product))
        product = std::numeric_limits<int64_t>::max();
    return arith::ConstantIndexOp::create(b, loc, product);
  }

  //===--------------------------------------------------------------------===//
  // Ops
  //===--------------------------------------------------------------------===//

  Value output(Location loc, unsigned i, ArrayRef<OpFoldResult> dims) {
    auto &port = info.outputs[places[i].index];
    for (OpFoldResult d : dims) {
      if (auto c = getConstantIntValue(d))
        port.dims.push_back({HostProgram::Dim::Constant, *c});
      else if (auto s = cast<Value>(d).getDefiningOp<rt::SymbolOp>())
        port.dims.push_back({HostProgram::Dim::Symbol, int64_t(s.getIndex())});
      else
        port.dims.push_back({HostProgram::Dim::Later, 0});
    }
    SmallVector<Value> dynamic;
    SmallVector<int64_t> fixed;
    dispatchIndexOpFoldResults(dims, dynamic, fixed);
    written.insert(i);
    Type buffer = rt::BufferType::get(b.getContext());
    if (isBody) {
      int64_t place = 0;
      for (int32_t rank : ranksOf(returned.take_front(i)))
        place += 1 + rank;
      return rt::ResultOp::create(b, loc, buffer, i, place, dynamic, fixed, bytes(loc, dims, elementTypeOf(returned[i])));
    }
    return rt::OutputOp::create(b, loc, buffer, places[i].index, dynamic, fixed);
  }

  /// Where the producer of `v` writes: the caller's memory if `v` is returned and its dims are known by now.
  FailureOr<Value> destination(Value v, Location loc) {
    if (auto it = claimed.find(v); it != claimed.end()) {
      if (places[it->second].isState) {
        rt::StopIfFailedOp::create(b, loc);
        written.insert(it->second);
        return buffers.lookup(stateArguments.lookup(places[it->second].index));
      }
      if (auto dims = dimsOf(loc, returned[it->second]); succeeded(dims))
        return output(loc, it->second, *dims);
    }
    auto dims = dimsOf(loc, v);
    if (failed(dims))
      return emitError(loc) << "the dims of a result cannot be computed before it is";
    return rt::AllocOp::create(b, loc, rt::BufferType::get(b.getContext()), bytes(loc, *dims, elementTypeOf(v)))
        .getResult();
  }

  LogicalResult convertCall(rt::CallOp call) {
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
    rt::LaunchOp::create(b, loc, call.getCalleeAttr(), inputs, outputs, scratch, symbols, number("dlc.tiles", 1),
                         b.getI64IntegerAttr(grain ? grain.getInt() : 1), call.getNodeAttr());
    ++info.launches;

    auto ops = callee->getAttrOfType<StringAttr>("dlc.ops");
    addNode(call.getNode(), loc, ops ? ops.getValue() : "");
    return success();
  }

  LogicalResult convertRequire(dl::RequireOp op) {
    Value lhs = index(op.getA()), rhs = op.getB() ? index(op.getB()) : Value();
    if (!lhs || (op.getB() && !rhs))
      return op.emitError() << "a dim cannot be computed before the launch that needs it";
    addNode(++lastNode, op.getLoc(), op.getOp(), op.getExpects());
    rt::RequireOp::create(b, op.getLoc(), lhs, rhs, op.getAtMost(), lastNode);
    return success();
  }

  void addNode(int64_t id, Location loc, StringRef ops, StringRef expects = "") {
    std::vector<std::string> names;
    collectNames(loc, names);
    if (program.nodes.size() < size_t(id))
      program.nodes.resize(id);
    program.nodes[id - 1] = {id, llvm::join(names, ", "), ops.str(), expects.str()};
  }

  //===--------------------------------------------------------------------===//
  // Control
  //===--------------------------------------------------------------------===//

  Value number(Location loc, OpFoldResult n) { return getValueOrCreateConstantIndexOp(b, loc, n); }

  /// The one element of an integer or boolean tensor.
  Value readOne(Location loc, Value v) {
    return rt::ReadOp::create(b, loc, b.getIndexType(), buffers.lookup(withoutViews(v)), 0, elementTypeOf(v));
  }

  /// What a body's symbols are, given the values of its arguments from number `first` on.
  FailureOr<SmallVector<Value>> symbolsFor(Operation *op, const SymbolPlaces &places, unsigned first,
                                           ValueRange arguments) {
    SmallVector<Value> symbols;
    for (const SymbolPlace &place : places) {
      auto dims = dimsOf(op->getLoc(), arguments[place.argument - first]);
      if (failed(dims))
        return op->emitError() << "a dim cannot be computed before the body runs";
      symbols.push_back(number(op->getLoc(), (*dims)[place.axis]));
    }
    return symbols;
  }

  SmallVector<Value> buffersOf(ValueRange values) {
    return llvm::map_to_vector(values, [&](Value v) { return buffers.lookup(withoutViews(v)); });
  }

  static SmallVector<int32_t> ranksOf(ValueRange values) {
    return llvm::map_to_vector(values, [](Value v) { return int32_t(cast<RankedTensorType>(v.getType()).getRank()); });
  }

  /// `op` has become rt buffers and, behind them, their dims.
  void defineResults(Operation *op, ArrayAttr noted, ValueRange made, ValueRange dims) {
    for (auto [i, v] : llvm::enumerate(op->getResults())) {
      buffers[v] = made[i];
      auto &known = controlDims[v];
      for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(v.getType()).getShape())) {
        StringRef name = noted ? cast<StringAttr>(cast<ArrayAttr>(noted[i])[axis]).getValue() : StringRef();
        if (!ShapedType::isDynamic(d))
          known.push_back(b.getIndexAttr(d));
        else if (auto it = symbolIndex.find(name); it != symbolIndex.end())
          known.push_back(symbol(op->getLoc(), name, it->second));
        else
          known.push_back(dims.front());
        dims = dims.drop_front();
      }
    }
  }

  LogicalResult convertIf(dl::IfOp op) {
    Location loc = op.getLoc();
    auto body = [&](unsigned i) { return cast<FlatSymbolRefAttr>((*op.getBodies())[i]); };
    auto symbols = symbolsFor(op, bodies.lookup(body(0).getValue()), 0, op.getCaptured());
    if (failed(symbols))
      return failure();
    SmallVector<int32_t> ranks = ranksOf(op.getResults());
    SmallVector<Type> buffer(ranks.size(), rt::BufferType::get(b.getContext()));
    SmallVector<Type> index(std::accumulate(ranks.begin(), ranks.end(), 0), b.getIndexType());
    auto made = rt::IfOp::create(b, loc, buffer, index, readOne(loc, op.getCondition()), body(0), body(1),
                                 buffersOf(op.getCaptured()), *symbols, b.getDenseI32ArrayAttr(ranks));
    defineResults(op, op.getResultDimsAttr(), made.getBuffers(), made.getDims());
    return success();
  }

  LogicalResult convertLoop(dl::LoopOp op) {
    Location loc = op.getLoc();
    constexpr unsigned first = 2; // the turn and the condition come before
    auto body = cast<FlatSymbolRefAttr>((*op.getBodies())[0]);
    SymbolPlaces places = bodies.lookup(body.getValue());
    auto symbols = symbolsFor(op, places, first, op.getValues());
    if (failed(symbols))
      return failure();
    unsigned carried = op.getCarried();
    SmallVector<int32_t> ranks = ranksOf(op.getResults()), widths, sources, starts;
    SmallVector<Value> startDims;
    for (auto [i, v] : llvm::enumerate(op.getResults())) {
      starts.push_back(startDims.size());
      widths.push_back(dl::byteWidth(elementTypeOf(v)));
      SmallVector<OpFoldResult> dims;
      if (i < carried) {
        auto known = dimsOf(loc, op.getValues()[i]);
        if (failed(known))
          return op.emitError() << "the dims of a carried value are not known";
        dims = *known;
      } else {
        for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(v.getType()).getShape()))
          dims.push_back(b.getIndexAttr(axis == 0 || ShapedType::isDynamic(d) ? 0 : d));
      }
      for (OpFoldResult d : dims)
        startDims.push_back(number(loc, d));
    }
    for (const SymbolPlace &place : places)
      sources.push_back(place.argument - first < carried ? starts[place.argument - first] + int32_t(place.axis) : -1);
    SmallVector<Type> buffer(ranks.size(), rt::BufferType::get(b.getContext()));
    SmallVector<Type> index(startDims.size(), b.getIndexType());
    addNode(++lastNode, loc, "loop");
    auto made = rt::LoopOp::create(
        b, loc, buffer, index, readOne(loc, op.getTrips()), readOne(loc, op.getCondition()), body,
        buffersOf(op.getValues().take_front(carried)), buffersOf(op.getValues().drop_front(carried)), *symbols,
        startDims, b.getDenseI32ArrayAttr(sources), b.getDenseI32ArrayAttr(ranks), b.getDenseI32ArrayAttr(widths),
        b.getI64IntegerAttr(lastNode));
    defineResults(op, op.getResultDimsAttr(), made.getBuffers(), made.getDims());
    return success();
  }

  LogicalResult convertReturn(Operation *op) {
    Location loc = op->getLoc();
    // What the caller gets is ready when it is copied: a value returned twice, an input, a constant.
    for (auto [i, v] : llvm::enumerate(returned)) {
      if (written.contains(i) || places[i].isState)
        continue;
      auto dims = dimsOf(loc, v);
      if (failed(dims))
        return op->emitError() << "the dims of output " << i << " are not known";
      Value from = buffers.lookup(withoutViews(v));
      Value to = output(loc, i, *dims);
      rt::CopyOp::create(b, loc, to, from, bytes(loc, *dims, elementTypeOf(v)));
    }
    copyStates(loc);
    func::ReturnOp::create(b, loc);
    return success();
  }

  /// Writes the next values of states that no kernel could write in place, when nobody reads the old ones any more.
  void copyStates(Location loc) {
    struct Copy {
      Value to, from, bytes;
    };
    SmallVector<Copy> copies;
    for (auto [i, v] : llvm::enumerate(returned)) {
      if (!places[i].isState || written.contains(i))
        continue;
      Value old = stateArguments.lookup(places[i].index), root = withoutViews(v);
      if (root == old)
        continue;
      Value size = bytes(loc, *dimsOf(loc, old), elementTypeOf(old)), from = buffers.lookup(root);
      // One state becomes another: all old values are read before any is overwritten.
      if (from.getDefiningOp<rt::StateOp>()) {
        Value kept = rt::AllocOp::create(b, loc, rt::BufferType::get(b.getContext()), size);
        rt::CopyOp::create(b, loc, kept, from, size);
        from = kept;
      }
      copies.push_back({buffers.lookup(old), from, size});
      info.copiedStates.push_back(program.states[places[i].index].name);
    }
    if (!copies.empty())
      rt::StopIfFailedOp::create(b, loc);
    for (const Copy &copy : copies)
      rt::CopyOp::create(b, loc, copy.to, copy.from, copy.bytes);
  }

  LogicalResult convert(Operation *op) {
    Location loc = op->getLoc();
    if (auto call = dyn_cast<rt::CallOp>(op))
      return convertCall(call);
    if (isa<func::ReturnOp>(op))
      return convertReturn(op);
    if (auto branch = dyn_cast<dl::IfOp>(op); branch && branch.getBodies())
      return convertIf(branch);
    if (auto loop = dyn_cast<dl::LoopOp>(op); loop && loop.getBodies())
      return convertLoop(loop);
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

  func::FuncOp source, target;
  SymbolTable &symbolTable;
  const llvm::StringMap<SymbolPlaces> &bodies;
  HostProgram &program;
  int64_t &lastNode;
  HostProgram::Function info;
  bool isBody;
  OpBuilder b;
  ValueRange returned;
  Operation *lastRequire = nullptr;
  llvm::DenseMap<Value, unsigned> claimed; ///< a producer's result -> the output it writes
  llvm::DenseSet<unsigned> written;
  /// Where a returned value goes: a state of the program, or an output.
  struct Place {
    bool isState;
    int64_t index;
  };
  SmallVector<Place> places;
  llvm::MapVector<int64_t, Value> stateArguments; ///< by index of the state
  llvm::DenseMap<Value, std::vector<HostProgram::Dim>> argumentDims;
  llvm::DenseMap<Value, Value> buffers; ///< of tensors that are no views
  llvm::DenseMap<Value, Value> indices;
  llvm::DenseMap<Value, SmallVector<OpFoldResult>> controlDims; ///< of results of control ops
  llvm::StringMap<int64_t> symbolIndex;
};

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
      int32_t dtype = dtypeOf(type.getElementType());
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
