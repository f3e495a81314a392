// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// The values were computed apart, by a program that gives the known answers of the paper's authors.

#sizes = {N = [0, 1, 5, 16, 33, 100], M = [3, 7, 1, 17, 40, 9]}

// 0x6627e8d5, 0xe169c58d are the first two words for a key and a counter of zeros.
func.func @zeros() -> (tensor<3xui64> {dl.expect = dense<[16242730742183356629, 6679402142117448868, 5892734326067077929]> : tensor<3xui64>}) {
  %shape = dl.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %r = dl.random_bits %shape {seed = 0} : (tensor<1xi64>) -> tensor<3xui64>
  return %r : tensor<3xui64>
}

// Elements count row by row.
func.func @rows(%step: tensor<i64> {dl.value = dense<81985529216486895> : tensor<i64>})
    -> (tensor<2x3xui64> {dl.expect = dense<[[11305205556734481733, 7819175534146263098, 8392187318227907877],
                                             [14050849710119031600, 4927998565795561341, 16706482866093743063]]> : tensor<2x3xui64>}) {
  %shape = dl.constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  %r = dl.random_bits %shape, %step {seed = 1234605616436508552, stream = 5} : (tensor<2xi64>, tensor<i64>) -> tensor<2x3xui64>
  return %r : tensor<2x3xui64>
}

// The ends of stream, step and seed.
func.func @ends(%step: tensor<i64> {dl.value = dense<-1> : tensor<i64>})
    -> (tensor<3xui64> {dl.expect = dense<[10185446663306344016, 17514176900443635176, 15463472146674647445]> : tensor<3xui64>}) {
  %shape = dl.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %r = dl.random_bits %shape, %step {seed = -1, stream = 16777215} : (tensor<1xi64>, tensor<i64>) -> tensor<3xui64>
  return %r : tensor<3xui64>
}

// Of any size, inside a kernel and read twice.
func.func @fused(%x: tensor<?x?xf32> {dl.dims = ["N", "M"]}, %step: tensor<i64>)
    -> (tensor<?x?xf32>, tensor<?x?xi1>) attributes {dl.sizes = #sizes} {
  %half = dl.constant dense<0x8000000000000000> : tensor<ui64> : tensor<ui64>
  %zero = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %shape = dl.shape_of %x : (tensor<?x?xf32>) -> tensor<2xi64>
  %r = dl.random_bits %shape, %step {seed = 7, stream = 3} : (tensor<2xi64>, tensor<i64>) -> tensor<?x?xui64>
  %keep = dl.less %r, %half : (tensor<?x?xui64>, tensor<ui64>) -> tensor<?x?xi1>
  %y = dl.select %keep, %x, %zero : (tensor<?x?xi1>, tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xf32>
  return %y, %keep : tensor<?x?xf32>, tensor<?x?xi1>
}
