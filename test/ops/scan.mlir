// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// Running sums and the rows they are of, over a number of rows that only the run knows.
func.func @sums(%start: tensor<?xf32> {dl.name = "start", dl.dims = ["N"]},
                %x: tensor<?x?xf32> {dl.name = "x", dl.dims = ["T", "N"]})
    -> (tensor<?xf32> {dl.name = "total"}, tensor<?x?xf32> {dl.name = "sums"})
    attributes {dl.sizes = {N = [37, 1, 5, 4], T = [6, 1, 0, 9]}} {
  %r:2 = dl.scan (%start, %x) carried 1 steps 1 : (tensor<?xf32>, tensor<?x?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  ^bb0(%sum: tensor<?xf32>, %row: tensor<?xf32>):
    %next = dl.add %sum, %row : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    dl.yield %next, %next : tensor<?xf32>, tensor<?xf32>
  }
  return %r#0, %r#1 : tensor<?xf32>, tensor<?x?xf32>
}

// One way in and another way out, of two types; what it captures is computed, and what it carries changes places.
func.func @directions(%a: tensor<2x3xf32> {dl.name = "a"}, %b: tensor<2x3xf32> {dl.name = "b"},
                      %x: tensor<5x3xf32> {dl.name = "x"}, %k: tensor<5xi64> {dl.name = "k"})
    -> (tensor<2x3xf32> {dl.name = "p"}, tensor<2x3xf32> {dl.name = "q"}, tensor<5x2x3xf32> {dl.name = "y"},
        tensor<5xi64> {dl.name = "z"}) {
  %double = dl.add %a, %a : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %one = dl.constant dense<1> : tensor<i64> : tensor<i64>
  %r:4 = dl.scan (%a, %b, %x, %k) carried 2 steps 2 reversed [true, false, false, true]
      : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<5x3xf32>, tensor<5xi64>)
      -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<5x2x3xf32>, tensor<5xi64>) {
  ^bb0(%p: tensor<2x3xf32>, %q: tensor<2x3xf32>, %row: tensor<3xf32>, %n: tensor<i64>):
    %s = dl.mul %p, %row : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %t = dl.add %s, %double : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %m = dl.add %n, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    dl.yield %q, %p, %t, %m : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<i64>
  }
  return %r#0, %r#1, %r#2, %r#3 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<5x2x3xf32>, tensor<5xi64>
}

// No rows: the start values.
func.func @no_rows(%a: tensor<4xf32> {dl.name = "a"}, %x: tensor<0x4xf32> {dl.name = "x"})
    -> (tensor<4xf32> {dl.name = "end"}, tensor<0x4xf32> {dl.name = "all"}) {
  %r:2 = dl.scan (%a, %x) carried 1 steps 1 : (tensor<4xf32>, tensor<0x4xf32>) -> (tensor<4xf32>, tensor<0x4xf32>) {
  ^bb0(%p: tensor<4xf32>, %row: tensor<4xf32>):
    %q = dl.add %p, %row : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    dl.yield %q, %q : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<0x4xf32>
}

// A scan in a scan: sums along each row of the sums down to there, by a product with a constant that is packed once.
func.func @nested(%a: tensor<1x40xf32> {dl.name = "a"}, %x: tensor<3x4x1x40xf32> {dl.name = "x"})
    -> (tensor<1x40xf32> {dl.name = "end"}, tensor<3x4x1x40xf32> {dl.name = "all"}) {
  %w = dl.constant dense<0.03> : tensor<40x40xf32> : tensor<40x40xf32>
  %r:2 = dl.scan (%a, %x) carried 1 steps 1 : (tensor<1x40xf32>, tensor<3x4x1x40xf32>)
      -> (tensor<1x40xf32>, tensor<3x4x1x40xf32>) {
  ^bb0(%p: tensor<1x40xf32>, %rows: tensor<4x1x40xf32>):
    %i:2 = dl.scan (%p, %rows) carried 1 steps 1 : (tensor<1x40xf32>, tensor<4x1x40xf32>)
        -> (tensor<1x40xf32>, tensor<4x1x40xf32>) {
    ^bb0(%h: tensor<1x40xf32>, %row: tensor<1x40xf32>):
      %m = dl.matmul %h, %w : (tensor<1x40xf32>, tensor<40x40xf32>) -> tensor<1x40xf32>
      %q = dl.add %m, %row : (tensor<1x40xf32>, tensor<1x40xf32>) -> tensor<1x40xf32>
      dl.yield %q, %q : tensor<1x40xf32>, tensor<1x40xf32>
    }
    dl.yield %i#0, %i#1 : tensor<1x40xf32>, tensor<4x1x40xf32>
  }
  return %r#0, %r#1 : tensor<1x40xf32>, tensor<3x4x1x40xf32>
}
