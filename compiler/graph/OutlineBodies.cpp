//===- OutlineBodies.cpp - A function for each body of a control op -------===//
//
// Before: branches and loops with bodies as regions, which see the values around them. After: each body is a private
// function with the attribute `dlc.body`, whose arguments are the body's and then what it captured; constants, and what is
// computed of constants alone, are copied into it. Here, first, so that every later pass meets functions of one block and
// plans each body by itself.
//
// A dim of an argument gets the name of the expression that it is outside, so that equal dims are equal in the body too.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/ConstantValues.h"
#include "dialects/dl/Dialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_OUTLINEBODIESPASS
#include "compiler/Passes.h.inc"

namespace {
class Outliner {
public:
  Outliner(func::FuncOp function, SymbolTable &symbols, SmallVectorImpl<func::FuncOp> &made)
      : function(function), symbols(symbols), made(made), b(function.getContext()), shapes(function.getContext()) {}

  LogicalResult run() {
    SmallVector<ControlOp> ops;
    for (Operation &op : function.getBody().front())
      if (auto control = dyn_cast<ControlOp>(op); control && op.getNumRegions())
        ops.push_back(control);
    if (ops.empty())
      return success();
    for (auto [i, argument] : llvm::enumerate(function.getArguments()))
      shapes.setArgument(argument, function.getArgAttrOfType<ArrayAttr>(i, "dl.dims"));
    if (failed(shapes.run(function.getBody().front())))
      return failure();
    for (ControlOp op : ops)
      if (failed(outline(op)))
        return failure();
    return success();
  }

private:
  /// One name for each expression, "" for constants. What the function's own dims are called stays.
  std::string nameOf(AffineExpr e) {
    if (constantOf(e))
      return "";
    if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
      if (const SymbolDefinition &d = shapes.symbols()[symbol.getPosition()]; d.kind == SymbolDefinition::Kind::Input)
        return d.name;
    // '%' keeps the names apart from those of the model.
    return "%" + std::to_string(names.try_emplace(e, names.size()).first->second);
  }

  ArrayAttr namesOf(Value v) {
    SmallVector<std::string> all;
    for (AffineExpr e : shapes.dims(v))
      all.push_back(nameOf(e));
    SmallVector<StringRef> texts(all.begin(), all.end());
    return b.getStrArrayAttr(texts);
  }

  /// The dims of a result that the function knows by itself; with `operands`, those that are theirs too: "#2.0" is dim 0 of
  /// number 2.
  ArrayAttr notedDims(Value v, ValueRange operands) {
    SmallVector<std::string> texts;
    for (AffineExpr e : shapes.dims(v)) {
      auto symbol = dyn_cast<AffineSymbolExpr>(e);
      texts.emplace_back();
      if (symbol && shapes.symbols()[symbol.getPosition()].kind == SymbolDefinition::Kind::Input)
        texts.back() = shapes.symbols()[symbol.getPosition()].name;
      else if (!constantOf(e))
        for (auto [i, operand] : llvm::enumerate(operands))
          for (auto [axis, d] : llvm::enumerate(shapes.dims(operand)))
            if (d == e)
              texts.back() = "#" + std::to_string(i) + "." + std::to_string(axis);
    }
    SmallVector<StringRef> references(texts.begin(), texts.end());
    return b.getStrArrayAttr(references);
  }

  /// The names of the dims of what `op`'s body yields, which must be its arguments' or constants.
  LogicalResult namePlaces(ControlOp op, ValueRange yielded, ArrayRef<DictionaryAttr> arguments,
                           SmallVectorImpl<DictionaryAttr> &places) {
    llvm::DenseSet<Attribute> known;
    for (DictionaryAttr a : arguments)
      known.insert_range(a.getAs<ArrayAttr>("dl.dims"));
    for (auto [i, v] : llvm::enumerate(yielded)) {
      ArrayAttr names = namesOf(v);
      for (auto [axis, name] : llvm::enumerate(names))
        if (!cast<StringAttr>(name).empty() && !known.contains(name))
          return op->emitOpError() << "gives in its body a value whose dim " << axis
                                   << " is no constant and no dim of its inputs, which is not supported";
      places.push_back(b.getDictionaryAttr(b.getNamedAttr("dl.dims", names)));
    }
    return success();
  }

  /// What computes `v` of constants, here.
  Value cloneOfConstants(Value v, IRMapping &copies) {
    if (copies.contains(v))
      return copies.lookup(v);
    for (Value operand : v.getDefiningOp()->getOperands())
      cloneOfConstants(operand, copies);
    return b.clone(*v.getDefiningOp(), copies)->getResult(0);
  }

  LogicalResult outline(ControlOp op) {
    llvm::SetVector<Value> seen;
    for (Region &region : op->getRegions())
      getUsedValuesDefinedAbove(region, seen);
    llvm::SetVector<Value> captured, constants;
    // Bodies compute what folds themselves: where they read weights, these can be packed.
    for (Value v : seen)
      (ofConstants.contains(v) ? constants : captured).insert(v);

    SmallVector<Value> operands(op->getOperands());
    llvm::append_range(operands, captured);
    SmallVector<Attribute> functions, dims;
    for (Value v : op->getResults())
      dims.push_back(notedDims(v, op.placesResults() ? ValueRange(operands) : ValueRange()));
    for (Region &region : op->getRegions()) {
      functions.push_back(moveBody(op, region, captured.getArrayRef(), constants.getArrayRef()));
      if (!functions.back())
        return failure();
    }

    OperationState state(op->getLoc(), op->getName().getStringRef(), operands, op->getResultTypes(), op->getAttrs());
    state.addAttribute("bodies", b.getArrayAttr(functions));
    state.addAttribute("result_dims", b.getArrayAttr(dims));
    b.setInsertionPoint(op);
    Operation *outlined = b.create(state);
    op->replaceAllUsesWith(outlined);
    op->erase();
    return success();
  }

  /// Null, reported, where the results have no places.

  FlatSymbolRefAttr moveBody(ControlOp op, Region &region, ArrayRef<Value> captured, ArrayRef<Value> constants) {
    Block &body = region.front();
    SmallVector<DictionaryAttr> attributes;
    auto describe = [&](Value v) {
      attributes.push_back(b.getDictionaryAttr(b.getNamedAttr("dl.dims", namesOf(v))));
    };
    llvm::for_each(body.getArguments(), describe);
    llvm::for_each(captured, describe);
    SmallVector<DictionaryAttr> places;
    if (op.placesResults() && failed(namePlaces(op, body.getTerminator()->getOperands(), attributes, places)))
      return {};
    for (Value v : captured)
      replaceAllUsesInRegionWith(v, body.addArgument(v.getType(), v.getLoc()), region);
    b.setInsertionPointToStart(&body);
    IRMapping copies;
    for (Value v : constants)
      replaceAllUsesInRegionWith(v, cloneOfConstants(v, copies), region);

    Operation *yield = body.getTerminator();
    auto type = b.getFunctionType(body.getArgumentTypes(), yield->getOperandTypes());
    auto outlined = func::FuncOp::create(op->getLoc(), (function.getSymName() + ".body").str(), type);
    outlined.setPrivate();
    outlined->setAttr("dlc.body", b.getUnitAttr());
    if (Attribute bounds = function->getAttr("dl.symbol_bounds"))
      outlined->setAttr("dl.symbol_bounds", bounds);
    symbols.insert(outlined, Block::iterator(function));
    outlined.getBody().takeBody(region);
    for (auto [i, a] : llvm::enumerate(attributes))
      outlined.setArgAttrs(i, a);
    if (op.placesResults())
      outlined->setAttr("dlc.places", b.getUnitAttr());
    for (auto [i, a] : llvm::enumerate(places))
      outlined.setResultAttrs(i, a);
    b.setInsertionPoint(yield);
    func::ReturnOp::create(b, yield->getLoc(), yield->getOperands());
    yield->erase();
    made.push_back(outlined);
    return FlatSymbolRefAttr::get(outlined.getSymNameAttr());
  }

  func::FuncOp function;
  SymbolTable &symbols;
  SmallVectorImpl<func::FuncOp> &made;
  OpBuilder b;
  SymbolicShapes shapes;
  llvm::DenseMap<AffineExpr, size_t> names;
  ConstantValues ofConstants;
};

struct OutlineBodies : impl::OutlineBodiesPassBase<OutlineBodies> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> work(getOperation().getOps<func::FuncOp>());
    // Bodies may have such ops in turn.
    while (!work.empty()) {
      func::FuncOp function = work.pop_back_val();
      if (!function.isDeclaration() && failed(Outliner(function, symbols, work).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
} // namespace dlc
