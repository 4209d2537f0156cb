//===- Passes.td - stage differentiate --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_AUTODIFF_PASSES_TD
#define SLP_AUTODIFF_PASSES_TD

include "mlir/Pass/PassBase.td"

def TrainDifferentiate : Pass<"train-differentiate", "::mlir::ModuleOp"> {
  let summary = "make a training step of a forward graph and its loss";
  let description = [{
    Reverse mode over `@step`: walks the ops backwards and asks each one's DifferentiableInterface for the gradients of its
    operands. An op gets none below which nothing trains. Gradients of a value with several uses are added in the order of
    the uses. Then every state that got a gradient gets the states of the optimizer (`NAME.velocity`, ...), its update and
    their writes. Frozen states get no gradient. `micro-batches` adds `@accumulate`, which sums gradients instead. `@eval` is a
    copy of the forward ops that the logits need, without labels and loss.

    Expects a module of stage `import` whose `@step` returns (loss, logits); leaves `slp.stage = "differentiate"`.
    Example: test/Transforms/differentiate.mlir.
  }];
  let options = [
    Option<"optimizer", "optimizer", "std::string", "\"sgd\"", "how states are updated: sgd, adagrad, adam or adamw">,
    Option<"nesterov", "nesterov", "bool", "false", "Nesterov's momentum, for sgd">,
    Option<"clipNorm", "clip-norm", "bool", "false", "clip all gradients together to a norm that is given at run time">,
    Option<"microBatches", "micro-batches", "int64_t", "1", "runs that make up one step: @accumulate for all but the last">,
    ListOption<"freeze", "freeze", "std::string", "globs of states that are not trained">,
    ListOption<"noDecay", "no-decay", "std::string", "globs of states without weight decay">,
    ListOption<"lrScale", "lr-scale", "std::string", "GLOB:X: states whose learning rate is multiplied by X">
  ];
  let dependentDialects = ["::slp::train::TrainDialect"];
}

#endif // SLP_AUTODIFF_PASSES_TD
