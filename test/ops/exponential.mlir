// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-37
// exp and expm1: overflow, underflow, small arguments, special values.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-85, 90], dl.specials}) -> (!f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.exp %x : (!f32) -> !f32
  %1 = dl.expm1 %x : (!f32) -> !f32
  return %0, %1 : !f32, !f32
}
func.func @f32_small(%x: !f32 {dl.dims = ["N"], dl.range = [-0.001, 0.001]}) -> (!f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.exp %x : (!f32) -> !f32
  %1 = dl.expm1 %x : (!f32) -> !f32
  return %0, %1 : !f32, !f32
}

!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [-700, 720], dl.specials}) -> (!f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.exp %x : (!f64) -> !f64
  %1 = dl.expm1 %x : (!f64) -> !f64
  return %0, %1 : !f64, !f64
}

!f16 = tensor<?x3xf16>
func.func @f16(%x: !f16 {dl.dims = ["N", "3"], dl.range = [-8, 12], dl.specials}) -> (!f16, !f16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.exp %x : (!f16) -> !f16
  %1 = dl.expm1 %x : (!f16) -> !f16
  return %0, %1 : !f16, !f16
}

// e - 1 and so on; the NaN stays one.
func.func @expm1_values(%x: tensor<5xf32> {dl.value = dense<[1.0, -1.0, 1.0e-10, 0xFF800000, 0x7FC00000]> : tensor<5xf32>})
    -> (tensor<5xf32> {dl.expect = dense<[1.7182818, -0.63212056, 1.0e-10, -1.0, 0x7FC00000]> : tensor<5xf32>}) {
  %0 = dl.expm1 %x : (tensor<5xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
