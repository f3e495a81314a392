// RUN: dlc-opt %s --dlc-vectorize=cpu=x86-64-v4 | FileCheck %s

#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// Along the vector: four accumulators start from the neutral element and meet once, with the output's own value.
// CHECK-LABEL: func.func @inner
func.func @inner(%x: memref<8x1024xf32>, %s: memref<8xf32>) {
  // CHECK: %[[NEUTRAL:.*]] = arith.constant dense<-0.000000e+00> : vector<16xf32>
  // CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[NEUTRAL]], %{{.*}} = %[[NEUTRAL]], %{{.*}} = %[[NEUTRAL]], %{{.*}} = %[[NEUTRAL]]
  // CHECK-COUNT-4: arith.addf {{.*}} vector<16xf32>
  // CHECK: scf.yield
  // CHECK: vector.shuffle {{.*}} vector<16xf32>
  // CHECK: arith.addf {{.*}} vector<8xf32>
  // CHECK: arith.addf {{.*}} : f32
  // CHECK: memref.store
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<8x1024xf32>) outs(%s : memref<8xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  }
  return
}

// Across rows: sums of neighbouring columns stay in registers over all rows.
// CHECK-LABEL: func.func @outer
func.func @outer(%x: memref<8x1024xf32>, %s: memref<1024xf32>) {
  // CHECK: scf.for
  // CHECK-COUNT-4: vector.load
  // CHECK: scf.for {{.*}} iter_args
  // CHECK-COUNT-4: vector.load
  // CHECK-NOT: vector.store
  // CHECK: scf.yield
  // CHECK: }
  // CHECK-COUNT-4: vector.store
  linalg.generic {indexing_maps = [#all, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<8x1024xf32>) outs(%s : memref<1024xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  }
  return
}

// Of many rows eight at a time, each time over all columns; then the rest.
// CHECK-LABEL: func.func @rows
func.func @rows(%x: memref<?x1024xf32>, %s: memref<1024xf32>) {
  // CHECK: %[[EIGHT:.*]] = arith.constant 8 : index
  // CHECK: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %[[EIGHT]]
  // CHECK: %[[END:.*]] = arith.addi %[[FIRST]]
  // CHECK: scf.for
  // CHECK-COUNT-4: vector.load
  // CHECK: scf.for %{{.*}} = %[[FIRST]] to %[[END]]
  // CHECK-COUNT-4: vector.load
  // CHECK-COUNT-4: vector.store
  // CHECK: scf.for
  // CHECK-COUNT-4: vector.store
  linalg.generic {indexing_maps = [#all, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<?x1024xf32>) outs(%s : memref<1024xf32>) {
  ^bb0(%a: f32, %b: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  }
  return
}

// A recurrence with no known order of its own stays a scalar loop.
// CHECK-LABEL: func.func @recurrence
func.func @recurrence(%x: memref<1024xf32>, %s: memref<f32>) {
  // CHECK-NOT: vector
  // CHECK: return
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<1024xf32>) outs(%s : memref<f32>) {
  ^bb0(%a: f32, %b: f32):
    %p = arith.mulf %a, %b : f32
    %r = arith.addf %p, %a : f32
    linalg.yield %r : f32
  }
  return
}
