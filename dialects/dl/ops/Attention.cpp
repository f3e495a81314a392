//===- Attention.cpp - Attention and its positions ------------------------===//
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Forms.h"
#include <cmath>
#include <limits>

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

//===----------------------------------------------------------------------===//
// Attention: softmax(q k^T scale + mask) v
//===----------------------------------------------------------------------===//

namespace {
class Attention {
public:
  explicit Attention(NodeView &n) : n(n) {}
  LogicalResult build(Values &results);
  /// FlexAttention: graphs of the node change the scores and the weights instead of masks.
  LogicalResult buildFlexible(Values &results);

private:
  enum Output { Raw, Capped, Masked, Weights }; ///< what the output qk_matmul_output shows

  LogicalResult read();
  Tensor splitHeads(Tensor t, int64_t heads) const;
  /// Several heads of q that share one of k and v: as a dim behind the heads of k, or, where there is one query, as its rows.
  Tensor byKeyHead(Tensor t) const;
  Tensor allHeads(Tensor t) const;
  /// The keys or values as byKeyHead() of the queries needs them.
  Tensor forGroups(Tensor t) const { return rank() == 5 && t ? unsqueeze(t, {2}) : t; }
  bool isShared() const { return heads != keyHeads; }
  int64_t rank() const { return isShared() && q.type().getDimSize(2) != 1 ? 5 : 4; }
  /// A mask whose heads, if it has any, are as those of the scores.
  Tensor masking(Tensor mask) const;
  /// Numbers of the batch along the dims of the scores.
  Tensor ofBatch(Tensor t) const { return unsqueeze(t, llvm::to_vector(llvm::seq<int64_t>(1, rank()))); }
  /// A mask with as many columns as there are keys: those that are missing allow nothing.
  Tensor widened(Tensor mask) const;
  /// Which places take part, of dims that broadcast to [batch, heads, queries, keys]; null if all do.
  Tensor allowed() const;
  Tensor scaledScores() const;
  /// Of the rows of the scores: those of which nothing takes part give zeros. Null if there are none.
  Tensor isEmpty(Tensor floatMask, Tensor takesPart) const;
  /// What graph attribute `name` makes of `t`, of the same type; `t` if there is none, null after a mistake.
  Tensor changedBy(StringRef name, Tensor t) const;
  Tensor ints(ArrayRef<int64_t> v) const { return constantInts(n.builder(), n.loc(), v); }
  Tensor both(Tensor a, Tensor b) const { return a && b ? a & b : a ? a : b; }

  NodeView &n;
  Tensor q, k, v, mask, past, lengths; ///< q, k, v: [batch, heads, sequence, size]
  int64_t heads = 0, keyHeads = 0, left = -1, right = -1;
  bool flat = false, causal = false;
  double scale = 0, cap = 0;
};

LogicalResult Attention::read() {
  if (failed(expectInputs(n, 3, 7)))
    return failure();
  q = inputOf(n, 0), k = inputOf(n, 1), v = inputOf(n, 2), mask = inputOf(n, 3), past = inputOf(n, 4), lengths = inputOf(n, 6);
  flat = q.rank() == 3;
  if ((q.rank() != 3 && q.rank() != 4) || k.rank() != q.rank() || v.rank() != q.rank())
    return n.error("expects queries, keys and values of one rank of 3 or 4, got " + Twine(q.rank()) + ", " + Twine(k.rank()) +
                   " and " + Twine(v.rank()));
  heads = flat ? n.getInt("q_num_heads").value_or(0) : q.type().getDimSize(1);
  keyHeads = flat ? n.getInt("kv_num_heads").value_or(0) : k.type().getDimSize(1);
  if (!flat && (heads < 0 || keyHeads < 0)) // known to be as many, or not supported
    return unsupported(n, "a number of heads that is not known when compiling");
  if (flat && !(n.hasAttr("q_num_heads") && n.hasAttr("kv_num_heads")))
    return n.error("expects q_num_heads and kv_num_heads for inputs of rank 3");
  if (heads < 1 || keyHeads < 1 || heads % keyHeads)
    return n.error("expects a number of query heads that the number of key heads divides, got " + Twine(heads) + " and " +
                   Twine(keyHeads));
  if (!past != !inputOf(n, 5))
    return n.error("expects past_key and past_value together");
  if (past && lengths)
    return n.error("expects nonpad_kv_seqlen only without past_key");
  for (Tensor *t : {&q, &k, &v})
    *t = flat ? splitHeads(*t, t == &q ? heads : keyHeads) : *t;
  if (past) {
    k = concat({past, k}, 2);
    v = concat({inputOf(n, 5), v}, 2);
  }
  int64_t size = q ? q.type().getDimSize(3) : 0;
  std::optional<double> given = n.getFloat("scale");
  if (ShapedType::isDynamic(size) && !given)
    return unsupported(n, "a size of heads that is not known when compiling");
  scale = given ? *given : 1 / std::sqrt(static_cast<double>(size));
  cap = n.getFloat("softcap").value_or(0);
  causal = n.getInt("is_causal").value_or(0);
  left = n.getInt("left_window_size").value_or(-1), right = n.getInt("right_window_size").value_or(-1);
  if (left < -1 || right < -1)
    return n.error("expects window sizes of -1 or more, got " + Twine(std::min(left, right)));
  if (mask && !mask.elementType().isInteger(1) && mask.elementType() != q.elementType())
    mask = cast(mask, q.elementType());
  return success(q && k && v);
}

Tensor Attention::splitHeads(Tensor t, int64_t heads) const {
  int64_t whole = t.type().getDimSize(2);
  if (!ShapedType::isDynamic(whole) && whole % heads)
    return (void)n.error("expects a last dim that the " + Twine(heads) + " heads divide, got " + Twine(whole)), Tensor();
  Tensor size = ShapedType::isDynamic(whole) ? dimsAt(t, {2}) / static_cast<double>(heads) : ints({whole / heads});
  return transpose(reshape(t, concat({dimsAt(t, {0, 1}), ints({heads}), size}, 0)), {0, 2, 1, 3});
}

Tensor Attention::byKeyHead(Tensor t) const {
  if (!isShared() || !t)
    return t;
  SmallVector<Tensor> dims{dimsAt(t, {0}), ints({keyHeads, heads / keyHeads})};
  if (rank() == 5)
    dims.push_back(dimsAt(t, {2}));
  dims.push_back(dimsAt(t, {3}));
  return reshape(t, concat(dims, 0));
}
Tensor Attention::allHeads(Tensor t) const {
  if (!isShared() || !t)
    return t;
  return reshape(t, concat({dimsAt(t, {0}), ints({heads}), dimsAt(q, {2}), dimsAt(t, {t.rank() - 1})}, 0));
}

Tensor Attention::masking(Tensor m) const {
  if (!m || !isShared() || m.rank() < 3)
    return m;
  int64_t axis = m.rank() - 3;
  if (m.type().getDimSize(axis) == 1)
    return rank() == 5 ? unsqueeze(m, {axis + 1}) : m;
  SmallVector<Tensor> dims;
  if (axis > 0)
    dims.push_back(dimsAt(m, {0}));
  dims.push_back(ints({keyHeads, heads / keyHeads}));
  if (rank() == 5)
    dims.push_back(dimsAt(m, {axis + 1}));
  dims.push_back(dimsAt(m, {axis + 2}));
  return reshape(m, concat(dims, 0));
}

Tensor Attention::widened(Tensor m) const {
  int64_t columns = m.type().getDimSize(m.rank() - 1), keys = k.type().getDimSize(2);
  bool known = !ShapedType::isDynamic(columns) && !ShapedType::isDynamic(keys);
  if (m.rank() == 0 || columns == keys || (known ? columns > keys : !lengths))
    return m;
  SmallVector<int64_t> zeros(m.rank() - 1, 0);
  Tensor missing = dimsAt(k, {2}) - dimsAt(m, {m.rank() - 1}), before = ints(SmallVector<int64_t>(m.rank(), 0));
  Tensor pads = zeros.empty() ? concat({before, missing}, 0) : concat({before, ints(zeros), missing}, 0);
  Tensor nothing = m.elementType().isInteger(1) ? like(m, 0) : like(m, -std::numeric_limits<double>::infinity());
  return apply<PadOp>({m, pads, nothing}, {textAttr(m, "mode", "constant")});
}

Tensor Attention::allowed() const {
  Tensor result;
  if (mask && mask.elementType().isInteger(1))
    result = masking(widened(mask));
  Tensor place = iota(reshape(dimsAt(k, {2}), ArrayRef<int64_t>()));
  if (lengths)
    result = both(result, place < ofBatch(lengths));
  if (!causal && left < 0 && right < 0)
    return result;
  // How many keys come before the first query: those of the past, or those that the lengths say are there already.
  Tensor own = unsqueeze(iota(reshape(dimsAt(q, {2}), ArrayRef<int64_t>())), {1});
  if (past)
    own = own + dimsAt(past, {2});
  else if (lengths)
    own = own + (ofBatch(lengths) - dimsAt(q, {2}));
  if (causal)
    result = both(result, place <= own);
  if (left >= 0)
    result = both(result, own - place <= static_cast<double>(left));
  if (right >= 0)
    result = both(result, place - own <= static_cast<double>(right));
  return result;
}

Tensor Attention::isEmpty(Tensor floatMask, Tensor takesPart) const {
  // Each query sees at least itself where nothing but the order of queries and keys decides.
  if (!mask && !lengths && left < 0 && right < 0)
    return {};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Tensor bias = floatMask;
  if (takesPart)
    bias = select(takesPart, bias ? bias : like(q, 0), -infinity);
  return bias ? reduceMax(bias, {bias.rank() - 1}) == -infinity : bias;
}

Tensor Attention::scaledScores() const {
  bool narrow = q.elementType().getIntOrFloatBitWidth() < 32; // products of halves may be too large for one
  Tensor scores = apply<MatMulOp>({byKeyHead(narrow ? q * scale : q), forGroups(k)}, {flag(k, "transpose_b")});
  return narrow || !scores ? scores : scores * scale;
}

Tensor Attention::changedBy(StringRef name, Tensor t) const {
  if (!t || !n.graphInputs(name))
    return t;
  SmallVector<Value> outputs;
  if (failed(n.buildGraph(name, t.value(), outputs)))
    return {};
  auto type = outputs.size() == 1 ? dyn_cast<RankedTensorType>(outputs[0].getType()) : RankedTensorType();
  if (!type || type.getElementType() != t.elementType() || type.getRank() != t.rank())
    return (void)n.error("expects of graph \"" + name + "\" one result of the type of its input"), Tensor();
  return broadcastTo(t.with(outputs[0]), shapeOf(t));
}

LogicalResult Attention::buildFlexible(Values &results) {
  if (failed(expectInputs(n, 3, 3)) || failed(read()))
    return failure();
  if (flat)
    return n.error("expects inputs of rank 4, got 3");
  Type type = q.elementType(), wide = type.getIntOrFloatBitWidth() < 32 ? Type(n.builder().getF32Type()) : type;
  if (std::optional<int64_t> precision = n.getInt("softmax_precision"))
    wide = elementTypeOf(n, *precision);
  Tensor scores = scaledScores();
  if (!wide || !scores)
    return failure();
  scores = changedBy("score_mod", allHeads(cast(scores, wide)));
  Tensor shares = changedBy("prob_mod", scores ? softmax(scores, 3) : scores);
  Tensor y = allHeads(matmul(byKeyHead(shares), forGroups(cast(v, wide))));
  return y ? give(results, cast(y, type)) : failure();
}

LogicalResult Attention::build(Values &results) {
  if (failed(read()))
    return failure();
  Type type = q.elementType();
  Tensor scores = scaledScores(), shown[4];
  shown[Raw] = scores;
  if (cap > 0)
    scores = tanh(scores / cap) * cap;
  shown[Capped] = scores;
  Tensor takesPart = allowed(), floatMask;
  if (mask && !mask.elementType().isInteger(1)) {
    floatMask = masking(widened(mask));
    scores = scores + floatMask;
  }
  if (takesPart)
    scores = select(takesPart, scores, -std::numeric_limits<double>::infinity());
  shown[Masked] = scores;
  if (std::optional<int64_t> precision = n.getInt("softmax_precision")) {
    Type wide = elementTypeOf(n, *precision);
    if (!wide)
      return failure();
    scores = cast(scores, wide);
  }
  if (!scores)
    return failure();
  Tensor shares = cast(softmax(scores, rank() - 1), type), empty = isEmpty(floatMask, takesPart);
  Tensor y = matmul(shares, forGroups(v));
  if (empty)
    y = select(empty, 0.0, y);
  y = allHeads(y);
  if (flat && y)
    y = reshape(transpose(y, {0, 2, 1, 3}), concat({dimsAt(y, {0, 2}), ints({-1})}, 0));
  if (failed(give(results, y)))
    return failure();
  results.append({k.value(), v.value()});
  int64_t mode = n.getInt("qk_matmul_output_mode").value_or(0);
  if (mode < Raw || mode > Weights)
    return n.error("expects a qk_matmul_output_mode from 0 to 3, got " + Twine(mode));
  if (n.numOutputs() < 4)
    return success();
  shown[Weights] = empty ? select(empty, 0.0, shares) : shares;
  return give(results, allHeads(shown[mode]));
}
} // namespace

static LogicalResult buildAttention(NodeView &n, Values &results) { return Attention(n).build(results); }
static LogicalResult buildFlexAttention(NodeView &n, Values &results) { return Attention(n).buildFlexible(results); }

void appendAttentionForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Attention", 23, buildAttention});
  forms.push_back({"ai.onnx.preview", "FlexAttention", 1, buildFlexAttention});
  forms.push_back({"", "RotaryEmbedding", 23, buildRotaryEmbedding});
}

} // namespace dlc::dl
