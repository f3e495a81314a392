// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-8
// Hyperbolic functions until they overflow, their inverses inside and outside their domains.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-10, 10], dl.specials}) -> (!f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sinh %x : (!f32) -> !f32
  %1 = dl.cosh %x : (!f32) -> !f32
  %2 = dl.tanh %x : (!f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}
func.func @f32_inverse(%x: !f32 {dl.dims = ["N"], dl.range = [-1, 3], dl.specials}) -> (!f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.asinh %x : (!f32) -> !f32
  %1 = dl.acosh %x : (!f32) -> !f32
  %2 = dl.atanh %x : (!f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}
// tanh is nearly x here.
func.func @f32_small(%x: !f32 {dl.dims = ["N"], dl.range = [-0.001, 0.001]}) -> (!f32, !f32) attributes {dl.sizes = #sizes} {
  %0 = dl.tanh %x : (!f32) -> !f32
  %1 = dl.sinh %x : (!f32) -> !f32
  return %0, %1 : !f32, !f32
}

!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [-3, 3], dl.specials}) -> (!f64, !f64, !f64, !f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sinh %x : (!f64) -> !f64
  %1 = dl.cosh %x : (!f64) -> !f64
  %2 = dl.tanh %x : (!f64) -> !f64
  %3 = dl.asinh %x : (!f64) -> !f64
  %4 = dl.acosh %x : (!f64) -> !f64
  %5 = dl.atanh %x : (!f64) -> !f64
  return %0, %1, %2, %3, %4, %5 : !f64, !f64, !f64, !f64, !f64, !f64
}

!bf16 = tensor<3x?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["3", "N"], dl.range = [-3, 3], dl.specials}) -> (!bf16, !bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.tanh %x : (!bf16) -> !bf16
  %1 = dl.asinh %x : (!bf16) -> !bf16
  %2 = dl.cosh %x : (!bf16) -> !bf16
  return %0, %1, %2 : !bf16, !bf16, !bf16
}
