// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-9
// log, log1p and log2: near one, of denormals, of zero and negative numbers.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [0.0, 3.0], dl.specials}) -> (!f32, !f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.log %x : (!f32) -> !f32
  %1 = dl.log1p %x : (!f32) -> !f32
  %2 = dl.log2 %x : (!f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}
func.func @f32_small(%x: !f32 {dl.dims = ["N"], dl.range = [-0.001, 0.001]}) -> !f32 attributes {dl.sizes = #sizes} {
  %0 = dl.log1p %x : (!f32) -> !f32
  return %0 : !f32
}

!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.range = [0.0, 100.0], dl.specials}) -> (!f64, !f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.log %x : (!f64) -> !f64
  %1 = dl.log1p %x : (!f64) -> !f64
  %2 = dl.log2 %x : (!f64) -> !f64
  return %0, %1, %2 : !f64, !f64, !f64
}

!bf16 = tensor<?x3xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N", "3"], dl.range = [0.0, 9.0], dl.specials}) -> (!bf16, !bf16, !bf16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.log %x : (!bf16) -> !bf16
  %1 = dl.log1p %x : (!bf16) -> !bf16
  %2 = dl.log2 %x : (!bf16) -> !bf16
  return %0, %1, %2 : !bf16, !bf16, !bf16
}

func.func @values(%x: tensor<5xf32> {dl.value = dense<[1.0, 8.0, 0.0, -1.0, -2.0]> : tensor<5xf32>})
    -> (tensor<5xf32> {dl.expect = dense<[0.69314718, 2.1972246, 0.0, 0xFF800000, 0x7FC00000]> : tensor<5xf32>},
        tensor<5xf32> {dl.expect = dense<[0.0, 3.0, 0xFF800000, 0x7FC00000, 0x7FC00000]> : tensor<5xf32>}) {
  %0 = dl.log1p %x : (tensor<5xf32>) -> tensor<5xf32>
  %1 = dl.log2 %x : (tensor<5xf32>) -> tensor<5xf32>
  return %0, %1 : tensor<5xf32>, tensor<5xf32>
}
