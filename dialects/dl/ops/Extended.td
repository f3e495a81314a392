//===- Extended.td - Families that passes know by interface only ----------===//
include "dialects/dl/ops/Demand.td"
include "dialects/dl/ops/Index.td"
include "dialects/dl/ops/Order.td"
include "dialects/dl/ops/OverlapAdd.td"
include "dialects/dl/ops/Pool.td"
include "dialects/dl/ops/Random.td"
include "dialects/dl/ops/Scatter.td"
include "dialects/dl/ops/Winograd.td"
