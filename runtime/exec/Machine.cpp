//===- Machine.cpp - executes images, bit by bit ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The public face: checks an image against a chip, lays it into memory, moves tensors in and out.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Machine.h"

#include "runtime/api/Guard.h"
#include "runtime/exec/Compressed.h"
#include "runtime/exec/State.h"
#include "runtime/image/Features.h"
#include "runtime/isa/EnumFormat.h.inc"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace slp::exec {

struct Machine::Impl {
  Impl(const chip::Chip &chip, const image::Image &image, num::HostPath path)
      : state(chip, image, path) {}
  bool hasEntry(std::string_view name) const {
    return std::any_of(state.image.entries.begin(), state.image.entries.end(),
                       [&](const image::Entry &entry) { return entry.name == name; });
  }
  /// The host has written a tensor: a state that is kept on the chip is old there.
  void noteHostWrite(const image::Tensor &tensor) {
    if (tensor.role == image::Role::state || tensor.role == image::Role::copy)
      isOnChip = false;
    state.noteHostWrite(tensor);
  }

  State state;
  // Of an image that keeps states on the chip:
  bool isOnChip = false;  // they are there
  bool isChecked = false; // and a run that checked the order brought them
};

Machine::Machine() = default;
Machine::~Machine() = default;

static Status checkChip(const chip::Chip &chip, const image::Image &image) {
  if (image.chipHash != chip.structureHash())
    return Error{"the image was compiled for another structure of chip `" + image.chipName +
                 "` than `" + chip.name + "` has: compile it again for this description"};
  int dot = chip.numerics.dot;
  if (dot != 1 && dot != 8 && dot != 16)
    return Error{"dot groups of " + std::to_string(dot) +
                 " terms are not simulated, expected 1, 8 or 16"};
  int cores = chip.structure.cores.value;
  if (cores < 1 || cores > 64)
    return Error{"a machine has 1 to 64 cores, not " + std::to_string(cores)};
  return Status::success();
}

static Status decodeText(State &state) {
  const std::vector<mach::Word> &words = state.image.text;
  state.text.reserve(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    Result<mach::Instruction> instr = mach::decode(words[i]);
    if (!instr)
      return Error{"instruction " + std::to_string(i) + " is undefined: " + instr.message()};
    state.text.push_back(*instr);
  }
  return Status::success();
}

static Status allocate(State &state) {
  const chip::Structure &s = state.chip.structure;
  uint64_t dramBytes = 0;
  for (const image::Tensor &tensor : state.image.tensors)
    dramBytes = std::max(dramBytes, tensor.address + tensor.bytes);
  if (dramBytes > uint64_t(s.dramBytes.value))
    return Error{"the tensors need " + std::to_string(dramBytes) + " bytes of dram, " +
                 state.chip.name + " has " + std::to_string(s.dramBytes.value)};
  auto make = [&](Memory &memory, const char *name, uint64_t bytes) {
    Result<Memory> result = Memory::allocate(bytes);
    if (!result)
      return Status(
          Error{std::string(name) + " of chip " + state.chip.name + ": " + result.message()});
    memory = result.take();
    return Status::success();
  };
  Memories &m = state.memories;
  if (Status st = make(m.dram, "dram", dramBytes); !st)
    return st;
  if (Status st = make(m.shared, "shared buffer", uint64_t(s.sharedBytes.value)); !st)
    return st;
  m.spm.resize(size_t(s.cores.value));
  m.acc.resize(size_t(s.cores.value));
  for (size_t core = 0; core < m.spm.size(); ++core) {
    if (Status st = make(m.spm[core], "scratchpad", uint64_t(s.scratchpadBytes.value)); !st)
      return st;
    uint64_t banks = 2 * uint64_t(s.accBankBytes.value);
    if (Status st = make(m.acc[core], "accumulator banks", banks); !st)
      return st;
  }
  return Status::success();
}

static Status loadInitialState(State &state, const image::Image &image) {
  for (const image::Tensor &tensor : image.tensors) {
    if (mach::hasCodes(tensor.format) && !state.codec.values(tensor.format))
      return Error{"tensor " + tensor.name + " has format " +
                   std::string(mach::toString(tensor.format)) + ", which " + state.chip.name +
                   " lacks"};
    if (tensor.init.size() > tensor.bytes)
      return Error{"tensor " + tensor.name + " has " + std::to_string(tensor.init.size()) +
                   " initial bytes in " + std::to_string(tensor.bytes)};
    if (!tensor.init.empty())
      std::memcpy(state.memories.dram.data() + tensor.address, tensor.init.data(),
                  tensor.init.size());
  }
  return Status::success();
}

Result<std::unique_ptr<Machine>> Machine::create(const chip::Chip &chip, const image::Image &image,
                                                 num::HostPath path) {
  if (!num::hostHas(path))
    return Error{std::string("this host lacks ") + num::toString(path)};
  if (Status s = image::verify(image); !s)
    return s.takeError();
  if (Status s = checkChip(chip, image); !s)
    return s.takeError();
  if (Status s = image::checkFeatures(image, chip); !s)
    return s.takeError();
  std::unique_ptr<Machine> machine(new Machine());
  machine->impl = std::make_unique<Impl>(chip, image, path);
  State &state = machine->impl->state;
  if (Status s = decodeText(state); !s)
    return s.takeError();
  if (Status s = allocate(state); !s)
    return s.takeError();
  if (Status s = loadInitialState(state, image); !s)
    return s.takeError();
  for (const image::Tensor &tensor : image.tensors)
    if (tensor.role == image::Role::copy)
      if (Status s = machine->makeCopy(tensor); !s)
        return s.takeError();
  return machine;
}

Status Machine::runEntry(std::string_view entry, const Options &options) {
  for (const image::Entry &e : impl->state.image.entries)
    if (e.name == entry)
      return guarded("entry point '" + e.name + "'",
                     [&] { return impl->state.run(e.pc, options); });
  return Error{"the image has no entry point `" + std::string(entry) + "`"};
}

Status Machine::run(std::string_view entry, const Options &options) {
  bool keepsStates = impl->hasEntry("sync"), isExchange = entry == "init" || entry == "sync";
  Options exchange = options;
  exchange.observer = nullptr;
  exchange.capturer = nullptr;
  bool isThere = impl->isOnChip && (impl->isChecked || !options.checkOrder);
  if (keepsStates && !isThere && !isExchange)
    if (Status s = run("init", exchange); !s)
      return s;
  if (Status s = runEntry(entry, options); !s)
    return s;
  if (!keepsStates || entry == "sync")
    return Status::success();
  if (entry != "init")
    return run("sync", exchange);
  impl->isOnChip = true;
  impl->isChecked = options.checkOrder;
  impl->state.keepShared();
  return Status::success();
}

static const image::Tensor *findTensor(const State &state, std::string_view name) {
  for (const image::Tensor &tensor : state.image.tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

static int64_t elementsOf(const image::Tensor &tensor) {
  int64_t n = 1;
  for (int64_t d : tensor.shape)
    n *= d;
  return n;
}

/// Calls f(index, address, n, stride) in row-major order while it returns true: the elements
/// [index, index + n) lie `stride` bytes apart from `address` on.
template <typename F> static Status forRows(const State &state, const image::Tensor &tensor, F f) {
  if (tensor.strides.size() != tensor.shape.size())
    return Error{"tensor " + tensor.name + " has " + std::to_string(tensor.strides.size()) +
                 " strides for rank " + std::to_string(tensor.shape.size())};
  uint64_t size = state.memories.dram.size(), width = uint64_t(mach::elementBytes(tensor.format));
  bool isInside = true;
  tensor.map().forRows([&](int64_t index, int64_t offset, int64_t n, int64_t stride) {
    uint64_t address = tensor.address + uint64_t(offset);
    uint64_t last = address + uint64_t((n - 1) * stride);
    isInside = size >= width && std::max(address, last) <= size - width;
    return isInside && f(index, state.memories.dram.data() + address, n, stride);
  });
  if (!isInside)
    return Error{"tensor " + tensor.name + " reaches beyond the memory"};
  return Status::success();
}

/// Stores one value; false if the format lacks it.
static bool writeElement(const State &state, const image::Tensor &tensor, float value,
                         uint8_t *to) {
  switch (tensor.format) {
  case mach::Format::f32:
    value += 0.0f; // -0 becomes +0
    std::memcpy(to, &value, sizeof value);
    return true;
  case mach::Format::i32: {
    if (!(value >= -0x1p31f && value < 0x1p31f) || value != std::trunc(value))
      return false;
    int32_t whole = int32_t(value);
    std::memcpy(to, &whole, sizeof whole);
    return true;
  }
  case mach::Format::u8:
    if (!(value >= 0.0f && value <= 255.0f) || value != std::trunc(value))
      return false;
    *to = uint8_t(value);
    return true;
  default: {
    num::Format f = state.codec.format(tensor.format).shifted(tensor.bias);
    f.flushBelow = 0; // values that rounding takes for zero have codes
    uint32_t code = num::roundToCode(f, num::Rounding::towardZero, value, 0, nullptr);
    if (num::decode(f, code) != value)
      return false;
    std::memcpy(to, &code, size_t(mach::elementBytes(tensor.format))); // little endian
    return true;
  }
  }
}

/// Calls f(index, block, place) for each element of a compressed tensor in row-major order, until
/// all are done; `place` is that in its block.
template <typename F> static void forPlaces(const image::Tensor &tensor, F f) {
  int64_t width = mach::elementBytes(tensor.format);
  tensor.map().forRows([&](int64_t index, int64_t offset, int64_t n, int64_t stride) {
    for (int64_t i = 0; i < n; ++i) {
      int64_t at = (offset + i * stride) / width;
      f(size_t(index + i), at / mach::blockElements, size_t(at % mach::blockElements));
    }
    return true;
  });
}

/// The blocks of a compressed tensor, up to that of its last element.
static int64_t blocksOf(const image::Tensor &tensor) {
  mach::AddressMap map = tensor.map();
  int64_t end = reachOf(map, {}, map.extent).end;
  return (end / map.elementBytes + mach::blockElements - 1) / mach::blockElements;
}

/// The codes of a compressed tensor, row-major.
static std::vector<uint16_t> unpackAll(const State &state, const image::Tensor &tensor) {
  CompressedTensor packed(state.memories.dram, tensor.address, tensor.format, state.codec);
  std::vector<BlockCodes> blocks(size_t(blocksOf(tensor)));
  for (size_t b = 0; b < blocks.size(); ++b)
    packed.unpack(int64_t(b), blocks[b]);
  std::vector<uint16_t> codes(size_t(elementsOf(tensor)));
  forPlaces(tensor, [&](size_t index, int64_t block, size_t place) {
    codes[index] = blocks[size_t(block)][place];
  });
  return codes;
}

/// Writes the values, or sees with `isTrial` whether they could be.
static Status writeValues(const State &state, std::string_view name,
                          const std::vector<float> &values, bool isTrial) {
  const image::Tensor *tensor = findTensor(state, name);
  if (!tensor)
    return Error{"the image has no tensor `" + std::string(name) + "`"};
  if (int64_t(values.size()) != elementsOf(*tensor))
    return Error{"tensor " + tensor->name + " has " + std::to_string(elementsOf(*tensor)) +
                 " elements, got " + std::to_string(values.size())};
  if (mach::isCompressed(tensor->format))
    return Error{"tensor " + tensor->name + " is compressed: only the program writes it"};
  if (tensor->role == image::Role::copy)
    return Error{"tensor " + tensor->name + " is a copy of " + tensor->copyOf +
                 ": write that, and it follows"};
  size_t written = 0;
  auto writeRow = [&](int64_t first, uint8_t *to, int64_t n, int64_t stride) {
    uint8_t nowhere[sizeof(uint32_t)];
    for (int64_t i = first; i < first + n; ++i, to += stride, ++written)
      if (!writeElement(state, *tensor, values[size_t(i)], isTrial ? nowhere : to))
        return false;
    return true;
  };
  Status s = forRows(state, *tensor, writeRow);
  if (!s || written == values.size())
    return s;
  return Error{"element " + std::to_string(written) + " of tensor " + tensor->name + ", " +
               std::to_string(values[written]) + ", is no value of its format " +
               std::string(mach::toString(tensor->format))};
}

Status Machine::makeCopy(const image::Tensor &copy) {
  const State &state = impl->state;
  Result<std::vector<float>> values = read(copy.copyOf);
  if (!values)
    return values.takeError();
  num::Format format = state.codec.format(copy.format).shifted(copy.bias);
  num::Rounding rounding = state.codec.roundingOf(copy.rounding);
  return forRows(state, copy, [&](int64_t first, uint8_t *to, int64_t n, int64_t stride) {
    for (int64_t i = first; i < first + n; ++i, to += stride) {
      uint32_t code = num::roundToCode(format, rounding, (*values)[size_t(i)], 0, nullptr);
      std::memcpy(to, &code, size_t(mach::elementBytes(copy.format))); // little endian
    }
    return true;
  });
}

Status Machine::write(std::string_view name, const std::vector<float> &values) {
  if (Status s = writeValues(impl->state, name, values, /*isTrial=*/false); !s)
    return s;
  impl->noteHostWrite(*findTensor(impl->state, name));
  for (const image::Tensor &tensor : impl->state.image.tensors)
    if (tensor.role == image::Role::copy && tensor.copyOf == name) {
      if (Status s = makeCopy(tensor); !s)
        return s;
      impl->noteHostWrite(tensor);
    }
  return Status::success();
}

Status Machine::checkValues(std::string_view name, const std::vector<float> &values) const {
  return writeValues(impl->state, name, values, /*isTrial=*/true);
}

/// Widens n elements `stride` bytes apart; exactly but for i32.
static void readRow(const State &state, const image::Tensor &tensor, const uint8_t *from, int64_t n,
                    int64_t stride, float *to) {
  auto readAs = [&](auto element, auto widen) {
    for (int64_t i = 0; i < n; ++i, from += stride) {
      std::memcpy(&element, from, sizeof element); // little endian
      to[i] = widen(element);
    }
  };
  switch (tensor.format) {
  case mach::Format::f32:
    return readAs(float(), [](float value) { return value; });
  case mach::Format::i32:
    return readAs(int32_t(), [](int32_t value) { return float(value); });
  case mach::Format::u8:
    return readAs(uint8_t(), [](uint8_t value) { return float(value); });
  default:
    break;
  }
  const float *table = state.codec.values(tensor.format);
  float scale = std::ldexp(1.0f, -tensor.bias); // a power of two: exact
  auto widen = [&](auto code) { return table[code] * scale; };
  if (mach::elementBytes(tensor.format) == 1)
    readAs(uint8_t(), widen);
  else
    readAs(uint16_t(), widen);
}

Result<std::vector<float>> Machine::read(std::string_view name) const {
  const State &state = impl->state;
  const image::Tensor *tensor = findTensor(state, name);
  if (!tensor)
    return Error{"the image has no tensor `" + std::string(name) + "`"};
  std::vector<float> values(size_t(elementsOf(*tensor)));
  if (mach::isCompressed(tensor->format)) {
    std::vector<uint16_t> codes = unpackAll(state, *tensor);
    const num::Format &format = state.codec.format(tensor->format);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = num::decode(format, codes[i]);
    return values;
  }
  auto readTo = [&](int64_t first, const uint8_t *from, int64_t n, int64_t stride) {
    readRow(state, *tensor, from, n, stride, values.data() + first);
    return true;
  };
  Status s = forRows(state, *tensor, readTo);
  if (!s)
    return s.takeError();
  return values;
}

/// The largest finite number that results are stored as.
static float largestOf(const State &state, const image::Tensor &tensor) {
  switch (tensor.format) {
  case mach::Format::f32:
    return std::numeric_limits<float>::max();
  case mach::Format::i32:
  case mach::Format::u8:
    return std::numeric_limits<float>::infinity(); // whole numbers have no limit that counts
  default:
    return state.codec.format(tensor.format).shifted(tensor.bias).maxFinite();
  }
}

Result<Extreme> Machine::extremeOf(std::string_view name) const {
  const State &state = impl->state;
  const image::Tensor *tensor = findTensor(state, name);
  if (!tensor)
    return Error{"the image has no tensor `" + std::string(name) + "`"};
  float largest = largestOf(state, *tensor);
  Extreme result = Extreme::zeros;
  auto see = [&](float value) {
    if (value != 0)
      result = std::fabs(value) < largest ? Extreme::none : Extreme::limits; // NaN is beyond, too
    return result != Extreme::none;
  };
  if (!mach::isCompressed(tensor->format)) {
    auto seeRow = [&](int64_t, const uint8_t *from, int64_t n, int64_t stride) {
      float values[64];
      for (int64_t i = 0; i < n; i += 64) {
        int64_t count = std::min<int64_t>(64, n - i);
        readRow(state, *tensor, from + i * stride, count, stride, values);
        if (!std::all_of(values, values + count, see))
          return false;
      }
      return true;
    };
    Status s = forRows(state, *tensor, seeRow);
    if (!s)
      return s.takeError();
    return result;
  }
  Result<std::vector<float>> values = read(name);
  if (!values)
    return values.takeError();
  for (float value : *values)
    if (!see(value))
      break;
  return result;
}

Result<uint64_t> Machine::countLargest(std::string_view name) const {
  Result<std::vector<float>> values = read(name);
  if (!values)
    return values.takeError();
  float largest = largestOf(impl->state, *findTensor(impl->state, name));
  return uint64_t(
      std::count_if(values->begin(), values->end(), [&](float value) { return value >= largest; }));
}

/// The code, 1.0f or 1, that stands for an element of the class.
static uint32_t codeOf(const State &state, const image::Tensor &tensor, ElementClass c) {
  if (c == ElementClass::zero)
    return 0;
  if (!mach::hasCodes(tensor.format)) {
    float one = 1;
    uint32_t bits = 1;
    if (tensor.format == mach::Format::f32)
      std::memcpy(&bits, &one, sizeof bits);
    return bits;
  }
  // The least normal number, which every format has; of mixed ones that of both.
  uint32_t narrow = 1u << state.codec.format(tensor.format).man;
  return c == ElementClass::wide ? narrow | 1 : narrow;
}

Result<std::vector<ElementClass>> Machine::classesOf(std::string_view name) const {
  const State &state = impl->state;
  const image::Tensor *tensor = findTensor(state, name);
  if (!tensor)
    return Error{"the image has no tensor `" + std::string(name) + "`"};
  std::vector<ElementClass> classes(size_t(elementsOf(*tensor)));
  if (mach::isCompressed(tensor->format)) {
    bool isMixed = tensor->format == mach::Format::mixed;
    std::vector<uint16_t> codes = unpackAll(state, *tensor);
    for (size_t i = 0; i < classes.size(); ++i)
      classes[i] = codes[i] == 0                             ? ElementClass::zero
                   : isMixed && state.codec.isWide(codes[i]) ? ElementClass::wide
                                                             : ElementClass::narrow;
    return classes;
  }
  Result<std::vector<float>> values = read(name);
  if (!values)
    return values.takeError();
  std::transform(values->begin(), values->end(), classes.begin(), [](float value) {
    return value == 0 ? ElementClass::zero : ElementClass::narrow;
  });
  return classes;
}

Status Machine::writeClasses(std::string_view name, const std::vector<ElementClass> &classes) {
  State &state = impl->state;
  const image::Tensor *tensor = findTensor(state, name);
  if (!tensor)
    return Error{"the image has no tensor `" + std::string(name) + "`"};
  if (int64_t(classes.size()) != elementsOf(*tensor))
    return Error{"tensor " + tensor->name + " has " + std::to_string(elementsOf(*tensor)) +
                 " elements, got classes of " + std::to_string(classes.size())};
  if (tensor->format != mach::Format::mixed &&
      std::find(classes.begin(), classes.end(), ElementClass::wide) != classes.end())
    return Error{"tensor " + tensor->name + " is not mixed, and has no elements of two widths"};
  impl->noteHostWrite(*tensor);
  if (!mach::isCompressed(tensor->format))
    return forRows(state, *tensor, [&](int64_t first, uint8_t *to, int64_t n, int64_t stride) {
      for (int64_t i = first; i < first + n; ++i, to += stride) {
        uint32_t code = codeOf(state, *tensor, classes[size_t(i)]);
        std::memcpy(to, &code, size_t(mach::elementBytes(tensor->format))); // little endian
      }
      return true;
    });
  std::vector<BlockCodes> blocks(size_t(blocksOf(*tensor)), BlockCodes{});
  forPlaces(*tensor, [&](size_t index, int64_t block, size_t place) {
    blocks[size_t(block)][place] = uint16_t(codeOf(state, *tensor, classes[index]));
  });
  CompressedTensor packed(state.memories.dram, tensor->address, tensor->format, state.codec);
  for (size_t b = 0; b < blocks.size(); ++b)
    packed.pack(int64_t(b), blocks[b]);
  return Status::success();
}

void Machine::setHyper(int index, float value) { impl->state.hyper[index] = value; }

std::optional<OrderFault> Machine::orderFault() const { return impl->state.orderFault(); }

std::vector<TensorEvents> Machine::events() const {
  const State &state = impl->state;
  std::vector<TensorEvents> result;
  result.reserve(state.events.size());
  for (size_t i = 0; i < state.events.size(); ++i)
    result.push_back({state.image.debug.captures[i].tensor, state.events[i]});
  return result;
}

} // namespace slp::exec
