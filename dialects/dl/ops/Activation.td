//===- Activation.td - Composite pointwise functions ----------------------===//
#ifndef DLC_DL_ACTIVATION_TD
#define DLC_DL_ACTIVATION_TD

include "dialects/dl/Dl.td"

def Dl_ReluOp : Dl_Unary<"relu"> {
  let onnx = "Relu"; let formula = "maximum(x, 0.0)"; let cotangents = ["select(x > 0.0, dr, 0.0)"];
}
def Dl_SigmoidOp : Dl_Unary<"sigmoid"> {
  let onnx = "Sigmoid"; let formula = "1.0 / (1.0 + exp(-x))"; let cotangents = ["dr * r * (1.0 - r)"];
}
def Dl_SoftplusOp : Dl_Unary<"softplus"> {
  let onnx = "Softplus"; let formula = "maximum(x, 0.0) + log1p(exp(-abs(x)))";
}
def Dl_SoftsignOp : Dl_Unary<"softsign"> { let onnx = "Softsign"; let formula = "x / (1.0 + abs(x))"; }
def Dl_MishOp : Dl_Unary<"mish"> {
  let onnx = "Mish"; let since = 18; let formula = "x * tanh(maximum(x, 0.0) + log1p(exp(-abs(x))))";
}
def Dl_GeluOp : Dl_Unary<"gelu"> {
  let summary = "Exact";
  let formula = "0.5 * x * (1.0 + erf(x * 0.70710678118654752))";
}
def Dl_GeluTanhOp : Dl_Unary<"gelu_tanh"> {
  let summary = "The tanh approximation";
  let formula = "0.5 * x * (1.0 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))";
}
def Dl_HardSwishOp : Dl_Unary<"hard_swish"> {
  let onnx = "HardSwish"; let since = 14;
  let formula = "x * maximum(0.0, minimum(1.0, x * 0.16666666666666666 + 0.5))";
}
class Dl_Parametric<string mnemonic, string alpha> : Dl_Unary<mnemonic> {
  let arguments = (ins Dl_Tensor:$x, DefaultValuedAttr<F64Attr, alpha>:$alpha);
  let params = "[[maybe_unused]] double alpha = getAlpha().convertToDouble();";
}
def Dl_LeakyReluOp : Dl_Parametric<"leaky_relu", "0.01"> {
  let onnx = "LeakyRelu"; let formula = "select(x < 0.0, alpha * x, x)";
}
def Dl_EluOp : Dl_Parametric<"elu", "1.0"> {
  let onnx = "Elu"; let formula = "select(x < 0.0, alpha * expm1(x), x)";
}
def Dl_CeluOp : Dl_Parametric<"celu", "1.0"> {
  let onnx = "Celu"; let since = 12;
  let formula = "maximum(x, 0.0) + minimum(alpha * expm1(x / alpha), 0.0)";
}
def Dl_ThresholdedReluOp : Dl_Parametric<"thresholded_relu", "1.0"> {
  let onnx = "ThresholdedRelu"; let since = 10; let formula = "select(x > alpha, x, 0.0)";
}
def Dl_SwishOp : Dl_Parametric<"swish", "1.0"> {
  let onnx = "Swish"; let since = 24; let formula = "x / (1.0 + exp(-alpha * x))";
}
class Dl_TwoParametric<string mnemonic, string first, string alpha, string second, string beta> : Dl_Unary<mnemonic> {
  let arguments = !dag(ins, [Dl_Tensor, DefaultValuedAttr<F64Attr, alpha>, DefaultValuedAttr<F64Attr, beta>],
                       ["x", first, second]);
}
def Dl_SeluOp : Dl_TwoParametric<"selu", "alpha", "1.67326319217681884765625", "gamma", "1.05070102214813232421875"> {
  let onnx = "Selu"; let since = 6;
  let params = "double alpha = getAlpha().convertToDouble(), gamma = getGamma().convertToDouble();";
  let formula = "gamma * select(x > 0.0, x, alpha * expm1(x))";
}
def Dl_HardSigmoidOp : Dl_TwoParametric<"hard_sigmoid", "alpha", "0.20000000298023224", "beta", "0.5"> {
  let onnx = "HardSigmoid";
  let params = "double alpha = getAlpha().convertToDouble(), beta = getBeta().convertToDouble();";
  let formula = "maximum(0.0, minimum(1.0, alpha * x + beta))";
}
def Dl_ShrinkOp : Dl_TwoParametric<"shrink", "bias", "0.0", "lambd", "0.5"> {
  let onnx = "Shrink"; let since = 9;
  let params = "double bias = getBias().convertToDouble(), lambd = getLambd().convertToDouble();";
  let formula = "select(x < -lambd, x + bias, select(x > lambd, x - bias, like(x, 0.0)))";
}
def Dl_PReluOp : Dl_Binary<"prelu"> {
  let onnx = "PRelu"; let formula = "select(x < 0.0, x * y, x)";
}

#endif // DLC_DL_ACTIVATION_TD
