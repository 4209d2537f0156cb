//===- Normalization.cpp - normalisation and dropout by definition ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5 and §7.
//
//===----------------------------------------------------------------------------------------===//

#include "Broadcast.h"
#include "Kernel.h"
#include "Reduction.h"

#include "dialects/Train/TrainChannels.h"
#include "dialects/Train/TrainNormOps.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

/// 1 / sqrt(var + epsilon), each operation rounded.
template <typename Real> static Real rstdOf(Real var, const llvm::APFloat &epsilon) {
  Real root = std::sqrt(var + epsilon.convertToFloat());
  return 1.0f / root;
}

template <typename Real> static LogicalResult evaluateNormalize(CallOf<Real> &call) {
  auto op = cast<train::NormalizeOp>(call.op);
  const auto &x = *call.operands[0];
  auto store = call.store(0);
  for (size_t i = 0; i < x.values.size(); ++i) {
    llvm::SmallVector<int64_t> at = coordinatesOf(i, x.shape);
    Real rstd = rstdOf(valueAt(*call.operands[2], at), op.getEpsilon());
    Real normal = (x[i] - valueAt(*call.operands[1], at)) * rstd;
    call.results[0][i] =
        store(std::fma(normal, valueAt(*call.operands[3], at), valueAt(*call.operands[4], at)), i);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateNormalizeSums(CallOf<Real> &call) {
  auto op = cast<train::NormalizeSumsOp>(call.op);
  const auto &dy = *call.operands[0], &x = *call.operands[1];
  TensorOf<Real> terms(x.shape);
  for (size_t i = 0; i < x.values.size(); ++i) {
    llvm::SmallVector<int64_t> at = coordinatesOf(i, x.shape);
    Real rstd = rstdOf(valueAt(*call.operands[3], at), op.getEpsilon());
    Real normal = (x[i] - valueAt(*call.operands[2], at)) * rstd;
    terms[i] = dy[i] * normal;
  }
  bool isByChannel = train::areAllButChannels(op.getAxes(), x.shape.size());
  for (unsigned result : {0, 1}) {
    const TensorOf<Real> &summands = result == 0 ? dy : terms;
    std::vector<Real> sums;
    if (isByChannel)
      sums = channelSums(summands);
    else
      llvm::copy(sumOver(summands, op.getAxes()).values, std::back_inserter(sums));
    llvm::transform(sums, call.results[result].values.begin(), positiveZero<Real>);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateNormalizeGrad(CallOf<Real> &call) {
  auto op = cast<train::NormalizeGradOp>(call.op);
  const auto &dy = *call.operands[0], &x = *call.operands[1];
  auto store = call.store(0);
  Real n = static_cast<Real>(op.getCount());
  for (size_t i = 0; i < x.values.size(); ++i) {
    llvm::SmallVector<int64_t> at = coordinatesOf(i, x.shape);
    Real rstd = rstdOf(valueAt(*call.operands[3], at), op.getEpsilon());
    Real normal = (x[i] - valueAt(*call.operands[2], at)) * rstd;
    Real centred = dy[i] - valueAt(*call.operands[4], at) / n;
    Real share = valueAt(*call.operands[5], at) / n;
    Real dx = std::fma(-normal, share, centred) * rstd;
    if (op.getScale())
      dx = dx * valueAt(*call.operands[6], at);
    call.results[0][i] = store(dx, i);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateNormalizeFixedGrad(CallOf<Real> &call) {
  auto op = cast<train::NormalizeFixedGradOp>(call.op);
  const auto &dy = *call.operands[0];
  auto store = call.store(0);
  for (size_t i = 0; i < dy.values.size(); ++i) {
    llvm::SmallVector<int64_t> at = coordinatesOf(i, dy.shape);
    Real rstd = rstdOf(valueAt(*call.operands[1], at), op.getEpsilon());
    call.results[0][i] = store((dy[i] * valueAt(*call.operands[2], at)) * rstd, i);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateMovingAverage(CallOf<Real> &call) {
  auto store = call.store(0);
  Real keep = cast<train::MovingAverageOp>(call.op).getMomentum().convertToFloat();
  Real take = 1.0f - keep;
  for (size_t i = 0; i < call.results[0].values.size(); ++i) {
    Real fresh = (*call.operands[1])[i] * take;
    call.results[0][i] = store(std::fma((*call.operands[0])[i], keep, fresh), i);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateDropout(CallOf<Real> &call) {
  auto op = cast<train::DropoutOp>(call.op);
  const auto &x = *call.operands[0];
  auto store = call.store(0);
  Real ratio = op.getRatio().convertToFloat();
  auto threshold = static_cast<uint32_t>(ratio * 0x1p32f);
  Real factor = 1.0f / (1.0f - ratio);
  for (size_t i = 0; i < x.values.size(); ++i) {
    uint32_t random = philox(uint32_t(i), uint32_t(uint64_t(i) >> 32),
                             static_cast<uint32_t>(call.hyper.run), op.getSeed(), op.getStream());
    Real kept = op.getMask() ? 1.0f : x[i] * factor;
    call.results[0][i] = store(random < threshold ? 0.0f : kept, i);
  }
  return success();
}

template <typename Real> void reference::addNormalizationKernels(KernelTableOf<Real> &table) {
  table["train.normalize"] = evaluateNormalize<Real>;
  table["train.normalize_sums"] = evaluateNormalizeSums<Real>;
  table["train.normalize_grad"] = evaluateNormalizeGrad<Real>;
  table["train.normalize_fixed_grad"] = evaluateNormalizeFixedGrad<Real>;
  table["train.moving_average"] = evaluateMovingAverage<Real>;
  table["train.dropout"] = evaluateDropout<Real>;
}

template void reference::addNormalizationKernels(KernelTableOf<float> &);
template void reference::addNormalizationKernels(KernelTableOf<double> &);
