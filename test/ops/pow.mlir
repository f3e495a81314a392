// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --atol 1e-30
// Bases and exponents of every sign and kind; integer powers wrap.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}, %y: !f32 {dl.dims = ["N"], dl.specials}) -> !f32
    attributes {dl.sizes = #sizes} {
  %0 = dl.pow %x, %y : (!f32, !f32) -> !f32
  return %0 : !f32
}

// The usual exponents, broadcast: some have code of their own.
func.func @f32_constant(%x: tensor<17xf32> {dl.range = [0.01, 20]}) -> (tensor<17xf32>, tensor<17xf32>, tensor<17xf32>) {
  %two = dl.constant dense<2.0> : tensor<f32> : tensor<f32>
  %half = dl.constant dense<0.5> : tensor<f32> : tensor<f32>
  %third = dl.constant dense<-3.0> : tensor<f32> : tensor<f32>
  %0 = dl.pow %x, %two : (tensor<17xf32>, tensor<f32>) -> tensor<17xf32>
  %1 = dl.pow %x, %half : (tensor<17xf32>, tensor<f32>) -> tensor<17xf32>
  %2 = dl.pow %x, %third : (tensor<17xf32>, tensor<f32>) -> tensor<17xf32>
  return %0, %1, %2 : tensor<17xf32>, tensor<17xf32>, tensor<17xf32>
}

!f16 = tensor<?x3xf16>
func.func @f16(%x: !f16 {dl.dims = ["N", "3"], dl.range = [0.1, 4]}, %y: tensor<3xf16> {dl.range = [-3, 3]}) -> !f16
    attributes {dl.sizes = #sizes} {
  %0 = dl.pow %x, %y : (!f16, tensor<3xf16>) -> !f16
  return %0 : !f16
}

!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.range = [-20, 20]}, %y: !i32 {dl.dims = ["N"], dl.range = [0, 12]}) -> !i32
    attributes {dl.sizes = #sizes} {
  %0 = dl.pow %x, %y : (!i32, !i32) -> !i32
  return %0 : !i32
}

func.func @i64(%x: tensor<6xi64> {dl.value = dense<[3, 3, -3, 0, 10, -2]> : tensor<6xi64>},
               %y: tensor<6xi64> {dl.value = dense<[0, 39, 3, 0, 18, 63]> : tensor<6xi64>})
    -> (tensor<6xi64> {dl.expect = dense<[1, 4052555153018976267, -27, 1, 1000000000000000000, -9223372036854775808]> : tensor<6xi64>}) {
  %0 = dl.pow %x, %y : (tensor<6xi64>, tensor<6xi64>) -> tensor<6xi64>
  return %0 : tensor<6xi64>
}
func.func @u8_wraps(%x: tensor<3xui8> {dl.value = dense<[2, 3, 255]> : tensor<3xui8>},
                    %y: tensor<3xui8> {dl.value = dense<[8, 6, 3]> : tensor<3xui8>})
    -> (tensor<3xui8> {dl.expect = dense<[0, 217, 255]> : tensor<3xui8>}) {
  %0 = dl.pow %x, %y : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}
