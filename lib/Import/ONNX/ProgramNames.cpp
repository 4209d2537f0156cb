//===- ProgramNames.cpp - tensors that are called like programs -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See ProgramNames.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/ProgramNames.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace slp;

using Visitor = llvm::function_ref<void(std::string &)>;

/// Every place of a graph where a tensor is named, the graphs in its nodes included.
static void visitNames(onnx::GraphProto &graph, Visitor visit) {
  for (onnx::ValueInfoProto &input : *graph.mutable_input())
    visit(*input.mutable_name());
  for (onnx::ValueInfoProto &output : *graph.mutable_output())
    visit(*output.mutable_name());
  for (onnx::ValueInfoProto &value : *graph.mutable_value_info())
    visit(*value.mutable_name());
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    visit(*tensor.mutable_name());
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    for (std::string &input : *node.mutable_input())
      visit(input);
    for (std::string &output : *node.mutable_output())
      visit(output);
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        visitNames(*attribute.mutable_g(), visit);
      for (onnx::GraphProto &inner : *attribute.mutable_graphs())
        visitNames(inner, visit);
    }
  }
}

static void visitNames(onnx::ModelProto &model, Visitor visit) {
  visitNames(*model.mutable_graph(), visit);
  for (onnx::TrainingInfoProto &info : *model.mutable_training_info()) {
    visitNames(*info.mutable_initialization(), visit);
    visitNames(*info.mutable_algorithm(), visit);
    for (auto *bindings : {info.mutable_initialization_binding(), info.mutable_update_binding()})
      for (onnx::StringStringEntryProto &binding : *bindings) {
        visit(*binding.mutable_key());
        visit(*binding.mutable_value());
      }
  }
}

std::vector<std::pair<std::string, std::string>>
import_onnx::renameProgramNames(onnx::ModelProto &model) {
  std::vector<std::pair<std::string, std::string>> renamed;
  for (const char *name : {"init", "accumulate", "step", "eval", "sync"}) {
    llvm::StringSet<> all;
    visitNames(model, [&](std::string &other) { all.insert(other); });
    if (!all.contains(name))
      continue;
    std::string other = name;
    while (all.contains(other))
      other += '_';
    visitNames(model, [&](std::string &given) {
      if (given == name)
        given = other;
    });
    renamed.emplace_back(name, other);
  }
  return renamed;
}
