//===- Converter.h - One function from tensors to buffers -------*- C++ -*-===//
#pragma once

#include "compiler/host/HostProgram.h"
#include "dialects/dl/Dialect.h"
#include "dialects/rt/Dialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {

/// A dim that a function takes as a symbol: the first place where its arguments have it.
struct SymbolPlace {
  std::string name;
  unsigned argument, axis;
};
using SymbolPlaces = llvm::SmallVector<SymbolPlace>;

/// The symbols of a function in the order in which callers give them.
SymbolPlaces symbolsOf(mlir::func::FuncOp function);
/// The dlc_dtype of an element type; 0 if libraries know none.
int32_t dtypeCode(mlir::Type elementType);
inline mlir::Type elementTypeOf(mlir::Value v) { return llvm::cast<mlir::ShapedType>(v.getType()).getElementType(); }
/// The tensor whose bytes `v` is.
mlir::Value withoutViews(mlir::Value v);

/// One function of the model, or, with the attribute `dlc.body`, one body of a control op.
class Converter {
public:
  /// `bodies`: the symbols of all bodies, by function name. `lastNode`: the last node number in use.
  Converter(mlir::func::FuncOp source, mlir::SymbolTable &symbolTable, const llvm::StringMap<SymbolPlaces> &bodies,
            HostProgram &program, int64_t &lastNode)
      : source(source), symbolTable(symbolTable), bodies(bodies), program(program), lastNode(lastNode),
        isBody(source->hasAttr("dlc.body")), hasPlaces(source->hasAttr("dlc.places")), b(source.getContext()) {}

  mlir::FailureOr<mlir::func::FuncOp> run();

private:
  //===--- Ports (ConvertPorts.cpp) ------------------------------------------===//
  mlir::LogicalResult convertArguments();
  mlir::LogicalResult convertState(mlir::BlockArgument argument, llvm::StringRef name);
  mlir::LogicalResult nameOutputs();
  /// Finds the returned values that their producer can write to the caller's memory.
  void claimOutputs();
  /// Whether the kernel that makes `next` can write it where `old` lies: it may itself, whatever else reads the old
  /// value does so earlier, and no later check of dims ends the run with the old value gone.
  bool canReplace(mlir::Value old, mlir::Value next);
  mlir::Value output(mlir::Location loc, unsigned i, llvm::ArrayRef<mlir::OpFoldResult> dims);
  /// Where the producer of `v` writes: the caller's memory if `v` is returned and its dims are known by now.
  mlir::FailureOr<mlir::Value> destination(mlir::Value v, mlir::Location loc);
  mlir::LogicalResult convertReturn(mlir::Operation *op);
  /// Writes the next values of states that no kernel could write in place, when nobody reads the old ones any more.
  void copyStates(mlir::Location loc);

  //===--- Dims (ConvertDims.cpp) --------------------------------------------===//
  mlir::Value symbol(mlir::Location loc, llvm::StringRef name, int64_t index);
  mlir::Value number(mlir::Location loc, mlir::OpFoldResult n);
  /// The value here of an index computation of the source, made when first asked for: null when it reads an element
  /// that has not been computed yet.
  mlir::Value index(mlir::Value v);
  /// One result of a map of `symbols`; null where index() is.
  mlir::OpFoldResult evaluate(mlir::Location loc, mlir::AffineExpr e, mlir::ValueRange symbols);
  /// The dims of a tensor of the source, or failure when they are not known yet.
  mlir::FailureOr<llvm::SmallVector<mlir::OpFoldResult>> dimsOf(mlir::Location loc, mlir::Value v);
  /// Those of a result, from the operands' and what was noted of the body.
  mlir::FailureOr<llvm::SmallVector<mlir::OpFoldResult>> dimsOf(mlir::Location loc, dl::ScanOp op, unsigned result);
  mlir::Value bytes(mlir::Location loc, llvm::ArrayRef<mlir::OpFoldResult> dims, mlir::Type elementType);

  //===--- Ops ---------------------------------------------------------------===//
  mlir::LogicalResult convert(mlir::Operation *op);
  mlir::LogicalResult convertCall(rt::CallOp call);
  mlir::LogicalResult convertRequire(dl::RequireOp op);
  void addNode(int64_t id, mlir::Location loc, llvm::StringRef ops, llvm::StringRef expects = "");

  //===--- Control (ConvertControl.cpp) --------------------------------------===//
  /// The one element of an integer or boolean tensor.
  mlir::Value readOne(mlir::Location loc, mlir::Value v);
  /// What a body's symbols are, given the values of its arguments from number `first` on.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> symbolsFor(mlir::Operation *op, const SymbolPlaces &places,
                                                             unsigned first, mlir::ValueRange arguments);
  /// `op` has become rt buffers and, behind them, their dims.
  void defineResults(mlir::Operation *op, mlir::ArrayAttr noted, mlir::ValueRange made, mlir::ValueRange dims);
  mlir::LogicalResult convertIf(dl::IfOp op);
  mlir::LogicalResult convertLoop(dl::LoopOp op);
  mlir::LogicalResult convertScan(dl::ScanOp op);
  /// Of a body with places: where result `i` goes, and a check that its dims are as the caller took them to be.
  mlir::Value place(mlir::Location loc, unsigned i, llvm::ArrayRef<mlir::OpFoldResult> dims);
  llvm::SmallVector<mlir::Value> buffersOf(mlir::ValueRange values);
  static llvm::SmallVector<int32_t> ranksOf(mlir::ValueRange values);

  mlir::func::FuncOp source, target;
  mlir::SymbolTable &symbolTable;
  const llvm::StringMap<SymbolPlaces> &bodies;
  HostProgram &program;
  int64_t &lastNode;
  HostProgram::Function info;
  bool isBody, hasPlaces; ///< places: of a body whose caller says where results go
  mlir::OpBuilder b;
  mlir::ValueRange returned;
  mlir::Operation *lastRequire = nullptr;
  llvm::DenseMap<mlir::Value, unsigned> claimed; ///< a producer's result -> the output it writes
  llvm::DenseSet<unsigned> written;
  /// Where a returned value goes: a state of the program, or an output.
  struct Place {
    bool isState;
    int64_t index;
  };
  llvm::SmallVector<Place> places;
  llvm::MapVector<int64_t, mlir::Value> stateArguments; ///< by index of the state
  llvm::DenseMap<mlir::Value, std::vector<HostProgram::Dim>> argumentDims;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers; ///< of tensors that are no views
  llvm::DenseMap<mlir::Value, mlir::Value> indices;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::OpFoldResult>> controlDims; ///< of results of control ops
  llvm::StringMap<int64_t> symbolIndex;
};

} // namespace dlc
