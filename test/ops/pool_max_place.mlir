// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

func.func @plain(%x: tensor<?x?x9x5xf32> {dl.dims = ["N", "H", "9", "5"]}) -> tensor<?x?x5x5xi64>
    attributes {dl.sizes = {N = [0, 1, 3], H = [1, 2, 11]}} {
  %0 = dl.pool_max_place %x {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<?x?x9x5xf32>) -> tensor<?x?x5x5xi64>
  return %0 : tensor<?x?x5x5xi64>
}

// Equal elements: the first counts. Windows that lie outside give 0.
func.func @first(%x: tensor<1x6x7x3xi1>) -> tensor<1x9x4x3xi64> {
  %c = dl.cast %x {to = ui8} : (tensor<1x6x7x3xi1>) -> tensor<1x6x7x3xui8>
  %0 = dl.pool_max_place %c {window = array<i64: 2, 3>, strides = array<i64: 1, 2>, dilations = array<i64: 2, 1>, pads_low = array<i64: 3, 1>,
      pads_high = array<i64: 2, 1>}
      : (tensor<1x6x7x3xui8>) -> tensor<1x9x4x3xi64>
  return %0 : tensor<1x9x4x3xi64>
}

func.func @nan(%x: tensor<2x40x3xf32>, %y: tensor<2x40x3xf32>) -> tensor<2x36x3xi64> {
  %s = dl.sqrt %x : (tensor<2x40x3xf32>) -> tensor<2x40x3xf32>
  %0 = dl.pool_max_place %s {window = array<i64: 5>, strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<2x40x3xf32>) -> tensor<2x36x3xi64>
  return %0 : tensor<2x36x3xi64>
}

func.func @three_dims(%x: tensor<1x4x5x6x2xf16>) -> tensor<1x3x4x5x2xi64> {
  %0 = dl.pool_max_place %x {window = array<i64: 2, 2, 2>, strides = array<i64: 1, 1, 1>, dilations = array<i64: 1, 1, 1>, pads_low = array<i64: 0, 0, 0>,
      pads_high = array<i64: 0, 0, 0>}
      : (tensor<1x4x5x6x2xf16>) -> tensor<1x3x4x5x2xi64>
  return %0 : tensor<1x3x4x5x2xi64>
}

func.func @nothing(%x: tensor<1x?x3xf32> {dl.dims = ["1", "L", "3"]}) -> tensor<1x?x3xi64> attributes {dl.fails, dl.sizes = {L = [0]}} {
  %0 = dl.pool_max_place %x {window = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 1>,
      pads_high = array<i64: 1>}
      : (tensor<1x?x3xf32>) -> tensor<1x?x3xi64>
  return %0 : tensor<1x?x3xi64>
}
