// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Tensors out of nothing: constant, fill, iota, shape_of.
#sizes = {N = [0, 1, 7, 17, 33]}

func.func @constants() -> (tensor<3xf16> {dl.expect = dense<[1.5, -0.0, 0x7E00]> : tensor<3xf16>},
                           tensor<2x2xi1> {dl.expect = dense<[[true, false], [false, true]]> : tensor<2x2xi1>},
                           tensor<ui64> {dl.expect = dense<18446744073709551615> : tensor<ui64>}, tensor<0x3xf32>) {
  %0 = dl.constant dense<[1.5, -0.0, 0x7E00]> : tensor<3xf16> : tensor<3xf16>
  %1 = dl.constant dense<[[true, false], [false, true]]> : tensor<2x2xi1> : tensor<2x2xi1>
  %2 = dl.constant dense<18446744073709551615> : tensor<ui64> : tensor<ui64>
  %3 = dl.constant dense<> : tensor<0x3xf32> : tensor<0x3xf32>
  return %0, %1, %2, %3 : tensor<3xf16>, tensor<2x2xi1>, tensor<ui64>, tensor<0x3xf32>
}
func.func @bf16_splat(%x: tensor<?x33xbf16> {dl.dims = ["N", "33"]}) -> tensor<?x33xbf16> attributes {dl.sizes = #sizes} {
  %0 = dl.constant dense<2.5> : tensor<33xbf16> : tensor<33xbf16>
  %1 = dl.mul %x, %0 : (tensor<?x33xbf16>, tensor<33xbf16>) -> tensor<?x33xbf16>
  return %1 : tensor<?x33xbf16>
}
func.func @shape_of(%x: tensor<?x3xf32> {dl.dims = ["N", "3"]}) -> tensor<2xi64> attributes {dl.sizes = #sizes} {
  %0 = dl.shape_of %x : (tensor<?x3xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
func.func @shape_of_scalar(%x: tensor<f32>) -> tensor<0xi64> {
  %0 = dl.shape_of %x : (tensor<f32>) -> tensor<0xi64>
  return %0 : tensor<0xi64>
}
// Filled with a value of the run, in the shape of an argument.
func.func @fill(%x: tensor<?x3xi8> {dl.dims = ["N", "3"]}, %v: tensor<f64>) -> tensor<?x3xf64> attributes {dl.sizes = #sizes} {
  %s = dl.shape_of %x : (tensor<?x3xi8>) -> tensor<2xi64>
  %0 = dl.fill %s, %v : (tensor<2xi64>, tensor<f64>) -> tensor<?x3xf64>
  return %0 : tensor<?x3xf64>
}
func.func @fill_static(%v: tensor<i1>, %w: tensor<ui8>) -> (tensor<17xi1>, tensor<33x1xui8>) {
  %s = dl.constant dense<17> : tensor<1xi64> : tensor<1xi64>
  %t = dl.constant dense<[33, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.fill %s, %v : (tensor<1xi64>, tensor<i1>) -> tensor<17xi1>
  %1 = dl.fill %t, %w : (tensor<2xi64>, tensor<ui8>) -> tensor<33x1xui8>
  return %0, %1 : tensor<17xi1>, tensor<33x1xui8>
}
func.func @iota(%x: tensor<?xf32> {dl.dims = ["N"]}) -> tensor<?xi64> attributes {dl.sizes = #sizes} {
  %s = dl.shape_of %x : (tensor<?xf32>) -> tensor<1xi64>
  %0 = dl.iota %s : (tensor<1xi64>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
func.func @iota_values() -> (tensor<5xi64> {dl.expect = dense<[0, 1, 2, 3, 4]> : tensor<5xi64>}) {
  %s = dl.constant dense<5> : tensor<i64> : tensor<i64>
  %0 = dl.iota %s : (tensor<i64>) -> tensor<5xi64>
  return %0 : tensor<5xi64>
}
