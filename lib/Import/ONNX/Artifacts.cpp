//===- Artifacts.cpp - ONNX Runtime's gradient operators --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What training_model.onnx contains besides ONNX's own operators, one by one. All are of the domain
// com.microsoft but MaxPoolGrad and AveragePoolGrad, which have none. Gradients of losses are in
// Loss.cpp, AveragePoolGrad is in Pool.cpp. docs/forms.md describes the form.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Training.h"
#include "lib/Import/ONNX/Volume.h"

#include "dialects/Train/BiasGradOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/GradientOp.h"
#include "dialects/Train/MaxPoolGradOp.h"
#include "dialects/Train/MaxPoolOp.h"
#include "dialects/Train/ReluGradOp.h"
#include "dialects/Train/TrainState.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using train::Phase;

static LogicalResult importReluGrad(Node &node) {
  // The second input is Relu's output or its input: both are positive at the same elements.
  auto dx = node.create<train::ReluGradOp>({node.tensor(0), node.tensor(1)},
                                           phaseOf(node.builder, Phase::bp));
  return node.setOutput(dx ? dx.getDx() : Value());
}

/// (dY, X, W) to (dX, dW, dB), each of which may be left out.
static LogicalResult importConvGrad(Node &node) {
  OpBuilder &b = node.builder;
  SmallVector<int64_t> xShape(node.shape(1)), wShape(node.shape(2));
  if (wShape.size() < 3 || wShape.size() > 5 || xShape.size() != wShape.size())
    return node.fail("expected input and weights of rank 3 to 5, found " + printShape(xShape) +
                     " and " + printShape(wShape));
  FailureOr<SpatialWindow> window = readWindow(node, ArrayRef<int64_t>(wShape).drop_front(2));
  if (failed(window))
    return failure();
  SmallVector<Value> grads(3);
  if (wShape.size() == 5)
    return failed(convolveVolumeGradients(node, *window, grads)) ? failure()
                                                                 : node.setOutputs(grads);
  // In one dimension, images have one row.
  Value dy = node.reshape(node.tensor(0), withRows(node.shape(0)));
  Value x = node.reshape(node.tensor(1), withRows(xShape));
  Value w = node.reshape(node.tensor(2), withRows(wShape));
  SmallVector<NamedAttribute> common = planeAttributes(b, *window, /*withKernel=*/false);
  common.push_back(b.getNamedAttr("group", b.getI64IntegerAttr(node.integer("group", 1))));
  auto with = [&](Phase phase, NamedAttribute more) {
    SmallVector<NamedAttribute> all = common;
    all.append({phaseOf(b, phase), more});
    return all;
  };
  if (node.hasOutput(0)) {
    auto dx = node.create<train::ConvBpOp>(
        {dy, w}, with(Phase::bp, train::i64s(b, "input_shape", shapeOf(x))));
    if (!dx)
      return failure();
    grads[0] = node.reshape(dx.getDx(), xShape);
  }
  if (node.hasOutput(1)) {
    auto dw = node.create<train::ConvWgOp>(
        {x, dy}, with(Phase::wg, train::i64s(b, "kernel", shapeOf(w).drop_front(2))));
    if (!dw)
      return failure();
    grads[1] = node.reshape(dw.getDw(), wShape);
  }
  if (node.hasOutput(2)) {
    auto db = node.create<train::BiasGradOp>(dy, phaseOf(b, Phase::wg));
    if (!db)
      return failure();
    grads[2] = db.getDb();
  }
  return node.setOutputs(grads);
}

/// (dY, Indices) to dX: the window and the input's shape are those of the MaxPool that made
/// Indices.
static LogicalResult importMaxPoolGrad(Node &node) {
  OpBuilder &b = node.builder;
  auto pool = node.tensor(1).getDefiningOp<train::MaxPoolOp>();
  if (!pool || node.tensor(1) != pool.getIndex())
    return node.fail("expected input \"" + node.inputName(1) + "\" to be the Indices of a MaxPool");
  SmallVector<NamedAttribute> attributes = {train::i64s(b, "kernel", pool.getKernel()),
                                            train::i64s(b, "strides", pool.getStrides()),
                                            train::i64s(b, "pads", pool.getPads()),
                                            train::i64s(b, "dilations", pool.getDilations()),
                                            train::i64s(b, "input_shape", shapeOf(pool.getX())),
                                            phaseOf(b, Phase::bp)};
  if (pool.getCeilMode())
    attributes.push_back(b.getNamedAttr("ceil_mode", b.getUnitAttr()));
  auto dx = node.create<train::MaxPoolGradOp>({node.tensor(0), pool.getIndex()}, attributes);
  return node.setOutput(dx ? dx.getDx() : Value());
}

/// (buffer, gradient, reset): what the buffer is for is a matter of the step, not of its graph.
static LogicalResult importAccumulator(Node &node) {
  OpBuilder &b = node.builder;
  StringRef parameter = parameterOfBuffer(node.inputName(0));
  Value state = parameter.empty() ? Value() : node.graph.values.lookup(parameter);
  auto read = state ? train::stateReadBy(state) : FlatSymbolRefAttr();
  if (!read)
    return node.fail("expected input \"" + node.inputName(0) +
                     "\" to be the accumulation buffer of a parameter, PARAMETER_grad.accumulation."
                     "buffer");
  Value grad = node.tensor(1);
  if (grad.getType() != state.getType())
    return node.fail("expected a gradient of shape " + printShape(shapeOf(state)) + ", found " +
                     printShape(shapeOf(grad)));
  train::GradientOp::create(b, node.loc, read, grad);
  node.graph.values[node.outputName(0)] = grad;
  return success();
}

static LogicalResult refuseYield(Node &node) {
  return node.fail("YieldOp: the graph is one half of a Python program (ORTModule); export "
                   "artifacts (training_model.onnx) instead");
}

void slp::import_onnx::addArtifactOperators(OperatorTable &table) {
  std::vector<AttributeRule> window = {
      {"auto_pad", AttributeKind::string, "NOTSET"}, {"dilations", AttributeKind::integers, ""},
      {"group", AttributeKind::integer, ""},         {"kernel_shape", AttributeKind::integers, ""},
      {"pads", AttributeKind::integers, ""},         {"strides", AttributeKind::integers, ""}};
  std::vector<AttributeRule> pool = {
      {"auto_pad", AttributeKind::string, "NOTSET"}, {"ceil_mode", AttributeKind::integer, ""},
      {"dilations", AttributeKind::integers, ""},    {"kernel_shape", AttributeKind::integers, ""},
      {"pads", AttributeKind::integers, ""},         {"storage_order", AttributeKind::integer, "0"},
      {"strides", AttributeKind::integers, ""}};
  auto add = [&](const char *name, Operator op) {
    op.hasGradient = false;
    op.forms = "c";
    table[name] = std::move(op);
  };
  add("com.microsoft.ReluGrad", {"ff", 1, {}, importReluGrad, ""});
  add("com.microsoft.ConvGrad", {"fff", 3, window, importConvGrad, "one to three dimensions"});
  add("MaxPoolGrad", {"fx", 1, pool, importMaxPoolGrad, "the window is the MaxPool's"});
  add("com.microsoft.InPlaceAccumulatorV2",
      {"nf|n", 1, {}, importAccumulator, "of a parameter's buffer"});
  add("com.microsoft.YieldOp", {"a*",
                                1 << 20,
                                {{"full_shape_outputs", AttributeKind::integers, ""},
                                 {"non_differentiable_outputs", AttributeKind::integers, ""}},
                                refuseYield,
                                "refused"});
  // In no form, and on nothing: it is here to be refused with a reason.
  table["com.microsoft.YieldOp"].forms = "";
  table["com.microsoft.YieldOp"].hasLowering = false;
}
