// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Single elements picked by index along one axis, also fewer of them than there are.
#sizes = {N = [0, 1, 7, 17, 33]}

func.func @f32_rows(%x: tensor<?x9xf32> {dl.dims = ["N", "9"], dl.specials}, %i: tensor<?x5xi64> {dl.dims = ["N", "5"], dl.range = [-9, 8]})
    -> tensor<?x5xf32> attributes {dl.sizes = #sizes} {
  %0 = dl.gather_elements %x, %i {axis = 1 : i64} : (tensor<?x9xf32>, tensor<?x5xi64>) -> tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}
func.func @bf16_columns(%x: tensor<9x17xbf16>, %i: tensor<?x16xi32> {dl.dims = ["N", "16"], dl.range = [-9, 8]})
    -> tensor<?x16xbf16> attributes {dl.sizes = #sizes} {
  %0 = dl.gather_elements %x, %i {axis = 0 : i64} : (tensor<9x17xbf16>, tensor<?x16xi32>) -> tensor<?x16xbf16>
  return %0 : tensor<?x16xbf16>
}
func.func @i64_values(%x: tensor<2x2xi64> {dl.value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>},
                      %i: tensor<2x3xi64> {dl.value = dense<[[0, 0, -1], [1, 0, -2]]> : tensor<2x3xi64>})
    -> (tensor<2x3xi64> {dl.expect = dense<[[1, 1, 2], [4, 3, 3]]> : tensor<2x3xi64>}) {
  %0 = dl.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x2xi64>, tensor<2x3xi64>) -> tensor<2x3xi64>
  return %0 : tensor<2x3xi64>
}
func.func @beyond(%x: tensor<3xi8>, %i: tensor<2xi64> {dl.value = dense<[0, 3]> : tensor<2xi64>}) -> tensor<2xi8>
    attributes {dl.fails} {
  %0 = dl.gather_elements %x, %i {axis = 0 : i64} : (tensor<3xi8>, tensor<2xi64>) -> tensor<2xi8>
  return %0 : tensor<2xi8>
}
