// Attention is one kernel that meets the columns in blocks: against the reference, which computes op by op.
// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64-v2 --dim S=1 --dim P=700 | FileCheck %s
// RUN: dlc check %s --dim S=77 --dim P=512 | FileCheck %s
// RUN: dlc check %s --dim S=5 --dim P=0 | FileCheck %s
// RUN: dlc check %s --dim S=0 --dim P=9 | FileCheck %s
// RUN: dlc compile %s -o %t --stop-after=graph --emit=mlir && FileCheck %s --check-prefix=GRAPH < %t/attention.graph.mlir

// CHECK-DAG: masked: r {{.*}} ok
// CHECK-DAG: plain: r {{.*}} ok
// CHECK-DAG: hidden: r {{.*}} ok
// CHECK-DAG: late: r {{.*}} ok
// CHECK-DAG: single: r {{.*}} ok

// Of the scores nothing is in memory but a kernel's own block.
// GRAPH-LABEL: func.func @masked
// GRAPH-NOT: tensor<2x3x?x?xf32>
// GRAPH: return

// GRAPH-LABEL: func.func @single
// GRAPH-NOT: tensor<1x2x?x?xf32>
// GRAPH: return

// A mask that is added, a scale; whole blocks of a row may be masked.
func.func @masked(%q: tensor<2x3x?x40xf32> {dl.name = "q", dl.dims = ["2", "3", "S", "40"]},
                  %k: tensor<2x3x?x40xf32> {dl.name = "k", dl.dims = ["2", "3", "P", "40"]},
                  %v: tensor<2x3x?x48xf32> {dl.name = "v", dl.dims = ["2", "3", "P", "48"]},
                  %mask: tensor<2x1x1x?xi1> {dl.name = "mask", dl.dims = ["2", "1", "1", "P"]})
    -> (tensor<2x3x?x48xf32> {dl.name = "r"}) {
  %scale = dl.constant dense<0.158> : tensor<f32> : tensor<f32>
  %low = dl.constant dense<0xFF800000> : tensor<f32> : tensor<f32>
  %s0 = dl.matmul %q, %k {transpose_b} : (tensor<2x3x?x40xf32>, tensor<2x3x?x40xf32>) -> tensor<2x3x?x?xf32>
  %s1 = dl.mul %s0, %scale : (tensor<2x3x?x?xf32>, tensor<f32>) -> tensor<2x3x?x?xf32>
  %s = dl.select %mask, %s1, %low : (tensor<2x1x1x?xi1>, tensor<2x3x?x?xf32>, tensor<f32>) -> tensor<2x3x?x?xf32>
  %m = dl.reduce_max %s [3] : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x1xf32>
  %d = dl.sub %s, %m : (tensor<2x3x?x?xf32>, tensor<2x3x?x1xf32>) -> tensor<2x3x?x?xf32>
  %e = dl.exp %d : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32>
  %t = dl.reduce_sum %e [3] : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x1xf32>
  %p = dl.div %e, %t : (tensor<2x3x?x?xf32>, tensor<2x3x?x1xf32>) -> tensor<2x3x?x?xf32>
  %r = dl.matmul %p, %v : (tensor<2x3x?x?xf32>, tensor<2x3x?x48xf32>) -> tensor<2x3x?x48xf32>
  return %r : tensor<2x3x?x48xf32>
}

// Fixed sizes, heads that share k and v.
func.func @plain(%q: tensor<4x100x16xf32> {dl.name = "q"}, %k: tensor<1x16x600xf32> {dl.name = "k"},
                 %v: tensor<1x600x20xf32> {dl.name = "v"}) -> (tensor<4x100x20xf32> {dl.name = "r"}) {
  %one = dl.constant dense<1.0> : tensor<f32> : tensor<f32>
  %s = dl.matmul %q, %k : (tensor<4x100x16xf32>, tensor<1x16x600xf32>) -> tensor<4x100x600xf32>
  %m = dl.reduce_max %s [2] : (tensor<4x100x600xf32>) -> tensor<4x100x1xf32>
  %d = dl.sub %s, %m : (tensor<4x100x600xf32>, tensor<4x100x1xf32>) -> tensor<4x100x600xf32>
  %e = dl.exp %d : (tensor<4x100x600xf32>) -> tensor<4x100x600xf32>
  %t = dl.reduce_sum %e [2] : (tensor<4x100x600xf32>) -> tensor<4x100x1xf32>
  %i = dl.div %one, %t : (tensor<f32>, tensor<4x100x1xf32>) -> tensor<4x100x1xf32>
  %p = dl.mul %e, %i : (tensor<4x100x600xf32>, tensor<4x100x1xf32>) -> tensor<4x100x600xf32>
  %r = dl.matmul %p, %v : (tensor<4x100x600xf32>, tensor<1x600x20xf32>) -> tensor<4x100x20xf32>
  return %r : tensor<4x100x20xf32>
}

// Someone else reads the weights: no such kernel, the same values.
func.func @hidden(%q: tensor<9x16xf32> {dl.name = "q"}, %k: tensor<16x30xf32> {dl.name = "k"},
                  %v: tensor<30x20xf32> {dl.name = "v"})
    -> (tensor<9x20xf32> {dl.name = "r"}, tensor<9x30xf32> {dl.name = "p"}) {
  %s = dl.matmul %q, %k : (tensor<9x16xf32>, tensor<16x30xf32>) -> tensor<9x30xf32>
  %m = dl.reduce_max %s [1] : (tensor<9x30xf32>) -> tensor<9x1xf32>
  %d = dl.sub %s, %m : (tensor<9x30xf32>, tensor<9x1xf32>) -> tensor<9x30xf32>
  %e = dl.exp %d : (tensor<9x30xf32>) -> tensor<9x30xf32>
  %t = dl.reduce_sum %e [1] : (tensor<9x30xf32>) -> tensor<9x1xf32>
  %p = dl.div %e, %t : (tensor<9x30xf32>, tensor<9x1xf32>) -> tensor<9x30xf32>
  %r = dl.matmul %p, %v : (tensor<9x30xf32>, tensor<30x20xf32>) -> tensor<9x20xf32>
  return %r, %p : tensor<9x20xf32>, tensor<9x30xf32>
}

// The first row sees nothing and is NaN, the second nothing of the first block, the third all.
func.func @late(%q: tensor<3x16xf32> {dl.name = "q"}, %k: tensor<600x16xf32> {dl.name = "k"},
                %v: tensor<600x20xf32> {dl.name = "v"}) -> (tensor<3x20xf32> {dl.name = "r"}) {
  %low = dl.constant dense<0xFF800000> : tensor<f32> : tensor<f32>
  %n = dl.constant dense<600> : tensor<i64> : tensor<i64>
  %from = dl.constant dense<[[600], [520], [0]]> : tensor<3x1xi64> : tensor<3x1xi64>
  %i = dl.iota %n : (tensor<i64>) -> tensor<600xi64>
  %sees = dl.greater_equal %i, %from : (tensor<600xi64>, tensor<3x1xi64>) -> tensor<3x600xi1>
  %s0 = dl.matmul %q, %k {transpose_b} : (tensor<3x16xf32>, tensor<600x16xf32>) -> tensor<3x600xf32>
  %s = dl.select %sees, %s0, %low : (tensor<3x600xi1>, tensor<3x600xf32>, tensor<f32>) -> tensor<3x600xf32>
  %m = dl.reduce_max %s [1] : (tensor<3x600xf32>) -> tensor<3x1xf32>
  %d = dl.sub %s, %m : (tensor<3x600xf32>, tensor<3x1xf32>) -> tensor<3x600xf32>
  %e = dl.exp %d : (tensor<3x600xf32>) -> tensor<3x600xf32>
  %t = dl.reduce_sum %e [1] : (tensor<3x600xf32>) -> tensor<3x1xf32>
  %p = dl.div %e, %t : (tensor<3x600xf32>, tensor<3x1xf32>) -> tensor<3x600xf32>
  %r = dl.matmul %p, %v : (tensor<3x600xf32>, tensor<600x20xf32>) -> tensor<3x20xf32>
  return %r : tensor<3x20xf32>
}

// A batch of one.
func.func @single(%q: tensor<1x2x?x16xf32> {dl.name = "q", dl.dims = ["1", "2", "S", "16"]},
                  %k: tensor<1x2x?x16xf32> {dl.name = "k", dl.dims = ["1", "2", "P", "16"]},
                  %v: tensor<1x2x?x16xf32> {dl.name = "v", dl.dims = ["1", "2", "P", "16"]})
    -> (tensor<1x2x?x16xf32> {dl.name = "r"}) {
  %s = dl.matmul %q, %k {transpose_b} : (tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x2x?x?xf32>
  %m = dl.reduce_max %s [3] : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x1xf32>
  %d = dl.sub %s, %m : (tensor<1x2x?x?xf32>, tensor<1x2x?x1xf32>) -> tensor<1x2x?x?xf32>
  %e = dl.exp %d : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %t = dl.reduce_sum %e [3] : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x1xf32>
  %p = dl.div %e, %t : (tensor<1x2x?x?xf32>, tensor<1x2x?x1xf32>) -> tensor<1x2x?x?xf32>
  %r = dl.matmul %p, %v : (tensor<1x2x?x?xf32>, tensor<1x2x?x16xf32>) -> tensor<1x2x?x16xf32>
  return %r : tensor<1x2x?x16xf32>
}
