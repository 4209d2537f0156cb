//===- Training.cpp - which of the four forms a file has --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See Training.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Training.h"

#include "lib/Import/ONNX/Constant.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace slp;
using namespace slp::import_onnx;
using llvm::StringRef;

bool TrainingPlan::hasUpdate(StringRef state) const {
  return llvm::any_of(updates, [&](auto &update) { return update.first == state; });
}

StringRef slp::import_onnx::parameterOfBuffer(StringRef input) {
  return input.consume_back("_grad.accumulation.buffer") ? input : StringRef();
}

static std::string quoted(const std::string &name) { return "\"" + name + "\""; }

/// Adds (state, value); each state has one update at most.
static Status addUpdate(TrainingPlan &plan, const std::string &state, const std::string &value) {
  for (auto &[otherState, otherValue] : plan.updates)
    if (otherState == state)
      return Error{"training: " + quoted(state) + " is updated twice, by " + quoted(otherValue) +
                   " and " + quoted(value)};
  plan.updates.emplace_back(state, value);
  return Status::success();
}

//===----------------------------------------------------------------------------------------===//
// TrainingInfoProto
//===----------------------------------------------------------------------------------------===//

static constexpr StringRef initializationPrefix = "initialization:";

/// Moves the initialization graph to the front of `graph`, under names of its own.
static Status mergeInitialization(onnx::GraphProto &&from, std::vector<DataSlice> slices,
                                  onnx::GraphProto &graph, std::vector<DataSlice> &graphSlices) {
  if (from.input_size())
    return Error{"training: expected an initialization graph without inputs, found " +
                 quoted(from.input(0).name())};
  auto rename = [](std::string &name) {
    if (!name.empty())
      name.insert(0, initializationPrefix.str());
  };
  for (onnx::TensorProto &tensor : *from.mutable_initializer())
    rename(*tensor.mutable_name());
  for (onnx::NodeProto &node : *from.mutable_node()) {
    for (std::string &name : *node.mutable_input())
      rename(name);
    for (std::string &name : *node.mutable_output())
      rename(name);
  }
  graph.mutable_initializer()->MergeFrom(from.initializer());
  graphSlices.insert(graphSlices.end(), slices.begin(), slices.end());
  from.mutable_node()->MergeFrom(graph.node());
  graph.mutable_node()->Swap(from.mutable_node());
  return Status::success();
}

/// Whether `value` is the sum of `counter` and a constant one; `adder` is then the node's index.
static bool isIncrement(const onnx::GraphProto &graph, const std::string &counter,
                        const std::string &value, int &adder) {
  auto isOne = [&](const std::string &name) {
    auto holdsOne = [](const onnx::TensorProto &tensor) {
      Result<Constant> constant = readConstant(tensor, {});
      return constant && constant->size() == 1 && constant->number(0) == 1;
    };
    for (const onnx::TensorProto &tensor : graph.initializer())
      if (tensor.name() == name)
        return holdsOne(tensor);
    for (const onnx::NodeProto &node : graph.node())
      if (node.op_type() == "Constant" && node.output_size() && node.output(0) == name)
        return node.attribute_size() == 1 &&
               (node.attribute(0).name() == "value_int" ? node.attribute(0).i() == 1
                                                        : holdsOne(node.attribute(0).t()));
    return false;
  };
  for (adder = 0; adder < graph.node_size(); ++adder) {
    const onnx::NodeProto &node = graph.node(adder);
    if (node.output_size() && node.output(0) == value)
      return node.op_type() == "Add" && node.input_size() == 2 &&
             ((node.input(0) == counter && isOne(node.input(1))) ||
              (node.input(1) == counter && isOne(node.input(0))));
  }
  return false;
}

/// Takes updates of integer scalars out of the plan and the graph: the machine counts steps itself.
static Status takeCounters(TrainingPlan &plan, onnx::GraphProto &graph) {
  llvm::StringMap<const onnx::TensorProto *> tensors;
  for (const onnx::TensorProto &tensor : graph.initializer())
    tensors[tensor.name()] = &tensor;
  std::vector<std::pair<std::string, std::string>> kept;
  for (auto &[state, value] : plan.updates) {
    const onnx::TensorProto *tensor = tensors.lookup(state);
    if (!tensor && !plan.parameters.contains(state))
      return Error{"training: expected the updated " + quoted(state) +
                   " to be an initializer, found none of that name"};
    if (!tensor || isFloatingType(tensor->data_type())) {
      kept.emplace_back(state, value);
      continue;
    }
    int adder = 0;
    if (!isIncrement(graph, state, value, adder))
      return Error{"training: expected the integer " + quoted(state) +
                   " to grow by the constant 1 a step"};
    for (int i = 0; i < graph.node_size(); ++i)
      if (i != adder && llvm::is_contained(graph.node(i).input(), value))
        return Error{"training: the next value of the counter " + quoted(state) +
                     " is read by a node, which is not supported"};
    graph.mutable_node()->DeleteSubrange(adder, 1);
    plan.counters.insert(state);
  }
  plan.updates = std::move(kept);
  return Status::success();
}

/// An output that is a state's next value is no result of the step. In artifacts, sums of gradients
/// are not either, but they must be computed.
static void takeOutputs(TrainingPlan &plan, onnx::GraphProto &graph) {
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> kept;
  for (onnx::ValueInfoProto &output : *graph.mutable_output()) {
    bool isSum = plan.form == Form::artifacts &&
                 StringRef(output.name()).ends_with("_grad.accumulation.out");
    if (isSum)
      plan.results.push_back(output.name());
    else if (llvm::none_of(plan.updates,
                           [&](auto &update) { return update.second == output.name(); }))
      *kept.Add() = std::move(output);
  }
  graph.mutable_output()->Swap(&kept);
}

static Result<TrainingPlan> planStandard(ModelFile &file) {
  TrainingPlan plan;
  plan.form = Form::standard;
  onnx::GraphProto &graph = *file.model.mutable_graph();
  for (int i = 0; i < file.model.training_info_size(); ++i) {
    onnx::TrainingInfoProto &info = *file.model.mutable_training_info(i);
    TrainingSlices slices =
        i < int(file.trainingSlices.size()) ? file.trainingSlices[i] : TrainingSlices();
    if (file.bytes && i >= int(file.trainingSlices.size()))
      return Error{"training: a TrainingInfoProto that is not in one piece is not supported"};
    onnx::GraphProto &algorithm = *info.mutable_algorithm();
    graph.mutable_input()->MergeFrom(algorithm.input());
    graph.mutable_initializer()->MergeFrom(algorithm.initializer());
    graph.mutable_node()->MergeFrom(algorithm.node());
    graph.mutable_output()->MergeFrom(algorithm.output());
    file.slices.insert(file.slices.end(), slices.algorithm.begin(), slices.algorithm.end());
    for (const onnx::StringStringEntryProto &binding : info.update_binding())
      if (Status status = addUpdate(plan, binding.key(), binding.value()); !status)
        return status.takeError();
    if (Status status = mergeInitialization(std::move(*info.mutable_initialization()),
                                            slices.initialization, graph, file.slices);
        !status)
      return status.takeError();
    for (const onnx::StringStringEntryProto &binding : info.initialization_binding())
      if (!plan.initial.try_emplace(binding.key(), (initializationPrefix + binding.value()).str())
               .second)
        return Error{"training: " + quoted(binding.key()) + " is initialized twice"};
  }
  file.model.clear_training_info();
  if (Status status = takeCounters(plan, graph); !status)
    return status.takeError();
  takeOutputs(plan, graph);
  return plan;
}

//===----------------------------------------------------------------------------------------===//
// Artifacts
//===----------------------------------------------------------------------------------------===//

/// Inputs of operators that are parameters whoever gives them. Those of Gemm and MatMul are not:
/// their gradients are the same operators, with data there.
static llvm::ArrayRef<int> parameterInputs(StringRef op) {
  static constexpr int dense[] = {1, 2}, norm[] = {1, 2, 3, 4};
  if (op == "Conv" || op == "ConvTranspose" || op == "LayerNormalization")
    return dense;
  if (op == "BatchNormInternal" || op == "BatchNormalization")
    return norm;
  return {};
}

static bool isArtifact(const onnx::GraphProto &graph) {
  return llvm::any_of(graph.input(), [](const onnx::ValueInfoProto &input) {
    return !parameterOfBuffer(input.name()).empty();
  });
}

static Result<TrainingPlan> planArtifacts(onnx::GraphProto &graph) {
  TrainingPlan plan;
  plan.form = Form::artifacts;
  llvm::StringSet<> inputs, data;
  for (const onnx::ValueInfoProto &input : graph.input())
    inputs.insert(input.name());
  for (const onnx::ValueInfoProto &input : graph.input()) {
    StringRef parameter = parameterOfBuffer(input.name());
    if (!parameter.empty()) {
      if (!inputs.contains(parameter))
        return Error{"training: the accumulation buffer " + quoted(input.name()) +
                     " belongs to no input of the graph"};
      plan.absent.insert(input.name());
      plan.parameters.insert(parameter);
    } else if (input.name() == "lazy_reset_grad") {
      plan.absent.insert(input.name());
    }
  }
  for (const onnx::NodeProto &node : graph.node())
    for (int i : parameterInputs(node.op_type()))
      if (i < node.input_size() && inputs.contains(node.input(i)))
        plan.parameters.insert(node.input(i));
  takeOutputs(plan, graph);
  return plan;
}

//===----------------------------------------------------------------------------------------===//
// A step in ordinary operators
//===----------------------------------------------------------------------------------------===//

/// The parameter of which `output` is the next value by one of the conventions of docs/forms.md.
static std::string updatedBy(StringRef output, const llvm::StringSet<> &parameters) {
  for (StringRef suffix : {".new", "_new", "/new", ".next", "_next", ".updated", "_updated"}) {
    StringRef name = output;
    if (name.consume_back(suffix) && parameters.contains(name))
      return name.str();
  }
  for (StringRef prefix : {"new_", "next_", "updated_", "new.", "next.", "updated."}) {
    StringRef name = output;
    if (name.consume_front(prefix) && parameters.contains(name))
      return name.str();
  }
  return "";
}

/// Whether the graph is nothing but optimizers: their results are no updates, there being no step.
static bool isOptimizerAlone(const onnx::GraphProto &graph) {
  return llvm::all_of(graph.node(), [](const onnx::NodeProto &node) {
    return node.domain() == "ai.onnx.preview.training";
  });
}

static Result<TrainingPlan>
planWritten(ModelFile &file, const std::vector<std::pair<std::string, std::string>> &given) {
  TrainingPlan plan;
  onnx::GraphProto &graph = *file.model.mutable_graph();
  llvm::StringSet<> inputs, parameters, outputs;
  for (const onnx::ValueInfoProto &input : graph.input())
    inputs.insert(input.name());
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    parameters.insert(tensor.name());
    inputs.erase(tensor.name()); // IR version 3 lists them as inputs too
  }
  for (const auto &input : inputs)
    parameters.insert(input.getKey());
  for (const onnx::ValueInfoProto &output : graph.output())
    outputs.insert(output.name());
  for (auto &[state, value] : given) {
    if (!parameters.contains(state))
      return Error{"--update=" + state + "=" + value + ": the graph has no initializer or input " +
                   quoted(state)};
    if (!outputs.contains(value))
      return Error{"--update=" + state + "=" + value + ": the graph has no output " +
                   quoted(value)};
    if (Status status = addUpdate(plan, state, value); !status)
      return status.takeError();
  }
  for (const onnx::ValueInfoProto &output : graph.output()) {
    std::string state = updatedBy(output.name(), parameters);
    bool isGiven = llvm::any_of(given, [&](auto &update) {
      return update.second == output.name() || update.first == state;
    });
    if (state.empty() || isGiven || isOptimizerAlone(graph))
      continue;
    if (Status status = addUpdate(plan, state, output.name()); !status)
      return status.takeError();
  }
  for (auto &update : plan.updates)
    if (inputs.contains(update.first))
      plan.parameters.insert(update.first);
  if (!plan.updates.empty())
    plan.form = Form::written;
  if (Status status = takeCounters(plan, graph); !status)
    return status.takeError();
  takeOutputs(plan, graph);
  return plan;
}

Result<TrainingPlan>
slp::import_onnx::planTraining(ModelFile &file,
                               const std::vector<std::pair<std::string, std::string>> &given) {
  bool isStandard = file.model.training_info_size() != 0,
       isRuntime = isArtifact(file.model.graph());
  if (!given.empty() && (isStandard || isRuntime))
    return Error{"--update=" + given.front().first + "=" + given.front().second +
                 ": the file says itself what is updated"};
  if (isStandard)
    return planStandard(file);
  if (isRuntime)
    return planArtifacts(*file.model.mutable_graph());
  return planWritten(file, given);
}
