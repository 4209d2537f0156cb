//===- Layout.cpp - contents of an image's sections -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Turns the parts of an image into bytes and back, without knowing ELF.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Layout.h"

#include "runtime/image/Bytes.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace slp::image {

namespace {

// Tensors with initial values share a section if the gap between them, which the file then holds
// too, is small.
constexpr uint64_t largestGap = 4096;

uint64_t bitsOf(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

double doubleOf(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void putWord(std::vector<uint8_t> &bytes, mach::Word word) {
  for (uint64_t half : {word.lo, word.hi})
    for (int i = 0; i < 8; ++i)
      bytes.push_back(uint8_t(half >> (8 * i)));
}

} // namespace

std::vector<Run> runsOf(const Image &image) {
  std::vector<Run> runs;
  for (size_t i = 0; i < image.tensors.size(); ++i) {
    const Tensor &t = image.tensors[i];
    bool hasData = !t.init.empty();
    bool joins = !runs.empty() && runs.back().hasData == hasData &&
                 t.address - (runs.back().address + runs.back().bytes) <= largestGap;
    if (!joins)
      runs.push_back({i, 0, t.address, 0, hasData});
    runs.back().count += 1;
    runs.back().bytes = t.address + t.bytes - runs.back().address;
  }
  return runs;
}

std::vector<uint8_t> dataOf(const Image &image, const Run &run) {
  std::vector<uint8_t> bytes(run.bytes);
  for (size_t i = run.first; i < run.first + run.count; ++i) {
    const Tensor &t = image.tensors[i];
    std::copy(t.init.begin(), t.init.end(), bytes.begin() + ptrdiff_t(t.address - run.address));
  }
  return bytes;
}

std::vector<uint8_t> textBytes(const Image &image) {
  std::vector<uint8_t> bytes;
  bytes.reserve(image.text.size() * wordBytes);
  for (mach::Word word : image.text)
    putWord(bytes, word);
  return bytes;
}

Result<std::vector<uint8_t>> descriptorTable(const Image &image) {
  std::vector<uint8_t> bytes;
  bytes.reserve(image.descriptors.size() * descriptorBytes);
  for (const NamedDescriptor &d : image.descriptors) {
    auto words = d.tile.encode();
    if (!words)
      return Error{"descriptor '" + d.name + "': " + words.message()};
    for (mach::Word word : *words)
      putWord(bytes, word);
  }
  return bytes;
}

std::vector<uint8_t> encodeHeader(const Image &image) {
  ByteWriter w;
  w.u64(image.chipHash);
  w.i64(image.batch);
  w.u64(bitsOf(image.lossScale));
  w.text(image.chipName);
  w.text(image.modelName);
  w.u64(image.modelHash);
  w.text(image.optimizer);
  w.i64(image.microBatches);
  w.count(image.numbers.size());
  for (const RuntimeNumber &number : image.numbers) {
    w.text(number.name);
    w.u64(bitsOf(number.value));
  }
  if (!image.lossScaleState.empty())
    w.text(image.lossScaleState);
  return std::move(w.bytes);
}

bool decodeHeader(const uint8_t *data, size_t size, Image &image) {
  ByteReader r(data, size);
  image.chipHash = r.u64();
  image.batch = r.i64();
  image.lossScale = doubleOf(r.u64());
  image.chipName = r.text();
  image.modelName = r.text();
  image.modelHash = r.u64();
  image.optimizer = r.text();
  image.microBatches = r.i64();
  image.numbers.resize(r.count(12));
  for (RuntimeNumber &number : image.numbers) {
    number.name = r.text();
    number.value = doubleOf(r.u64());
  }
  if (r.ok() && r.remaining() != 0)
    image.lossScaleState = r.text();
  return r.ok() && r.remaining() == 0;
}

std::vector<Entry> sortedEntries(const Image &image) {
  std::vector<Entry> entries = image.entries;
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return std::tie(a.pc, a.name) < std::tie(b.pc, b.name);
  });
  return entries;
}

static void encodeContract(ByteWriter &w, const Contract &contract) {
  for (const std::string *name :
       {&contract.loss, &contract.evalLoss, &contract.logits, &contract.labels, &contract.targets})
    w.text(*name);
  w.list(contract.logitsShape);
  w.i64(contract.classAxis);
  w.count(contract.labelInputs.size());
  for (const LabelInput &input : contract.labelInputs) {
    w.text(input.tensor);
    w.i64(input.classes);
    w.u8(input.ignore ? 1 : 0);
    w.i32(input.ignore.value_or(0));
  }
  w.count(contract.indexInputs.size());
  for (const IndexInput &input : contract.indexInputs) {
    w.text(input.tensor);
    w.list(input.sizes);
  }
}

/// False where a flag is no flag, or a number stands where there is none.
static bool decodeContract(ByteReader &r, Contract &contract) {
  for (std::string *name :
       {&contract.loss, &contract.evalLoss, &contract.logits, &contract.labels, &contract.targets})
    *name = r.text();
  contract.logitsShape = r.list();
  contract.classAxis = r.i64();
  contract.labelInputs.resize(r.count(17));
  for (LabelInput &input : contract.labelInputs) {
    input.tensor = r.text();
    input.classes = r.i64();
    uint8_t hasIgnore = r.u8();
    int32_t ignore = r.i32();
    if (hasIgnore > 1 || (hasIgnore == 0 && ignore != 0))
      return false;
    if (hasIgnore == 1)
      input.ignore = ignore;
  }
  contract.indexInputs.resize(r.count(8));
  for (IndexInput &input : contract.indexInputs) {
    input.tensor = r.text();
    input.sizes = r.list();
  }
  return r.ok();
}

std::vector<uint8_t> encodeSchema(const Image &image) {
  ByteWriter w;
  w.count(image.tensors.size());
  for (const Tensor &t : image.tensors) {
    w.text(t.name);
    w.u8(uint8_t(t.role));
    if (t.role == Role::copy) {
      w.text(t.copyOf);
      w.u8(uint8_t(t.rounding));
    }
    w.u8(uint8_t(t.format));
    w.u8(uint8_t(t.bias));
    w.u8(uint8_t(t.layout));
    w.u8(t.init.empty() ? 0 : 1);
    w.list(t.shape);
    w.list(t.strides);
    w.u64(t.address);
    w.u64(t.bytes);
  }
  w.count(image.descriptors.size());
  for (const NamedDescriptor &d : image.descriptors)
    w.text(d.name);
  std::vector<Entry> entries = sortedEntries(image);
  w.count(entries.size());
  for (const Entry &e : entries) {
    w.text(e.name);
    w.u64(e.pc);
  }
  encodeContract(w, image.contract);
  return std::move(w.bytes);
}

bool decodeSchema(const uint8_t *data, size_t size, size_t fileBytes, Image &image) {
  ByteReader r(data, size);
  image.tensors.resize(r.count(33)); // the least that a tensor takes
  size_t initBytes = 0;
  for (Tensor &t : image.tensors) {
    t.name = r.text();
    t.role = Role(r.u8());
    if (t.role == Role::copy) {
      t.copyOf = r.text();
      t.rounding = mach::StoreRounding(r.u8());
    }
    t.format = mach::Format(r.u8());
    t.bias = int8_t(r.u8());
    t.layout = mach::Layout(r.u8());
    uint8_t hasInit = r.u8();
    t.shape = r.list();
    t.strides = r.list();
    t.address = r.u64();
    t.bytes = r.u64();
    if (!r.ok() || hasInit > 1)
      return false;
    if (hasInit == 0)
      continue;
    // A tensor without bytes has no initial values: the flag would be lost.
    if (t.bytes == 0 || t.bytes > fileBytes - initBytes)
      return false;
    initBytes += t.bytes;
    t.init.resize(t.bytes);
  }
  image.descriptors.resize(r.count(4));
  for (NamedDescriptor &d : image.descriptors)
    d.name = r.text();
  image.entries.resize(r.count(12));
  for (Entry &e : image.entries) {
    e.name = r.text();
    e.pc = r.u64();
  }
  return decodeContract(r, image.contract) && r.remaining() == 0;
}

std::vector<uint8_t> encodeDebug(const Image &image) {
  const Debug &d = image.debug;
  ByteWriter w;
  for (const std::vector<std::string> *names : {&d.nodes, &d.ops}) {
    w.count(names->size());
    for (const std::string &name : *names)
      w.text(name);
  }
  w.count(d.records.size());
  for (const DebugRecord &r : d.records) {
    w.i32(r.node);
    w.u8(uint8_t(r.phase));
    for (int32_t capture : r.capture)
      w.i32(capture);
  }
  w.count(d.captures.size());
  for (const Capture &c : d.captures) {
    w.text(c.tensor);
    w.list(c.shape);
    w.u8(uint8_t(c.format));
    w.u8(c.accumulator ? 1 : 0);
    w.u8(uint8_t(c.masking));
  }
  w.count(d.elided.size());
  for (const Elided &e : d.elided) {
    w.text(e.tensor);
    w.text(e.reason);
  }
  return std::move(w.bytes);
}

bool decodeDebug(const uint8_t *data, size_t size, Image &image) {
  ByteReader r(data, size);
  Debug &d = image.debug;
  for (std::vector<std::string> *names : {&d.nodes, &d.ops}) {
    names->resize(r.count(4));
    for (std::string &name : *names)
      name = r.text();
  }
  d.records.resize(r.count(17));
  for (DebugRecord &record : d.records) {
    record.node = r.i32();
    record.phase = int8_t(r.u8());
    for (int32_t &capture : record.capture)
      capture = r.i32();
  }
  d.captures.resize(r.count(11));
  for (Capture &c : d.captures) {
    c.tensor = r.text();
    c.shape = r.list();
    c.format = mach::Format(r.u8());
    uint8_t accumulator = r.u8(), masking = r.u8();
    c.accumulator = accumulator == 1;
    c.masking = Masking(masking);
    if (accumulator > 1 || masking > uint8_t(Masking::scores))
      return false;
  }
  d.elided.resize(r.count(8));
  for (Elided &e : d.elided) {
    e.tensor = r.text();
    e.reason = r.text();
  }
  return r.ok() && r.remaining() == 0;
}

void Checksum::add(const uint8_t *data, size_t size) {
  auto step = [this](uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3ull; };
  for (int i = 0; i < 8; ++i)
    step(uint8_t(uint64_t(size) >> (8 * i)));
  for (size_t i = 0; i < size; ++i)
    step(data[i]);
}

} // namespace slp::image
