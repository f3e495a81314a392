// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

func.func @plain(%x: tensor<?x?x9x20xf32> {dl.dims = ["N", "H", "9", "20"]}) -> tensor<?x?x5x20xf32>
    attributes {dl.sizes = {N = [1, 3, 2], H = [1, 2, 11]}} {
  %0 = dl.pool_sum %x {window = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<?x?x9x20xf32>) -> tensor<?x?x5x20xf32>
  return %0 : tensor<?x?x5x20xf32>
}

// What it may take behind it: what broadcasts along any of the dims, an activation with functions.
func.func @epilogue(%x: tensor<2x12x11x37xf32>, %inverse: tensor<10x1x1xf32>, %columns: tensor<9x1xf32>, %image: tensor<2x1x1x1xf32>,
                    %bias: tensor<37xf32>, %r: tensor<2x10x9x37xf32>) -> tensor<2x10x9x37xf32> {
  %0 = dl.pool_sum %x {window = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>}
      : (tensor<2x12x11x37xf32>) -> tensor<2x10x9x37xf32>
  %1 = dl.mul %0, %inverse : (tensor<2x10x9x37xf32>, tensor<10x1x1xf32>) -> tensor<2x10x9x37xf32>
  %2 = dl.mul %1, %columns : (tensor<2x10x9x37xf32>, tensor<9x1xf32>) -> tensor<2x10x9x37xf32>
  %3 = dl.add %2, %image : (tensor<2x10x9x37xf32>, tensor<2x1x1x1xf32>) -> tensor<2x10x9x37xf32>
  %4 = dl.add %3, %bias : (tensor<2x10x9x37xf32>, tensor<37xf32>) -> tensor<2x10x9x37xf32>
  %5 = dl.sigmoid %4 : (tensor<2x10x9x37xf32>) -> tensor<2x10x9x37xf32>
  %6 = dl.add %5, %r : (tensor<2x10x9x37xf32>, tensor<2x10x9x37xf32>) -> tensor<2x10x9x37xf32>
  return %6 : tensor<2x10x9x37xf32>
}

func.func @one_dim(%x: tensor<1x?x3xf32> {dl.dims = ["1", "L", "3"]}) -> tensor<1x?x3xf32> attributes {dl.sizes = {L = [0, 1, 8, 100]}} {
  %0 = dl.pool_sum %x {window = array<i64: 4>, strides = array<i64: 1>, dilations = array<i64: 2>, pads_low = array<i64: 3>,
      pads_high = array<i64: 4>}
      : (tensor<1x?x3xf32>) -> tensor<1x?x3xf32>
  return %0 : tensor<1x?x3xf32>
}

func.func @types(%a: tensor<1x7x11xf16>, %b: tensor<1x7x11xbf16>, %c: tensor<1x7x11xf64>, %d: tensor<1x7x11xi32>)
    -> (tensor<1x5x11xf16>, tensor<1x5x11xbf16>, tensor<1x5x11xf64>, tensor<1x5x11xi32>) {
  %0 = dl.pool_sum %a {window = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x11xf16>) -> tensor<1x5x11xf16>
  %1 = dl.pool_sum %b {window = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x11xbf16>) -> tensor<1x5x11xbf16>
  %2 = dl.pool_sum %c {window = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x11xf64>) -> tensor<1x5x11xf64>
  %3 = dl.pool_sum %d {window = array<i64: 3>, strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x11xi32>) -> tensor<1x5x11xi32>
  return %0, %1, %2, %3 : tensor<1x5x11xf16>, tensor<1x5x11xbf16>, tensor<1x5x11xf64>, tensor<1x5x11xi32>
}
