//===- Fidelity.cpp - measures of closeness, and their JSON
//------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Fidelity.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace slp;
using namespace slp::verify;

void Closeness::add(llvm::ArrayRef<float> exact, llvm::ArrayRef<float> low, double scale,
                    double largest) {
  for (auto [reference, stored] : llvm::zip_equal(exact, low)) {
    double a = double(reference), b = double(stored) / scale;
    ++elements;
    dot += a * b;
    squaresExact += a * a;
    squaresLow += b * b;
    squaresError += (a - b) * (a - b);
    nonZero += a != 0;
    underflow += a != 0 && stored == 0;
    overflow += std::fabs(double(stored)) >= largest;
  }
}

double Closeness::cosine() const {
  if (squaresExact == 0 || squaresLow == 0)
    return squaresExact == squaresLow ? 1 : 0;
  double cosine = dot / (std::sqrt(squaresExact) * std::sqrt(squaresLow));
  return std::min(1.0, std::max(-1.0, cosine)); // the sums are rounded
}

double Closeness::relativeError() const {
  if (squaresExact == 0)
    return squaresError == 0 ? 0 : HUGE_VAL;
  return std::sqrt(squaresError / squaresExact);
}

double Closeness::underflowShare() const {
  return nonZero ? double(underflow) / double(nonZero) : 0;
}

double Closeness::overflowShare() const {
  return elements ? double(overflow) / double(elements) : 0;
}

/// A number, or null for an infinite one, which JSON lacks.
static llvm::json::Value numberOrNull(double x) {
  return std::isfinite(x) ? llvm::json::Value(x) : llvm::json::Value(nullptr);
}

llvm::json::Value verify::fidelityJson(const FidelityReport &report, llvm::StringRef model,
                                       llvm::StringRef chip, llvm::StringRef policy) {
  llvm::json::Array steps;
  int step = 0;
  llvm::json::Array *tensors = nullptr;
  for (const FidelityRow &row : report.rows) {
    if (!tensors || row.step != step) {
      step = row.step;
      steps.push_back(llvm::json::Object{{"step", step}, {"tensors", llvm::json::Array()}});
      tensors = steps.back().getAsObject()->getArray("tensors");
    }
    const Closeness &c = row.closeness;
    tensors->push_back(llvm::json::Object{{"tensor", row.tensor},
                                          {"node", row.node},
                                          {"phase", row.phase},
                                          {"op", row.op},
                                          {"format", row.format},
                                          {"elements", c.elements},
                                          {"cosine", c.cosine()},
                                          {"relative_error", numberOrNull(c.relativeError())},
                                          {"underflow", c.underflowShare()},
                                          {"overflow", c.overflowShare()},
                                          {"noise", row.isNoise}});
  }
  llvm::json::Array unmatched;
  for (const std::string &name : report.unmatched)
    unmatched.push_back(name);
  return llvm::json::Object{{"schema", "slp-fidelity"},
                            {"version", 1},
                            {"model", model},
                            {"chip", chip},
                            {"policy", policy},
                            {"steps", std::move(steps)},
                            {"unmatched", std::move(unmatched)}};
}
