//===- Emit.cpp - mach IR to an image ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Emit/Emit.h"

#include "dialects/Chip/ChipDialect.h"
#include "dialects/Mach/ElementFormat.h"
#include "dialects/Mach/MachDialect.h"
#include "dialects/Mach/MachProgramOps.h"
#include "dialects/Mach/MachToInstruction.h"
#include "dialects/Num/NumDialect.h"
#include "runtime/image/Description.h"
#include "runtime/image/Features.h"
#include "runtime/image/Formats.h"
#include "runtime/isa/Addresses.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/LayoutRowMajor.h.inc"
#include "runtime/num/Round.h"
#include "slp/Emit/InitialValues.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"

#include <cmath>
#include <cstring>
#include <map>

using namespace mlir;
using namespace slp;

namespace {

/// Initial values that the format of a tensor cannot hold.
struct BeyondFormat {
  std::string tensor;
  uint64_t count = 0; // elements
  float value = 0;    // the largest, by magnitude
  float limit = 0;    // of the format
};

class Emitter {
public:
  Emitter(ModuleOp module, const chip::Chip &chip, StringRef folder)
      : module(module), chip(chip), folder(folder), formats(module) {}
  FailureOr<image::Image> emit();

private:
  LogicalResult emitTensor(mach::TensorOp op);
  FailureOr<num::Format> formatOf(mach::TensorOp op);
  FailureOr<std::vector<uint8_t>> initialBytes(mach::TensorOp op);
  /// Counts initial values of a state that its compute copy cannot hold.
  LogicalResult noteCopy(mach::TensorOp copy, ArrayRef<float> values);
  LogicalResult emitProgram(mach::ProgramOp program);
  image::DebugRecord recordOf(Operation *op);
  int32_t captureOf(StringRef tensor, bool accumulator);
  void emitOptimizer(DictionaryAttr training);
  void emitPrecision(DictionaryAttr precision);
  LogicalResult emitContract();
  void emitHeader();
  void noteBeyondFormats();

  ModuleOp module;
  const chip::Chip &chip;
  StringRef folder;
  mach::FormatTable formats;
  image::Image image;
  llvm::StringMap<uint64_t> descriptorIndex;
  std::map<std::pair<std::string, std::string>, int32_t> nodeIndex; // (node, op)
  llvm::StringMap<int32_t> captureIndex;
  llvm::StringMap<image::Masking> masks; // tensors that may saturate on purpose
  std::vector<BeyondFormat> beyond;
};

} // namespace

static num::Rounding roundingOf(Attribute attr, const chip::Chip &chip) {
  auto rounding = dyn_cast_or_null<num_ir::RoundingAttr>(attr);
  if (!rounding)
    return chip.numerics.rounding;
  switch (rounding.getValue()) {
  case num_ir::Rounding::nearest_even:
    return num::Rounding::nearestEven;
  case num_ir::Rounding::half_away:
    return num::Rounding::halfAway;
  case num_ir::Rounding::toward_zero:
    return num::Rounding::towardZero;
  case num_ir::Rounding::stochastic:
    return num::Rounding::stochastic;
  }
  return chip.numerics.rounding;
}

/// The little-endian bytes of a constant of i32.
static FailureOr<std::vector<uint8_t>> bytesOfIntegers(mach::TensorOp op) {
  auto dense = dyn_cast<DenseIntElementsAttr>(op.getInitAttr());
  if (!dense || !dense.getElementType().isInteger(32) ||
      dense.getType().getShape() != op.getShape())
    return op.emitOpError("expected a dense i32 attribute, found ") << op.getInitAttr();
  std::vector<uint8_t> bytes;
  for (int32_t value : dense.getValues<int32_t>())
    for (int b = 0; b < 4; ++b)
      bytes.push_back(uint8_t(uint32_t(value) >> (8 * b)));
  return bytes;
}

/// The bytes of all elements, which are given in row-major order, as the tensor's layout has them.
static std::vector<uint8_t> placed(std::vector<uint8_t> bytes, const image::Tensor &tensor) {
  if (bytes.empty() || tensor.layout == mach::layout::row_major)
    return bytes;
  std::vector<uint8_t> result(tensor.bytes);
  size_t width = mach::elementBytes(tensor.format);
  tensor.map().forRows([&](int64_t index, int64_t offset, int64_t n, int64_t stride) {
    for (int64_t i = 0; i < n; ++i)
      std::memcpy(&result[offset + i * stride], &bytes[(index + i) * width], width);
    return true;
  });
  return result;
}

/// What the codes of a tensor in a format of the chip mean.
FailureOr<num::Format> Emitter::formatOf(mach::TensorOp op) {
  if (mach::isCompressed(op.getFormat()))
    return op.emitOpError("a compressed tensor has no initial values");
  if (!mach::isChipFormat(op.getFormat()))
    return num::Format();
  Result<num::Format> format =
      image::chipFormat(chip.numerics, op.getFormat(), int(op.getBias().value_or(0)));
  if (!format)
    return op.emitOpError() << format.message();
  return *format;
}

LogicalResult Emitter::noteCopy(mach::TensorOp copy, ArrayRef<float> values) {
  FailureOr<num::Format> format = formatOf(copy);
  if (failed(format))
    return failure();
  BeyondFormat beyondCopy{copy.getSymName().str(), 0, 0, format->maxFinite()};
  num::Events events;
  for (float value : values) {
    num::round(*format, roundingOf(copy.getInitRoundingAttr(), chip), value, 0, &events);
    if (std::fabs(value) > std::fabs(beyondCopy.value))
      beyondCopy.value = value;
  }
  beyondCopy.count = events.saturation;
  if (beyondCopy.count && masks.lookup(copy.getSymName()) == image::Masking::none)
    beyond.push_back(beyondCopy);
  return success();
}

FailureOr<std::vector<uint8_t>> Emitter::initialBytes(mach::TensorOp op) {
  if (!op.getInitAttr())
    return std::vector<uint8_t>();
  if (op.getFormat() == mach::format::i32) // indices
    return bytesOfIntegers(op);
  auto type = RankedTensorType::get(op.getShape(), Float32Type::get(op.getContext()));
  FailureOr<std::vector<float>> values =
      readInitialValues(op.getLoc(), op.getSymName(), type, op.getInitAttr(), folder);
  if (failed(values))
    return failure();
  int64_t width = mach::elementBytes(op.getFormat());
  std::vector<uint8_t> bytes(values->size() * width);
  num::Rounding rounding = roundingOf(op.getInitRoundingAttr(), chip);
  if (rounding == num::Rounding::stochastic)
    rounding = num::Rounding::nearestEven; // initial values belong to no run
  FailureOr<num::Format> found = formatOf(op);
  if (failed(found))
    return failure();
  const num::Format &format = *found;
  num::Events events;
  float largest = 0;
  bool isBeyondUpwards = false;
  for (size_t i = 0; i < values->size(); ++i) {
    uint32_t code = 0;
    if (op.getFormat() == mach::format::f32) {
      float value = (*values)[i] + 0.0f; // the one zero
      std::memcpy(&code, &value, 4);
    } else {
      code = num::encode(format, num::round(format, rounding, (*values)[i], 0, &events));
      isBeyondUpwards |= (*values)[i] > format.maxFinite();
      largest = std::fabs((*values)[i]) > std::fabs(largest) ? (*values)[i] : largest;
    }
    for (int64_t b = 0; b < width; ++b)
      bytes[i * width + b] = uint8_t(code >> (8 * b)); // little endian on any host
  }
  for (auto copy : module.getOps<mach::TensorOp>())
    if (copy.getCopyOf() == op.getSymName())
      if (failed(noteCopy(copy, *values)))
        return failure();
  // A mask may saturate either way, scores under one downwards.
  image::Masking masking = masks.lookup(op.getSymName());
  if (events.saturation && masking != image::Masking::mask &&
      (masking == image::Masking::none || isBeyondUpwards))
    beyond.push_back({op.getSymName().str(), events.saturation, largest, format.maxFinite()});
  return bytes;
}

/// One line of what initial values have become: few of them, and how many more there are.
void Emitter::noteBeyondFormats() {
  if (beyond.empty())
    return;
  constexpr size_t shown = 3;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "initial values beyond the largest numbers of their formats become those: ";
  for (const BeyondFormat &b : ArrayRef(beyond).take_front(shown))
    os << (&b == beyond.data() ? "" : ", ") << b.count << " of \"" << b.tensor << "\", as "
       << llvm::format("%g", double(b.value)) << " in a format up to "
       << llvm::format("%g", double(b.limit));
  if (beyond.size() > shown)
    os << ", and some of " << beyond.size() - shown << " more";
  os << "; wider formats (--precision) or smaller parameters hold them";
  Diagnostic note(UnknownLoc::get(module.getContext()), DiagnosticSeverity::Note);
  note << text;
  module.getContext()->getDiagEngine().emit(std::move(note));
}

LogicalResult Emitter::emitTensor(mach::TensorOp op) {
  image::Tensor tensor;
  tensor.name = op.getSymName().str();
  tensor.role = op.getRole() == "input"      ? image::Role::input
                : op.getRole() == "output"   ? image::Role::output
                : op.getRole() == "state"    ? image::Role::state
                : op.getRole() == "constant" ? image::Role::constant
                : op.getRole() == "copy"     ? image::Role::copy
                                             : image::Role::temp;
  tensor.format = op.getFormat();
  tensor.bias = int8_t(op.getBias().value_or(0));
  if (op.getCopyOf()) {
    auto rounding = dyn_cast_or_null<num_ir::RoundingAttr>(op.getInitRoundingAttr());
    if (!rounding)
      return op.emitOpError("is a copy, expected an init_rounding");
    tensor.copyOf = op.getCopyOf()->str();
    tensor.rounding = mach::storeRounding(rounding.getValue());
  }
  tensor.layout = op.getLayout().value_or(mach::layout::row_major);
  tensor.shape.assign(op.getShape().begin(), op.getShape().end());
  if (auto strides = op.getStrides()) {
    tensor.strides.assign(strides->begin(), strides->end());
  } else {
    Result<mach::TensorPlaces> places =
        mach::TensorPlaces::of(tensor.layout, mach::elementBytes(op.getFormat()),
                               mach::isCompressed(op.getFormat()), tensor.shape);
    if (!places)
      return op.emitOpError() << places.message();
    tensor.strides = places->strides();
  }
  tensor.address = op.getAddress();
  tensor.bytes = op.getBytes();
  FailureOr<std::vector<uint8_t>> init = initialBytes(op);
  if (failed(init))
    return failure();
  tensor.init = placed(std::move(*init), tensor);
  image.tensors.push_back(std::move(tensor));
  return success();
}

int32_t Emitter::captureOf(StringRef tensor, bool accumulator) {
  if (tensor.empty())
    return -1;
  auto [it, isNew] = captureIndex.try_emplace(tensor, int32_t(image.debug.captures.size()));
  if (isNew) {
    image::Capture capture;
    capture.tensor = tensor.str();
    capture.format = mach::format::f32;
    if (auto types = module->getAttrOfType<chip_ir::TensorsAttr>("slp.tensors"))
      if (auto attr = dyn_cast_or_null<TypeAttr>(types.getTypes().get(tensor)))
        if (auto type = dyn_cast<RankedTensorType>(attr.getValue())) {
          capture.shape.assign(type.getShape().begin(), type.getShape().end());
          if (std::optional<mach::ElementFormat> format = formats.find(type.getElementType()))
            capture.format = format->format;
        }
    capture.accumulator = accumulator;
    capture.masking = masks.lookup(tensor);
    image.debug.captures.push_back(std::move(capture));
  }
  return it->second;
}

image::DebugRecord Emitter::recordOf(Operation *op) {
  image::DebugRecord record;
  auto node = op->getAttrOfType<StringAttr>("slp.node");
  auto phase = op->getAttrOfType<StringAttr>("slp.phase");
  auto trainOp = op->getAttrOfType<StringAttr>("slp.op");
  if (node && trainOp && !node.getValue().empty()) {
    auto [it, isNew] =
        nodeIndex.try_emplace({node.str(), trainOp.str()}, int32_t(image.debug.nodes.size()));
    if (isNew) {
      image.debug.nodes.push_back(node.str());
      image.debug.ops.push_back(trainOp.str());
    }
    record.node = it->second;
  }
  if (phase)
    record.phase = llvm::StringSwitch<int8_t>(phase.getValue())
                       .Case("fp", 0)
                       .Case("bp", 1)
                       .Case("wg", 2)
                       .Case("up", 3)
                       .Default(-1);
  auto tensors = op->getAttrOfType<ArrayAttr>("slp.tensor");
  for (size_t i = 0; tensors && i < std::min(std::size(record.capture), tensors.size()); ++i) {
    bool accumulator = !op->getName().stripDialect().starts_with("v.");
    record.capture[i] = captureOf(cast<StringAttr>(tensors[i]).getValue(), accumulator);
  }
  return record;
}

LogicalResult Emitter::emitProgram(mach::ProgramOp program) {
  uint64_t base = image.text.size();
  image.entries.push_back({program.getSymName().str(), base});
  llvm::StringMap<int64_t> labels;
  int64_t pc = 0;
  for (Operation &op : program.getBody().front()) {
    if (auto label = dyn_cast<mach::LabelOp>(op))
      labels[label.getName()] = pc;
    else
      ++pc;
  }
  pc = 0;
  auto resolveLabel = [&](Operation *op, StringRef name) -> FailureOr<int64_t> {
    auto it = labels.find(name);
    if (it == labels.end())
      return op->emitError("names the unknown label ") << name;
    return it->second - (pc + 1);
  };
  auto resolveSymbol = [&](Operation *op, StringRef name) -> FailureOr<uint64_t> {
    auto it = descriptorIndex.find(name);
    if (it == descriptorIndex.end())
      return op->emitError("names the unknown descriptor ") << name;
    return it->second;
  };
  for (Operation &op : program.getBody().front()) {
    if (isa<mach::LabelOp>(op))
      continue;
    FailureOr<mach::Instruction> instruction =
        mach::toInstruction(&op, resolveLabel, resolveSymbol);
    if (failed(instruction))
      return failure();
    Result<mach::Word> word = mach::encode(*instruction);
    if (!word)
      return op.emitError() << word.message();
    image.text.push_back(*word);
    image.debug.records.push_back(recordOf(&op));
    ++pc;
  }
  return success();
}

/// {name, micro_batches, loss_scale_state, and the numbers: defaults by flag}.
void Emitter::emitOptimizer(DictionaryAttr training) {
  for (NamedAttribute entry : training) {
    if (entry.getName() == "name")
      image.optimizer = cast<StringAttr>(entry.getValue()).str();
    else if (entry.getName() == "micro_batches")
      image.microBatches = cast<IntegerAttr>(entry.getValue()).getInt();
    else if (entry.getName() == "loss_scale_state")
      image.lossScaleState = cast<StringAttr>(entry.getValue()).str();
    else if (entry.getName() == "numbers")
      for (NamedAttribute number : cast<DictionaryAttr>(entry.getValue()))
        image.numbers.push_back(
            {number.getName().str(), cast<FloatAttr>(number.getValue()).getValueAsDouble()});
  }
}

void Emitter::emitPrecision(DictionaryAttr precision) {
  if (auto scale = precision.getAs<FloatAttr>("loss_scale"))
    image.lossScale = scale.getValueAsDouble();
  if (auto hash = precision.getAs<StringAttr>("model_hash"))
    hash.getValue().getAsInteger(16, image.modelHash); // the dialect has checked it
}

/// What arguments and results were for (lib/Conversion/TrainToChip/Contract.h). That inputs begin
/// with the batch is for users to mend, all else that verify checks is for us.
LogicalResult Emitter::emitContract() {
  for (const image::Tensor &tensor : image.tensors) {
    if (tensor.role != image::Role::input)
      continue;
    if (tensor.shape.empty() || tensor.shape[0] != image.batch)
      return emitError(UnknownLoc::get(module.getContext()))
             << "input \"" << tensor.name << "\": expected a first dimension of " << image.batch
             << ", the batch, found "
             << (tensor.shape.empty() ? "a scalar" : std::to_string(tensor.shape[0]))
             << "; --bind=" << tensor.name << "=VALUE makes a constant of it";
  }
  auto contract = module->getAttrOfType<DictionaryAttr>("slp.contract");
  if (!contract)
    return success();
  auto textOf = [&](StringRef key) {
    auto text = contract.getAs<StringAttr>(key);
    return text ? text.str() : std::string();
  };
  image::Contract &to = image.contract;
  to.loss = textOf("loss");
  to.evalLoss = textOf("eval_loss");
  to.labels = textOf("labels");
  to.targets = textOf("targets");
  auto malformed = [&] {
    return emitError(UnknownLoc::get(module.getContext()))
           << "expected slp.contract as convert-train-to-chip leaves it, found " << contract;
  };
  if (auto logits = contract.getAs<DictionaryAttr>("logits")) {
    auto name = logits.getAs<StringAttr>("name");
    auto shape = logits.getAs<DenseI64ArrayAttr>("shape");
    if (!name || !shape)
      return malformed();
    to.logits = name.str();
    to.logitsShape.assign(shape.asArrayRef().begin(), shape.asArrayRef().end());
    if (auto axis = logits.getAs<IntegerAttr>("class_axis"))
      to.classAxis = axis.getInt();
  }
  if (auto inputs = contract.getAs<DictionaryAttr>("label_inputs"))
    for (NamedAttribute entry : inputs) {
      auto of = dyn_cast<DictionaryAttr>(entry.getValue());
      auto classes = of ? of.getAs<IntegerAttr>("classes") : IntegerAttr();
      if (!classes)
        return malformed();
      image::LabelInput input{entry.getName().str(), classes.getInt(), {}};
      if (auto ignore = of.getAs<IntegerAttr>("ignore"))
        input.ignore = int32_t(ignore.getInt());
      to.labelInputs.push_back(std::move(input));
    }
  if (auto inputs = contract.getAs<DictionaryAttr>("index_inputs"))
    for (NamedAttribute entry : inputs) {
      auto sizes = dyn_cast<DenseI64ArrayAttr>(entry.getValue());
      if (!sizes)
        return malformed();
      to.indexInputs.push_back({entry.getName().str(), {}});
      to.indexInputs.back().sizes.assign(sizes.asArrayRef().begin(), sizes.asArrayRef().end());
    }
  return success();
}

void Emitter::emitHeader() {
  image::setChip(image, chip);
  if (auto model = module->getAttrOfType<StringAttr>("train.model"))
    image.modelName = model.str();
  else
    image.modelName = "unnamed";
  if (auto precision = module->getAttrOfType<DictionaryAttr>("train.precision"))
    emitPrecision(precision);
  if (auto training = module->getAttrOfType<DictionaryAttr>("train.training"))
    emitOptimizer(training);
  if (auto elided = module->getAttrOfType<chip_ir::ElidedAttr>("slp.elided"))
    for (auto pair : elided.getPairs().getAsRange<ArrayAttr>())
      image.debug.elided.push_back(
          {cast<StringAttr>(pair[0]).str(), cast<StringAttr>(pair[1]).str()});
}

FailureOr<image::Image> Emitter::emit() {
  emitHeader();
  // As lib/Conversion/TrainToChip/Masks.h leaves it.
  if (auto names = module->getAttrOfType<DictionaryAttr>("slp.masks"))
    for (auto [key, masking] :
         {std::pair("mask", image::Masking::mask), std::pair("scores", image::Masking::scores)})
      if (auto list = names.getAs<ArrayAttr>(key))
        for (auto name : list.getAsRange<StringAttr>())
          masks[name.getValue()] = masking;
  for (auto op : module.getOps<mach::DescriptorOp>()) {
    descriptorIndex[op.getSymName()] = image.descriptors.size();
    image.descriptors.push_back({op.getSymName().str(), op.getTensorTile()});
  }
  for (auto op : module.getOps<mach::TensorOp>())
    if (failed(emitTensor(op)))
      return failure();
  for (const image::Tensor &tensor : image.tensors)
    if (tensor.role == image::Role::input && !tensor.shape.empty() && image.batch == 0)
      image.batch = tensor.shape[0];
  for (auto program : module.getOps<mach::ProgramOp>())
    if (failed(emitProgram(program)))
      return failure();
  if (failed(emitContract()))
    return failure();
  if (Status ok = image::verify(image); !ok)
    return module.emitError("image is inconsistent: ") << ok.message();
  if (Status ok = image::checkFeatures(image, chip); !ok)
    return module.emitError() << ok.message();
  noteBeyondFormats();
  return std::move(image);
}

FailureOr<image::Image> slp::emitImage(ModuleOp module, const chip::Chip &chip,
                                       StringRef modelFolder) {
  return Emitter(module, chip, modelFolder).emit();
}
