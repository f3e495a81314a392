// RUN: dlc-opt %s --dlc-vectorize=cpu=x86-64-v4 | FileCheck %s

#line = affine_map<(d0) -> (d0)>

// Sixteen rows of sixteen are turned by 4 * 16 shuffles.
// CHECK-LABEL: func.func @transpose
func.func @transpose(%x: memref<32x64xf32>, %y: memref<64x32xf32>) {
  // CHECK-COUNT-16: vector.load
  // CHECK-COUNT-64: vector.shuffle
  // CHECK-COUNT-16: vector.store
  // CHECK-NOT: mask
  // CHECK: return
  linalg.transpose ins(%x : memref<32x64xf32>) outs(%y : memref<64x32xf32>) permutation = [1, 0]
  return
}

// Every second element: two loads and a shuffle, the second load ending at the last element wanted.
// CHECK-LABEL: func.func @every_second
func.func @every_second(%x: memref<32xf32>, %y: memref<16xf32>) {
  // CHECK: vector.load
  // CHECK: arith.constant 15 : index
  // CHECK: vector.load
  // CHECK: vector.shuffle {{.*}} [0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31]
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0 * 2)>, #line], iterator_types = ["parallel"]}
      ins(%x : memref<32xf32>) outs(%y : memref<16xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}

// Rows found through an index are read contiguously; single elements are gathered.
// CHECK-LABEL: func.func @gather
func.func @gather(%index: memref<4xi64>, %table: memref<9x64xf32>, %y: memref<4x64xf32>, %flat: memref<64xi64>, %z: memref<64xf32>) {
  // CHECK: memref.load {{.*}} : memref<?xi64>
  // CHECK: vector.load {{.*}} : memref<?xf32>, vector<16xf32>
  // CHECK-NOT: vector.gather
  // CHECK: vector.store
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
                  iterator_types = ["parallel", "parallel"]} ins(%index : memref<4xi64>) outs(%y : memref<4x64xf32>) {
  ^bb0(%i: i64, %b: f32):
    %row = arith.index_cast %i : i64 to index
    %column = linalg.index 1 : index
    %v = memref.load %table[%row, %column] : memref<9x64xf32>
    linalg.yield %v : f32
  }
  // CHECK: vector.gather
  %c0 = arith.constant 0 : index
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]} ins(%flat : memref<64xi64>) outs(%z : memref<64xf32>) {
  ^bb0(%i: i64, %b: f32):
    %column = arith.index_cast %i : i64 to index
    %v = memref.load %table[%c0, %column] : memref<9x64xf32>
    linalg.yield %v : f32
  }
  return
}
