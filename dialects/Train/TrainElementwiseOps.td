//===- TrainElementwiseOps.td - functions, element by element ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5, "Elementwise functions", defines each op to the bit. The mnemonic is the function's name
// there and in the instructions v.unary and v.binary.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD
#define DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD

include "dialects/Train/TrainElementwiseOp.td"

def Train_PowerOp : Train_UnaryOp<"power", "power with a number as exponent", "y = x ^ exponent.", "arithmetic", ["exponent"]>;
def Train_PowerGradOp : Train_UnaryGradOp<"power", "x", "arithmetic", ["exponent"]>;
def Train_PowOp : Train_BinaryOp<"pow", "power", "y = a ^ b.">;
def Train_AbsOp : Train_UnaryOp<"abs", "magnitude", "y = |x|.", "activation">;
def Train_AbsGradOp : Train_UnaryGradOp<"abs", "x", "activation">;
def Train_SignOp : Train_UnaryOp<"sign", "sign", "y = 1, -1 or 0. No gradient.", "activation">;
def Train_FloorOp : Train_UnaryOp<"floor", "round down", "y = the largest integer of at most x. No gradient.">;
def Train_CeilOp : Train_UnaryOp<"ceil", "round up", "y = the smallest integer of at least x. No gradient.">;
def Train_RoundEvenOp : Train_ElementwiseOp<"round_even", (ins Train_FloatTensor:$x, UnitAttr:$straight_through), [], "arithmetic"> {
  let summary = "round to an integer";
  let description = [{
    y = the nearest integer, ties to even. No gradient; with `straight_through` that of y = x, as quantization-aware
    training has it.
  }];
  let results = (outs Train_FloatTensor:$y);
}
def Train_LogicalNotOp : Train_UnaryOp<"logical_not", "negation of a truth value", "y = x = 0 ? 1 : 0. No gradient.", "activation">;
def Train_SqrtOp : Train_UnaryOp<"sqrt", "square root", "y = sqrt(x).">;
def Train_SqrtGradOp : Train_UnaryGradOp<"sqrt", "y">;
def Train_ReciprocalOp : Train_UnaryOp<"reciprocal", "reciprocal", "y = 1 / x.">;
def Train_ReciprocalGradOp : Train_UnaryGradOp<"reciprocal", "y">;
def Train_ExpOp : Train_UnaryOp<"exp", "exponential function", "y = e ^ x.">;
def Train_LogOp : Train_UnaryOp<"log", "natural logarithm", "y = log(x); -88 for what is no normal positive number.">;
def Train_TanhOp : Train_UnaryOp<"tanh", "hyperbolic tangent", "y = tanh(x).">;
def Train_TanhGradOp : Train_UnaryGradOp<"tanh", "y">;
def Train_SigmoidOp : Train_UnaryOp<"sigmoid", "logistic function", "y = 1 / (1 + e ^ -x).">;
def Train_SigmoidGradOp : Train_UnaryGradOp<"sigmoid", "y">;
def Train_ErfOp : Train_UnaryOp<"erf", "error function", "y = erf(x).">;
def Train_ErfGradOp : Train_UnaryGradOp<"erf">;
def Train_GeluOp : Train_UnaryOp<"gelu", "Gaussian error linear unit", "y = x * (1 + erf(x / sqrt(2))) / 2.">;
def Train_GeluGradOp : Train_UnaryGradOp<"gelu">;
def Train_GeluTanhOp : Train_UnaryOp<"gelu_tanh", "Gelu with tanh in place of erf", "y = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ^ 3))) / 2.">;
def Train_GeluTanhGradOp : Train_UnaryGradOp<"gelu_tanh">;
def Train_HardSigmoidOp : Train_UnaryOp<"hard_sigmoid", "sigmoid in three straight lines", "y = alpha * x + beta, clipped to [0, 1].", "arithmetic", ["alpha", "beta"]>;
def Train_HardSigmoidGradOp : Train_UnaryGradOp<"hard_sigmoid", "x", "activation", ["alpha", "beta"]>;
def Train_HardSwishOp : Train_UnaryOp<"hard_swish", "x times its hard sigmoid", "y = x * (x / 6 + 1 / 2, clipped to [0, 1]).", "activation">;
def Train_HardSwishGradOp : Train_UnaryGradOp<"hard_swish", "x", "activation">;
def Train_LeakyReluOp : Train_UnaryOp<"leaky_relu", "rectify with a slope", "y = x > 0 ? x : alpha * x.", "activation", ["alpha"]>;
def Train_LeakyReluGradOp : Train_UnaryGradOp<"leaky_relu", "x", "activation", ["alpha"]>;
def Train_ClipOp : Train_UnaryOp<"clip", "clip to a range", "y = min(max(x, min), max).", "activation", ["min", "max"]>;
def Train_ClipGradOp : Train_UnaryGradOp<"clip", "x", "activation", ["min", "max"]>;
def Train_EluOp : Train_UnaryOp<"elu", "exponential linear unit", "y = gamma * (x > 0 ? x : alpha * (e ^ x - 1)). ONNX's Selu too.", "activation", ["alpha", "gamma"]>;
def Train_EluGradOp : Train_UnaryGradOp<"elu", "x", "activation", ["alpha", "gamma"]>;
def Train_CeluOp : Train_UnaryOp<"celu", "continuously differentiable elu", "y = x > 0 ? x : alpha * (e ^ (x / alpha) - 1).", "activation", ["alpha"]>;
def Train_CeluGradOp : Train_UnaryGradOp<"celu", "x", "activation", ["alpha"]>;
def Train_SoftplusOp : Train_UnaryOp<"softplus", "smooth relu", "y = log(1 + e ^ x).">;
def Train_SoftplusGradOp : Train_UnaryGradOp<"softplus">;
def Train_SoftsignOp : Train_UnaryOp<"softsign", "smooth sign", "y = x / (1 + |x|).">;
def Train_SoftsignGradOp : Train_UnaryGradOp<"softsign">;
def Train_ThresholdedReluOp : Train_UnaryOp<"thresholded_relu", "what exceeds a threshold", "y = x > alpha ? x : 0.", "activation", ["alpha"]>;
def Train_ThresholdedReluGradOp : Train_UnaryGradOp<"thresholded_relu", "x", "activation", ["alpha"]>;
def Train_ShrinkOp : Train_UnaryOp<"shrink", "towards zero by a number, zero in between", "y = x < -lambda ? x + bias : x > lambda ? x - bias : 0.", "activation", ["lambda", "bias"]>;
def Train_ShrinkGradOp : Train_UnaryGradOp<"shrink", "x", "activation", ["lambda", "bias"]>;

#endif // DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD
