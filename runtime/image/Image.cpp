//===- Image.cpp - what an image must agree on ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Look-up by name, and the checks that every writer and every reader of an image goes through.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Image.h"

#include "runtime/image/Contract.h"
#include "runtime/image/DramMap.h"
#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/LayoutRowMajor.h.inc"
#include "runtime/isa/SpaceDram.h.inc"

#include <algorithm>
#include <cmath>
#include <set>

namespace slp::image {

namespace {

constexpr uint64_t addressLimit = uint64_t(1) << 48; // DRAM addresses have 48 bits
constexpr size_t maxRank = 8;                        // of a tensor; descriptors have at most 5

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

/// A name must survive symbol tables and one-line messages. `what` says whose name it is.
Status checkName(std::string_view what, const std::string &name) {
  if (name.empty())
    return Error{std::string(what) + " has no name"};
  for (unsigned char c : name)
    if (c < 0x20 || c == 0x7f)
      return Error{std::string(what) + " has a control character in its name"};
  return Status::success();
}

/// Names of one kind are unique.
Status checkNewName(std::set<std::string> &seen, std::string_view what, const std::string &name) {
  if (Status s = checkName(what, name); !s)
    return s;
  if (!seen.insert(name).second)
    return Error{"two " + std::string(what) + "s are named " + quoted(name)};
  return Status::success();
}

Status checkHeader(const Image &image) {
  if (Status s = checkName("the chip", image.chipName); !s)
    return s;
  if (Status s = checkName("the model", image.modelName); !s)
    return s;
  if (image.batch < 1)
    return Error{"the batch is " + std::to_string(image.batch) + ", expected at least 1"};
  int exponent = 0;
  if (!std::isfinite(image.lossScale) || image.lossScale <= 0 ||
      std::frexp(image.lossScale, &exponent) != 0.5)
    return Error{"the loss scale is " + std::to_string(image.lossScale) +
                 ", expected a power of two"};
  return Status::success();
}

/// Samples of a step are counted in 32 bits (data::Batches) and, as divisors, in f32.
Status checkMicroBatches(const Image &image) {
  constexpr int64_t most = 1 << 24;
  if (image.microBatches < 1 || image.batch > most / image.microBatches)
    return Error{std::to_string(image.microBatches) + " micro-batches of " +
                 std::to_string(image.batch) + " samples, expected at least one and at most " +
                 std::to_string(most) + " samples in all"};
  if (image.microBatches > 1 && !image.findEntry("accumulate"))
    return Error{std::to_string(image.microBatches) +
                 " micro-batches, but the image has no entry point accumulate"};
  return Status::success();
}

/// Run-time numbers are given by name, and each has a default.
Status checkNumbers(const Image &image) {
  std::set<std::string> names;
  for (const RuntimeNumber &number : image.numbers) {
    if (Status s = checkNewName(names, "run-time number", number.name); !s)
      return s;
    if (!std::isfinite(number.value))
      return Error{"run-time number " + quoted(number.name) + " is " +
                   std::to_string(number.value) + ", expected a finite number"};
  }
  return Status::success();
}

/// The state of dynamic loss scaling: four numbers in f32.
Status checkLossScaleState(const Image &image) {
  if (image.lossScaleState.empty())
    return Status::success();
  const Tensor *state = image.findTensor(image.lossScaleState);
  if (!state || state->role != Role::state || state->format != mach::format::f32 ||
      state->shape != std::vector<int64_t>{4})
    return Error{"the state of the loss scale is " + quoted(image.lossScaleState) +
                 ", expected a state of 4 numbers in f32"};
  return Status::success();
}

/// Elements of a tensor that has room for them, one code each; otherwise 0.
uint64_t elementsWithin(const Tensor &t) {
  uint64_t elements = 1, most = t.bytes / uint64_t(mach::elementBytes(t.format));
  for (int64_t extent : t.shape) {
    if (uint64_t(extent) > most / elements)
      return 0;
    elements *= uint64_t(extent);
  }
  return elements;
}

/// How a tensor lies whose elements fit its bytes without padding.
Result<mach::TensorPlaces> placesOf(const Tensor &t) {
  return mach::TensorPlaces::of(t.layout, mach::elementBytes(t.format),
                                mach::isCompressed(t.format), t.shape);
}

/// Places for elements, its layout's padding included; 0 if its elements do not fit its bytes.
uint64_t placesWithin(const Tensor &t) {
  uint64_t elements = elementsWithin(t);
  if (elements == 0 || t.layout == mach::layout::row_major)
    return elements;
  Result<mach::TensorPlaces> places = placesOf(t);
  return places ? uint64_t(places->elements) : 0;
}

/// Bytes that belong to a tensor before its address: the bitmaps of a compressed one.
uint64_t bytesBefore(const Tensor &t) {
  return mach::isCompressed(t.format)
             ? uint64_t(mach::CompressedLayout::bitmapsOf(int64_t(placesWithin(t))))
             : 0;
}

/// Whether the last element ends inside the tensor's bytes, and these have room for all elements:
/// readers make an array of as many, however few of them differ in address.
bool extentFits(const Tensor &t, uint64_t elements) {
  if (elements == 0)
    return false;
  if (mach::isCompressed(t.format))
    return uint64_t(mach::CompressedLayout(t.format).payloadsOf(int64_t(elements))) <= t.bytes;
  if (t.layout != mach::layout::row_major)
    return elements <= t.bytes / uint64_t(mach::elementBytes(t.format));
  // All numbers stay below 2^48 and there are few of them: no sum or product overflows 2^64.
  uint64_t end = mach::elementBytes(t.format);
  for (size_t d = 0; d < t.shape.size(); ++d) {
    uint64_t steps = uint64_t(t.shape[d]) - 1, stride = uint64_t(t.strides[d]);
    if (steps != 0 && stride > t.bytes / steps)
      return false;
    end += steps * stride;
  }
  return end <= t.bytes;
}

/// A layout other than row_major leaves nothing to choose.
Status checkLayout(const Tensor &t) {
  if (mach::toString(t.layout).empty())
    return Error{"unknown layout " + std::to_string(int(t.layout))};
  if (t.layout == mach::layout::row_major || elementsWithin(t) == 0)
    return Status::success();
  Result<mach::TensorPlaces> places = placesOf(t);
  if (!places)
    return places.takeError();
  if (places->strides() == t.strides)
    return Status::success();
  std::string expected;
  for (int64_t stride : places->strides())
    expected += (expected.empty() ? "" : ", ") + std::to_string(stride);
  return Error{"layout " + std::string(mach::toString(t.layout)) + " with other strides than [" +
               expected + "]"};
}

Status checkTensor(const Tensor &t) {
  Error about{"tensor " + quoted(t.name) + ": "};
  auto fail = [&](const std::string &why) { return Error{about.message + why}; };
  if (uint8_t(t.role) > uint8_t(Role::copy))
    return fail("unknown role " + std::to_string(int(t.role)));
  if (mach::toString(t.format).empty())
    return fail("unknown format " + std::to_string(int(t.format)));
  if (t.shape.size() > maxRank)
    return fail("rank " + std::to_string(t.shape.size()) + ", expected at most 8");
  if (t.shape.size() != t.strides.size())
    return fail(std::to_string(t.strides.size()) + " strides for rank " +
                std::to_string(t.shape.size()));
  for (size_t d = 0; d < t.shape.size(); ++d)
    if (t.shape[d] < 1 || t.strides[d] < 0)
      return fail("dimension " + std::to_string(d) + " has extent " + std::to_string(t.shape[d]) +
                  " and stride " + std::to_string(t.strides[d]) +
                  ", expected a positive extent and no negative stride");
  if (t.bytes == 0 || t.bytes > addressLimit || t.address > addressLimit - t.bytes)
    return fail(std::to_string(t.bytes) + " bytes at " + std::to_string(t.address) +
                ", expected at least one byte below 2^48");
  if (Status s = checkLayout(t); !s)
    return fail(s.message());
  if (!extentFits(t, placesWithin(t)))
    return fail("its elements do not fit its " + std::to_string(t.bytes) + " bytes");
  if (bytesBefore(t) > t.address)
    return fail("compressed at " + std::to_string(t.address) + ", expected at least " +
                std::to_string(bytesBefore(t)) + ", the bytes of its bitmaps before it");
  if (!t.init.empty() && t.role != Role::state && t.role != Role::constant)
    return fail("initial values, expected them for states and constants only");
  if (!t.init.empty() && t.init.size() != t.bytes)
    return fail(std::to_string(t.init.size()) + " bytes of initial values, expected " +
                std::to_string(t.bytes));
  return Status::success();
}

/// A copy is one of a state of its shape, whose elements the host can read.
Status checkCopy(const Image &image, const Tensor &t) {
  if (t.role != Role::copy)
    return t.copyOf.empty() ? Status::success()
                            : Status(Error{"tensor " + quoted(t.name) + ": copy of " +
                                           quoted(t.copyOf) + ", expected role copy"});
  const Tensor *original = image.findTensor(t.copyOf);
  if (t.rounding == mach::StoreRounding::chip || t.rounding == mach::StoreRounding::stochastic ||
      mach::toString(t.rounding).empty())
    return Error{"tensor " + quoted(t.name) + ": rounding " + std::to_string(int(t.rounding)) +
                 " of a copy, expected one without random numbers"};
  bool fits = original && original->role == Role::state && original->shape == t.shape &&
              !mach::isCompressed(original->format) && mach::hasCodes(t.format) &&
              !mach::isCompressed(t.format);
  if (fits)
    return Status::success();
  return Error{"tensor " + quoted(t.name) + ": copy of " + quoted(t.copyOf) +
               ", expected a state of its shape, both in formats of one code an element"};
}

Status checkTensors(const Image &image) {
  std::set<std::string> names;
  for (const Tensor &t : image.tensors) {
    if (Status s = checkNewName(names, "tensor", t.name); !s)
      return s;
    if (Status s = checkTensor(t); !s)
      return s;
    if (Status s = checkCopy(image, t); !s)
      return s;
  }
  return checkApart(image);
}

/// A view has its tensor's layout, and begins with one of its blocks, which are as far apart.
Status checkView(const mach::TensorTile &tile, const Tensor &tensor) {
  if (tile.layout != tensor.layout)
    return Error{"layout " + std::string(mach::toString(tile.layout)) + ", expected " +
                 std::string(mach::toString(tensor.layout)) + ", that of tensor " +
                 quoted(tensor.name)};
  if (tile.layout == mach::layout::row_major)
    return Status::success();
  std::array<mach::BlockedChannels, 2> ofView, ofTensor;
  int count = mach::AddressMap::of(tile).blockedChannels(ofView);
  tensor.map().blockedChannels(ofTensor);
  int64_t least = ofView[0].block * ofView[0].innerStride; // bytes of a block
  for (int i = 0; i < count; ++i)
    if (ofView[i].blockStride != ofTensor[i].blockStride)
      return Error{"blocks of channels " + std::to_string(ofView[i].blockStride) +
                   " bytes apart, expected " + std::to_string(ofTensor[i].blockStride) +
                   ", as in tensor " + quoted(tensor.name)};
  if (int64_t(tile.base - tensor.address) % least)
    return Error{"begins " + std::to_string(tile.base - tensor.address) + " bytes into tensor " +
                 quoted(tensor.name) + ", inside a block of channels"};
  return Status::success();
}

Status checkDescriptors(const Image &image) {
  std::set<std::string> names;
  for (const NamedDescriptor &d : image.descriptors) {
    if (Status s = checkNewName(names, "descriptor", d.name); !s)
      return s;
    auto words = d.tile.encode();
    if (!words)
      return Error{"descriptor " + quoted(d.name) + ": " + words.message()};
    if (d.tile.rank > 5)
      return Error{"descriptor " + quoted(d.name) + ": rank " + std::to_string(d.tile.rank) +
                   ", expected at most 5"};
    if (d.tile.slots < 1)
      return Error{"descriptor " + quoted(d.name) + ": 0 slots, expected at least 1"};
    if (Status s = mach::checkLayout(d.tile); !s)
      return Error{"descriptor " + quoted(d.name) + ": " + s.message()};
    if (d.tile.space != mach::space::dram)
      continue;
    std::vector<const Tensor *> tensors = tensorsAt(image, d.tile.base);
    if (tensors.empty())
      return Error{"descriptor " + quoted(d.name) + ": begins at dram address " +
                   std::to_string(d.tile.base) + ", where no tensor lies"};
    // Of tensors that share the place it is one that it fits.
    std::optional<Error> misfit;
    for (const Tensor *tensor : tensors) {
      Status s = checkView(d.tile, *tensor);
      if (s) {
        misfit.reset();
        break;
      }
      if (!misfit)
        misfit = Error{"descriptor " + quoted(d.name) + ": " + s.message()};
    }
    if (misfit)
      return *misfit;
  }
  return Status::success();
}

Status checkText(const Image &image) {
  for (size_t pc = 0; pc < image.text.size(); ++pc) {
    std::string place = "instruction " + std::to_string(pc) + ": ";
    Result<mach::Instruction> instr = mach::decode(image.text[pc]);
    if (!instr)
      return Error{place + instr.message()};
    const mach::LayoutInfo &layout = mach::infoOf(*instr).layout;
    std::vector<uint64_t> values = mach::valuesOf(*instr);
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      if (layout.fields[i].kind == mach::FieldKind::symbol && values[i] >= image.descriptors.size())
        return Error{place + std::string(layout.name) + " names descriptor " +
                     std::to_string(values[i]) + " of " + std::to_string(image.descriptors.size())};
      if (layout.fields[i].kind != mach::FieldKind::label)
        continue;
      // Labels have 24 bits: this sum does not overflow.
      int64_t offset = int64_t(values[i]), target = int64_t(pc) + 1 + offset;
      if (offset < 0 || target >= int64_t(image.text.size()))
        return Error{place + std::string(layout.name) + " leads to instruction " +
                     std::to_string(target) + ", expected one ahead of it below " +
                     std::to_string(image.text.size())};
    }
  }
  return Status::success();
}

Status checkEntries(const Image &image) {
  std::set<std::string> names;
  for (const Entry &e : image.entries) {
    if (Status s = checkNewName(names, "entry point", e.name); !s)
      return s;
    if (e.pc >= image.text.size())
      return Error{"entry point " + quoted(e.name) + ": instruction " + std::to_string(e.pc) +
                   " of " + std::to_string(image.text.size())};
  }
  return Status::success();
}

Status checkDebug(const Image &image) {
  const Debug &d = image.debug;
  if (d.nodes.size() != d.ops.size())
    return Error{"debug section: " + std::to_string(d.nodes.size()) + " nodes and " +
                 std::to_string(d.ops.size()) + " operations, expected as many"};
  for (const std::string &node : d.nodes)
    if (Status s = checkName("a node of the debug section", node); !s)
      return s;
  for (const std::string &op : d.ops)
    if (Status s = checkName("an operation of the debug section", op); !s)
      return s;
  if (!d.records.empty() && d.records.size() != image.text.size())
    return Error{"debug section: " + std::to_string(d.records.size()) + " records for " +
                 std::to_string(image.text.size()) + " instructions"};
  auto isIndex = [](int64_t index, size_t size) { return index >= -1 && index < int64_t(size); };
  for (size_t pc = 0; pc < d.records.size(); ++pc) {
    const DebugRecord &r = d.records[pc];
    if (!isIndex(r.node, d.nodes.size()) || r.phase < -1 || r.phase > 3 ||
        !std::all_of(std::begin(r.capture), std::end(r.capture),
                     [&](int32_t c) { return isIndex(c, d.captures.size()); }))
      return Error{"debug record of instruction " + std::to_string(pc) +
                   ": names a node, phase or capture that is not there"};
  }
  for (const Capture &c : d.captures) {
    if (Status s = checkName("a capture of the debug section", c.tensor); !s)
      return s;
    if (mach::toString(c.format).empty())
      return Error{"capture " + quoted(c.tensor) + ": unknown format"};
    if (c.masking > Masking::scores)
      return Error{"capture " + quoted(c.tensor) + ": unknown masking"};
    for (int64_t extent : c.shape)
      if (extent < 1)
        return Error{"capture " + quoted(c.tensor) + ": extent " + std::to_string(extent) +
                     ", expected at least 1"};
  }
  for (const Elided &e : d.elided) {
    if (Status s = checkName("an elided tensor of the debug section", e.tensor); !s)
      return s;
    if (Status s = checkName("the reason of an elided tensor", e.reason); !s)
      return s;
  }
  return Status::success();
}

} // namespace

mach::AddressMap Tensor::map() const {
  return mach::AddressMap::of(layout, mach::elementBytes(format), shape, strides);
}

const Tensor *Image::findTensor(std::string_view name) const {
  for (const Tensor &t : tensors)
    if (t.name == name)
      return &t;
  return nullptr;
}

const Entry *Image::findEntry(std::string_view name) const {
  for (const Entry &e : entries)
    if (e.name == name)
      return &e;
  return nullptr;
}

Status verify(const Image &image) {
  for (auto check :
       {checkHeader, checkMicroBatches, checkNumbers, checkTensors, checkLossScaleState,
        checkDescriptors, checkText, checkEntries, checkContract, checkDebug})
    if (Status s = check(image); !s)
      return s;
  return Status::success();
}

} // namespace slp::image
