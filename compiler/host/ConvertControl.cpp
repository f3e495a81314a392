//===- ConvertControl.cpp - If, Loop and Scan ------------------------------===//
#include "compiler/host/Converter.h"
#include <numeric>

using namespace mlir;

namespace dlc {

Value Converter::readOne(Location loc, Value v) {
  return rt::ReadOp::create(b, loc, b.getIndexType(), buffers.lookup(withoutViews(v)), 0, elementTypeOf(v));
}

FailureOr<SmallVector<Value>> Converter::symbolsFor(Operation *op, const SymbolPlaces &places, unsigned first,
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

void Converter::defineResults(Operation *op, ArrayAttr noted, ValueRange made, ValueRange dims) {
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

LogicalResult Converter::convertIf(dl::IfOp op) {
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

LogicalResult Converter::convertLoop(dl::LoopOp op) {
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

FailureOr<SmallVector<OpFoldResult>> Converter::dimsOf(Location loc, dl::ScanOp op, unsigned result) {
  if (result < op.getCarried())
    return dimsOf(loc, op.getValues()[result]);
  SmallVector<OpFoldResult> dims;
  for (auto [axis, d] : llvm::enumerate(cast<RankedTensorType>(op.getResult(result).getType()).getShape())) {
    StringRef name = cast<StringAttr>(cast<ArrayAttr>((*op.getResultDims())[result])[axis]).getValue();
    unsigned operand = op.getCarried(), operandAxis = 0;
    if (!ShapedType::isDynamic(d)) {
      dims.push_back(b.getIndexAttr(d));
      continue;
    }
    if (auto known = symbolIndex.find(name); axis > 0 && known != symbolIndex.end()) {
      dims.push_back(symbol(loc, name, known->second));
      continue;
    }
    // Dim 0 is that of the step values.
    if (axis > 0 && (!name.consume_front("#") || name.consumeInteger(10, operand) || !name.consume_front(".") ||
                     name.getAsInteger(10, operandAxis)))
      return failure();
    auto known = dimsOf(loc, op->getOperand(operand));
    if (failed(known))
      return failure();
    dims.push_back((*known)[operandAxis]);
  }
  return dims;
}

LogicalResult Converter::convertScan(dl::ScanOp op) {
  Location loc = op.getLoc();
  unsigned carried = op.getCarried(), steps = op.getSteps();
  auto body = cast<FlatSymbolRefAttr>((*op.getBodies())[0]);
  SmallVector<SmallVector<OpFoldResult>> operandDims;
  for (Value v : op.getValues()) {
    auto dims = dimsOf(loc, v);
    if (failed(dims))
      return op.emitError() << "a dim cannot be computed before the body runs";
    operandDims.push_back(*dims);
  }
  OpFoldResult trips = operandDims[carried].front();
  for (unsigned i = 0; i < steps; ++i) // from now on, those of a row
    operandDims[carried + i].erase(operandDims[carried + i].begin());
  SmallVector<Value> symbols, results, spare, bytesOf;
  for (const SymbolPlace &place : bodies.lookup(body.getValue()))
    symbols.push_back(number(loc, operandDims[place.argument][place.axis]));
  for (unsigned i = 0; i < carried + steps; ++i)
    bytesOf.push_back(bytes(loc, operandDims[i], elementTypeOf(op.getValues()[i])));
  for (auto [i, v] : llvm::enumerate(op.getResults())) {
    FailureOr<Value> to = destination(v, loc);
    if (failed(to))
      return failure();
    buffers[v] = *to;
    results.push_back(*to);
    if (i < carried) {
      spare.push_back(rt::AllocOp::create(b, loc, rt::BufferType::get(b.getContext()), bytesOf[i]));
      continue;
    }
    auto dims = dimsOf(loc, v);
    if (failed(dims))
      return op.emitError() << "the dims of a stack cannot be computed before the body runs";
    bytesOf.push_back(bytes(loc, ArrayRef(*dims).drop_front(), elementTypeOf(v)));
  }
  SmallVector<bool> reversed;
  for (unsigned i = 0, n = steps + op.getNumResults() - carried; i < n; ++i)
    reversed.push_back(op.isReversed(i));
  rt::ScanOp::create(b, loc, number(loc, trips), body, buffersOf(op.initial()), buffersOf(op.stepValues()),
                     buffersOf(op.captured()), symbols, ArrayRef(results).take_front(carried), spare,
                     ArrayRef(results).drop_front(carried), bytesOf, b.getDenseBoolArrayAttr(reversed));
  return success();
}

Value Converter::place(Location loc, unsigned i, ArrayRef<OpFoldResult> dims) {
  auto names = source.getResultAttrOfType<ArrayAttr>(i, "dl.dims");
  for (auto [axis, d] : llvm::enumerate(dims)) {
    auto known = symbolIndex.find(cast<StringAttr>(names[axis]).getValue());
    if (known == symbolIndex.end())
      continue; // a constant, in its type too
    Value expected = symbol(loc, known->first(), known->second), given = number(loc, d);
    auto same = given.getDefiningOp<rt::SymbolOp>();
    if (same && same.getIndex() == uint64_t(known->second))
      continue;
    addNode(++lastNode, loc, "scan", "a value that keeps its dims from step to step");
    rt::RequireOp::create(b, loc, given, expected, /*or_one=*/false, /*at_most=*/false, lastNode);
  }
  return rt::PlaceOp::create(b, loc, rt::BufferType::get(b.getContext()), i);
}

SmallVector<Value> Converter::buffersOf(ValueRange values) {
  return llvm::map_to_vector(values, [&](Value v) { return buffers.lookup(withoutViews(v)); });
}

SmallVector<int32_t> Converter::ranksOf(ValueRange values) {
  return llvm::map_to_vector(values, [](Value v) { return int32_t(cast<RankedTensorType>(v.getType()).getRank()); });
}

} // namespace dlc
