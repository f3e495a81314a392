// RUN: dlc-opt %s --dlc-approximate-math=cpu=x86-64-v4 | FileCheck %s --check-prefixes=CHECK,V4
// RUN: dlc-opt %s --dlc-approximate-math=cpu=x86-64 | FileCheck %s --check-prefixes=CHECK,V1

// CHECK-LABEL: func.func @functions
func.func @functions(%x: vector<16xf32>, %s: f32) -> (vector<16xf32>, f32) {
  // CHECK-NOT: math.exp
  // CHECK-NOT: math.tanh
  // V4: scalef
  // V1-NOT: scalef
  %e = math.exp %x : vector<16xf32>
  %t = math.tanh %s : f32
  // CHECK: return
  return %e, %t : vector<16xf32>, f32
}

// One instruction from SSE4.1 on; additions before.
// CHECK-LABEL: func.func @rounding
func.func @rounding(%x: vector<8xf32>) -> vector<8xf32> {
  // V4: math.floor
  // V1-NOT: math.floor
  // CHECK: return
  %f = math.floor %x : vector<8xf32>
  return %f : vector<8xf32>
}

// f64 functions are libm's.
// CHECK-LABEL: func.func @wide
func.func @wide(%x: vector<8xf64>) -> vector<8xf64> {
  // CHECK: math.exp
  %e = math.exp %x : vector<8xf64>
  return %e : vector<8xf64>
}

// Half precision is computed in f32; bf16 travels as integers.
// CHECK-LABEL: func.func @half
func.func @half(%m: memref<16xbf16>) {
  %c0 = arith.constant 0 : index
  // CHECK: vector.load {{.*}} vector<16xbf16>
  // CHECK-NEXT: arith.bitcast {{.*}} vector<16xbf16> to vector<16xi16>
  // CHECK: arith.addf {{.*}} : vector<16xf32>
  // CHECK: arith.bitcast {{.*}} : vector<16xi16> to vector<16xbf16>
  // CHECK-NEXT: vector.store
  %v = vector.load %m[%c0] : memref<16xbf16>, vector<16xbf16>
  %s = arith.addf %v, %v : vector<16xbf16>
  vector.store %s, %m[%c0] : memref<16xbf16>, vector<16xbf16>
  return
}
