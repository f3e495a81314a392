//===- Dialect.h - The dl dialect -------------------------------*- C++ -*-===//
#pragma once

#include "dialects/dl/Builder.h"
#include "dialects/dl/Evaluate.h"
#include "dialects/dl/Lower.h"
#include "dialects/dl/Number.h"
#include "dialects/dl/Permute.h"
#include "dialects/dl/Scalar.h"
#include "dialects/dl/Shapes.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/dl/Interfaces.h.inc"

#include "dialects/dl/DlDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/dl/ops/Structural.h.inc"
