//===- Preview.cpp - operators of ai.onnx.preview.training ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Gradient becomes a train.derivative, which `differentiate` resolves. An optimizer becomes the
// update op of each of its tensors; what it says of rates is noted in the module.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainFormOps.h"
#include "dialects/Train/TrainUpdateOps.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// (xs..., zs...) to d y / d xs; the attributes name the inputs.
static LogicalResult importGradient(Node &node) {
  const onnx::AttributeProto *xs = node.attribute("xs"), *zs = node.attribute("zs");
  unsigned count = xs ? xs->strings_size() : 0, held = zs ? zs->strings_size() : 0;
  if (count == 0 || count + held != node.numInputs())
    return node.fail("expected one input for each name in xs and zs, found " +
                     Twine(node.numInputs()) + " inputs and " + Twine(count + held) + " names");
  if (node.numOutputs() > count)
    return node.fail("expected at most " + Twine(count) + " outputs, one for each of xs, found " +
                     Twine(node.numOutputs()));
  std::string yName = node.string("y", "");
  Value y = node.graph.values.lookup(yName);
  if (!y || cast<ShapedType>(y.getType()).getNumElements() != 1)
    return node.fail("expected attribute y to name a tensor of one element, found \"" + yName +
                     "\"" + (y ? " of shape " + printShape(shapeOf(y)) : std::string()));
  SmallVector<Value> variables, constants;
  SmallVector<Type> types;
  for (unsigned i = 0; i < node.numInputs(); ++i) {
    Value value = node.tensor(i);
    if (i < count && !cast<ShapedType>(value.getType()).getElementType().isF32())
      return node.fail("expected input \"" + node.inputName(i) + "\" to be a tensor of FLOAT");
    (i < count ? variables : constants).push_back(value);
  }
  for (Value variable : variables)
    types.push_back(variable.getType());
  auto derivative =
      train::DerivativeOp::create(node.builder, node.loc, types, y, variables, constants);
  return node.setOutputs(derivative.getDxs());
}

/// Notes a number that all optimizers of the file must agree on: the machine has one register for
/// it.
static LogicalResult note(Node &node, StringRef name, float value) {
  auto module = node.builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  auto numbers = module->getAttrOfType<DictionaryAttr>(train::getHyperAttrName());
  auto known = numbers ? numbers.getAs<FloatAttr>(name) : FloatAttr();
  if (known && known.getValue().convertToFloat() != value)
    return node.fail("expected one " + name + " for all parameters, found " +
                     std::to_string(known.getValue().convertToFloat()) + " and " +
                     std::to_string(value));
  node.graph.noteHyper(module, name, value);
  return success();
}

/// The learning rate R, if it is a constant.
static LogicalResult noteRate(Node &node) {
  std::optional<SmallVector<double>> rate = node.floats(0);
  if (!rate)
    return success();
  if (rate->size() != 1)
    return node.fail("expected one learning rate, found " + Twine(rate->size()));
  return note(node, "lr", float(rate->front()));
}

/// The number of tensors that an optimizer (R, T, X..., G..., state...) has, with `kinds` lists.
static FailureOr<unsigned> countTensors(Node &node, unsigned kinds) {
  unsigned count = node.numInputs() < 2 ? 0 : (node.numInputs() - 2) / kinds;
  if (count == 0 || node.numInputs() != 2 + kinds * count)
    return node.fail("expected R, T and " + Twine(kinds) + " lists of tensors, found " +
                     Twine(node.numInputs()) + " inputs");
  for (unsigned i = 0; i < count; ++i)
    for (unsigned list = 1; list < kinds; ++list)
      if (node.shape(2 + i) != node.shape(2 + list * count + i))
        return node.fail("expected \"" + node.inputName(2 + list * count + i) +
                         "\" to have shape " + printShape(node.shape(2 + i)) + ", found " +
                         printShape(node.shape(2 + list * count + i)));
  return count;
}

/// (R, T, X..., G..., V...) to the new X and V.
static LogicalResult importMomentum(Node &node) {
  FailureOr<unsigned> count = countTensors(node, 3);
  if (failed(count) || failed(noteRate(node)) ||
      failed(note(node, "momentum", node.number("alpha", 0))) ||
      failed(note(node, "weight-decay", node.number("norm_coefficient", 0))))
    return failure();
  if (node.number("beta", 1) != 1)
    return node.fail("attribute beta = " + std::to_string(node.number("beta", 1)) +
                     " is not supported, expected 1");
  OpBuilder &b = node.builder;
  unsigned n = *count;
  SmallVector<Value> outputs(2 * n);
  for (unsigned i = 0; i < n; ++i) {
    auto sgd = node.create<train::SgdOp>(
        {node.tensor(2 + i), node.tensor(2 + 2 * n + i), node.tensor(2 + n + i)},
        phaseOf(b, train::Phase::up), {b.getF32Type(), b.getF32Type()});
    if (!sgd)
      return failure();
    outputs[i] = sgd.getWOut();
    outputs[n + i] = sgd.getVOut();
  }
  return node.setOutputs(outputs);
}

void slp::import_onnx::addPreviewOperators(OperatorTable &table) {
  const std::string domain = "ai.onnx.preview.training.";
  table[domain + "Gradient"] = {"a*",
                                1 << 20,
                                {{"xs", AttributeKind::strings, ""},
                                 {"y", AttributeKind::string, ""},
                                 {"zs", AttributeKind::strings, ""}},
                                importGradient,
                                "y of one element",
                                "1",
                                false};
  table[domain + "Momentum"] = {"rtf*",
                                1 << 20,
                                {{"alpha", AttributeKind::number, ""},
                                 {"beta", AttributeKind::number, ""},
                                 {"mode", AttributeKind::string, "standard"},
                                 {"norm_coefficient", AttributeKind::number, ""}},
                                importMomentum,
                                "R a constant or an input, T a counter, beta 1",
                                "1",
                                false};
}
