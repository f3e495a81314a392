//===- LinearAttention.cpp - Layers whose state is of one size ------------===//
#include "dialects/dl/ops/Control.h"
#include "dialects/dl/ops/Formulas.h"
#include <cmath>

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// LinearAttention: a state [batch, heads, keys, values] that each step decays, corrects and reads
//===----------------------------------------------------------------------===//

namespace {
class LinearAttention {
public:
  explicit LinearAttention(NodeView &n) : n(n) {}
  LogicalResult build(Values &results);

private:
  LogicalResult read();
  /// [batch, steps, heads * size] as [steps, batch, heads..., size].
  Tensor byStep(Tensor t, ArrayRef<int64_t> heads) const;
  Tensor ints(ArrayRef<int64_t> v) const { return constantInts(n.builder(), n.loc(), v); }
  Type f32() const { return n.builder().getF32Type(); }

  NodeView &n;
  Tensor q, k, v, past, decay, beta;
  int64_t heads = 0, keyHeads = 0, keys = 0, values = 0;
  bool gates = false, corrects = false;
};

LogicalResult LinearAttention::read() {
  if (failed(expectInputs(n, 3, 6)))
    return failure();
  q = inputOf(n, 0), k = inputOf(n, 1), v = inputOf(n, 2), past = inputOf(n, 3), decay = inputOf(n, 4), beta = inputOf(n, 5);
  for (Tensor t : {q, k, v, decay, beta})
    if (t && (t.rank() != 3 || t.type().isDynamicDim(2)))
      return n.error("expects inputs of rank 3 whose last dim is known");
  heads = n.getInt("q_num_heads").value_or(0), keyHeads = n.getInt("kv_num_heads").value_or(0);
  if (heads < 1 || keyHeads < 1 || heads % keyHeads)
    return n.error("expects a q_num_heads that kv_num_heads divides, got " + Twine(heads) + " and " + Twine(keyHeads));
  if (q.type().getDimSize(2) % heads || v.type().getDimSize(2) % keyHeads)
    return n.error("expects last dims that the numbers of heads divide, got " + Twine(q.type().getDimSize(2)) + " and " +
                   Twine(v.type().getDimSize(2)));
  keys = q.type().getDimSize(2) / heads, values = v.type().getDimSize(2) / keyHeads;
  if (k.type().getDimSize(2) != keyHeads * keys)
    return n.error("expects keys of " + Twine(keyHeads * keys) + " in the last dim, got " + Twine(k.type().getDimSize(2)));
  StringRef rule = n.getString("update_rule").value_or("gated_delta");
  if (rule != "linear" && rule != "gated" && rule != "delta" && rule != "gated_delta")
    return n.error("expects update_rule linear, gated, delta or gated_delta, got '" + rule + "'");
  gates = rule.starts_with("gated"), corrects = rule.ends_with("delta");
  if (gates != static_cast<bool>(decay) || corrects != static_cast<bool>(beta))
    return n.error("update_rule " + rule + (gates ? " needs" : " forbids") + " decay and" + (corrects ? " needs" : " forbids") +
                   " beta");
  if (int64_t d = decay ? decay.type().getDimSize(2) : keyHeads; d != keyHeads && d != keyHeads * keys)
    return n.error("expects a decay of " + Twine(keyHeads) + " or " + Twine(keyHeads * keys) + " in the last dim, got " + Twine(d));
  if (int64_t d = beta ? beta.type().getDimSize(2) : 1; d != keyHeads && d != 1)
    return n.error("expects a beta of " + Twine(keyHeads) + " or 1 in the last dim, got " + Twine(d));
  return success();
}

Tensor LinearAttention::byStep(Tensor t, ArrayRef<int64_t> heads) const {
  Tensor steps = transpose(cast(t, f32()), {1, 0, 2});
  return steps ? reshape(steps, concat({dimsAt(steps, {0, 1}), ints(heads), ints({-1})}, 0)) : steps;
}

LogicalResult LinearAttention::build(Values &results) {
  if (failed(read()))
    return failure();
  Type type = q.elementType(), stateType = past ? past.elementType() : type;
  double scale = n.getFloat("scale").value_or(0);
  if (scale == 0)
    scale = 1 / std::sqrt(static_cast<double>(keys));
  int64_t shared = heads / keyHeads;
  SmallVector<Tensor> steps{byStep(q, {keyHeads, shared}), byStep(k, {keyHeads}), byStep(v, {keyHeads})};
  if (gates)
    steps.push_back(exp(byStep(decay, {keyHeads})));
  if (corrects)
    steps.push_back(byStep(beta, {beta.type().getDimSize(2)}));
  Tensor start = past ? cast(past, f32())
                      : full(concat({dimsAt(q, {0}), ints({keyHeads, keys, values})}, 0),
                             cast(like(q, 0), f32()));
  SmallVector<Tensor> made = scan(n, {start}, steps, 2, /*reversed=*/false, [&](ArrayRef<Tensor> carried, ArrayRef<Tensor> rows) {
    Tensor state = carried[0], key = unsqueeze(rows[1], {3}), value = unsqueeze(rows[2], {2});
    if (gates)
      state = state * unsqueeze(rows[3], {3});
    if (corrects)
      value = (value - reduceSum(state * key, {2})) * unsqueeze(rows.back(), {3});
    state = state + key * value;
    // [batch, heads, shared, keys] by [batch, heads, keys, values].
    Tensor read = shared == 1 ? reduceSum(state * transpose(rows[0], {0, 1, 3, 2}), {2}) : matmul(rows[0], state);
    return SmallVector<Tensor>{state, read * scale};
  });
  if (made.empty())
    return failure();
  Tensor y = transpose(made[1], {1, 0, 2, 3, 4}); // [batch, steps, heads, shared, values]
  y = reshape(y, concat({dimsAt(q, {0, 1}), ints({heads * values})}, 0));
  if (failed(give(results, cast(y, type))))
    return failure();
  return give(results, cast(made[0], stateType));
}
} // namespace

static LogicalResult buildLinearAttention(NodeView &n, Values &results) { return LinearAttention(n).build(results); }

//===----------------------------------------------------------------------===//
// CausalConvWithState: each channel by itself, from the last steps of the call before on
//===----------------------------------------------------------------------===//

static LogicalResult buildCausalConv(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 4)) || failed(expectSameTypes(n, 0, 4)))
    return failure();
  Tensor x = inputOf(n, 0), w = inputOf(n, 1), bias = inputOf(n, 2), past = inputOf(n, 3);
  if (x.rank() != 3 || w.rank() != 3 || w.type().isDynamicDim(2))
    return n.error("expects an input [batch, channels, length] and weights [channels, 1, taps]");
  StringRef activation = n.getString("activation").value_or("none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return n.error("expects activation none, silu or swish, got '" + activation + "'");
  int64_t taps = w.type().getDimSize(2);
  if (taps < 1 || taps > 64)
    return unsupported(n, Twine(taps) + " taps (1 to 64 are)");
  Type type = x.elementType(), wide = type.getIntOrFloatBitWidth() < 32 ? Type(n.builder().getF32Type()) : type;
  auto ints = [&](ArrayRef<int64_t> v) { return constantInts(n.builder(), n.loc(), v); };
  Tensor before = past ? past : full(concat({dimsAt(x, {0, 1}), ints({taps - 1})}, 0), like(x, 0));
  Tensor all = concat({before, x}, 2), y;
  for (int64_t i = 0; i < taps; ++i) {
    Tensor part = cast(slice(all, ints({i}), dimsAt(x, {2}), ints({1}), {2}, /*inRange=*/true), wide);
    Tensor weight = squeeze(cast(slice(w, {i}, {1}, {2}), wide), {1}); // [channels, 1]
    y = y ? y + part * weight : part * weight;
  }
  if (bias)
    y = y + unsqueeze(cast(bias, wide), {1});
  if (activation != "none")
    y = apply<SwishOp>({y});
  if (failed(give(results, y ? cast(y, type) : y)))
    return failure();
  return give(results, slice(all, dimsAt(x, {2}), ints({taps - 1}), ints({1}), {2}, /*inRange=*/true));
}

void appendLinearAttentionForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "LinearAttention", 27, buildLinearAttention});
  forms.push_back({"", "CausalConvWithState", 27, buildCausalConv});
}

} // namespace dlc::dl
