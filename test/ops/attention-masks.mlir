// Masks that attentions share, or that are broadcast on their way, are computed where the scores are.
// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64-v2 --dim S=3 --dim P=700 | FileCheck %s
// RUN: dlc check %s --dim S=77 --dim P=512 | FileCheck %s
// RUN: dlc check %s --dim S=0 --dim P=9 | FileCheck %s
// RUN: dlc compile %s -o %t --stop-after=graph --emit=mlir && FileCheck %s --check-prefix=GRAPH < %t/attention_masks.graph.mlir

// CHECK-DAG: shared: r {{.*}} ok

// GRAPH-LABEL: func.func @shared
// GRAPH-NOT: tensor<?x?x
// GRAPH-NOT: tensor<2x1x?x?x
// GRAPH: return

// Causal and of a padding mask, as an f32 that two layers add, one of them through a broadcast to all of the batch.
func.func @shared(%q: tensor<2x3x?x40xf32> {dl.name = "q", dl.dims = ["2", "3", "S", "40"]},
                  %k: tensor<2x3x?x40xf32> {dl.name = "k", dl.dims = ["2", "3", "P", "40"]},
                  %v: tensor<2x3x?x40xf32> {dl.name = "v", dl.dims = ["2", "3", "P", "40"]},
                  %rows: tensor<?xi64> {dl.name = "rows", dl.dims = ["S"], dl.range = [0, 700]},
                  %columns: tensor<?xi64> {dl.name = "columns", dl.dims = ["P"], dl.range = [0, 700]},
                  %padding: tensor<2x1x1x?xi1> {dl.name = "padding", dl.dims = ["2", "1", "1", "P"]})
    -> (tensor<2x3x?x40xf32> {dl.name = "r"}) {
  %scale = dl.constant dense<0.158> : tensor<f32> : tensor<f32>
  %low = dl.constant dense<-1.0e+4> : tensor<f32> : tensor<f32>
  %zero = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %row = dl.unsqueeze %rows {axes = array<i64: 1>} : (tensor<?xi64>) -> tensor<?x1xi64>
  %later = dl.greater %columns, %row : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %all = dl.unsqueeze %later {axes = array<i64: 0, 1>} : (tensor<?x?xi1>) -> tensor<1x1x?x?xi1>
  %hidden = dl.or %all, %padding : (tensor<1x1x?x?xi1>, tensor<2x1x1x?xi1>) -> tensor<2x1x?x?xi1>
  %mask = dl.select %hidden, %low, %zero : (tensor<2x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<2x1x?x?xf32>

  %s0 = dl.matmul %q, %k {transpose_b} : (tensor<2x3x?x40xf32>, tensor<2x3x?x40xf32>) -> tensor<2x3x?x?xf32>
  %s1 = dl.mul %s0, %scale : (tensor<2x3x?x?xf32>, tensor<f32>) -> tensor<2x3x?x?xf32>
  %s = dl.add %s1, %mask : (tensor<2x3x?x?xf32>, tensor<2x1x?x?xf32>) -> tensor<2x3x?x?xf32>
  %m = dl.reduce_max %s [3] : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x1xf32>
  %d = dl.sub %s, %m : (tensor<2x3x?x?xf32>, tensor<2x3x?x1xf32>) -> tensor<2x3x?x?xf32>
  %e = dl.exp %d : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32>
  %t = dl.reduce_sum %e [3] : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x1xf32>
  %p = dl.div %e, %t : (tensor<2x3x?x?xf32>, tensor<2x3x?x1xf32>) -> tensor<2x3x?x?xf32>
  %a = dl.matmul %p, %v : (tensor<2x3x?x?xf32>, tensor<2x3x?x40xf32>) -> tensor<2x3x?x40xf32>

  %of_q = dl.shape_of %q : (tensor<2x3x?x40xf32>) -> tensor<4xi64>
  %of_k = dl.shape_of %k : (tensor<2x3x?x40xf32>) -> tensor<4xi64>
  %both = dl.concat %of_q, %of_k {axis = 0 : i64} : (tensor<4xi64>, tensor<4xi64>) -> tensor<8xi64>
  %which = dl.constant dense<[0, 1, 2, 6]> : tensor<4xi64> : tensor<4xi64>
  %dims = dl.gather %both, %which {axis = 0 : i64} : (tensor<8xi64>, tensor<4xi64>) -> tensor<4xi64>
  %whole = dl.broadcast_to %mask, %dims : (tensor<2x1x?x?xf32>, tensor<4xi64>) -> tensor<2x3x?x?xf32>
  %z0 = dl.matmul %a, %k {transpose_b} : (tensor<2x3x?x40xf32>, tensor<2x3x?x40xf32>) -> tensor<2x3x?x?xf32>
  %z = dl.add %whole, %z0 : (tensor<2x3x?x?xf32>, tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32>
  %zm = dl.reduce_max %z [3] : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x1xf32>
  %zd = dl.sub %z, %zm : (tensor<2x3x?x?xf32>, tensor<2x3x?x1xf32>) -> tensor<2x3x?x?xf32>
  %ze = dl.exp %zd : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32>
  %zt = dl.reduce_sum %ze [3] : (tensor<2x3x?x?xf32>) -> tensor<2x3x?x1xf32>
  %zp = dl.div %ze, %zt : (tensor<2x3x?x?xf32>, tensor<2x3x?x1xf32>) -> tensor<2x3x?x?xf32>
  %r = dl.matmul %zp, %v : (tensor<2x3x?x?xf32>, tensor<2x3x?x40xf32>) -> tensor<2x3x?x40xf32>
  return %r : tensor<2x3x?x40xf32>
}
