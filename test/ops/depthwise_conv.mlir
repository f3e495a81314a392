// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

func.func @same(%x: tensor<?x?x?x37xf32> {dl.dims = ["N", "H", "W", "37"]}, %w: tensor<3x3x37xf32>) -> tensor<?x?x?x37xf32>
    attributes {dl.sizes = {N = [0, 1, 2, 1], H = [4, 1, 7, 13], W = [4, 1, 5, 29]}} {
  %0 = dl.depthwise_conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<?x?x?x37xf32>, tensor<3x3x37xf32>) -> tensor<?x?x?x37xf32>
  return %0 : tensor<?x?x?x37xf32>
}

// Bias, a residual and an activation behind it.
func.func @epilogue(%x: tensor<2x15x30x96xf32>, %w: tensor<5x3x96xf32>, %bias: tensor<96xf32>, %r: tensor<2x7x28x96xf32>)
    -> tensor<2x7x28x96xf32> {
  %zero = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %0 = dl.depthwise_conv %x, %w {strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 2, 0>,
      pads_high = array<i64: 0, 0>}
      : (tensor<2x15x30x96xf32>, tensor<5x3x96xf32>) -> tensor<2x7x28x96xf32>
  %1 = dl.add %0, %bias : (tensor<2x7x28x96xf32>, tensor<96xf32>) -> tensor<2x7x28x96xf32>
  %2 = dl.add %1, %r : (tensor<2x7x28x96xf32>, tensor<2x7x28x96xf32>) -> tensor<2x7x28x96xf32>
  %3 = dl.maximum %2, %zero : (tensor<2x7x28x96xf32>, tensor<f32>) -> tensor<2x7x28x96xf32>
  return %3 : tensor<2x7x28x96xf32>
}

func.func @swish(%x: tensor<1x9x9x48xf32>, %w: tensor<3x3x48xf32>, %bias: tensor<48xf32>) -> tensor<1x9x9x48xf32> {
  %0 = dl.depthwise_conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<1x9x9x48xf32>, tensor<3x3x48xf32>) -> tensor<1x9x9x48xf32>
  %1 = dl.add %0, %bias : (tensor<1x9x9x48xf32>, tensor<48xf32>) -> tensor<1x9x9x48xf32>
  %2 = dl.sigmoid %1 : (tensor<1x9x9x48xf32>) -> tensor<1x9x9x48xf32>
  %3 = dl.mul %1, %2 : (tensor<1x9x9x48xf32>, tensor<1x9x9x48xf32>) -> tensor<1x9x9x48xf32>
  return %3 : tensor<1x9x9x48xf32>
}

func.func @few_channels(%x: tensor<1x9x30x3xf32>, %w: tensor<3x3x3xf32>) -> tensor<1x7x28x3xf32> {
  %0 = dl.depthwise_conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>,
      pads_high = array<i64: 0, 0>}
      : (tensor<1x9x30x3xf32>, tensor<3x3x3xf32>) -> tensor<1x7x28x3xf32>
  return %0 : tensor<1x7x28x3xf32>
}

func.func @one_dim(%x: tensor<2x?x40xf32> {dl.dims = ["2", "L", "40"]}, %w: tensor<31x40xf32>) -> tensor<2x?x40xf32>
    attributes {dl.sizes = {L = [1, 40, 301]}} {
  %0 = dl.depthwise_conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 15>,
      pads_high = array<i64: 15>}
      : (tensor<2x?x40xf32>, tensor<31x40xf32>) -> tensor<2x?x40xf32>
  return %0 : tensor<2x?x40xf32>
}

func.func @three_dims(%x: tensor<1x4x5x6x20xf32>, %w: tensor<3x2x3x20xf32>) -> tensor<1x4x6x4x20xf32> {
  %0 = dl.depthwise_conv %x, %w {strides = array<i64: 1, 1, 2>, dilations = array<i64: 1, 1, 1>, pads_low = array<i64: 1, 1, 1>,
      pads_high = array<i64: 1, 1, 2>}
      : (tensor<1x4x5x6x20xf32>, tensor<3x2x3x20xf32>) -> tensor<1x4x6x4x20xf32>
  return %0 : tensor<1x4x6x4x20xf32>
}

func.func @types(%a: tensor<1x7x35xf16>, %va: tensor<3x35xf16>, %b: tensor<1x7x35xbf16>, %vb: tensor<3x35xbf16>,
                 %c: tensor<1x7x35xf64>, %vc: tensor<3x35xf64>, %d: tensor<1x7x35xi32>, %vd: tensor<3x35xi32>)
    -> (tensor<1x5x35xf16>, tensor<1x5x35xbf16>, tensor<1x5x35xf64>, tensor<1x5x35xi32>) {
  %0 = dl.depthwise_conv %a, %va {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x35xf16>, tensor<3x35xf16>) -> tensor<1x5x35xf16>
  %1 = dl.depthwise_conv %b, %vb {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x35xbf16>, tensor<3x35xbf16>) -> tensor<1x5x35xbf16>
  %2 = dl.depthwise_conv %c, %vc {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x35xf64>, tensor<3x35xf64>) -> tensor<1x5x35xf64>
  %3 = dl.depthwise_conv %d, %vd {strides = array<i64: 1>, dilations = array<i64: 1>, pads_low = array<i64: 0>,
      pads_high = array<i64: 0>}
      : (tensor<1x7x35xi32>, tensor<3x35xi32>) -> tensor<1x5x35xi32>
  return %0, %1, %2, %3 : tensor<1x5x35xf16>, tensor<1x5x35xbf16>, tensor<1x5x35xf64>, tensor<1x5x35xi32>
}

// As dl.conv says it, one and several results a channel.
func.func @conv(%x: tensor<2x6x7x5xf32>, %w: tensor<5x3x3x1x1xf32>, %v: tensor<5x3x3x1x3xf32>) -> (tensor<2x6x7x5xf32>, tensor<2x3x4x15xf32>) {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<2x6x7x5xf32>, tensor<5x3x3x1x1xf32>) -> tensor<2x6x7x5xf32>
  %1 = dl.conv %x, %v {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>,
      pads_high = array<i64: 1, 1>}
      : (tensor<2x6x7x5xf32>, tensor<5x3x3x1x3xf32>) -> tensor<2x3x4x15xf32>
  return %0, %1 : tensor<2x6x7x5xf32>, tensor<2x3x4x15xf32>
}
