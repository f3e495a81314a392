//===- Attention.cpp - Positions in attention -----------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

/// Pairs of the last dim (its two halves, or neighbours when interleaved) are rotated by the angle of their position.
/// x is [batch, heads, sequence, size], or [batch, sequence, heads * size].
static LogicalResult buildRotaryEmbedding(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 4)))
    return failure();
  Tensor given = inputOf(n, 0), x = given, cosines = inputOf(n, 1), sines = inputOf(n, 2), positions = inputOf(n, 3);
  int64_t heads = n.getInt("num_heads").value_or(0), rotated = n.getInt("rotary_embedding_dim").value_or(0);
  auto constant = [&](int64_t v) { return constantInts(n.builder(), n.loc(), {v}); };
  if (x.rank() == 3 && heads < 1)
    return n.error("expects num_heads for an input of rank 3");
  if (x.rank() != 3 && x.rank() != 4)
    return n.error("expects rank 3 or 4, got " + Twine(x.rank()));
  if (x.rank() == 3)
    x = reshape(x, concat({dimsAt(x, {0, 1}), constant(heads), constant(-1)}, 0));
  if (positions) {
    cosines = gather(cosines, positions, 0);
    sines = gather(sines, positions, 0);
  }
  // [batch, sequence, half] with a dim of 1 for the heads.
  int64_t headAxis = given.rank() == 3 ? 2 : 1;
  cosines = unsqueeze(cosines, {headAxis});
  sines = unsqueeze(sines, {headAxis});
  Tensor size = rotated ? constant(rotated) : dimsAt(x, {3}), half = size / constant(2), zero = constant(0), one = constant(1);
  bool interleaved = n.getInt("interleaved").value_or(0);
  Tensor first = slice(x, zero, half, interleaved ? constant(2) : one, {3}, /*inRange=*/false);
  Tensor second = slice(x, interleaved ? one : half, half, interleaved ? constant(2) : one, {3}, false);
  Tensor real = cosines * first - sines * second, imaginary = sines * first + cosines * second;
  Tensor turned = interleaved ? reshape(concat({unsqueeze(real, {4}), unsqueeze(imaginary, {4})}, 4),
                                        concat({dimsAt(x, {0, 1, 2}), size}, 0))
                              : concat({real, imaginary}, 3);
  if (rotated)
    turned = concat({turned, slice(x, size, dimsAt(x, {3}) - size, one, {3}, false)}, 3);
  return give(results, given.rank() == 3 ? reshape(turned, shapeOf(given)) : turned);
}

void appendAttentionForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "RotaryEmbedding", 23, buildRotaryEmbedding});
}

} // namespace dlc::dl
