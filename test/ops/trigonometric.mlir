// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-8
// Angles of a few turns, huge ones among the special values; inverses inside and outside their domains.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-10, 10], dl.specials}) -> (!f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sin %x : (!f32) -> !f32
  %1 = dl.cos %x : (!f32) -> !f32
  %2 = dl.tan %x : (!f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}
func.func @f32_inverse(%x: !f32 {dl.dims = ["N"], dl.range = [-1, 1], dl.specials}) -> (!f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.asin %x : (!f32) -> !f32
  %1 = dl.acos %x : (!f32) -> !f32
  %2 = dl.atan %x : (!f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}

!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [-10, 10], dl.specials}) -> (!f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sin %x : (!f64) -> !f64
  %1 = dl.cos %x : (!f64) -> !f64
  %2 = dl.tan %x : (!f64) -> !f64
  return %0, %1, %2 : !f64, !f64, !f64
}
func.func @f64_inverse(%x: !f64 {dl.dims = ["N"], dl.range = [-1, 1], dl.specials}) -> (!f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.asin %x : (!f64) -> !f64
  %1 = dl.acos %x : (!f64) -> !f64
  %2 = dl.atan %x : (!f64) -> !f64
  return %0, %1, %2 : !f64, !f64, !f64
}

!f16 = tensor<3x?xf16>
func.func @f16(%x: !f16 {dl.dims = ["3", "N"], dl.range = [-1, 1], dl.specials}) -> (!f16, !f16, !f16, !f16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sin %x : (!f16) -> !f16
  %1 = dl.cos %x : (!f16) -> !f16
  %2 = dl.asin %x : (!f16) -> !f16
  %3 = dl.atan %x : (!f16) -> !f16
  return %0, %1, %2, %3 : !f16, !f16, !f16, !f16
}
!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.range = [-1, 1], dl.specials}) -> (!bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.tan %x : (!bf16) -> !bf16
  %1 = dl.acos %x : (!bf16) -> !bf16
  return %0, %1 : !bf16, !bf16
}
