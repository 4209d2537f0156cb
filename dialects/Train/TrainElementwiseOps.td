//===- TrainElementwiseOps.td - element by element --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5, "Elementwise functions", defines each op but round and relu to the bit. The mnemonic is
// the function's name there and in the instructions v.unary and v.binary.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD
#define DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD

include "dialects/Train/TrainOp.td"

/// An op computed element by element. Operands have one rank; one whose extent is 1 in a dimension serves all
/// coordinates of it (NumPy's broadcasting). `numbers` are names of F32 attributes, in the order of the definition.
class Train_ElementwiseOp<string mnemonic, dag operands, list<string> numbers, string storage>
    : Train_ComputeOp<mnemonic, !con(operands, !dag(ins, !foreach(n, numbers, F32Attr), numbers)),
                      [Train_ElementwiseInterface], storage> {
  let extraClassDeclaration = [{
    static ::slp::train::StorageClass storageClass() { return ::slp::train::StorageClass::}] # storage # [{; }
    ::llvm::SmallVector<float> getNumbers() {
      ::llvm::SmallVector<float> numbers;
      for (::llvm::StringRef name : ::llvm::split("}] # !interleave(numbers, ",") # [{", ','))
        if (auto number = (*this)->getAttrOfType<::mlir::FloatAttr>(name))
          numbers.push_back(number.getValue().convertToFloat());
      return numbers;
    }
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(::llvm::SmallVectorImpl<::llvm::SmallVector<int64_t>> &shapes) {
      return ::slp::train::inferElementwise(*this, shapes);
    }
  }];
}

class Train_UnaryOp<string mnemonic, string what, string formula, string storage = "arithmetic", list<string> numbers = []>
    : Train_ElementwiseOp<mnemonic, (ins Train_FloatTensor:$x), numbers, storage> {
  let summary = what;
  let description = formula;
  let results = (outs Train_FloatTensor:$y);
}
class Train_BinaryOp<string mnemonic, string what, string formula, string storage = "arithmetic">
    : Train_ElementwiseOp<mnemonic, (ins Train_FloatTensor:$a, Train_FloatTensor:$b), [], storage> {
  let summary = what;
  let description = formula;
  let results = (outs Train_FloatTensor:$y);
}
/// Gradient of a unary op from its operand x or its result y, whichever `from` says.
class Train_UnaryGradOp<string of, string from = "x", string storage = "arithmetic", list<string> numbers = []>
    : Train_ElementwiseOp<of # "_grad", !dag(ins, [Train_FloatTensor, Train_FloatTensor], ["dy", from]), numbers, storage> {
  let summary = "gradient of " # of;
  let description = "dx from dy and the " # !if(!eq(from, "x"), "operand", "result") # " of " # of # ".";
  let results = (outs Train_FloatTensor:$dx);
}

//===----------------------------------------------------------------------------------------===//
// Rounding and ReLU
//===----------------------------------------------------------------------------------------===//

def Train_RoundOp : Train_ComputeOp<"round", (ins Train_FloatTensor:$x)> {
  let summary = "convert to the result's format";
  let description = "y = round(x) by `rounding`. Built by `precision` only.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ReluOp : Train_ComputeOp<"relu", (ins Train_FloatTensor:$x)> {
  let summary = "rectify";
  let description = "y = x > 0 ? x : 0.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ReluGradOp : Train_UnaryGradOp<"relu", "y", "activation">;

//===----------------------------------------------------------------------------------------===//
// Of one tensor
//===----------------------------------------------------------------------------------------===//

def Train_AffineOp : Train_UnaryOp<"affine", "scale and shift by numbers", "y = scale * x + offset, rounded once.", "arithmetic", ["scale", "offset"]>;
def Train_PowerOp : Train_UnaryOp<"power", "power with a number as exponent", "y = x ^ exponent.", "arithmetic", ["exponent"]>;
def Train_PowerGradOp : Train_UnaryGradOp<"power", "x", "arithmetic", ["exponent"]>;
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

//===----------------------------------------------------------------------------------------===//
// Of several tensors
//===----------------------------------------------------------------------------------------===//

def Train_AddOp : Train_BinaryOp<"add", "sum", "y = a + b. Also adds the gradients of a value with several uses.", "activation">;
def Train_BiasAddOp : Train_ComputeOp<"bias_add", (ins Train_FloatTensor:$x, Train_FloatTensor:$bias)> {
  let summary = "add one number per channel";
  let description = "x (N, C, ...), bias (C) → y. For an ONNX Add of a vector; a convolution's bias is its own operand.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_SubOp : Train_BinaryOp<"sub", "difference", "y = a - b.", "activation">;
def Train_MulOp : Train_BinaryOp<"mul", "product", "y = a * b.">;
def Train_DivOp : Train_BinaryOp<"div", "quotient", "y = a / b.">;
def Train_PowOp : Train_BinaryOp<"pow", "power", "y = a ^ b.">;
def Train_MaxOp : Train_BinaryOp<"max", "the larger", "y = max(a, b).", "activation">;
def Train_MinOp : Train_BinaryOp<"min", "the smaller", "y = min(a, b).", "activation">;
def Train_MaxShareOp : Train_BinaryOp<"max_share", "how much of max comes from a", "y = 1 where a > b, 1/2 where a = b, else 0: the factor of a's gradient.", "activation">;
def Train_PreluOp : Train_BinaryOp<"prelu", "rectify with slopes", "y = a > 0 ? a : b * a; b are the slopes.", "activation">;
def Train_PreluSlopeOp : Train_BinaryOp<"prelu_slope", "derivative of prelu", "y = a > 0 ? 1 : b; b are the slopes.">;
def Train_PreluGradOp : Train_UnaryGradOp<"prelu"> {
  let summary = "gradient of prelu with respect to the slopes, before it is summed";
  let description = "dx = x > 0 ? 0 : dy * x.";
}
def Train_EqualOp : Train_BinaryOp<"equal", "whether equal", "y = a = b ? 1 : 0. No gradient.", "activation">;
def Train_LessOp : Train_BinaryOp<"less", "whether less", "y = a < b ? 1 : 0. No gradient.", "activation">;
def Train_LessEqualOp : Train_BinaryOp<"less_equal", "whether less or equal", "y = a <= b ? 1 : 0. No gradient.", "activation">;
def Train_LogicalAndOp : Train_BinaryOp<"logical_and", "conjunction", "Of truth values: zero is false. No gradient.", "activation">;
def Train_LogicalOrOp : Train_BinaryOp<"logical_or", "disjunction", "Of truth values: zero is false. No gradient.", "activation">;
def Train_LogicalXorOp : Train_BinaryOp<"logical_xor", "exclusive disjunction", "Of truth values: zero is false. No gradient.", "activation">;
def Train_SelectOp : Train_ElementwiseOp<"select", (ins Train_FloatTensor:$cond, Train_FloatTensor:$a, Train_FloatTensor:$b), [], "arithmetic"> {
  let summary = "take each element from one of two tensors";
  let description = "y = cond != 0 ? a : b.";
  let results = (outs Train_FloatTensor:$y);
}

#endif // DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD
