//===- NodeList.cpp - the nodes of a graph in an order to import them -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/NodeList.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace slp;
using namespace slp::import_onnx;

void slp::import_onnx::appendNodes(NodeList &list, const NodeProtos &protos) {
  for (int i = 0; i < protos.size(); ++i) {
    const onnx::NodeProto &proto = protos.Get(i);
    list.nodes.push_back(
        {&proto, proto.name().empty() ? proto.op_type() + "_" + std::to_string(i) : proto.name()});
  }
}

void slp::import_onnx::forEachRead(const onnx::NodeProto &node,
                                   llvm::function_ref<void(const std::string &)> visit) {
  for (const std::string &input : node.input())
    if (!input.empty())
      visit(input);
  auto visitBody = [&](const onnx::GraphProto &body) {
    llvm::StringSet<> own;
    for (const onnx::ValueInfoProto &input : body.input())
      own.insert(input.name());
    for (const onnx::TensorProto &tensor : body.initializer())
      own.insert(tensor.name());
    for (const onnx::NodeProto &inner : body.node())
      for (const std::string &output : inner.output())
        own.insert(output);
    auto visitOuter = [&](const std::string &name) {
      if (!own.contains(name))
        visit(name);
    };
    for (const onnx::NodeProto &inner : body.node())
      forEachRead(inner, visitOuter);
    for (const onnx::ValueInfoProto &output : body.output())
      visitOuter(output.name());
  };
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g())
      visitBody(attribute.g());
    for (const onnx::GraphProto &body : attribute.graphs())
      visitBody(body);
  }
}

namespace {
/// Depth first from the results, without recursion: a graph may be a chain of 100,000 nodes.
class Sorter {
public:
  explicit Sorter(const std::vector<NamedNode> &nodes) : nodes(nodes), state(nodes.size(), unseen) {
    for (size_t i = 0; i < nodes.size(); ++i)
      for (const std::string &output : nodes[i].proto->output())
        if (!output.empty())
          definedBy.try_emplace(output, i); // a second definition is reported elsewhere
  }

  /// Adds the node that makes `name` and all it needs to `order`.
  Status visit(const std::string &name);

  std::vector<size_t> order;

private:
  enum State : char { unseen, open, done };
  struct Frame {
    size_t node;
    std::vector<size_t> needs;
    size_t next = 0;
  };

  Frame enter(size_t node) {
    state[node] = open;
    Frame frame{node, {}};
    forEachRead(*nodes[node].proto, [&](const std::string &name) {
      if (auto it = definedBy.find(name); it != definedBy.end())
        frame.needs.push_back(it->second);
    });
    return frame;
  }

  const std::vector<NamedNode> &nodes;
  llvm::StringMap<size_t> definedBy;
  std::vector<State> state;
};
} // namespace

Status Sorter::visit(const std::string &name) {
  auto it = definedBy.find(name);
  if (it == definedBy.end() || state[it->second] != unseen)
    return Status::success();
  std::vector<Frame> stack;
  stack.push_back(enter(it->second));
  while (!stack.empty()) {
    Frame &frame = stack.back();
    if (frame.next == frame.needs.size()) {
      state[frame.node] = done;
      order.push_back(frame.node);
      stack.pop_back();
      continue;
    }
    size_t need = frame.needs[frame.next++];
    if (state[need] == open)
      return Error{"node \"" + nodes[need].name +
                   "\": the graph has a cycle: the node reads what depends on its output"};
    if (state[need] == unseen)
      stack.push_back(enter(need));
  }
  return Status::success();
}

Status slp::import_onnx::orderNodes(NodeList &list, const std::vector<std::string> &results) {
  Sorter sorter(list.nodes);
  for (const std::string &result : results)
    if (Status status = sorter.visit(result); !status)
      return status;
  // Places in the file decide where the order of execution leaves a choice.
  bool isSorted = true;
  std::vector<size_t> inFileOrder = sorter.order;
  std::sort(inFileOrder.begin(), inFileOrder.end());
  llvm::StringSet<> made, live;
  for (size_t i : inFileOrder)
    for (const std::string &output : list.nodes[i].proto->output())
      live.insert(output);
  for (size_t i : inFileOrder) {
    forEachRead(*list.nodes[i].proto, [&](const std::string &name) {
      isSorted &= !live.contains(name) || made.contains(name);
    });
    for (const std::string &output : list.nodes[i].proto->output())
      made.insert(output);
  }
  std::vector<NamedNode> ordered;
  for (size_t i : isSorted ? inFileOrder : sorter.order)
    ordered.push_back(std::move(list.nodes[i]));
  list.nodes = std::move(ordered);
  return Status::success();
}
