//===- Kernel.h - what a kernel of the reference is given -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One kernel an op, one file a family of ops, which registers its kernels. Adding an op means one
// function and one line in the file of its family.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_REFERENCE_KERNEL_H
#define LIB_REFERENCE_KERNEL_H

#include "slp/Reference/Arithmetic.h"
#include "slp/Reference/Evaluator.h"

#include "llvm/ADT/StringMap.h"

namespace slp::reference {

/// One op under evaluation: in FP32, the definition, or in double precision.
template <typename Real> struct CallOf {
  mlir::Operation *op;
  llvm::ArrayRef<const TensorOf<Real> *> operands; // in the order of the op's operands
  llvm::MutableArrayRef<TensorOf<Real>> results;   // of the right shapes, all +0
  const Hyper &hyper;
  uint64_t *saturations; // the counter of docs/numerics.md §10

  /// How result `i` is stored: in its element type, by the op's `rounding` and `train.streams`.
  StoreOf<Real> store(unsigned i) const;
  /// The same in another element type.
  StoreOf<Real> storeAs(unsigned i, mlir::Type element) const;
};

using Call = CallOf<float>;

/// Fills `call.results`; has reported an error on the op if it fails.
template <typename Real> using Kernel = mlir::LogicalResult (*)(CallOf<Real> &call);

/// The kernel of an op by its name ("train.conv"), or null.
template <typename Real> Kernel<Real> findKernel(llvm::StringRef opName);

/// The kernel of each op, by its name. A family registers its own.
template <typename Real> using KernelTableOf = llvm::StringMap<Kernel<Real>>;
using KernelTable = KernelTableOf<float>;

template <typename Real> void addChannelKernels(KernelTableOf<Real> &table);
template <typename Real> void addConvolutionKernels(KernelTableOf<Real> &table);
template <typename Real> void addElementwiseKernels(KernelTableOf<Real> &table);
template <typename Real> void addLikelihoodKernels(KernelTableOf<Real> &table);
template <typename Real> void addMatMulKernels(KernelTableOf<Real> &table);
template <typename Real> void addNormalizationKernels(KernelTableOf<Real> &table);
template <typename Real> void addMoveKernels(KernelTableOf<Real> &table);
template <typename Real> void addPoolingKernels(KernelTableOf<Real> &table);
template <typename Real> void addReductionKernels(KernelTableOf<Real> &table);
template <typename Real> void addRowKernels(KernelTableOf<Real> &table);
template <typename Real> void addSkipKernels(KernelTableOf<Real> &table);
template <typename Real> void addStateKernels(KernelTableOf<Real> &table);
/// Optimizers, the loss scale and element-wise mixing are for FP32 alone.
void addGroupKernels(KernelTable &table);
void addMixedKernels(KernelTable &table);
void addScaleKernels(KernelTable &table);
void addUpdateKernels(KernelTable &table);

} // namespace slp::reference

#endif // LIB_REFERENCE_KERNEL_H
