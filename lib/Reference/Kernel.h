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

/// One op under evaluation.
struct Call {
  mlir::Operation *op;
  llvm::ArrayRef<const Tensor *> operands; // in the order of the op's operands
  llvm::MutableArrayRef<Tensor> results;   // of the right shapes, all +0
  const Hyper &hyper;

  /// How result `i` is stored: in its element type, by the op's `rounding`.
  Store store(unsigned i) const;
};

/// Fills `call.results`; has reported an error on the op if it fails.
using Kernel = mlir::LogicalResult (*)(Call &call);

/// The kernel of an op by its name ("train.conv"), or null.
Kernel findKernel(llvm::StringRef opName);

/// The kernel of each op, by its name. A family registers its own.
using KernelTable = llvm::StringMap<Kernel>;

void addConvolutionKernels(KernelTable &table);
void addElementwiseKernels(KernelTable &table);
void addLikelihoodKernels(KernelTable &table);
void addMatMulKernels(KernelTable &table);
void addNormalizationKernels(KernelTable &table);
void addMoveKernels(KernelTable &table);
void addPoolingKernels(KernelTable &table);
void addReductionKernels(KernelTable &table);
void addRowKernels(KernelTable &table);
void addStateKernels(KernelTable &table);
void addUpdateKernels(KernelTable &table);

} // namespace slp::reference

#endif // LIB_REFERENCE_KERNEL_H
