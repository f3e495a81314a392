// RUN: dlc-opt %s --dlc-assign-layouts --dlc-fold-constants | FileCheck %s

// A weight is packed when compiling, its last panel filled with zeros; what is computed is packed by a kernel.
// CHECK-LABEL: func.func @weight
// CHECK: dl.constant dense_resource<packed_{{.*}}> : tensor<1x2x32xf32>
// CHECK-NOT: dl.pack
// CHECK: dl.packed_matmul {{.*}} {columns = 3 : i64}
func.func @weight(%x: tensor<4x2xf32>) -> tensor<4x3xf32> {
  %w = dl.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %r = dl.matmul %x, %w : (tensor<4x2xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @computed
// CHECK: %[[P:.*]] = dl.pack %arg1 : (tensor<2x40xf32>) -> tensor<2x2x32xf32>
// CHECK: dl.packed_matmul %arg0, %[[P]] {columns = 40 : i64}
func.func @computed(%x: tensor<4x2xf32>, %y: tensor<2x40xf32>) -> tensor<4x40xf32> {
  %r = dl.matmul %x, %y : (tensor<4x2xf32>, tensor<2x40xf32>) -> tensor<4x40xf32>
  return %r : tensor<4x40xf32>
}
