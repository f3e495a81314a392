// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

func.func @strided(%x: tensor<?x?x5x4x4x19xf32> {dl.dims = ["N", "H", "5", "4", "4", "19"]}) -> tensor<?x?x10x19xf32>
    attributes {dl.sizes = {N = [0, 1, 2], H = [1, 2, 9]}} {
  %0 = dl.overlap_add %x {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<?x?x5x4x4x19xf32>) -> tensor<?x?x10x19xf32>
  return %0 : tensor<?x?x10x19xf32>
}

// Gaps between the windows, places appended, windows of other sizes than the steps; an epilogue.
func.func @gaps(%x: tensor<2x3x4x2x3x5xf32>, %bias: tensor<5xf32>) -> tensor<2x9x11x5xf32> {
  %0 = dl.overlap_add %x {strides = array<i64: 3, 2>, dilations = array<i64: 1, 2>, pads_low = array<i64: -1, 0>,
      pads_high = array<i64: 0, 0>}
      : (tensor<2x3x4x2x3x5xf32>) -> tensor<2x9x11x5xf32>
  %1 = dl.add %0, %bias : (tensor<2x9x11x5xf32>, tensor<5xf32>) -> tensor<2x9x11x5xf32>
  return %1 : tensor<2x9x11x5xf32>
}

// More candidates than are unrolled.
func.func @large(%x: tensor<1x?x100x3xf32> {dl.dims = ["1", "L", "100", "3"]}) -> tensor<1x?x3xf32> attributes {dl.sizes = {L = [1, 9]}} {
  %0 = dl.overlap_add %x {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 1>}
      : (tensor<1x?x100x3xf32>) -> tensor<1x?x3xf32>
  return %0 : tensor<1x?x3xf32>
}

func.func @large_dilated(%x: tensor<1x5x70x3xf16>) -> tensor<1x208x3xf16> {
  %0 = dl.overlap_add %x {strides = array<i64: 2>, dilations = array<i64: 3>, pads_low = array<i64: 4>,
      pads_high = array<i64: 4>}
      : (tensor<1x5x70x3xf16>) -> tensor<1x208x3xf16>
  return %0 : tensor<1x208x3xf16>
}

func.func @types(%a: tensor<1x3x3x7xf16>, %b: tensor<1x3x3x7xui8>, %c: tensor<1x2x2x1x2x3x2x7xi64>)
    -> (tensor<1x7x7xf16>, tensor<1x7x7xui8>, tensor<1x4x4x2x7xi64>) {
  %0 = dl.overlap_add %a {strides = array<i64: 2>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x3x3x7xf16>) -> tensor<1x7x7xf16>
  %1 = dl.overlap_add %b {strides = array<i64: 2>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x3x3x7xui8>) -> tensor<1x7x7xui8>
  %2 = dl.overlap_add %c {strides = array<i64: 2, 1, 1>, dilations = array<i64: 1, 1, 1>, pads_low = array<i64: 0, 0, 0>,
      pads_high = array<i64: 0, 0, 0>}
      : (tensor<1x2x2x1x2x3x2x7xi64>) -> tensor<1x4x4x2x7xi64>
  return %0, %1, %2 : tensor<1x7x7xf16>, tensor<1x7x7xui8>, tensor<1x4x4x2x7xi64>
}

func.func @cut_off_all(%x: tensor<1x?x2x3xf32> {dl.dims = ["1", "L", "2", "3"]}) -> tensor<1x?x3xf32> attributes {dl.fails, dl.sizes = {L = [1]}} {
  %0 = dl.overlap_add %x {strides = array<i64: 2>, dilations = array<i64: 1>, pads_low = array<i64: 2>,
      pads_high = array<i64: 1>}
      : (tensor<1x?x2x3xf32>) -> tensor<1x?x3xf32>
  return %0 : tensor<1x?x3xf32>
}
