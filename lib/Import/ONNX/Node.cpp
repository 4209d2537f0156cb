//===- Node.cpp - what an operator's importer sees --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Node.h"

#include "mlir/IR/Verifier.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"

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

Node::Node(Graph &graph, const onnx::NodeProto &proto, std::string name)
    : graph(graph), builder(graph.builder), loc(NameLoc::get(builder.getStringAttr(name))),
      proto(proto), label(std::move(name)) {}

StringRef Node::operatorName() const { return proto.op_type(); }

unsigned Node::numInputs() const { return proto.input_size(); }

StringRef Node::inputName(unsigned i) const {
  return i < numInputs() ? StringRef(proto.input(i)) : StringRef();
}

StringRef Node::outputName(unsigned i) const {
  return int(i) < proto.output_size() ? StringRef(proto.output(i)) : StringRef();
}

Value Node::input(unsigned i) const {
  auto padded = graph.padded.find(inputName(i));
  return padded != graph.padded.end() ? padded->second.x : graph.values.lookup(inputName(i));
}

ArrayRef<int64_t> Node::shape(unsigned i) const { return shapeOf(input(i)); }

const SmallVector<int64_t> *Node::constant(unsigned i) const {
  auto it = graph.constants.find(inputName(i));
  return it == graph.constants.end() ? nullptr : &it->second;
}

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

SmallVector<int64_t> Node::integers(StringRef name, ArrayRef<int64_t> absent) const {
  const onnx::AttributeProto *found = attribute(name);
  if (!found)
    return SmallVector<int64_t>(absent);
  return SmallVector<int64_t>(found->ints().begin(), found->ints().end());
}

LogicalResult Node::fail(const Twine &message) const {
  return graph.error() << "node \"" << label << "\": " << message;
}

Value Node::reshape(Value x, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(x.getType());
  if (type.getShape() == shape)
    return x;
  return train::ReshapeOp::create(builder, loc, type.clone(shape), x);
}

LogicalResult Node::setOutput(Value value, StringRef second) {
  if (!value)
    return failure();
  std::string name = proto.output(0);
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
