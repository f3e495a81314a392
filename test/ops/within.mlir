// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 | FileCheck %s

func.func @all(%x: tensor<5xi32> {dl.value = dense<[0, 4, 2, 1, 4]> : tensor<5xi32>})
    -> (tensor<5xi32> {dl.expect = dense<[0, 4, 2, 1, 4]> : tensor<5xi32>}) {
  %low = dl.constant dense<0> : tensor<i64> : tensor<i64>
  %high = dl.constant dense<4> : tensor<i64> : tensor<i64>
  %0 = dl.within %x, %low, %high : (tensor<5xi32>, tensor<i64>, tensor<i64>) -> tensor<5xi32>
  return %0 : tensor<5xi32>
}

// CHECK: above, reference: refuses: a value that the operator does not allow
// CHECK: above, x86-64: refuses: node "lengths" (within): a value that the operator does not allow
func.func @above(%x: tensor<5xi32> {dl.value = dense<[0, 4, 5, 1, 4]> : tensor<5xi32>}) -> tensor<5xi32> attributes {dl.fails} {
  %low = dl.constant dense<0> : tensor<i64> : tensor<i64>
  %high = dl.constant dense<4> : tensor<i64> : tensor<i64>
  %0 = dl.within %x, %low, %high : (tensor<5xi32>, tensor<i64>, tensor<i64>) -> tensor<5xi32> loc("lengths")
  return %0 : tensor<5xi32>
}

// CHECK: below, x86-64: refuses: {{.*}}within{{.*}} a value that the operator does not allow
func.func @below(%x: tensor<2xi64> {dl.value = dense<[0, -1]> : tensor<2xi64>}) -> tensor<2xi64> attributes {dl.fails} {
  %low = dl.constant dense<0> : tensor<i64> : tensor<i64>
  %0 = dl.within %x, %low, %low : (tensor<2xi64>, tensor<i64>, tensor<i64>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
