//===- ApproximateMathTable.cpp - Polynomials chosen by a register's lanes ===//
//
// A machine that moves lanes by an index takes each lane's coefficients from a table of 16 numbers, all in one register.
// Pieces so short need few terms.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/ApproximateMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc {

static constexpr int64_t entries = 16;

bool hasTables(LaneMath &m) { return m.target.masks && m.lanes() % entries == 0; }

/// table[index mod 16], lane by lane.
static Real lookUp(ArrayRef<float> table, Bits index) {
  LaneMath &m = *index.m;
  auto type = VectorType::get(entries, m.b.getF32Type());
  Value numbers = arith::ConstantOp::create(m.b, m.loc, DenseElementsAttr::get(type, table));
  auto name = m.b.getStringAttr("llvm.x86.avx512.permvar.sf.512");
  Value result = m.real(0.0, m.b.getF32Type());
  for (int64_t first = 0; first < m.lanes(); first += entries) {
    Value part = vector::ExtractStridedSliceOp::create(m.b, m.loc, index.v, first, entries, int64_t(1));
    Value found = LLVM::CallIntrinsicOp::create(m.b, m.loc, type, name, ValueRange{numbers, part}).getResult(0);
    result = vector::InsertStridedSliceOp::create(m.b, m.loc, found, result, first, int64_t(1));
  }
  return {&m, result};
}

/// erf around i * pieceWidth, i = 0 ... 15: coefficients of 1, t, t^2, ...; minimax fits for |t| <= pieceWidth / 2.
static constexpr double pieceWidth = 0.2578125; // so short that its multiples are exact
static constexpr float erfPieces[6][entries] = {
    {0.0, 0.28459144, 0.534123, 0.72595984, 0.8552718, 0.9316981, 0.9713021, 0.9892959, 0.9964638, 0.9989671,
     0.9997337, 0.99993944, 0.99998784, 0.99999785, 0.99999964, 0.99999994},
    {1.1283792, 1.0558171, 0.86494714, 0.62037987, 0.3895768, 0.21418826, 0.10310163, 0.043451287, 0.016032713,
     0.005179391, 0.0014649326, 0.00036276385, 7.864984e-05, 1.49292955e-05, 2.4811245e-06, 3.6101545e-07},
    {-5.8843407e-06, -0.27219963, -0.44597495, -0.47982126, -0.40175337, -0.27610716, -0.15948696, -0.07841418,
     -0.033073336, -0.01201233, -0.0037813883, -0.0010288268, -0.00023639493, -4.8393853e-05, -2.7322537e-06,
     2.0603286e-06},
    {-0.37596956, -0.30516064, -0.1350114, 0.04061069, 0.14633924, 0.16587994, 0.13010316, 0.07986194, 0.04012422,
     0.016863585, 0.006002872, 0.0018239691, 0.00047556456, 0.00010679596, 2.0713203e-05, 3.4769218e-06},
    {-0.0014935279, 0.12919651, 0.18196471, 0.1436374, 0.058703832, -0.014251527, -0.04707866, -0.045893114,
     -0.03008696, -0.01587602, -0.0063004247, -0.0022636473, -0.0009971595, -0.00024428606, -0.000334769,
     -0.00017283473},
    {0.117102325, 0.07812063, 0.002965576, -0.056207724, -0.067513876, -0.04209041, -0.009812389, 0.009024651,
     0.012927864, 0.009377449, 0.0048997784, 0.0020143883, 0.000676028, 0.00018887875, 4.4463115e-05, 8.888865e-06},
};

Real errorFunctionByTable(Real x) {
  Real a = atMost(absolute(x), 3.99); // erf is 1 from there on
  Real shifted = fma(a, 1 / pieceWidth, x.of(12582912.0)); // 1.5 * 2^23: the piece's number in the low bits
  Real t = fma(shifted - 12582912.0, -pieceWidth, a);
  Bits piece = shifted.asBits();
  Real sum = lookUp(erfPieces[5], piece);
  for (int power = 4; power >= 0; --power)
    sum = fma(sum, t, lookUp(erfPieces[power], piece));
  return copySign(sum, x);
}

} // namespace dlc
