// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// Channels last, weights [groups, window..., channels, outputs]. Results and images of sizes that tiles divide and not.

func.func @same(%x: tensor<?x?x?x5xf32> {dl.dims = ["N", "H", "W", "5"]}, %w: tensor<1x3x3x5x40xf32>) -> tensor<?x?x?x40xf32>
    attributes {dl.sizes = {N = [0, 1, 2, 1], H = [4, 1, 7, 13], W = [4, 1, 5, 29]}} {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>}
      : (tensor<?x?x?x5xf32>, tensor<1x3x3x5x40xf32>) -> tensor<?x?x?x40xf32>
  return %0 : tensor<?x?x?x40xf32>
}

// Unequal pads, strides and dilations; bias, a residual and an activation behind it.
func.func @epilogue(%x: tensor<2x15x12x8xf32>, %w: tensor<1x3x2x8x33xf32>, %bias: tensor<33xf32>, %r: tensor<2x7x13x33xf32>)
    -> tensor<2x7x13x33xf32> {
  %zero = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %0 = dl.conv %x, %w {strides = array<i64: 2, 1>, dilations = array<i64: 2, 1>, pads_low = array<i64: 2, 0>, pads_high = array<i64: 1, 2>}
      : (tensor<2x15x12x8xf32>, tensor<1x3x2x8x33xf32>) -> tensor<2x7x13x33xf32>
  %1 = dl.add %0, %bias : (tensor<2x7x13x33xf32>, tensor<33xf32>) -> tensor<2x7x13x33xf32>
  %2 = dl.add %1, %r : (tensor<2x7x13x33xf32>, tensor<2x7x13x33xf32>) -> tensor<2x7x13x33xf32>
  %3 = dl.maximum %2, %zero : (tensor<2x7x13x33xf32>, tensor<f32>) -> tensor<2x7x13x33xf32>
  return %3 : tensor<2x7x13x33xf32>
}

// What an epilogue cannot take, and what it can.
func.func @broadcasts(%x: tensor<2x6x5x4xf32>, %w: tensor<1x1x1x4x9xf32>, %row: tensor<5x1xf32>, %image: tensor<2x1x1x1xf32>,
                      %place: tensor<6x5x1xf32>) -> tensor<2x6x5x9xf32> {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>}
      : (tensor<2x6x5x4xf32>, tensor<1x1x1x4x9xf32>) -> tensor<2x6x5x9xf32>
  %1 = dl.add %0, %image : (tensor<2x6x5x9xf32>, tensor<2x1x1x1xf32>) -> tensor<2x6x5x9xf32>
  %2 = dl.mul %1, %place : (tensor<2x6x5x9xf32>, tensor<6x5x1xf32>) -> tensor<2x6x5x9xf32>
  %3 = dl.add %2, %row : (tensor<2x6x5x9xf32>, tensor<5x1xf32>) -> tensor<2x6x5x9xf32>
  return %3 : tensor<2x6x5x9xf32>
}

func.func @groups(%x: tensor<?x9x8x12xf32> {dl.dims = ["N", "9", "8", "12"]}, %w: tensor<3x3x3x4x35xf32>, %bias: tensor<105xf32>)
    -> tensor<?x5x4x105xf32> attributes {dl.sizes = {N = [1, 3]}} {
  %0 = dl.conv %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>}
      : (tensor<?x9x8x12xf32>, tensor<3x3x3x4x35xf32>) -> tensor<?x5x4x105xf32>
  %1 = dl.add %0, %bias : (tensor<?x5x4x105xf32>, tensor<105xf32>) -> tensor<?x5x4x105xf32>
  return %1 : tensor<?x5x4x105xf32>
}

func.func @depthwise(%x: tensor<1x6x7x5xf32>, %w: tensor<5x3x3x1x1xf32>) -> tensor<1x6x7x5xf32> {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>}
      : (tensor<1x6x7x5xf32>, tensor<5x3x3x1x1xf32>) -> tensor<1x6x7x5xf32>
  return %0 : tensor<1x6x7x5xf32>
}

func.func @one_dim(%x: tensor<2x?x3xf32> {dl.dims = ["2", "L", "3"]}, %w: tensor<1x5x3x7xf32>) -> tensor<2x?x7xf32>
    attributes {dl.sizes = {L = [5, 8, 100]}} {
  %0 = dl.conv %x, %w {strides = array<i64: 3>, dilations = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>}
      : (tensor<2x?x3xf32>, tensor<1x5x3x7xf32>) -> tensor<2x?x7xf32>
  return %0 : tensor<2x?x7xf32>
}

func.func @three_dims(%x: tensor<2x4x5x6x3xf32>, %w: tensor<1x3x2x3x3x6xf32>) -> tensor<2x4x6x4x6xf32> {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1, 2>, dilations = array<i64: 1, 1, 1>, pads_low = array<i64: 1, 1, 1>, pads_high = array<i64: 1, 1, 2>}
      : (tensor<2x4x5x6x3xf32>, tensor<1x3x2x3x3x6xf32>) -> tensor<2x4x6x4x6xf32>
  return %0 : tensor<2x4x6x4x6xf32>
}

func.func @f16(%x: tensor<1x6x7x5xf16>, %w: tensor<1x3x3x5x40xf16>) -> tensor<1x6x7x40xf16> {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>}
      : (tensor<1x6x7x5xf16>, tensor<1x3x3x5x40xf16>) -> tensor<1x6x7x40xf16>
  return %0 : tensor<1x6x7x40xf16>
}

func.func @window_too_large(%x: tensor<1x?x7x5xf32> {dl.dims = ["1", "H", "7", "5"]}, %w: tensor<1x3x3x5x4xf32>) -> tensor<1x?x5x4xf32>
    attributes {dl.fails, dl.sizes = {H = [2]}} {
  %0 = dl.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>}
      : (tensor<1x?x7x5xf32>, tensor<1x3x3x5x4xf32>) -> tensor<1x?x5x4xf32>
  return %0 : tensor<1x?x5x4xf32>
}

func.func @packed(%x: tensor<2x6x5x3xf32>, %w: tensor<1x2x12x32xf32>) -> tensor<2x5x4x40xf32> {
  %0 = dl.packed_conv %x, %w {columns = 40 : i64, window = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>} : (tensor<2x6x5x3xf32>, tensor<1x2x12x32xf32>) -> tensor<2x5x4x40xf32>
  return %0 : tensor<2x5x4x40xf32>
}
