// RUN: dlc-opt %s --dlc-lower-rt --verify-diagnostics

func.func private @k(memref<f32>, index, index, index, memref<i64>)

func.func @run() attributes {dlc.entry} {
  %c1 = arith.constant 1 : index
  %x = rt.input 0
  %y = rt.output 0 dims [4]
  // expected-error @below {{expects 'k' to take 2 rank-0 memrefs, 0 dims, the first tile, the last, the worker and the status word}}
  rt.launch @k ins(%x) outs(%y) dims() tiles(%c1) grain 1 node 1
  return
}
