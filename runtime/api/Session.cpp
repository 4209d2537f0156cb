//===- Session.cpp - one image on one chip ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Session.h"

#include "runtime/api/Guard.h"
#include "runtime/image/Description.h"
#include "runtime/isa/FormatI32.h.inc"

#include <algorithm>

namespace slp::api {

namespace {
/// Lets time, energy and a recorder listen to the same machine.
class Listeners : public exec::Observer {
public:
  Listeners(exec::Observer &first, exec::Observer &second, exec::Observer *third)
      : first(first), second(second), third(third) {}
  void issued(const exec::Event &event) override {
    first.issued(event);
    second.issued(event);
    if (third)
      third->issued(event);
  }

private:
  exec::Observer &first, &second, *third;
};
} // namespace

Session::Session(image::Image image, chip::Chip chip, const SessionOptions &options)
    : program(std::move(image)), description(std::move(chip)), options(options),
      groupNumbers(program), model(description, groupNumbers), counter(groupNumbers) {}

/// The description in `chipFile`, which may differ from the image's in rates and energies only.
/// `replaced` says in which.
static Result<chip::Chip> replacement(const chip::Chip &carried, const std::string &imagePath,
                                      const std::string &chipFile, std::string &replaced) {
  Result<chip::Chip> chip = chip::load(chipFile);
  if (!chip)
    return chip;
  if (chip->structureHash() != carried.structureHash())
    return Error{imagePath + ": compiled for chip '" + carried.name +
                 "' with other features, numerics or structure than " + chipFile + " ('" +
                 chip->name + "'): " + chip::describe(chip::structureDifferences(carried, *chip)) +
                 "; only rates and energies may differ"};
  std::vector<chip::Difference> differences = chip::ratesDifferences(carried, *chip);
  replaced = "--chip=" + chipFile + ": " +
             (differences.empty() ? "the rates and energies that the image has already"
                                  : chip::describe(differences));
  return chip;
}

Result<std::unique_ptr<Session>> Session::open(const std::string &imagePath,
                                               const std::string &chipFile,
                                               const SessionOptions &options) {
  Result<image::Image> image = image::readFile(imagePath);
  if (!image)
    return image.takeError();
  Result<chip::Chip> chip = image::chipOf(*image);
  if (!chip)
    return Error{imagePath + ": " + chip.message()};
  std::string replaced;
  if (!chipFile.empty())
    chip = replacement(*chip, imagePath, chipFile, replaced);
  if (!chip)
    return chip.takeError();
  Result<std::unique_ptr<Session>> session = create(image.take(), chip.take(), options);
  if (session)
    (*session)->replacedText = replaced;
  return session;
}

Result<std::unique_ptr<Session>> Session::create(image::Image image, chip::Chip chip,
                                                 const SessionOptions &options) {
  return guarded("the image", [&]() -> Result<std::unique_ptr<Session>> {
    std::unique_ptr<Session> session(new Session(std::move(image), std::move(chip), options));
    Result<std::unique_ptr<exec::Machine>> machine =
        exec::Machine::create(session->description, session->program);
    if (!machine)
      return machine.takeError();
    session->processor = machine.take();
    session->findInputs();
    Result<Hyper> hyper = hyperOf(session->program, {});
    if (!hyper)
      return hyper.takeError();
    session->setHyper(*hyper);
    return session;
  });
}

data::InputSpec inputSpecOf(const image::Image &image, const image::Tensor &tensor) {
  data::InputSpec spec;
  spec.name = tensor.name;
  spec.shape.assign(tensor.shape.begin() + 1, tensor.shape.end());
  bool isInteger = tensor.format == mach::format::i32;
  // Numbers of this name are classes in data sets, whatever the graph takes them for.
  bool isNamedLabels = spec.shape.empty() && tensor.name == "labels";
  spec.isLabel = isInteger || isNamedLabels;
  bool isClass = isNamedLabels;
  for (const image::LabelInput &input : image.contract.labelInputs)
    if (input.tensor == tensor.name) {
      spec.classes = input.classes;
      spec.ignore = input.ignore;
      isClass = true;
    }
  for (const image::IndexInput &input : image.contract.indexInputs)
    if (input.tensor == tensor.name)
      spec.places = input.sizes;
  spec.isNumber = isInteger && !isClass && spec.places.empty();
  return spec;
}

void Session::findInputs() {
  for (const image::Tensor &tensor : program.tensors) {
    if (tensor.role != image::Role::input)
      continue;
    if (tensor.name == program.contract.labels)
      labelInput = int(specs.size());
    if (tensor.name == program.contract.targets)
      targetInput = int(specs.size());
    specs.push_back(inputSpecOf(program, tensor));
    inputTensors.push_back(&tensor);
  }
}

Status Session::initialize() {
  if (!has("init"))
    return Status::success();
  Result<RunResult> result = run("init", /*timed=*/false);
  return result ? Status::success() : Status(result.takeError());
}

Status Session::write(size_t input, const std::vector<float> &values) {
  return processor->write(inputTensors[input]->name, values);
}

Result<RunResult> Session::run(std::string_view entry, bool timed) {
  if (!has(entry))
    return Error{"the image has no entry point '" + std::string(entry) + "'"};
  Listeners listeners(model, counter, options.recorder);
  exec::Options machineOptions;
  machineOptions.threads = options.threads;
  machineOptions.capturer = options.capturer;
  machineOptions.maxInstructions = options.maxInstructions;
  machineOptions.checkOrder = options.checkOrder;
  machineOptions.observer = timed ? &listeners : nullptr;
  Result<std::vector<float>> scaling = lossScale();
  if (!scaling)
    return scaling.takeError();
  int64_t held = scaling->empty() ? 0 : std::min(int64_t((*scaling)[2]), steps);
  std::array<float, exec::hostNumbers> numbers =
      registersOf(hyper, steps - held + 1, steps * microBatches() + accumulated + 1);
  for (size_t i = 0; i < numbers.size(); ++i)
    processor->setHyper(int(i), numbers[i]);
  setSkipBelow(*processor, hyper);
  for (const auto &[name, value] : statesOf(program, hyper))
    if (Status s = processor->write(name, {value}); !s)
      return s.takeError();
  if (Status s = processor->run(entry, machineOptions); !s)
    return s.takeError();
  if (entry == "accumulate")
    ++accumulated;
  else if (entry == "step")
    setStepsDone(steps + 1);
  RunResult result;
  if (!timed)
    return result;
  Result<timing::Report> report = model.finish();
  if (!report)
    return report.takeError();
  result.measurement = views::Measurement{report.take(), counter.take()};
  return result;
}

Result<std::vector<float>> Session::lossScale() const {
  if (program.lossScaleState.empty())
    return std::vector<float>();
  return processor->read(program.lossScaleState);
}

Result<float> Session::readLoss(const std::string &name, const char *entry) const {
  if (name.empty())
    return Error{std::string("the image names no loss of '") + entry + "'"};
  Result<std::vector<float>> values = processor->read(name);
  if (!values)
    return values.takeError();
  return values->front();
}

Result<float> Session::loss() const { return readLoss(program.contract.loss, "step"); }

Result<float> Session::evalLoss() const { return readLoss(program.contract.evalLoss, "eval"); }

} // namespace slp::api
