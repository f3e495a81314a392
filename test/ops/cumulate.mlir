// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Running sums and products, from either end, with and without the element itself.
#sizes = {M = [0, 1, 3, 5, 2], N = [5, 0, 17, 16, 33]}

!f32 = tensor<?x?xf32>
func.func @f32(%x: !f32 {dl.dims = ["M", "N"]}) -> (!f32, !f32) attributes {dl.sizes = #sizes} {
  %0 = dl.cumulate %x {axis = 1 : i64, combine = "add"} : (!f32) -> !f32
  %1 = dl.cumulate %x {axis = 0 : i64, combine = "add", exclusive, reverse} : (!f32) -> !f32
  return %0, %1 : !f32, !f32
}
!f64 = tensor<?x3xf64>
func.func @f64_products(%x: !f64 {dl.dims = ["N", "3"], dl.range = [0.5, 1.5]}) -> (!f64, !f64)
    attributes {dl.sizes = {N = [0, 1, 17]}} {
  %0 = dl.cumulate %x {axis = 0 : i64, combine = "mul", reverse} : (!f64) -> !f64
  %1 = dl.cumulate %x {axis = 1 : i64, combine = "mul", exclusive} : (!f64) -> !f64
  return %0, %1 : !f64, !f64
}
func.func @bf16(%x: tensor<33xbf16> {dl.range = [0, 1]}) -> tensor<33xbf16> {
  %0 = dl.cumulate %x {axis = 0 : i64, combine = "add"} : (tensor<33xbf16>) -> tensor<33xbf16>
  return %0 : tensor<33xbf16>
}
func.func @i32_values(%x: tensor<4xi32> {dl.value = dense<[1, 2, 3, 4]> : tensor<4xi32>})
    -> (tensor<4xi32> {dl.expect = dense<[1, 3, 6, 10]> : tensor<4xi32>},
        tensor<4xi32> {dl.expect = dense<[0, 1, 3, 6]> : tensor<4xi32>},
        tensor<4xi32> {dl.expect = dense<[9, 7, 4, 0]> : tensor<4xi32>},
        tensor<4xi32> {dl.expect = dense<[24, 24, 12, 4]> : tensor<4xi32>}) {
  %0 = dl.cumulate %x {axis = 0 : i64, combine = "add"} : (tensor<4xi32>) -> tensor<4xi32>
  %1 = dl.cumulate %x {axis = 0 : i64, combine = "add", exclusive} : (tensor<4xi32>) -> tensor<4xi32>
  %2 = dl.cumulate %x {axis = 0 : i64, combine = "add", exclusive, reverse} : (tensor<4xi32>) -> tensor<4xi32>
  %3 = dl.cumulate %x {axis = 0 : i64, combine = "mul", reverse} : (tensor<4xi32>) -> tensor<4xi32>
  return %0, %1, %2, %3 : tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>
}
