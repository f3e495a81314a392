// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// Each function starts from random values of its states, and the next ones are compared too.

dl.state @mean = dense<0.0> : tensor<37xf32>
dl.state @other = dense<1.0> : tensor<37xf32>
dl.state @count = dense<0> : tensor<i64>
dl.state @weight = dense<0.0> : tensor<5x24xf32>

// Read only.
func.func @centered(%x: tensor<?x37xf32> {dl.dims = ["N", "37"]}, %mean: tensor<37xf32> {dl.state = "mean"})
    -> tensor<?x37xf32> attributes {dl.sizes = {N = [0, 1, 13]}} {
  %0 = dl.sub %x, %mean : (tensor<?x37xf32>, tensor<37xf32>) -> tensor<?x37xf32>
  return %0 : tensor<?x37xf32>
}

// In place, while another reader of the old value comes first.
func.func @average(%x: tensor<37xf32>, %mean: tensor<37xf32> {dl.state = "mean"}, %n: tensor<i64> {dl.state = "count", dl.range = [1, 9]})
    -> (tensor<37xf32>, tensor<37xf32> {dl.state = "mean"}, tensor<i64> {dl.state = "count"}) {
  %one = dl.constant dense<1> : tensor<i64> : tensor<i64>
  %next = dl.add %n, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %difference = dl.sub %x, %mean : (tensor<37xf32>, tensor<37xf32>) -> tensor<37xf32>
  %f = dl.cast %next {to = f32} : (tensor<i64>) -> tensor<f32>
  %step = dl.div %difference, %f : (tensor<37xf32>, tensor<f32>) -> tensor<37xf32>
  %mean1 = dl.add %mean, %step : (tensor<37xf32>, tensor<37xf32>) -> tensor<37xf32>
  return %difference, %mean1, %next : tensor<37xf32>, tensor<37xf32>, tensor<i64>
}

// Each becomes the other: the old values are read before either is written.
func.func @swap(%a: tensor<37xf32> {dl.state = "mean"}, %b: tensor<37xf32> {dl.state = "other"})
    -> (tensor<37xf32> {dl.state = "other"}, tensor<37xf32> {dl.state = "mean"}) {
  return %a, %b : tensor<37xf32>, tensor<37xf32>
}

// A step of gradient descent in the epilogue of the product that is the gradient, and the loss from the old weights.
func.func @descend(%x: tensor<?x24xf32> {dl.dims = ["N", "24"]}, %d: tensor<?x5xf32> {dl.dims = ["N", "5"]},
                   %w: tensor<5x24xf32> {dl.state = "weight"}) -> (tensor<?x5xf32>, tensor<5x24xf32> {dl.state = "weight"})
    attributes {dl.sizes = {N = [0, 1, 13, 40]}} {
  %rate = dl.constant dense<0.125> : tensor<f32> : tensor<f32>
  %p = dl.matmul %x, %w {transpose_b} : (tensor<?x24xf32>, tensor<5x24xf32>) -> tensor<?x5xf32>
  %g = dl.matmul %d, %x {transpose_a} : (tensor<?x5xf32>, tensor<?x24xf32>) -> tensor<5x24xf32>
  %s = dl.mul %g, %rate : (tensor<5x24xf32>, tensor<f32>) -> tensor<5x24xf32>
  %w1 = dl.sub %w, %s : (tensor<5x24xf32>, tensor<5x24xf32>) -> tensor<5x24xf32>
  return %p, %w1 : tensor<?x5xf32>, tensor<5x24xf32>
}
