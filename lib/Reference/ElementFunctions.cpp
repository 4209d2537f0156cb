//===- ElementFunctions.cpp - elementwise functions by definition -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5, "Elementwise functions": one line of the table, one line here.
// Elementwise.cpp applies them to tensors.
//
//===----------------------------------------------------------------------------------------===//

#include "ElementFunctions.h"

#include "slp/Reference/Arithmetic.h"

#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace slp;
using namespace slp::reference;

template <typename Real> static Real signOf(Real x) {
  if (x > 0)
    return 1;
  return x < 0 ? -1 : 0;
}

template <typename Real> static Real clipped(Real x, Real low, Real high) {
  if (x < low)
    x = low;
  if (x > high)
    x = high;
  return x;
}

/// tanh's argument in the approximate Gelu.
template <typename Real> static Real inner(Real x) {
  return x * std::fma(x * x, 0x1.2444f2p-5f, 0x1.988454p-1f);
}

template <typename Real> static Real geluGrad(Real dy, Real x) {
  Real c = std::fma(0.5f, erfOf(x * 0x1.6a09e6p-1f), 0.5f);
  Real q = expOf(-0.5f * (x * x)) * 0x1.988454p-2f;
  return dy * std::fma(x, q, c);
}

template <typename Real> static Real geluTanhGrad(Real dy, Real x) {
  Real t = tanhOf(inner(x));
  Real h = 0.5f * x;
  Real s = std::fma(-t, t, 1.0f);
  Real d = std::fma(x * x, 0x1.b6676cp-4f, 0x1.988454p-1f);
  return dy * std::fma(h * s, d, std::fma(0.5f, t, 0.5f));
}

template <typename Real> static void addFunctionsOfOne(llvm::StringMap<ElementFunction<Real>> &f) {
  using Operands = const Real *; // an element of each
  using Numbers = const Real *;

  f["affine"] = [](Operands v, Numbers n) { return std::fma(n[0], v[0], n[1]); };
  f["power"] = [](Operands v, Numbers n) { return powOf(v[0], n[0]); };
  f["abs"] = [](Operands v, Numbers) { return std::fabs(v[0]); };
  f["sign"] = [](Operands v, Numbers) { return signOf(v[0]); };
  f["floor"] = [](Operands v, Numbers) { return std::floor(v[0]); };
  f["ceil"] = [](Operands v, Numbers) { return std::ceil(v[0]); };
  f["round_even"] = [](Operands v, Numbers) { return std::nearbyint(v[0]); };
  f["logical_not"] = [](Operands v, Numbers) -> Real { return v[0] == 0 ? 1.0f : 0.0f; };
  f["sqrt"] = [](Operands v, Numbers) { return std::sqrt(v[0]); };
  f["reciprocal"] = [](Operands v, Numbers) { return 1.0f / v[0]; };
  f["exp"] = [](Operands v, Numbers) { return expOf(v[0]); };
  f["log"] = [](Operands v, Numbers) { return logOf(v[0]); };
  f["tanh"] = [](Operands v, Numbers) { return tanhOf(v[0]); };
  f["sigmoid"] = [](Operands v, Numbers) { return sigmoidOf(v[0]); };
  f["erf"] = [](Operands v, Numbers) { return erfOf(v[0]); };
  f["gelu"] = [](Operands v, Numbers) {
    Real h = 0.5f * v[0];
    return std::fma(h, erfOf(v[0] * 0x1.6a09e6p-1f), h);
  };
  f["gelu_tanh"] = [](Operands v, Numbers) {
    Real h = 0.5f * v[0];
    return std::fma(h, tanhOf(inner(v[0])), h);
  };
  f["hard_sigmoid"] = [](Operands v, Numbers n) {
    return clipped(std::fma(n[0], v[0], n[1]), Real(0), Real(1));
  };
  f["hard_swish"] = [](Operands v, Numbers) {
    return v[0] * clipped(std::fma(v[0], 0x1.555556p-3f, 0.5f), Real(0), Real(1));
  };
  f["leaky_relu"] = [](Operands v, Numbers n) { return v[0] > 0 ? v[0] : n[0] * v[0]; };
  f["clip"] = [](Operands v, Numbers n) { return clipped(v[0], n[0], n[1]); };
  f["elu"] = [](Operands v, Numbers n) { return n[1] * (v[0] > 0 ? v[0] : n[0] * expm1Of(v[0])); };
  f["celu"] = [](Operands v, Numbers n) { return v[0] > 0 ? v[0] : n[0] * expm1Of(v[0] / n[0]); };
  f["softplus"] = [](Operands v, Numbers) {
    return (v[0] > 0 ? v[0] : 0) + log1pOf(expOf(-std::fabs(v[0])));
  };
  f["softsign"] = [](Operands v, Numbers) { return v[0] / (1 + std::fabs(v[0])); };
  f["thresholded_relu"] = [](Operands v, Numbers n) { return v[0] > n[0] ? v[0] : 0; };
  f["shrink"] = [](Operands v, Numbers n) {
    if (v[0] < -n[0])
      return v[0] + n[1];
    return v[0] > n[0] ? v[0] - n[1] : 0;
  };
}

template <typename Real>
static void addFunctionsOfSeveral(llvm::StringMap<ElementFunction<Real>> &f) {
  using Operands = const Real *; // an element of each
  using Numbers = const Real *;

  f["add"] = [](Operands v, Numbers) { return v[0] + v[1]; };
  f["sub"] = [](Operands v, Numbers) { return v[0] - v[1]; };
  f["mul"] = [](Operands v, Numbers) { return v[0] * v[1]; };
  f["div"] = [](Operands v, Numbers) { return v[0] / v[1]; };
  f["pow"] = [](Operands v, Numbers) { return powOf(v[0], v[1]); };
  f["max"] = [](Operands v, Numbers) { return v[0] > v[1] ? v[0] : v[1]; };
  f["min"] = [](Operands v, Numbers) { return v[0] < v[1] ? v[0] : v[1]; };
  f["prelu"] = [](Operands v, Numbers) { return v[0] > 0 ? v[0] : v[1] * v[0]; };
  f["equal"] = [](Operands v, Numbers) -> Real { return v[0] == v[1] ? 1.0f : 0.0f; };
  f["less"] = [](Operands v, Numbers) -> Real { return v[0] < v[1] ? 1.0f : 0.0f; };
  f["less_equal"] = [](Operands v, Numbers) -> Real { return v[0] <= v[1] ? 1.0f : 0.0f; };
  f["logical_and"] = [](Operands v, Numbers) -> Real {
    return v[0] != 0 && v[1] != 0 ? 1.0f : 0.0f;
  };
  f["logical_or"] = [](Operands v, Numbers) -> Real {
    return v[0] != 0 || v[1] != 0 ? 1.0f : 0.0f;
  };
  f["logical_xor"] = [](Operands v, Numbers) -> Real {
    return (v[0] != 0) != (v[1] != 0) ? 1.0f : 0.0f;
  };
  f["select"] = [](Operands v, Numbers) { return v[0] != 0 ? v[1] : v[2]; };
}

/// The first operand is dy.
template <typename Real> static void addGradients(llvm::StringMap<ElementFunction<Real>> &f) {
  using Operands = const Real *; // an element of each
  using Numbers = const Real *;

  f["relu_grad"] = [](Operands v, Numbers) { return v[1] > 0 ? v[0] : 0; };
  f["power_grad"] = [](Operands v, Numbers n) -> Real {
    bool isSteep = v[1] == 0 && n[0] < 1; // no number says how much
    return isSteep ? Real(0) : v[0] * (n[0] * powOf(v[1], n[0] - 1));
  };
  f["abs_grad"] = [](Operands v, Numbers) { return v[0] * signOf(v[1]); };
  f["sqrt_grad"] = [](Operands v, Numbers) { return v[1] > 0 ? (0.5f * v[0]) / v[1] : 0; };
  f["reciprocal_grad"] = [](Operands v, Numbers) { return -v[0] * (v[1] * v[1]); };
  f["tanh_grad"] = [](Operands v, Numbers) { return v[0] * std::fma(-v[1], v[1], 1.0f); };
  f["sigmoid_grad"] = [](Operands v, Numbers) { return v[0] * std::fma(-v[1], v[1], v[1]); };
  f["erf_grad"] = [](Operands v, Numbers) {
    return v[0] * (0x1.20dd76p+0f * expOf(-(v[1] * v[1])));
  };
  f["gelu_grad"] = [](Operands v, Numbers) { return geluGrad(v[0], v[1]); };
  f["gelu_tanh_grad"] = [](Operands v, Numbers) { return geluTanhGrad(v[0], v[1]); };
  f["hard_sigmoid_grad"] = [](Operands v, Numbers n) {
    Real t = std::fma(n[0], v[1], n[1]);
    return 0 < t && t < 1 ? n[0] * v[0] : 0;
  };
  f["hard_swish_grad"] = [](Operands v, Numbers) -> Real {
    if (v[1] < -3)
      return 0.0f;
    return v[1] <= 3 ? v[0] * std::fma(v[1], 0x1.555556p-2f, 0.5f) : v[0];
  };
  f["leaky_relu_grad"] = [](Operands v, Numbers n) { return v[1] > 0 ? v[0] : n[0] * v[0]; };
  f["clip_grad"] = [](Operands v, Numbers n) { return n[0] <= v[1] && v[1] <= n[1] ? v[0] : 0; };
  f["elu_grad"] = [](Operands v, Numbers n) {
    return v[0] * (n[1] * (v[1] > 0 ? 1 : n[0] * expOf(v[1])));
  };
  f["celu_grad"] = [](Operands v, Numbers n) {
    return v[1] > 0 ? v[0] : v[0] * expOf(v[1] / n[0]);
  };
  f["softplus_grad"] = [](Operands v, Numbers) { return v[0] * sigmoidOf(v[1]); };
  f["softsign_grad"] = [](Operands v, Numbers) {
    Real t = 1 + std::fabs(v[1]);
    return v[0] / (t * t);
  };
  f["thresholded_relu_grad"] = [](Operands v, Numbers n) { return v[1] > n[0] ? v[0] : 0; };
  f["shrink_grad"] = [](Operands v, Numbers n) { return v[1] < -n[0] || v[1] > n[0] ? v[0] : 0; };
  f["max_share"] = [](Operands v, Numbers) -> Real {
    if (v[0] > v[1])
      return 1.0f;
    return v[0] == v[1] ? 0.5f : 0.0f;
  };
  f["prelu_slope"] = [](Operands v, Numbers) { return v[0] > 0 ? 1 : v[1]; };
  f["prelu_grad"] = [](Operands v, Numbers) { return v[1] > 0 ? 0 : v[0] * v[1]; };
}

template <typename Real> static const llvm::StringMap<ElementFunction<Real>> &elementFunctions() {
  static const llvm::StringMap<ElementFunction<Real>> functions = [] {
    llvm::StringMap<ElementFunction<Real>> f;
    addFunctionsOfOne<Real>(f);
    addFunctionsOfSeveral<Real>(f);
    addGradients<Real>(f);
    return f;
  }();
  return functions;
}

template <typename Real>
ElementFunction<Real> reference::findElementFunction(llvm::StringRef name) {
  return elementFunctions<Real>().lookup(name);
}

template ElementFunction<float> reference::findElementFunction<float>(llvm::StringRef);
template ElementFunction<double> reference::findElementFunction<double>(llvm::StringRef);

llvm::SmallVector<llvm::StringRef> reference::elementFunctionNames() {
  return llvm::to_vector(elementFunctions<float>().keys());
}
