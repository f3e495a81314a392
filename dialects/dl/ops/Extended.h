//===- Extended.h - Ops that only builders name -----------------*- C++ -*-===//
//
// Apart from Dialect.h, as Formulas.h: an op more here rebuilds its family and the DSL, not the compiler.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Dialect.h"

#include "dialects/dl/ops/Winograd.h.inc"

#define GET_OP_CLASSES
#include "dialects/dl/ops/Extended.h.inc"
