// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Places of what is not zero, and how many there are. Columns beyond the count are cut off, as they mean nothing.
!row = tensor<1xi64>

// The count alone, for a tensor of any size.
func.func @f32_count(%x: tensor<?x3xf32> {dl.dims = ["N", "3"], dl.specials}) -> !row attributes {dl.sizes = {N = [0, 1, 7, 33]}} {
  %0, %1 = dl.nonzero %x : (tensor<?x3xf32>) -> (tensor<2x?xi64>, !row)
  return %1 : !row
}
func.func @booleans_count(%x: tensor<?xi1> {dl.dims = ["N"]}) -> !row attributes {dl.sizes = {N = [0, 1, 7, 33]}} {
  %0, %1 = dl.nonzero %x : (tensor<?xi1>) -> (tensor<1x?xi64>, !row)
  return %1 : !row
}
// All of them.
func.func @i8_all(%x: tensor<3x5xi8> {dl.range = [1, 9]}) -> tensor<2x15xi64> {
  %0, %1 = dl.nonzero %x : (tensor<3x5xi8>) -> (tensor<2x15xi64>, !row)
  return %0 : tensor<2x15xi64>
}
func.func @values(%x: tensor<2x3xf32> {dl.value = dense<[[0.0, -1.0, -0.0], [0x7FC00000, 0.0, 2.0]]> : tensor<2x3xf32>})
    -> (tensor<2x?xi64> {dl.expect = dense<[[0, 1, 1], [1, 0, 2]]> : tensor<2x3xi64>}, !row {dl.expect = dense<3> : tensor<1xi64>}) {
  %zero = dl.constant dense<0> : !row : !row
  %one = dl.constant dense<1> : !row : !row
  %0, %1 = dl.nonzero %x : (tensor<2x3xf32>) -> (tensor<2x6xi64>, !row)
  %2 = dl.slice %0, %zero, %1, %one {axes = array<i64: 1>, in_range} : (tensor<2x6xi64>, !row, !row, !row) -> tensor<2x?xi64>
  return %2, %1 : tensor<2x?xi64>, !row
}
