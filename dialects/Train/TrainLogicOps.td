//===- TrainLogicOps.td - what compares or chooses, element by element ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5, "Elementwise functions", defines each op to the bit. The mnemonic is the function's name
// there and in the instructions v.binary and v.unary.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINLOGICOPS_TD
#define DIALECTS_TRAIN_TRAINLOGICOPS_TD

include "dialects/Train/TrainElementwiseOp.td"

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
def Train_LessOp : Train_ElementwiseOp<"less", (ins Train_FloatTensor:$a, Train_FloatTensor:$b, OptionalAttr<F32Attr>:$straight_through), [],
    "activation"> {
  let summary = "whether less";
  let description = [{
    y = a < b ? 1 : 0. No gradient; with `straight_through`, a number k above 0, that of y = sigmoid(k * (b - a)): how a gate learns its
    threshold.
  }];
  let results = (outs Train_FloatTensor:$y);
  let hasVerifier = 1;
}
def Train_LessEqualOp : Train_BinaryOp<"less_equal", "whether less or equal", "y = a <= b ? 1 : 0. No gradient.", "activation">;
def Train_LogicalAndOp : Train_BinaryOp<"logical_and", "conjunction", "Of truth values: zero is false. No gradient.", "activation">;
def Train_LogicalOrOp : Train_BinaryOp<"logical_or", "disjunction", "Of truth values: zero is false. No gradient.", "activation">;
def Train_LogicalXorOp : Train_BinaryOp<"logical_xor", "exclusive disjunction", "Of truth values: zero is false. No gradient.", "activation">;
def Train_SelectOp : Train_ElementwiseOp<"select", (ins Train_FloatTensor:$cond, Train_FloatTensor:$a, Train_FloatTensor:$b), [], "arithmetic"> {
  let summary = "take each element from one of two tensors";
  let description = "y = cond != 0 ? a : b.";
  let results = (outs Train_FloatTensor:$y);
}

#endif // DIALECTS_TRAIN_TRAINLOGICOPS_TD
