//===- TrainUpdateOps.td - optimizers ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINUPDATEOPS_TD
#define DIALECTS_TRAIN_TRAINUPDATEOPS_TD

include "dialects/Train/TrainOp.td"

def Train_SgdOp : Train_ComputeOp<"sgd", (ins Train_FloatTensor:$w, Train_FloatTensor:$v, Train_FloatTensor:$dw,
    DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale), [], "state"> {
  let summary = "stochastic gradient descent with momentum and weight decay";
  let description = "w, v, dw of one shape → the new w and v. Learning rate, momentum and weight decay are given at run time.";
  let results = (outs Train_FloatTensor:$w_out, Train_FloatTensor:$v_out);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINUPDATEOPS_TD
