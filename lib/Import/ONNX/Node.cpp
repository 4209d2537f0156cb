//===- Node.cpp - what an operator's importer sees --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Node.h"

#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"

#include "mlir/IR/Verifier.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

int64_t slp::import_onnx::product(ArrayRef<int64_t> shape, size_t begin, size_t end) {
  int64_t result = 1;
  for (int64_t size : shape.slice(begin, end - begin))
    result *= size;
  return result;
}

std::string slp::import_onnx::printShape(ArrayRef<int64_t> shape) {
  return shape.empty()
             ? "scalar"
             : llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }),
                          "x");
}

Operation *Graph::buildChecked(const Twine &where, function_ref<Operation *()> build) {
  std::string message;
  Operation *op;
  {
    ScopedDiagnosticHandler handler(builder.getContext(), [&](Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return success();
    });
    op = build();
    if (op && failed(verify(op))) {
      op->erase();
      op = nullptr;
    }
  }
  if (op)
    return op;
  // The verifier says "'train.conv' op expected ...": users know ONNX nodes, not our ops.
  StringRef text = message;
  if (size_t at = text.find("' op "); text.starts_with("'") && at != StringRef::npos)
    text = text.drop_front(at + 5);
  error() << where << ": " << text;
  return nullptr;
}

/// Whether all elements are the same.
static bool isSplat(const Constant &c) {
  auto same = [](const auto &values) {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
  };
  return same(c.numbers) && same(c.integers);
}

static bool isIndexType(const Constant &c) {
  return !c.isFloating() && c.type != onnx::TensorProto::BOOL;
}

std::string Graph::checkMaterial(const Constant &c) {
  if (llvm::is_contained(c.shape, 0))
    return "has no elements";
  // The step's integers are indices and labels, which data sets give as FP32 numbers too.
  constexpr int64_t most = int64_t(1) << 24;
  if (llvm::any_of(c.integers, [](int64_t v) { return v < -most || v > most; }))
    return "has integers beyond 2^24";
  // A float's infinity stays one; a double may be a number that FP32 has not.
  if (llvm::any_of(c.numbers, [](double v) { return std::isfinite(v) && std::isinf(float(v)); }))
    return "has numbers beyond FP32";
  int64_t bytes = c.size() * 4;
  if (!isSplat(c) && bytes > (isIndexType(c) ? train::maxInlineBytes : train::maxFrozenBytes))
    return "is a constant of " + std::to_string(bytes) + " bytes, which is too large";
  return "";
}

Value Graph::materialize(StringRef name) {
  auto it = constants.find(name);
  if (it == constants.end())
    return nullptr;
  const Constant &c = *it->second;
  OpBuilder &b = builder;
  auto type =
      RankedTensorType::get(c.shape, isIndexType(c) ? Type(b.getI32Type()) : b.getF32Type());
  DenseElementsAttr value;
  if (isIndexType(c)) {
    SmallVector<int32_t> elements(c.integers.begin(), c.integers.end());
    value = DenseElementsAttr::get(type, ArrayRef(elements));
  } else { // bools are 0 or 1
    SmallVector<float> elements;
    for (int64_t i = 0; i < c.size(); ++i)
      elements.push_back(float(c.number(i)));
    value = DenseElementsAttr::get(type, ArrayRef(elements));
  }
  if (!value.isSplat() && c.size() * 4 > train::maxInlineBytes)
    return makeState(name, type, value, /*isFrozen=*/true);
  Value constant = train::createConstant(b, NameLoc::get(b.getStringAttr(name)), value);
  constant.getDefiningOp()->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({name}));
  return values[name] = constant;
}

Value Graph::makeState(StringRef name, RankedTensorType type, Attribute init, bool isFrozen) {
  OpBuilder &b = builder;
  Location loc = NameLoc::get(b.getStringAttr(name));
  OpBuilder atModule(b.getInsertionBlock()->getParentOp());
  train::createState(atModule, loc, name, type, init, /*isStatistic=*/false, isFrozen);
  Value read = train::createRead(b, loc, type, name);
  read.getDefiningOp()->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({name}));
  return values[name] = read;
}

Node::Node(Graph &graph, const onnx::NodeProto &proto, std::string name, int64_t opset)
    : graph(graph), builder(graph.builder), loc(NameLoc::get(builder.getStringAttr(name))),
      proto(proto), label(std::move(name)), opset(opset ? opset : graph.opset) {}

StringRef Node::operatorName() const { return proto.op_type(); }

StringRef Node::domain() const {
  StringRef domain = proto.domain();
  return domain == "ai.onnx" ? StringRef() : domain;
}

int64_t Node::version() const { return domain().empty() ? opset : graph.opsets.lookup(domain()); }

unsigned Node::numInputs() const { return proto.input_size(); }

StringRef Node::inputName(unsigned i) const {
  return i < numInputs() ? StringRef(proto.input(i)) : StringRef();
}

unsigned Node::numOutputs() const { return proto.output_size(); }

StringRef Node::outputName(unsigned i) const {
  return i < numOutputs() ? StringRef(proto.output(i)) : StringRef();
}

//===----------------------------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------------------------===//

Value Node::tensor(unsigned i) {
  StringRef name = inputName(i);
  if (name.empty())
    return nullptr;
  if (Value value = graph.values.lookup(name))
    return value;
  return graph.materialize(name);
}

ArrayRef<int64_t> Node::shape(unsigned i) const {
  if (const Constant *c = known(i))
    return c->shape;
  Value value = graph.values.lookup(inputName(i));
  return value ? shapeOf(value) : ArrayRef<int64_t>();
}

bool Node::isIndex(unsigned i) const {
  if (const Constant *c = known(i))
    return !c->isFloating() && c->type != onnx::TensorProto::BOOL;
  Value value = graph.values.lookup(inputName(i));
  return value && cast<ShapedType>(value.getType()).getElementType().isInteger(32);
}

const Constant *Node::known(unsigned i) const {
  auto it = graph.constants.find(inputName(i));
  return it == graph.constants.end() ? nullptr : it->second.get();
}

std::optional<SmallVector<int64_t>> Node::constant(unsigned i) const {
  const Constant *c = known(i);
  if (!c || c->isFloating())
    return std::nullopt;
  return SmallVector<int64_t>(c->integers.begin(), c->integers.end());
}

std::optional<SmallVector<double>> Node::floats(unsigned i) const {
  const Constant *c = known(i);
  if (!c)
    return std::nullopt;
  SmallVector<double> values;
  for (int64_t e = 0; e < c->size(); ++e)
    values.push_back(c->number(e));
  return values;
}

//===----------------------------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------------------------===//

const onnx::AttributeProto *Node::attribute(StringRef name) const {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

int64_t Node::integer(StringRef name, int64_t absent) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? found->i() : absent;
}

double Node::number(StringRef name, double absent) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? found->f() : absent;
}

std::string Node::string(StringRef name, StringRef absent) const {
  const onnx::AttributeProto *found = attribute(name);
  return found ? found->s() : absent.str();
}

SmallVector<int64_t> Node::integers(StringRef name, ArrayRef<int64_t> absent) const {
  const onnx::AttributeProto *found = attribute(name);
  if (!found)
    return SmallVector<int64_t>(absent);
  return SmallVector<int64_t>(found->ints().begin(), found->ints().end());
}

SmallVector<double> Node::numbers(StringRef name) const {
  const onnx::AttributeProto *found = attribute(name);
  if (!found)
    return {};
  return SmallVector<double>(found->floats().begin(), found->floats().end());
}

std::optional<SmallVector<int64_t>> Node::integersAt(StringRef name, unsigned i) const {
  if (hasAttribute(name))
    return integers(name, {});
  return constant(i);
}

std::optional<double> Node::numberAt(StringRef name, unsigned i) const {
  if (hasAttribute(name))
    return number(name, 0);
  if (const Constant *c = known(i); c && c->size() == 1)
    return c->number(0);
  return std::nullopt;
}

FailureOr<int64_t> Node::positiveAxis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return fail("expected an axis of " + Twine(-rank) + " to " + Twine(rank - 1) + ", found " +
                Twine(axis));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> Node::positiveAxes(ArrayRef<int64_t> axes, int64_t rank) const {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> positive = positiveAxis(axis, rank);
    if (failed(positive))
      return failure();
    result.push_back(*positive);
  }
  llvm::sort(result);
  auto twice = std::adjacent_find(result.begin(), result.end());
  if (twice != result.end())
    return fail("expected different axes, found " + Twine(*twice) + " twice");
  return result;
}

//===----------------------------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------------------------===//

LogicalResult Node::fail(const Twine &message) const {
  return graph.error() << "node \"" << label << "\": " << message;
}

Value Node::reshape(Value x, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(x.getType());
  if (type.getShape() == shape)
    return x;
  return train::createReshape(builder, loc, type.clone(shape), x, train::Phase::fp);
}

LogicalResult Node::setOutput(Value value, StringRef second) {
  if (!value)
    return failure();
  std::string name = outputName(0).str();
  graph.values[name] = value;
  Operation *op = value.getDefiningOp();
  if (!op || op->getLoc() != loc || op->hasAttr(train::getNamesAttrName()))
    return success(); // Identity and the like: the tensor keeps its first name
  SmallVector<std::string> names = {name};
  if (op->getNumResults() == 2)
    names.push_back(name + "/" + second.str());
  op->setAttr(train::getNamesAttrName(),
              builder.getStrArrayAttr(SmallVector<StringRef>(names.begin(), names.end())));
  return success();
}

LogicalResult Node::setOutputs(ValueRange values) {
  for (auto [i, value] : llvm::enumerate(values)) {
    if (!hasOutput(i) || !value)
      continue;
    graph.values[outputName(i)] = value;
    Operation *op = value.getDefiningOp();
    if (!op || op->getLoc() != loc || op->hasAttr(train::getNamesAttrName()))
      continue;
    SmallVector<std::string> names;
    for (OpResult result : op->getResults()) {
      std::string name = (outputName(i) + "/" + Twine(result.getResultNumber())).str();
      for (auto [j, other] : llvm::enumerate(values))
        if (other == result && hasOutput(j))
          name = outputName(j).str();
      names.push_back(name);
    }
    op->setAttr(train::getNamesAttrName(),
                builder.getStrArrayAttr(SmallVector<StringRef>(names.begin(), names.end())));
  }
  return success();
}

LogicalResult Node::setConstant(unsigned i, Constant value) {
  if (!hasOutput(i))
    return success();
  graph.folded += value.size();
  if (graph.folded > maxConstantElements)
    return fail("constants of more than " + Twine(maxConstantElements) +
                " elements are not computed at import");
  graph.constants[outputName(i)] = std::make_shared<const Constant>(std::move(value));
  return success();
}
