// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64
// Updates of elements and of slices, addressed by rows of indices.
#sizes = {N = [0, 1, 7, 17]}

func.func @f32_elements(%x: tensor<4x5xf32> {dl.specials}, %i: tensor<?x2xi64> {dl.dims = ["N", "2"], dl.range = [-4, 3]},
                        %u: tensor<?xf32> {dl.dims = ["N"]}) -> (tensor<4x5xf32>, tensor<4x5xf32>) attributes {dl.sizes = #sizes} {
  %0 = dl.scatter_nd %x, %i, %u {combine = "none"} : (tensor<4x5xf32>, tensor<?x2xi64>, tensor<?xf32>) -> tensor<4x5xf32>
  %1 = dl.scatter_nd %x, %i, %u {combine = "add"} : (tensor<4x5xf32>, tensor<?x2xi64>, tensor<?xf32>) -> tensor<4x5xf32>
  return %0, %1 : tensor<4x5xf32>, tensor<4x5xf32>
}
func.func @bf16_slices(%x: tensor<?x3xbf16> {dl.dims = ["N", "3"]}, %i: tensor<2x1xi64> {dl.range = [-1, 0]}, %u: tensor<2x3xbf16>)
    -> (tensor<?x3xbf16>, tensor<?x3xbf16>) attributes {dl.sizes = {N = [1, 7, 17]}} {
  %0 = dl.scatter_nd %x, %i, %u {combine = "max"} : (tensor<?x3xbf16>, tensor<2x1xi64>, tensor<2x3xbf16>) -> tensor<?x3xbf16>
  %1 = dl.scatter_nd %x, %i, %u {combine = "mul"} : (tensor<?x3xbf16>, tensor<2x1xi64>, tensor<2x3xbf16>) -> tensor<?x3xbf16>
  return %0, %1 : tensor<?x3xbf16>, tensor<?x3xbf16>
}
func.func @booleans(%x: tensor<17xi1>, %i: tensor<?x1xi32> {dl.dims = ["N", "1"], dl.range = [0, 16]}, %u: tensor<?xi1> {dl.dims = ["N"]})
    -> tensor<17xi1> attributes {dl.sizes = #sizes} {
  %0 = dl.scatter_nd %x, %i, %u {combine = "none"} : (tensor<17xi1>, tensor<?x1xi32>, tensor<?xi1>) -> tensor<17xi1>
  return %0 : tensor<17xi1>
}
func.func @i32_values(%x: tensor<2x2xi32> {dl.value = dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>},
                      %i: tensor<2x1xi64> {dl.value = dense<[[1], [-1]]> : tensor<2x1xi64>},
                      %u: tensor<2x2xi32> {dl.value = dense<[[5, 6], [7, -8]]> : tensor<2x2xi32>})
    -> (tensor<2x2xi32> {dl.expect = dense<[[1, 2], [7, -8]]> : tensor<2x2xi32>},
        tensor<2x2xi32> {dl.expect = dense<[[1, 2], [3, -8]]> : tensor<2x2xi32>}) {
  %0 = dl.scatter_nd %x, %i, %u {combine = "none"} : (tensor<2x2xi32>, tensor<2x1xi64>, tensor<2x2xi32>) -> tensor<2x2xi32>
  %1 = dl.scatter_nd %x, %i, %u {combine = "min"} : (tensor<2x2xi32>, tensor<2x1xi64>, tensor<2x2xi32>) -> tensor<2x2xi32>
  return %0, %1 : tensor<2x2xi32>, tensor<2x2xi32>
}
func.func @beyond(%x: tensor<4xf64>, %i: tensor<1x1xi64> {dl.range = [-5, -5]}, %u: tensor<1xf64>) -> tensor<4xf64> attributes {dl.fails} {
  %0 = dl.scatter_nd %x, %i, %u {combine = "none"} : (tensor<4xf64>, tensor<1x1xi64>, tensor<1xf64>) -> tensor<4xf64>
  return %0 : tensor<4xf64>
}
