//===- MatMul.cpp - matrix products by definition ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §3 and §4: one chain over ascending k for each output element.
//
//===----------------------------------------------------------------------------------------===//

#include "Accumulator.h"
#include "Kernel.h"

#include "dialects/Train/MatMulOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

template <typename Real> static LogicalResult evaluateMatMul(CallOf<Real> &call) {
  auto op = cast<train::MatMulOp>(call.op);
  if (failed(checkBias(op)))
    return failure();
  const auto &a = *call.operands[0], &b = *call.operands[1];
  const TensorOf<Real> *bias = call.operands.size() > 2 ? call.operands[2] : nullptr;
  auto &y = call.results[0];
  bool transposeA = op.getTransposeA(), transposeB = op.getTransposeB();
  size_t rank = y.shape.size();
  int64_t batches = rank == 3 ? y.dim(0) : 1, rows = y.dim(rank - 2), columns = y.dim(rank - 1);
  int64_t depth = a.dim(transposeA ? rank - 2 : rank - 1);
  Accumulator<Real> acc(op.getAccumulate(), call.saturations);

  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t n = 0; n < columns; ++n) {
        acc.start(bias ? (*bias)[n] : 0.0f);
        for (int64_t k = 0; k < depth; ++k) {
          acc.moveTo(k);
          acc.add(a[batch * rows * depth + (transposeA ? k * rows + m : m * depth + k)],
                  b[batch * depth * columns + (transposeB ? n * depth + k : k * columns + n)]);
        }
        y[(batch * rows + m) * columns + n] = acc.result();
      }
  return success();
}

template <typename Real> void reference::addMatMulKernels(KernelTableOf<Real> &table) {
  table["train.matmul"] = evaluateMatMul<Real>;
}

template void reference::addMatMulKernels(KernelTableOf<float> &);
template void reference::addMatMulKernels(KernelTableOf<double> &);
