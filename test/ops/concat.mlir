// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Parts side by side along any axis; parts that are computed, parts without elements.
#sizes = {M = [0, 1, 7, 0, 17], N = [3, 0, 1, 0, 33]}

func.func @f32_rows(%x: tensor<?x3xf32> {dl.dims = ["M", "3"], dl.specials}, %y: tensor<?x3xf32> {dl.dims = ["N", "3"]})
    -> tensor<?x3xf32> attributes {dl.sizes = #sizes} {
  %0 = dl.concat %x, %y {axis = 0 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
func.func @f16_columns(%x: tensor<?x5xf16> {dl.dims = ["M", "5"]}, %y: tensor<?x?xf16> {dl.dims = ["M", "N"]})
    -> tensor<?x?xf16> attributes {dl.sizes = #sizes} {
  %0 = dl.neg %x : (tensor<?x5xf16>) -> tensor<?x5xf16>
  %1 = dl.concat %0, %y, %x {axis = 1 : i64} : (tensor<?x5xf16>, tensor<?x?xf16>, tensor<?x5xf16>) -> tensor<?x?xf16>
  return %1 : tensor<?x?xf16>
}
func.func @booleans(%x: tensor<?xi1> {dl.dims = ["M"]}, %y: tensor<?xi1> {dl.dims = ["N"]}) -> tensor<?xi1>
    attributes {dl.sizes = #sizes} {
  %0 = dl.concat %x, %y {axis = 0 : i64} : (tensor<?xi1>, tensor<?xi1>) -> tensor<?xi1>
  return %0 : tensor<?xi1>
}
func.func @f64_one(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %0 = dl.concat %x {axis = 1 : i64} : (tensor<2x3xf64>) -> tensor<2x3xf64>
  return %0 : tensor<2x3xf64>
}
func.func @i64_values(%x: tensor<2x1xi64> {dl.value = dense<[[1], [2]]> : tensor<2x1xi64>},
                      %y: tensor<2x2xi64> {dl.value = dense<[[3, 4], [5, 6]]> : tensor<2x2xi64>})
    -> (tensor<2x3xi64> {dl.expect = dense<[[1, 3, 4], [2, 5, 6]]> : tensor<2x3xi64>}) {
  %0 = dl.concat %x, %y {axis = 1 : i64} : (tensor<2x1xi64>, tensor<2x2xi64>) -> tensor<2x3xi64>
  return %0 : tensor<2x3xi64>
}
