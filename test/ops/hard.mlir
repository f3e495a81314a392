// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-6
// Activations without exp: hard_sigmoid, hard_swish, softsign, shrink.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-6, 6], dl.specials}) -> (!f32, !f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.hard_sigmoid %x {alpha = 0.25 : f64, beta = 0.4 : f64} : (!f32) -> !f32
  %1 = dl.hard_swish %x : (!f32) -> !f32
  %2 = dl.softsign %x : (!f32) -> !f32
  %3 = dl.shrink %x {bias = 0.3 : f64, lambd = 1.5 : f64} : (!f32) -> !f32
  return %0, %1, %2, %3 : !f32, !f32, !f32, !f32
}
!bf16 = tensor<?x3xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N", "3"], dl.range = [-6, 6], dl.specials}) -> (!bf16, !bf16, !bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.hard_sigmoid %x : (!bf16) -> !bf16
  %1 = dl.hard_swish %x : (!bf16) -> !bf16
  %2 = dl.softsign %x : (!bf16) -> !bf16
  %3 = dl.shrink %x : (!bf16) -> !bf16
  return %0, %1, %2, %3 : !bf16, !bf16, !bf16, !bf16
}
!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [-6, 6], dl.specials}) -> (!f64, !f64) attributes {dl.sizes = #sizes} {
  %0 = dl.hard_swish %x : (!f64) -> !f64
  %1 = dl.softsign %x : (!f64) -> !f64
  return %0, %1 : !f64, !f64
}
// shrink is for integers too.
!i8 = tensor<?xi8>
func.func @i8(%x: !i8 {dl.dims = ["N"], dl.range = [-5, 5]}) -> !i8 attributes {dl.sizes = #sizes} {
  %0 = dl.shrink %x {bias = 1.0 : f64, lambd = 2.0 : f64} : (!i8) -> !i8
  return %0 : !i8
}
