// RUN: dlc-opt %s --dlc-lower-rt --split-input-file | FileCheck %s

// A launch fills a closure of pointers and dims; its thunk reads them back and calls the kernel.

func.func private @k(%in: memref<f32>, %out: memref<f32>, %n: index, %begin: index, %end: index, %worker: index,
                     %status: memref<i64>) {
  return
}

// CHECK: llvm.func internal @k.thunk(%[[CLOSURE:.*]]: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i32)
// CHECK: llvm.load %[[CLOSURE]] : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[CLOSURE]][1]
// CHECK: llvm.getelementptr %[[CLOSURE]][2]
// CHECK: call @k(
// CHECK: llvm.return

// CHECK-LABEL: func.func @run
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[INPUTS:.*]]: !llvm.ptr, %[[SYMBOLS:.*]]: !llvm.ptr) -> i32
// CHECK: %[[MEMORY:.*]] = llvm.alloca {{.*}} x i8
// CHECK: %[[Y:.*]] = llvm.call @dlc_rt_output(%[[CTX]]
// CHECK: %[[THERE:.*]] = llvm.icmp "ne" %[[Y]]
// CHECK: cf.cond_br %[[THERE]], ^[[NEXT:.*]], ^[[FAIL:.*]]
// CHECK: ^[[NEXT]]:
// CHECK: %[[X:.*]] = llvm.load %[[INPUTS]]
// CHECK: llvm.store %[[X]], %[[MEM:.*]] :
// CHECK: llvm.store %[[Y]]
// CHECK: %[[LAUNCH:.*]] = llvm.mlir.addressof @run.launch1
// CHECK: llvm.call @dlc_rt_launch(%[[CTX]], %[[LAUNCH]], %[[MEM]],
// CHECK: llvm.call @dlc_rt_status(%[[CTX]])
// CHECK: return
// CHECK: ^[[FAIL]]:
// CHECK: llvm.call @dlc_rt_status(%[[CTX]])
func.func @run() attributes {dlc.entry} {
  %n = rt.symbol 0 "N"
  %x = rt.input 0
  %y = rt.output 0 dims [%n, 4]
  rt.launch @k ins(%x) outs(%y) dims(%n) tiles(%n) grain 8 node 1
  return
}

// -----

// A launch is described once: its task, grain, node, and how many sizes lie where in the closure.

func.func private @sized(memref<f32>, memref<f32>, index, index, index, index, index, memref<i64>)

// CHECK: llvm.mlir.global internal constant @sizes.launch3() {{.*}} !llvm.struct<(ptr, i64, i32, i32, i32, i32)> {
// CHECK-DAG: llvm.mlir.addressof @sized.thunk
// CHECK-DAG: llvm.mlir.constant(8 : i64)
// CHECK-DAG: llvm.mlir.constant(3 : i32)
// CHECK-DAG: llvm.mlir.constant(2 : i32)
// CHECK: llvm.return
func.func @sizes() attributes {dlc.entry} {
  %n = rt.symbol 0 "N"
  %m = rt.symbol 1 "M"
  %x = rt.input 0
  %y = rt.output 0 dims [%n, %m]
  rt.launch @sized ins(%x) outs(%y) dims(%n, %m) tiles(%n) grain 8 node 3
  return
}

// -----

// Few tiles need no other thread: the thunk is called at once, unless somebody wants to know. A kernel with checks has a
// status word for each launch.

func.func private @checked(memref<f32>, index, index, index, memref<i64>)

// CHECK: llvm.func internal @dlc.report({{.*}}no_inline
// CHECK-LABEL: func.func @serial
// CHECK: %[[PROFILE:.*]] = llvm.load %arg0
// CHECK: %[[NONE:.*]] = llvm.icmp "eq" %[[PROFILE]]
// CHECK: scf.if %[[NONE]]
// CHECK: llvm.call @checked.thunk(
// CHECK: else
// CHECK: llvm.call @dlc_rt_launch(
// CHECK: %[[NODE:.*]] = llvm.mlir.constant(7 : i64)
// CHECK: llvm.call @dlc.report(%{{.*}}, %{{.*}}, %[[NODE]])
func.func @serial() attributes {dlc.entry} {
  %c4 = arith.constant 4 : index
  %y = rt.output 0 dims [4]
  rt.launch @checked ins() outs(%y) dims() tiles(%c4) grain 8 node 7
  return
}

// -----

// Constants are external globals of the library's data section.

func.func private @k(memref<f32>, memref<f32>, index, index, index, memref<i64>)

// CHECK: llvm.mlir.global external hidden constant @constant_0() {{.*}}alignment = 64
// CHECK-LABEL: func.func @weights
// CHECK: llvm.mlir.addressof @constant_0
func.func @weights() attributes {dlc.entry} {
  %c4 = arith.constant 4 : index
  %w = rt.constant @constant_0
  %y = rt.output 0 dims [4]
  rt.launch @k ins(%w) outs(%y) dims() tiles(%c4) grain 8 node 1
  return
}

// -----

// A plan computes each size once and copies it by a table.

func.func private @k(memref<f32>, memref<f32>, index, index, index, memref<i64>)

// CHECK-DAG: llvm.mlir.global internal constant @run.sizes0(dense<[0, 1, 0]>
// CHECK-DAG: llvm.mlir.global internal constant @run.live0(dense<[0, 1, 1, 2, 2, 3]>
// CHECK-LABEL: func.func @run
// CHECK: scf.for
// CHECK: %[[PLAN:.*]] = llvm.call @dlc_rt_plan
// CHECK: cf.cond_br
// CHECK: llvm.call @dlc_rt_block
// CHECK: cf.cond_br
// CHECK: llvm.getelementptr %[[PLAN]][2]
func.func @run() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %n = rt.symbol 0 "N"
  %small = rt.bytes [%n] * 4
  %large = rt.bytes [%n, 8] * 4
  %plan = rt.plan 0 live [0, 1, 1, 2, 2, 3] sizes(%small, %large, %small)
  %total = rt.offset %plan[3]
  %block = rt.block 0 bytes %total
  %at = rt.offset %plan[2]
  %a = rt.slice %block[%at]
  rt.launch @k ins(%a) outs(%a) dims() tiles(%c1) grain 1 node 1
  return
}
