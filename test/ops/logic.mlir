// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// and, or, xor, not: of booleans, and of the bits of integers.
#sizes = {N = [0, 1, 7, 16, 17, 33, 100]}

!bool = tensor<?xi1>
func.func @booleans(%x: !bool {dl.dims = ["N"]}, %y: !bool {dl.dims = ["N"]}) -> (!bool, !bool, !bool, !bool)
    attributes {dl.sizes = #sizes} {
  %0 = dl.and %x, %y : (!bool, !bool) -> !bool
  %1 = dl.or %x, %y : (!bool, !bool) -> !bool
  %2 = dl.xor %x, %y : (!bool, !bool) -> !bool
  %3 = dl.logical_not %x : (!bool) -> !bool
  return %0, %1, %2, %3 : !bool, !bool, !bool, !bool
}

!i32 = tensor<?x3xi32>
func.func @i32_row(%x: !i32 {dl.dims = ["N", "3"], dl.specials}, %y: tensor<3xi32> {dl.range = [-100, 100]})
    -> (!i32, !i32, !i32, !i32) attributes {dl.sizes = #sizes} {
  %0 = dl.and %x, %y : (!i32, tensor<3xi32>) -> !i32
  %1 = dl.or %x, %y : (!i32, tensor<3xi32>) -> !i32
  %2 = dl.xor %x, %y : (!i32, tensor<3xi32>) -> !i32
  %3 = dl.bitwise_not %x : (!i32) -> !i32
  return %0, %1, %2, %3 : !i32, !i32, !i32, !i32
}
!u64 = tensor<?xui64>
func.func @u64(%x: !u64 {dl.dims = ["N"], dl.specials}, %y: !u64 {dl.dims = ["N"], dl.specials}) -> (!u64, !u64)
    attributes {dl.sizes = #sizes} {
  %0 = dl.xor %x, %y : (!u64, !u64) -> !u64
  %1 = dl.bitwise_not %x : (!u64) -> !u64
  return %0, %1 : !u64, !u64
}

func.func @u8_values(%x: tensor<2xui8> {dl.value = dense<[12, 255]> : tensor<2xui8>},
                     %y: tensor<2xui8> {dl.value = dense<[10, 15]> : tensor<2xui8>})
    -> (tensor<2xui8> {dl.expect = dense<[8, 15]> : tensor<2xui8>},
        tensor<2xui8> {dl.expect = dense<[14, 255]> : tensor<2xui8>},
        tensor<2xui8> {dl.expect = dense<[6, 240]> : tensor<2xui8>},
        tensor<2xui8> {dl.expect = dense<[243, 0]> : tensor<2xui8>}) {
  %0 = dl.and %x, %y : (tensor<2xui8>, tensor<2xui8>) -> tensor<2xui8>
  %1 = dl.or %x, %y : (tensor<2xui8>, tensor<2xui8>) -> tensor<2xui8>
  %2 = dl.xor %x, %y : (tensor<2xui8>, tensor<2xui8>) -> tensor<2xui8>
  %3 = dl.bitwise_not %x : (tensor<2xui8>) -> tensor<2xui8>
  return %0, %1, %2, %3 : tensor<2xui8>, tensor<2xui8>, tensor<2xui8>, tensor<2xui8>
}
