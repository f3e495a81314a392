//===- Formulas.td - All families whose ops are a formula -----------------===//
include "dialects/dl/ops/Activation.td"
include "dialects/dl/ops/Pointwise.td"
