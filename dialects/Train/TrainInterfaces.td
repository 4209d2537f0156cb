//===- TrainInterfaces.td - what the verbs ask of a train op ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Declared here, implemented where the verb lives: gradients in lib/Autodiff (one file an op, as external models).
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAININTERFACES_TD
#define DIALECTS_TRAIN_TRAININTERFACES_TD

include "mlir/IR/OpBase.td"

def Train_InferShapeInterface : OpInterface<"InferShapeInterface"> {
  let cppNamespace = "::slp::train";
  let description = [{
    The shapes of the results follow from operands and attributes. Verified for every op that has it, together with
    `rounding`: present if and only if a result is narrower than f32 and the op is no multiply-accumulate.
  }];
  let methods = [
    InterfaceMethod<"Computes one shape per result; emits an error on `this` and fails if the operands do not fit.",
      "::mlir::LogicalResult", "inferShapes", (ins "::llvm::SmallVectorImpl<::llvm::SmallVector<int64_t>> &":$shapes)>];
  let verify = [{ 
    if (failed(::slp::train::verifyInferredShapes($_op)))
      return ::mlir::failure();
    return ::slp::train::verifyRounding($_op);
   }];
}

def Train_StorageInterface : OpInterface<"StorageInterface"> {
  let cppNamespace = "::slp::train";
  let description = [{
    How `precision` finds the format of an op's float results (docs/numerics.md section 8): accumulator, a
    multiply-accumulate; activation, the MAC format; arithmetic, fp16, or the MAC format if only MACs read it; statistic,
    f32; same, operand 0's; state, the format of the operand of the same number.
  }];
  let methods = [
    InterfaceMethod<"The class of all results.", "::slp::train::StorageClass", "getStorageClass", (ins), "",
      "return ConcreteOp::storageClass();">];
}

def Train_InPlaceInterface : OpInterface<"InPlaceInterface"> {
  let cppNamespace = "::slp::train";
  let description = [{
    The first results take the place of the first operands, which are values of states: on the chip nothing reads a state
    after the op that updates it.
  }];
  let methods = [
    InterfaceMethod<"How many results take the place of the operand of the same number.", "unsigned", "numInPlace", (ins), "",
      "return $_op->getNumResults();">];
}

def Train_ElementwiseInterface : OpInterface<"ElementwiseInterface"> {
  let cppNamespace = "::slp::train";
  let description = [{
    An op computed element by element with broadcasting. Its mnemonic is the name of its function in docs/numerics.md
    section 5 and in v.unary, v.binary or v.select, by the number of operands.
  }];
  let methods = [
    InterfaceMethod<"The op's numbers in the order of the definition.", "::llvm::SmallVector<float>", "getNumbers">];
}

def Train_DifferentiableInterface : OpInterface<"DifferentiableInterface"> {
  let cppNamespace = "::slp::train";
  let description = [{
    Builds the BP and WG ops of a forward op.
  }];
  let methods = [
    InterfaceMethod<[{
      Appends to `operandGrads` one value per operand: the gradient of the loss with respect to it, or null if the operand
      has none or `needed[i]` is false. `resultGrads` has one value per result, null where nothing flows back; for the
      loss itself all are null. New ops take this op's location and phase bp or wg.
      Fails with an error that names what is missing.
    }], "::mlir::LogicalResult", "buildGradient",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultGrads, "::llvm::ArrayRef<bool>":$needed,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandGrads)>];
}

#endif // DIALECTS_TRAIN_TRAININTERFACES_TD
