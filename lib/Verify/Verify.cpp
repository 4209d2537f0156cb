//===- Verify.cpp - compare the simulator with the reference, bit by bit ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Verify.h"

#include "Comparison.h"
#include "FidelityMeter.h"
#include "Groups.h"
#include "Inputs.h"

#include "slp/Emit/InitialValues.h"

#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"
#include "runtime/image/DramMap.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;
using namespace slp::verify;

namespace {

/// Both sides of a comparison, in the same state.
class Verifier {
public:
  Verifier(ModuleOp train, const image::Image &image, const Options &options, Evaluator evaluator,
           std::unique_ptr<exec::Machine> machine, std::unique_ptr<FidelityMeter> meter)
      : train(train), image(image), options(options), evaluator(std::move(evaluator)),
        machine(std::move(machine)), meter(std::move(meter)),
        isShared(image::sharingTensors(image)) {}

  FailureOr<Report> run();

private:
  exec::Options executionOptions() const;
  LogicalResult runFunction(func::FuncOp function, int step, const std::string &where,
                            bool countTensors);
  LogicalResult compareMemory(const std::string &name, const Tensor &expected,
                              const std::string &node, const std::string &where,
                              const std::vector<bool> &isAbsent = {});
  LogicalResult compareStored(const Comparison &comparison, const std::string &where, bool count);
  void noteResultWithoutMemory(StringRef name, Value value, bool count);
  LogicalResult compareResults(func::FuncOp function, const NamedTensors &inputs,
                               const llvm::DenseMap<Value, Tensor> &values,
                               const std::string &where, bool countResults);
  LogicalResult compareStates(const std::string &where);
  LogicalResult runStep(func::FuncOp step, int number);
  LogicalResult writeState(StringRef name, const std::vector<float> &values);
  LogicalResult refreshGroups(func::FuncOp refresh, int number);
  LogicalResult chooseNumbers();
  Hyper setNumbers();
  LogicalResult writeNumbers();
  LogicalResult check(const Status &status) {
    return status ? success()
                  : LogicalResult(train.emitError() << "simulator: " << status.message());
  }

  ModuleOp train;
  const image::Image &image;
  const Options &options;
  Evaluator evaluator;
  std::unique_ptr<exec::Machine> machine;
  std::unique_ptr<FidelityMeter> meter; // null unless asked for
  std::vector<bool> isShared;           // by tensor of the image: whether others have its bytes
  Report report;
  api::Hyper hyper;
  int64_t stepsDone = 0, runsDone = 0; // runs of accumulate and step
};

} // namespace

/// In program order.
exec::Options Verifier::executionOptions() const {
  exec::Options execution;
  execution.threads = options.threads;
  execution.checkOrder = options.checkOrder;
  return execution;
}

LogicalResult Verifier::runFunction(func::FuncOp function, int step, const std::string &where,
                                    bool countTensors) {
  FailureOr<NamedTensors> inputs = makeInputs(function, image, step, options);
  if (failed(inputs))
    return failure();
  Comparison comparison(image, where);
  Hyper numbers = setNumbers();
  if (failed(writeNumbers()))
    return failure();
  bool isMetered =
      meter && function.getName() != "eval" && function.getName() != refreshFunctionName;
  if (isMetered && failed(meter->begin(function.getName(), *inputs, numbers, evaluator)))
    return failure();
  llvm::DenseMap<Value, Tensor> returned;
  ValueRange results = function.getBody().front().getTerminator()->getOperands();
  if (failed(evaluator.run(function.getName(), *inputs,
                           [&](llvm::StringRef name, const Tensor &values, OpResult result) {
                             comparison.expect(name, values, result);
                             if (llvm::is_contained(results, result))
                               returned[result] = values;
                             if (isMetered)
                               meter->observe(name, values, result);
                           })))
    return failure();
  if (isMetered)
    meter->end(int(stepsDone) + 1);
  for (const auto &[name, tensor] : *inputs)
    if (failed(check(machine->write(name, tensor.values))))
      return failure();
  exec::Options execution = executionOptions();
  execution.interleaveSeed = options.interleaveSeed;
  execution.checkOrder &= !options.interleaveSeed;
  execution.capturer = &comparison;
  if (failed(check(machine->run(function.getName().str(), execution))))
    return failure();
  comparison.finish(report, countTensors);
  if (failed(compareStored(comparison, where, countTensors)))
    return failure();
  return compareResults(function, *inputs, returned, where, countTensors);
}

LogicalResult Verifier::chooseNumbers() {
  std::vector<api::Number> numbers;
  bool hasDecay = image.optimizer.empty() && image.findEntry("step");
  for (const image::RuntimeNumber &number : image.numbers) {
    hasDecay |= number.name == "weight-decay" && number.value == 0;
    if (number.name == "clip-norm")
      numbers.emplace_back(number.name, 0.125); // clips
  }
  if (hasDecay)
    numbers.emplace_back("weight-decay", 0.0005); // more of the update is seen than without
  numbers.insert(numbers.end(), options.numbers.begin(), options.numbers.end());
  Result<api::Hyper> chosen = api::hyperOf(image, numbers);
  if (!chosen)
    return emitError(UnknownLoc::get(train.getContext())) << chosen.message();
  hyper = *chosen;
  return success();
}

/// Gives both sides the numbers of the next run.
Hyper Verifier::setNumbers() {
  const Tensor *scaling = evaluator.readState(image.lossScaleState);
  int64_t held = scaling ? int64_t(scaling->values[2]) : 0;
  auto h = api::registersOf(hyper, stepsDone - held + 1, runsDone + 1);
  for (size_t i = 0; i < h.size(); ++i)
    machine->setHyper(int(i), h[i]);
  api::setSkipBelow(*machine, hyper);
  Hyper numbers = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], hyper.skipBelow};
  evaluator.setHyper(numbers);
  return numbers;
}

/// The same of numbers that are states.
LogicalResult Verifier::writeNumbers() {
  for (const auto &[name, value] : api::statesOf(image, hyper))
    if (failed(evaluator.writeState(name, {value})) || failed(check(machine->write(name, {value}))))
      return failure();
  return success();
}

/// Reads a tensor back from the simulator's memory. Captures show what instructions computed; this
/// shows that it was stored, too.
LogicalResult Verifier::compareMemory(const std::string &name, const Tensor &expected,
                                      const std::string &node, const std::string &where,
                                      const std::vector<bool> &isAbsent) {
  Result<std::vector<float>> actual = machine->read(name);
  if (!actual)
    return train.emitError() << "simulator: " << actual.message();
  if (actual->size() != expected.values.size())
    return train.emitError() << "simulator: \"" << name << "\" has " << actual->size()
                             << " elements, expected " << expected.values.size();
  Difference d;
  for (int64_t i = expected.values.size(); i-- > 0;) {
    if (sameBits((*actual)[i], expected.values[i]) || (!isAbsent.empty() && isAbsent[i]))
      continue;
    ++d.count;
    d.linear = i;
  }
  report.elements += int64_t(expected.values.size()) - llvm::count(isAbsent, true);
  if (!d.count || report.difference)
    return success();
  d.where = where;
  d.node = node;
  d.tensor = name;
  d.index = unflatten(d.linear, expected.shape);
  d.reference = expected.values[d.linear];
  d.simulator = (*actual)[d.linear];
  d.elements = expected.values.size();
  report.difference = d;
  return success();
}

/// Everything that has memory of its own and is no state: an element that a store skips is found
/// even if nobody reads it.
LogicalResult Verifier::compareStored(const Comparison &comparison, const std::string &where,
                                      bool count) {
  return comparison.forEachExpected([&](llvm::StringRef name, const Tensor &expected, Operation *op,
                                        const std::vector<bool> &isAbsent) -> LogicalResult {
    const image::Tensor *tensor = image.findTensor(name.str());
    // Of one that shares its bytes nothing is left: captures have shown it.
    if (!tensor || tensor->role != image::Role::temp ||
        isShared[size_t(tensor - image.tensors.data())])
      return success();
    report.stored += count;
    return compareMemory(name.str(), expected, nodeOf(op), where, isAbsent);
  });
}

/// A result that nothing computes is where it came from; any other has to be stored.
void Verifier::noteResultWithoutMemory(StringRef name, Value value, bool count) {
  Value root = train::beforeReshapes(value);
  if (train::isConstant(root.getDefiningOp()) || train::isRead(root.getDefiningOp()) ||
      isa<BlockArgument>(root)) {
    if (count)
      report.elided.push_back({name.str(), "a result that is an input, a state or a constant"});
    return;
  }
  report.uncovered.push_back("result \"" + name.str() + "\" has no memory");
}

/// What the function returns; `values` has those of its operands that ops compute.
LogicalResult Verifier::compareResults(func::FuncOp function, const NamedTensors &inputs,
                                       const llvm::DenseMap<Value, Tensor> &values,
                                       const std::string &where, bool countResults) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto name = function.getResultAttrOfType<StringAttr>(i, train::getArgNameAttrName());
    if (!name) {
      report.uncovered.push_back("result #" + std::to_string(i) + " of @" +
                                 function.getName().str() + " has no name");
      continue;
    }
    auto argument = dyn_cast<BlockArgument>(value);
    StringAttr input = argument ? function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                                        train::getArgNameAttrName())
                                : StringAttr();
    const Tensor &expected = argument ? inputs.find(input.getValue())->second : values.at(value);
    Operation *op = value.getDefiningOp();
    if (!image.findTensor(name.str())) {
      noteResultWithoutMemory(name, value, countResults);
      continue;
    }
    if (failed(compareMemory(name.str(), expected, op ? nodeOf(op) : input.str(), where)))
      return failure();
    report.stored += countResults;
  }
  return success();
}

LogicalResult Verifier::compareStates(const std::string &where) {
  for (const auto &[name, expected] : evaluator.states())
    if (failed(compareMemory(name, expected, name, where)))
      return failure();
  return success();
}

LogicalResult Verifier::writeState(StringRef name, const std::vector<float> &values) {
  if (failed(evaluator.writeState(name, values)))
    return failure();
  return check(machine->write(name.str(), values));
}

/// Opens and closes weight groups before step `number`, from 0, by @refresh or as the options say.
LogicalResult Verifier::refreshGroups(func::FuncOp refresh, int number) {
  auto runBy = [&](float threshold) -> LogicalResult {
    std::string where = "refresh before step " + std::to_string(number + 1);
    if (failed(writeState(train::groupNumbersName, groupNumbersBy(threshold, number))) ||
        failed(runFunction(refresh, number, where, /*countTensors=*/number == 0)))
      return failure();
    return compareStates(where);
  };
  // Means first: half of the groups are below the threshold, and pulled where they are open.
  if (failed(runBy(0)) || report.difference)
    return failure(!report.difference);
  float half = medianOfMeans(evaluator.states());
  if (options.groups == GroupMasks::refresh && number % 2 == 1)
    return runBy(half);
  if (failed(writeState(train::groupNumbersName, groupNumbersBy(half, number))))
    return failure();
  for (auto &[name, mask] : drawMasks(evaluator.states(), options.groups, options.seed))
    if (failed(writeState(name, mask)))
      return failure();
  return success();
}

/// One training step: @accumulate for all micro-batches but the last, then @step.
LogicalResult Verifier::runStep(func::FuncOp step, int number) {
  auto accumulate = train.lookupSymbol<func::FuncOp>("accumulate");
  int64_t parts = image.microBatches;
  for (int64_t part = 0; part < parts && !report.difference; ++part) {
    bool isLast = part + 1 == parts;
    std::string where = "step " + std::to_string(number + 1);
    if (parts != 1)
      where += ", micro-batch " + std::to_string(part + 1);
    bool isFirst = number == 0 && (part == 0 || isLast); // of its function
    if (failed(runFunction(isLast ? step : accumulate, int(runsDone), where, isFirst)) ||
        failed(compareStates(where)))
      return failure();
    ++runsDone;
  }
  return success();
}

FailureOr<Report> Verifier::run() {
  report.chip = image.chipName;
  report.states = evaluator.states().size();
  auto step = train.lookupSymbol<func::FuncOp>("step");
  auto eval = train.lookupSymbol<func::FuncOp>("eval");
  if (!step && !eval)
    return train.emitError() << "there is no function @step or @eval to verify";
  if (failed(chooseNumbers()))
    return failure();
  if (image.findEntry("init")) {
    if (failed(check(machine->run("init", executionOptions()))))
      return failure();
  }
  if (failed(compareStates("initial state")))
    return failure();

  // After a difference everything that follows differs too.
  auto refresh = train.lookupSymbol<func::FuncOp>(refreshFunctionName);
  for (int i = 0; step && i < options.steps && !report.difference; ++i) {
    if (refresh && failed(refreshGroups(refresh, i)))
      return failure();
    if (report.difference)
      break;
    if (failed(runStep(step, i)))
      return failure();
    ++report.steps;
    ++stepsDone;
  }
  if (eval && !report.difference) {
    if (failed(runFunction(eval, 0, "eval", /*countTensors=*/true)) ||
        failed(compareStates("after eval")))
      return failure();
    report.evaluated = true;
  }
  if (meter)
    report.fidelity = meter->takeReport();
  return std::move(report);
}

FailureOr<Report> verify::compare(ModuleOp train, const image::Image &image, const chip::Chip &chip,
                                  llvm::StringRef modelFolder, const Options &options) {
  auto readFile = [&](const train::State &state) { return readInitialValues(state, modelFolder); };
  FailureOr<Evaluator> evaluator = Evaluator::create(train, readFile);
  if (failed(evaluator))
    return failure();
  Result<std::unique_ptr<exec::Machine>> machine = exec::Machine::create(chip, image);
  if (!machine)
    return train.emitError() << "simulator: " << machine.message();
  std::unique_ptr<FidelityMeter> meter;
  if (options.fp32) {
    FailureOr<Evaluator> exact = Evaluator::create(options.fp32, readFile);
    if (failed(exact))
      return failure();
    meter = std::make_unique<FidelityMeter>(options.fp32, train, std::move(*exact));
  }
  return Verifier(train, image, options, std::move(*evaluator), machine.take(), std::move(meter))
      .run();
}
