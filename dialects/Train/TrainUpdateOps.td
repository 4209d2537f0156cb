//===- TrainUpdateOps.td - optimizers ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINUPDATEOPS_TD
#define DIALECTS_TRAIN_TRAINUPDATEOPS_TD

include "dialects/Train/TrainOp.td"

/// An update of the first operands, which are states and become the results, by the gradient `dw` of the same shape: scaled by
/// `loss_scale`, the sum over `micro_batches`, and multiplied by the scalar `factor` if there is one; a factor below 0 leaves
/// all states as they are. `pull`, of weights (Co, Ci, KH, KW), has a number for each of their groups (train.group_pull): what is
/// added to the gradient, times the weight; below 0 the group's states stay as they are. `lr_scale` and `decay_scale` multiply the learning rate and the weight decay, which are given at run
/// time like all other numbers.
class Train_UpdateOp<string mnemonic, dag states, dag more = (ins)> : Train_ComputeOp<mnemonic, !con(states, (ins
    Train_FloatTensor:$dw, Optional<Train_F32Tensor>:$factor, Optional<Train_F32Tensor>:$pull, DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale,
    DefaultValuedAttr<I64Attr, "1">:$micro_batches, DefaultValuedAttr<F32Attr, "1.0f">:$lr_scale,
    DefaultValuedAttr<F32Attr, "1.0f">:$decay_scale), more), [Train_InPlaceInterface, AttrSizedOperandSegments], "state"> {
  let assemblyFormat = !interleave(!foreach(i, !range(!size(states)), "$" # !getdagname(states, i) # " `,`"), " ") #
      " $dw (`,` $factor^)? (`pull` $pull^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Train_SgdOp : Train_UpdateOp<"sgd", (ins Train_FloatTensor:$w, Train_FloatTensor:$v), (ins UnitAttr:$nesterov)> {
  let summary = "stochastic gradient descent with momentum and weight decay";
  let description = [{
    w, v, dw of one shape → the new w and v. Learning rate, momentum, weight decay and dampening are given at run time;
    `nesterov` takes the momentum of the next step into account.

    ```mlir
    %w2, %v2 = train.sgd %w, %v, %dw {phase = #train<phase up>} : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>)
    ```
  }];
  let results = (outs Train_FloatTensor:$w_out, Train_FloatTensor:$v_out);
}
def Train_AdagradOp : Train_UpdateOp<"adagrad", (ins Train_FloatTensor:$w, Train_FloatTensor:$h)> {
  let summary = "Adagrad";
  let description = "w, h, dw of one shape → the new w and h, the sum of squared gradients. Learning rate, weight decay and epsilon are given at run time.";
  let results = (outs Train_FloatTensor:$w_out, Train_FloatTensor:$h_out);
}
def Train_AdamOp : Train_UpdateOp<"adam", (ins Train_FloatTensor:$w, Train_FloatTensor:$m, Train_FloatTensor:$v),
    (ins UnitAttr:$decoupled, UnitAttr:$decay_last)> {
  let summary = "Adam, or AdamW";
  let description = [{
    w, m, v, dw of one shape → the new w, m and v, the means of gradients and of their squares. All numbers are given at run
    time. `decoupled`: the weight decay acts on w itself and is no part of the gradient (AdamW). `decay_last`, of a decoupled one:
    it acts behind the step, and the corrections of both means are part of the rate, so that epsilon is added to the root as it is.
  }];
  let results = (outs Train_FloatTensor:$w_out, Train_FloatTensor:$m_out, Train_FloatTensor:$v_out);
}

//===----------------------------------------------------------------------------------------===//
// Around an update
//===----------------------------------------------------------------------------------------===//

def Train_AccumulateOp : Train_ComputeOp<"accumulate", (ins Train_FloatTensor:$acc, Train_FloatTensor:$dw),
    [Train_InPlaceInterface], "same"> {
  let summary = "add a gradient to what is accumulated";
  let description = "acc, dw of one shape → acc + dw, in place of acc.";
  let results = (outs Train_FloatTensor:$acc_out);
}
def Train_DrainOp : Train_ComputeOp<"drain", (ins Train_FloatTensor:$acc, Train_FloatTensor:$dw),
    [DeclareOpInterfaceMethods<Train_InPlaceInterface, ["numInPlace"]>], "same"> {
  let summary = "take an accumulated gradient, and begin again";
  let description = "acc, dw of one shape → 0, in place of acc, and the sum acc + dw.";
  let results = (outs Train_FloatTensor:$acc_out, Train_FloatTensor:$sum);
}
def Train_SquareSumOp : Train_ComputeOp<"square_sum", (ins Train_FloatTensor:$dw, Optional<Train_F32Tensor>:$total,
    DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale, DefaultValuedAttr<I64Attr, "1">:$micro_batches), [], "statistic"> {
  let summary = "sum of the squares of a gradient";
  let description = "dw, without its scale → a scalar; it goes on from the scalar `total` if there is one.";
  let results = (outs Train_F32Tensor:$sum);
  let hasVerifier = 1;
}
def Train_ClipFactorOp : Train_ComputeOp<"clip_factor", (ins Train_F32Tensor:$total, Optional<Train_F32Tensor>:$unscale), [],
    "statistic"> {
  let summary = "what clips gradients to a norm";
  let description = [{
    The sum of squares of all gradients, a scalar → min(1, clip / (sqrt(total) + 1e-6)). The norm is given at run time. With
    the scalar `unscale`, which multiplies all gradients: its product with the factor of the gradients so multiplied, or -1
    if it is below 0.
  }];
  let results = (outs Train_F32Tensor:$factor);
}

//===----------------------------------------------------------------------------------------===//
// Weight groups (docs/numerics.md section 13)
//===----------------------------------------------------------------------------------------===//

def Train_GroupPullOp : Train_ComputeOp<"group_pull", (ins Train_FloatTensor:$groups, Train_FloatTensor:$w, Train_F32Tensor:$numbers), [],
    "statistic"> {
  let summary = "what group Lasso adds to the update of weight groups";
  let description = [{
    groups (ceil(Co/8), ceil(Ci/8), KH, KW), w (Co, Ci, KH, KW), numbers (3): lasso, threshold, steps → pull, mean and norm, of the
    shape of groups. mean is that of the magnitudes of a group, norm the root of the sum of its squares; pull is -1 for a closed
    group, lasso / norm where the mean is below the threshold, and else 0. It is an operand of the update.

    ```mlir
    %pull, %mean, %norm = train.group_pull %groups, %w, %numbers {phase = #train.phase<up>}
        : (tensor<2x1x3x3xf32>, tensor<12x8x3x3xf32>, tensor<3xf32>) -> (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>)
    ```
  }];
  let results = (outs Train_F32Tensor:$pull, Train_F32Tensor:$mean, Train_F32Tensor:$norm);
}
def Train_GroupRefreshOp : Train_ComputeOp<"group_refresh", (ins Train_FloatTensor:$groups, Train_F32Tensor:$mean, Train_FloatTensor:$w,
    Train_F32Tensor:$numbers), [Train_InPlaceInterface], "state"> {
  let summary = "open and close weight groups by their mean magnitudes";
  let description = [{
    groups, mean (ceil(Co/8), ceil(Ci/8), KH, KW), w (Co, Ci, KH, KW), numbers (3): lasso, threshold, steps → the mean magnitude of
    each group of w, in place of mean, and in place of groups 0 where it is below the threshold, else 1.

    ```mlir
    %groups2, %mean2 = train.group_refresh %groups, %mean, %w, %numbers {phase = #train.phase<up>}
        : (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>, tensor<12x8x3x3xf32>, tensor<3xf32>) -> (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>)
    ```
  }];
  let results = (outs Train_FloatTensor:$groups_out, Train_F32Tensor:$mean_out);
}

//===----------------------------------------------------------------------------------------===//
// ai.onnx.preview.training
//===----------------------------------------------------------------------------------------===//

/// r, the rate, is a scalar; so is t, the number of steps before this one. Without t it is the number of the run less one.
class Train_PreviewOp<string mnemonic, dag states, dag more> : Train_ComputeOp<mnemonic, !con(states, (ins
    Train_FloatTensor:$dx, Train_F32Tensor:$r, Optional<Train_LabelTensor>:$t), more), [], "state">;

def Train_PreviewAdagradOp : Train_PreviewOp<"preview_adagrad", (ins Train_FloatTensor:$x, Train_FloatTensor:$h),
    (ins F32Attr:$norm_coefficient, F32Attr:$decay_factor, F32Attr:$epsilon)> {
  let summary = "Adagrad of ai.onnx.preview.training";
  let description = "x, h, dx of one shape → the new x and h.";
  let results = (outs Train_FloatTensor:$x_out, Train_FloatTensor:$h_out);
}
def Train_PreviewMomentumOp : Train_PreviewOp<"preview_momentum", (ins Train_FloatTensor:$x, Train_FloatTensor:$v),
    (ins F32Attr:$norm_coefficient, F32Attr:$alpha, F32Attr:$beta, UnitAttr:$nesterov)> {
  let summary = "Momentum of ai.onnx.preview.training";
  let description = "x, v, dx of one shape → the new x and v.";
  let results = (outs Train_FloatTensor:$x_out, Train_FloatTensor:$v_out);
}
def Train_PreviewAdamOp : Train_PreviewOp<"preview_adam", (ins Train_FloatTensor:$x, Train_FloatTensor:$v, Train_FloatTensor:$h),
    (ins F32Attr:$norm_coefficient, F32Attr:$alpha, F32Attr:$beta, F32Attr:$epsilon, F32Attr:$norm_coefficient_post)> {
  let summary = "Adam of ai.onnx.preview.training";
  let description = "x, v, h, dx of one shape → the new x, v and h.";
  let results = (outs Train_FloatTensor:$x_out, Train_FloatTensor:$v_out, Train_FloatTensor:$h_out);
}

#endif // DIALECTS_TRAIN_TRAINUPDATEOPS_TD
