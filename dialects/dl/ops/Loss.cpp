//===- Loss.cpp - Losses as composites ------------------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

/// -weight[target] * logProbability[target] over dim 1, and how its elements are reduced.
static Tensor likelihoodLoss(NodeView &n, Tensor logs, Tensor target, Tensor weight) {
  StringRef reduction = n.getString("reduction").value_or("mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean") {
    (void)n.error("expects reduction none, sum or mean, got '" + reduction + "'");
    return {};
  }
  if (logs.rank() < 2 || target.rank() != logs.rank() - 1) {
    (void)n.error("expects scores of rank 2 or more and labels of one rank less, got ranks " + Twine(logs.rank()) +
                  " and " + Twine(target.rank()));
    return {};
  }
  // Chosen by comparison: one pass over the classes, in the same kernel as the softmax before, and labels to ignore may
  // be out of range.
  target = unsqueeze(cast(target, n.builder().getI64Type()), {1});
  Tensor chosen = placesAlong(logs, 1) == target;
  Tensor kept;
  if (std::optional<int64_t> ignored = n.getInt("ignore_index")) {
    kept = target != constantInts(n.builder(), n.loc(), {*ignored});
    chosen = chosen & kept;
  }
  Tensor loss = -reduceSum(select(chosen, logs, 0.0), {1}), scale;
  if (weight)
    scale = reduceSum(select(chosen, alongAxis(weight, 1, logs.rank()), 0.0), {1});
  else if (kept)
    scale = cast(kept, logs.elementType());
  if (weight)
    loss = loss * scale;
  loss = squeeze(loss, {1});
  if (reduction == "none")
    return loss;
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, target.rank() - 1));
  Tensor sum = reduceSum(loss, all, /*keepDims=*/false);
  if (reduction == "sum")
    return sum;
  return sum / (scale ? reduceSum(squeeze(scale, {1}), all, false) : countOver(loss, all));
}

static LogicalResult buildNegativeLogLikelihood(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  return give(results, likelihoodLoss(n, inputOf(n, 0), inputOf(n, 1), inputOf(n, 2)));
}

static LogicalResult buildSoftmaxCrossEntropy(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 3)))
    return failure();
  Tensor logs = logSoftmax(inputOf(n, 0), 1);
  if (!logs || failed(give(results, likelihoodLoss(n, logs, inputOf(n, 1), inputOf(n, 2)))))
    return failure();
  results.push_back(logs.value());
  return success();
}

void appendLossForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "NegativeLogLikelihoodLoss", 12, buildNegativeLogLikelihood});
  forms.push_back({"", "SoftmaxCrossEntropyLoss", 12, buildSoftmaxCrossEntropy});
}

} // namespace dlc::dl
