// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Floats divide as IEEE says, integers toward zero; by zero is refused.
#sizes = {N = [0, 1, 7, 16, 17, 33, 500]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}, %y: !f32 {dl.dims = ["N"], dl.specials}) -> (!f32, !f32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.div %x, %y : (!f32, !f32) -> !f32
  %1 = dl.reciprocal %y : (!f32) -> !f32
  return %0, %1 : !f32, !f32
}

!f16 = tensor<?xf16>
func.func @f16(%x: !f16 {dl.dims = ["N"], dl.specials}, %y: !f16 {dl.dims = ["N"], dl.specials}) -> (!f16, !f16)
    attributes {dl.sizes = #sizes} {
  %0 = dl.div %x, %y : (!f16, !f16) -> !f16
  %1 = dl.reciprocal %y : (!f16) -> !f16
  return %0, %1 : !f16, !f16
}

!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.specials}, %y: !i32 {dl.dims = ["N"], dl.range = [-9, -2]}) -> !i32
    attributes {dl.sizes = #sizes} {
  %0 = dl.div %x, %y : (!i32, !i32) -> !i32
  return %0 : !i32
}

!i64 = tensor<?x3xi64>
func.func @i64_row(%x: !i64 {dl.dims = ["N", "3"], dl.specials}, %y: tensor<3xi64> {dl.range = [2, 5000000000]}) -> !i64
    attributes {dl.sizes = #sizes} {
  %0 = dl.div %x, %y : (!i64, tensor<3xi64>) -> !i64
  return %0 : !i64
}

!u64 = tensor<?xui64>
func.func @u64(%x: !u64 {dl.dims = ["N"], dl.specials}, %y: !u64 {dl.dims = ["N"], dl.range = [1, 9]}) -> !u64
    attributes {dl.sizes = #sizes} {
  %0 = dl.div %x, %y : (!u64, !u64) -> !u64
  return %0 : !u64
}

func.func @i8_toward_zero(%x: tensor<6xi8> {dl.value = dense<[7, -7, 7, -7, -128, 0]> : tensor<6xi8>},
                          %y: tensor<6xi8> {dl.value = dense<[2, 2, -2, -2, 127, -1]> : tensor<6xi8>})
    -> (tensor<6xi8> {dl.expect = dense<[3, -3, -3, 3, -1, 0]> : tensor<6xi8>}) {
  %0 = dl.div %x, %y : (tensor<6xi8>, tensor<6xi8>) -> tensor<6xi8>
  return %0 : tensor<6xi8>
}

// Also the last one, behind the whole vectors, counts.
func.func @by_zero(%x: tensor<3xui8>, %y: tensor<3xui8> {dl.value = dense<[1, 1, 0]> : tensor<3xui8>}) -> tensor<3xui8>
    attributes {dl.fails} {
  %0 = dl.div %x, %y : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}
func.func @overflow(%x: tensor<2xi32> {dl.value = dense<-2147483648> : tensor<2xi32>},
                    %y: tensor<2xi32> {dl.value = dense<-1> : tensor<2xi32>}) -> tensor<2xi32> attributes {dl.fails} {
  %0 = dl.div %x, %y : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return %0 : tensor<2xi32>
}
