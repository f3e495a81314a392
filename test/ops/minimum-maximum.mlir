// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 1e-300
// NaN on either side wins; which of two zeros wins is open, as in ONNX; unsigned integers compare as such.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}, %y: !f32 {dl.dims = ["N"], dl.specials}) -> (!f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.minimum %x, %y : (!f32, !f32) -> !f32
  %1 = dl.maximum %x, %y : (!f32, !f32) -> !f32
  return %0, %1 : !f32, !f32
}

!f64 = tensor<?x3xf64>
func.func @f64_row(%x: !f64 {dl.dims = ["N", "3"], dl.specials}, %y: tensor<3xf64>) -> (!f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.minimum %x, %y : (!f64, tensor<3xf64>) -> !f64
  %1 = dl.maximum %x, %y : (!f64, tensor<3xf64>) -> !f64
  return %0, %1 : !f64, !f64
}

!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.specials}, %y: !bf16 {dl.dims = ["N"], dl.specials}) -> (!bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.minimum %x, %y : (!bf16, !bf16) -> !bf16
  %1 = dl.maximum %x, %y : (!bf16, !bf16) -> !bf16
  return %0, %1 : !bf16, !bf16
}

!i64 = tensor<?xi64>
func.func @i64(%x: !i64 {dl.dims = ["N"], dl.specials}, %y: !i64 {dl.dims = ["N"], dl.specials}) -> (!i64, !i64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.minimum %x, %y : (!i64, !i64) -> !i64
  %1 = dl.maximum %x, %y : (!i64, !i64) -> !i64
  return %0, %1 : !i64, !i64
}

!u8 = tensor<?xui8>
func.func @u8(%x: !u8 {dl.dims = ["N"], dl.specials}, %y: tensor<ui8>) -> (!u8, !u8) attributes {dl.sizes = #sizes} {
  %0 = dl.minimum %x, %y : (!u8, tensor<ui8>) -> !u8
  %1 = dl.maximum %x, %y : (!u8, tensor<ui8>) -> !u8
  return %0, %1 : !u8, !u8
}

func.func @u32(%x: tensor<3xui32> {dl.value = dense<[0, 4294967295, 2147483648]> : tensor<3xui32>},
               %y: tensor<3xui32> {dl.value = dense<[1, 1, 2147483647]> : tensor<3xui32>})
    -> (tensor<3xui32> {dl.expect = dense<[0, 1, 2147483647]> : tensor<3xui32>},
        tensor<3xui32> {dl.expect = dense<[1, 4294967295, 2147483648]> : tensor<3xui32>}) {
  %0 = dl.minimum %x, %y : (tensor<3xui32>, tensor<3xui32>) -> tensor<3xui32>
  %1 = dl.maximum %x, %y : (tensor<3xui32>, tensor<3xui32>) -> tensor<3xui32>
  return %0, %1 : tensor<3xui32>, tensor<3xui32>
}
