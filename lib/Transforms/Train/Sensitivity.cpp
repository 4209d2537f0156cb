//===- Sensitivity.cpp - formats by what a profile measured -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/Sensitivity.h"

#include "lib/Transforms/Train/ModelHash.h"
#include "lib/Transforms/Train/PrecisionPlan.h"

#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>
#include <set>

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
/// What fp8 would do to a tensor.
struct Measure {
  double error = 0, underflow = 0, overflow = 0;
};

/// The file, as far as it is used.
struct ProfileFile {
  std::string model, hash, fp8; ///< name of the file, modelHash, definition of fp8
  double lossScale = 1;
  llvm::StringMap<std::vector<int64_t>> states; ///< shapes
  llvm::StringMap<Measure> measures;            ///< of tensors that were measured for fp8
  std::set<std::string> nodes;                  ///< of the forward pass
};

// Where look-up by argument finds it.
bool fromJSON(const llvm::json::Value &json, Measure &to, llvm::json::Path path) {
  llvm::json::ObjectMapper map(json, path);
  return map && map.map("error", to.error) && map.map("underflow", to.underflow) &&
         map.map("overflow", to.overflow);
}

using EmitError = llvm::function_ref<InFlightDiagnostic()>;
} // namespace

//===----------------------------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------------------------===//

static bool readStates(const llvm::json::Value &json, ProfileFile &to, llvm::json::Path path) {
  const llvm::json::Array *states = json.getAsArray();
  if (!states) {
    path.report("expected array");
    return false;
  }
  for (auto [i, value] : llvm::enumerate(*states)) {
    llvm::json::ObjectMapper map(value, path.index(i));
    std::string name;
    std::vector<int64_t> shape;
    if (!map || !map.map("name", name) || !map.map("shape", shape))
      return false;
    to.states[name] = std::move(shape);
  }
  return true;
}

static bool readTensors(const llvm::json::Value &json, ProfileFile &to, llvm::json::Path path) {
  const llvm::json::Array *tensors = json.getAsArray();
  if (!tensors) {
    path.report("expected array");
    return false;
  }
  for (auto [i, value] : llvm::enumerate(*tensors)) {
    llvm::json::Path here = path.index(i);
    llvm::json::ObjectMapper map(value, here);
    std::string name, node, phase;
    std::map<std::string, Measure> formats;
    if (!map || !map.map("tensor", name) || !map.map("node", node) || !map.map("phase", phase) ||
        !map.map("formats", formats))
      return false;
    if (phase == "fp" && !node.empty())
      to.nodes.insert(node);
    if (auto it = formats.find("fp8"); it != formats.end())
      to.measures[name] = it->second;
  }
  return true;
}

static bool readFields(const llvm::json::Value &json, ProfileFile &to, llvm::json::Path path) {
  llvm::json::ObjectMapper map(json, path);
  std::string schema;
  int64_t version = 0;
  if (!map || !map.map("schema", schema) || !map.map("version", version))
    return false;
  if (schema != "slp-profile" || version != 2) {
    path.report("expected schema slp-profile, version 2");
    return false;
  }
  std::map<std::string, std::string> formats;
  const llvm::json::Object &top = *json.getAsObject();
  const llvm::json::Object *model = top.getObject("model");
  const llvm::json::Value *states = model ? model->get("states") : nullptr;
  const llvm::json::Value *tensors = top.get("tensors");
  if (!states || !tensors) {
    path.report("expected model.states and tensors");
    return false;
  }
  to.model = model->getString("file").value_or("").str();
  to.hash = model->getString("hash").value_or("").str();
  if (!map.map("loss_scale", to.lossScale) || !map.map("formats", formats) ||
      !readStates(*states, to, path.field("model").field("states")) ||
      !readTensors(*tensors, to, path.field("tensors")))
    return false;
  to.fp8 = formats["fp8"];
  return true;
}

static FailureOr<ProfileFile> readProfile(StringRef path, EmitError emitError) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return emitError() << "profile " << path << ": " << buffer.getError().message();
  llvm::Expected<llvm::json::Value> json = llvm::json::parse((*buffer)->getBuffer());
  if (!json)
    return emitError() << "profile " << path << ": no JSON: " << llvm::toString(json.takeError());
  ProfileFile profile;
  llvm::json::Path::Root root("profile");
  if (!readFields(*json, profile, root))
    return emitError() << "profile " << path << ": " << llvm::toString(root.getError());
  return profile;
}

/// Whether the model is the one that was measured. Where they differ in a parameter or a node of
/// the forward pass the message names it.
static LogicalResult checkModel(ModuleOp module, const ProfileFile &profile, StringRef path,
                                EmitError emitError) {
  for (const State &state : statesOf(module)) {
    if (!state.init || state.isStatistic)
      continue;
    ArrayRef<int64_t> shape = state.type.getShape();
    auto it = profile.states.find(state.name());
    if (it != profile.states.end() && ArrayRef<int64_t>(it->second) == shape)
      continue;
    InFlightDiagnostic error = emitError()
                               << "profile " << path << " is of another model, " << profile.model
                               << ", which has no parameter " << state.name();
    if (it != profile.states.end())
      error << " of this shape";
    return error;
  }
  llvm::StringSet<> nodes;
  module.walk([&](Operation *op) { nodes.insert(nodeNameOf(op->getLoc())); });
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    for (BlockArgument argument : function.getArguments())
      nodes.insert(nodeNameOf(argument.getLoc()));
  for (const std::string &node : profile.nodes)
    if (!nodes.contains(node))
      return emitError() << "profile " << path << " is of another model, " << profile.model
                         << ", whose node " << node << " this one lacks";
  if (std::string hash = modelHash(module); profile.hash != hash)
    return emitError() << "profile " << path << " is of another model, " << profile.model
                       << ", whose hash is " << profile.hash << ", not " << hash;
  return success();
}

//===----------------------------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------------------------===//

/// The name that the image will give a value; empty if it has none.
static StringRef nameOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    auto name =
        function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), getArgNameAttrName());
    return name ? name.getValue() : "";
  }
  auto result = cast<OpResult>(value);
  if (auto read = stateReadBy(result))
    return read.getValue();
  auto names = result.getOwner()->getAttrOfType<ArrayAttr>(getNamesAttrName());
  return names ? cast<StringAttr>(names[result.getResultNumber()]).getValue() : "";
}

/// The measure of an operand, or of what it takes its elements from.
static const Measure *findMeasure(Value value, const ProfileFile &profile, StringRef &name) {
  while (true) {
    name = nameOf(value);
    if (auto it = profile.measures.find(name); it != profile.measures.end())
      return &it->second;
    Operation *def = value.getDefiningOp();
    if (!def || !(isMove(def) || isSelection(def)))
      return nullptr;
    value = def->getOperand(0);
  }
}

static bool isWithin(const Measure &measure, const SensitivityLimits &limits) {
  return measure.error <= limits.error && measure.underflow <= limits.underflow &&
         measure.overflow <= limits.overflow;
}

static std::string print(const Measure &measure) {
  return llvm::formatv("error {0:f4}, underflow {1:f4}, overflow {2:f4}", measure.error,
                       measure.underflow, measure.overflow);
}

namespace {
/// What decides about one kind of a layer's operands: of tensors beyond the limits, or of all if
/// there are none, that of the largest error. One that was not measured is beyond.
struct Worst {
  bool isBeyond = false, isMeasured = true;
  Measure measure;
  std::string tensor;
};
} // namespace

static void addTensor(Worst &worst, StringRef tensor, const Measure *measure,
                      const SensitivityLimits &limits) {
  bool isBeyond = !measure || !isWithin(*measure, limits);
  bool isFirst = worst.tensor.empty();
  bool isWorse = isBeyond != worst.isBeyond
                     ? isBeyond
                     : measure && worst.isMeasured && measure->error > worst.measure.error;
  if (!isFirst && !isWorse)
    return;
  worst = {isBeyond, measure != nullptr, measure ? *measure : Measure(), tensor.str()};
}

static SensitivityChoice choose(const Worst &worst, const chip::Chip &chip,
                                const SensitivityLimits &limits) {
  SensitivityChoice choice;
  bool isWide = worst.isBeyond && chip.has("fp16-mac");
  choice.format = isWide ? "fp16" : "fp8";
  choice.reason = "sensitivity: " + worst.tensor;
  if (!worst.isMeasured)
    choice.reason += " was not measured for fp8";
  else
    choice.reason +=
        " in fp8 has " + print(worst.measure) +
        (worst.isBeyond ? ", beyond the limits " : ", within the limits ") +
        llvm::formatv("{0:f4}, {1:f4}, {2:f4}", limits.error, limits.underflow, limits.overflow)
            .str();
  if (worst.isBeyond && !isWide)
    choice.reason += ", but chip " + chip.name + " lacks fp16-mac";
  return choice;
}

FailureOr<SensitivityTable> slp::chooseByProfile(ModuleOp module, const chip::Chip &chip,
                                                 const SensitivityLimits &limits, StringRef path,
                                                 EmitError emitError) {
  FailureOr<ProfileFile> profile = readProfile(path, emitError);
  if (failed(profile) || failed(checkModel(module, *profile, path, emitError)))
    return failure();
  if (profile->fp8 != chip.numerics.fp8.name())
    return emitError() << "profile " << path << " measured fp8 as " << profile->fp8 << ", which is "
                       << chip.numerics.fp8.name() << " on chip " << chip.name;
  // Names do not depend on formats: those of a copy are the image's.
  OwningOpRef<ModuleOp> named = module.clone();
  PassManager names(module.getContext());
  names.addPass(createTrainNameTensors());
  if (failed(names.run(*named)))
    return failure();
  SensitivityTable table;
  table.lossScale = profile->lossScale;
  auto step = named->lookupSymbol<func::FuncOp>("step");
  if (!step)
    return table;
  llvm::StringMap<Worst> worst[3];
  for (Operation &op : step.getBody().front()) {
    if (!isMac(&op))
      continue;
    for (Value operand : op.getOperands().take_front(2)) {
      StringRef tensor;
      const Measure *measure = findMeasure(operand, *profile, tensor);
      if (tensor.empty() || !measure)
        tensor = nameOf(operand);
      addTensor(worst[int(kindOf(operand))][nodeNameOf(op.getLoc())], tensor, measure, limits);
    }
  }
  for (int kind = 0; kind < 3; ++kind)
    for (const auto &[layer, found] : worst[kind])
      table.choices[kind][layer] = choose(found, chip, limits);
  return table;
}
