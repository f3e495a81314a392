// RUN: dlc-opt %s --dlc-absorb-scales --dlc-fold-constants | FileCheck %s

// (x w * s + t) * 2 - 1: one product with weights w * 2s, one summand 2t - 1.
// CHECK-LABEL: func.func @chain
// CHECK-DAG: %[[W:.*]] = dl.constant dense<{{\[\[}}2.000000e+00, 8.000000e+00], [6.000000e+00, 1.600000e+01]]>
// CHECK-DAG: %[[T:.*]] = dl.constant dense<[1.900000e+01, 3.900000e+01]>
// CHECK: %[[P:.*]] = dl.matmul %arg0, %[[W]]
// CHECK-NEXT: dl.add %[[P]], %[[T]]
// CHECK-NEXT: return
func.func @chain(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = dl.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %s = dl.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %t = dl.constant dense<[10.0, 20.0]> : tensor<2xf32> : tensor<2xf32>
  %two = dl.constant dense<2.0> : tensor<f32> : tensor<f32>
  %one = dl.constant dense<1.0> : tensor<f32> : tensor<f32>
  %p = dl.matmul %x, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %a = dl.mul %p, %s : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %b = dl.add %t, %a : (tensor<2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %c = dl.mul %b, %two : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  %d = dl.sub %c, %one : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %d : tensor<4x2xf32>
}

// A factor for each group's outputs.
// CHECK-LABEL: func.func @groups
// CHECK: %[[W:.*]] = dl.constant dense<{{\[\[\[\[}}5.000000e+00]]], {{\[\[\[}}1.400000e+01]]]]> : tensor<2x1x1x1xf32>
// CHECK: dl.conv %arg0, %[[W]]
// CHECK-NEXT: return
func.func @groups(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %w = dl.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32> : tensor<2x1x1x1xf32>
  %s = dl.constant dense<[5.0, 7.0]> : tensor<2xf32> : tensor<2xf32>
  %c = dl.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>} : (tensor<1x3x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x3x2xf32>
  %y = dl.mul %c, %s : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  return %y : tensor<1x3x2xf32>
}

// Another reader of the product sees it as it was; a factor a row is none a column.
// CHECK-LABEL: func.func @others
// CHECK: dl.matmul
// CHECK: dl.mul
// CHECK: dl.matmul
// CHECK: dl.mul
func.func @others(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = dl.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %s = dl.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %r = dl.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32> : tensor<2x1xf32>
  %p = dl.matmul %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %a = dl.mul %p, %s : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %q = dl.matmul %a, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %b = dl.mul %q, %r : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %p, %a, %b : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
