// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Between all kinds of types: floats round to floats, go to integers toward zero, and are true unless zero.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}
!bool = tensor<?xi1>
!i8 = tensor<?xi8>
!u8 = tensor<?xui8>
!i32 = tensor<?xi32>
!u32 = tensor<?xui32>
!i64 = tensor<?xi64>
!u64 = tensor<?xui64>
!f16 = tensor<?xf16>
!bf16 = tensor<?xbf16>
!f32 = tensor<?xf32>
!f64 = tensor<?xf64>

func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}) -> (!f16, !bf16, !f64, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = f16} : (!f32) -> !f16
  %1 = dl.cast %x {to = bf16} : (!f32) -> !bf16
  %2 = dl.cast %x {to = f64} : (!f32) -> !f64
  %3 = dl.cast %x {to = i1} : (!f32) -> !bool
  return %0, %1, %2, %3 : !f16, !bf16, !f64, !bool
}
// Beyond the type: saturated at 32 bits where these suffice, else at 64, and wrapped; NaN is 0.
func.func @f32_to_integers(%x: !f32 {dl.dims = ["N"], dl.specials}) -> (!i8, !i32, !u32, !i64, !u64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = i8} : (!f32) -> !i8
  %1 = dl.cast %x {to = i32} : (!f32) -> !i32
  %2 = dl.cast %x {to = ui32} : (!f32) -> !u32
  %3 = dl.cast %x {to = i64} : (!f32) -> !i64
  %4 = dl.cast %x {to = ui64} : (!f32) -> !u64
  return %0, %1, %2, %3, %4 : !i8, !i32, !u32, !i64, !u64
}
func.func @f64_to_integers(%x: !f64 {dl.dims = ["N"], dl.specials}) -> (!i8, !i32, !u32, !i64, !u64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = i8} : (!f64) -> !i8
  %1 = dl.cast %x {to = i32} : (!f64) -> !i32
  %2 = dl.cast %x {to = ui32} : (!f64) -> !u32
  %3 = dl.cast %x {to = i64} : (!f64) -> !i64
  %4 = dl.cast %x {to = ui64} : (!f64) -> !u64
  return %0, %1, %2, %3, %4 : !i8, !i32, !u32, !i64, !u64
}
func.func @saturated(%x: tensor<5xf32> {dl.value = dense<[1.0e20, -1.0e20, 2147483648.0, 2147483520.0, 0x7FC00000]> : tensor<5xf32>})
    -> (tensor<5xi32> {dl.expect = dense<[2147483647, -2147483648, 2147483647, 2147483520, 0]> : tensor<5xi32>}) {
  %0 = dl.cast %x {to = i32} : (tensor<5xf32>) -> tensor<5xi32>
  return %0 : tensor<5xi32>
}
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.specials}) -> (!f16, !bf16, !f32, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = f16} : (!f64) -> !f16
  %1 = dl.cast %x {to = bf16} : (!f64) -> !bf16
  %2 = dl.cast %x {to = f32} : (!f64) -> !f32
  %3 = dl.cast %x {to = i1} : (!f64) -> !bool
  return %0, %1, %2, %3 : !f16, !bf16, !f32, !bool
}
func.func @f16(%x: !f16 {dl.dims = ["N"], dl.specials}) -> (!bf16, !f32, !f64) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = bf16} : (!f16) -> !bf16
  %1 = dl.cast %x {to = f32} : (!f16) -> !f32
  %2 = dl.cast %x {to = f64} : (!f16) -> !f64
  return %0, %1, %2 : !bf16, !f32, !f64
}

func.func @f64_to_unsigned(%x: !f64 {dl.dims = ["N"], dl.range = [0, 250]}) -> (!u8, !u32, !u64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = ui8} : (!f64) -> !u8
  %1 = dl.cast %x {to = ui32} : (!f64) -> !u32
  %2 = dl.cast %x {to = ui64} : (!f64) -> !u64
  return %0, %1, %2 : !u8, !u32, !u64
}

// Integers wrap when they narrow and keep their value when they widen.
func.func @i64(%x: !i64 {dl.dims = ["N"], dl.specials}) -> (!i8, !i32, !u32, !f64, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = i8} : (!i64) -> !i8
  %1 = dl.cast %x {to = i32} : (!i64) -> !i32
  %2 = dl.cast %x {to = ui32} : (!i64) -> !u32
  %3 = dl.cast %x {to = f64} : (!i64) -> !f64
  %4 = dl.cast %x {to = i1} : (!i64) -> !bool
  return %0, %1, %2, %3, %4 : !i8, !i32, !u32, !f64, !bool
}
func.func @i8(%x: !i8 {dl.dims = ["N"], dl.specials}) -> (!u8, !i64, !u64, !f16, !f32) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = ui8} : (!i8) -> !u8
  %1 = dl.cast %x {to = i64} : (!i8) -> !i64
  %2 = dl.cast %x {to = ui64} : (!i8) -> !u64
  %3 = dl.cast %x {to = f16} : (!i8) -> !f16
  %4 = dl.cast %x {to = f32} : (!i8) -> !f32
  return %0, %1, %2, %3, %4 : !u8, !i64, !u64, !f16, !f32
}
func.func @from_unsigned(%x: !u8 {dl.dims = ["N"], dl.specials}, %y: !u64 {dl.dims = ["N"], dl.specials})
    -> (!i32, !bf16, !f32, !f32, !f64) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = i32} : (!u8) -> !i32
  %1 = dl.cast %x {to = bf16} : (!u8) -> !bf16
  %2 = dl.cast %x {to = f32} : (!u8) -> !f32
  %3 = dl.cast %y {to = f32} : (!u64) -> !f32
  %4 = dl.cast %y {to = f64} : (!u64) -> !f64
  return %0, %1, %2, %3, %4 : !i32, !bf16, !f32, !f32, !f64
}
func.func @booleans(%x: !bool {dl.dims = ["N"]}) -> (!i8, !i64, !f16, !f64) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = i8} : (!bool) -> !i8
  %1 = dl.cast %x {to = i64} : (!bool) -> !i64
  %2 = dl.cast %x {to = f16} : (!bool) -> !f16
  %3 = dl.cast %x {to = f64} : (!bool) -> !f64
  return %0, %1, %2, %3 : !i8, !i64, !f16, !f64
}
