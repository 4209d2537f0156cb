//===- Initializers.cpp - parameters and constants of the file --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A floating initializer that reaches a differentiable operand is a parameter: a state whose values
// stay in the file. Others are constants, known at import, or frozen states if they are large.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Names.h"

#include "dialects/Train/TrainDialect.h"

#include "llvm/Support/GlobPattern.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// "kaiming,SEED".
LogicalResult Importer::parseInit() {
  if (options.init.empty())
    return success();
  auto [method, seed] = StringRef(options.init).split(',');
  uint32_t number = 0;
  if (method != "kaiming" || seed.getAsInteger(10, number))
    return graph.error() << "--init=" << options.init
                         << " is not supported, expected kaiming,SEED with a seed below 2^32";
  initSeed = number;
  return success();
}

LogicalResult Importer::collectInitializers() {
  if (failed(parseInit()))
    return failure();
  if (Status status = sources.collect(); !status)
    return graph.error() << status.message();
  if (!options.params.empty())
    if (Status status = sources.openParams(options.params); !status) {
      emitError(UnknownLoc::get(module.getContext())) << status.message();
      return failure();
    }
  // Scales of normalizations begin at one, whatever else has rank 1 at zero.
  for (const onnx::NodeProto &node : proto.node()) {
    bool isBatch = node.op_type() == "BatchNormalization" || node.op_type() == "BatchNormInternal";
    bool isScaled = isBatch || node.op_type() == "InstanceNormalization" ||
                    node.op_type() == "LayerNormalization" ||
                    node.op_type() == "GroupNormalization";
    if (isScaled && node.input_size() > 1)
      startsAtOne.insert(node.input(1));
    if (isBatch && node.input_size() > 4)
      startsAtOne.insert(node.input(4)); // the running variance
  }
  return success();
}

/// A float constant of this size is a tensor of the step; a larger one is a state, which stays in
/// the file.
static bool isSmall(ArrayRef<int64_t> shape) {
  int64_t count = countElements(shape); // -1: impossible, which reading reports
  return count >= 0 && count * int64_t(sizeof(float)) <= train::maxInlineBytes;
}

/// No parameter has such a number: masks add it before a Softmax in the place of -infinity.
static constexpr double maskNumber = -1e9;

Importer::Values Importer::valuesOf(StringRef name) {
  auto known = values.find(name);
  if (known != values.end())
    return known->second;
  Values found;
  Result<Source> source = sources.find(name);
  Result<Constant> constant = source && !source->isAbsent
                                  ? readConstant(*source->tensor, source->data)
                                  : Result<Constant>(Error{""});
  if (constant && !constant->numbers.empty()) { // what cannot be read is reported when it is needed
    auto &numbers = constant->numbers;
    found.isMask = llvm::any_of(numbers, [](double v) { return std::isinf(v) || v <= maskNumber; });
    found.isWhole =
        llvm::all_of(numbers, [](double v) { return std::isfinite(v) && v == std::floor(v); }) &&
        llvm::any_of(numbers, [&](double v) { return v != numbers.front(); });
  }
  return values[name] = found;
}

std::string Importer::doubtOf(StringRef name, ArrayRef<int64_t> shape) {
  if (isBufferName(name))
    return "its name is a buffer's";
  if (valuesOf(name).isWhole)
    return "its elements are whole numbers";
  // A bias of classes has one dimension; a table of positions may be one or the other.
  bool isMatrix = llvm::count_if(shape, [](int64_t size) { return size > 1; }) > 1;
  return isMatrix && roles.isAddedToScores(name) ? "it is only added to what a Softmax reads" : "";
}

RoleOf Importer::roleByName(StringRef name, ArrayRef<int64_t> shape) {
  if (roles.isWeight(name) || roles.isStatistic(name))
    return {Role::parameter, ""};
  if (valuesOf(name).isMask)
    return {isSmall(shape) ? Role::constant : Role::frozen,
            "it holds an infinite number, or one of at most -1e9, as masks do"};
  if (isConstantName(name))
    return {isSmall(shape) ? Role::constant : Role::frozen, "its name is a Constant node's"};
  if (countElements(shape) == 1 && isGeneratedName(name))
    return {Role::constant, "one element, and a name that tools give to constants"};
  return {Role::parameter, "", doubtOf(name, shape)};
}

RoleOf Importer::roleOf(StringRef name) {
  const onnx::TensorProto *header = sources.header(name);
  if (!header || !isFloatingType(header->data_type()))
    return {Role::constant, "not of a floating type"};
  ArrayRef<int64_t> shape(header->dims().data(), header->dims_size());
  bool isUpdated = plan.hasUpdate(name);
  if (StringRef node = roles.boundBy(name); !node.empty() && !isUpdated)
    return {Role::constant, ("node \"" + node + "\" needs its values").str()};
  if (plan.form != Form::forward) {
    // The file says what is updated; what it does not update keeps its value.
    bool isState = isUpdated || roles.isIndependent(name) || roles.isWeight(name) ||
                   roles.isStatistic(name) || countElements(shape) != 1;
    std::string why = isUpdated ? "" : "the file does not update it";
    return {isState ? Role::parameter : Role::constant, why};
  }
  if (!roles.isLive(name))
    return {isSmall(shape) ? Role::constant : Role::frozen,
            "it reaches no operand that has a gradient"};
  return roleByName(name, shape);
}

LogicalResult Importer::readInitializer(StringRef name) {
  switch (roleOf(name).role) {
  case Role::parameter:
    return readAsState(name);
  case Role::frozen:
    return readAsState(name, /*isFrozen=*/true);
  case Role::constant:
    return readAsConstant(name);
  }
  llvm_unreachable("all roles are named above");
}

LogicalResult Importer::readAsConstant(StringRef name) {
  auto error = [&] { return graph.error() << "initializer \"" << name << "\": "; };
  Result<Source> source = sources.find(name);
  if (!source)
    return error() << source.message();
  if (source->isAbsent)
    return error() << source->absence;
  Result<Constant> constant = readConstant(*source->tensor, source->data);
  if (!constant)
    return error() << constant.message();
  graph.folded += constant->size();
  if (graph.folded > maxConstantElements)
    return error() << "constants of more than " << maxConstantElements
                   << " elements in all are not supported";
  graph.constants[name] = std::make_shared<const Constant>(constant.take());
  return success();
}

/// docs/numerics.md section 7.
Attribute Importer::randomValueOf(StringRef name, RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() >= 2)
    return train::RandomAttr::get(module.getContext(), name, *initSeed,
                                  product(shape, 1, shape.size()));
  if (startsAtOne.contains(name))
    return DenseElementsAttr::get(type, 1.0f);
  return Attribute();
}

LogicalResult Importer::readAsState(StringRef name, bool isFrozen) {
  return readAsState(name, name, isFrozen);
}

LogicalResult Importer::readAsState(StringRef name, StringRef as, bool isFrozen) {
  auto error = [&](StringRef message) {
    return graph.error() << "initializer \"" << name << "\": " << message;
  };
  Result<Source> source = sources.find(name);
  if (!source)
    return error(source.message());
  Result<RankedTensorType> type = stateTypeOf(*source->tensor, module.getContext());
  if (!type)
    return error(type.message());
  if (source->isAbsent && !initSeed)
    return error(source->absence + "; --init=kaiming,SEED fills what is absent");
  auto computed = plan.initial.find(name);
  if (computed != plan.initial.end())
    return readAsComputed(name, *type, computed->second);
  Result<Attribute> init = source->isAbsent ? Result<Attribute>(randomValueOf(as, *type))
                                            : initialValueOf(*source, *type);
  if (!init)
    return error(init.message());
  graph.makeState(as, *type, *init, isFrozen);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Parameters that an exporter has merged
//===----------------------------------------------------------------------------------------===//

FailureOr<bool> Importer::untie(const Node &node) {
  StringRef from = node.inputName(0), name = node.outputName(0);
  bool isCandidate = plan.form == Form::forward && node.operatorName() == "Identity" &&
                     node.domain().empty() && !name.empty() && sources.contains(from) &&
                     !graph.constants.count(from);
  if (!isCandidate)
    return false;
  RoleOf role = roleOf(from);
  // A running statistic is no parameter, so that the two cannot be meant as one.
  bool isStatistic = roles.isStatistic(name);
  if (role.role == Role::constant || (!isStatistic && isGeneratedName(name)))
    return false;
  bool isApart = isStatistic || llvm::any_of(options.unties, [&](StringRef glob) {
                   auto pattern = llvm::GlobPattern::create(glob);
                   if (!pattern)
                     llvm::consumeError(pattern.takeError()); // checkUnties reports it
                   return pattern && pattern->match(name);
                 });
  if (!isApart) {
    merged.emplace_back(name, from);
    return false;
  }
  untied[name] = from.str();
  if (failed(readAsState(from, name, role.role == Role::frozen)))
    return failure();
  return true;
}

LogicalResult Importer::checkUnties() {
  for (StringRef glob : options.unties) {
    auto error = [&] {
      return emitError(UnknownLoc::get(module.getContext())) << "--untie=" << glob << ": ";
    };
    auto pattern = llvm::GlobPattern::create(glob);
    if (!pattern)
      return error() << "not a pattern: " << llvm::toString(pattern.takeError());
    if (llvm::any_of(untied.keys(), [&](StringRef name) {
          return !roles.isStatistic(name) && pattern->match(name);
        }))
      continue;
    std::vector<std::string> names;
    names.reserve(merged.size());
    for (auto &[name, from] : merged)
      names.push_back(name);
    if (names.empty())
      return error() << "the exporter has merged no parameters, found nothing to train apart";
    return error() << "matches no parameter that the exporter has merged, expected one of "
                   << quoteNames(names);
  }
  return success();
}
