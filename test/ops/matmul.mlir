// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Products around the tile sizes, transposed, batched, with no rows, columns or terms.
#sizes = {M = [0, 1, 3, 14, 17, 33, 5], N = [5, 1, 33, 32, 0, 7, 3], K = [3, 1, 17, 16, 5, 33, 0]}

func.func @f32(%a: tensor<?x?xf32> {dl.dims = ["M", "K"]}, %b: tensor<?x?xf32> {dl.dims = ["K", "N"]}) -> tensor<?x?xf32>
    attributes {dl.sizes = #sizes} {
  %0 = dl.matmul %a, %b : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func @f32_transposed(%a: tensor<?x?xf32> {dl.dims = ["K", "M"]}, %b: tensor<?x?xf32> {dl.dims = ["N", "K"]}) -> tensor<?x?xf32>
    attributes {dl.sizes = #sizes} {
  %0 = dl.matmul %a, %b {transpose_a, transpose_b} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
// Attention's: batch and heads in both; then one right operand for all.
func.func @f32_batch(%a: tensor<?x2x5x8xf32> {dl.dims = ["N", "2", "5", "8"]}, %b: tensor<?x2x7x8xf32> {dl.dims = ["N", "2", "7", "8"]},
                     %c: tensor<7x3xf32>) -> tensor<?x2x5x3xf32> attributes {dl.sizes = {N = [0, 1, 3]}} {
  %0 = dl.matmul %a, %b {transpose_b} : (tensor<?x2x5x8xf32>, tensor<?x2x7x8xf32>) -> tensor<?x2x5x7xf32>
  %1 = dl.matmul %0, %c : (tensor<?x2x5x7xf32>, tensor<7x3xf32>) -> tensor<?x2x5x3xf32>
  return %1 : tensor<?x2x5x3xf32>
}
func.func @f32_broadcast(%a: tensor<3x1x5x4xf32>, %b: tensor<2x4x6xf32>) -> tensor<3x2x5x6xf32> {
  %0 = dl.matmul %a, %b : (tensor<3x1x5x4xf32>, tensor<2x4x6xf32>) -> tensor<3x2x5x6xf32>
  return %0 : tensor<3x2x5x6xf32>
}
// A weight, packed at compile time, with an epilogue.
func.func @f32_weight(%a: tensor<?x3xf32> {dl.dims = ["M", "3"]}, %bias: tensor<2xf32>) -> tensor<?x2xf32>
    attributes {dl.sizes = {M = [0, 1, 13, 33]}} {
  %w = dl.constant dense<[[1.0, -2.0], [0.5, 4.0], [-1.0, 0.25]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %0 = dl.matmul %a, %w : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %1 = dl.add %0, %bias : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %2 = dl.relu %1 : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %2 : tensor<?x2xf32>
}
// The same for a batch: its rows are those of one product, unless an operand of the epilogue has the rows of one matrix.
func.func @f32_weight_of_batch(%a: tensor<?x2x?x3xf32> {dl.dims = ["N", "2", "M", "3"]}, %bias: tensor<2xf32>,
                               %r: tensor<?x2x?x2xf32> {dl.dims = ["N", "2", "M", "2"]}, %row: tensor<?x2xf32> {dl.dims = ["M", "2"]})
    -> (tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>) attributes {dl.sizes = {N = [0, 1, 3, 8], M = [2, 1, 13, 0]}} {
  %w = dl.constant dense<[[1.0, -2.0], [0.5, 4.0], [-1.0, 0.25]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %0 = dl.matmul %a, %w : (tensor<?x2x?x3xf32>, tensor<3x2xf32>) -> tensor<?x2x?x2xf32>
  %1 = dl.add %0, %bias : (tensor<?x2x?x2xf32>, tensor<2xf32>) -> tensor<?x2x?x2xf32>
  %2 = dl.add %1, %r : (tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>) -> tensor<?x2x?x2xf32>
  %3 = dl.matmul %2, %w {transpose_b} : (tensor<?x2x?x2xf32>, tensor<3x2xf32>) -> tensor<?x2x?x3xf32>
  %4 = dl.matmul %3, %w : (tensor<?x2x?x3xf32>, tensor<3x2xf32>) -> tensor<?x2x?x2xf32>
  %5 = dl.add %4, %row : (tensor<?x2x?x2xf32>, tensor<?x2xf32>) -> tensor<?x2x?x2xf32>
  return %2, %5 : tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>
}

func.func @f64(%a: tensor<?x?xf64> {dl.dims = ["M", "K"]}, %b: tensor<?x?xf64> {dl.dims = ["K", "N"]}) -> tensor<?x?xf64>
    attributes {dl.sizes = #sizes} {
  %0 = dl.matmul %a, %b : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}
func.func @f16(%a: tensor<?x?xf16> {dl.dims = ["M", "K"]}, %b: tensor<?x?xf16> {dl.dims = ["K", "N"]}) -> tensor<?x?xf16>
    attributes {dl.sizes = #sizes} {
  %0 = dl.matmul %a, %b : (tensor<?x?xf16>, tensor<?x?xf16>) -> tensor<?x?xf16>
  return %0 : tensor<?x?xf16>
}
func.func @bf16(%a: tensor<17x33xbf16>, %b: tensor<5x33xbf16>) -> tensor<17x5xbf16> {
  %0 = dl.matmul %a, %b {transpose_b} : (tensor<17x33xbf16>, tensor<5x33xbf16>) -> tensor<17x5xbf16>
  return %0 : tensor<17x5xbf16>
}
func.func @i32(%a: tensor<?x?xi32> {dl.dims = ["M", "K"], dl.specials}, %b: tensor<?x?xi32> {dl.dims = ["K", "N"], dl.specials})
    -> tensor<?x?xi32> attributes {dl.sizes = #sizes} {
  %0 = dl.matmul %a, %b : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi32>
  return %0 : tensor<?x?xi32>
}
func.func @i64_values(%a: tensor<2x2xi64> {dl.value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>},
                      %b: tensor<2x2xi64> {dl.value = dense<[[5, 6], [7, 8]]> : tensor<2x2xi64>})
    -> (tensor<2x2xi64> {dl.expect = dense<[[19, 22], [43, 50]]> : tensor<2x2xi64>},
        tensor<2x2xi64> {dl.expect = dense<[[23, 31], [34, 46]]> : tensor<2x2xi64>}) {
  %0 = dl.matmul %a, %b : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
  %1 = dl.matmul %a, %b {transpose_a, transpose_b} : (tensor<2x2xi64>, tensor<2x2xi64>) -> tensor<2x2xi64>
  return %0, %1 : tensor<2x2xi64>, tensor<2x2xi64>
}
