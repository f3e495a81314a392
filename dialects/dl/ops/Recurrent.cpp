//===- Recurrent.cpp - RNN, GRU and LSTM as products and scans ------------===//
//
// For each direction: one product of all steps' inputs with W, then a scan over its rows whose body is a product of the
// carried h with R and the gates. Weights are captured by the body, so that constant ones are packed when compiling.
//
//===----------------------------------------------------------------------===//
#include "dialects/dl/ops/Control.h"
#include "dialects/dl/ops/Demand.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/dl/ops/Formulas.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;

namespace dlc::dl {
namespace {

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// One of the functions a node may name. `alpha` and `beta`: their defaults, NaN for one that it does not take.
struct Activation {
  StringRef name;
  double alpha, beta;
  Tensor (*apply)(Tensor x, double alpha, double beta);
  Tensor operator()(Tensor x) const { return apply(x, alpha, beta); }
};

constexpr double none = std::numeric_limits<double>::quiet_NaN();
template <class Op> Tensor plain(Tensor x, double, double) { return apply<Op>({x}); }
NamedAttribute number(Tensor x, StringRef name, double v) {
  return x.builder().getNamedAttr(name, x.builder().getF64FloatAttr(v));
}
template <class Op> Tensor withAlpha(Tensor x, double alpha, double) {
  return x ? apply<Op>({x}, {number(x, "alpha", alpha)}) : Tensor();
}

const Activation activations[] = {
    {"Relu", none, none, plain<ReluOp>},
    {"Tanh", none, none, plain<TanhOp>},
    {"Sigmoid", none, none, plain<SigmoidOp>},
    {"Softsign", none, none, plain<SoftsignOp>},
    {"Softplus", none, none, plain<SoftplusOp>},
    {"Elu", 1, none, withAlpha<EluOp>},
    {"LeakyRelu", 0.01, none, withAlpha<LeakyReluOp>},
    {"ThresholdedRelu", 1, none, withAlpha<ThresholdedReluOp>},
    {"Affine", 1, 0, [](Tensor x, double a, double b) { return x * a + b; }},
    {"ScaledTanh", 1, 1, [](Tensor x, double a, double b) { return tanh(x * b) * a; }},
    {"HardSigmoid", 0.2, 0.5,
     [](Tensor x, double a, double b) { return minimum(maximum(x * a + b, 0.0), 1.0); }},
};

//===----------------------------------------------------------------------===//
// What the three have in common
//===----------------------------------------------------------------------===//

/// The steps of one direction: results of its scan.
struct Direction {
  Tensor y;                ///< [steps, batch, hidden], or null where nobody asks
  SmallVector<Tensor> end; ///< h, and c of an LSTM: [batch, hidden]
};

class Recurrence {
public:
  Recurrence(NodeView &n, int64_t gates, unsigned states, ArrayRef<StringRef> defaults)
      : n(n), gates(gates), states(states), defaults(defaults) {}

  /// Reads what does not depend on the kind; `most` inputs.
  LogicalResult read(unsigned most);
  LogicalResult build(Values &results, function_ref<Direction(Recurrence &, unsigned direction)> run);

  /// An entry of dim 0 of input `i`, which is dropped; null if the input is absent.
  Tensor ofDirection(unsigned i, unsigned direction) const;
  /// Rows [from, from + count) of a part of `hidden` entries each, along dim 0.
  Tensor parts(Tensor t, int64_t from, int64_t count) const {
    return t ? slice(t, {from * hidden}, {count * hidden}, {0}) : Tensor();
  }
  /// Gate `i` of [batch, gates * hidden].
  Tensor gate(Tensor all, int64_t i) const { return slice(all, {i * hidden}, {hidden}, {1}); }
  /// h W^T.
  static Tensor times(Tensor h, Tensor w) {
    return h && w ? apply<MatMulOp>({h, w}, {flag(h, "transpose_b")}) : Tensor();
  }
  /// Activation `i` of a direction, of what the attribute `clip` leaves.
  Tensor activate(Tensor x, unsigned direction, unsigned i) const {
    return plainActivate(x && clip ? minimum(maximum(x, -*clip), *clip) : x, direction, i);
  }
  Tensor plainActivate(Tensor x, unsigned direction, unsigned i) const {
    return x ? chosen[direction * defaults.size() + i](x) : Tensor();
  }
  /// Runs `step` over the rows of x W^T + bias. It gets the states and a row, and returns the next states, h first.
  Direction overSteps(unsigned direction, Tensor bias,
                      function_ref<SmallVector<Tensor>(ArrayRef<Tensor> states, Tensor row)> step) const;

  NodeView &n;
  int64_t gates;
  unsigned states;
  ArrayRef<StringRef> defaults;
  int64_t hidden = 0;
  unsigned directions = 1;
  Tensor x; ///< [steps, batch, inputs]

private:
  LogicalResult readActivations();
  LogicalResult expectDims(unsigned input, ArrayRef<int64_t> dims) const;
  Tensor start(unsigned input, unsigned direction) const;
  bool backward(unsigned direction) const { return direction == 1 || reversed; }

  bool reversed = false, batchFirst = false;
  std::optional<double> clip;
  SmallVector<Activation> chosen;
};

LogicalResult Recurrence::expectDims(unsigned input, ArrayRef<int64_t> dims) const {
  Value v = n.input(input);
  if (!v)
    return success();
  ArrayRef<int64_t> given = cast<RankedTensorType>(v.getType()).getShape();
  bool fits = given.size() == dims.size();
  for (size_t i = 0; fits && i < dims.size(); ++i)
    fits = ShapedType::isDynamic(given[i]) || ShapedType::isDynamic(dims[i]) || given[i] == dims[i];
  if (fits)
    return success();
  auto text = [](ArrayRef<int64_t> all) {
    SmallVector<std::string> entries;
    for (int64_t d : all)
      entries.push_back(ShapedType::isDynamic(d) ? "?" : std::to_string(d));
    return "[" + llvm::join(entries, ",") + "]";
  };
  return n.error("expects input " + Twine(input) + " to be " + text(dims) + ", got " + text(given));
}

LogicalResult Recurrence::readActivations() {
  SmallVector<StringRef> names = n.getStrings("activations").value_or(SmallVector<StringRef>());
  if (names.empty())
    for (unsigned i = 0; i < directions; ++i)
      llvm::append_range(names, defaults);
  if (names.size() != directions * defaults.size())
    return n.error("expects " + Twine(directions * defaults.size()) + " activations, got " + Twine(names.size()));
  SmallVector<double> alphas = n.getFloats("activation_alpha").value_or(SmallVector<double>()),
                      betas = n.getFloats("activation_beta").value_or(SmallVector<double>());
  size_t nextAlpha = 0, nextBeta = 0;
  for (StringRef name : names) {
    const Activation *known = llvm::find_if(activations, [&](const Activation &a) { return a.name.equals_insensitive(name); });
    if (known == std::end(activations))
      return n.error("expects an activation such as Tanh, got '" + name + "'");
    chosen.push_back(*known);
    // Each list has the numbers of those functions only that take one.
    if (!std::isnan(known->alpha) && nextAlpha < alphas.size())
      chosen.back().alpha = alphas[nextAlpha++];
    if (!std::isnan(known->beta) && nextBeta < betas.size())
      chosen.back().beta = betas[nextBeta++];
  }
  return success();
}

LogicalResult Recurrence::read(unsigned most) {
  if (failed(expectInputs(n, 3, most)))
    return failure();
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.input(i) && i != 4 && inputOf(n, i).elementType() != inputOf(n, 0).elementType())
      return n.error("expects inputs of one type, which input " + Twine(i) + " has not");
  StringRef direction = n.getString("direction").value_or("forward");
  if (direction != "forward" && direction != "foward" && direction != "reverse" && direction != "bidirectional")
    return n.error("expects direction forward, reverse or bidirectional, got '" + direction + "'");
  directions = direction == "bidirectional" ? 2 : 1;
  reversed = direction == "reverse";
  int64_t layout = n.getInt("layout").value_or(0);
  if (layout != 0 && layout != 1)
    return n.error("expects a layout of 0 or 1, got " + Twine(layout));
  batchFirst = layout == 1;
  clip = n.getFloat("clip");
  x = inputOf(n, 0);
  auto r = cast<RankedTensorType>(n.input(2).getType());
  if (x.rank() != 3 || r.getRank() != 3 || r.isDynamicDim(2))
    return n.error("expects inputs of rank 3 and recurrent weights of known dims");
  hidden = r.getDimSize(2);
  if (std::optional<int64_t> given = n.getInt("hidden_size"); given && *given != hidden)
    return n.error("expects recurrent weights of " + Twine(*given) + " columns, as hidden_size says, got " + Twine(hidden));
  int64_t d = directions, batch = x.type().getDimSize(batchFirst ? 0 : 1);
  SmallVector<int64_t> state{d, batch, hidden};
  if (batchFirst)
    std::swap(state[0], state[1]);
  if (failed(expectDims(1, {d, gates * hidden, x.type().getDimSize(2)})) ||
      failed(expectDims(2, {d, gates * hidden, hidden})) || failed(expectDims(3, {d, 2 * gates * hidden})) ||
      failed(expectDims(4, {batch})) || failed(expectDims(5, state)) || failed(expectDims(6, state)) ||
      failed(expectDims(7, {d, 3 * hidden})))
    return failure();
  if (batchFirst)
    x = transpose(x, {1, 0, 2});
  return readActivations();
}

Tensor Recurrence::ofDirection(unsigned i, unsigned direction) const {
  Tensor t = inputOf(n, i);
  if (t && directions > 1)
    t = slice(t, {static_cast<int64_t>(direction)}, {1}, {0});
  return t ? squeeze(t, {0}) : t;
}

Tensor Recurrence::start(unsigned input, unsigned direction) const {
  Tensor t = inputOf(n, input);
  if (!t)
    return full(concat({dimsAt(x, {1}), constantInts(n.builder(), n.loc(), {hidden})}, 0), like(x, 0));
  int64_t axis = batchFirst ? 1 : 0;
  return squeeze(directions > 1 ? slice(t, {static_cast<int64_t>(direction)}, {1}, {axis}) : t, {axis});
}

Direction Recurrence::overSteps(unsigned direction, Tensor bias,
                                function_ref<SmallVector<Tensor>(ArrayRef<Tensor>, Tensor)> step) const {
  OpBuilder &b = n.builder();
  auto ints = [&](ArrayRef<int64_t> v) { return constantInts(b, n.loc(), v); };
  // One product for all steps.
  Tensor flat = reshape(x, concat({ints({-1}), dimsAt(x, {2})}, 0));
  Tensor rows = times(flat, ofDirection(1, direction));
  if (bias)
    rows = rows + bias;
  rows = reshape(rows, concat({dimsAt(x, {0, 1}), ints({gates * hidden})}, 0));
  SmallVector<Tensor> initial, steps{rows};
  for (unsigned i = 0; i < states; ++i)
    initial.push_back(start(5 + i, direction));
  Tensor lengths = inputOf(n, 4);
  if (lengths)
    lengths = cast(lengths, b.getI64Type());
  if (lengths) {
    Tensor all = reshape(dimsAt(x, {0}), ArrayRef<int64_t>());
    lengths = within(lengths, like(lengths, 0), all);
    steps.push_back(iota(all));
  }
  bool wantsRows = n.numOutputs() > 0 && n.outputUsed(0);
  SmallVector<Tensor> results =
      scan(n, initial, steps, states + wantsRows, backward(direction), [&](ArrayRef<Tensor> before, ArrayRef<Tensor> row) {
        SmallVector<Tensor> next = step(before, row[0]);
        Tensor y = next[0];
        if (lengths) {
          // Past its end a sequence keeps its states and gives 0.
          Tensor runs = unsqueeze(row[1] < lengths, {1});
          y = select(runs, y, 0.0);
          for (auto [now, then] : llvm::zip(before, next))
            then = select(runs, then, now);
        }
        if (wantsRows)
          next.push_back(y);
        return next;
      });
  Direction made;
  if (results.empty())
    return made;
  made.end.assign(results.begin(), results.begin() + states);
  if (wantsRows)
    made.y = results.back();
  return made;
}

LogicalResult Recurrence::build(Values &results, function_ref<Direction(Recurrence &, unsigned)> run) {
  SmallVector<Tensor> rows;
  SmallVector<SmallVector<Tensor>> ends(states);
  for (unsigned d = 0; d < directions; ++d) {
    Direction made = run(*this, d);
    if (made.end.empty())
      return failure();
    if (made.y)
      rows.push_back(unsqueeze(made.y, {1}));
    for (unsigned i = 0; i < states; ++i)
      ends[i].push_back(unsqueeze(made.end[i], {0}));
  }
  auto joined = [](ArrayRef<Tensor> parts, int64_t axis) { return parts.size() == 1 ? parts[0] : concat(parts, axis); };
  if (rows.empty()) {
    results.push_back(Value());
  } else {
    Tensor y = joined(rows, 1); // [steps, directions, batch, hidden]
    if (failed(give(results, batchFirst ? transpose(y, {2, 0, 1, 3}) : y)))
      return failure();
  }
  for (ArrayRef<Tensor> end : ends) {
    Tensor r = joined(end, 0);
    if (failed(give(results, batchFirst ? transpose(r, {1, 0, 2}) : r)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The three
//===----------------------------------------------------------------------===//

LogicalResult buildRnn(NodeView &n, Values &results) {
  static constexpr StringRef defaults[] = {"Tanh"};
  Recurrence r(n, 1, 1, defaults);
  if (failed(r.read(6)))
    return failure();
  return r.build(results, [](Recurrence &r, unsigned d) {
    Tensor bias = r.ofDirection(3, d), weights = r.ofDirection(2, d);
    if (bias)
      bias = r.parts(bias, 0, 1) + r.parts(bias, 1, 1);
    return r.overSteps(d, bias, [&](ArrayRef<Tensor> state, Tensor row) -> SmallVector<Tensor> {
      return {r.activate(Recurrence::times(state[0], weights) + row, d, 0)};
    });
  });
}

/// Gates: update z, reset r, hidden h. With linear_before_reset r scales what R gives, else what it gets.
LogicalResult buildGru(NodeView &n, Values &results) {
  static constexpr StringRef defaults[] = {"Sigmoid", "Tanh"};
  Recurrence r(n, 3, 1, defaults);
  if (failed(r.read(6)))
    return failure();
  bool linear = n.getInt("linear_before_reset").value_or(0);
  return r.build(results, [linear](Recurrence &r, unsigned d) {
    Tensor both = r.ofDirection(3, d), bias, hiddenBias, weights = r.ofDirection(2, d);
    if (both && linear) {
      Tensor own = r.parts(both, 0, 3), recurrent = r.parts(both, 3, 3);
      bias = concat({r.parts(own, 0, 2) + r.parts(recurrent, 0, 2), r.parts(own, 2, 1)}, 0);
      hiddenBias = r.parts(recurrent, 2, 1);
    } else if (both) {
      bias = r.parts(both, 0, 3) + r.parts(both, 3, 3);
    }
    return r.overSteps(d, bias, [&](ArrayRef<Tensor> state, Tensor row) -> SmallVector<Tensor> {
      Tensor h = state[0], update, candidate;
      if (linear) {
        Tensor product = Recurrence::times(h, weights), own = r.gate(product, 2);
        update = r.activate(r.gate(product, 0) + r.gate(row, 0), d, 0);
        Tensor reset = r.activate(r.gate(product, 1) + r.gate(row, 1), d, 0);
        candidate = r.activate(r.gate(row, 2) + reset * (hiddenBias ? own + hiddenBias : own), d, 1);
      } else {
        Tensor product = Recurrence::times(h, r.parts(weights, 0, 2));
        update = r.activate(r.gate(product, 0) + r.gate(row, 0), d, 0);
        Tensor reset = r.activate(r.gate(product, 1) + r.gate(row, 1), d, 0);
        candidate = r.activate(Recurrence::times(reset * h, r.parts(weights, 2, 1)) + r.gate(row, 2), d, 1);
      }
      return {(1.0 - update) * candidate + update * h};
    });
  });
}

/// Gates: input, output, forget, cell.
LogicalResult buildLstm(NodeView &n, Values &results) {
  static constexpr StringRef defaults[] = {"Sigmoid", "Tanh", "Tanh"};
  Recurrence r(n, 4, 2, defaults);
  if (failed(r.read(8)))
    return failure();
  bool coupled = n.getInt("input_forget").value_or(0);
  return r.build(results, [coupled](Recurrence &r, unsigned d) {
    Tensor both = r.ofDirection(3, d), weights = r.ofDirection(2, d), peep = r.ofDirection(7, d);
    Tensor bias = both ? r.parts(both, 0, 4) + r.parts(both, 4, 4) : Tensor();
    return r.overSteps(d, bias, [&](ArrayRef<Tensor> state, Tensor row) -> SmallVector<Tensor> {
      Tensor all = Recurrence::times(state[0], weights) + row, c = state[1];
      // `from`: which part of the peepholes looks at `cell`.
      auto gate = [&](int64_t i, unsigned function, int64_t from, Tensor cell) {
        Tensor x = r.gate(all, i);
        return r.activate(peep && cell ? x + r.parts(peep, from, 1) * cell : x, d, function);
      };
      Tensor input = gate(0, 0, 0, c), forget = coupled ? 1.0 - input : gate(2, 0, 2, c), cell = gate(3, 1, 0, {});
      Tensor next = forget * c + input * cell, output = gate(1, 0, 1, next);
      // The last function takes the cell as it is: what the attribute clips are the gates' inputs.
      return {output * r.plainActivate(next, d, 2), next};
    });
  });
}

} // namespace

void appendRecurrentForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "RNN", 1, buildRnn});
  forms.push_back({"", "GRU", 1, buildGru});
  forms.push_back({"", "LSTM", 1, buildLstm});
}

} // namespace dlc::dl
