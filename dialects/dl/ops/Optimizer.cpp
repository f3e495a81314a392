//===- Optimizer.cpp - Optimizers as composites ---------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

/// The nodes of ai.onnx.preview.training: inputs are the learning rate, the step count, and then lists of `kinds` tensors
/// (parameters, gradients, states); results are lists of the new parameters and states. `update` does one parameter.
static LogicalResult buildUpdates(NodeView &n, Values &results, unsigned kinds,
                                  llvm::function_ref<SmallVector<Tensor>(Tensor rate, Tensor step, ArrayRef<Tensor>)> update) {
  unsigned count = n.numInputs() < 2 ? 0 : (n.numInputs() - 2) / kinds;
  if (count == 0 || n.numInputs() != 2 + count * kinds)
    return n.error("expects a rate, a step count and " + Twine(kinds) + " tensors a parameter, got " +
                   Twine(n.numInputs()) + " inputs");
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (!n.input(i))
      return n.error("input " + Twine(i) + " must be given");
  results.resize(count * (kinds - 1));
  for (unsigned i = 0; i < count; ++i) {
    SmallVector<Tensor> own;
    for (unsigned k = 0; k < kinds; ++k)
      own.push_back(inputOf(n, 2 + k * count + i));
    SmallVector<Tensor> next = update(inputOf(n, 0), cast(inputOf(n, 1), own[0].elementType()), own);
    for (auto [k, t] : llvm::enumerate(next)) {
      if (!t)
        return failure();
      results[k * count + i] = t.value();
    }
  }
  return success();
}

static LogicalResult buildMomentum(NodeView &n, Values &results) {
  double alpha = n.getFloat("alpha").value_or(0), beta = n.getFloat("beta").value_or(0);
  double norm = n.getFloat("norm_coefficient").value_or(0);
  StringRef mode = n.getString("mode").value_or("");
  if (mode != "standard" && mode != "nesterov")
    return n.error("expects mode standard or nesterov, got '" + mode + "'");
  return buildUpdates(n, results, 3, [&](Tensor rate, Tensor step, ArrayRef<Tensor> t) -> SmallVector<Tensor> {
    Tensor x = t[0], gradient = x * norm + t[1];
    Tensor v = t[2] * alpha + gradient * select(step > 0.0, beta, like(step, 1));
    return {x - rate * (mode == "nesterov" ? gradient + v * alpha : v), v};
  });
}

static LogicalResult buildAdagrad(NodeView &n, Values &results) {
  double decay = n.getFloat("decay_factor").value_or(0), epsilon = n.getFloat("epsilon").value_or(0);
  double norm = n.getFloat("norm_coefficient").value_or(0);
  return buildUpdates(n, results, 3, [&](Tensor rate, Tensor step, ArrayRef<Tensor> t) -> SmallVector<Tensor> {
    Tensor x = t[0], gradient = x * norm + t[1], h = t[2] + gradient * gradient;
    return {x - rate / (step * decay + 1.0) * gradient / (sqrt(h) + epsilon), h};
  });
}

static LogicalResult buildAdam(NodeView &n, Values &results) {
  double alpha = n.getFloat("alpha").value_or(0.9), beta = n.getFloat("beta").value_or(0.999);
  double epsilon = n.getFloat("epsilon").value_or(0), norm = n.getFloat("norm_coefficient").value_or(0);
  double after = n.getFloat("norm_coefficient_post").value_or(0);
  return buildUpdates(n, results, 4, [&](Tensor rate, Tensor step, ArrayRef<Tensor> t) -> SmallVector<Tensor> {
    Tensor x = t[0], gradient = x * norm + t[1];
    Tensor v = t[2] * alpha + gradient * (1 - alpha), h = t[3] * beta + gradient * gradient * (1 - beta);
    Tensor corrected = rate * sqrt(1.0 - pow(like(step, beta), step)) / (1.0 - pow(like(step, alpha), step));
    Tensor next = x - select(step > 0.0, corrected, rate) * (v / (sqrt(h) + epsilon));
    return {next * (1 - after), v, h};
  });
}

void appendOptimizerForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"ai.onnx.preview.training", "Momentum", 1, buildMomentum});
  forms.push_back({"ai.onnx.preview.training", "Adagrad", 1, buildAdagrad});
  forms.push_back({"ai.onnx.preview.training", "Adam", 1, buildAdam});
}

} // namespace dlc::dl
