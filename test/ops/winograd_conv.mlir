// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// Weights of known values take this path from dl.conv too: then the reference is that of the plain convolution.

// Results that tiles of 2 x 2 divide and not, images within a block of tiles and of several, unequal pads.
func.func @sizes(%x: tensor<?x?x?x5xf32> {dl.dims = ["N", "H", "W", "5"]}, %w: tensor<3x3x5x40xf32>) -> tensor<?x?x?x40xf32>
    attributes {dl.sizes = {N = [0, 1, 2, 1, 1], H = [4, 3, 7, 13, 3], W = [4, 3, 5, 130, 200]}} {
  %0 = dl.winograd_weights %w : (tensor<3x3x5x40xf32>) -> tensor<16x5x40xf32>
  %1 = dl.pack %0 : (tensor<16x5x40xf32>) -> tensor<16x2x5x32xf32>
  %2 = dl.winograd_conv %x, %1 {columns = 40, pads_low = array<i64: 1, 2>, pads_high = array<i64: 0, 1>}
      : (tensor<?x?x?x5xf32>, tensor<16x2x5x32xf32>) -> tensor<?x?x?x40xf32>
  return %2 : tensor<?x?x?x40xf32>
}

func.func @of_weights(%w: tensor<3x3x4x7xf32>) -> tensor<16x4x7xf32> {
  %0 = dl.winograd_weights %w : (tensor<3x3x4x7xf32>) -> tensor<16x4x7xf32>
  return %0 : tensor<16x4x7xf32>
}

// The plain convolution as reference; a bias, a residual, an activation, and operands that broadcast along some dims.
func.func @conv(%x: tensor<?x9x10x24xf32> {dl.dims = ["N", "9", "10", "24"]}, %bias: tensor<48xf32>,
                %r: tensor<?x9x10x48xf32> {dl.dims = ["N", "9", "10", "48"]}, %image: tensor<?x1x1x48xf32> {dl.dims = ["N", "1", "1", "48"]},
                %row: tensor<10x1xf32>) -> tensor<?x9x10x48xf32> attributes {dl.sizes = {N = [1, 3]}} {
  %count = dl.constant dense<10368> : tensor<i64> : tensor<i64>
  %i = dl.iota %count : (tensor<i64>) -> tensor<10368xi64>
  %f = dl.cast %i {to = f32} : (tensor<10368xi64>) -> tensor<10368xf32>
  %s = dl.sin %f : (tensor<10368xf32>) -> tensor<10368xf32>
  %dims = dl.constant dense<[1, 3, 3, 24, 48]> : tensor<5xi64> : tensor<5xi64>
  %w = dl.reshape %s, %dims : (tensor<10368xf32>, tensor<5xi64>) -> tensor<1x3x3x24x48xf32>
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>}
      : (tensor<?x9x10x24xf32>, tensor<1x3x3x24x48xf32>) -> tensor<?x9x10x48xf32>
  %1 = dl.add %0, %bias : (tensor<?x9x10x48xf32>, tensor<48xf32>) -> tensor<?x9x10x48xf32>
  %2 = dl.add %1, %r : (tensor<?x9x10x48xf32>, tensor<?x9x10x48xf32>) -> tensor<?x9x10x48xf32>
  %3 = dl.mul %2, %image : (tensor<?x9x10x48xf32>, tensor<?x1x1x48xf32>) -> tensor<?x9x10x48xf32>
  %4 = dl.add %3, %row : (tensor<?x9x10x48xf32>, tensor<10x1xf32>) -> tensor<?x9x10x48xf32>
  %5 = dl.relu %4 : (tensor<?x9x10x48xf32>) -> tensor<?x9x10x48xf32>
  return %5 : tensor<?x9x10x48xf32>
}
