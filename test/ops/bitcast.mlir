// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Bits stay; a NaN may not lose its payload on the way through a kernel.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

func.func @f32_to_i32(%x: tensor<?xf32> {dl.dims = ["N"], dl.specials}) -> tensor<?xi32> attributes {dl.sizes = #sizes} {
  %0 = dl.bitcast %x {to = i32} : (tensor<?xf32>) -> tensor<?xi32>
  return %0 : tensor<?xi32>
}
func.func @i64_to_f64(%x: tensor<?x3xi64> {dl.dims = ["N", "3"], dl.specials}) -> tensor<?x3xf64>
    attributes {dl.sizes = #sizes} {
  %0 = dl.bitcast %x {to = f64} : (tensor<?x3xi64>) -> tensor<?x3xf64>
  return %0 : tensor<?x3xf64>
}
func.func @u8_to_i8(%x: tensor<?xui8> {dl.dims = ["N"], dl.specials}) -> tensor<?xi8> attributes {dl.sizes = #sizes} {
  %0 = dl.bitcast %x {to = i8} : (tensor<?xui8>) -> tensor<?xi8>
  return %0 : tensor<?xi8>
}
func.func @bf16_to_f16(%x: tensor<17xbf16>) -> tensor<17xf16> {
  %0 = dl.bitcast %x {to = f16} : (tensor<17xbf16>) -> tensor<17xf16>
  return %0 : tensor<17xf16>
}
func.func @values(%x: tensor<3xf32> {dl.value = dense<[1.0, -0.0, 0x7F800000]> : tensor<3xf32>},
                  %y: tensor<3xf16> {dl.value = dense<[1.0, -2.0, 0x7C00]> : tensor<3xf16>})
    -> (tensor<3xui32> {dl.expect = dense<[1065353216, 2147483648, 2139095040]> : tensor<3xui32>},
        tensor<3xui16> {dl.expect = dense<[15360, 49152, 31744]> : tensor<3xui16>}) {
  %0 = dl.bitcast %x {to = ui32} : (tensor<3xf32>) -> tensor<3xui32>
  %1 = dl.bitcast %y {to = ui16} : (tensor<3xf16>) -> tensor<3xui16>
  return %0, %1 : tensor<3xui32>, tensor<3xui16>
}
