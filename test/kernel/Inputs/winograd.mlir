func.func @run(%x: tensor<?x28x28x64xf32> {dl.dims = ["N", "28", "28", "64"]}, %w: tensor<16x3x64x32xf32>, %bias: tensor<96xf32>,
                %r: tensor<?x28x28x96xf32> {dl.dims = ["N", "28", "28", "96"]}) -> tensor<?x28x28x96xf32> {
  %0 = dl.winograd_conv %x, %w {columns = 96, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>}
      : (tensor<?x28x28x64xf32>, tensor<16x3x64x32xf32>) -> tensor<?x28x28x96xf32>
  %1 = dl.add %0, %bias : (tensor<?x28x28x96xf32>, tensor<96xf32>) -> tensor<?x28x28x96xf32>
  %2 = dl.add %1, %r : (tensor<?x28x28x96xf32>, tensor<?x28x28x96xf32>) -> tensor<?x28x28x96xf32>
  %3 = dl.relu %2 : (tensor<?x28x28x96xf32>) -> tensor<?x28x28x96xf32>
  return %3 : tensor<?x28x28x96xf32>
}
