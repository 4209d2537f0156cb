//===- TrainArithmeticOps.td - sums, differences, products, quotients -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5, "Elementwise functions", defines each op to the bit. The mnemonic is the function's name
// there and in the instructions v.binary and v.unary.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINARITHMETICOPS_TD
#define DIALECTS_TRAIN_TRAINARITHMETICOPS_TD

include "dialects/Train/TrainElementwiseOp.td"

def Train_AffineOp : Train_UnaryOp<"affine", "scale and shift by numbers", "y = scale * x + offset, rounded once.", "arithmetic", ["scale", "offset"]>;
def Train_AddOp : Train_BinaryOp<"add", "sum", "y = a + b. Also adds the gradients of a value with several uses.", "activation">;
def Train_SubOp : Train_BinaryOp<"sub", "difference", "y = a - b.", "activation">;
def Train_MulOp : Train_BinaryOp<"mul", "product", "y = a * b.">;
def Train_DivOp : Train_BinaryOp<"div", "quotient", "y = a / b.">;

#endif // DIALECTS_TRAIN_TRAINARITHMETICOPS_TD
