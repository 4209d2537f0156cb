//===- Preview.cpp - operators of ai.onnx.preview.training ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Gradient becomes a train.derivative, which `differentiate` resolves. An optimizer becomes the
// update op of each of its tensors; what it says of rates is noted in the module.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/DerivativeOp.h"
#include "dialects/Train/PreviewAdagradOp.h"
#include "dialects/Train/PreviewAdamOp.h"
#include "dialects/Train/PreviewMomentumOp.h"
#include "dialects/Train/SgdOp.h"
#include "dialects/Train/TrainValues.h"

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

/// Whether the tensors are states, so that the optimizer's numbers are the host's.
static bool isTraining(Node &node) {
  Value x = node.tensor(2);
  return x && train::isRead(x.getDefiningOp());
}

static NamedAttribute numberOf(Node &node, OpBuilder &b, StringRef name, float absent) {
  return b.getNamedAttr(name, b.getF32FloatAttr(float(node.number(name.str(), absent))));
}

/// A tensor of one element as a scalar.
static Value scalarOf(Node &node, unsigned input) {
  Value value = node.tensor(input);
  auto type = value ? cast<RankedTensorType>(value.getType()) : RankedTensorType();
  if (!type || type.getNumElements() != 1 || type.getRank() == 0)
    return type && type.getRank() == 0 ? value : Value();
  if (!type.getElementType().isF32())
    return nullptr;
  auto scalar = RankedTensorType::get({}, type.getElementType());
  return train::createReshape(node.builder, node.loc, scalar, value, train::Phase::fp);
}

/// An optimizer of any tensors: (R, T, X..., G..., state...) to the new X and states. The rate and
/// the number of steps are operands; a counter of steps is the host's.
template <typename Op>
static LogicalResult importForward(Node &node, unsigned count,
                                   function_ref<SmallVector<NamedAttribute>(OpBuilder &)> numbers) {
  OpBuilder &b = node.builder;
  unsigned kinds = (node.numInputs() - 2) / count; // X, G and the states
  Value r = scalarOf(node, 0), t = scalarOf(node, 1);
  if (!r)
    return node.fail("expected R to be a tensor of one float");
  if (node.tensor(1) && !t)
    return node.fail("expected T to be a scalar");
  SmallVector<Value> outputs((kinds - 1) * count);
  for (unsigned i = 0; i < count; ++i) {
    SmallVector<Value> operands = {node.tensor(2 + i)};
    for (unsigned state = 2; state < kinds; ++state)
      operands.push_back(node.tensor(2 + state * count + i));
    operands.push_back(node.tensor(2 + count + i));
    operands.push_back(r);
    if (t)
      operands.push_back(t);
    if (llvm::is_contained(operands, Value()))
      return node.fail("expected tensors that are no constants");
    SmallVector<Type> elements(kinds - 1, b.getF32Type());
    auto op = node.create<Op>(operands, numbers(b), elements);
    if (!op)
      return failure();
    for (auto [list, result] : llvm::enumerate(op->getResults()))
      outputs[list * count + i] = result;
  }
  return node.setOutputs(outputs);
}

/// (R, T, X..., G..., H...) to the new X and H.
static LogicalResult importAdagrad(Node &node) {
  FailureOr<unsigned> count = countTensors(node, 3);
  if (failed(count))
    return failure();
  return importForward<train::PreviewAdagradOp>(node, *count, [&](OpBuilder &b) {
    return SmallVector<NamedAttribute>{numberOf(node, b, "norm_coefficient", 0),
                                       numberOf(node, b, "decay_factor", 0),
                                       numberOf(node, b, "epsilon", 1e-6f)};
  });
}

/// (R, T, X..., G..., V..., H...) to the new X, V and H.
static LogicalResult importAdam(Node &node) {
  FailureOr<unsigned> count = countTensors(node, 4);
  if (failed(count))
    return failure();
  return importForward<train::PreviewAdamOp>(node, *count, [&](OpBuilder &b) {
    return SmallVector<NamedAttribute>{
        numberOf(node, b, "norm_coefficient", 0), numberOf(node, b, "alpha", 0.9f),
        numberOf(node, b, "beta", 0.999f), numberOf(node, b, "epsilon", 1e-6f),
        numberOf(node, b, "norm_coefficient_post", 0)};
  });
}

/// (R, T, X..., G..., V...) to the new X and V.
static LogicalResult importMomentum(Node &node) {
  FailureOr<unsigned> count = countTensors(node, 3);
  if (failed(count))
    return failure();
  bool isNesterov = node.string("mode", "standard") == "nesterov";
  if (!isNesterov && node.string("mode", "standard") != "standard")
    return node.fail("expected mode to be standard or nesterov, found \"" +
                     node.string("mode", "") + "\"");
  bool isPlain = node.number("beta", 1) == 1; // the share of the gradient in the velocity
  if (!isTraining(node) || !isPlain)
    return importForward<train::PreviewMomentumOp>(node, *count, [&](OpBuilder &b) {
      SmallVector<NamedAttribute> all = {numberOf(node, b, "norm_coefficient", 0),
                                         numberOf(node, b, "alpha", 0),
                                         numberOf(node, b, "beta", 0)};
      if (isNesterov)
        all.push_back(b.getNamedAttr("nesterov", b.getUnitAttr()));
      return all;
    });
  if (failed(noteRate(node)) || failed(note(node, "momentum", node.number("alpha", 0))) ||
      failed(note(node, "weight-decay", node.number("norm_coefficient", 0))))
    return failure();
  OpBuilder &b = node.builder;
  unsigned n = *count;
  SmallVector<Value> outputs(2 * n);
  for (unsigned i = 0; i < n; ++i) {
    SmallVector<NamedAttribute> attributes = {phaseOf(b, train::Phase::up)};
    if (isNesterov)
      attributes.push_back(b.getNamedAttr("nesterov", b.getUnitAttr()));
    auto sgd = node.create<train::SgdOp>(
        {node.tensor(2 + i), node.tensor(2 + 2 * n + i), node.tensor(2 + n + i)}, attributes,
        {b.getF32Type(), b.getF32Type()});
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
  table[domain + "Adagrad"] = {"rtf*",
                               1 << 20,
                               {{"decay_factor", AttributeKind::number, ""},
                                {"epsilon", AttributeKind::number, ""},
                                {"norm_coefficient", AttributeKind::number, ""}},
                               importAdagrad,
                               "R and T inputs, or T a counter",
                               "1",
                               false};
  table[domain + "Adam"] = {"rtf*",
                            1 << 20,
                            {{"alpha", AttributeKind::number, ""},
                             {"beta", AttributeKind::number, ""},
                             {"epsilon", AttributeKind::number, ""},
                             {"norm_coefficient", AttributeKind::number, ""},
                             {"norm_coefficient_post", AttributeKind::number, ""}},
                            importAdam,
                            "R and T inputs, or T a counter",
                            "1",
                            false};
  table[domain + "Momentum"] = {"rtf*",
                                1 << 20,
                                {{"alpha", AttributeKind::number, ""},
                                 {"beta", AttributeKind::number, ""},
                                 {"mode", AttributeKind::string, ""},
                                 {"norm_coefficient", AttributeKind::number, ""}},
                                importMomentum,
                                "of states: R a constant or an input, T a counter",
                                "1",
                                false};
  // An optimizer of tensors that are no states runs in the reference alone.
  for (const char *name : {"Gradient", "Adagrad", "Adam", "Momentum"})
    table[domain + name].forms = "a b d";
}
