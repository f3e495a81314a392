//===- HostCode.h - The body of one function of the host -------------------===//
//
// Used by LowerRt.cpp only: each function of the host, or part of one, is written through a HostCode. Numbers are
// `index` or `i1`, addresses !llvm.ptr.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/host/Thunk.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

namespace dlc {

/// Words of the frame that the parts of a function share.
using Slots = llvm::DenseMap<mlir::Value, int32_t>;

/// Whether later ops need the value that the op has computed, rather than compute it again where they use it.
bool isKept(mlir::Value v);

class HostCode {
public:
  /// Starts the body of `function`, whose first arguments are the context, the inputs and the symbols; in a body the next
  /// one is what its results are. With `slots`, the last one is the frame.
  HostCode(mlir::ModuleOp module, mlir::SymbolTable &symbols, mlir::func::FuncOp function, const Slots *slots);

  mlir::OpBuilder b;
  mlir::Location loc;

  //===--- Values of the rt function ---------------------------------------===//
  /// Says what `v` is here, for this function and, through the frame, for those after it.
  void define(mlir::Value v, mlir::Value here);
  mlir::Value number(mlir::Value v);
  mlir::SmallVector<mlir::Value> numbers(mlir::ValueRange dynamic, mlir::ArrayRef<int64_t> fixed);
  /// The same as an i64.
  mlir::Value i64(mlir::Value v);
  mlir::Value pointer(mlir::Value buffer);

  //===--- Instructions ----------------------------------------------------===//
  mlir::Type ptr() { return mlir::LLVM::LLVMPointerType::get(b.getContext()); }
  mlir::Value context() { return entry->getArgument(0); }
  mlir::Value results() { return entry->getArgument(3); }
  mlir::Value i32(int64_t v);
  mlir::Value i64(int64_t v);
  mlir::Value toIndex(mlir::Value i64);
  /// Calls a function of runtime/program.h; `result` is null for none.
  mlir::Value call(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  /// Memory of this function.
  mlir::Value alloca(int64_t bytes);
  /// The one closure that all launches of this function fill in turn.
  mlir::Value closure(int64_t bytes);
  mlir::Value word(mlir::Value base, int64_t i);
  void storeWord(mlir::Value v, mlir::Value base, int64_t i);
  mlir::Value load(mlir::Type type, mlir::Value base, int64_t i);
  /// Writes numbers as i64 to `to`, or to memory of this function, and returns where.
  mlir::Value store(mlir::ArrayRef<mlir::Value> numbers, mlir::Value to = {});
  /// rt.bytes and affine expressions, whose divisions by zero give a number, not a signal.
  mlir::Value bytes(mlir::ArrayRef<mlir::Value> dims, int64_t width);
  mlir::Value expand(mlir::AffineExpr e, mlir::ArrayRef<mlir::Value> dims, mlir::ArrayRef<mlir::Value> symbols);
  /// The sum or product of two index values, the end of the numbers where it is not one: dims that are too large stay so.
  mlir::Value saturatingSum(mlir::Value x, mlir::Value y);
  mlir::Value saturatingProduct(mlir::Value x, mlir::Value y);
  mlir::Value read(mlir::Value pointer, int64_t index, mlir::Type elementType);
  mlir::Value plan(rt::PlanOp plan);
  /// Merges the status word of a launch, whose nodes count from the launch's, into that of the session.
  void report(mlir::Value word, int64_t node);

  //===--- Ends of the function --------------------------------------------===//
  void returnStatusIfNull(mlir::Value pointer);
  void require(rt::RequireOp op);
  /// Calls a part of this function and returns what it does if that is not 0.
  void callPart(mlir::func::FuncOp part, mlir::Value frame);
  void returnUnlessZero(mlir::Value status);
  void returnStatus();
  void returnOk();

  /// The dlc_launch of a launch that runs `task`, whose dims begin at word `firstDim` of the closure.
  mlir::Value launch(rt::LaunchOp op, llvm::StringRef task, int64_t firstDim);
  /// Runs `quick` where the session has no profile, `otherwise` where it has.
  void unlessProfiled(llvm::function_ref<void()> quick, llvm::function_ref<void()> otherwise);
  /// Constant numbers of the module.
  mlir::Value table(llvm::StringRef name, mlir::ArrayRef<int32_t> values);

private:
  mlir::Value kept(mlir::Value v);
  mlir::Value limited(mlir::Value v, mlir::Value overflows, mlir::Value isNegative);
  /// Goes on in a new block if the condition holds, else to `otherwise`.
  void branch(mlir::Value condition, mlir::Block *otherwise, mlir::ValueRange operands);
  mlir::LLVM::LLVMFuncOp runtimeFunction(llvm::StringRef name, mlir::Type result, mlir::TypeRange operands);
  mlir::LLVM::LLVMFuncOp reportFunction();
  mlir::Value frame() { return entry->getArguments().back(); }

  mlir::ModuleOp module;
  mlir::SymbolTable &symbols;
  mlir::func::FuncOp function;
  const Slots *slots;
  mlir::Block *entry;
  mlir::Block *statusExit = nullptr, *mismatchExit = nullptr, *codeExit = nullptr;
  mlir::LLVM::AllocaOp closureMemory;
  int64_t closureSize = 0;
  llvm::DenseMap<mlir::Value, mlir::Value> local;
};

} // namespace dlc
