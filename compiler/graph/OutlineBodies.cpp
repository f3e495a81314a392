//===- OutlineBodies.cpp - A function for each body of a control op -------===//
//
// Before: branches and loops with bodies as regions, which see the values around them. After: each body is a private
// function with the attribute `dlc.body`, whose arguments are the body's and then what it captured; constants are copied
// into it. Here, first, so that every later pass meets functions of one block and plans each body by itself.
//
// A dim of an argument gets the name of the expression that it is outside, so that equal dims are equal in the body too.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"
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
      outline(op);
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

  /// The dims of a result that the function knows by itself.
  ArrayAttr notedDims(Value v) {
    SmallVector<StringRef> texts;
    for (AffineExpr e : shapes.dims(v)) {
      auto symbol = dyn_cast<AffineSymbolExpr>(e);
      texts.push_back(symbol && shapes.symbols()[symbol.getPosition()].kind == SymbolDefinition::Kind::Input
                          ? StringRef(shapes.symbols()[symbol.getPosition()].name)
                          : StringRef());
    }
    return b.getStrArrayAttr(texts);
  }

  void outline(ControlOp op) {
    llvm::SetVector<Value> seen;
    for (Region &region : op->getRegions())
      getUsedValuesDefinedAbove(region, seen);
    llvm::SetVector<Value> captured, constants;
    for (Value v : seen)
      (v.getDefiningOp<ConstantOp>() ? constants : captured).insert(v);

    SmallVector<Attribute> functions, dims;
    for (Region &region : op->getRegions())
      functions.push_back(moveBody(op, region, captured.getArrayRef(), constants.getArrayRef()));
    for (Value v : op->getResults())
      dims.push_back(notedDims(v));

    SmallVector<Value> operands(op->getOperands());
    llvm::append_range(operands, captured);
    OperationState state(op->getLoc(), op->getName().getStringRef(), operands, op->getResultTypes(), op->getAttrs());
    state.addAttribute("bodies", b.getArrayAttr(functions));
    state.addAttribute("result_dims", b.getArrayAttr(dims));
    b.setInsertionPoint(op);
    Operation *outlined = b.create(state);
    op->replaceAllUsesWith(outlined);
    op->erase();
  }

  FlatSymbolRefAttr moveBody(ControlOp op, Region &region, ArrayRef<Value> captured, ArrayRef<Value> constants) {
    Block &body = region.front();
    SmallVector<DictionaryAttr> attributes;
    auto describe = [&](Value v) {
      attributes.push_back(b.getDictionaryAttr(b.getNamedAttr("dl.dims", namesOf(v))));
    };
    llvm::for_each(body.getArguments(), describe);
    llvm::for_each(captured, describe);
    for (Value v : captured)
      replaceAllUsesInRegionWith(v, body.addArgument(v.getType(), v.getLoc()), region);
    b.setInsertionPointToStart(&body);
    for (Value v : constants)
      replaceAllUsesInRegionWith(v, b.clone(*v.getDefiningOp())->getResult(0), region);

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
