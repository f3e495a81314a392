// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Sums, products, extremes over rows, columns, both and nothing; an empty fold gives the neutral element.
#rows = {M = [0, 1, 3, 5, 33, 4, 501, 2], N = [5, 0, 1, 17, 7, 64, 67, 20001]}

!f32 = tensor<?x?xf32>
func.func @f32_rows(%x: !f32 {dl.dims = ["M", "N"], dl.range = [0.5, 1.5]})
    -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>) attributes {dl.sizes = #rows} {
  %0 = dl.reduce_sum %x [1] : (!f32) -> tensor<?x1xf32>
  %1 = dl.reduce_prod %x [1] : (!f32) -> tensor<?x1xf32>
  %2 = dl.reduce_max %x [1] : (!f32) -> tensor<?x1xf32>
  %3 = dl.reduce_min %x [1] : (!f32) -> tensor<?x1xf32>
  return %0, %1, %2, %3 : tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>
}
func.func @f32_columns(%x: !f32 {dl.dims = ["M", "N"]}) -> (tensor<1x?xf32>, tensor<1x?xf32>)
    attributes {dl.sizes = #rows} {
  %0 = dl.reduce_sum %x [0] : (!f32) -> tensor<1x?xf32>
  %1 = dl.reduce_max %x [0] : (!f32) -> tensor<1x?xf32>
  return %0, %1 : tensor<1x?xf32>, tensor<1x?xf32>
}
func.func @f32_all(%x: !f32 {dl.dims = ["M", "N"]}) -> (tensor<1x1xf32>, !f32) attributes {dl.sizes = #rows} {
  %0 = dl.reduce_sum %x [0, 1] : (!f32) -> tensor<1x1xf32>
  %1 = dl.reduce_sum %x [] : (!f32) -> !f32
  return %0, %1 : tensor<1x1xf32>, !f32
}
// NaN counts as an extreme, and so do infinities.
func.func @f32_specials(%x: tensor<40x9xf32> {dl.specials}) -> (tensor<40x1xf32>, tensor<1x9xf32>) {
  %0 = dl.reduce_max %x [1] : (tensor<40x9xf32>) -> tensor<40x1xf32>
  %1 = dl.reduce_min %x [0] : (tensor<40x9xf32>) -> tensor<1x9xf32>
  return %0, %1 : tensor<40x1xf32>, tensor<1x9xf32>
}

// The accumulator is f32: 4000 times 1 is 4000, where f16 alone stops counting at 2048.
func.func @f16_accumulates_in_f32(%x: tensor<4000xf16> {dl.range = [1, 1]}) -> (tensor<1xf16> {dl.expect = dense<4000.0> : tensor<1xf16>}) {
  %0 = dl.reduce_sum %x [0] : (tensor<4000xf16>) -> tensor<1xf16>
  return %0 : tensor<1xf16>
}
!bf16 = tensor<3x?x5xbf16>
func.func @bf16_middle(%x: !bf16 {dl.dims = ["3", "N", "5"]}) -> (tensor<3x1x5xbf16>, tensor<3x1x5xbf16>)
    attributes {dl.sizes = {N = [0, 1, 7, 33]}} {
  %0 = dl.reduce_sum %x [1] : (!bf16) -> tensor<3x1x5xbf16>
  %1 = dl.reduce_max %x [1] : (!bf16) -> tensor<3x1x5xbf16>
  return %0, %1 : tensor<3x1x5xbf16>, tensor<3x1x5xbf16>
}
!f64 = tensor<?x7x5xf64>
func.func @f64_outer(%x: !f64 {dl.dims = ["N", "7", "5"]}) -> (tensor<1x7x1xf64>, tensor<1x7x1xf64>)
    attributes {dl.sizes = {N = [0, 1, 7, 33]}} {
  %0 = dl.reduce_sum %x [0, 2] : (!f64) -> tensor<1x7x1xf64>
  %1 = dl.reduce_prod %x [0, 2] : (!f64) -> tensor<1x7x1xf64>
  return %0, %1 : tensor<1x7x1xf64>, tensor<1x7x1xf64>
}

// Integers wrap, and their neutral elements are the ends of the type.
!i32 = tensor<?x?xi32>
func.func @i32_rows(%x: !i32 {dl.dims = ["M", "N"], dl.specials})
    -> (tensor<?x1xi32>, tensor<?x1xi32>, tensor<?x1xi32>, tensor<?x1xi32>) attributes {dl.sizes = #rows} {
  %0 = dl.reduce_sum %x [1] : (!i32) -> tensor<?x1xi32>
  %1 = dl.reduce_prod %x [1] : (!i32) -> tensor<?x1xi32>
  %2 = dl.reduce_max %x [1] : (!i32) -> tensor<?x1xi32>
  %3 = dl.reduce_min %x [1] : (!i32) -> tensor<?x1xi32>
  return %0, %1, %2, %3 : tensor<?x1xi32>, tensor<?x1xi32>, tensor<?x1xi32>, tensor<?x1xi32>
}
!u8 = tensor<?x?xui8>
func.func @u8_columns(%x: !u8 {dl.dims = ["M", "N"], dl.specials}) -> (tensor<1x?xui8>, tensor<1x?xui8>, tensor<1x?xui8>)
    attributes {dl.sizes = #rows} {
  %0 = dl.reduce_sum %x [0] : (!u8) -> tensor<1x?xui8>
  %1 = dl.reduce_max %x [0] : (!u8) -> tensor<1x?xui8>
  %2 = dl.reduce_min %x [0] : (!u8) -> tensor<1x?xui8>
  return %0, %1, %2 : tensor<1x?xui8>, tensor<1x?xui8>, tensor<1x?xui8>
}
!i64 = tensor<?x?xi64>
func.func @i64_all(%x: !i64 {dl.dims = ["M", "N"], dl.specials}) -> (tensor<1x1xi64>, tensor<1x1xi64>)
    attributes {dl.sizes = #rows} {
  %0 = dl.reduce_sum %x [0, 1] : (!i64) -> tensor<1x1xi64>
  %1 = dl.reduce_min %x [0, 1] : (!i64) -> tensor<1x1xi64>
  return %0, %1 : tensor<1x1xi64>, tensor<1x1xi64>
}
