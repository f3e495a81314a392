// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-6
// Exponential on the left, linear on the right: elu, celu, selu.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-9, 9], dl.specials}) -> (!f32, !f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.elu %x {alpha = 0.7 : f64} : (!f32) -> !f32
  %1 = dl.celu %x {alpha = 2.0 : f64} : (!f32) -> !f32
  %2 = dl.selu %x : (!f32) -> !f32
  %3 = dl.selu %x {alpha = 2.0 : f64, gamma = 0.5 : f64} : (!f32) -> !f32
  return %0, %1, %2, %3 : !f32, !f32, !f32, !f32
}
!f16 = tensor<?x3xf16>
func.func @f16(%x: !f16 {dl.dims = ["N", "3"], dl.range = [-9, 9], dl.specials}) -> (!f16, !f16, !f16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.elu %x : (!f16) -> !f16
  %1 = dl.celu %x : (!f16) -> !f16
  %2 = dl.selu %x : (!f16) -> !f16
  return %0, %1, %2 : !f16, !f16, !f16
}
!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [-9, 9], dl.specials}) -> (!f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.elu %x : (!f64) -> !f64
  %1 = dl.celu %x : (!f64) -> !f64
  %2 = dl.selu %x : (!f64) -> !f64
  return %0, %1, %2 : !f64, !f64, !f64
}
