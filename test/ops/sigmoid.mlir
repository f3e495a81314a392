// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-6
// sigmoid, swish, softplus and mish saturate without NaN.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-20, 20], dl.specials}) -> (!f32, !f32, !f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sigmoid %x : (!f32) -> !f32
  %1 = dl.swish %x : (!f32) -> !f32
  %2 = dl.swish %x {alpha = 1.702 : f64} : (!f32) -> !f32
  %3 = dl.softplus %x : (!f32) -> !f32
  %4 = dl.mish %x : (!f32) -> !f32
  return %0, %1, %2, %3, %4 : !f32, !f32, !f32, !f32, !f32
}
!f16 = tensor<?x3xf16>
func.func @f16(%x: !f16 {dl.dims = ["N", "3"], dl.range = [-9, 9], dl.specials}) -> (!f16, !f16, !f16, !f16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sigmoid %x : (!f16) -> !f16
  %1 = dl.swish %x : (!f16) -> !f16
  %2 = dl.softplus %x : (!f16) -> !f16
  %3 = dl.mish %x : (!f16) -> !f16
  return %0, %1, %2, %3 : !f16, !f16, !f16, !f16
}
!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [-20, 20], dl.specials}) -> (!f64, !f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sigmoid %x : (!f64) -> !f64
  %1 = dl.swish %x : (!f64) -> !f64
  %2 = dl.softplus %x : (!f64) -> !f64
  %3 = dl.mish %x : (!f64) -> !f64
  return %0, %1, %2, %3 : !f64, !f64, !f64, !f64
}
!bf16 = tensor<7x3xbf16>
func.func @bf16_static(%x: !bf16 {dl.range = [-9, 9]}) -> (!bf16, !bf16) {
  %0 = dl.sigmoid %x : (!bf16) -> !bf16
  %1 = dl.softplus %x : (!bf16) -> !bf16
  return %0, %1 : !bf16, !bf16
}
