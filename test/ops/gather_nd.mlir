// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Rows of indices address elements or slices, behind none or some batch dims.
#sizes = {N = [0, 1, 7, 17]}

func.func @f32_elements(%x: tensor<4x5xf32> {dl.specials}, %i: tensor<?x2xi64> {dl.dims = ["N", "2"], dl.range = [-4, 3]}) -> tensor<?xf32>
    attributes {dl.sizes = #sizes} {
  %0 = dl.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<4x5xf32>, tensor<?x2xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
func.func @f16_slices(%x: tensor<4x?x3xf16> {dl.dims = ["4", "N", "3"]}, %i: tensor<2x3x1xi64> {dl.range = [-4, 3]})
    -> tensor<2x3x?x3xf16> attributes {dl.sizes = #sizes} {
  %0 = dl.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<4x?x3xf16>, tensor<2x3x1xi64>) -> tensor<2x3x?x3xf16>
  return %0 : tensor<2x3x?x3xf16>
}
func.func @f64_batch(%x: tensor<?x5x3xf64> {dl.dims = ["N", "5", "3"]}, %i: tensor<?x1xi32> {dl.dims = ["N", "1"], dl.range = [0, 4]})
    -> tensor<?x3xf64> attributes {dl.sizes = #sizes} {
  %0 = dl.gather_nd %x, %i {batch_dims = 1 : i64} : (tensor<?x5x3xf64>, tensor<?x1xi32>) -> tensor<?x3xf64>
  return %0 : tensor<?x3xf64>
}
func.func @u8_values(%x: tensor<2x2xui8> {dl.value = dense<[[1, 2], [3, 4]]> : tensor<2x2xui8>},
                     %i: tensor<3x2xi64> {dl.value = dense<[[0, 1], [1, 0], [-1, -1]]> : tensor<3x2xi64>})
    -> (tensor<3xui8> {dl.expect = dense<[2, 3, 4]> : tensor<3xui8>}) {
  %0 = dl.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<2x2xui8>, tensor<3x2xi64>) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}
func.func @beyond(%x: tensor<2x2xi1>, %i: tensor<1x2xi64> {dl.value = dense<[[0, 2]]> : tensor<1x2xi64>}) -> tensor<1xi1>
    attributes {dl.fails} {
  %0 = dl.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<2x2xi1>, tensor<1x2xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}
