//===- Contract.cpp - what an image promises of its tensors -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The rules of docs/image.md, "The contract". Called by verify for every writer and reader.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Contract.h"
#include "runtime/isa/FormatI32.h.inc"

#include <algorithm>
#include <set>

namespace slp::image {

namespace {

std::string quoted(const std::string &name) { return "'" + name + "'"; }

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t d = 0; d < shape.size(); ++d)
    text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

constexpr int64_t maxElements = int64_t(1) << 48; // what DRAM can hold

/// -1: no tensor has such a shape.
int64_t elementsOf(const std::vector<int64_t> &shape) {
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 1 || extent > maxElements / elements)
      return -1;
    elements *= extent;
  }
  return elements;
}

/// The tensor `name` in `role`, or an error that says what it is for.
Result<const Tensor *> find(const Image &image, const std::string &name, Role role,
                            const char *what) {
  const Tensor *tensor = image.findTensor(name);
  if (tensor && tensor->role == role)
    return tensor;
  return Error{std::string(what) + " " + quoted(name) +
               (tensor ? " is a tensor" : " is no tensor") + ", expected an " +
               (role == Role::input ? "input" : "output")};
}

Status checkLoss(const Image &image, const std::string &name, const char *what, const char *entry) {
  if (name.empty())
    return Status::success();
  Result<const Tensor *> loss = find(image, name, Role::output, what);
  if (!loss)
    return loss.takeError();
  if (elementsOf((*loss)->shape) != 1)
    return Error{std::string(what) + " " + quoted(name) + " has shape " +
                 shapeText((*loss)->shape) + ", expected one element"};
  if (!image.findEntry(entry))
    return Error{std::string(what) + " " + quoted(name) + ": the image has no entry point " +
                 entry};
  return Status::success();
}

Status checkLogits(const Image &image) {
  const Contract &contract = image.contract;
  if (contract.logits.empty()) {
    if (!contract.logitsShape.empty() || contract.classAxis != -1 || !contract.labels.empty() ||
        !contract.targets.empty())
      return Error{"a shape, a class axis, labels or targets of logits that are not there"};
    return Status::success();
  }
  Result<const Tensor *> logits = find(image, contract.logits, Role::output, "the logits");
  if (!logits)
    return logits.takeError();
  std::string about = "the logits " + quoted(contract.logits);
  if (!contract.labels.empty() && !contract.targets.empty())
    return Error{about + " have labels and targets, expected one of them"};
  if (elementsOf(contract.logitsShape) != elementsOf((*logits)->shape))
    return Error{about + " are " + shapeText(contract.logitsShape) + ", but have shape " +
                 shapeText((*logits)->shape) + " in memory"};
  int64_t rank = int64_t(contract.logitsShape.size());
  if (contract.classAxis < -1 || contract.classAxis >= rank)
    return Error{about + ": the class axis is " + std::to_string(contract.classAxis) +
                 ", expected one of " + std::to_string(rank) + " dimensions or none"};
  return Status::success();
}

/// What judges the logits has as many numbers as they have positions, or elements.
Status checkJudge(const Image &image) {
  const Contract &contract = image.contract;
  for (bool isClass : {true, false}) {
    const std::string &name = isClass ? contract.labels : contract.targets;
    if (name.empty())
      continue;
    Result<const Tensor *> judge =
        find(image, name, Role::input, isClass ? "the labels" : "the targets");
    if (!judge)
      return judge.takeError();
    if (isClass && contract.classAxis < 0)
      return Error{"the labels " + quoted(name) + " of logits without a class axis"};
    int64_t expected = elementsOf(contract.logitsShape);
    if (isClass)
      expected /= contract.logitsShape[size_t(contract.classAxis)];
    if (elementsOf((*judge)->shape) != expected)
      return Error{quoted(name) + " has shape " + shapeText((*judge)->shape) + ", expected " +
                   std::to_string(expected) + " elements for the logits " +
                   quoted(contract.logits) + " of shape " + shapeText(contract.logitsShape)};
    if (expected % image.batch != 0)
      return Error{quoted(name) + " has " + std::to_string(expected) +
                   " elements, expected a multiple of " + std::to_string(image.batch) +
                   ", the batch"};
  }
  return Status::success();
}

Status checkLabelInputs(const Image &image) {
  std::set<std::string> seen;
  for (const LabelInput &input : image.contract.labelInputs) {
    Result<const Tensor *> tensor = find(image, input.tensor, Role::input, "the label input");
    if (!tensor)
      return tensor.takeError();
    if ((*tensor)->format != mach::format::i32)
      return Error{"the label input " + quoted(input.tensor) + " is in " +
                   std::string(mach::toString((*tensor)->format)) + ", expected i32"};
    constexpr int64_t most = int64_t(1) << 31; // labels are in i32
    if (input.classes < 1 || input.classes > most)
      return Error{"the label input " + quoted(input.tensor) + " has " +
                   std::to_string(input.classes) + " classes, expected at least 1 and at most " +
                   std::to_string(most)};
    if (!seen.insert(input.tensor).second)
      return Error{"the label input " + quoted(input.tensor) + " is there twice"};
  }
  if (!image.contract.labels.empty() && !seen.count(image.contract.labels))
    return Error{"the labels " + quoted(image.contract.labels) + " are no label input"};
  return Status::success();
}

Status checkIndexInputs(const Image &image) {
  std::set<std::string> seen;
  for (const IndexInput &input : image.contract.indexInputs) {
    Result<const Tensor *> tensor = find(image, input.tensor, Role::input, "the index input");
    if (!tensor)
      return tensor.takeError();
    std::string about = "the index input " + quoted(input.tensor);
    if ((*tensor)->format != mach::format::i32)
      return Error{about + " is in " + std::string(mach::toString((*tensor)->format)) +
                   ", expected i32"};
    int64_t elements = elementsOf((*tensor)->shape) / image.batch; // of a sample
    if (input.sizes.empty() || elements % int64_t(input.sizes.size()) != 0)
      return Error{about + " has " + std::to_string(input.sizes.size()) +
                   " sizes, expected a divisor of " + std::to_string(elements) +
                   ", the elements of a sample"};
    for (int64_t size : input.sizes)
      if (size < 1 || size > maxIndexedPlaces)
        return Error{about + " is of " + std::to_string(size) +
                     " places, expected at least 1 and at most " +
                     std::to_string(maxIndexedPlaces)};
    if (!seen.insert(input.tensor).second)
      return Error{about + " is there twice"};
  }
  return Status::success();
}

} // namespace

Status checkContract(const Image &image) {
  for (const Tensor &tensor : image.tensors)
    if (tensor.role == Role::input && (tensor.shape.empty() || tensor.shape[0] != image.batch))
      return Error{"input " + quoted(tensor.name) + " has shape " + shapeText(tensor.shape) +
                   ", expected a first extent of " + std::to_string(image.batch) + ", the batch"};
  const Contract &contract = image.contract;
  if (Status s = checkLoss(image, contract.loss, "the loss", "step"); !s)
    return s;
  if (Status s = checkLoss(image, contract.evalLoss, "the loss of eval", "eval"); !s)
    return s;
  for (auto check : {checkLogits, checkJudge, checkLabelInputs, checkIndexInputs})
    if (Status s = check(image); !s)
      return s;
  return Status::success();
}

} // namespace slp::image
