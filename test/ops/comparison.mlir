// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// The six comparisons: NaN is unequal to all and in no order, -0 equals 0, unsigned integers compare as such.
#sizes = {N = [0, 1, 7, 16, 17, 33, 400]}
!bool = tensor<?xi1>

!f32 = tensor<?xf32>
func.func @f32(%x: !f32 {dl.dims = ["N"], dl.specials}, %y: !f32 {dl.dims = ["N"], dl.specials})
    -> (!bool, !bool, !bool, !bool, !bool, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.equal %x, %y : (!f32, !f32) -> !bool
  %1 = dl.not_equal %x, %y : (!f32, !f32) -> !bool
  %2 = dl.less %x, %y : (!f32, !f32) -> !bool
  %3 = dl.less_equal %x, %y : (!f32, !f32) -> !bool
  %4 = dl.greater %x, %y : (!f32, !f32) -> !bool
  %5 = dl.greater_equal %x, %y : (!f32, !f32) -> !bool
  return %0, %1, %2, %3, %4, %5 : !bool, !bool, !bool, !bool, !bool, !bool
}

!f16 = tensor<?xf16>
func.func @f16(%x: !f16 {dl.dims = ["N"], dl.specials}, %y: !f16 {dl.dims = ["N"], dl.specials}) -> (!bool, !bool, !bool)
    attributes {dl.sizes = #sizes} {
  %0 = dl.not_equal %x, %y : (!f16, !f16) -> !bool
  %1 = dl.less %x, %y : (!f16, !f16) -> !bool
  %2 = dl.greater_equal %x, %y : (!f16, !f16) -> !bool
  return %0, %1, %2 : !bool, !bool, !bool
}

// A table of all pairs.
func.func @i64_outer(%x: tensor<?x1xi64> {dl.dims = ["N", "1"], dl.specials}, %y: tensor<17xi64> {dl.specials})
    -> (tensor<?x17xi1>, tensor<?x17xi1>) attributes {dl.sizes = #sizes} {
  %0 = dl.less %x, %y : (tensor<?x1xi64>, tensor<17xi64>) -> tensor<?x17xi1>
  %1 = dl.equal %x, %y : (tensor<?x1xi64>, tensor<17xi64>) -> tensor<?x17xi1>
  return %0, %1 : tensor<?x17xi1>, tensor<?x17xi1>
}

!u8 = tensor<?xui8>
func.func @u8(%x: !u8 {dl.dims = ["N"], dl.specials}, %y: !u8 {dl.dims = ["N"], dl.specials}) -> (!bool, !bool)
    attributes {dl.sizes = #sizes} {
  %0 = dl.less %x, %y : (!u8, !u8) -> !bool
  %1 = dl.greater_equal %x, %y : (!u8, !u8) -> !bool
  return %0, %1 : !bool, !bool
}
func.func @booleans(%x: !bool {dl.dims = ["N"]}, %y: !bool {dl.dims = ["N"]}) -> (!bool, !bool) attributes {dl.sizes = #sizes} {
  %0 = dl.equal %x, %y : (!bool, !bool) -> !bool
  %1 = dl.not_equal %x, %y : (!bool, !bool) -> !bool
  return %0, %1 : !bool, !bool
}

func.func @not_equal_values(%x: tensor<4xf32> {dl.value = dense<[0.0, 1.0, 0x7FC00000, 2.0]> : tensor<4xf32>},
                            %y: tensor<4xf32> {dl.value = dense<[-0.0, 1.0, 0x7FC00000, 3.0]> : tensor<4xf32>})
    -> (tensor<4xi1> {dl.expect = dense<[false, false, true, true]> : tensor<4xi1>}) {
  %0 = dl.not_equal %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}
