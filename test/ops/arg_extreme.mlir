// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Places of extremes: the first or the last of equal ones, and of a NaN if there is any.
#sizes = {M = [0, 1, 3, 5, 33], N = [5, 1, 17, 16, 7]}

!f32 = tensor<?x?xf32>
func.func @f32_rows(%x: !f32 {dl.dims = ["M", "N"]}) -> (tensor<?x1xi64>, tensor<?x1xi64>) attributes {dl.sizes = #sizes} {
  %0 = dl.arg_extreme %x {axis = 1 : i64} : (!f32) -> tensor<?x1xi64>
  %1 = dl.arg_extreme %x {axis = 1 : i64, least} : (!f32) -> tensor<?x1xi64>
  return %0, %1 : tensor<?x1xi64>, tensor<?x1xi64>
}
func.func @f32_nan(%x: tensor<20x9xf32> {dl.specials}) -> (tensor<1x9xi64>, tensor<20x1xi64>) {
  %0 = dl.arg_extreme %x {axis = 0 : i64, last} : (tensor<20x9xf32>) -> tensor<1x9xi64>
  %1 = dl.arg_extreme %x {axis = 1 : i64, least} : (tensor<20x9xf32>) -> tensor<20x1xi64>
  return %0, %1 : tensor<1x9xi64>, tensor<20x1xi64>
}
// Few different values: many are equal.
!i8 = tensor<?x?xi8>
func.func @i8_columns(%x: !i8 {dl.dims = ["M", "N"], dl.range = [-2, 2]}) -> (tensor<?x1xi64>, tensor<?x1xi64>, tensor<?x1xi64>)
    attributes {dl.sizes = #sizes} {
  %0 = dl.arg_extreme %x {axis = 1 : i64} : (!i8) -> tensor<?x1xi64>
  %1 = dl.arg_extreme %x {axis = 1 : i64, last} : (!i8) -> tensor<?x1xi64>
  %2 = dl.arg_extreme %x {axis = 1 : i64, least, last} : (!i8) -> tensor<?x1xi64>
  return %0, %1, %2 : tensor<?x1xi64>, tensor<?x1xi64>, tensor<?x1xi64>
}
!u64 = tensor<4x?xui64>
func.func @u64(%x: !u64 {dl.dims = ["4", "N"], dl.specials}) -> tensor<1x?xi64> attributes {dl.sizes = {N = [0, 1, 17]}} {
  %0 = dl.arg_extreme %x {axis = 0 : i64} : (!u64) -> tensor<1x?xi64>
  return %0 : tensor<1x?xi64>
}
func.func @f16_values(%x: tensor<2x4xf16> {dl.value = dense<[[1.0, 3.0, 3.0, -1.0], [0x7E00, 9.0, 0x7E00, 2.0]]> : tensor<2x4xf16>})
    -> (tensor<2x1xi64> {dl.expect = dense<[[1], [0]]> : tensor<2x1xi64>},
        tensor<2x1xi64> {dl.expect = dense<[[2], [2]]> : tensor<2x1xi64>},
        tensor<2x1xi64> {dl.expect = dense<[[3], [0]]> : tensor<2x1xi64>}) {
  %0 = dl.arg_extreme %x {axis = 1 : i64} : (tensor<2x4xf16>) -> tensor<2x1xi64>
  %1 = dl.arg_extreme %x {axis = 1 : i64, last} : (tensor<2x4xf16>) -> tensor<2x1xi64>
  %2 = dl.arg_extreme %x {axis = 1 : i64, least} : (tensor<2x4xf16>) -> tensor<2x1xi64>
  return %0, %1, %2 : tensor<2x1xi64>, tensor<2x1xi64>, tensor<2x1xi64>
}
