// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// To integers, exactly: halves, signed zeros, numbers too large to have a fraction.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-10, 10], dl.specials}) -> (!f32, !f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.floor %x : (!f32) -> !f32
  %1 = dl.ceil %x : (!f32) -> !f32
  %2 = dl.roundeven %x : (!f32) -> !f32
  %3 = dl.trunc %x : (!f32) -> !f32
  return %0, %1, %2, %3 : !f32, !f32, !f32, !f32
}
!f64 = tensor<?x3xf64>
func.func @f64(%x: !f64 {dl.dims = ["N", "3"], dl.range = [-10, 10], dl.specials}) -> (!f64, !f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.floor %x : (!f64) -> !f64
  %1 = dl.ceil %x : (!f64) -> !f64
  %2 = dl.roundeven %x : (!f64) -> !f64
  %3 = dl.trunc %x : (!f64) -> !f64
  return %0, %1, %2, %3 : !f64, !f64, !f64, !f64
}
!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.range = [-10, 10], dl.specials}) -> (!bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.floor %x : (!bf16) -> !bf16
  %1 = dl.roundeven %x : (!bf16) -> !bf16
  return %0, %1 : !bf16, !bf16
}

func.func @f16_values(%x: tensor<6xf16> {dl.value = dense<[0.5, 1.5, 2.5, -0.5, -2.7, 2.7]> : tensor<6xf16>})
    -> (tensor<6xf16> {dl.expect = dense<[0.0, 2.0, 2.0, -0.0, -3.0, 3.0]> : tensor<6xf16>},
        tensor<6xf16> {dl.expect = dense<[0.0, 1.0, 2.0, -0.0, -2.0, 2.0]> : tensor<6xf16>}) {
  %0 = dl.roundeven %x : (tensor<6xf16>) -> tensor<6xf16>
  %1 = dl.trunc %x : (tensor<6xf16>) -> tensor<6xf16>
  return %0, %1 : tensor<6xf16>, tensor<6xf16>
}
