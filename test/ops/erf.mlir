// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-8
// The error function, from its linear part to where it is one.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-5, 5], dl.specials}) -> !f32 attributes {dl.sizes = #sizes} {
  %0 = dl.erf %x : (!f32) -> !f32
  return %0 : !f32
}
func.func @f32_small(%x: !f32 {dl.dims = ["N"], dl.range = [-0.001, 0.001]}) -> !f32 attributes {dl.sizes = #sizes} {
  %0 = dl.erf %x : (!f32) -> !f32
  return %0 : !f32
}
!f64 = tensor<?x3xf64>
func.func @f64(%x: !f64 {dl.dims = ["N", "3"], dl.range = [-7, 7], dl.specials}) -> !f64 attributes {dl.sizes = #sizes} {
  %0 = dl.erf %x : (!f64) -> !f64
  return %0 : !f64
}
!f16 = tensor<?xf16>
func.func @f16(%x: !f16 {dl.dims = ["N"], dl.range = [-4, 4], dl.specials}) -> !f16 attributes {dl.sizes = #sizes} {
  %0 = dl.erf %x : (!f16) -> !f16
  return %0 : !f16
}
