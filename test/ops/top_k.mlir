// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// The k largest or smallest in order; equal ones keep theirs, NaN is the largest.
#sizes = {M = [0, 1, 3, 5], N = [5, 3, 17, 33]}

!f32 = tensor<?x?xf32>
func.func @f32_rows(%x: !f32 {dl.dims = ["M", "N"]}) -> (tensor<?x3xf32>, tensor<?x3xi64>) attributes {dl.sizes = #sizes} {
  %k = dl.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0, %1 = dl.top_k %x, %k {axis = 1 : i64} : (!f32, tensor<1xi64>) -> (tensor<?x3xf32>, tensor<?x3xi64>)
  return %0, %1 : tensor<?x3xf32>, tensor<?x3xi64>
}
func.func @f32_nan(%x: tensor<9x4xf32> {dl.specials}) -> (tensor<9x4xf32>, tensor<9x4xi64>, tensor<5x4xf32>, tensor<5x4xi64>) {
  %nine = dl.constant dense<9> : tensor<1xi64> : tensor<1xi64>
  %five = dl.constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %0, %1 = dl.top_k %x, %nine {axis = 0 : i64} : (tensor<9x4xf32>, tensor<1xi64>) -> (tensor<9x4xf32>, tensor<9x4xi64>)
  %2, %3 = dl.top_k %x, %five {axis = 0 : i64, least} : (tensor<9x4xf32>, tensor<1xi64>) -> (tensor<5x4xf32>, tensor<5x4xi64>)
  return %0, %1, %2, %3 : tensor<9x4xf32>, tensor<9x4xi64>, tensor<5x4xf32>, tensor<5x4xi64>
}
!u8 = tensor<2x?xui8>
func.func @u8_ties(%x: !u8 {dl.dims = ["2", "N"], dl.range = [253, 255]}) -> (tensor<2x2xui8>, tensor<2x2xi64>)
    attributes {dl.sizes = {N = [2, 7, 33]}} {
  %k = dl.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0, %1 = dl.top_k %x, %k {axis = 1 : i64, least} : (!u8, tensor<1xi64>) -> (tensor<2x2xui8>, tensor<2x2xi64>)
  return %0, %1 : tensor<2x2xui8>, tensor<2x2xi64>
}
func.func @none(%x: tensor<4xbf16>) -> (tensor<0xbf16>, tensor<0xi64>) {
  %k = dl.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0, %1 = dl.top_k %x, %k {axis = 0 : i64} : (tensor<4xbf16>, tensor<1xi64>) -> (tensor<0xbf16>, tensor<0xi64>)
  return %0, %1 : tensor<0xbf16>, tensor<0xi64>
}
