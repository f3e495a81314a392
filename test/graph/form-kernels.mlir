// RUN: dlc-opt %s --dlc-form-kernels --split-input-file | FileCheck %s

// A chain of pointwise ops is one kernel.
// CHECK-LABEL: func.func @chain
// CHECK-COUNT-1: dl.kernel
// CHECK: dl.exp
// CHECK: dl.add
// CHECK: dl.yield
// CHECK-NOT: dl.kernel
func.func @chain(%x: tensor<8x16xf32>, %y: tensor<16xf32>) -> tensor<8x16xf32> {
  %0 = dl.exp %x : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %1 = dl.add %0, %y : (tensor<8x16xf32>, tensor<16xf32>) -> tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}

// -----

// Softmax is one kernel: both folds share the rows, and what is broadcast again stays inside.
// CHECK-LABEL: func.func @softmax
// CHECK: %[[N:.*]] = dl.symbol "N"
// CHECK: dl.kernel(%{{.*}} = %arg0 : tensor<?x16xf32>) symbols(%{{.*}} = %[[N]])
// CHECK: dl.reduce_max
// CHECK: dl.reduce_sum
// CHECK: dl.div
// CHECK-NOT: dl.kernel
func.func @softmax(%x: tensor<?x16xf32> {dl.dims = ["N", "16"]}) -> tensor<?x16xf32> {
  %m = dl.reduce_max %x [1] : (tensor<?x16xf32>) -> tensor<?x1xf32>
  %d = dl.sub %x, %m : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  %e = dl.exp %d : (tensor<?x16xf32>) -> tensor<?x16xf32>
  %s = dl.reduce_sum %e [1] : (tensor<?x16xf32>) -> tensor<?x1xf32>
  %r = dl.div %e, %s : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  return %r : tensor<?x16xf32>
}

// -----

// A product takes its epilogue; one that is needed by itself as well keeps its own kernel.
// CHECK-LABEL: func.func @epilogue
// CHECK: dl.kernel
// CHECK-NEXT: dl.packed_matmul
// CHECK-NEXT: dl.add
// CHECK-NEXT: dl.relu
// CHECK-LABEL: func.func @escaping
// CHECK: dl.kernel
// CHECK-NEXT: dl.packed_matmul
// CHECK-NEXT: dl.yield
// CHECK: dl.kernel
// CHECK-NEXT: dl.relu
func.func @epilogue(%x: tensor<8x16xf32>, %w: tensor<1x16x32xf32>, %b: tensor<32xf32>) -> tensor<8x32xf32> {
  %0 = dl.packed_matmul %x, %w {columns = 32 : i64} : (tensor<8x16xf32>, tensor<1x16x32xf32>) -> tensor<8x32xf32>
  %1 = dl.add %0, %b : (tensor<8x32xf32>, tensor<32xf32>) -> tensor<8x32xf32>
  %2 = dl.relu %1 : (tensor<8x32xf32>) -> tensor<8x32xf32>
  return %2 : tensor<8x32xf32>
}
func.func @escaping(%x: tensor<8x16xf32>, %w: tensor<1x16x32xf32>) -> (tensor<8x32xf32>, tensor<8x32xf32>) {
  %0 = dl.packed_matmul %x, %w {columns = 32 : i64} : (tensor<8x16xf32>, tensor<1x16x32xf32>) -> tensor<8x32xf32>
  %1 = dl.relu %0 : (tensor<8x32xf32>) -> tensor<8x32xf32>
  return %0, %1 : tensor<8x32xf32>, tensor<8x32xf32>
}

// -----

// A group never depends on itself through another: the fold over rows needs its own pass before the fold over columns.
// CHECK-LABEL: func.func @no_cycle
// CHECK: dl.kernel
// CHECK: dl.reduce_sum {{.*}} [1]
// CHECK: dl.yield
// CHECK: dl.kernel
// CHECK: dl.reduce_sum {{.*}} [0]
func.func @no_cycle(%x: tensor<8x16xf32>) -> tensor<1x1xf32> {
  %0 = dl.reduce_sum %x [1] : (tensor<8x16xf32>) -> tensor<8x1xf32>
  %1 = dl.reduce_sum %0 [0] : (tensor<8x1xf32>) -> tensor<1x1xf32>
  return %1 : tensor<1x1xf32>
}

// -----

// What only shapes a result is not computed: the reshape is a view whose dims are symbols.
// CHECK-LABEL: func.func @shape_only
// CHECK-NOT: dl.kernel
// CHECK: dl.view %arg0 symbols(%{{.*}}) #
// CHECK-NOT: dl.shape_of
// CHECK: return
func.func @shape_only(%x: tensor<?x4x4xf32> {dl.dims = ["N", "4", "4"]}) -> tensor<?x16xf32> {
  %s = dl.shape_of %x : (tensor<?x4x4xf32>) -> tensor<3xi64>
  %0 = dl.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %n = dl.gather %s, %0 {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %m = dl.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %d = dl.concat %n, %m {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %r = dl.reshape %x, %d : (tensor<?x4x4xf32>, tensor<2xi64>) -> tensor<?x16xf32>
  return %r : tensor<?x16xf32>
}

// A splat is a literal in a formula, but weights are read from memory.
// CHECK-LABEL: func.func @splat_weights
// CHECK: %[[W:.*]] = dl.constant dense<5.000000e-01> : tensor<1x2x32xf32>
// CHECK: dl.kernel(%{{.*}} = %arg0, %{{.*}} = %[[W]] :
// CHECK: dl.constant dense<2.000000e+00>
func.func @splat_weights(%x: tensor<4x2xf32>) -> tensor<4x32xf32> {
  %w = dl.constant dense<0.5> : tensor<1x2x32xf32> : tensor<1x2x32xf32>
  %two = dl.constant dense<2.0> : tensor<f32> : tensor<f32>
  %p = dl.packed_matmul %x, %w {columns = 32 : i64} : (tensor<4x2xf32>, tensor<1x2x32xf32>) -> tensor<4x32xf32>
  %y = dl.mul %p, %two : (tensor<4x32xf32>, tensor<f32>) -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}
