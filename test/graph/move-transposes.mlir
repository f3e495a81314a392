// RUN: dlc-opt %s --dlc-move-transposes | FileCheck %s

// Behind a convolution: a bias, the addition of another branch, and only what is asked for in the old order is transposed.
// CHECK-LABEL: func.func @residual
// CHECK: %[[B:.*]] = dl.unsqueeze %{{.*}} {axes = array<i64: 0, 1, 2>} : (tensor<16xf32>) -> tensor<1x1x1x16xf32>
// CHECK: %[[S:.*]] = dl.add %arg0, %[[B]] : (tensor<?x8x8x16xf32>
// CHECK: %[[R:.*]] = dl.add %[[S]], %arg0 : (tensor<?x8x8x16xf32>
// CHECK-NEXT: %[[L:.*]] = dl.transpose %[[R]] {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT: return %[[R]], %[[L]]
func.func @residual(%x: tensor<?x8x8x16xf32> {dl.dims = ["N", "8", "8", "16"]}, %b: tensor<16xf32>)
    -> (tensor<?x8x8x16xf32>, tensor<?x16x8x8xf32>) {
  %f = dl.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<?x8x8x16xf32>) -> tensor<?x16x8x8xf32>
  %u = dl.unsqueeze %b {axes = array<i64: 1, 2>} : (tensor<16xf32>) -> tensor<16x1x1xf32>
  %s = dl.add %f, %u : (tensor<?x16x8x8xf32>, tensor<16x1x1xf32>) -> tensor<?x16x8x8xf32>
  %t = dl.add %s, %f : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %g = dl.transpose %t {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x16x8x8xf32>) -> tensor<?x8x8x16xf32>
  return %g, %t : tensor<?x8x8x16xf32>, tensor<?x16x8x8xf32>
}

// Axes follow; dims of 1 need no transpose.
// CHECK-LABEL: func.func @mean
// CHECK: dl.reduce_sum %arg0 [1, 2]
// CHECK-NOT: dl.transpose
// CHECK: dl.reshape %{{.*}} -> tensor<2x16xf32>
func.func @mean(%x: tensor<2x8x8x16xf32>) -> tensor<2x16xf32> {
  %f = dl.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<2x8x8x16xf32>) -> tensor<2x16x8x8xf32>
  %r = dl.reduce_sum %f [2, 3] : (tensor<2x16x8x8xf32>) -> tensor<2x16x1x1xf32>
  %n = dl.neg %r : (tensor<2x16x1x1xf32>) -> tensor<2x16x1x1xf32>
  %d = dl.constant dense<[2, 16]> : tensor<2xi64> : tensor<2xi64>
  %y = dl.reshape %n, %d : (tensor<2x16x1x1xf32>, tensor<2xi64>) -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}

// Shuffled channels: of the transposes only the one among channels stays.
// CHECK-LABEL: func.func @shuffle
// CHECK: dl.reshape %arg0, %{{.*}} -> tensor<?x7x7x3x8xf32>
// CHECK: dl.transpose %{{.*}} {permutation = array<i64: 0, 1, 2, 4, 3>}
// CHECK-NOT: dl.transpose
// CHECK: dl.reshape %{{.*}} -> tensor<?x7x7x24xf32>
// CHECK-NEXT: return
func.func @shuffle(%x: tensor<?x7x7x24xf32> {dl.dims = ["N", "7", "7", "24"]}) -> tensor<?x7x7x24xf32> {
  %f = dl.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<?x7x7x24xf32>) -> tensor<?x24x7x7xf32>
  %d = dl.constant dense<[-1, 3, 8, 7, 7]> : tensor<5xi64> : tensor<5xi64>
  %g = dl.reshape %f, %d : (tensor<?x24x7x7xf32>, tensor<5xi64>) -> tensor<?x3x8x7x7xf32>
  %t = dl.transpose %g {permutation = array<i64: 0, 2, 1, 3, 4>} : (tensor<?x3x8x7x7xf32>) -> tensor<?x8x3x7x7xf32>
  %e = dl.constant dense<[-1, 24, 7, 7]> : tensor<4xi64> : tensor<4xi64>
  %m = dl.reshape %t, %e : (tensor<?x8x3x7x7xf32>, tensor<4xi64>) -> tensor<?x24x7x7xf32>
  %y = dl.transpose %m {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x24x7x7xf32>) -> tensor<?x7x7x24xf32>
  return %y : tensor<?x7x7x24xf32>
}

// What would need a transpose of another operand stays as it is.
// CHECK-LABEL: func.func @mixed
// CHECK: %[[F:.*]] = dl.transpose %arg0
// CHECK: dl.add %[[F]], %arg1
func.func @mixed(%x: tensor<2x8x8x16xf32>, %z: tensor<2x16x8x8xf32>) -> tensor<2x16x8x8xf32> {
  %f = dl.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<2x8x8x16xf32>) -> tensor<2x16x8x8xf32>
  %y = dl.add %f, %z : (tensor<2x16x8x8xf32>, tensor<2x16x8x8xf32>) -> tensor<2x16x8x8xf32>
  return %y : tensor<2x16x8x8xf32>
}
