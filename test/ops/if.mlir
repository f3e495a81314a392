// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// The condition, the dims of the branches and what they capture, from a value that only the run knows.

func.func @first(%x: tensor<5xf32> {dl.name = "x"}, %y: tensor<5xf32> {dl.name = "y"}) -> (tensor<5xf32> {dl.name = "r"}) {
  %c = dl.constant dense<true> : tensor<i1> : tensor<i1>
  %s = dl.add %x, %y : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  %r = dl.if %c : tensor<i1> -> (tensor<5xf32>) {
    %a = dl.mul %s, %x : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
    dl.yield %a : tensor<5xf32>
  }, {
    dl.yield %y : tensor<5xf32>
  }
  %t = dl.add %r, %x : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  return %t : tensor<5xf32>
}

func.func @second_of_other_dims(%x: tensor<3x5xf32> {dl.name = "x"}, %y: tensor<7x5xf32> {dl.name = "y"})
    -> (tensor<?x5xf32> {dl.name = "r"}, tensor<2xi64> {dl.name = "shape"}) {
  %c = dl.constant dense<false> : tensor<1xi1> : tensor<1xi1>
  %r = dl.if %c : tensor<1xi1> -> (tensor<?x5xf32>) {
    dl.yield %x : tensor<3x5xf32>
  }, {
    dl.yield %y : tensor<7x5xf32>
  }
  %t = dl.exp %r : (tensor<?x5xf32>) -> tensor<?x5xf32>
  %n = dl.shape_of %t : (tensor<?x5xf32>) -> tensor<2xi64>
  return %t, %n : tensor<?x5xf32>, tensor<2xi64>
}

func.func @nested(%c: tensor<i1> {dl.name = "c"}, %d: tensor<i1> {dl.name = "d"}, %x: tensor<3xf32> {dl.name = "x"})
    -> (tensor<3xf32> {dl.name = "r"}) {
  %e = dl.abs %x : (tensor<3xf32>) -> tensor<3xf32>
  %r = dl.if %c : tensor<i1> -> (tensor<3xf32>) {
    %u = dl.add %x, %e : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %i = dl.if %d : tensor<i1> -> (tensor<3xf32>) {
      %v = dl.mul %u, %e : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
      dl.yield %v : tensor<3xf32>
    }, {
      dl.yield %u : tensor<3xf32>
    }
    %w = dl.add %i, %u : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    dl.yield %w : tensor<3xf32>
  }, {
    dl.yield %e : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}
