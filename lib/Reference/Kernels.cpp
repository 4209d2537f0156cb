//===- Kernels.cpp - which kernel evaluates which op ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

using namespace slp;
using namespace slp::reference;

Kernel reference::findKernel(llvm::StringRef opName) {
  static const KernelTable table = [] {
    KernelTable t;
    addConvolutionKernels(t);
    addElementwiseKernels(t);
    addLikelihoodKernels(t);
    addMatMulKernels(t);
    addNormalizationKernels(t);
    addMoveKernels(t);
    addPoolingKernels(t);
    addReductionKernels(t);
    addRowKernels(t);
    addStateKernels(t);
    addUpdateKernels(t);
    return t;
  }();
  return table.lookup(opName);
}

Store Call::store(unsigned i) const {
  auto element = mlir::cast<mlir::RankedTensorType>(op->getResult(i).getType()).getElementType();
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  // The evaluator has checked that a format comes with a rounding.
  return Store(element, rounding ? rounding.getValue() : num_ir::Rounding::nearest_even);
}
