// RUN: dlc-opt %s --dlc-vectorize=cpu=x86-64-v4 | FileCheck %s --check-prefixes=CHECK,MASKS
// RUN: dlc-opt %s --dlc-vectorize=cpu=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,SCALARS

// Whole vectors first; the remainder is one masked vector, or scalars where masks cost.

#rows = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func @scale
func.func @scale(%x: memref<?x?xf32, strided<[?, 1]>>, %s: memref<?xf32>, %y: memref<?x?xf32, strided<[?, 1]>>) {
  // The scale is loaded once a row, before the loop over the columns.
  // CHECK: scf.for
  // CHECK: %[[S:.*]] = memref.load
  // CHECK: scf.for
  // MASKS: vector.load {{.*}} vector<16xf32>
  // SCALARS: vector.load {{.*}} vector<8xf32>
  // CHECK: vector.broadcast %[[S]]
  // CHECK: arith.mulf {{.*}} fastmath<contract>
  // CHECK: vector.store
  // MASKS: vector.create_mask
  // MASKS: vector.maskedload
  // MASKS: vector.maskedstore
  // SCALARS-NOT: mask
  // SCALARS: memref.load
  // SCALARS: arith.mulf {{.*}} : f32
  // SCALARS: memref.store
  linalg.generic {indexing_maps = [#rows, #column, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s : memref<?x?xf32, strided<[?, 1]>>, memref<?xf32>) outs(%y : memref<?x?xf32, strided<[?, 1]>>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  }
  return
}

// Contiguous rows are one long row: 6 * 8 elements are three vectors, and nothing remains.
// CHECK-LABEL: func.func @contiguous
func.func @contiguous(%x: memref<6x8xf32>, %y: memref<6x8xf32>) {
  // CHECK-COUNT-1: scf.for
  // CHECK-NOT: mask
  // CHECK-NOT: : f32
  // CHECK: return
  linalg.copy ins(%x : memref<6x8xf32>) outs(%y : memref<6x8xf32>)
  return
}
