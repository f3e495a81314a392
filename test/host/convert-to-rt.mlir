// RUN: dlc-opt %s --dlc-convert-to-rt --split-input-file | FileCheck %s

// A result that is returned is written to the caller's memory, here through a view; the other gets a buffer.

func.func private @k(tensor<?x8xf32>, tensor<4xf32>, index) -> tensor<?x8xf32>
    attributes {dlc.tiles = affine_map<()[s0] -> (s0 ceildiv 4)>, dlc.grain = 16 : i64}

// CHECK-LABEL: func.func @run()
// CHECK: %[[X:.*]] = rt.input 0
// CHECK: %[[N:.*]] = rt.symbol 0 "N"
// CHECK: %[[W:.*]] = rt.constant @constant_0
// CHECK: %[[BYTES:.*]] = rt.bytes [%[[N]], 8] * 4
// CHECK: %[[A:.*]] = rt.alloc %[[BYTES]]
// CHECK: %[[TILES:.*]] = affine.apply
// CHECK: rt.launch @k ins(%[[X]], %[[W]]) outs(%[[A]]) dims(%[[N]]) tiles(%[[TILES]]) grain 16 node 1
// CHECK: %[[SIZE:.*]] = affine.apply
// CHECK: %[[Y:.*]] = rt.output 0 dims [%[[SIZE]]]
// CHECK: rt.launch @k ins(%[[A]], %[[W]]) outs(%[[Y]]) dims(%[[N]]) tiles(%[[TILES]]) grain 16 node 2
// CHECK-NEXT: return
#dims = affine_map<()[s0] -> (s0, 8)>
func.func @run(%x: tensor<?x8xf32> {dl.name = "X", dl.dims = ["N", "8"]}) -> (tensor<?xf32> {dl.name = "Y"}) {
  %n = dl.symbol "N"
  %w = dl.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
  %0 = rt.call @k(%x, %w) symbols(%n) result_dims [#dims] node 1 : (tensor<?x8xf32>, tensor<4xf32>) -> tensor<?x8xf32>
  %1 = rt.call @k(%0, %w) symbols(%n) result_dims [#dims] node 2 : (tensor<?x8xf32>, tensor<4xf32>) -> tensor<?x8xf32>
  %2 = dl.view %1 symbols(%n) affine_map<()[s0] -> (s0 * 8)> : tensor<?x8xf32> -> tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

// Inputs, constants and values returned a second time are copied.

func.func private @k(tensor<4xf32>) -> tensor<4xf32>

// CHECK-LABEL: func.func @copies()
// CHECK: %[[X:.*]] = rt.input 0
// CHECK: %[[Y:.*]] = rt.output 0 dims [4]
// CHECK: rt.launch @k ins(%[[X]]) outs(%[[Y]])
// CHECK: %[[AGAIN:.*]] = rt.output 1 dims [4]
// CHECK: rt.copy %[[AGAIN]] from %[[Y]] bytes %c16
// CHECK: %[[SAME:.*]] = rt.output 2 dims [4]
// CHECK: rt.copy %[[SAME]] from %[[X]] bytes %c16
func.func @copies(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = rt.call @k(%x) symbols() result_dims [affine_map<() -> (4)>] node 1 : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %0, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Constants of the same bytes are one blob.

func.func private @k(tensor<2xf32>, tensor<2xf32>, tensor<1x2xf32>) -> tensor<4xf32>

// CHECK-LABEL: func.func @blobs()
// CHECK: rt.launch @k ins(%[[A:.*]], %[[B:.*]], %[[A]])
func.func @blobs() -> tensor<4xf32> {
  %a = dl.constant dense<[1.0, 1.0]> : tensor<2xf32> : tensor<2xf32>
  %b = dl.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %c = dl.constant dense<1.0> : tensor<1x2xf32> : tensor<1x2xf32>
  %0 = rt.call @k(%a, %b, %c) symbols() result_dims [affine_map<() -> (4)>] node 1
      : (tensor<2xf32>, tensor<2xf32>, tensor<1x2xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// A size that is in the data is read after the launch that computes it; dims are data on demand.

func.func private @count(tensor<?xf32>, index) -> tensor<i64>
func.func private @take(tensor<?xf32>, index, index) -> tensor<?xf32>

// CHECK-LABEL: func.func @reads()
// CHECK: rt.launch @count ins(%{{.*}}) outs(%[[COUNT:.*]]) dims
// CHECK: %[[K:.*]] = rt.read %[[COUNT]][0] : i64
// CHECK: %[[Y:.*]] = rt.output 0 dims [%[[K]]]
// CHECK: rt.launch @take
// CHECK: %[[S:.*]] = rt.output 1 dims [1]
// CHECK: rt.store_dims %[[S]] [%[[K]]]
func.func @reads(%x: tensor<?xf32> {dl.dims = ["N"]}) -> (tensor<?xf32>, tensor<1xi64>) {
  %n = dl.symbol "N"
  %0 = rt.call @count(%x) symbols(%n) result_dims [affine_map<()[s0] -> ()>] node 1 : (tensor<?xf32>) -> tensor<i64>
  %k = dl.read %0[0] : tensor<i64>
  %1 = rt.call @take(%x) symbols(%n, %k) result_dims [affine_map<()[s0, s1] -> (s1)>] node 2
      : (tensor<?xf32>) -> tensor<?xf32>
  %2 = dl.shape_of %1 : (tensor<?xf32>) -> tensor<1xi64>
  return %1, %2 : tensor<?xf32>, tensor<1xi64>
}

// -----

// Scratch memory is asked for by the launch that needs it.

func.func private @k(tensor<4xf32>) -> tensor<4xf32> attributes {dlc.scratch = affine_map<() -> (256)>}

// CHECK-LABEL: func.func @scratch()
// CHECK: %[[S:.*]] = rt.scratch %c256
// CHECK: rt.launch @k ins(%{{.*}}) outs(%{{.*}}) scratch(%[[S]])
func.func @scratch(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = rt.call @k(%x) symbols() result_dims [affine_map<() -> (4)>] node 1 : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// A branch reads its condition, passes what its bodies capture with the dims as symbols, and gives buffers with their
// dims. What a body returns without having made it is copied.

func.func private @k(tensor<?xf32>) -> tensor<?xf32>

// CHECK-LABEL: func.func private @first()
// CHECK-SAME: attributes {dlc.body}
// CHECK: %[[N:.*]] = rt.symbol 0 "N"
// CHECK: rt.result 0 at 0 dims [%[[N]]] bytes
// CHECK: rt.launch @k
func.func private @first(%x: tensor<?xf32> {dl.dims = ["N"]}) -> tensor<?xf32> attributes {dlc.body} {
  %n = dl.symbol "N"
  %0 = rt.call @k(%x) symbols(%n) result_dims [affine_map<()[s0] -> (s0)>] node 1 : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
// CHECK-LABEL: func.func private @second()
// CHECK: %[[X:.*]] = rt.input 0
// CHECK: %[[R:.*]] = rt.result 0 at 0
// CHECK: rt.copy %[[R]] from %[[X]]
func.func private @second(%x: tensor<?xf32> {dl.dims = ["N"]}) -> tensor<?xf32> attributes {dlc.body} {
  return %x : tensor<?xf32>
}
// CHECK-LABEL: func.func @branch()
// CHECK: %[[C:.*]] = rt.input 0
// CHECK: %[[X:.*]] = rt.input 1
// CHECK: %[[IF:.*]] = rt.read %[[C]][0] : i1
// CHECK: %{{.*}}, %{{.*}} = rt.if %[[IF]] @first else @second ins(%[[X]]) symbols(%{{.*}}) ranks [1] -> (!rt.buffer) dims(index)
func.func @branch(%c: tensor<i1>, %x: tensor<?xf32> {dl.dims = ["N"]}) -> tensor<?xf32> {
  %r = dl.if %c bodies [@first, @second](%x : tensor<?xf32>) {result_dims = [["N"]]} : tensor<i1> -> (tensor<?xf32>)
  return %r : tensor<?xf32>
}

// -----

// The next value of a state is written where the old one lies if the kernel may do so and nobody reads the old one later.
// Before that the run ends if anything went wrong.

dl.state @w = dense<1.0> : tensor<4xf32>
dl.state @v = dense<2.0> : tensor<4xf32>

func.func private @step(tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> attributes {dlc.in_place = [array<i64: 1>]}

// CHECK-LABEL: func.func @in_place()
// CHECK: %[[X:.*]] = rt.input 0
// CHECK: %[[W:.*]] = rt.state 0 "w"
// CHECK: rt.stop_if_failed
// CHECK: rt.launch @step ins(%[[X]], %[[W]]) outs(%[[W]])
// CHECK-NEXT: return
#dims = affine_map<() -> (4)>
func.func @in_place(%x: tensor<4xf32>, %w: tensor<4xf32> {dl.state = "w"}) -> (tensor<4xf32> {dl.state = "w"}) {
  %0 = rt.call @step(%x, %w) symbols() result_dims [#dims] node 1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// The kernel may not write over its first input.
// CHECK-LABEL: func.func @wrong_operand()
// CHECK: %[[W:.*]] = rt.state 0 "w"
// CHECK: %[[A:.*]] = rt.alloc
// CHECK: rt.launch @step ins(%[[W]], %{{.*}}) outs(%[[A]])
// CHECK: rt.stop_if_failed
// CHECK: rt.copy %[[W]] from %[[A]]
func.func @wrong_operand(%x: tensor<4xf32>, %w: tensor<4xf32> {dl.state = "w"}) -> (tensor<4xf32> {dl.state = "w"}) {
  %0 = rt.call @step(%w, %x) symbols() result_dims [#dims] node 1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// The old value is an output too.
// CHECK-LABEL: func.func @read_later()
// CHECK: %[[W:.*]] = rt.state 0 "w"
// CHECK: %[[A:.*]] = rt.alloc
// CHECK: rt.launch @step {{.*}} outs(%[[A]])
// CHECK: %[[Y:.*]] = rt.output 0
// CHECK: rt.copy %[[Y]] from %[[W]]
// CHECK: rt.copy %[[W]] from %[[A]]
func.func @read_later(%x: tensor<4xf32>, %w: tensor<4xf32> {dl.state = "w"}) -> (tensor<4xf32> {dl.state = "w"}, tensor<4xf32>) {
  %0 = rt.call @step(%x, %w) symbols() result_dims [#dims] node 1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0, %w : tensor<4xf32>, tensor<4xf32>
}

// States that change places go through memory of their own.
// CHECK-LABEL: func.func @swap()
// CHECK: %[[W:.*]] = rt.state 0 "w"
// CHECK: %[[V:.*]] = rt.state 1 "v"
// CHECK: %[[A:.*]] = rt.alloc
// CHECK: rt.copy %[[A]] from %[[V]]
// CHECK: %[[B:.*]] = rt.alloc
// CHECK: rt.copy %[[B]] from %[[W]]
// CHECK: rt.copy %[[W]] from %[[A]]
// CHECK: rt.copy %[[V]] from %[[B]]
func.func @swap(%w: tensor<4xf32> {dl.state = "w"}, %v: tensor<4xf32> {dl.state = "v"})
    -> (tensor<4xf32> {dl.state = "w"}, tensor<4xf32> {dl.state = "v"}) {
  return %v, %w : tensor<4xf32>, tensor<4xf32>
}
