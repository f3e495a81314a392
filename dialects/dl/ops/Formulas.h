//===- Formulas.h - The ops that are a formula ------------------*- C++ -*-===//
//
// Apart from Dialect.h: passes know these ops by interface only, and few files need the declarations.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Dialect.h"

#define GET_OP_CLASSES
#include "dialects/dl/ops/Formulas.h.inc"
