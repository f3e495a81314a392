// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 | FileCheck %s

// Numbers that dims are made of are compared before anything relies on them; all of them when they are many.

// CHECK: at_least, reference: refuses: 'dl.demand' op expects steps of at least 1, got 1 and 0
// CHECK: at_least, x86-64: refuses: node "steps" (demand): expects steps of at least 1, got 1 and 0
func.func @at_least(%x: tensor<4xf32>, %s: tensor<2xi64> {dl.value = dense<[3, 0]> : tensor<2xi64>}) -> tensor<4xf32>
    attributes {dl.fails} {
  %one = dl.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  dl.demand %one, %s {at_most, expects = "steps of at least 1"} : tensor<1xi64>, tensor<2xi64> loc("steps")
  return %x : tensor<4xf32>
}

// What nobody reads demands all the same, and of dims alone before anything runs.
// CHECK: equal, x86-64: refuses: node "rows" (demand): expects as many rows, got 3 and 5
func.func @equal(%x: tensor<?xf32> {dl.dims = ["N"]}, %y: tensor<?xf32> {dl.dims = ["M"]}) -> tensor<?xf32>
    attributes {dl.fails, dl.sizes = {N = [3], M = [5]}} {
  %n = dl.shape_of %x : (tensor<?xf32>) -> tensor<1xi64>
  %m = dl.shape_of %y : (tensor<?xf32>) -> tensor<1xi64>
  dl.demand %n, %m {expects = "as many rows"} : tensor<1xi64>, tensor<1xi64> loc("rows")
  %0 = dl.exp %x : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

func.func @fits(%x: tensor<?xf32> {dl.dims = ["N"]}, %y: tensor<?xf32> {dl.dims = ["M"]},
                %s: tensor<i32> {dl.value = dense<7> : tensor<i32>}) -> tensor<?xf32>
    attributes {dl.sizes = {N = [3, 0], M = [3, 0]}} {
  %n = dl.shape_of %x : (tensor<?xf32>) -> tensor<1xi64>
  %m = dl.shape_of %y : (tensor<?xf32>) -> tensor<1xi64>
  %seven = dl.constant dense<7> : tensor<i32> : tensor<i32>
  dl.demand %n, %m {expects = "as many rows"} : tensor<1xi64>, tensor<1xi64>
  dl.demand %s, %seven {expects = "a seven"} : tensor<i32>, tensor<i32>
  return %x : tensor<?xf32>
}
