// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Square roots are exact to the last bit; those of negative numbers are NaN, that of -0 is -0.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [0.0, 3.0], dl.specials}) -> !f32 attributes {dl.sizes = #sizes} {
  %0 = dl.sqrt %x : (!f32) -> !f32
  return %0 : !f32
}
!f64 = tensor<?x3xf64>
func.func @f64(%x: !f64 {dl.dims = ["N", "3"], dl.range = [0.0, 3.0], dl.specials}) -> !f64 attributes {dl.sizes = #sizes} {
  %0 = dl.sqrt %x : (!f64) -> !f64
  return %0 : !f64
}
!f16 = tensor<?xf16>
func.func @f16(%x: !f16 {dl.dims = ["N"], dl.range = [0.0, 9.0], dl.specials}) -> !f16 attributes {dl.sizes = #sizes} {
  %0 = dl.sqrt %x : (!f16) -> !f16
  return %0 : !f16
}
func.func @bf16_static(%x: tensor<3x11xbf16> {dl.range = [0.0, 9.0]}) -> tensor<3x11xbf16> {
  %0 = dl.sqrt %x : (tensor<3x11xbf16>) -> tensor<3x11xbf16>
  return %0 : tensor<3x11xbf16>
}
