//===- Schedule.cpp - the learning rate over the steps ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace slp::api {

static double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1)
      result *= base;
  return result;
}

/// cos(pi * x) for 0 <= x <= 1, by its series around the next multiple of pi / 2.
static double cosinePi(double x) {
  if (x > 0.5)
    return -cosinePi(1 - x);
  bool isSine = x > 0.25; // cos(pi x) = sin(pi (1/2 - x))
  double y = (isSine ? 0.5 - x : x) * 0x1.921fb54442d18p+1;
  double term = isSine ? y : 1, sum = 0;
  for (int n = isSine ? 1 : 0; n < 24; n += 2) {
    sum += term;
    term = -term * y * y / double((n + 1) * (n + 2));
  }
  return sum;
}

template <typename Number> static bool parseNumber(const std::string &text, Number &to) {
  auto end = std::from_chars(text.data(), text.data() + text.size(), to);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

Result<Schedule> Schedule::parse(const std::string &text, int64_t warmup) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == ':')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  Schedule schedule;
  schedule.warmup = warmup;
  if (warmup < 0)
    return Error{"--warmup: " + std::to_string(warmup) + ", expected at least 0"};
  auto refuse = [&](const char *expected) {
    return Error{"--schedule: '" + text + "', expected " + expected};
  };
  size_t count = parts.size();
  auto takesSteps = [&] { return parseNumber(parts[1], schedule.steps) && schedule.steps >= 1; };
  auto takesNumber = [&](size_t i) {
    return parseNumber(parts[i], schedule.number) && std::isfinite(schedule.number) &&
           schedule.number >= 0;
  };
  if (parts[0] == "constant") {
    if (count != 1)
      return refuse("constant without numbers");
  } else if (parts[0] == "step") {
    schedule.kind = Kind::step;
    if (count != 3 || !takesSteps() || !takesNumber(2))
      return refuse("step:EVERY:FACTOR with at least 1 step and a factor of at least 0");
  } else if (parts[0] == "exponential") {
    schedule.kind = Kind::exponential;
    if (count != 2 || !takesNumber(1))
      return refuse("exponential:FACTOR with a factor of at least 0");
  } else if (parts[0] == "linear") {
    schedule.kind = Kind::linear;
    if (count < 2 || count > 3 || !takesSteps() || (count == 3 && !takesNumber(2)))
      return refuse("linear:STEPS[:FACTOR] with at least 1 step and a factor of at least 0");
  } else if (parts[0] == "cosine") {
    schedule.kind = Kind::cosine;
    if (count < 2 || count > 3 || !takesSteps() || (count == 3 && !takesNumber(2)))
      return refuse("cosine:STEPS[:MIN] with at least 1 step and a rate of at least 0");
  } else {
    return refuse("constant, step, exponential, linear or cosine");
  }
  return schedule;
}

float Schedule::rateAt(float learningRate, int64_t stepsDone) const {
  double rate = double(learningRate);
  if (stepsDone < warmup)
    return float(rate * double(stepsDone + 1) / double(warmup));
  int64_t t = stepsDone - warmup;
  double part = double(std::min(t, steps)) / double(steps);
  switch (kind) {
  case Kind::constant:
    return learningRate;
  case Kind::step:
    return float(rate * power(number, t / steps));
  case Kind::exponential:
    return float(rate * power(number, t));
  case Kind::linear:
    return float(rate * (1 + (number - 1) * part));
  case Kind::cosine:
    return float(number + (rate - number) * ((1 + cosinePi(part)) / 2));
  }
  return learningRate;
}

} // namespace slp::api
