// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Whole slices picked by index; negative ones count from the end, those beyond it are refused.
#sizes = {N = [0, 1, 7, 17, 33]}

func.func @f32_rows(%x: tensor<9x5xf32> {dl.specials}, %i: tensor<?xi64> {dl.dims = ["N"], dl.range = [-9, 8]}) -> tensor<?x5xf32>
    attributes {dl.sizes = #sizes} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<9x5xf32>, tensor<?xi64>) -> tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}
func.func @f16_columns(%x: tensor<?x9xf16> {dl.dims = ["N", "9"]}, %i: tensor<2x3xi32> {dl.range = [-9, 8]}) -> tensor<?x2x3xf16>
    attributes {dl.sizes = #sizes} {
  %0 = dl.gather %x, %i {axis = 1 : i64} : (tensor<?x9xf16>, tensor<2x3xi32>) -> tensor<?x2x3xf16>
  return %0 : tensor<?x2x3xf16>
}
// One element, its dim dropped; as part of a larger kernel.
func.func @f64_scalar(%x: tensor<9x?xf64> {dl.dims = ["9", "N"]}, %i: tensor<i64> {dl.range = [-9, 8]}) -> tensor<?xf64>
    attributes {dl.sizes = #sizes} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<9x?xf64>, tensor<i64>) -> tensor<?xf64>
  %1 = dl.neg %0 : (tensor<?xf64>) -> tensor<?xf64>
  return %1 : tensor<?xf64>
}
func.func @booleans(%x: tensor<9xi1>, %i: tensor<?xi64> {dl.dims = ["N"], dl.range = [0, 8]}) -> tensor<?xi1>
    attributes {dl.sizes = #sizes} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<9xi1>, tensor<?xi64>) -> tensor<?xi1>
  return %0 : tensor<?xi1>
}
func.func @u8_values(%x: tensor<3xui8> {dl.value = dense<[10, 20, 30]> : tensor<3xui8>},
                     %i: tensor<4xi64> {dl.value = dense<[2, 0, -1, -3]> : tensor<4xi64>})
    -> (tensor<4xui8> {dl.expect = dense<[30, 10, 30, 10]> : tensor<4xui8>}) {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<3xui8>, tensor<4xi64>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}
func.func @beyond(%x: tensor<3xf32>, %i: tensor<17xi64> {dl.range = [3, 3]}) -> tensor<17xf32> attributes {dl.fails} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<3xf32>, tensor<17xi64>) -> tensor<17xf32>
  return %0 : tensor<17xf32>
}
func.func @before(%x: tensor<3xf32>, %i: tensor<17xi32> {dl.range = [-4, -4]}) -> tensor<17xf32> attributes {dl.fails} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<3xf32>, tensor<17xi32>) -> tensor<17xf32>
  return %0 : tensor<17xf32>
}
