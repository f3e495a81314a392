// RUN: dlc-opt %s --dlc-outline-kernels | FileCheck %s
// Kernels that are equal but for their locations, and the names of literals in them, become one function.

// CHECK-LABEL: func.func @run
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>
// CHECK: %[[N:.*]] = dl.symbol "N"
// CHECK: %[[A:.*]] = rt.call @kernel_0(%[[X]]) symbols(%[[N]]) result_dims [#[[DIMS:.*]]] node 1
// CHECK: %[[B:.*]] = rt.call @kernel_0(%[[A]]) symbols(%[[N]]) result_dims [#[[DIMS]]] node 2
// CHECK: %[[C:.*]] = rt.call @kernel_1(%[[B]]) symbols(%[[N]]) result_dims [#[[DIMS]]] node 3
// CHECK: return %[[C]]

// CHECK: func.func private @kernel_0(%[[ARG:.*]]: tensor<?x8xf32>, %{{.*}}: index) -> tensor<?x8xf32>
// CHECK-SAME: dlc.input_dims = [#[[DIMS]]], dlc.kernel, dlc.ops = "exp", dlc.result_dims = [#[[DIMS]]]
// CHECK-NEXT: dl.exp %[[ARG]]
// CHECK-NEXT: return
// CHECK: func.func private @kernel_1
// CHECK-NEXT: dl.neg

#dims = affine_map<()[s0] -> (s0, 8)>
func.func @run(%x: tensor<?x8xf32> {dl.name = "X", dl.dims = ["N", "8"]}) -> (tensor<?x8xf32> {dl.name = "Y"}) {
  %n = dl.symbol "N"
  %0 = dl.kernel(%a = %x : tensor<?x8xf32>) symbols(%s = %n) input_dims [#dims] -> (tensor<?x8xf32>) result_dims [#dims] {
    %r = dl.exp %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
    dl.yield %r : tensor<?x8xf32>
  }
  %1 = dl.kernel(%a = %0 : tensor<?x8xf32>) symbols(%s = %n) input_dims [#dims] -> (tensor<?x8xf32>) result_dims [#dims] {
    %r = dl.exp %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
    dl.yield %r : tensor<?x8xf32>
  }
  %2 = dl.kernel(%a = %1 : tensor<?x8xf32>) symbols(%s = %n) input_dims [#dims] -> (tensor<?x8xf32>) result_dims [#dims] {
    %r = dl.neg %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
    dl.yield %r : tensor<?x8xf32>
  }
  return %2 : tensor<?x8xf32>
}
