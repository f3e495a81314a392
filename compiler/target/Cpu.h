//===- Cpu.h - From kernels and host code in MLIR to x86-64 objects -------===//
//
// Four steps, each callable alone: lowerToLLVM, translateToLLVM, optimize, emit. One module holds the functions of
// all variants; each func.func says its own with setTarget.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

namespace dlc {

/// The one triple that code is generated for, whatever machine compiles.
inline constexpr llvm::StringLiteral cpuTriple = "x86_64-unknown-linux-gnu";

/// Discardable attribute (a string, see Target::get) of a func.func or llvm.func: the variant it is compiled for.
/// Functions without it run on any x86-64.
inline constexpr llvm::StringLiteral targetAttrName = "dlc.target";

/// Makes LLVM's x86 backend known to its registry. Cheap when called again.
void initializeCpuBackend();

/// Says that `function` is compiled for `target`.
void setTarget(mlir::FunctionOpInterface function, const Target &target);

/// Adds to `registry` the dialects and interfaces that lowerToLLVM and translateToLLVM need.
void registerCpuDialects(mlir::DialectRegistry &registry);

/// Lowers every function of `module` (func, scf, cf, arith, math, vector, memref, affine, index, ub, llvm) to the LLVM
/// dialect, in place. Memref arguments become bare pointers (rank 0 or static shapes only). f64 math without an
/// instruction becomes libm calls.
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module);

/// Translates a module of the LLVM dialect; null after an error was emitted.
std::unique_ptr<llvm::Module> translateToLLVM(mlir::ModuleOp module, llvm::LLVMContext &context);

enum class OptimizationLevel {
  Light, ///< for huge host functions that run once a launch: linear in their size
  Full   ///< -O3, without LLVM's own vectorizers, which know less than ours
};

/// Optimizes in process.
llvm::Error optimize(llvm::Module &module, OptimizationLevel level = OptimizationLevel::Full);

enum class CodeFormat { Object, Assembly };

/// Writes position-independent code (small code model). Consumes `module`'s IR: translate again for a second format.
llvm::Error emit(llvm::Module &module, CodeFormat format, llvm::raw_pwrite_stream &out,
                 OptimizationLevel level = OptimizationLevel::Full);

} // namespace dlc
