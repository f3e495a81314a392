// RUN: dlc compile %s -o %t --json | FileCheck %s

// A network of two layers with its backward pass written out by hand, as differentiation will generate it:
//
//   h = relu(x w1 + b1), p = h w2, loss = sum((p - y)^2) / 2
//
// The gradients of the weights are products whose epilogue takes the step where the weights lie. test_training of
// library_test.py runs it.

dl.state @w1 = dense<0.0> : tensor<8x24xf32>
dl.state @b1 = dense<0.0> : tensor<24xf32>
dl.state @w2 = dense<0.0> : tensor<24x5xf32>
dl.state @steps = dense<0> : tensor<i64>

func.func @run(%x: tensor<?x8xf32> {dl.name = "x", dl.dims = ["N", "8"]}, %w1: tensor<8x24xf32> {dl.state = "w1"},
               %b1: tensor<24xf32> {dl.state = "b1"}, %w2: tensor<24x5xf32> {dl.state = "w2"})
    -> (tensor<?x5xf32> {dl.name = "p"}) {
  %zero = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %a = dl.matmul %x, %w1 : (tensor<?x8xf32>, tensor<8x24xf32>) -> tensor<?x24xf32>
  %b = dl.add %a, %b1 : (tensor<?x24xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  %h = dl.maximum %b, %zero : (tensor<?x24xf32>, tensor<f32>) -> tensor<?x24xf32>
  %p = dl.matmul %h, %w2 : (tensor<?x24xf32>, tensor<24x5xf32>) -> tensor<?x5xf32>
  return %p : tensor<?x5xf32>
}

// CHECK: "copied_states": []
func.func @train_step(%x: tensor<?x8xf32> {dl.name = "x", dl.dims = ["N", "8"]},
                      %y: tensor<?x5xf32> {dl.name = "y", dl.dims = ["N", "5"]}, %rate: tensor<f32> {dl.name = "rate"},
                      %w1: tensor<8x24xf32> {dl.state = "w1"}, %b1: tensor<24xf32> {dl.state = "b1"},
                      %w2: tensor<24x5xf32> {dl.state = "w2"}, %steps: tensor<i64> {dl.state = "steps"})
    -> (tensor<1x1xf32> {dl.name = "loss"}, tensor<8x24xf32> {dl.state = "w1"}, tensor<24xf32> {dl.state = "b1"},
        tensor<24x5xf32> {dl.state = "w2"}, tensor<i64> {dl.state = "steps"}) {
  %zero = dl.constant dense<0.0> : tensor<f32> : tensor<f32>
  %half = dl.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = dl.constant dense<1> : tensor<i64> : tensor<i64>
  %a = dl.matmul %x, %w1 : (tensor<?x8xf32>, tensor<8x24xf32>) -> tensor<?x24xf32>
  %b = dl.add %a, %b1 : (tensor<?x24xf32>, tensor<24xf32>) -> tensor<?x24xf32>
  %h = dl.maximum %b, %zero : (tensor<?x24xf32>, tensor<f32>) -> tensor<?x24xf32>
  %p = dl.matmul %h, %w2 : (tensor<?x24xf32>, tensor<24x5xf32>) -> tensor<?x5xf32>
  %d = dl.sub %p, %y : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %d2 = dl.mul %d, %d : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %sum = dl.reduce_sum %d2 [0, 1] : (tensor<?x5xf32>) -> tensor<1x1xf32>
  %loss = dl.mul %sum, %half : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>

  // Of p = h w2: dh = dp w2^T, dw2 = h^T dp. Of relu: da = dh where it let something through.
  %dh = dl.matmul %d, %w2 {transpose_b} : (tensor<?x5xf32>, tensor<24x5xf32>) -> tensor<?x24xf32>
  %on = dl.greater %h, %zero : (tensor<?x24xf32>, tensor<f32>) -> tensor<?x24xi1>
  %da = dl.select %on, %dh, %zero : (tensor<?x24xi1>, tensor<?x24xf32>, tensor<f32>) -> tensor<?x24xf32>
  %dw2 = dl.matmul %h, %d {transpose_a} : (tensor<?x24xf32>, tensor<?x5xf32>) -> tensor<24x5xf32>
  %dw1 = dl.matmul %x, %da {transpose_a} : (tensor<?x8xf32>, tensor<?x24xf32>) -> tensor<8x24xf32>
  %db = dl.reduce_sum %da [0] : (tensor<?x24xf32>) -> tensor<1x24xf32>
  %shape = dl.constant dense<24> : tensor<1xi64> : tensor<1xi64>
  %db1 = dl.reshape %db, %shape : (tensor<1x24xf32>, tensor<1xi64>) -> tensor<24xf32>

  %s1 = dl.mul %dw1, %rate : (tensor<8x24xf32>, tensor<f32>) -> tensor<8x24xf32>
  %n1 = dl.sub %w1, %s1 : (tensor<8x24xf32>, tensor<8x24xf32>) -> tensor<8x24xf32>
  %s2 = dl.mul %dw2, %rate : (tensor<24x5xf32>, tensor<f32>) -> tensor<24x5xf32>
  %n2 = dl.sub %w2, %s2 : (tensor<24x5xf32>, tensor<24x5xf32>) -> tensor<24x5xf32>
  %s3 = dl.mul %db1, %rate : (tensor<24xf32>, tensor<f32>) -> tensor<24xf32>
  %n3 = dl.sub %b1, %s3 : (tensor<24xf32>, tensor<24xf32>) -> tensor<24xf32>
  %n4 = dl.add %steps, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %loss, %n1, %n3, %n2, %n4 : tensor<1x1xf32>, tensor<8x24xf32>, tensor<24xf32>, tensor<24x5xf32>, tensor<i64>
}
