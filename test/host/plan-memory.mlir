// RUN: dlc-opt %s --dlc-plan-memory --split-input-file | FileCheck %s

// Constant sizes: offsets now. The third buffer takes the place of the first, which is not needed any more.

// CHECK-LABEL: func.func @static()
// CHECK-SAME: rt.arena_bytes = 192 : i64, rt.segments = 1 : i64
// CHECK: %[[BLOCK:.*]] = rt.block 0 bytes %c192
// CHECK: %[[A:.*]] = rt.slice %[[BLOCK]][%c0{{.*}}]
// CHECK: rt.launch @k ins(%{{.*}}) outs(%[[A]])
// CHECK: %[[B:.*]] = rt.slice %[[BLOCK]][%c128{{.*}}]
// CHECK: rt.launch @k ins(%[[A]]) outs(%[[B]])
// CHECK: %[[C:.*]] = rt.slice %[[BLOCK]][%c0{{.*}}]
// CHECK: rt.launch @k ins(%[[B]]) outs(%[[C]])
func.func @static() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %large = arith.constant 100 : index
  %small = arith.constant 64 : index
  %x = rt.input 0
  %a = rt.alloc %large
  rt.launch @k ins(%x) outs(%a) dims() tiles(%c1) grain 1 node 1
  %b = rt.alloc %small
  rt.launch @k ins(%a) outs(%b) dims() tiles(%c1) grain 1 node 2
  %c = rt.alloc %large
  rt.launch @k ins(%b) outs(%c) dims() tiles(%c1) grain 1 node 3
  %y = rt.output 0 dims [4]
  rt.launch @k ins(%c) outs(%y) dims() tiles(%c1) grain 1 node 4
  return
}

// -----

// A size with a symbol: the runtime places all buffers of the segment; the sizes move up to the plan.

// CHECK-LABEL: func.func @dynamic()
// CHECK-SAME: rt.arena_bytes = 0 : i64, rt.segments = 1 : i64
// CHECK: %[[BYTES:.*]] = rt.bytes [%{{.*}}, 8] * 4
// CHECK: %[[PLAN:.*]] = rt.plan 0 live [{{[0-9]+, [0-9]+, [0-9]+, [0-9]+}}] sizes(%c64, %[[BYTES]])
// CHECK: %[[TOTAL:.*]] = rt.offset %[[PLAN]][2]
// CHECK: %[[BLOCK:.*]] = rt.block 0 bytes %[[TOTAL]]
// CHECK: rt.offset %[[PLAN]][0]
// CHECK: rt.launch
// CHECK: %[[AT:.*]] = rt.offset %[[PLAN]][1]
// CHECK: rt.slice %[[BLOCK]][%[[AT]]]
func.func @dynamic() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %x = rt.input 0
  %a = rt.alloc %c64
  rt.launch @k ins(%x) outs(%a) dims() tiles(%c1) grain 1 node 1
  %n = rt.symbol 0 "N"
  %bytes = rt.bytes [%n, 8] * 4
  %b = rt.alloc %bytes
  rt.launch @k ins(%a) outs(%b) dims() tiles(%c1) grain 1 node 2
  %y = rt.output 0 dims [4]
  rt.launch @k ins(%b) outs(%y) dims() tiles(%c1) grain 1 node 3
  return
}

// -----

// A size that is read has a segment of its own, planned after the read.

// CHECK-LABEL: func.func @segments()
// CHECK-SAME: rt.arena_bytes = 64 : i64, rt.segments = 2 : i64
// CHECK: rt.block 0 bytes %c64
// CHECK: rt.launch
// CHECK: %[[N:.*]] = rt.read
// CHECK: rt.bytes [%[[N]]] * 4
// CHECK: rt.plan 1
// CHECK: rt.block 1
func.func @segments() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %x = rt.input 0
  %a = rt.alloc %c8
  rt.launch @k ins(%x) outs(%a) dims() tiles(%c1) grain 1 node 1
  %n = rt.read %a[0] : i64
  %bytes = rt.bytes [%n] * 4
  %b = rt.alloc %bytes
  rt.launch @k ins(%x) outs(%b) dims(%n) tiles(%c1) grain 1 node 2
  %y = rt.output 0 dims [4]
  rt.launch @k ins(%b) outs(%y) dims() tiles(%c1) grain 1 node 3
  return
}

// -----

// One block is the scratch memory of all launches.

// CHECK-LABEL: func.func @scratch()
// CHECK-SAME: rt.segments = 1 : i64
// CHECK: %[[WORKERS:.*]] = rt.workers
// CHECK: %[[BYTES:.*]] = rt.bytes [%c512{{.*}}, %[[WORKERS]]] * 1
// CHECK: %[[BLOCK:.*]] = rt.block 0 bytes %[[BYTES]]
// CHECK: scratch(%[[BLOCK]])
// CHECK: scratch(%[[BLOCK]])
func.func @scratch() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %c256 = arith.constant 256 : index
  %c512 = arith.constant 512 : index
  %x = rt.input 0
  %y = rt.output 0 dims [4]
  %s = rt.scratch %c256
  rt.launch @k ins(%x) outs(%y) scratch(%s) dims() tiles(%c1) grain 1 node 1
  %t = rt.scratch %c512
  rt.launch @k ins(%x) outs(%y) scratch(%t) dims() tiles(%c1) grain 1 node 2
  return
}

// -----

// A loop's results have segments of their own, and its body others behind these. Numbers that it gives are known late.

// CHECK-LABEL: func.func @loop()
// CHECK-SAME: rt.segments = 5 : i64
// CHECK: rt.loop {{.*}} segment 1
// CHECK: rt.block 0 bytes
func.func @loop() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %x = rt.input 0
  %r, %d = rt.loop %c1 while %c1 @body carried(%x) captured() symbols(%c1) from [0] start_dims(%c1) ranks [1] widths [4]
      node 3 -> (!rt.buffer) dims (index)
  %bytes = rt.bytes [%d] * 4
  %a = rt.alloc %bytes
  rt.launch @k ins(%r) outs(%a) dims(%d) tiles(%c1) grain 1 node 1
  %y = rt.output 0 dims [%d]
  rt.launch @k ins(%a) outs(%y) dims(%d) tiles(%c1) grain 1 node 2
  return
}
// CHECK-LABEL: func.func private @body()
// CHECK: rt.plan 4
// CHECK: rt.block 4
func.func private @body() attributes {dlc.body} {
  %c1 = arith.constant 1 : index
  %n = rt.symbol 0 "N"
  %x = rt.input 2
  %bytes = rt.bytes [%n] * 4
  %a = rt.alloc %bytes
  rt.launch @k ins(%x) outs(%a) dims(%n) tiles(%c1) grain 1 node 1
  %y = rt.result 1 at 1 dims [%n] bytes %bytes
  rt.launch @k ins(%a) outs(%y) dims(%n) tiles(%c1) grain 1 node 2
  %go = rt.input 1
  %again = rt.result 0 at 0 dims [] bytes %c1
  rt.copy %again from %go bytes %c1
  return
}

// -----

// A kernel that may write its result over its second input does, where nobody reads that input later and no other input is
// the same buffer: here the second launch. Three buffers are one and another.

// CHECK-LABEL: func.func @in_place()
// CHECK-SAME: rt.arena_bytes = 256 : i64
// CHECK: %[[A:.*]] = rt.slice %{{.*}}[%c0{{.*}}]
// CHECK: rt.launch @k ins(%{{.*}}) outs(%[[A]])
// CHECK: %[[B:.*]] = rt.slice %{{.*}}[%c128{{.*}}]
// CHECK: rt.launch @k ins(%[[A]]) outs(%[[B]])
// CHECK: rt.launch @add ins(%[[B]], %[[A]]) outs(%[[A]])
// CHECK: %[[D:.*]] = rt.slice %{{.*}}[%c128{{.*}}]
// CHECK: rt.launch @add ins(%[[A]], %[[A]]) outs(%[[D]])
func.func @in_place() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %size = arith.constant 100 : index
  %x = rt.input 0
  %a = rt.alloc %size
  rt.launch @k ins(%x) outs(%a) dims() tiles(%c1) grain 1 node 1
  %b = rt.alloc %size
  rt.launch @k ins(%a) outs(%b) dims() tiles(%c1) grain 1 node 2
  %c = rt.alloc %size
  rt.launch @add ins(%b, %a) outs(%c) dims() tiles(%c1) grain 1 node 3 {dlc.in_place = [array<i64: 1>]}
  %d = rt.alloc %size
  rt.launch @add ins(%c, %c) outs(%d) dims() tiles(%c1) grain 1 node 4 {dlc.in_place = [array<i64: 1>]}
  %y = rt.output 0 dims [4]
  rt.launch @k ins(%d) outs(%y) dims() tiles(%c1) grain 1 node 5
  return
}
