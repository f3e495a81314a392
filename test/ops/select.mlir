// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// One of two, whatever the other holds; condition and both choices broadcast.
#sizes = {N = [0, 1, 7, 16, 17, 33]}

!c = tensor<?xi1>
!f32 = tensor<?xf32>
func.func @f32(%c: !c {dl.dims = ["N"]}, %x: !f32 {dl.dims = ["N"], dl.specials}, %y: !f32 {dl.dims = ["N"], dl.specials})
    -> !f32 attributes {dl.sizes = #sizes} {
  %0 = dl.select %c, %x, %y : (!c, !f32, !f32) -> !f32
  return %0 : !f32
}
func.func @f16_broadcast(%c: tensor<?x1xi1> {dl.dims = ["N", "1"]}, %x: tensor<17xf16> {dl.specials}, %y: tensor<f16>)
    -> tensor<?x17xf16> attributes {dl.sizes = #sizes} {
  %0 = dl.select %c, %x, %y : (tensor<?x1xi1>, tensor<17xf16>, tensor<f16>) -> tensor<?x17xf16>
  return %0 : tensor<?x17xf16>
}
func.func @f64(%c: tensor<3x5xi1>, %x: tensor<3x1xf64>, %y: tensor<1x5xf64>) -> tensor<3x5xf64> {
  %0 = dl.select %c, %x, %y : (tensor<3x5xi1>, tensor<3x1xf64>, tensor<1x5xf64>) -> tensor<3x5xf64>
  return %0 : tensor<3x5xf64>
}
!i64 = tensor<?xi64>
func.func @i64(%c: !c {dl.dims = ["N"]}, %x: !i64 {dl.dims = ["N"], dl.specials}, %y: !i64 {dl.dims = ["N"]}) -> !i64
    attributes {dl.sizes = #sizes} {
  %0 = dl.select %c, %x, %y : (!c, !i64, !i64) -> !i64
  return %0 : !i64
}
func.func @booleans(%c: !c {dl.dims = ["N"]}, %x: !c {dl.dims = ["N"]}, %y: !c {dl.dims = ["N"]}) -> !c
    attributes {dl.sizes = #sizes} {
  %0 = dl.select %c, %x, %y : (!c, !c, !c) -> !c
  return %0 : !c
}
!u8 = tensor<?xui8>
func.func @u8(%c: !c {dl.dims = ["N"]}, %x: !u8 {dl.dims = ["N"], dl.specials}, %y: tensor<ui8>) -> !u8
    attributes {dl.sizes = #sizes} {
  %0 = dl.select %c, %x, %y : (!c, !u8, tensor<ui8>) -> !u8
  return %0 : !u8
}
