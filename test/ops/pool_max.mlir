// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// Channels last. Channels, columns and rows that tiles divide and not, windows that reach out on each side.

func.func @same(%x: tensor<?x?x?x37xf32> {dl.dims = ["N", "H", "W", "37"]}) -> tensor<?x?x?x37xf32>
    attributes {dl.sizes = {N = [0, 1, 2, 1], H = [4, 1, 7, 13], W = [4, 1, 5, 29]}} {
  %0 = dl.pool_max %x {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>} : (tensor<?x?x?x37xf32>) -> tensor<?x?x?x37xf32>
  return %0 : tensor<?x?x?x37xf32>
}

func.func @strided(%x: tensor<2x15x30x70xf32>) -> tensor<2x7x15x70xf32> {
  %0 = dl.pool_max %x {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 1>,
      pads_high = array<i64: 0, 1>} : (tensor<2x15x30x70xf32>) -> tensor<2x7x15x70xf32>
  return %0 : tensor<2x7x15x70xf32>
}

func.func @channels(%x: tensor<1x9x8x?xf32> {dl.dims = ["1", "9", "8", "C"]}) -> tensor<1x8x7x?xf32>
    attributes {dl.sizes = {C = [0, 1, 3, 16, 33, 100, 300]}} {
  %0 = dl.pool_max %x {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x9x8x?xf32>) -> tensor<1x8x7x?xf32>
  return %0 : tensor<1x8x7x?xf32>
}

// Dilated, and the window larger than the image; windows that lie outside take the smallest number.
func.func @dilated(%x: tensor<1x3x4x20xf32>) -> tensor<1x3x7x20xf32> {
  %0 = dl.pool_max %x {window = array<i64: 3, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 2, 3>, pads_low = array<i64: 2, 4>,
      pads_high = array<i64: 2, 2>} : (tensor<1x3x4x20xf32>) -> tensor<1x3x7x20xf32>
  return %0 : tensor<1x3x7x20xf32>
}

// A large window, which is not unrolled; negative pads.
func.func @large(%x: tensor<1x40x100x8xf32>) -> tensor<1x6x29x8xf32> {
  %0 = dl.pool_max %x {window = array<i64: 5, 70>, strides = array<i64: 7, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 2, -1>,
      pads_high = array<i64: 2, -1>} : (tensor<1x40x100x8xf32>) -> tensor<1x6x29x8xf32>
  return %0 : tensor<1x6x29x8xf32>
}

func.func @one_dim(%x: tensor<2x?x19xf32> {dl.dims = ["2", "L", "19"]}) -> tensor<2x?x19xf32> attributes {dl.sizes = {L = [3, 8, 100, 1000]}} {
  %0 = dl.pool_max %x {window = array<i64: 5>, strides = array<i64: 3>, dilations = array<i64: 1>, pads_low = array<i64: 2>,
      pads_high = array<i64: 2>} : (tensor<2x?x19xf32>) -> tensor<2x?x19xf32>
  return %0 : tensor<2x?x19xf32>
}

func.func @three_dims(%x: tensor<2x4x5x6x17xf32>) -> tensor<2x4x3x6x17xf32> {
  %0 = dl.pool_max %x {window = array<i64: 3, 2, 3>, strides = array<i64: 1, 2, 1>, dilations = array<i64: 1, 1, 1>,
      pads_low = array<i64: 1, 0, 1>, pads_high = array<i64: 1, 1, 1>} : (tensor<2x4x5x6x17xf32>) -> tensor<2x4x3x6x17xf32>
  return %0 : tensor<2x4x3x6x17xf32>
}

func.func @types(%a: tensor<1x5x6x70xi8>, %b: tensor<1x5x6x70xui8>, %c: tensor<1x5x6x11xf16>, %d: tensor<1x5x6x11xbf16>, %e: tensor<1x5x6x11xf64>, %f: tensor<1x5x6x11xi64>)
    -> (tensor<1x4x5x70xi8>, tensor<1x4x5x70xui8>, tensor<1x4x5x11xf16>, tensor<1x4x5x11xbf16>, tensor<1x4x5x11xf64>, tensor<1x4x5x11xi64>) {
  %0 = dl.pool_max %a {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x5x6x70xi8>) -> tensor<1x4x5x70xi8>
  %1 = dl.pool_max %b {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x5x6x70xui8>) -> tensor<1x4x5x70xui8>
  %2 = dl.pool_max %c {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x5x6x11xf16>) -> tensor<1x4x5x11xf16>
  %3 = dl.pool_max %d {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x5x6x11xbf16>) -> tensor<1x4x5x11xbf16>
  %4 = dl.pool_max %e {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x5x6x11xf64>) -> tensor<1x4x5x11xf64>
  %5 = dl.pool_max %f {window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x5x6x11xi64>) -> tensor<1x4x5x11xi64>
  return %0, %1, %2, %3, %4, %5 : tensor<1x4x5x70xi8>, tensor<1x4x5x70xui8>, tensor<1x4x5x11xf16>, tensor<1x4x5x11xbf16>, tensor<1x4x5x11xf64>, tensor<1x4x5x11xi64>
}

func.func @window_too_large(%x: tensor<1x?x7x5xf32> {dl.dims = ["1", "H", "7", "5"]}) -> tensor<1x?x5x5xf32> attributes {dl.fails, dl.sizes = {H = [2]}} {
  %0 = dl.pool_max %x {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>} : (tensor<1x?x7x5xf32>) -> tensor<1x?x5x5xf32>
  return %0 : tensor<1x?x5x5xf32>
}
