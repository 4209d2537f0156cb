//===- LeftOut.cpp - what the user should know of an import -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Notes of one line each: nodes, outputs and initializers that the step does without, parameters
// that an exporter has merged, initializers that stay constants though they look like parameters.
// The same, one by one, for slpc --list-params.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Names.h"

#include "dialects/Train/TrainDialect.h"

#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// The names of results of @step and of what the file says itself must be computed.
static std::vector<std::string> keptResults(func::FuncOp step, const TrainingPlan &plan) {
  std::vector<std::string> names(plan.results);
  for (unsigned i = 0; i < step.getNumResults(); ++i)
    if (auto name = step.getResultAttrOfType<StringAttr>(i, train::getArgNameAttrName()))
      names.push_back(name.str());
  for (auto &[state, value] : plan.updates)
    names.push_back(value);
  for (auto &entry : plan.initial)
    names.push_back(entry.second);
  return names;
}

void Importer::noteLeftOut() {
  std::vector<std::string> kept = keptResults(step, plan), nodes, outputs, initializers;
  // A result may be a tensor that the graph does not return: the logits that a loss reads.
  NodeList all, live;
  appendNodes(all, proto.node());
  appendNodes(live, proto.node());
  llvm::StringSet<> results, read, computed;
  results.insert_range(kept);
  if (Status status = orderNodes(live, kept); !status)
    return; // importList has reported it
  llvm::DenseSet<const onnx::NodeProto *> used;
  for (const NamedNode &node : live.nodes) {
    used.insert(node.proto);
    forEachRead(*node.proto, [&](const std::string &name) { read.insert(name); });
  }
  for (const NamedNode &node : all.nodes)
    if (!used.contains(node.proto) && node.proto->op_type() != "Constant")
      nodes.push_back(node.name);
  for (const onnx::ValueInfoProto &output : proto.output())
    if (!results.contains(output.name()) && !read.contains(output.name()))
      outputs.push_back(output.name());
  for (const onnx::TensorProto &tensor : proto.initializer()) {
    const std::string &name = tensor.name();
    // A counter of steps is the machine's own, with the number that is added to it.
    bool isCounted = !plan.counters.empty() && !isFloatingType(tensor.data_type()) &&
                     countElements({tensor.dims().data(), size_t(tensor.dims_size())}) == 1;
    bool isUsed =
        read.contains(name) || results.contains(name) || plan.hasUpdate(name) || isCounted;
    if (isUsed)
      continue;
    unread.insert(name);
    initializers.push_back(name);
  }
  std::string text;
  auto list = [&](StringRef one, ArrayRef<std::string> names) {
    if (!names.empty())
      text += (text.empty() ? "" : "; ") + one.str() + (names.size() > 1 ? "s " : " ") +
              quoteNames(names);
  };
  list("node", nodes);
  list("output", outputs);
  list("initializer", initializers);
  if (!text.empty())
    graph.note() << "left out, as neither the loss nor a result needs them: " << text;
}

/// A plain torch.onnx.export folds batch normalizations into the convolutions before them, whose
/// weight and bias then have names that it made up: what trains has no normalization.
void Importer::noteFolded() {
  std::vector<std::string> folded;
  for (const onnx::NodeProto &node : proto.node()) {
    bool isConv = node.op_type() == "Conv" || node.op_type() == "ConvTranspose";
    auto isMadeUp = [&](int i) {
      return i < node.input_size() && isGeneratedName(node.input(i)) &&
             sources.contains(node.input(i));
    };
    if (isConv && isMadeUp(1) && isMadeUp(2))
      folded.push_back(node.name().empty() ? node.output(0) : node.name());
  }
  if (!folded.empty())
    graph.note() << "weights and biases with names that PyTorch makes up when it folds a batch "
                    "normalization into a convolution, which then trains without it: node"
                 << (folded.size() > 1 ? "s " : " ") << quoteNames(folded)
                 << "; torch.onnx.export with training=TrainingMode.TRAINING and "
                    "do_constant_folding=False keeps it";
}

void Importer::noteRoles() {
  if (!merged.empty()) {
    std::vector<std::string> pairs;
    pairs.reserve(merged.size());
    for (auto &[name, from] : merged)
      pairs.push_back(name + "\" with \"" + from);
    graph.note() << "parameters that the exporter has merged train as one: " << quoteNames(pairs)
                 << "; --untie=GLOB trains them apart";
  }
  if (plan.form != Form::forward)
    return;
  std::vector<std::string> named, masks, bound, flat, doubtful;
  for (const onnx::TensorProto &tensor : proto.initializer()) {
    const std::string &name = tensor.name();
    if (!isFloatingType(tensor.data_type()) || unread.contains(name))
      continue;
    bool isBound = !roles.boundBy(name).empty(), isLive = roles.isLive(name);
    if (isBound && isLive)
      bound.push_back(name);
    else if (!isBound && !isLive)
      flat.push_back(name);
    if (isBound || !isLive)
      continue;
    RoleOf role = roleOf(name);
    bool isFrozen = llvm::any_of(options.freezes, [&](StringRef glob) {
      auto pattern = llvm::GlobPattern::create(glob);
      if (!pattern)
        llvm::consumeError(pattern.takeError()); // differentiate reports it
      return pattern && pattern->match(name);
    });
    if (role.role == Role::parameter && !role.doubt.empty() && !isFrozen)
      doubtful.push_back(name + "\" (" + role.doubt + ")");
    else if (role.role != Role::parameter)
      (valuesOf(name).isMask ? masks : named).push_back(name);
  }
  if (!named.empty())
    graph.note() << "not trained, as their names are those of constants: " << quoteNames(named);
  if (!masks.empty())
    graph.note() << "not trained, as they hold an infinite number, or one of at most -1e9, as "
                    "masks do: "
                 << quoteNames(masks);
  if (!doubtful.empty()) {
    std::string text;
    for (const std::string &one : doubtful)
      text += (text.empty() ? "\"" : ", \"") + one;
    graph.note() << "trained, though " << (doubtful.size() > 1 ? "they look" : "it looks")
                 << " like a buffer: " << text << "; --freeze=GLOB keeps a value as it is";
  }
  if (!flat.empty())
    graph.note() << "not trained, as they reach no operand that has a gradient: "
                 << quoteNames(flat);
  if (!bound.empty())
    graph.note() << "not trained, as a node needs their values at import: " << quoteNames(bound);
}

void Importer::report(ImportReport &into) {
  llvm::StringSet<> listed;
  auto add = [&](StringRef name, ArrayRef<int64_t> shape, InitializerReport::Kind kind,
                 StringRef why, StringRef doubt = "") {
    if (listed.insert(name).second)
      into.push_back({name.str(), {shape.begin(), shape.end()}, kind, why.str(), doubt.str()});
  };
  for (const onnx::TensorProto &tensor : proto.initializer()) {
    const std::string &name = tensor.name();
    if (!isFloatingType(tensor.data_type()))
      continue;
    ArrayRef<int64_t> shape(tensor.dims().data(), tensor.dims_size());
    RoleOf role = roleOf(name);
    if (unread.contains(name))
      add(name, shape, InitializerReport::unread, "no result of the step needs it");
    else if (role.role == Role::constant)
      add(name, shape, InitializerReport::constant, role.why);
    else
      add(name, shape, InitializerReport::state, role.why, role.doubt);
  }
  auto shapeIn = [&](StringRef name) {
    Value value = graph.values.lookup(name);
    return value ? shapeOf(value) : ArrayRef<int64_t>();
  };
  for (const onnx::ValueInfoProto &input : proto.input())
    if (plan.parameters.contains(input.name()) || sources.inParams(input.name()))
      add(input.name(), shapeIn(input.name()), InitializerReport::state, "");
  for (auto &[name, from] : merged)
    add(name, shapeIn(from), InitializerReport::merged, from);
  for (auto &entry : untied)
    add(entry.getKey(), shapeIn(entry.getKey()), InitializerReport::state,
        "apart from \"" + entry.second + "\", with which the exporter has merged it");
}
