// RUN: dlc check %s --cpu x86-64-v4,x86-64-v3,x86-64 --rtol 0 --atol 0
// Floats and integers of less than a byte's or a byte's width, one a byte in memory. The expected values are ml_dtypes'.

#sizes = {N = [0, 1, 17, 100]}

// NaN, infinities, halfway cases, what is too large, denormals, zeros.
#hard = dense<[0x7fc00000, 0xffc00000, 0x7f800000, 0xff800000, 464.0, 465.0, 7.0, -100.0, 1.0e-9, -1.0e-9, -0.0, 61440.0, 61439.0]> : tensor<13xf32>

func.func @e4m3fn(%x: tensor<13xf32> {dl.value = #hard})
    -> (tensor<13xui8> {dl.expect = dense<[127, 255, 127, 255, 126, 127, 78, 236, 0, 128, 128, 127, 127]> : tensor<13xui8>}) {
  %0 = dl.cast %x {to = f8E4M3FN} : (tensor<13xf32>) -> tensor<13xf8E4M3FN>
  %1 = dl.bitcast %0 {to = ui8} : (tensor<13xf8E4M3FN>) -> tensor<13xui8>
  return %1 : tensor<13xui8>
}
func.func @e4m3fnuz(%x: tensor<13xf32> {dl.value = #hard})
    -> (tensor<13xui8> {dl.expect = dense<[128, 128, 128, 128, 128, 128, 86, 244, 0, 0, 0, 128, 128]> : tensor<13xui8>}) {
  %0 = dl.cast %x {to = f8E4M3FNUZ} : (tensor<13xf32>) -> tensor<13xf8E4M3FNUZ>
  %1 = dl.bitcast %0 {to = ui8} : (tensor<13xf8E4M3FNUZ>) -> tensor<13xui8>
  return %1 : tensor<13xui8>
}
func.func @e5m2(%x: tensor<13xf32> {dl.value = #hard})
    -> (tensor<13xui8> {dl.expect = dense<[126, 254, 124, 252, 95, 95, 71, 214, 0, 128, 128, 124, 123]> : tensor<13xui8>}) {
  %0 = dl.cast %x {to = f8E5M2} : (tensor<13xf32>) -> tensor<13xf8E5M2>
  %1 = dl.bitcast %0 {to = ui8} : (tensor<13xf8E5M2>) -> tensor<13xui8>
  return %1 : tensor<13xui8>
}
func.func @e5m2fnuz(%x: tensor<13xf32> {dl.value = #hard})
    -> (tensor<13xui8> {dl.expect = dense<[128, 128, 128, 128, 99, 99, 75, 218, 0, 0, 0, 128, 127]> : tensor<13xui8>}) {
  %0 = dl.cast %x {to = f8E5M2FNUZ} : (tensor<13xf32>) -> tensor<13xf8E5M2FNUZ>
  %1 = dl.bitcast %0 {to = ui8} : (tensor<13xf8E5M2FNUZ>) -> tensor<13xui8>
  return %1 : tensor<13xui8>
}

// All codes there are, and their numbers back. The size is an input, so that nothing folds.
func.func @codes(%x: tensor<?xi1> {dl.dims = ["N"]}) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>,
                       tensor<?xf8E4M3FN>, tensor<?xf8E4M3FNUZ>, tensor<?xf8E5M2FNUZ>) attributes {dl.sizes = {N = [256]}} {
  %size = dl.shape_of %x : (tensor<?xi1>) -> tensor<1xi64>
  %i = dl.iota %size : (tensor<1xi64>) -> tensor<?xi64>
  %b = dl.cast %i {to = ui8} : (tensor<?xi64>) -> tensor<?xui8>
  %0 = dl.bitcast %b {to = f8E4M3FN} : (tensor<?xui8>) -> tensor<?xf8E4M3FN>
  %1 = dl.bitcast %b {to = f8E4M3FNUZ} : (tensor<?xui8>) -> tensor<?xf8E4M3FNUZ>
  %2 = dl.bitcast %b {to = f8E5M2} : (tensor<?xui8>) -> tensor<?xf8E5M2>
  %3 = dl.bitcast %b {to = f8E5M2FNUZ} : (tensor<?xui8>) -> tensor<?xf8E5M2FNUZ>
  %4 = dl.bitcast %b {to = f8E8M0FNU} : (tensor<?xui8>) -> tensor<?xf8E8M0FNU>
  %r0 = dl.cast %0 {to = f32} : (tensor<?xf8E4M3FN>) -> tensor<?xf32>
  %r1 = dl.cast %1 {to = f32} : (tensor<?xf8E4M3FNUZ>) -> tensor<?xf32>
  %r2 = dl.cast %2 {to = f32} : (tensor<?xf8E5M2>) -> tensor<?xf32>
  %r3 = dl.cast %3 {to = f32} : (tensor<?xf8E5M2FNUZ>) -> tensor<?xf32>
  %r4 = dl.cast %4 {to = f32} : (tensor<?xf8E8M0FNU>) -> tensor<?xf32>
  %s0 = dl.cast %r0 {to = f8E4M3FN} : (tensor<?xf32>) -> tensor<?xf8E4M3FN>
  %s1 = dl.cast %r1 {to = f8E4M3FNUZ} : (tensor<?xf32>) -> tensor<?xf8E4M3FNUZ>
  %s3 = dl.cast %r3 {to = f8E5M2FNUZ} : (tensor<?xf32>) -> tensor<?xf8E5M2FNUZ>
  return %r0, %r1, %r2, %r3, %r4, %s0, %s1, %s3 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>,
      tensor<?xf8E4M3FN>, tensor<?xf8E4M3FNUZ>, tensor<?xf8E5M2FNUZ>
}

func.func @round(%x: tensor<?xf32> {dl.dims = ["N"], dl.range = [-20, 20]}, %y: tensor<?xf64> {dl.dims = ["N"], dl.range = [-2, 2]})
    -> (tensor<?xf8E4M3FN>, tensor<?xf8E5M2>, tensor<?xf8E4M3FNUZ>, tensor<?xf4E2M1FN>, tensor<?xf8E4M3FN>, tensor<?xf8E8M0FNU>)
    attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = f8E4M3FN} : (tensor<?xf32>) -> tensor<?xf8E4M3FN>
  %1 = dl.cast %x {to = f8E5M2} : (tensor<?xf32>) -> tensor<?xf8E5M2>
  %2 = dl.cast %x {to = f8E4M3FNUZ} : (tensor<?xf32>) -> tensor<?xf8E4M3FNUZ>
  %3 = dl.cast %x {to = f4E2M1FN} : (tensor<?xf32>) -> tensor<?xf4E2M1FN>
  %4 = dl.cast %y {to = f8E4M3FN} : (tensor<?xf64>) -> tensor<?xf8E4M3FN>
  %5 = dl.cast %x {to = f8E8M0FNU} : (tensor<?xf32>) -> tensor<?xf8E8M0FNU>
  return %0, %1, %2, %3, %4, %5 : tensor<?xf8E4M3FN>, tensor<?xf8E5M2>, tensor<?xf8E4M3FNUZ>, tensor<?xf4E2M1FN>, tensor<?xf8E4M3FN>, tensor<?xf8E8M0FNU>
}
func.func @widen(%x: tensor<?xf8E4M3FN> {dl.dims = ["N"], dl.specials}, %y: tensor<?xf8E5M2> {dl.dims = ["N"], dl.specials},
                 %z: tensor<?xf4E2M1FN> {dl.dims = ["N"]}, %w: tensor<?xf8E8M0FNU> {dl.dims = ["N"], dl.specials})
    -> (tensor<?xf16>, tensor<?xbf16>, tensor<?xf64>, tensor<?xf32>, tensor<?xi32>) attributes {dl.sizes = #sizes} {
  %0 = dl.cast %x {to = f16} : (tensor<?xf8E4M3FN>) -> tensor<?xf16>
  %1 = dl.cast %y {to = bf16} : (tensor<?xf8E5M2>) -> tensor<?xbf16>
  %2 = dl.cast %z {to = f64} : (tensor<?xf4E2M1FN>) -> tensor<?xf64>
  %3 = dl.cast %w {to = f32} : (tensor<?xf8E8M0FNU>) -> tensor<?xf32>
  %4 = dl.cast %z {to = i32} : (tensor<?xf4E2M1FN>) -> tensor<?xi32>
  return %0, %1, %2, %3, %4 : tensor<?xf16>, tensor<?xbf16>, tensor<?xf64>, tensor<?xf32>, tensor<?xi32>
}

// Integers wrap to the few bits they have.
func.func @wrap(%x: tensor<16xf32> {dl.value = dense<[-20.0, -9.0, -8.0, -1.5, -1.0, 0.5, 1.5, 2.7, 3.0, 4.0, 7.0, 8.0, 15.0, 16.0, 100.0, -0.0]> : tensor<16xf32>})
    -> (tensor<16xi8> {dl.expect = dense<[-4, 7, -8, -1, -1, 0, 1, 2, 3, 4, 7, -8, -1, 0, 4, 0]> : tensor<16xi8>},
        tensor<16xi8> {dl.expect = dense<[12, 7, 8, 15, 15, 0, 1, 2, 3, 4, 7, 8, 15, 0, 4, 0]> : tensor<16xi8>},
        tensor<16xi8> {dl.expect = dense<[0, -1, 0, -1, -1, 0, 1, -2, -1, 0, -1, 0, -1, 0, 0, 0]> : tensor<16xi8>},
        tensor<16xi8> {dl.expect = dense<[0, 3, 0, 3, 3, 0, 1, 2, 3, 0, 3, 0, 3, 0, 0, 0]> : tensor<16xi8>}) {
  %0 = dl.cast %x {to = i4} : (tensor<16xf32>) -> tensor<16xi4>
  %1 = dl.cast %x {to = ui4} : (tensor<16xf32>) -> tensor<16xui4>
  %2 = dl.cast %x {to = i2} : (tensor<16xf32>) -> tensor<16xi2>
  %3 = dl.cast %x {to = ui2} : (tensor<16xf32>) -> tensor<16xui2>
  %r0 = dl.cast %0 {to = i8} : (tensor<16xi4>) -> tensor<16xi8>
  %r1 = dl.cast %1 {to = i8} : (tensor<16xui4>) -> tensor<16xi8>
  %r2 = dl.cast %2 {to = i8} : (tensor<16xi2>) -> tensor<16xi8>
  %r3 = dl.cast %3 {to = i8} : (tensor<16xui2>) -> tensor<16xi8>
  return %r0, %r1, %r2, %r3 : tensor<16xi8>, tensor<16xi8>, tensor<16xi8>, tensor<16xi8>
}

// As elements that are moved, and as constants.
func.func @move(%x: tensor<?x5xf8E4M3FN> {dl.dims = ["N", "5"], dl.specials}, %y: tensor<?x5xi4> {dl.dims = ["N", "5"], dl.specials})
    -> (tensor<5x?xf8E4M3FN>, tensor<5x?xi4>, tensor<?x5xi4>) attributes {dl.sizes = #sizes} {
  %k = dl.constant dense<[[1, -8, 7, 0, -1]]> : tensor<1x5xi4> : tensor<1x5xi4>
  %0 = dl.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x5xf8E4M3FN>) -> tensor<5x?xf8E4M3FN>
  %1 = dl.transpose %y {permutation = array<i64: 1, 0>} : (tensor<?x5xi4>) -> tensor<5x?xi4>
  %c = dl.less %y, %k : (tensor<?x5xi4>, tensor<1x5xi4>) -> tensor<?x5xi1>
  %2 = dl.select %c, %y, %k : (tensor<?x5xi1>, tensor<?x5xi4>, tensor<1x5xi4>) -> tensor<?x5xi4>
  return %0, %1, %2 : tensor<5x?xf8E4M3FN>, tensor<5x?xi4>, tensor<?x5xi4>
}
