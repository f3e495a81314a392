//===- ConvertPorts.cpp - Inputs, outputs and states -----------------------===//
//
// A result that leaves the function is written where it goes: to the caller's memory, or over the state that it
// replaces when nobody needs the old value any more. What cannot be is copied at the end.
//
//===----------------------------------------------------------------------===//
#include "compiler/host/Converter.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "runtime/program.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace dlc {

/// No dim of a tensor in memory is larger, and sums and small products of such dims do not overflow.
constexpr int64_t largestDim = int64_t(1) << 40;
/// Attribute of arguments and results that are a state of the model, and of its next value.
constexpr llvm::StringLiteral stateName = "dl.state";

int32_t dtypeCode(Type t) {
  return llvm::TypeSwitch<Type, int32_t>(t)
      .Case([](Float32Type) { return DLC_F32; })
      .Case([](Float64Type) { return DLC_F64; })
      .Case([](Float16Type) { return DLC_F16; })
      .Case([](BFloat16Type) { return DLC_BF16; })
      .Case([](Float8E4M3FNType) { return DLC_F8E4M3FN; })
      .Case([](Float8E4M3FNUZType) { return DLC_F8E4M3FNUZ; })
      .Case([](Float8E5M2Type) { return DLC_F8E5M2; })
      .Case([](Float8E5M2FNUZType) { return DLC_F8E5M2FNUZ; })
      .Case([](Float8E8M0FNUType) { return DLC_F8E8M0FNU; })
      .Case([](Float4E2M1FNType) { return DLC_F4E2M1FN; })
      .Case([](IntegerType i) -> int32_t {
        bool isUnsigned = i.isUnsigned();
        switch (i.getWidth()) {
        case 1:
          return DLC_BOOL;
        case 2:
          return isUnsigned ? DLC_U2 : DLC_I2;
        case 4:
          return isUnsigned ? DLC_U4 : DLC_I4;
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

Value withoutViews(Value v) {
  while (auto view = v.getDefiningOp<dl::ViewOp>())
    v = view.getX();
  return v;
}

static std::string nameOf(Attribute name, const char *otherwise, unsigned index) {
  auto text = dyn_cast_or_null<StringAttr>(name);
  return text ? text.str() : otherwise + std::to_string(index);
}

static std::string dimNameOf(func::FuncOp function, unsigned argument, unsigned axis) {
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

LogicalResult Converter::convertArguments() {
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
    HostProgram::Port port{nameOf(source.getArgAttr(i, "dl.name"), "input", i), dtypeCode(elementTypeOf(argument)), {}};
    if (!port.dtype)
      return source.emitError() << "input '" << port.name << "' has an element type that libraries cannot take: "
                                << elementTypeOf(argument);
    for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(argument.getType()).getShape())) {
      if (ShapedType::isDynamic(d))
        port.dims.push_back({HostProgram::Dim::Symbol, symbolIndex.lookup(dimNameOf(source, i, axis))});
      else
        port.dims.push_back({HostProgram::Dim::Constant, d});
    }
    buffers[argument] =
        rt::InputOp::create(b, argument.getLoc(), rt::BufferType::get(b.getContext()), info.inputs.size());
    argumentDims[argument] = port.dims;
    info.inputs.push_back(std::move(port));
  }
  return success();
}

LogicalResult Converter::convertState(BlockArgument argument, StringRef name) {
  auto known = llvm::find_if(program.states, [&](const HostProgram::State &s) { return s.name == name; });
  if (known == program.states.end())
    return source.emitError() << "the module has no state '" << name << "'";
  auto type = cast<RankedTensorType>(argument.getType());
  if (ArrayRef<int64_t>(known->dims) != type.getShape() || known->dtype != dtypeCode(type.getElementType()))
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

LogicalResult Converter::nameOutputs() {
  Operation *end = source.getBody().front().getTerminator();
  for (auto [i, v] : llvm::enumerate(end->getOperands())) {
    if (auto name = source.getResultAttrOfType<StringAttr>(i, stateName)) {
      auto argument =
          llvm::find_if(stateArguments, [&](auto &known) { return program.states[known.first].name == name; });
      if (argument == stateArguments.end() || argument->second.getType() != v.getType())
        return source.emitError() << "gives a next value of state '" << name.getValue() << "', of type " << v.getType()
                                  << ", and takes none of that type";
      places.push_back({/*isState=*/true, argument->first});
      info.stateAccess = DLC_STATE_WRITTEN;
      continue;
    }
    places.push_back({/*isState=*/false, int64_t(info.outputs.size())});
    HostProgram::Port port{nameOf(source.getResultAttr(i, "dl.name"), "output", i), dtypeCode(elementTypeOf(v)), {}};
    if (!port.dtype)
      return source.emitError() << "output '" << port.name << "' has an element type that libraries cannot give: "
                                << elementTypeOf(v);
    info.outputs.push_back(std::move(port));
  }
  return success();
}

void Converter::claimOutputs() {
  for (auto require : source.getBody().front().getOps<dl::RequireOp>())
    lastRequire = require;
  returned = source.getBody().front().getTerminator()->getOperands();
  for (auto [i, v] : llvm::enumerate(returned)) {
    Value root = withoutViews(v);
    if (!root.getDefiningOp() || !isa<rt::CallOp, dl::ShapeOfOp, dl::ScanOp>(root.getDefiningOp()))
      continue;
    if (!places[i].isState || canReplace(stateArguments.lookup(places[i].index), root))
      claimed.try_emplace(root, i);
  }
}

bool Converter::canReplace(Value old, Value next) {
  auto call = next.getDefiningOp<rt::CallOp>();
  if (!call && !next.getDefiningOp<dl::ShapeOfOp>())
    return false;
  auto callee = call ? symbolTable.lookup<func::FuncOp>(call.getCallee()) : func::FuncOp();
  auto inPlace = callee ? callee->getAttrOfType<ArrayAttr>(inPlaceAttrName) : ArrayAttr();
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

Value Converter::output(Location loc, unsigned i, ArrayRef<OpFoldResult> dims) {
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
  if (hasPlaces)
    return place(loc, i, dims);
  if (isBody) {
    int64_t place = 0;
    for (int32_t rank : ranksOf(returned.take_front(i)))
      place += 1 + rank;
    return rt::ResultOp::create(b, loc, buffer, i, place, dynamic, fixed, bytes(loc, dims, elementTypeOf(returned[i])));
  }
  return rt::OutputOp::create(b, loc, buffer, places[i].index, dynamic, fixed);
}

FailureOr<Value> Converter::destination(Value v, Location loc) {
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

LogicalResult Converter::convertReturn(Operation *op) {
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

void Converter::copyStates(Location loc) {
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

} // namespace dlc
