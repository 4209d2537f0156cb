//===- Import.cpp - from an ONNX file to train IR ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads the file, puts the nodes in order, then takes one after the other: what is known now is
// folded, everything else checked against the operator table and built into @step. A node that
// fails leaves its outputs undefined; nodes that read those are passed over in silence, so that one
// run reports all that is wrong once.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Import/ONNX.h"

#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/ProgramNames.h"
#include "lib/Import/ONNX/Window.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

Importer::Importer(ModuleOp module, StringRef path, const ModelFile &file, const TrainingPlan &plan,
                   const ImportOptions &options, ImportReport *reported)
    : module(module), file(file), proto(file.model.graph()), plan(plan), options(options),
      fileName(llvm::sys::path::filename(path)), graph(module.getContext(), path.str()),
      sources(path, file), inliner(file.model), reported(reported) {}

LogicalResult Importer::run() {
  OpBuilder &b = graph.builder;
  module->setAttr("slp.stage", b.getStringAttr("import"));
  module->setAttr("train.model", b.getStringAttr(fileName));
  b.setInsertionPointToEnd(module.getBody());
  step = func::FuncOp::create(b, NameLoc::get(b.getStringAttr("step")), "step",
                              b.getFunctionType({}, {}));
  b.setInsertionPointToStart(step.addEntryBlock());
  if (failed(checkVersion()) || failed(collectInitializers()) || failed(importInputs()) ||
      failed(importNodes()) || failed(checkUnties()) || failed(finish()))
    return failure();
  noteLeftOut();
  noteFolded();
  noteBakedNumbers();
  noteProbabilities();
  noteRoles();
  if (reported)
    report(*reported);
  return success();
}

LogicalResult Importer::checkVersion() {
  for (const onnx::OperatorSetIdProto &set : file.model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      graph.opset = set.version();
    else
      graph.opsets[set.domain()] = set.version();
  bool usesStandard = llvm::any_of(proto.node(), [](const onnx::NodeProto &node) {
    return node.domain().empty() || node.domain() == "ai.onnx";
  });
  if (file.model.opset_import_size() == 0 || (graph.opset == 0 && !usesStandard))
    graph.opset = 1; // a file from before there were operator sets, or that needs none but others
  if (graph.opset < 1)
    return graph.error() << "expected an ONNX operator set of 1 or later, found " << graph.opset;
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Inputs of a node
//===----------------------------------------------------------------------------------------===//

static StringRef describeKind(char kind) {
  switch (kind) {
  case 'l':
    return "labels (INT64 or INT32)";
  case 'i':
    return "a tensor of INT64 or INT32";
  case 'a':
    return "a tensor of FLOAT, INT64 or INT32";
  case 'x':
    return "the Indices of a MaxPool";
  default:
    return "a tensor of FLOAT";
  }
}

/// Finds the tensor that input `i` names and checks that it is of the kind the operator wants.
LogicalResult Importer::resolveInput(const Node &node, unsigned i, char kind) {
  StringRef name = node.inputName(i), type = node.operatorName();
  if (kind == 'n' || (kind == 'r' && plan.absent.contains(name)))
    return success();
  bool isCounter = plan.counters.contains(name);
  if (kind == 't' && isCounter)
    return success();
  if (isCounter)
    return node.fail(Twine(type) + " of \"" + name + "\", which counts steps, is not supported");
  if (kind == 't' && !graph.values.count(name))
    return node.fail(Twine(type) + ": expected input \"" + name +
                     "\" to be an integer that grows by one a step");
  if (kind == 't')
    kind = 'i';
  if (kind == 'd')
    kind = 'a';
  if (kind == 'b')
    kind = 'f';
  if (kind == 'r')
    kind = graph.values.count(name) ? 'f' : 'c';
  if (kind == '-')
    return node.fail(Twine(type) + ": input \"" + name + "\" is not supported, expected none");
  bool isKnown = graph.values.count(name) || graph.constants.count(name);
  if (!isKnown && sources.contains(name)) {
    if (failed(readInitializer(name)))
      return failure();
  } else if (!isKnown) {
    return node.fail("input \"" + name +
                     "\" is not an output of a node, an input or an initializer");
  }
  if (kind == 'c') {
    if (graph.constants.count(name))
      return success();
    return node.fail(Twine(type) + ": expected input \"" + name + "\" to be a constant" +
                     (plan.hasUpdate(name)     ? ", found a parameter that the file updates"
                      : sources.contains(name) ? ", found a parameter"
                                               : ""));
  }
  auto misfit = [&] {
    return node.fail(Twine(type) + ": expected input \"" + name + "\" to be " + describeKind(kind));
  };
  if (Value value = graph.values.lookup(name)) {
    Type element = cast<RankedTensorType>(value.getType()).getElementType();
    bool isIndex = element.isInteger(32), wantsIndex = kind == 'l' || kind == 'i';
    if (isWindowIndex(value) || kind == 'x')
      return isWindowIndex(value) && kind == 'x' ? success() : misfit();
    bool isFine = kind == 'a' ? isIndex || element.isF32() : wantsIndex ? isIndex : element.isF32();
    return isFine ? success() : misfit();
  }
  if (kind == 'x')
    return misfit();
  const Constant &c = *graph.constants.find(name)->second;
  bool isFloat = c.isFloating() || c.type == onnx::TensorProto::BOOL;
  if (kind == 'x' || (kind != 'a' && isFloat == (kind == 'l' || kind == 'i')))
    return misfit();
  if (std::string why = Graph::checkMaterial(c); !why.empty())
    return node.fail(Twine(type) + ": input \"" + name + "\" " + why);
  return success();
}

/// Computes the node now if the table of folds can and its inputs are known.
FailureOr<bool> Importer::foldNode(Node &node) {
  auto rule = foldTable().find(node.operatorName().str());
  if (rule == foldTable().end() || !node.domain().empty() || node.numInputs() < rule->second.inputs)
    return false;
  for (unsigned i = 0; i < node.numInputs(); ++i) {
    StringRef name = node.inputName(i);
    if (name.empty()) {
      if (i < rule->second.inputs)
        return false;
      continue;
    }
    if (graph.constants.count(name))
      continue;
    if (plan.counters.contains(name))
      return false;
    if (!graph.values.count(name)) {
      if (!sources.contains(name))
        return false;
      if (rule->second.needsValues && roleOf(name).role != Role::constant)
        return false;
      if (failed(readInitializer(name)))
        return failure();
    }
    if (rule->second.needsValues && !graph.constants.count(name))
      return false;
  }
  return rule->second.fold(node);
}

LogicalResult Importer::importNode(const NamedNode &named) {
  Node node(graph, *named.proto, named.name, named.opset);
  if (node.domain().empty() && node.operatorName() == "If")
    return importIf(named, node);
  FailureOr<bool> isUntied = untie(node);
  if (failed(isUntied) || *isUntied)
    return isUntied;
  if (options.batch && failed(checkBatch(node)))
    return failure();
  FailureOr<bool> isFolded = foldNode(node);
  if (failed(isFolded))
    return failure();
  if (options.batch)
    findBakedNumber(node);
  if (*isFolded)
    return success();
  const Operator *op = checkNode(node, *named.proto);
  if (!op)
    return failure();
  for (unsigned i = 0; i < node.numInputs(); ++i)
    if (node.hasInput(i) && failed(resolveInput(node, i, op->kindOf(i))))
      return failure();
  return importBuilt(node, *op);
}

/// An If of which the condition is known is the branch that it takes.
LogicalResult Importer::importIf(const NamedNode &named, Node &node) {
  StringRef name = node.inputName(0);
  if (!name.empty() && !graph.constants.count(name) && !graph.values.count(name) &&
      sources.contains(name) && failed(readInitializer(name)))
    return failure();
  const Constant *condition = node.known(0);
  if (!condition || condition->size() != 1)
    return node.fail("operator If is not supported, unless its condition is a constant");
  StringRef side = condition->number(0) != 0 ? "then_branch" : "else_branch";
  const onnx::AttributeProto *branch = node.attribute(side);
  if (!branch || !branch->has_g() || branch->g().output_size() < int(node.numOutputs()))
    return node.fail("If: expected a " + side + " of " + Twine(node.numOutputs()) + " outputs");
  NodeList list = inliner.inlineBranch(named, branch->g());
  std::vector<std::string> results(named.proto->output().begin(), named.proto->output().end());
  return importList(list, results);
}

/// No value has two definitions.
LogicalResult Importer::checkNames(const NodeList &list) {
  bool isFine = true;
  llvm::StringMap<StringRef> definedBy;
  for (const NamedNode &node : list.nodes)
    for (const std::string &output : node.proto->output()) {
      if (output.empty())
        continue;
      auto [other, isNew] = definedBy.try_emplace(output, node.name);
      if (isNew && !graph.values.count(output) && !graph.constants.count(output) &&
          !sources.contains(output))
        continue;
      graph.error() << "node \"" << node.name << "\": output \"" << output << "\" is defined twice"
                    << (isNew ? "" : ", first by node \"" + other->second.str() + "\"");
      isFine = false;
    }
  return success(isFine);
}

LogicalResult Importer::importList(NodeList &list, const std::vector<std::string> &results) {
  auto isSupported = [](const onnx::NodeProto &node) {
    return operatorTable().count(keyOf(node)) != 0;
  };
  if (Status status = inliner.inlineFunctions(list, isSupported); !status)
    return graph.error() << status.message();
  bool isFine = succeeded(checkNames(list));
  if (Status status = orderNodes(list, results); !status)
    return graph.error() << status.message();
  roles.scan(list);
  for (const NamedNode &node : list.nodes) {
    bool isPassedOver = false;
    forEachRead(*node.proto,
                [&](const std::string &name) { isPassedOver |= undefined.contains(name); });
    if (!isPassedOver && succeeded(importNode(node)))
      continue;
    if (isPassedOver && !foldTable().count(node.proto->op_type()))
      checkNode(Node(graph, *node.proto, node.name, node.opset), *node.proto);
    isFine = false;
    for (const std::string &output : node.proto->output())
      undefined.insert(output);
  }
  return success(isFine);
}

LogicalResult Importer::importNodes() {
  NodeList list;
  appendNodes(list, proto.node());
  std::vector<std::string> results;
  for (const onnx::ValueInfoProto &output : proto.output())
    results.push_back(output.name());
  for (auto &update : plan.updates)
    results.push_back(update.second);
  results.insert(results.end(), plan.results.begin(), plan.results.end());
  for (auto &[state, value] : plan.updates) // in the order of the file
    if (auto it = plan.initial.find(state); it != plan.initial.end())
      results.push_back(it->second);
  // What --logits names need not lead to an output.
  bool isMade = llvm::any_of(proto.node(), [&](const onnx::NodeProto &node) {
    return llvm::is_contained(node.output(), options.logits);
  });
  if (!options.logits.empty() && isMade)
    results.push_back(options.logits);
  for (const std::string &result : results)
    roles.addResult(result);
  return importList(list, results);
}

OwningOpRef<ModuleOp> slp::importONNX(MLIRContext &context, StringRef path,
                                      const ImportOptions &options, ImportReport *report) {
  context.loadDialect<func::FuncDialect, train::TrainDialect>();
  auto unknown = UnknownLoc::get(&context);
  if (llvm::sys::fs::is_directory(path)) {
    emitError(unknown) << path << ": expected a file, found a directory";
    return nullptr;
  }
  Result<std::unique_ptr<ModelFile>> file = Error{};
  if (path.ends_with(".onnxtxt")) {
    auto text = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    file = text ? parseTextModel((*text)->getBuffer().str())
                : Result<std::unique_ptr<ModelFile>>(Error{text.getError().message()});
  } else {
    file = readBinaryModel(path);
  }
  if (!file) {
    emitError(unknown) << path << ": " << file.message();
    return nullptr;
  }
  for (auto &[name, other] : renameProgramNames((*file)->model))
    Note(unknown, path) << "tensor \"" << name
                        << "\" has the name of a program of the image and is called \"" << other
                        << "\" from here on";
  Result<TrainingPlan> plan = planTraining(**file, options.updates);
  if (!plan) {
    emitError(unknown) << path << ": " << plan.message();
    return nullptr;
  }
  if (!options.unties.empty() && plan->form != Form::forward) {
    emitError(unknown) << "--untie=" << options.unties.front() << ": " << path
                       << " says itself what is updated";
    return nullptr;
  }
  if (!options.optimizerModel.empty() && plan->form != Form::artifacts) {
    emitError(unknown) << "--optimizer-model=" << options.optimizerModel << ": " << path
                       << " is no training_model.onnx with accumulation buffers";
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(unknown);
  if (failed(Importer(*module, path, **file, *plan, options, report).run()))
    return nullptr;
  return module;
}
