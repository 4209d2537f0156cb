//===- Inputs.cpp - inputs of a step ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Inputs.h"

#include "runtime/api/Session.h"
#include "slp/Reference/Arithmetic.h"

#include "dialects/Train/CrossEntropyGradOpKind.h"
#include "dialects/Train/CrossEntropyOpKind.h"
#include "dialects/Train/NllOpKind.h"
#include "dialects/Train/TrainContract.h"

#include <random>

using namespace mlir;
using namespace slp;
using namespace slp::reference;
using namespace slp::verify;

/// Classes a label argument chooses from: what the importer found, or the columns of the logits it
/// is compared with.
static int64_t classesOf(func::FuncOp function, BlockArgument labels) {
  if (auto classes = function.getArgAttrOfType<IntegerAttr>(labels.getArgNumber(),
                                                            train::getClassesAttrName()))
    return classes.getInt();
  for (Operation *user : labels.getUsers())
    if (isOneOf<train::CrossEntropyOp, train::CrossEntropyGradOp, train::NllOp>(user))
      return cast<RankedTensorType>(user->getOperand(0).getType()).getShape()[1];
  return 0;
}

static std::string nameOf(func::FuncOp function, BlockArgument argument) {
  return function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), train::getArgNameAttrName())
      .str();
}

/// What the image says of the arguments; the simulator reads data by the same.
static FailureOr<std::vector<data::InputSpec>> specsOf(func::FuncOp function,
                                                       const image::Image &image) {
  std::vector<data::InputSpec> specs;
  for (BlockArgument argument : function.getArguments()) {
    std::string name = nameOf(function, argument);
    const image::Tensor *tensor = image.findTensor(name);
    if (!tensor)
      return function.emitError() << "the image has no input '" << name << "'";
    specs.push_back(api::inputSpecOf(image, *tensor));
  }
  return specs;
}

static void roundToArgument(Tensor &tensor, RankedTensorType type) {
  Store store(type.getElementType(), num_ir::Rounding::nearest_even);
  for (size_t i = 0; isa<num_ir::FloatType>(type.getElementType()) && i < tensor.values.size(); ++i)
    tensor[i] = store(tensor[i], i);
}

/// `classes`: of an input that is a label, 0 if it is none.
static void drawValues(Tensor &tensor, const data::InputSpec &spec, int64_t classes,
                       std::mt19937 &random) {
  for (auto [i, value] : llvm::enumerate(tensor.values)) {
    int64_t places = spec.places.empty() ? 0 : spec.places[i % spec.places.size()];
    if (spec.ignore && places == 0 && random() % 8 == 0)
      value = static_cast<float>(*spec.ignore);
    else if (places && classes == 0) // counted from either end
      value = static_cast<float>(int64_t(random() % uint64_t(2 * places)) - places);
    else if (spec.isLabel)
      value = static_cast<float>(
          random() % std::max<int64_t>(places ? std::min(places, classes) : classes, 1));
    else
      value = random() % 4 == 0 ? 0.0f
                                : static_cast<float>(static_cast<int>(random() % 129) - 64) / 64.0f;
  }
}

/// The inputs that the caller gave.
static FailureOr<NamedTensors> takeInputs(func::FuncOp function, const NamedTensors &given) {
  NamedTensors inputs;
  for (BlockArgument argument : function.getArguments()) {
    std::string name = nameOf(function, argument);
    auto it = given.find(name);
    if (it == given.end())
      return function.emitError() << "there are no values for input '" << name << "'";
    roundToArgument(inputs[name] = it->second, cast<RankedTensorType>(argument.getType()));
  }
  return inputs;
}

FailureOr<NamedTensors> verify::makeInputs(func::FuncOp function, const image::Image &image,
                                           int step, const Options &options) {
  for (BlockArgument argument : function.getArguments())
    if (!function.getArgAttr(argument.getArgNumber(), train::getArgNameAttrName()))
      return function.emitError() << "argument #" << argument.getArgNumber() << " has no name";
  if (function.getNumArguments() == 0)
    return NamedTensors();
  if (options.inputs)
    return takeInputs(function, *options.inputs);
  FailureOr<std::vector<data::InputSpec>> found = specsOf(function, image);
  if (failed(found))
    return failure();
  const std::vector<data::InputSpec> &specs = *found;
  bool eval = function.getName() == "eval";

  std::optional<data::Dataset> set;
  std::vector<uint32_t> order;
  uint32_t first = 0;
  if (!options.data.empty()) {
    bool test = eval && data::hasTestSplit(options.data, specs);
    Result<data::Dataset> loaded =
        data::load(options.data, specs, test ? data::Split::test : data::Split::train);
    if (!loaded)
      return function.emitError() << loaded.message();
    set = loaded.take();
    int64_t batch = cast<RankedTensorType>(function.getArgumentTypes()[0]).getShape()[0];
    Result<data::Batches> batches = data::batchesOf(set->samples(), batch);
    if (!batches)
      return function.emitError() << batches.message();
    order = data::epochOrder(data::Order::file, options.seed, 0, set->samples());
    first = static_cast<uint32_t>(step) % batches->steps * batches->batch;
  }

  // One stream a step, so that the inputs of a step do not depend on how many came before it.
  std::seed_seq seeds{options.seed, static_cast<uint32_t>(step), static_cast<uint32_t>(eval)};
  std::mt19937 random(seeds);
  NamedTensors inputs;
  for (auto [i, spec] : llvm::enumerate(specs)) {
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[i]);
    Tensor tensor(type.getShape());
    if (set)
      tensor.values = set->gather(i, order, first, type.getShape()[0]);
    else
      drawValues(tensor, spec, spec.isLabel ? classesOf(function, function.getArgument(i)) : 0,
                 random);
    roundToArgument(tensor, type);
    inputs[spec.name] = std::move(tensor);
  }
  return inputs;
}
