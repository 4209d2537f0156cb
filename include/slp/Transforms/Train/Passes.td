//===- Passes.td - passes on train ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_TRANSFORMS_TRAIN_PASSES_TD
#define SLP_TRANSFORMS_TRAIN_PASSES_TD

include "mlir/Pass/PassBase.td"

def TrainAssignPrecision : Pass<"train-assign-precision", "::mlir::ModuleOp"> {
  let summary = "give every tensor its storage format and every MAC its accumulator";
  let description = [{
    Rewrites `@step` and `@eval` by a policy of docs/numerics.md section 8 with the formats of a chip description. What a step
    computes is fixed hereafter, to the bit.

    - Operands of MAC ops, and everything between MACs, are in the policy's MAC format; operands of the loss and the logits
      are fp16; states are in the master format.
    - A MAC op gets `accumulate` and gives the accumulator's format; a `train.round` makes it a storage format, once,
      however many readers there are. A rounding to the format that a value has already is left out.
    - Inputs are rounded once at the function's entry, master weights once before their first use in a function.
    - `cross_entropy_grad` and `sgd` get the loss scale, ops with narrow results their `rounding`.

    Expects a module of stage `differentiate`; leaves `slp.stage = "precision"` and `train.precision = {policy, chip,
    model_hash, master_weights, loss_scale, batch}`. Each decision is a remark of category `precision`.
    Example: test/Transforms/assign-precision.mlir.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"lnpu\"", "a shipped chip or a YAML file">,
    Option<"policy", "policy", "std::string", "\"fp16\"", "fp32, fp16, fp8, fgmp, sensitivity or a policy's YAML file">,
    Option<"masterWeights", "master-weights", "std::string", "\"\"",
           "format of states: fp8, fp16 or fp32; empty: the policy's; policy fp32 keeps f32">,
    Option<"lossScale", "loss-scale", "double", "0", "a power of two; 0: 1 for fp32, 128 for fp16, 1024 for fp8">,
    Option<"profileUse", "profile-use", "std::string", "\"\"", "of policy sensitivity: the file of slp-sim --profile">
  ];
  let dependentDialects = ["::slp::num_ir::NumDialect", "::slp::train::TrainDialect"];
}

def TrainFoldTransposes : Pass<"train-fold-transposes", "::mlir::ModuleOp"> {
  let summary = "let matrix products read their operands as they are stored";
  let description = [{
    A `train.transpose` that exchanges the last two dimensions of a matmul's operand becomes `transpose_a` or `transpose_b`
    of that matmul. One that nobody else reads goes. Changes no value: operands are read as stored.

    Runs before `train-differentiate`, so that a transposed weight gets its gradient in one product.
    Example: test/Transforms/fold-transposes.mlir.
  }];
}

def TrainFusePatterns : Pass<"train-fuse-patterns", "::mlir::ModuleOp"> {
  let summary = "make one op of what a framework has taken apart";
  let description = [{
    Exporters write functions that ONNX lacked in pieces. Products of x and a gate become `gelu` (erf), `gelu_tanh` and
    `hard_swish` (of a hard sigmoid, or of a clipped x + 3); log(1 + exp(x)) becomes `softplus`, 1 / (1 + exp(-x)) `sigmoid`.
    What PyTorch writes for a LayerNormalization - a mean, the distance from it, the mean of its squares, and so on up to
    the sum with the bias - becomes `variance` and `normalize`; so does w * (x * rsqrt(mean(x^2) + epsilon)), with a mean
    of 0.
    The order of the factors does not matter, and numbers may deviate by 1e-4 of themselves. A part that something else
    reads stays. The new op has the name of the last piece; each is a remark of category `fuse`.

    Runs before `train-differentiate`: gradients are then those of the whole.
    Example: test/Transforms/fuse-patterns.mlir.
  }];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainStabilizeComposites : Pass<"train-stabilize-composites", "::mlir::ModuleOp"> {
  let summary = "keep in narrow formats what FP32 keeps";
  let description = [{
    Between two ops a value is stored, in fp16 or fp8. What an exporter writes as several ops, and only works as long as
    what lies between them is precise, is recognised and computed in another way that is the same for real numbers:

    - logarithms of `sigmoid`, 1 - sigmoid, `softmax`, sums and means of exp, through bounds, products, quotients, powers,
      choices and moves, by `softplus`, `log_softmax`, and sums of exp without the largest; p * log(p) without the
      gradient of log(0);
    - exp(x) / sum(exp(x)) as `softmax`; sums and means of squares as `reduce_sum_square` and `variance`; the root of a
      square as `abs`; a quotient by a norm, which is 0 where the norm is.

    What is left and steep near zero - operands of logarithms, roots, reciprocals, the second operands of quotients, unless
    their elements are known to be at least 1/64 - gets `train.f32`, as does what it is computed from, back to
    multiply-accumulates, inputs, states and the operands of norms: `precision` keeps such results, and their gradients, in f32.

    Each is a remark of category `stabilize`. Where FP32 itself loses what the file says, or PyTorch's gradient is no
    number and ours is 0, a note names the nodes.

    Runs before `train-differentiate`, after `train-fuse-patterns`.
    Example: test/Transforms/stabilize-composites.mlir.
  }];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainCopyWeights : Pass<"train-copy-weights", "::mlir::ModuleOp"> {
  let summary = "keep the weights that are multiplied from step to step";
  let description = [{
    A state that is rounded wherever it is multiplied gets a compute copy, a state NAME.copy of the rounded format
    (`copy_of`), and the roundings become reads of it. What writes the state writes the copy, which holds the
    same bits as the roundings did. Roundings that draw random numbers, and to a second format, stay.

    Example: test/Transforms/copy-weights.mlir.
  }];
}

def TrainGroupWeights : Pass<"train-group-weights", "::mlir::ModuleOp"> {
  let summary = "penalise small groups of weights, and leave them out";
  let description = [{
    Weight groups (docs/numerics.md section 13) of the convolutions that `layers` names: globs of ONNX nodes; without any, all but the
    first convolution.

    - States of a layer with weights `@W`: the mask `@W.groups`, at first open, and `@W.groups.means`; of all layers `@weight_groups`,
      three numbers that the host writes.
    - `conv`, `conv_bp` and `conv_wg` of these weights, in every function, take the mask as `groups`.
    - In front of the update in `@step` stands `group_pull`, whose result is the update's operand `pull`.
    - The function `@refresh` has a `group_refresh` of each layer.

    What is a matrix product, a convolution in groups, has weights that the graph computes, that the model updates itself or that are not
    trained, is left out with a remark of category `sparsity`; named without a wildcard it is an error, as is a name that nothing has, and a
    chip whose groups are not of 8 x 8 channels at one tap.

    Expects a module of stage `differentiate` and updates by an optimizer, and leaves it at that stage. Runs before `train-scale-loss`.
    Example: test/Transforms/group-weights.mlir.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"asu-fp8\"", "a shipped chip or a YAML file">,
    ListOption<"globs", "layers", "std::string", "globs of the nodes; none: all convolutions but the first">
  ];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainNameTensors : Pass<"train-name-tensors", "::mlir::ModuleOp"> {
  let summary = "give every tensor a name of its own";
  let description = [{
    Fills `train.names` of every op, unique in the module: debug sections, symbols and reports use these names.

    - A forward tensor keeps its ONNX name; where a `train.round` follows a MAC, the rounded tensor has it and the
      accumulator's value is NAME/acc. The value of a state has the state's name.
    - Other tensors are called after their node: NODE/dx, NODE/dw, NODE/db, NODE/dsum (a sum of gradients).
    - Where a `train.classify` follows another op, the mixed tensor has the name and what it is made of is NAME/exact; its
      histogram is NAME/histogram.
    - Another rounding of NAME is NAME/round, another classification NAME/mixed; results of an update, and what is written to a copy, are NAME/next, after their state.
    - Names in `@eval` begin with `eval:`. A name that is taken, or given to a later tensor, gets `#2`, `#3`, ...

    Results that are rounded stochastically get a number of their random stream each, in `train.streams`: 4096 * `seed`
    and the number of the result among them, modulo 2^24.

    Example: test/Transforms/name-tensors.mlir.
  }];
  let options = [Option<"seed", "seed", "uint32_t", "0", "of stochastic rounding">];
}

def TrainGateChannels : Pass<"train-gate-channels", "::mlir::ModuleOp"> {
  let summary = "compute most of a convolution only where a gate is open";
  let description = [{
    Channel gating (docs/numerics.md section 12) of convolutions of one group. Input and output channels are cut into `groups`
    chunks; y = conv(x, w) becomes

    - the base path, a `conv` of each output chunk with the input chunk of its number: a constant mask of `groups`. It has the bias;
    - the gate: for 8 output channels of a pixel, whether the mean of their normalised sums exceeds a trained threshold. Running
      statistics normalise, in training too; `less` has its gradient by `straight_through`;
    - the conditional path, a `conv` of the other input chunks that goes on from the base path's sums (`init`) where the gate is
      open.

    A layer W gets states W.gate.threshold, .mean, .var, .base and .rest; the numbers `gating-lambda` and `gating-target`, which
    pull thresholds (`train.pull`), are states that the host writes. Without a loss nothing is trained, and there are neither.

    A layer named by `layers` that cannot be gated is an error. Without names all convolutions but the first are gated that have
    whole slices of 8 channels in each chunk; the others are remarks of category `sparsity`, as are those that are gated.

    Runs before `train-differentiate`. Example: test/Transforms/gate-channels.mlir.
  }];
  let options = [
    ListOption<"layers", "layers", "std::string", "globs of names of ONNX nodes; without any: all convolutions but the first">,
    Option<"groups", "groups", "int64_t", "4", "chunks of input and output channels">,
    Option<"slice", "slice", "int64_t", "8", "output channels of one gate; 8 is the only one">,
    Option<"alpha", "alpha", "double", "2", "slope of the sigmoid that stands for the gate in the backward pass">,
    Option<"lambda", "lambda", "double", "0.0001", "how strongly thresholds are pulled; the host's to change">,
    Option<"target", "target", "double", "1", "what thresholds are pulled to; the host's to change">,
    Option<"initial", "initial", "double", "0", "first value of all thresholds">,
    Option<"momentum", "momentum", "double", "0.9", "of the running statistics">,
    Option<"epsilon", "epsilon", "double", "1e-5", "added to the variance">
  ];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainRecognizeBackward : Pass<"train-recognize-backward", "::mlir::ModuleOp"> {
  let summary = "find BP, WG and UP in a step that computes its own gradients";
  let description = [{
    For a module with `train.own_updates`: what stands behind the loss in `@step` becomes the ops that `differentiate` would
    have built, where that is provable, so that it runs in the chip's own modes. Everything else stays as it is and gets its
    phase from the flow of data.

    - A convolution of a transposed input with a transposed error becomes `conv_wg`; transposed operands of a matmul become
      its attributes; a comparison with zero that selects an error, or is multiplied by it, becomes `relu_grad`; a sum over
      everything but the channels `bias_grad`; the mean's gradient spread over a plane `avg_pool_grad`; softmax less one hot,
      over the batch, `cross_entropy_grad`.
    - `w - rate * g` of a state w becomes `train.gradient`; the constant rate is noted in `train.hyper`.
    - Phases: UP is what computes new state and is no sum; WG the sum before it, and what moves data between; BP the rest.

    Example: test/Transforms/recognize-backward.mlir.
  }];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainScaleLoss : Pass<"train-scale-loss", "::mlir::ModuleOp"> {
  let summary = "scale the loss by a number that follows the saturations of its gradients";
  let description = [{
    Dynamic loss scaling (docs/numerics.md section 10), for formats without infinity.

    - The state `@loss_scale` (scale, good steps, skipped steps, held) is read in `@step` and `@accumulate`; its scale is the
      seed of the backward pass, and the operand `scale` of `cross_entropy_grad`.
    - `clear_saturations` stands before the first op of BP and WG, `saturations` behind the last. With micro-batches the state
      `@loss_scale.saturations` adds their counts up.
    - `loss_scale_update` makes of the count the next state and the factor of all updates, by way of `clip_factor` where
      gradients are clipped. Updates of a step that saturated are held.

    Assumes that updates stand behind all gradients, as `train-differentiate` leaves them. Fails, before anything is changed,
    if the model's own updates do not divide the loss scale out, if there is nothing to scale, or if a name is taken.
    Runs before `train-assign-precision`, whose loss scale must be 1; notes `loss_scale_state` in `train.training`.
    Example: test/Transforms/scale-loss.mlir.
  }];
  let options = [
    Option<"initial", "initial", "double", "65536", "scale of the first step, a power of two">,
    Option<"interval", "interval", "int64_t", "2000", "good steps after which the scale grows">,
    Option<"growth", "growth", "double", "2", "multiplies the scale when it grows, a power of two">,
    Option<"backoff", "backoff", "double", "0.5", "multiplies the scale after a saturation, a power of two">,
    Option<"least", "min", "double", "0x1p-24", "least scale, a power of two">,
    Option<"most", "max", "double", "0x1p24", "greatest scale, a power of two; that of the first step may be greater, and is the greatest then">
  ];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainSkipGradients : Pass<"train-skip-gradients", "::mlir::ModuleOp"> {
  let summary = "leave images of a small loss out of the backward pass";
  let description = [{
    Gradient skipping (docs/numerics.md section 11), in `@step` and `@accumulate`:

    - `train.keep` lists the images whose loss is not below the run-time number `skip-below`, which `train.training` gets with the
      default 0. The losses are those that the loss is the mean or the sum of; where each image has several, their mean.
    - `train.drop` makes the error +0 for dropped images where it first is one of each image, and so the gradient of each normalisation by
      statistics of several images. What they drop is computed in f32, and they round in its place.
    - With `divide=kept` the sums of these normalisations are divided by the number of elements of kept images.

    Runs behind `train-assign-precision`, so that formats are what they are without it, and before `train-name-tensors`. Fails, with one
    line, where the loss is no mean or sum over the batch's images, or its error reaches them in more places than one.
    Example: test/Transforms/skip-gradients.mlir.
  }];
  let options = [
    Option<"divide", "divide", "std::string", "\"all\"", "sums of normalisations are divided by the number of elements of all images, or of kept ones: all, kept">
  ];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

def TrainChooseKept : Pass<"train-choose-kept", "::mlir::ModuleOp"> {
  let summary = "choose the ops that run over the images that are kept";
  let description = [{
    In a function with `train.keep`, an op of BP or WG gets the unit attribute `train.over_kept` if it can do without the images that are
    dropped:

    - its result is a sum over images, and what comes from each is proportional to an error that is +0 for dropped ones; or
    - each image of its results is made of the same image of its operands, and every op that reads them has the attribute. Then it has
      `train.kept_only` too: of its results only the images that are kept exist.

    A tensor is thus whole if one of its readers is: a matrix product, whose rows are images, and what leaves the function. An error is +0 behind
    `train.drop` as far as ops are linear in it, with factors that are finite because they are in a format. `--remarks=sparsity` says which ops
    could but do not, and for whom.

    Assumes nothing of names. Example: test/Transforms/choose-kept.mlir.
  }];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

#endif // SLP_TRANSFORMS_TRAIN_PASSES_TD
