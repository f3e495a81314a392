// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-30
// Piecewise linear activations, with other parameters than the usual ones, and NaN passed on.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-5, 5], dl.specials}) -> (!f32, !f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.relu %x : (!f32) -> !f32
  %1 = dl.leaky_relu %x : (!f32) -> !f32
  %2 = dl.leaky_relu %x {alpha = -0.3 : f64} : (!f32) -> !f32
  %3 = dl.thresholded_relu %x {alpha = 2.0 : f64} : (!f32) -> !f32
  return %0, %1, %2, %3 : !f32, !f32, !f32, !f32
}

// A slope for each channel.
!f16 = tensor<?x3x2xf16>
func.func @f16_prelu(%x: !f16 {dl.dims = ["N", "3", "2"], dl.range = [-5, 5], dl.specials}, %y: tensor<3x1xf16>) -> !f16
    attributes {dl.sizes = #sizes} {
  %0 = dl.prelu %x, %y : (!f16, tensor<3x1xf16>) -> !f16
  return %0 : !f16
}

!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.range = [-5, 5], dl.specials}) -> (!bf16, !bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.relu %x : (!bf16) -> !bf16
  %1 = dl.leaky_relu %x {alpha = 0.2 : f64} : (!bf16) -> !bf16
  %2 = dl.thresholded_relu %x : (!bf16) -> !bf16
  return %0, %1, %2 : !bf16, !bf16, !bf16
}

!f64 = tensor<3x?xf64>
func.func @f64(%x: !f64 {dl.dims = ["3", "N"], dl.range = [-5, 5], dl.specials}, %y: tensor<3x1xf64>) -> (!f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.relu %x : (!f64) -> !f64
  %1 = dl.prelu %x, %y : (!f64, tensor<3x1xf64>) -> !f64
  return %0, %1 : !f64, !f64
}
!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.specials}) -> !i32 attributes {dl.sizes = #sizes} {
  %0 = dl.relu %x : (!i32) -> !i32
  return %0 : !i32
}
