// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 | FileCheck %s

// What only the run can know of dims is checked before the kernel that relies on it: a status, not memory of others.

// CHECK: add, reference: refuses: 'dl.add' op expects operand dims that broadcast in dim 0 of the result, got 3 and 4
// CHECK: add, x86-64: refuses: node "sum" (add): expects operand dims that broadcast in dim 0 of the result, got 3 and 4
// CHECK: add, x86-64: refuses: node "sum" (add): {{.*}}, got 0 and 5
func.func @add(%x: tensor<?xf32> {dl.dims = ["N"]}, %y: tensor<?xf32> {dl.dims = ["M"]}) -> tensor<?xf32>
    attributes {dl.fails, dl.sizes = {N = [3, 0], M = [4, 5]}} {
  %0 = dl.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> loc("sum")
  return %0 : tensor<?xf32>
}

// The same dims fit: nothing is refused, whatever their names.
func.func @add_equal(%x: tensor<?xf32> {dl.dims = ["N"]}, %y: tensor<?xf32> {dl.dims = ["M"]}) -> tensor<?xf32>
    attributes {dl.sizes = {N = [3, 0, 17], M = [3, 0, 17]}} {
  %0 = dl.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK: add_constant, x86-64: refuses: {{.*}}, got 5 and 7
func.func @add_constant(%x: tensor<?xf32> {dl.dims = ["N"]}, %y: tensor<7xf32>) -> tensor<7xf32>
    attributes {dl.fails, dl.sizes = {N = [5]}} {
  %0 = dl.add %x, %y : (tensor<?xf32>, tensor<7xf32>) -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// Behind a kernel, whose result is not looked at.
// CHECK: matmul, x86-64: refuses: {{.*}}matmul{{.*}}expects lhs columns to equal rhs rows, got 5 and 6
func.func @matmul(%x: tensor<?x?xf32> {dl.dims = ["N", "K"]}, %y: tensor<?x?xf32> {dl.dims = ["L", "M"]}) -> tensor<?x?xf32>
    attributes {dl.fails, dl.sizes = {N = [3], K = [5], L = [6], M = [40]}} {
  %e = dl.exp %x : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = dl.matmul %e, %y : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK: reshape, x86-64: refuses: node "dims-that-do-not-fit.mlir:[[#@LINE+3]]" (reshape): expects a number of elements that the other dims divide, got 12 and 16
func.func @reshape(%x: tensor<?x4xf32> {dl.dims = ["N", "4"]}) -> tensor<?x6xf32> attributes {dl.fails, dl.sizes = {N = [4]}} {
  %s = dl.constant dense<[-1, 6]> : tensor<2xi64> : tensor<2xi64>
  %0 = dl.reshape %x, %s : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// CHECK: reshape_all, x86-64: refuses: {{.*}} (reshape): expects dims of as many elements as the operand, got 15 and 16
func.func @reshape_all(%x: tensor<?x4xf32> {dl.dims = ["N", "4"]}, %s: tensor<2xi64> {dl.value = dense<[3, 5]> : tensor<2xi64>})
    -> tensor<?x?xf32> attributes {dl.fails, dl.sizes = {N = [4]}} {
  %0 = dl.reshape %x, %s : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK: squeeze, x86-64: refuses: {{.*}} (squeeze): expects dim 0 to be 1, got 2 and 1
func.func @squeeze(%x: tensor<?x4xf32> {dl.dims = ["N", "4"]}) -> tensor<4xf32> attributes {dl.fails, dl.sizes = {N = [2]}} {
  %0 = dl.squeeze %x {axes = array<i64: 0>} : (tensor<?x4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK: fill, x86-64: refuses: {{.*}} (fill): expects dims of at least 0, got -3
func.func @fill(%s: tensor<2xi64> {dl.value = dense<[5, -3]> : tensor<2xi64>}, %x: tensor<f32>) -> tensor<?x?xf32>
    attributes {dl.fails} {
  %0 = dl.fill %s, %x : (tensor<2xi64>, tensor<f32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// The shape is the result of a kernel.
// CHECK: broadcast_to, x86-64: refuses: {{.*}} (broadcast_to): expects operand dims that broadcast in dim 0 of the result, got 4 and 3
func.func @broadcast_to(%s: tensor<1xi64> {dl.value = dense<3> : tensor<1xi64>}, %x: tensor<?xf32> {dl.dims = ["N"]})
    -> tensor<?xf32> attributes {dl.fails, dl.sizes = {N = [3]}} {
  %one = dl.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %t = dl.add %s, %one : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %0 = dl.broadcast_to %x, %t : (tensor<?xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK: concat, x86-64: refuses: {{.*}} (concat): expects parts with the same dim 1, got 2 and 3
func.func @concat(%x: tensor<4x?xf32> {dl.dims = ["4", "N"]}, %y: tensor<4x?xf32> {dl.dims = ["4", "M"]}) -> tensor<8x?xf32>
    attributes {dl.fails, dl.sizes = {N = [2], M = [3]}} {
  %0 = dl.concat %x, %y {axis = 0 : i64} : (tensor<4x?xf32>, tensor<4x?xf32>) -> tensor<8x?xf32>
  return %0 : tensor<8x?xf32>
}

// CHECK: top_k, x86-64: refuses: {{.*}} (top_k): expects k of at most the dim that it selects from, got 5 and 4
func.func @top_k(%x: tensor<?xf32> {dl.dims = ["N"]}, %k: tensor<1xi64> {dl.value = dense<5> : tensor<1xi64>})
    -> (tensor<?xf32>, tensor<?xi64>) attributes {dl.fails, dl.sizes = {N = [4]}} {
  %0, %1 = dl.top_k %x, %k {axis = 0 : i64} : (tensor<?xf32>, tensor<1xi64>) -> (tensor<?xf32>, tensor<?xi64>)
  return %0, %1 : tensor<?xf32>, tensor<?xi64>
}

// CHECK: gather_elements, x86-64: refuses: {{.*}} (gather_elements): expects indices of at most the data's dim 0, got 3 and 2
func.func @gather_elements(%x: tensor<?x4xf32> {dl.dims = ["N", "4"]}, %i: tensor<?x2xi64> {dl.dims = ["M", "2"], dl.range = [0, 3]})
    -> tensor<?x2xf32> attributes {dl.fails, dl.sizes = {N = [2], M = [3]}} {
  %0 = dl.gather_elements %x, %i {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x2xi64>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// CHECK: scatter_nd, x86-64: refuses: {{.*}} (scatter_nd): expects updates that fit indices and data in dim 0, got 2 and 3
func.func @scatter_nd(%x: tensor<4xf32>, %i: tensor<?x1xi64> {dl.dims = ["N", "1"], dl.range = [0, 3]},
                      %u: tensor<?xf32> {dl.dims = ["M"]}) -> tensor<4xf32> attributes {dl.fails, dl.sizes = {N = [2], M = [3]}} {
  %0 = dl.scatter_nd %x, %i, %u {combine = "none"} : (tensor<4xf32>, tensor<?x1xi64>, tensor<?xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Nothing to choose from, and an element to choose: no place is right. Where nothing is chosen, all is well.
// CHECK: gather, x86-64: refuses: {{.*}} (gather): expects at least 1 element to choose from, got 1 and 0
func.func @gather(%x: tensor<?x100xf32> {dl.dims = ["N", "100"]}, %i: tensor<?xi64> {dl.dims = ["M"], dl.range = [0, 0]})
    -> tensor<?x100xf32> attributes {dl.fails, dl.sizes = {N = [0], M = [2]}} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<?x100xf32>, tensor<?xi64>) -> tensor<?x100xf32>
  return %0 : tensor<?x100xf32>
}
func.func @gather_nothing(%x: tensor<?x100xf32> {dl.dims = ["N", "100"]}, %i: tensor<?xi64> {dl.dims = ["M"], dl.range = [0, 0]})
    -> tensor<?x100xf32> attributes {dl.sizes = {N = [0, 1], M = [0, 3]}} {
  %0 = dl.gather %x, %i {axis = 0 : i64} : (tensor<?x100xf32>, tensor<?xi64>) -> tensor<?x100xf32>
  return %0 : tensor<?x100xf32>
}

// CHECK: gather_nd, x86-64: refuses: {{.*}} (gather_nd): expects at least 1 element to choose from, got 1 and 0
func.func @gather_nd(%x: tensor<4x?xf32> {dl.dims = ["4", "N"]}, %i: tensor<?x2xi64> {dl.dims = ["M", "2"], dl.range = [0, 0]})
    -> tensor<?xf32> attributes {dl.fails, dl.sizes = {N = [0], M = [2]}} {
  %0 = dl.gather_nd %x, %i {batch_dims = 0 : i64} : (tensor<4x?xf32>, tensor<?x2xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// What repeats elements needs some; what writes a value around none does not.
// CHECK: pad_edge, x86-64: refuses: {{.*}} (pad): expects at least 1 element to choose from, got 1 and 0
func.func @pad_edge(%x: tensor<?x100xf32> {dl.dims = ["N", "100"]}) -> tensor<?x100xf32>
    attributes {dl.fails, dl.sizes = {N = [0]}} {
  %p = dl.constant dense<[2, 0, 0, 0]> : tensor<4xi64> : tensor<4xi64>
  %v = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %0 = dl.pad %x, %p, %v {mode = "edge"} : (tensor<?x100xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x100xf32>
  return %0 : tensor<?x100xf32>
}
func.func @pad_with_a_value(%x: tensor<?x100xf32> {dl.dims = ["N", "100"]}) -> tensor<?x100xf32>
    attributes {dl.sizes = {N = [0, 1]}} {
  %p = dl.constant dense<[2, 0, 0, 0]> : tensor<4xi64> : tensor<4xi64>
  %v = dl.constant dense<1.5> : tensor<f32> : tensor<f32>
  %0 = dl.pad %x, %p, %v {mode = "constant"} : (tensor<?x100xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x100xf32>
  return %0 : tensor<?x100xf32>
}
