//===- Update.cpp - optimizers by definition --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §9.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/TrainUpdateOps.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static float unscaleOf(const llvm::APFloat &lossScale, int64_t microBatches) {
  return 1.0f / (lossScale.convertToFloat() * static_cast<float>(microBatches));
}

namespace {
/// What the definitions call u, the factor, eta and lambda.
struct UpdateNumbers {
  template <typename Op> UpdateNumbers(Op op, const Call &call) {
    u = unscaleOf(op.getLossScale(), op.getMicroBatches());
    eta = call.hyper.learningRate * op.getLrScale().convertToFloat();
    lambda = call.hyper.weightDecay * op.getDecayScale().convertToFloat();
    size_t next = op->getNumResults();
    weights = call.operands[0];
    gradient = call.operands[next++];
    factor = op.getFactor() ? call.operands[next++] : nullptr;
    pull = op.getPull() ? call.operands[next++] : nullptr;
    isHeld = factor && factor->values[0] < 0;
  }
  /// The pull of the group of weight `i`.
  float pullOf(int64_t i) const {
    int64_t kw = i % weights->dim(3), kh = i / weights->dim(3) % weights->dim(2);
    int64_t channel = i / (weights->dim(3) * weights->dim(2));
    return (*pull)[pull->at(channel / weights->dim(1) / 8, channel % weights->dim(1) / 8, kh, kw)];
  }
  /// Whether element `i` of all states stays as it is.
  bool stays(int64_t i) const { return pull && pullOf(i) < 0; }
  /// The gradient proper of element `i`.
  float g(int64_t i) const {
    float unscaled = (*gradient)[i] * u;
    if (factor)
      unscaled = unscaled * factor->values[0];
    return pull ? std::fma(pullOf(i), (*weights)[i], unscaled) : unscaled;
  }
  float u, eta, lambda;
  const Tensor *weights, *gradient, *factor, *pull;
  bool isHeld;
};
} // namespace

/// Element `i` of all states stays as it is.
static void keep(Call &call, int64_t i) {
  for (unsigned state = 0; state < call.results.size(); ++state)
    call.results[state][i] = (*call.operands[state])[i];
}

/// All states stay as they are.
static LogicalResult hold(Call &call) {
  for (unsigned i = 0; i < call.results.size(); ++i)
    call.results[i].values = call.operands[i]->values;
  return success();
}

static LogicalResult evaluateSgd(Call &call) {
  auto op = cast<train::SgdOp>(call.op);
  UpdateNumbers numbers(op, call);
  if (numbers.isHeld)
    return hold(call);
  const Tensor &w = *call.operands[0], &v = *call.operands[1];
  Tensor &newW = call.results[0], &newV = call.results[1];
  Store storeW = call.store(0), storeV = call.store(1);
  float momentum = call.hyper.momentum;
  for (size_t i = 0; i < w.values.size(); ++i) {
    if (numbers.stays(i)) {
      keep(call, i);
      continue;
    }
    float g = std::fma(numbers.lambda, w[i], numbers.g(i));
    newV[i] = storeV(std::fma(momentum, v[i], (1 - call.hyper.dampening) * g), i);
    float d = op.getNesterov() ? std::fma(momentum, newV[i], g) : newV[i];
    newW[i] = storeW(std::fma(-numbers.eta, d, w[i]), i);
  }
  return success();
}

static LogicalResult evaluateAdagrad(Call &call) {
  UpdateNumbers numbers(cast<train::AdagradOp>(call.op), call);
  if (numbers.isHeld)
    return hold(call);
  const Tensor &w = *call.operands[0], &h = *call.operands[1];
  Store storeW = call.store(0), storeH = call.store(1);
  for (size_t i = 0; i < w.values.size(); ++i) {
    if (numbers.stays(i)) {
      keep(call, i);
      continue;
    }
    float g = std::fma(numbers.lambda, w[i], numbers.g(i));
    float newH = call.results[1][i] = storeH(std::fma(g, g, h[i]), i);
    float d = g / (std::sqrt(newH) + call.hyper.epsilon);
    call.results[0][i] = storeW(std::fma(-numbers.eta, d, w[i]), i);
  }
  return success();
}

static LogicalResult evaluateAdam(Call &call) {
  auto op = cast<train::AdamOp>(call.op);
  UpdateNumbers numbers(op, call);
  if (numbers.isHeld)
    return hold(call);
  const Tensor &w = *call.operands[0], &m = *call.operands[1], &v = *call.operands[2];
  Store storeW = call.store(0), storeM = call.store(1), storeV = call.store(2);
  const Hyper &hyper = call.hyper;
  float beta1 = hyper.momentum, beta2 = hyper.beta2;
  for (size_t i = 0; i < w.values.size(); ++i) {
    if (numbers.stays(i)) {
      keep(call, i);
      continue;
    }
    float g = numbers.g(i), start = w[i];
    if (op.getDecoupled() && !op.getDecayLast())
      start = std::fma(-(numbers.eta * numbers.lambda), w[i], w[i]);
    else if (!op.getDecoupled())
      g = std::fma(numbers.lambda, w[i], g);
    float newM = storeM(std::fma(beta1, m[i], (1 - beta1) * g), i);
    float newV = storeV(std::fma(beta2, v[i], ((1 - beta2) * g) * g), i);
    float newW;
    if (op.getDecayLast()) {
      float rate = (numbers.eta * hyper.correction1) / std::sqrt(hyper.correction2);
      newW = std::fma(-rate, newM / (std::sqrt(newV) + hyper.epsilon), start);
      newW = std::fma(-(numbers.eta * numbers.lambda), newW, newW);
    } else {
      float root = std::sqrt(newV * hyper.correction2) + hyper.epsilon;
      newW = std::fma(-numbers.eta, (newM * hyper.correction1) / root, start);
    }
    call.results[0][i] = storeW(newW, i);
    call.results[1][i] = newM;
    call.results[2][i] = newV;
  }
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Around an update
//===----------------------------------------------------------------------------------------===//

static LogicalResult evaluateAccumulate(Call &call) {
  Store store = call.store(0);
  for (size_t i = 0; i < call.operands[0]->values.size(); ++i)
    call.results[0][i] = store((*call.operands[0])[i] + (*call.operands[1])[i], i);
  return success();
}

static LogicalResult evaluateDrain(Call &call) {
  Store store = call.store(1); // the other result stays +0
  for (size_t i = 0; i < call.operands[0]->values.size(); ++i)
    call.results[1][i] = store((*call.operands[0])[i] + (*call.operands[1])[i], i);
  return success();
}

static LogicalResult evaluateSquareSum(Call &call) {
  auto op = cast<train::SquareSumOp>(call.op);
  const std::vector<float> &dw = call.operands[0]->values;
  float u = unscaleOf(op.getLossScale(), op.getMicroBatches());
  float total = op.getTotal() ? call.operands[1]->values[0] : 0;
  for (size_t first = 0; first < dw.size(); first += 1024) {
    std::vector<float> squares;
    for (size_t i = first; i < std::min(first + 1024, dw.size()); ++i)
      squares.push_back((dw[i] * u) * (dw[i] * u));
    total = total + rowSum(squares);
  }
  call.results[0].values[0] = call.store(0)(total, 0);
  return success();
}

static LogicalResult evaluateClipFactor(Call &call) {
  float norm = std::sqrt(call.operands[0]->values[0]);
  bool isScaled = bool(cast<train::ClipFactorOp>(call.op).getUnscale());
  float unscale = isScaled ? call.operands[1]->values[0] : 1;
  float q = call.hyper.clipNorm / (norm * unscale + 1e-6f);
  float factor = (q < 1 ? q : 1) * unscale;
  call.results[0].values[0] = call.store(0)(unscale < 0 ? -1 : factor, 0);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// ai.onnx.preview.training
//===----------------------------------------------------------------------------------------===//

/// The step number: operand t, or the number of the run less one.
template <typename Op> static int64_t stepsOf(Op op, const Call &call) {
  return static_cast<int64_t>(op.getT() ? call.operands.back()->values[0] : call.hyper.run - 1);
}

template <typename Op> static float rateOf(Op op, const Call &call) {
  return call.operands[op->getNumResults() + 1]->values[0];
}

/// docs/numerics.md §9: base^exponent, the squares from the lowest bit of the exponent.
static float powerOf(float base, uint32_t exponent) {
  float result = 1;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if (exponent >> bit == 0)
      break;
    if (exponent >> bit & 1)
      result *= base;
    base *= base;
  }
  return result;
}

static LogicalResult evaluatePreviewAdagrad(Call &call) {
  auto op = cast<train::PreviewAdagradOp>(call.op);
  const Tensor &x = *call.operands[0], &h = *call.operands[1], &dx = *call.operands[2];
  Store storeX = call.store(0), storeH = call.store(1);
  float norm = op.getNormCoefficient().convertToFloat(), eps = op.getEpsilon().convertToFloat();
  float t = static_cast<float>(stepsOf(op, call));
  float rate = rateOf(op, call) / (1 + t * op.getDecayFactor().convertToFloat());
  for (size_t i = 0; i < x.values.size(); ++i) {
    float g = std::fma(norm, x[i], dx[i]);
    float newH = call.results[1][i] = storeH(std::fma(g, g, h[i]), i);
    call.results[0][i] = storeX(std::fma(-rate, g / (std::sqrt(newH) + eps), x[i]), i);
  }
  return success();
}

static LogicalResult evaluatePreviewMomentum(Call &call) {
  auto op = cast<train::PreviewMomentumOp>(call.op);
  const Tensor &x = *call.operands[0], &v = *call.operands[1], &dx = *call.operands[2];
  Store storeX = call.store(0), storeV = call.store(1);
  float norm = op.getNormCoefficient().convertToFloat(), alpha = op.getAlpha().convertToFloat();
  float beta = stepsOf(op, call) > 0 ? op.getBeta().convertToFloat() : 1;
  for (size_t i = 0; i < x.values.size(); ++i) {
    float g = std::fma(norm, x[i], dx[i]);
    float newV = call.results[1][i] = storeV(std::fma(alpha, v[i], beta * g), i);
    float d = op.getNesterov() ? std::fma(alpha, newV, g) : newV;
    call.results[0][i] = storeX(std::fma(-rateOf(op, call), d, x[i]), i);
  }
  return success();
}

static LogicalResult evaluatePreviewAdam(Call &call) {
  auto op = cast<train::PreviewAdamOp>(call.op);
  const Tensor &x = *call.operands[0], &v = *call.operands[1], &h = *call.operands[2];
  const Tensor &dx = *call.operands[3];
  Store storeX = call.store(0), storeV = call.store(1), storeH = call.store(2);
  float norm = op.getNormCoefficient().convertToFloat(), eps = op.getEpsilon().convertToFloat();
  float alpha = op.getAlpha().convertToFloat(), beta = op.getBeta().convertToFloat();
  float rate = rateOf(op, call);
  if (int64_t t = stepsOf(op, call); t > 0)
    rate = (rate * std::sqrt(1 - powerOf(beta, t))) / (1 - powerOf(alpha, t));
  for (size_t i = 0; i < x.values.size(); ++i) {
    float g = std::fma(norm, x[i], dx[i]);
    float newV = call.results[1][i] = storeV(std::fma(alpha, v[i], (1 - alpha) * g), i);
    float newH = call.results[2][i] = storeH(std::fma(beta, h[i], ((1 - beta) * g) * g), i);
    float next = std::fma(-rate, newV / (std::sqrt(newH) + eps), x[i]);
    call.results[0][i] = storeX((1 - op.getNormCoefficientPost().convertToFloat()) * next, i);
  }
  return success();
}

void reference::addUpdateKernels(KernelTable &table) {
  table["train.sgd"] = evaluateSgd;
  table["train.adagrad"] = evaluateAdagrad;
  table["train.adam"] = evaluateAdam;
  table["train.accumulate"] = evaluateAccumulate;
  table["train.drain"] = evaluateDrain;
  table["train.square_sum"] = evaluateSquareSum;
  table["train.clip_factor"] = evaluateClipFactor;
  table["train.preview_adagrad"] = evaluatePreviewAdagrad;
  table["train.preview_momentum"] = evaluatePreviewMomentum;
  table["train.preview_adam"] = evaluatePreviewAdam;
}
