// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Each sequence up to its own length, with the batch before and behind time.
func.func @f32_time_first(%x: tensor<7x?x3xf32> {dl.dims = ["7", "N", "3"], dl.specials}, %n: tensor<?xi64> {dl.dims = ["N"], dl.range = [0, 7]})
    -> tensor<7x?x3xf32> attributes {dl.sizes = {N = [0, 1, 5, 17]}} {
  %0 = dl.reverse_sequence %x, %n {batch_axis = 1 : i64, time_axis = 0 : i64} : (tensor<7x?x3xf32>, tensor<?xi64>) -> tensor<7x?x3xf32>
  return %0 : tensor<7x?x3xf32>
}
func.func @f16_batch_first(%x: tensor<?x7xf16> {dl.dims = ["N", "7"]}, %n: tensor<?xi64> {dl.dims = ["N"], dl.range = [1, 7]})
    -> tensor<?x7xf16> attributes {dl.sizes = {N = [0, 1, 5, 17]}} {
  %0 = dl.reverse_sequence %x, %n {batch_axis = 0 : i64, time_axis = 1 : i64} : (tensor<?x7xf16>, tensor<?xi64>) -> tensor<?x7xf16>
  return %0 : tensor<?x7xf16>
}
func.func @values(%x: tensor<3x4xi32> {dl.value = dense<[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]> : tensor<3x4xi32>},
                  %n: tensor<3xi64> {dl.value = dense<[4, 1, 2]> : tensor<3xi64>})
    -> (tensor<3x4xi32> {dl.expect = dense<[[3, 2, 1, 0], [4, 5, 6, 7], [9, 8, 10, 11]]> : tensor<3x4xi32>}) {
  %0 = dl.reverse_sequence %x, %n {batch_axis = 0 : i64, time_axis = 1 : i64} : (tensor<3x4xi32>, tensor<3xi64>) -> tensor<3x4xi32>
  return %0 : tensor<3x4xi32>
}
func.func @too_long(%x: tensor<1x4xf32>, %n: tensor<1xi64> {dl.range = [5, 5]}) -> tensor<1x4xf32> attributes {dl.fails} {
  %0 = dl.reverse_sequence %x, %n {batch_axis = 0 : i64, time_axis = 1 : i64} : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
