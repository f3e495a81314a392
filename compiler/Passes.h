//===- Passes.h - Every pass of the compiler ------------------------------===//
#pragma once

#include "compiler/target/Target.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace dlc {

struct HostProgram;

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"

std::unique_ptr<mlir::Pass> createExpandMicrokernelsPass(const Target &target);
std::unique_ptr<mlir::Pass> createLowerKernelsPass(const Target &target);
std::unique_ptr<mlir::Pass> createVectorizePass(const Target &target);
std::unique_ptr<mlir::Pass> createApproximateMathPass(const Target &target);
/// Both add to `program`, which must outlive the pass.
std::unique_ptr<mlir::Pass> createConvertToRtPass(HostProgram &program);
std::unique_ptr<mlir::Pass> createPlanMemoryPass(HostProgram &program);

#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace dlc
