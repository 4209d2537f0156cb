//===- Kernels.cpp - which kernel evaluates which op ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/TrainStreams.h"

using namespace slp;
using namespace slp::reference;

template <typename Real> Kernel<Real> reference::findKernel(llvm::StringRef opName) {
  static const KernelTableOf<Real> table = [] {
    KernelTableOf<Real> t;
    addChannelKernels(t);
    addConvolutionKernels(t);
    addElementwiseKernels(t);
    addLikelihoodKernels(t);
    addMatMulKernels(t);
    addNormalizationKernels(t);
    addMoveKernels(t);
    addPoolingKernels(t);
    addReductionKernels(t);
    addRowKernels(t);
    addSkipKernels(t);
    addStateKernels(t);
    if constexpr (std::is_same_v<Real, float>) {
      addMixedKernels(t);
      addGroupKernels(t);
      addScaleKernels(t);
      addUpdateKernels(t);
    }
    return t;
  }();
  return table.lookup(opName);
}

template <typename Real> StoreOf<Real> CallOf<Real>::store(unsigned i) const {
  return storeAs(i,
                 mlir::cast<mlir::RankedTensorType>(op->getResult(i).getType()).getElementType());
}

template <typename Real> StoreOf<Real> CallOf<Real>::storeAs(unsigned i, mlir::Type element) const {
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  // The evaluator has checked that a format comes with a rounding.
  if (!rounding)
    return StoreOf<Real>(element, num_ir::Rounding::nearest_even, 0, 0, saturations);
  auto streams = op->getAttrOfType<mlir::DenseI64ArrayAttr>(train::getStreamsAttrName());
  return StoreOf<Real>(element, rounding.getValue(), streams ? streams[i] : 0,
                       static_cast<uint32_t>(hyper.run), saturations);
}

template Kernel<float> reference::findKernel<float>(llvm::StringRef);
template Kernel<double> reference::findKernel<double>(llvm::StringRef);
template struct reference::CallOf<float>;
template struct reference::CallOf<double>;
