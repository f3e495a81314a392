// RUN: dlc-opt %s --dlc-fold-constants | FileCheck %s
// RUN: dlc check %s

// What only moves elements of a resource folds whatever its size; the bytes of a reshape are the operand's.
// CHECK-LABEL: func.func @moved
// CHECK-NEXT: dl.constant dense_resource<folded_{{.*}}> : tensor<2x1x3xf32>
// CHECK-NEXT: dl.add
func.func @moved(%x: tensor<2x1x3xf32>) -> (tensor<2x1x3xf32> {dl.name = "y"}) {
  %w = dl.constant dense_resource<moved> : tensor<6xf32> : tensor<6xf32>
  %dims = dl.constant dense<[3, 2, 1]> : tensor<3xi64> : tensor<3xi64>
  %r = dl.reshape %w, %dims : (tensor<6xf32>, tensor<3xi64>) -> tensor<3x2x1xf32>
  %t = dl.transpose %r {permutation = array<i64: 1, 2, 0>} : (tensor<3x2x1xf32>) -> tensor<2x1x3xf32>
  %y = dl.add %x, %t : (tensor<2x1x3xf32>, tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  return %y : tensor<2x1x3xf32>
}

// The data of a weight goes with the last op that has it: here another function does.
// CHECK-LABEL: func.func @kept
// CHECK-NEXT: dl.constant dense_resource<folded_{{.*}}> : tensor<2x2xf32>
// CHECK-LABEL: func.func @as_it_is
// CHECK-NEXT: dl.constant dense_resource<kept> : tensor<2x2xf32>
func.func @kept(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = dl.constant dense_resource<kept> : tensor<2x2xf32> : tensor<2x2xf32>
  %t = dl.transpose %w {permutation = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = dl.add %x, %t : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
func.func @as_it_is(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = dl.constant dense_resource<kept> : tensor<2x2xf32> : tensor<2x2xf32>
  %y = dl.add %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-DAG: kept: "0x040000000000803F000000400000404000008040"
// CHECK-NOT: moved:
{-# dialect_resources: { builtin: {
  moved: "0x040000000000803F0000004000004040000080400000A0400000C040",
  kept: "0x040000000000803F000000400000404000008040"
} } #-}
