// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// fmod has the sign of x, floormod that of y; by zero is NaN for floats and refused for integers.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.range = [-50, 50]}, %y: !f32 {dl.dims = ["N"], dl.specials}) -> (!f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.fmod %x, %y : (!f32, !f32) -> !f32
  %1 = dl.floormod %x, %y : (!f32, !f32) -> !f32
  return %0, %1 : !f32, !f32
}

!f64 = tensor<?xf64>
func.func @f64(%x: !f64 {dl.dims = ["N"], dl.specials}, %y: !f64 {dl.dims = ["N"], dl.specials}) -> (!f64, !f64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.fmod %x, %y : (!f64, !f64) -> !f64
  %1 = dl.floormod %x, %y : (!f64, !f64) -> !f64
  return %0, %1 : !f64, !f64
}

!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.specials}, %y: !i32 {dl.dims = ["N"], dl.range = [-9, -1]}) -> (!i32, !i32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.fmod %x, %y : (!i32, !i32) -> !i32
  %1 = dl.floormod %x, %y : (!i32, !i32) -> !i32
  return %0, %1 : !i32, !i32
}

!u8 = tensor<?xui8>
func.func @u8(%x: !u8 {dl.dims = ["N"], dl.specials}, %y: tensor<1xui8> {dl.range = [7, 250]}) -> (!u8, !u8)
    attributes {dl.sizes = #sizes} {
  %0 = dl.fmod %x, %y : (!u8, tensor<1xui8>) -> !u8
  %1 = dl.floormod %x, %y : (!u8, tensor<1xui8>) -> !u8
  return %0, %1 : !u8, !u8
}

func.func @f32_signs(%x: tensor<4xf32> {dl.value = dense<[5.5, -5.5, 5.5, -5.5]> : tensor<4xf32>},
                     %y: tensor<4xf32> {dl.value = dense<[2.0, 2.0, -2.0, -2.0]> : tensor<4xf32>})
    -> (tensor<4xf32> {dl.expect = dense<[1.5, -1.5, 1.5, -1.5]> : tensor<4xf32>},
        tensor<4xf32> {dl.expect = dense<[1.5, 0.5, -0.5, -1.5]> : tensor<4xf32>}) {
  %0 = dl.fmod %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = dl.floormod %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
func.func @i64_signs(%x: tensor<4xi64> {dl.value = dense<[7, -7, 7, -7]> : tensor<4xi64>},
                     %y: tensor<4xi64> {dl.value = dense<[3, 3, -3, -3]> : tensor<4xi64>})
    -> (tensor<4xi64> {dl.expect = dense<[1, -1, 1, -1]> : tensor<4xi64>},
        tensor<4xi64> {dl.expect = dense<[1, 2, -2, -1]> : tensor<4xi64>}) {
  %0 = dl.fmod %x, %y : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  %1 = dl.floormod %x, %y : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %0, %1 : tensor<4xi64>, tensor<4xi64>
}
func.func @by_zero(%x: tensor<17xi16>, %y: tensor<17xi16> {dl.range = [0, 0]}) -> tensor<17xi16> attributes {dl.fails} {
  %0 = dl.floormod %x, %y : (tensor<17xi16>, tensor<17xi16>) -> tensor<17xi16>
  return %0 : tensor<17xi16>
}
