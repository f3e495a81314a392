//===- Structural.td - All families whose ops have more than a formula ----===//
include "dialects/dl/ops/Constant.td"
include "dialects/dl/ops/Contract.td"
include "dialects/dl/ops/Control.td"
include "dialects/dl/ops/Conv.td"
include "dialects/dl/ops/Kernel.td"
include "dialects/dl/ops/Layout.td"
include "dialects/dl/ops/Reduce.td"
