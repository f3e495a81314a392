// RUN: dlc-opt %s --dlc-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

// Dims follow from the arguments' symbols: [N, 3, 4] reshaped to [N, -1] has 12 columns.
// CHECK-LABEL: func.func @symbols
// CHECK: dl.reshape {{.*}} -> tensor<?x12xf32>
// CHECK: return {{.*}} : tensor<?x12xf32>
func.func @symbols(%x: tensor<?x3x4xf32> {dl.dims = ["N", "3", "4"]}) -> tensor<?x?xf32> {
  %s = dl.shape_of %x : (tensor<?x3x4xf32>) -> tensor<3xi64>
  %0 = dl.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %n = dl.gather %s, %0 {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %m = dl.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %d = dl.concat %n, %m {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %r = dl.reshape %x, %d : (tensor<?x3x4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// -----

// Shape arithmetic that is known becomes a constant.
// CHECK-LABEL: func.func @contents
// CHECK: dl.constant dense<24> : tensor<1xi64>
func.func @contents(%x: tensor<4x6xf32>) -> tensor<1xi64> {
  %s = dl.shape_of %x : (tensor<4x6xf32>) -> tensor<2xi64>
  %p = dl.reduce_prod %s [0] : (tensor<2xi64>) -> tensor<1xi64>
  return %p : tensor<1xi64>
}

// -----

func.func @mistake(%x: tensor<4x6xf32>, %y: tensor<5x7xf32>) -> tensor<4x7xf32> {
  // expected-error @below {{expects lhs columns to equal rhs rows, got 6 and 5}}
  %r = dl.matmul %x, %y : (tensor<4x6xf32>, tensor<5x7xf32>) -> tensor<4x7xf32>
  return %r : tensor<4x7xf32>
}
