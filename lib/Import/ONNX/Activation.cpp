//===- Activation.cpp - ONNX functions of one tensor ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Operators.h"

#include "onnx/onnx_pb.h"

#include "dialects/Train/TrainElementwiseOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// An ONNX operator without attributes that is one of our ops.
template <typename Op> static LogicalResult importFunction(Node &node) {
  return node.setOutput(build<Op>(node, operand(node, 0)));
}

static LogicalResult importAffine(Node &node, float scale, float offset) {
  return node.setOutput(affine(node, operand(node, 0), scale, offset));
}

static LogicalResult importNeg(Node &node) { return importAffine(node, -1, 0); }

static LogicalResult importLeakyRelu(Node &node) {
  return node.setOutput(
      build<train::LeakyReluOp>(node, operand(node, 0), {{"alpha", node.number("alpha", 0.01)}}));
}

static LogicalResult importElu(Node &node) {
  return node.setOutput(build<train::EluOp>(node, operand(node, 0),
                                            {{"alpha", node.number("alpha", 1)}, {"gamma", 1}}));
}

static LogicalResult importSelu(Node &node) {
  bool isOld = node.version() < 6;
  double alpha = node.number("alpha", isOld ? 1.6732 : 1.67326319217681884765625);
  double gamma = node.number("gamma", isOld ? 1.0507 : 1.05070102214813232421875);
  return node.setOutput(
      build<train::EluOp>(node, operand(node, 0), {{"alpha", alpha}, {"gamma", gamma}}));
}

static LogicalResult importCelu(Node &node) {
  double alpha = node.number("alpha", 1);
  if (float(alpha) == 0)
    return node.fail("expected an alpha other than 0");
  return node.setOutput(build<train::CeluOp>(node, operand(node, 0), {{"alpha", alpha}}));
}

static LogicalResult importHardSigmoid(Node &node) {
  return node.setOutput(build<train::HardSigmoidOp>(
      node, operand(node, 0),
      {{"alpha", node.number("alpha", 0.2)}, {"beta", node.number("beta", 0.5)}}));
}

static LogicalResult importThresholdedRelu(Node &node) {
  return node.setOutput(build<train::ThresholdedReluOp>(node, operand(node, 0),
                                                        {{"alpha", node.number("alpha", 1)}}));
}

static LogicalResult importShrink(Node &node) {
  return node.setOutput(build<train::ShrinkOp>(
      node, operand(node, 0),
      {{"lambda", node.number("lambd", 0.5)}, {"bias", node.number("bias", 0)}}));
}

static LogicalResult importClip(Node &node) {
  for (unsigned i : {1, 2})
    if (node.hasInput(i) && product(node.shape(i)) != 1)
      return node.fail("expected bounds of one number");
  double low = node.numberAt("min", 1).value_or(-maxFloat);
  double high = node.numberAt("max", 2).value_or(maxFloat);
  return node.setOutput(clip(node, operand(node, 0), low, high));
}

static LogicalResult importGelu(Node &node) {
  if (node.string("approximate", "none") == "tanh")
    return importFunction<train::GeluTanhOp>(node);
  return importFunction<train::GeluOp>(node);
}

/// com.microsoft: x + bias, then Gelu.
template <typename Op> static LogicalResult importBiasGelu(Node &node) {
  Value x = operand(node, 0);
  if (node.hasInput(1))
    x = buildBroadcast<train::AddOp>(node, x, operand(node, 1));
  return node.setOutput(build<Op>(node, x));
}

/// x * sigmoid(alpha * x).
static LogicalResult importSwish(Node &node, double defaultAlpha) {
  Value x = operand(node, 0);
  double alpha = node.number("alpha", defaultAlpha);
  Value gate = build<train::SigmoidOp>(node, alpha == 1 ? x : affine(node, x, alpha, 0));
  return node.setOutput(buildBroadcast<train::MulOp>(node, x, gate));
}

static LogicalResult importSwish(Node &node) { return importSwish(node, 1); }
static LogicalResult importQuickGelu(Node &node) { return importSwish(node, 1.702); }

/// x * tanh(softplus(x)).
static LogicalResult importMish(Node &node) {
  Value x = operand(node, 0);
  Value gate = build<train::TanhOp>(node, build<train::SoftplusOp>(node, x));
  return node.setOutput(buildBroadcast<train::MulOp>(node, x, gate));
}

/// 1 for anything but zero.
static Value truthOf(Node &node, Value x) {
  return build<train::LogicalNotOp>(node, build<train::LogicalNotOp>(node, x));
}

/// A cast to a bool tells zero from anything else, one to integers cuts fractions off.
static LogicalResult importCast(Node &node) {
  using Type = onnx::TensorProto;
  int64_t to = node.integer("to", 0);
  if (const onnx::AttributeProto *old = node.attribute("to"); old && old->has_s())
    to = old->s() == "FLOAT" ? Type::FLOAT : old->s() == "BOOL" ? Type::BOOL : 0;
  if (isFloatingType(to))
    return node.setOutput(operand(node, 0));
  if (to == Type::BOOL)
    return node.setOutput(truthOf(node, operand(node, 0)));
  if (!llvm::isInt<32>(to) || elementBytes(to) == 0)
    return node.fail("a cast to " + typeName(to) + " is not supported");
  return node.setOutput(toInteger(node, node.tensor(0)));
}

void slp::import_onnx::addActivationOperators(OperatorTable &table) {
  const AttributeRule consumed = {"consumed_inputs", AttributeKind::integers, ""};
  auto number = [](const char *name) { return AttributeRule{name, AttributeKind::number, ""}; };
  auto add = [&](const char *name, LogicalResult (*import)(Node &), const char *versions,
                 std::vector<AttributeRule> attributes = {}, bool hasGradient = true) {
    attributes.push_back(consumed);
    table[name] = {"f", 1, attributes, import, "", versions, hasGradient};
  };
  auto addOfIntegersToo = [&](const char *name, LogicalResult (*import)(Node &),
                              const char *versions) {
    add(name, import, versions);
    table[name].inputs = "a";
  };
  addOfIntegersToo("Abs", ofIntegersToo<importFunction<train::AbsOp>>, "1, 6, 13");
  add("Ceil", importFunction<train::CeilOp>, "1, 6, 13");
  add("Celu", importCelu, "12", {number("alpha")});
  add("Elu", importElu, "1, 6", {number("alpha")});
  add("Erf", importFunction<train::ErfOp>, "9, 13");
  add("Exp", importFunction<train::ExpOp>, "1, 6, 13");
  add("Floor", importFunction<train::FloorOp>, "1, 6, 13");
  add("Gelu", importGelu, "20", {{"approximate", AttributeKind::string, ""}});
  add("HardSigmoid", importHardSigmoid, "1, 6", {number("alpha"), number("beta")});
  add("HardSwish", importFunction<train::HardSwishOp>, "14");
  add("LeakyRelu", importLeakyRelu, "1, 6, 16", {number("alpha")});
  add("Log", importFunction<train::LogOp>, "1, 6, 13");
  add("Mish", importMish, "18, 22");
  addOfIntegersToo("Neg", ofIntegersToo<importNeg>, "1, 6, 13");
  add("Not", importFunction<train::LogicalNotOp>, "1");
  add("Reciprocal", importFunction<train::ReciprocalOp>, "1, 6, 13");
  add("Relu", importFunction<train::ReluOp>, "1, 6, 13, 14");
  add("Round", importFunction<train::RoundEvenOp>, "11");
  add("Selu", importSelu, "1, 6", {number("alpha"), number("gamma")});
  add("Shrink", importShrink, "9", {number("lambd"), number("bias")});
  add("Sigmoid", importFunction<train::SigmoidOp>, "1, 6, 13");
  addOfIntegersToo("Sign", ofIntegersToo<importFunction<train::SignOp>>, "9, 13");
  add("Softplus", importFunction<train::SoftplusOp>, "1");
  add("Softsign", importFunction<train::SoftsignOp>, "1");
  add("Sqrt", importFunction<train::SqrtOp>, "1, 6, 13");
  add("Swish", importSwish, "24", {number("alpha")});
  add("Tanh", importFunction<train::TanhOp>, "1, 6, 13");
  add("ThresholdedRelu", importThresholdedRelu, "10", {number("alpha")});
  table["Clip"] = {"a|cc",
                   1,
                   {number("min"), number("max"), consumed},
                   ofIntegersToo<importClip>,
                   "bounds are constants",
                   "1, 6, 11, 12, 13"};
  table["Cast"] = {"a",
                   1,
                   {{"to", AttributeKind::integer, ""}, {"saturate", AttributeKind::integer, ""}},
                   importCast,
                   "integers of at most 2^24 in magnitude, which a narrower type does not wrap",
                   "1, 6, 9, 13, 19"};
  table["com.microsoft.Gelu"] = {"f", 1, {}, importFunction<train::GeluOp>, ""};
  table["com.microsoft.BiasGelu"] = {"ff", 1, {}, importBiasGelu<train::GeluOp>, ""};
  table["com.microsoft.FastGelu"] = {"f|f", 1, {}, importBiasGelu<train::GeluTanhOp>, ""};
  table["com.microsoft.QuickGelu"] = {"f", 1, {number("alpha")}, importQuickGelu, ""};
}
