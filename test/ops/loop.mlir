// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64

// a, b = b, a + b, and what every turn gave: a turn never writes what it reads.
func.func @fibonacci(%a: tensor<4xf32> {dl.name = "a"}, %b: tensor<4xf32> {dl.name = "b"})
    -> (tensor<4xf32> {dl.name = "x"}, tensor<4xf32> {dl.name = "y"}, tensor<?x4xf32> {dl.name = "all"}) {
  %n = dl.constant dense<5> : tensor<i64> : tensor<i64>
  %go = dl.constant dense<true> : tensor<i1> : tensor<i1>
  %r:3 = dl.loop %n while %go (%a, %b) carried 2 : (tensor<i64>, tensor<i1>, tensor<4xf32>, tensor<4xf32>)
      -> (tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32>) {
  ^bb0(%turn: tensor<i64>, %c: tensor<i1>, %p: tensor<4xf32>, %q: tensor<4xf32>):
    %s = dl.add %p, %q : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    dl.yield %c, %q, %s, %s : tensor<i1>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32>
}

// Grows by one element a turn until there are ten, long before the trips are over.
func.func @grows_while(%a: tensor<1xi64> {dl.name = "a"}) -> (tensor<?xi64> {dl.name = "x"}, tensor<?xi64> {dl.name = "lengths"}) {
  %n = dl.constant dense<9223372036854775807> : tensor<i64> : tensor<i64>
  %go = dl.constant dense<true> : tensor<i1> : tensor<i1>
  %ten = dl.constant dense<10> : tensor<1xi64> : tensor<1xi64>
  %r:2 = dl.loop %n while %go (%a) carried 1 : (tensor<i64>, tensor<i1>, tensor<1xi64>) -> (tensor<?xi64>, tensor<?xi64>) {
  ^bb0(%turn: tensor<i64>, %c: tensor<i1>, %p: tensor<?xi64>):
    %shape = dl.constant dense<1> : tensor<1xi64> : tensor<1xi64>
    %none = dl.constant dense<> : tensor<0xi64> : tensor<0xi64>
    %one = dl.reshape %turn, %shape : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
    %q = dl.concat %p, %one {axis = 0 : i64} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %l = dl.shape_of %q : (tensor<?xi64>) -> tensor<1xi64>
    %less = dl.less %l, %ten : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
    %again = dl.reshape %less, %none : (tensor<1xi1>, tensor<0xi64>) -> tensor<i1>
    %length = dl.reshape %l, %none : (tensor<1xi64>, tensor<0xi64>) -> tensor<i64>
    dl.yield %again, %q, %length : tensor<i1>, tensor<?xi64>, tensor<i64>
  }
  return %r#0, %r#1 : tensor<?xi64>, tensor<?xi64>
}

// No turn: the start values, and a stack of nothing.
func.func @no_turn(%a: tensor<4xf32> {dl.name = "a"}) -> (tensor<4xf32> {dl.name = "x"}, tensor<?x4xf32> {dl.name = "all"}) {
  %n = dl.constant dense<3> : tensor<i64> : tensor<i64>
  %stay = dl.constant dense<false> : tensor<i1> : tensor<i1>
  %start = dl.exp %a : (tensor<4xf32>) -> tensor<4xf32>
  %r:2 = dl.loop %n while %stay (%start) carried 1 : (tensor<i64>, tensor<i1>, tensor<4xf32>)
      -> (tensor<4xf32>, tensor<?x4xf32>) {
  ^bb0(%turn: tensor<i64>, %c: tensor<i1>, %p: tensor<4xf32>):
    %s = dl.add %p, %p : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    dl.yield %c, %s, %s : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  }
  %x = dl.add %r#0, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %x, %r#1 : tensor<4xf32>, tensor<?x4xf32>
}
