// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Forwards, backwards, with steps, of nothing; a place that does not exist is refused.
#sizes = {N = [0, 1, 7, 33]}

func.func @f32_columns(%x: tensor<?x33xf32> {dl.dims = ["N", "33"], dl.specials}) -> tensor<?x17xf32>
    attributes {dl.sizes = #sizes} {
  %start = dl.constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %size = dl.constant dense<17> : tensor<1xi64> : tensor<1xi64>
  %step = dl.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %0 = dl.slice %x, %start, %size, %step {axes = array<i64: 1>}
      : (tensor<?x33xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x17xf32>
  return %0 : tensor<?x17xf32>
}
func.func @f16_backwards(%x: tensor<?x9xf16> {dl.dims = ["N", "9"]}) -> tensor<?x4xf16> attributes {dl.sizes = #sizes} {
  %start = dl.constant dense<8> : tensor<1xi64> : tensor<1xi64>
  %size = dl.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %step = dl.constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %0 = dl.slice %x, %start, %size, %step {axes = array<i64: 1>}
      : (tensor<?x9xf16>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf16>
  return %0 : tensor<?x4xf16>
}
// Where it starts is known only when it runs.
func.func @i64_start(%x: tensor<33x5xi64>, %start: tensor<2xi64> {dl.range = [0, 2]}) -> tensor<16x3xi64> {
  %size = dl.constant dense<[16, 3]> : tensor<2xi64> : tensor<2xi64>
  %step = dl.constant dense<[2, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.slice %x, %start, %size, %step {axes = array<i64: 0, 1>}
      : (tensor<33x5xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<16x3xi64>
  return %0 : tensor<16x3xi64>
}
func.func @nothing(%x: tensor<7xui8>) -> tensor<0xui8> {
  %zero = dl.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %step = dl.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %0 = dl.slice %x, %zero, %zero, %step {axes = array<i64: 0>}
      : (tensor<7xui8>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<0xui8>
  return %0 : tensor<0xui8>
}
func.func @values(%x: tensor<6xi8> {dl.value = dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi8>})
    -> (tensor<3xi8> {dl.expect = dense<[5, 3, 1]> : tensor<3xi8>}) {
  %start = dl.constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %size = dl.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %step = dl.constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %0 = dl.slice %x, %start, %size, %step {axes = array<i64: 0>}
      : (tensor<6xi8>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi8>
  return %0 : tensor<3xi8>
}
func.func @beyond(%x: tensor<6xf32>, %start: tensor<1xi64> {dl.range = [4, 4]}) -> tensor<3xf32> attributes {dl.fails} {
  %size = dl.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %step = dl.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %0 = dl.slice %x, %start, %size, %step {axes = array<i64: 0>}
      : (tensor<6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
