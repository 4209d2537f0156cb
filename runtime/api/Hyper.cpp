//===- Hyper.cpp - numbers that the host gives at run time ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Hyper.h"

#include <algorithm>
#include <cmath>

namespace slp::api {

const std::vector<NumberInfo> &knownNumbers() {
  static constexpr const char *notNegative = "a finite number of at least 0";
  static constexpr const char *part = "at least 0 and less than 1";
  auto isNotNegative = [](double v) { return std::isfinite(v) && v >= 0; };
  auto isPart = [](double v) { return v >= 0 && float(v) < 1; };
  static const std::vector<NumberInfo> all = {
      {"lr", "learning rate", &Hyper::learningRate, notNegative, isNotNegative},
      {"momentum", "momentum", &Hyper::momentum, part, isPart},
      {"beta1", "decay of the mean of gradients", &Hyper::momentum, part, isPart},
      {"weight-decay", "weight decay", &Hyper::weightDecay, notNegative, isNotNegative},
      {"dampening", "dampening of the momentum", &Hyper::dampening, "0 to 1",
       [](double v) { return v >= 0 && v <= 1; }},
      {"beta2", "decay of the mean of squared gradients", &Hyper::beta2, part, isPart},
      {"epsilon", "added to the root of the mean of squares", &Hyper::epsilon, notNegative,
       isNotNegative},
      {"clip-norm", "greatest norm of all gradients together", &Hyper::clipNorm,
       "a finite number greater than 0", [](double v) { return std::isfinite(v) && v > 0; }},
      {"skip-below", "loss below which the gradient of an image is skipped; 0: of none",
       &Hyper::skipBelow, "a finite FP32 number of at least 0",
       [](double v) { return std::isfinite(float(v)) && v >= 0; }},
      {"gating-lambda", "how strongly the thresholds of channel gating are pulled",
       &Hyper::gatingLambda, "a finite FP32 number of at least 0",
       [](double v) { return std::isfinite(float(v)) && v >= 0; }, /*isState=*/true},
      {"gating-target", "what the thresholds of channel gating are pulled to", &Hyper::gatingTarget,
       "-1024 to 1024", [](double v) { return std::fabs(v) <= 1024; }, /*isState=*/true}};
  return all;
}

static std::string listOf(const std::vector<image::RuntimeNumber> &numbers) {
  std::string text;
  for (const image::RuntimeNumber &number : numbers)
    text += (text.empty() ? "--" : ", --") + number.name;
  return text.empty() ? "none" : text;
}

Result<Hyper> hyperOf(const image::Image &image, const std::vector<Number> &given) {
  Hyper hyper;
  const std::vector<NumberInfo> &known = knownNumbers();
  auto set = [&](const std::string &name, double value) -> Status {
    auto it = std::find_if(known.begin(), known.end(),
                           [&](const NumberInfo &info) { return info.name == name; });
    if (it == known.end())
      return Error{"the image's optimizer takes the number '" + name +
                   "', which this version does not know"};
    if (!it->isValid(value))
      return Error{"--" + name + ": " + std::to_string(value) + ", expected " + it->expected};
    hyper.*it->member = float(value);
    return Status::success();
  };
  for (const image::RuntimeNumber &number : image.numbers)
    if (Status s = set(number.name, number.value); !s)
      return s.takeError();
  bool takesAll = image.optimizer.empty() && image.findEntry("step");
  for (const Number &number : given) {
    auto info = std::find_if(known.begin(), known.end(),
                             [&](const NumberInfo &of) { return of.name == number.first; });
    bool isState = info != known.end() && info->isState;
    bool isUsed = (takesAll && !isState) ||
                  std::any_of(image.numbers.begin(), image.numbers.end(),
                              [&](const auto &used) { return used.name == number.first; });
    if (!isUsed && isState)
      return Error{"--" + number.first +
                   ": the image has no gated channels (slpc "
                   "--sparsity=channel-gating)"};
    if (!isUsed && image.optimizer.empty())
      return Error{"--" + number.first + ": the image trains nothing"};
    if (!isUsed)
      return Error{"--" + number.first + ": the image's optimizer, " + image.optimizer +
                   ", does not use it; expected one of " + listOf(image.numbers)};
    if (Status s = set(number.first, number.second); !s)
      return s.takeError();
  }
  return hyper;
}

std::vector<std::pair<std::string, float>> statesOf(const image::Image &image, const Hyper &hyper) {
  std::vector<std::pair<std::string, float>> states;
  for (const NumberInfo &info : knownNumbers())
    if (info.isState && std::any_of(image.numbers.begin(), image.numbers.end(),
                                    [&](const auto &used) { return used.name == info.name; }))
      states.emplace_back(info.name, hyper.*info.member);
  return states;
}

/// base^exponent by squaring: the same bits on any host.
static double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1)
      result *= base;
  return result;
}

std::array<float, exec::hostNumbers> registersOf(const Hyper &hyper, int64_t step, int64_t run) {
  auto correction = [&](float beta) { return float(1 / (1 - power(double(beta), step))); };
  bool isDamped = step > 1 && hyper.momentum != 0;
  return {hyper.learningRate,
          hyper.momentum,
          hyper.weightDecay,
          isDamped ? hyper.dampening : 0.0f,
          hyper.beta2,
          hyper.epsilon,
          correction(hyper.momentum),
          correction(hyper.beta2),
          float(run),
          hyper.clipNorm};
}

} // namespace slp::api
