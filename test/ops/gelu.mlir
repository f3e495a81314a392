// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-6
// The exact function and its tanh approximation.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-8, 8], dl.specials}) -> (!f32, !f32) attributes {dl.sizes = #sizes} {
  %0 = dl.gelu %x : (!f32) -> !f32
  %1 = dl.gelu_tanh %x : (!f32) -> !f32
  return %0, %1 : !f32, !f32
}
!f64 = tensor<?x3xf64>
func.func @f64(%x: !f64 {dl.dims = ["N", "3"], dl.range = [-8, 8], dl.specials}) -> (!f64, !f64) attributes {dl.sizes = #sizes} {
  %0 = dl.gelu %x : (!f64) -> !f64
  %1 = dl.gelu_tanh %x : (!f64) -> !f64
  return %0, %1 : !f64, !f64
}
!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.range = [-8, 8]}) -> (!bf16, !bf16) attributes {dl.sizes = #sizes} {
  %0 = dl.gelu %x : (!bf16) -> !bf16
  %1 = dl.gelu_tanh %x : (!bf16) -> !bf16
  return %0, %1 : !bf16, !bf16
}

// x times the normal distribution's share below x: 0.8413447, 0.9772499, 0.1586553 at 1, 2, -1.
func.func @values(%x: tensor<4xf32> {dl.value = dense<[0.0, 1.0, 2.0, -1.0]> : tensor<4xf32>})
    -> (tensor<4xf32> {dl.expect = dense<[0.0, 0.8413447, 1.9544997, -0.1586553]> : tensor<4xf32>}) {
  %0 = dl.gelu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
