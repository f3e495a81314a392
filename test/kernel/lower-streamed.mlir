// RUN: dlc-opt %s --dlc-lower-kernels=cpu=x86-64-v4 --canonicalize | FileCheck %s --check-prefixes=CHECK,LOWERED
// RUN: dlc-opt %s --dlc-lower-kernels=cpu=x86-64-v4 --dlc-vectorize=cpu=x86-64-v4 \
// RUN:   | FileCheck %s --check-prefixes=CHECK,VECTORS

// A result of more than a core's share of the caches goes past them if it starts at a cache line and is no input's
// memory; a fence makes it visible before the tiles count as done.

// CHECK-LABEL: func.func private @large
// LOWERED-DAG: %[[X:.*]] = memref.extract_aligned_pointer_as_index %arg0
// LOWERED-DAG: %[[Y:.*]] = memref.extract_aligned_pointer_as_index %arg1
// LOWERED: scf.for
// LOWERED: scf.if
// LOWERED: linalg.generic
// LOWERED-SAME: dlc.streamed
// LOWERED: } else {
// LOWERED: linalg.generic
// LOWERED-NOT: dlc.streamed
// VECTORS: vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// VECTORS: } else {
// VECTORS-NOT: nontemporal
// CHECK: llvm.call_intrinsic "llvm.x86.sse.sfence"
func.func private @large(%x: tensor<2048x1024xf32>) -> tensor<2048x1024xf32>
    attributes {dlc.input_dims = [affine_map<() -> (2048, 1024)>], dlc.kernel} {
  %0 = dl.relu %x : (tensor<2048x1024xf32>) -> tensor<2048x1024xf32>
  return %0 : tensor<2048x1024xf32>
}

// CHECK-LABEL: func.func private @small
// CHECK-NOT: dlc.streamed
// CHECK-NOT: nontemporal
// CHECK-NOT: sfence
func.func private @small(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    attributes {dlc.input_dims = [affine_map<() -> (1024, 1024)>], dlc.kernel} {
  %0 = dl.relu %x : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  return %0 : tensor<1024x1024xf32>
}

// Rows that start between cache lines.
// CHECK-LABEL: func.func private @ragged
// CHECK-NOT: dlc.streamed
// CHECK-NOT: nontemporal
// CHECK-NOT: sfence
func.func private @ragged(%x: tensor<4096x1001xf32>) -> tensor<4096x1001xf32>
    attributes {dlc.input_dims = [affine_map<() -> (4096, 1001)>], dlc.kernel} {
  %0 = dl.reduce_max %x [1] : (tensor<4096x1001xf32>) -> tensor<4096x1xf32>
  %1 = dl.sub %x, %0 : (tensor<4096x1001xf32>, tensor<4096x1xf32>) -> tensor<4096x1001xf32>
  return %1 : tensor<4096x1001xf32>
}
