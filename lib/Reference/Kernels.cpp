//===- Kernels.cpp - which kernel evaluates which op ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "llvm/ADT/StringSwitch.h"

using namespace slp;
using namespace slp::reference;

Kernel reference::findKernel(llvm::StringRef opName) {
  return llvm::StringSwitch<Kernel>(opName)
      .Case("train.conv", evaluateConv)
      .Case("train.conv_bp", evaluateConvBp)
      .Case("train.conv_wg", evaluateConvWg)
      .Case("train.matmul", evaluateMatMul)
      .Case("train.round", evaluateRound)
      .Case("train.relu", evaluateRelu)
      .Case("train.relu_grad", evaluateReluGrad)
      .Case("train.add", evaluateAdd)
      .Case("train.bias_add", evaluateBiasAdd)
      .Case("train.bias_grad", evaluateBiasGrad)
      .Case("train.reshape", evaluateReshape)
      .Case("train.max_pool", evaluateMaxPool)
      .Case("train.max_pool_grad", evaluateMaxPoolGrad)
      .Case("train.avg_pool", evaluateAvgPool)
      .Case("train.avg_pool_grad", evaluateAvgPoolGrad)
      .Case("train.softmax", evaluateSoftmax)
      .Case("train.softmax_grad", evaluateSoftmaxGrad)
      .Case("train.cross_entropy", evaluateCrossEntropy)
      .Case("train.cross_entropy_grad", evaluateCrossEntropyGrad)
      .Case("train.sgd", evaluateSgd)
      .Default(nullptr);
}

Store Call::store(unsigned i) const {
  auto element = mlir::cast<mlir::RankedTensorType>(op->getResult(i).getType()).getElementType();
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  // The evaluator has checked that a format comes with a rounding.
  return Store(element, rounding ? rounding.getValue() : num_ir::Rounding::nearest_even);
}
