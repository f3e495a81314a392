// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// All modes; negative pads cut.
#sizes = {N = [1, 5, 7, 17]}

func.func @f32_constant(%x: tensor<?x3xf32> {dl.dims = ["N", "3"], dl.specials}, %v: tensor<f32>) -> tensor<?x6xf32>
    attributes {dl.sizes = {N = [1, 7, 17]}} {
  %p = dl.constant dense<[2, 1, 0, 2]> : tensor<4xi64> : tensor<4xi64>
  %0 = dl.pad %x, %p, %v {mode = "constant"} : (tensor<?x3xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}
func.func @f16_edge(%x: tensor<?x3xf16> {dl.dims = ["N", "3"]}, %v: tensor<f16>) -> tensor<?x7xf16> attributes {dl.sizes = #sizes} {
  %p = dl.constant dense<[3, 2, 1, 2]> : tensor<4xi64> : tensor<4xi64>
  %0 = dl.pad %x, %p, %v {mode = "edge"} : (tensor<?x3xf16>, tensor<4xi64>, tensor<f16>) -> tensor<?x7xf16>
  return %0 : tensor<?x7xf16>
}
func.func @f64_reflect(%x: tensor<?x5xf64> {dl.dims = ["N", "5"]}, %v: tensor<f64>) -> tensor<?x11xf64> attributes {dl.sizes = #sizes} {
  %p = dl.constant dense<[0, 4, 0, 2]> : tensor<4xi64> : tensor<4xi64>
  %0 = dl.pad %x, %p, %v {mode = "reflect"} : (tensor<?x5xf64>, tensor<4xi64>, tensor<f64>) -> tensor<?x11xf64>
  return %0 : tensor<?x11xf64>
}
func.func @i64_wrap(%x: tensor<?x5xi64> {dl.dims = ["N", "5"]}, %v: tensor<i64>) -> tensor<?x16xi64> attributes {dl.sizes = #sizes} {
  %p = dl.constant dense<[0, 4, 0, 7]> : tensor<4xi64> : tensor<4xi64>
  %0 = dl.pad %x, %p, %v {mode = "wrap"} : (tensor<?x5xi64>, tensor<4xi64>, tensor<i64>) -> tensor<?x16xi64>
  return %0 : tensor<?x16xi64>
}
func.func @booleans_cut(%x: tensor<9x17xi1>, %v: tensor<i1>) -> tensor<7x15xi1> {
  %p = dl.constant dense<[-3, 1, 1, -3]> : tensor<4xi64> : tensor<4xi64>
  %0 = dl.pad %x, %p, %v {mode = "constant"} : (tensor<9x17xi1>, tensor<4xi64>, tensor<i1>) -> tensor<7x15xi1>
  return %0 : tensor<7x15xi1>
}
func.func @u8_values(%x: tensor<3xui8> {dl.value = dense<[1, 2, 3]> : tensor<3xui8>}, %v: tensor<ui8> {dl.value = dense<9> : tensor<ui8>})
    -> (tensor<6xui8> {dl.expect = dense<[9, 9, 1, 2, 3, 9]> : tensor<6xui8>},
        tensor<6xui8> {dl.expect = dense<[1, 1, 1, 2, 3, 3]> : tensor<6xui8>},
        tensor<6xui8> {dl.expect = dense<[3, 2, 1, 2, 3, 2]> : tensor<6xui8>},
        tensor<6xui8> {dl.expect = dense<[2, 3, 1, 2, 3, 1]> : tensor<6xui8>}) {
  %p = dl.constant dense<[2, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.pad %x, %p, %v {mode = "constant"} : (tensor<3xui8>, tensor<2xi64>, tensor<ui8>) -> tensor<6xui8>
  %1 = dl.pad %x, %p, %v {mode = "edge"} : (tensor<3xui8>, tensor<2xi64>, tensor<ui8>) -> tensor<6xui8>
  %2 = dl.pad %x, %p, %v {mode = "reflect"} : (tensor<3xui8>, tensor<2xi64>, tensor<ui8>) -> tensor<6xui8>
  %3 = dl.pad %x, %p, %v {mode = "wrap"} : (tensor<3xui8>, tensor<2xi64>, tensor<ui8>) -> tensor<6xui8>
  return %0, %1, %2, %3 : tensor<6xui8>, tensor<6xui8>, tensor<6xui8>, tensor<6xui8>
}
