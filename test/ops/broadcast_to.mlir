// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Elements repeated along rows, columns and new dims; the shape may itself be smaller, as with ONNX Expand.
#sizes = {N = [0, 1, 7, 17, 33]}

func.func @f32_row(%x: tensor<?xf32> {dl.dims = ["N"], dl.specials}) -> tensor<3x?xf32> attributes {dl.sizes = #sizes} {
  %s = dl.constant dense<[3, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.broadcast_to %x, %s : (tensor<?xf32>, tensor<2xi64>) -> tensor<3x?xf32>
  return %0 : tensor<3x?xf32>
}
func.func @f16_column(%x: tensor<?x1xf16> {dl.dims = ["N", "1"]}) -> tensor<?x17xf16> attributes {dl.sizes = #sizes} {
  %s = dl.constant dense<17> : tensor<1xi64> : tensor<1xi64>
  %0 = dl.broadcast_to %x, %s : (tensor<?x1xf16>, tensor<1xi64>) -> tensor<?x17xf16>
  return %0 : tensor<?x17xf16>
}
// As many as another tensor has.
func.func @i64_like(%x: tensor<1xi64>, %y: tensor<?x3xi8> {dl.dims = ["N", "3"]}) -> tensor<?x3xi64>
    attributes {dl.sizes = #sizes} {
  %s = dl.shape_of %y : (tensor<?x3xi8>) -> tensor<2xi64>
  %0 = dl.broadcast_to %x, %s : (tensor<1xi64>, tensor<2xi64>) -> tensor<?x3xi64>
  return %0 : tensor<?x3xi64>
}
func.func @f64_to_nothing(%x: tensor<1x3xf64>) -> tensor<0x3xf64> {
  %s = dl.constant dense<[0, 3]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.broadcast_to %x, %s : (tensor<1x3xf64>, tensor<2xi64>) -> tensor<0x3xf64>
  return %0 : tensor<0x3xf64>
}
func.func @values(%x: tensor<2x1xi1> {dl.value = dense<[[true], [false]]> : tensor<2x1xi1>})
    -> (tensor<2x3xi1> {dl.expect = dense<[[true, true, true], [false, false, false]]> : tensor<2x3xi1>}) {
  %s = dl.constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.broadcast_to %x, %s : (tensor<2x1xi1>, tensor<2xi64>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// What only the run knows of a shape may be 1 where the operand's dim is known.
func.func @one_at_run_time(%x: tensor<4x1xf32>, %s: tensor<3xi64> {dl.value = dense<[2, 1, 6]> : tensor<3xi64>})
    -> tensor<?x4x?xf32> {
  %0 = dl.broadcast_to %x, %s : (tensor<4x1xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
  return %0 : tensor<?x4x?xf32>
}
func.func @neither_one_nor_the_dim(%x: tensor<4x1xf32>, %s: tensor<3xi64> {dl.value = dense<[2, 3, 6]> : tensor<3xi64>})
    -> tensor<?x4x?xf32> attributes {dl.fails} {
  %0 = dl.broadcast_to %x, %s : (tensor<4x1xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
  return %0 : tensor<?x4x?xf32>
}
