// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Sums, differences and products, exact: every type, sizes around the vector width, broadcasting both ways.
#sizes = {N = [0, 1, 7, 16, 17, 33]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}, %y: !f32 {dl.dims = ["N"], dl.specials}) -> (!f32, !f32, !f32)
    attributes {dl.sizes = {N = [0, 1, 7, 16, 17, 33, 500, 150001]}} {
  %0 = dl.add %x, %y : (!f32, !f32) -> !f32
  %1 = dl.sub %x, %y : (!f32, !f32) -> !f32
  %2 = dl.mul %x, %y : (!f32, !f32) -> !f32
  return %0, %1, %2 : !f32, !f32, !f32
}

!f16 = tensor<?xf16>
func.func @f16(%x: !f16 {dl.dims = ["N"], dl.specials}, %y: !f16 {dl.dims = ["N"], dl.specials}) -> (!f16, !f16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sub %x, %y : (!f16, !f16) -> !f16
  %1 = dl.mul %x, %y : (!f16, !f16) -> !f16
  return %0, %1 : !f16, !f16
}

// A column of bf16 plus a row.
func.func @bf16_outer(%x: tensor<?x1xbf16> {dl.dims = ["N", "1"]}, %y: tensor<17xbf16>) -> tensor<?x17xbf16>
    attributes {dl.sizes = #sizes} {
  %0 = dl.add %x, %y : (tensor<?x1xbf16>, tensor<17xbf16>) -> tensor<?x17xbf16>
  return %0 : tensor<?x17xbf16>
}

// Static dims; a scalar on the left.
func.func @f64_scalar(%x: tensor<f64>, %y: tensor<3x7xf64>) -> tensor<3x7xf64> {
  %0 = dl.sub %x, %y : (tensor<f64>, tensor<3x7xf64>) -> tensor<3x7xf64>
  return %0 : tensor<3x7xf64>
}

// A dim that may turn out to be 1 is broadcast when it is.
func.func @i64_maybe_one(%x: tensor<?x5xi64> {dl.dims = ["N", "5"]}, %y: tensor<1x5xi64>) -> tensor<?x5xi64>
    attributes {dl.sizes = {N = [0, 1, 9]}} {
  %0 = dl.mul %x, %y : (tensor<?x5xi64>, tensor<1x5xi64>) -> tensor<?x5xi64>
  return %0 : tensor<?x5xi64>
}

// Integers wrap.
!i8 = tensor<?xi8>
func.func @i8(%x: !i8 {dl.dims = ["N"], dl.specials}, %y: !i8 {dl.dims = ["N"], dl.specials}) -> (!i8, !i8, !i8)
    attributes {dl.sizes = #sizes} {
  %0 = dl.add %x, %y : (!i8, !i8) -> !i8
  %1 = dl.sub %x, %y : (!i8, !i8) -> !i8
  %2 = dl.mul %x, %y : (!i8, !i8) -> !i8
  return %0, %1, %2 : !i8, !i8, !i8
}

!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.specials}, %y: !i32 {dl.dims = ["N"], dl.specials}) -> (!i32, !i32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.sub %x, %y : (!i32, !i32) -> !i32
  %1 = dl.mul %x, %y : (!i32, !i32) -> !i32
  return %0, %1 : !i32, !i32
}

func.func @u8_wraps(%x: tensor<4xui8> {dl.value = dense<[0, 1, 200, 255]> : tensor<4xui8>},
                    %y: tensor<4xui8> {dl.value = dense<[1, 255, 100, 255]> : tensor<4xui8>})
    -> (tensor<4xui8> {dl.expect = dense<[1, 0, 44, 254]> : tensor<4xui8>},
        tensor<4xui8> {dl.expect = dense<[255, 2, 100, 0]> : tensor<4xui8>},
        tensor<4xui8> {dl.expect = dense<[0, 255, 32, 1]> : tensor<4xui8>}) {
  %0 = dl.add %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  %1 = dl.sub %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  %2 = dl.mul %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0, %1, %2 : tensor<4xui8>, tensor<4xui8>, tensor<4xui8>
}
