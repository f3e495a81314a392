// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Updates at computed places along one axis: the last one counts, or all are combined.
#sizes = {N = [0, 1, 7, 17]}

!f32 = tensor<?x9xf32>
func.func @f32_rows(%x: !f32 {dl.dims = ["N", "9"], dl.specials}, %i: tensor<?x5xi64> {dl.dims = ["N", "5"], dl.range = [-9, 8]},
                    %u: tensor<?x5xf32> {dl.dims = ["N", "5"], dl.specials}) -> (!f32, !f32, !f32) attributes {dl.sizes = #sizes} {
  %0 = dl.scatter_elements %x, %i, %u {axis = 1 : i64, combine = "none"} : (!f32, tensor<?x5xi64>, tensor<?x5xf32>) -> !f32
  %1 = dl.scatter_elements %x, %i, %u {axis = 1 : i64, combine = "min"} : (!f32, tensor<?x5xi64>, tensor<?x5xf32>) -> !f32
  %2 = dl.scatter_elements %x, %i, %u {axis = 1 : i64, combine = "max"} : (!f32, tensor<?x5xi64>, tensor<?x5xf32>) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}
func.func @f16_columns(%x: tensor<9x17xf16>, %i: tensor<?x17xi32> {dl.dims = ["N", "17"], dl.range = [-9, 8]},
                       %u: tensor<?x17xf16> {dl.dims = ["N", "17"]}) -> (tensor<9x17xf16>, tensor<9x17xf16>)
    attributes {dl.sizes = #sizes} {
  %0 = dl.scatter_elements %x, %i, %u {axis = 0 : i64, combine = "add"} : (tensor<9x17xf16>, tensor<?x17xi32>, tensor<?x17xf16>) -> tensor<9x17xf16>
  %1 = dl.scatter_elements %x, %i, %u {axis = 0 : i64, combine = "mul"} : (tensor<9x17xf16>, tensor<?x17xi32>, tensor<?x17xf16>) -> tensor<9x17xf16>
  return %0, %1 : tensor<9x17xf16>, tensor<9x17xf16>
}
func.func @i64_values(%x: tensor<4xi64> {dl.value = dense<[1, 2, 3, 4]> : tensor<4xi64>},
                      %i: tensor<3xi64> {dl.value = dense<[1, -1, 1]> : tensor<3xi64>},
                      %u: tensor<3xi64> {dl.value = dense<[10, 20, 30]> : tensor<3xi64>})
    -> (tensor<4xi64> {dl.expect = dense<[1, 30, 3, 20]> : tensor<4xi64>},
        tensor<4xi64> {dl.expect = dense<[1, 42, 3, 24]> : tensor<4xi64>}) {
  %0 = dl.scatter_elements %x, %i, %u {axis = 0 : i64, combine = "none"} : (tensor<4xi64>, tensor<3xi64>, tensor<3xi64>) -> tensor<4xi64>
  %1 = dl.scatter_elements %x, %i, %u {axis = 0 : i64, combine = "add"} : (tensor<4xi64>, tensor<3xi64>, tensor<3xi64>) -> tensor<4xi64>
  return %0, %1 : tensor<4xi64>, tensor<4xi64>
}
func.func @u8_wraps(%x: tensor<2xui8> {dl.value = dense<[250, 1]> : tensor<2xui8>}, %i: tensor<2xi64> {dl.range = [0, 0]},
                    %u: tensor<2xui8> {dl.range = [5, 5]}) -> (tensor<2xui8> {dl.expect = dense<[4, 1]> : tensor<2xui8>}) {
  %0 = dl.scatter_elements %x, %i, %u {axis = 0 : i64, combine = "add"} : (tensor<2xui8>, tensor<2xi64>, tensor<2xui8>) -> tensor<2xui8>
  return %0 : tensor<2xui8>
}
func.func @beyond(%x: tensor<4xf32>, %i: tensor<1xi64> {dl.range = [4, 4]}, %u: tensor<1xf32>) -> tensor<4xf32> attributes {dl.fails} {
  %0 = dl.scatter_elements %x, %i, %u {axis = 0 : i64, combine = "none"} : (tensor<4xf32>, tensor<1xi64>, tensor<1xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
