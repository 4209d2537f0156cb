//===- Roles.cpp - how a graph uses its values ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Roles.h"

#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/Operators.h"

using namespace slp;
using namespace slp::import_onnx;
using llvm::StringRef;

StringRef Roles::boundBy(StringRef name) const {
  auto it = bound.find(name);
  return it == bound.end() ? StringRef() : StringRef(it->second);
}

void Roles::scan(const NodeList &list) {
  for (const NamedNode &node : llvm::reverse(list.nodes))
    scan(node);
}

void Roles::noteScores(const onnx::NodeProto &node, int i) {
  StringRef op = node.op_type();
  std::string output = node.output_size() ? node.output(0) : "";
  const std::string &name = node.input(i);
  if (op == "Shape" || op == "Size")
    return;
  if (op == "Softmax") {
    scores.insert(name);
    return;
  }
  bool isForScores =
      (scores.contains(output) || added.contains(output)) && !usedOtherwise.contains(output);
  bool isMoved = added.contains(output) && !usedOtherwise.contains(output) && i == 0 &&
                 (op == "Cast" || op == "Expand" || op == "Identity" || op == "Reshape" ||
                  op == "Slice" || op == "Squeeze" || op == "Transpose" || op == "Unsqueeze");
  if ((op == "Add" && isForScores) || isMoved)
    added.insert(name);
  else
    usedOtherwise.insert(name);
}

void Roles::scan(const NamedNode &node) {
  const onnx::NodeProto &proto = *node.proto;
  auto entry = operatorTable().find(keyOf(proto));
  const Operator *op = entry == operatorTable().end() ? nullptr : &entry->second;
  bool isStandard = proto.domain().empty() || proto.domain() == "ai.onnx";
  auto fold = isStandard ? foldTable().find(proto.op_type()) : foldTable().end();
  bool isComputed = fold != foldTable().end() && fold->second.needsValues;
  bool readsShapes = fold != foldTable().end() && !fold->second.needsValues;

  bool isLiveHere = false;
  StringRef binder; // the node that needs an output of this one
  for (const std::string &output : proto.output()) {
    isLiveHere |= live.contains(output);
    if (isComputed && binder.empty())
      binder = boundBy(output);
  }
  int independents = 0; // the first inputs of a Gradient
  if (proto.domain() == "ai.onnx.preview.training" && proto.op_type() == "Gradient")
    for (const onnx::AttributeProto &attribute : proto.attribute())
      if (attribute.name() == "xs")
        independents = attribute.strings_size();
  llvm::StringSet<> operands;
  for (int i = 0; i < proto.input_size(); ++i) {
    const std::string &name = proto.input(i);
    if (name.empty())
      continue;
    operands.insert(name);
    noteScores(proto, i);
    // An operator that is only computed, never built, needs the values of all it reads.
    char kind = op ? op->kindOf(i) : readsShapes ? 'n' : isComputed ? 'c' : 'f';
    if (isStandard && proto.op_type() == "If" && i == 0)
      kind = 'c';
    if (kind == 'c' || !binder.empty())
      bound.try_emplace(name, (kind == 'c' ? StringRef(node.name) : binder).str());
    bool hasGradient = kind == 'f' || kind == 'w' || kind == 's' || kind == 'a';
    if (hasGradient && isLiveHere)
      live.insert(name);
    bool isSame = proto.op_type() == "Identity" && weights.contains(proto.output(0));
    if (kind == 'w' || isSame)
      weights.insert(name);
    if (kind == 's')
      statistics.insert(name);
    if (i < independents)
      independent.insert(name);
  }
  // What subgraphs read of the graph around them is not known before a branch is taken.
  if (isLiveHere)
    forEachRead(proto, [&](const std::string &name) {
      if (!operands.contains(name)) {
        live.insert(name);
        usedOtherwise.insert(name);
      }
    });
}
