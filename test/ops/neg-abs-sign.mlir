// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Unsigned and lowest integers, signed zeros and NaN among them.
#sizes = {N = [0, 1, 7, 16, 17, 33, 200]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}) -> (!f32, !f32, !f32) attributes {dl.sizes = #sizes} {
  %0 = dl.neg %x : (!f32) -> !f32
  %1 = dl.abs %x : (!f32) -> !f32
  %2 = dl.sign %x : (!f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}

!bf16 = tensor<?xbf16>
func.func @bf16(%x: !bf16 {dl.dims = ["N"], dl.specials}) -> (!bf16, !bf16, !bf16) attributes {dl.sizes = #sizes} {
  %0 = dl.neg %x : (!bf16) -> !bf16
  %1 = dl.abs %x : (!bf16) -> !bf16
  %2 = dl.sign %x : (!bf16) -> !bf16
  return %0, %1, %2 : !bf16, !bf16, !bf16
}

!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.specials}) -> (!i32, !i32, !i32) attributes {dl.sizes = #sizes} {
  %0 = dl.neg %x : (!i32) -> !i32
  %1 = dl.abs %x : (!i32) -> !i32
  %2 = dl.sign %x : (!i32) -> !i32
  return %0, %1, %2 : !i32, !i32, !i32
}

!i64 = tensor<3x?xi64>
func.func @i64(%x: !i64 {dl.dims = ["3", "N"], dl.specials}) -> (!i64, !i64) attributes {dl.sizes = #sizes} {
  %0 = dl.abs %x : (!i64) -> !i64
  %1 = dl.sign %x : (!i64) -> !i64
  return %0, %1 : !i64, !i64
}

func.func @i8_lowest_is_its_own_negative(%x: tensor<4xi8> {dl.value = dense<[-128, -1, 0, 127]> : tensor<4xi8>})
    -> (tensor<4xi8> {dl.expect = dense<[-128, 1, 0, -127]> : tensor<4xi8>},
        tensor<4xi8> {dl.expect = dense<[-128, 1, 0, 127]> : tensor<4xi8>},
        tensor<4xi8> {dl.expect = dense<[-1, -1, 0, 1]> : tensor<4xi8>}) {
  %0 = dl.neg %x : (tensor<4xi8>) -> tensor<4xi8>
  %1 = dl.abs %x : (tensor<4xi8>) -> tensor<4xi8>
  %2 = dl.sign %x : (tensor<4xi8>) -> tensor<4xi8>
  return %0, %1, %2 : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>
}

func.func @u8(%x: tensor<3xui8> {dl.value = dense<[0, 1, 255]> : tensor<3xui8>})
    -> (tensor<3xui8> {dl.expect = dense<[0, 255, 1]> : tensor<3xui8>},
        tensor<3xui8> {dl.expect = dense<[0, 1, 255]> : tensor<3xui8>},
        tensor<3xui8> {dl.expect = dense<[0, 1, 1]> : tensor<3xui8>}) {
  %0 = dl.neg %x : (tensor<3xui8>) -> tensor<3xui8>
  %1 = dl.abs %x : (tensor<3xui8>) -> tensor<3xui8>
  %2 = dl.sign %x : (tensor<3xui8>) -> tensor<3xui8>
  return %0, %1, %2 : tensor<3xui8>, tensor<3xui8>, tensor<3xui8>
}
