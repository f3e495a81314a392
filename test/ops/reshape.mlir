// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// The same elements under other dims: of arguments, of computed values, of nothing.
#sizes = {N = [0, 1, 7, 17, 33]}

func.func @f32_rows_to_one(%x: tensor<?x3x4xf32> {dl.dims = ["N", "3", "4"], dl.specials}) -> tensor<?x12xf32>
    attributes {dl.sizes = #sizes} {
  %s = dl.constant dense<[-1, 12]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.reshape %x, %s : (tensor<?x3x4xf32>, tensor<2xi64>) -> tensor<?x12xf32>
  return %0 : tensor<?x12xf32>
}
// Between two kernels, and inside what could be one.
func.func @f16_between(%x: tensor<?x6xf16> {dl.dims = ["N", "6"]}) -> tensor<?x2x3xf16> attributes {dl.sizes = #sizes} {
  %s = dl.constant dense<[-1, 2, 3]> : tensor<3xi64> : tensor<3xi64>
  %0 = dl.neg %x : (tensor<?x6xf16>) -> tensor<?x6xf16>
  %1 = dl.reshape %0, %s : (tensor<?x6xf16>, tensor<3xi64>) -> tensor<?x2x3xf16>
  %2 = dl.abs %1 : (tensor<?x2x3xf16>) -> tensor<?x2x3xf16>
  return %2 : tensor<?x2x3xf16>
}
func.func @i64_scalar(%x: tensor<1x1xi64>) -> tensor<i64> {
  %s = dl.constant dense<> : tensor<0xi64> : tensor<0xi64>
  %0 = dl.reshape %x, %s : (tensor<1x1xi64>, tensor<0xi64>) -> tensor<i64>
  return %0 : tensor<i64>
}
func.func @f64_nothing(%x: tensor<0x5xf64>) -> tensor<3x0xf64> {
  %s = dl.constant dense<[3, 0]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.reshape %x, %s : (tensor<0x5xf64>, tensor<2xi64>) -> tensor<3x0xf64>
  return %0 : tensor<3x0xf64>
}
func.func @squeeze(%x: tensor<1x?x1x3xui8> {dl.dims = ["1", "N", "1", "3"]}) -> tensor<?x3xui8> attributes {dl.sizes = #sizes} {
  %0 = dl.squeeze %x {axes = array<i64: 0, 2>} : (tensor<1x?x1x3xui8>) -> tensor<?x3xui8>
  return %0 : tensor<?x3xui8>
}
func.func @unsqueeze(%x: tensor<?x3xbf16> {dl.dims = ["N", "3"]}) -> tensor<1x?x3x1xbf16> attributes {dl.sizes = #sizes} {
  %0 = dl.neg %x : (tensor<?x3xbf16>) -> tensor<?x3xbf16>
  %1 = dl.unsqueeze %0 {axes = array<i64: 0, 3>} : (tensor<?x3xbf16>) -> tensor<1x?x3x1xbf16>
  return %1 : tensor<1x?x3x1xbf16>
}
func.func @booleans(%x: tensor<?xi1> {dl.dims = ["N"]}) -> tensor<1x?xi1> attributes {dl.sizes = #sizes} {
  %0 = dl.unsqueeze %x {axes = array<i64: 0>} : (tensor<?xi1>) -> tensor<1x?xi1>
  return %0 : tensor<1x?xi1>
}
func.func @values(%x: tensor<2x3xi32> {dl.value = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>})
    -> (tensor<3x2xi32> {dl.expect = dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi32>}) {
  %s = dl.constant dense<[3, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.reshape %x, %s : (tensor<2x3xi32>, tensor<2xi64>) -> tensor<3x2xi32>
  return %0 : tensor<3x2xi32>
}
