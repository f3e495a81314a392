// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Panels of 32 columns, zeros behind the last one, and products with them. No columns make no panel, no rows empty ones.
#sizes = {N = [0, 1, 7, 32, 33, 70]}

func.func @f32_columns(%b: tensor<5x?xf32> {dl.dims = ["5", "N"]}) -> tensor<?x5x32xf32> attributes {dl.sizes = #sizes} {
  %0 = dl.pack %b : (tensor<5x?xf32>) -> tensor<?x5x32xf32>
  return %0 : tensor<?x5x32xf32>
}
func.func @f32_rows(%b: tensor<2x?x5xf32> {dl.dims = ["2", "N", "5"]}) -> tensor<2x?x5x32xf32> attributes {dl.sizes = #sizes} {
  %0 = dl.pack %b {transpose} : (tensor<2x?x5xf32>) -> tensor<2x?x5x32xf32>
  return %0 : tensor<2x?x5x32xf32>
}
func.func @f64(%b: tensor<?x33xf64> {dl.dims = ["N", "33"]}) -> tensor<2x?x32xf64> attributes {dl.sizes = #sizes} {
  %0 = dl.pack %b : (tensor<?x33xf64>) -> tensor<2x?x32xf64>
  return %0 : tensor<2x?x32xf64>
}
func.func @both(%b: tensor<3x?x?xf32> {dl.dims = ["3", "N", "K"]}, %c: tensor<?x?x3x?xf32> {dl.dims = ["B", "B", "3", "N"]})
    -> (tensor<3x?x?x32xf32>, tensor<?x?x?x3x32xf32>) attributes {dl.sizes = {N = [64, 0, 65, 200], K = [0, 5, 17, 301], B = [2, 3, 0, 1]}} {
  %0 = dl.pack %b {transpose} : (tensor<3x?x?xf32>) -> tensor<3x?x?x32xf32>
  %1 = dl.pack %c : (tensor<?x?x3x?xf32>) -> tensor<?x?x?x3x32xf32>
  return %0, %1 : tensor<3x?x?x32xf32>, tensor<?x?x?x3x32xf32>
}
func.func @nothing(%b: tensor<0x40xf32>, %c: tensor<3x0xf32>, %d: tensor<0x4x40xf32>)
    -> (tensor<2x0x32xf32>, tensor<0x3x32xf32>, tensor<0x2x4x32xf32>) {
  %0 = dl.pack %b : (tensor<0x40xf32>) -> tensor<2x0x32xf32>
  %1 = dl.pack %c : (tensor<3x0xf32>) -> tensor<0x3x32xf32>
  %2 = dl.pack %d : (tensor<0x4x40xf32>) -> tensor<0x2x4x32xf32>
  return %0, %1, %2 : tensor<2x0x32xf32>, tensor<0x3x32xf32>, tensor<0x2x4x32xf32>
}
func.func @large(%b: tensor<300x1000xf32>) -> (tensor<32x300x32xf32>, tensor<10x1000x32xf32>) {
  %0 = dl.pack %b : (tensor<300x1000xf32>) -> tensor<32x300x32xf32>
  %1 = dl.pack %b {transpose} : (tensor<300x1000xf32>) -> tensor<10x1000x32xf32>
  return %0, %1 : tensor<32x300x32xf32>, tensor<10x1000x32xf32>
}
func.func @f16(%b: tensor<3x40xf16>) -> tensor<2x3x32xf16> {
  %0 = dl.pack %b : (tensor<3x40xf16>) -> tensor<2x3x32xf16>
  return %0 : tensor<2x3x32xf16>
}

// The columns that packing rounded up do not appear in the product.
func.func @product(%a: tensor<?x5xf32> {dl.dims = ["M", "5"]}, %b: tensor<5x7xf32>) -> tensor<?x7xf32>
    attributes {dl.sizes = {M = [0, 1, 13, 14, 15, 33]}} {
  %0 = dl.pack %b : (tensor<5x7xf32>) -> tensor<1x5x32xf32>
  %1 = dl.packed_matmul %a, %0 {columns = 7 : i64} : (tensor<?x5xf32>, tensor<1x5x32xf32>) -> tensor<?x7xf32>
  return %1 : tensor<?x7xf32>
}
func.func @product_of_some(%a: tensor<5x3xf32>, %b: tensor<?x5xf32> {dl.dims = ["N", "5"]}) -> tensor<3x?xf32>
    attributes {dl.sizes = #sizes} {
  %0 = dl.pack %b {transpose} : (tensor<?x5xf32>) -> tensor<?x5x32xf32>
  %1 = dl.packed_matmul %a, %0, %b {transpose_a, transpose_b} : (tensor<5x3xf32>, tensor<?x5x32xf32>, tensor<?x5xf32>) -> tensor<3x?xf32>
  return %1 : tensor<3x?xf32>
}
func.func @values(%a: tensor<2x2xf32> {dl.value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>},
                  %b: tensor<2x2xf32> {dl.value = dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>})
    -> (tensor<2x2xf32> {dl.expect = dense<[[19.0, 22.0], [43.0, 50.0]]> : tensor<2x2xf32>}) {
  %0 = dl.pack %b : (tensor<2x2xf32>) -> tensor<1x2x32xf32>
  %1 = dl.packed_matmul %a, %0 {columns = 2 : i64} : (tensor<2x2xf32>, tensor<1x2x32xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}
