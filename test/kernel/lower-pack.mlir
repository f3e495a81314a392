// RUN: dlc-opt %s --dlc-lower-kernels=cpu=x86-64-v4 --canonicalize | FileCheck %s

// Panels are tiles, one by one, with all rows of the operand in each; where the width divides N each is whole.

// CHECK-DAG: #[[PANELS:.*]] = affine_map<() -> (16)>
// CHECK-DAG: #[[BATCHES:.*]] = affine_map<()[s0, s1, s2, s3] -> (s2 * s3)>

// CHECK-LABEL: func.func private @static
// CHECK-SAME: dlc.grain = 4 : i64, dlc.kernel, dlc.tiles = #[[PANELS]]}
// CHECK: scf.for %[[P:.*]] = %{{.*}} to %{{.*}} step
// CHECK: %[[N:.*]] = affine.apply {{.*}}(%[[P]])
// CHECK: %[[FROM:.*]] = memref.subview %{{.*}}[0, %[[N]]] [512, 32] [1, 1]
// CHECK: %[[TO:.*]] = memref.subview %{{.*}}[%[[P]], 0, 0] [1, 512, 32] [1, 1, 1]
// CHECK: mk.pack ins(%[[FROM]] : {{.*}} outs(%[[TO]] :
func.func private @static(%b: tensor<512x512xf32>) -> tensor<16x512x32xf32>
    attributes {dlc.input_dims = [affine_map<() -> (512, 512)>], dlc.kernel} {
  %0 = dl.pack %b : (tensor<512x512xf32>) -> tensor<16x512x32xf32>
  return %0 : tensor<16x512x32xf32>
}

// Batch dims are parallel as well. Symbols are N, K, B and the number of panels.
#in = affine_map<()[s0, s1, s2, s3] -> (s2, s0, s1)>
#out = affine_map<()[s0, s1, s2, s3] -> (s2, s3, s1, 32)>
// CHECK-LABEL: func.func private @symbolic
// CHECK-SAME: dlc.tiles = #[[BATCHES]]}
// CHECK: scf.for %[[T:.*]] =
// CHECK-DAG: %[[P:.*]] = arith.remui %[[T]]
// CHECK-DAG: %[[B:.*]] = arith.divui %[[T]]
// CHECK: %[[COUNT:.*]] = affine.min
// CHECK: memref.subview %{{.*}}[%[[B]], %{{.*}}, 0] [1, %[[COUNT]], %{{.*}}]
// CHECK: memref.subview %{{.*}}[%[[B]], %[[P]], 0, 0] [1, 1, %{{.*}}, 32]
// CHECK: mk.pack
func.func private @symbolic(%b: tensor<?x?x?xf32>, %s0: index, %s1: index, %s2: index, %s3: index) -> tensor<?x?x?x32xf32>
    attributes {dlc.input_dims = [#in], dlc.kernel} {
  %0 = dl.pack %b {dims = [#out], transpose} : (tensor<?x?x?xf32>) -> tensor<?x?x?x32xf32>
  return %0 : tensor<?x?x?x32xf32>
}
