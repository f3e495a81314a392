// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Alone and read through by the op behind it; every width of element.
#sizes = {M = [0, 3, 1, 7, 16, 33, 301], N = [5, 0, 17, 1, 16, 7, 255]}

func.func @f32(%x: tensor<?x?xf32> {dl.dims = ["M", "N"], dl.specials}) -> tensor<?x?xf32> attributes {dl.sizes = #sizes} {
  %0 = dl.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func @f32_plus_itself(%x: tensor<17x17xf32>) -> tensor<17x17xf32> {
  %0 = dl.transpose %x {permutation = array<i64: 1, 0>} : (tensor<17x17xf32>) -> tensor<17x17xf32>
  %1 = dl.add %x, %0 : (tensor<17x17xf32>, tensor<17x17xf32>) -> tensor<17x17xf32>
  return %1 : tensor<17x17xf32>
}
func.func @f64_channels_last(%x: tensor<?x3x5x7xf64> {dl.dims = ["N", "3", "5", "7"]}) -> tensor<?x5x7x3xf64>
    attributes {dl.sizes = {N = [0, 1, 3]}} {
  %0 = dl.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x3x5x7xf64>) -> tensor<?x5x7x3xf64>
  return %0 : tensor<?x5x7x3xf64>
}
func.func @f16_heads(%x: tensor<2x?x3x8xf16> {dl.dims = ["2", "N", "3", "8"]}) -> tensor<2x3x?x8xf16>
    attributes {dl.sizes = {N = [0, 1, 17]}} {
  %0 = dl.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x?x3x8xf16>) -> tensor<2x3x?x8xf16>
  return %0 : tensor<2x3x?x8xf16>
}
func.func @booleans(%x: tensor<?x33xi1> {dl.dims = ["N", "33"]}) -> tensor<33x?xi1> attributes {dl.sizes = {N = [0, 1, 17]}} {
  %0 = dl.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x33xi1>) -> tensor<33x?xi1>
  return %0 : tensor<33x?xi1>
}
func.func @u8_values(%x: tensor<2x3xui8> {dl.value = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xui8>})
    -> (tensor<3x2xui8> {dl.expect = dense<[[1, 4], [2, 5], [3, 6]]> : tensor<3x2xui8>}) {
  %0 = dl.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xui8>) -> tensor<3x2xui8>
  return %0 : tensor<3x2xui8>
}
