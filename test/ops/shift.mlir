// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Shifts by the width or more leave zero, or the sign; no amount is undefined.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!u8 = tensor<?xui8>
func.func @u8(%x: !u8 {dl.dims = ["N"], dl.specials}, %y: !u8 {dl.dims = ["N"], dl.range = [0, 9]}) -> (!u8, !u8)
    attributes {dl.sizes = #sizes} {
  %0 = dl.shift_left %x, %y : (!u8, !u8) -> !u8
  %1 = dl.shift_right %x, %y : (!u8, !u8) -> !u8
  return %0, %1 : !u8, !u8
}
!u64 = tensor<?xui64>
func.func @u64(%x: !u64 {dl.dims = ["N"], dl.specials}, %y: !u64 {dl.dims = ["N"], dl.range = [0, 70]}) -> (!u64, !u64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.shift_left %x, %y : (!u64, !u64) -> !u64
  %1 = dl.shift_right %x, %y : (!u64, !u64) -> !u64
  return %0, %1 : !u64, !u64
}
!i32 = tensor<?xi32>
func.func @i32(%x: !i32 {dl.dims = ["N"], dl.specials}, %y: tensor<1xi32> {dl.range = [0, 40]}) -> (!i32, !i32)
    attributes {dl.sizes = #sizes} {
  %0 = dl.shift_left %x, %y : (!i32, tensor<1xi32>) -> !i32
  %1 = dl.shift_right %x, %y : (!i32, tensor<1xi32>) -> !i32
  return %0, %1 : !i32, !i32
}

func.func @i16_values(%x: tensor<4xi16> {dl.value = dense<[1, -3, -3, 3]> : tensor<4xi16>},
                      %y: tensor<4xi16> {dl.value = dense<[15, 1, 16, 16]> : tensor<4xi16>})
    -> (tensor<4xi16> {dl.expect = dense<[-32768, -6, 0, 0]> : tensor<4xi16>},
        tensor<4xi16> {dl.expect = dense<[0, -2, -1, 0]> : tensor<4xi16>}) {
  %0 = dl.shift_left %x, %y : (tensor<4xi16>, tensor<4xi16>) -> tensor<4xi16>
  %1 = dl.shift_right %x, %y : (tensor<4xi16>, tensor<4xi16>) -> tensor<4xi16>
  return %0, %1 : tensor<4xi16>, tensor<4xi16>
}
