// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// What no fast-math flag may optimize away; integers are neither.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}
!bool = tensor<?xi1>

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}) -> (!bool, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.isnan %x : (!f32) -> !bool
  %1 = dl.isinf %x : (!f32) -> !bool
  return %0, %1 : !bool, !bool
}
!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.specials}) -> (!bool, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.isnan %x : (!f64) -> !bool
  %1 = dl.isinf %x : (!f64) -> !bool
  return %0, %1 : !bool, !bool
}
!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.specials}) -> (!bool, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.isnan %x : (!bf16) -> !bool
  %1 = dl.isinf %x : (!bf16) -> !bool
  return %0, %1 : !bool, !bool
}
func.func @f16_values(%x: tensor<5xf16> {dl.value = dense<[0x7C00, 0xFC00, 0x7E00, 65504.0, 0.0]> : tensor<5xf16>})
    -> (tensor<5xi1> {dl.expect = dense<[false, false, true, false, false]> : tensor<5xi1>},
        tensor<5xi1> {dl.expect = dense<[true, true, false, false, false]> : tensor<5xi1>}) {
  %0 = dl.isnan %x : (tensor<5xf16>) -> tensor<5xi1>
  %1 = dl.isinf %x : (tensor<5xf16>) -> tensor<5xi1>
  return %0, %1 : tensor<5xi1>, tensor<5xi1>
}
func.func @i8(%x: tensor<3xi8> {dl.specials}) -> (tensor<3xi1> {dl.expect = dense<false> : tensor<3xi1>}) {
  %0 = dl.isnan %x : (tensor<3xi8>) -> tensor<3xi1>
  return %0 : tensor<3xi1>
}
