//===- Compressed.cpp - tensors without their zeros in DRAM -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A tile touches the same blocks again and again, row by row: a few blocks stay unpacked in a cache
// that is addressed by the block's number. It is the simulator's, not the chip's: counts do not
// depend on it.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Compressed.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace slp::exec {

static constexpr size_t cachedBlocks = 64;

CompressedTensor::CompressedTensor(const Memory &memory, uint64_t address, mach::Format format,
                                   const Codec &c)
    : dram(memory), base(address), layout(format), codec(c),
      elementBytes(mach::elementBytes(format)), hasClasses(format == mach::Format::mixed),
      cache(cachedBlocks) {}

const uint8_t *CompressedTensor::bitmap(int64_t index) const {
  return dram.data() + base - uint64_t((index + 1) * mach::bitmapBytes);
}

Status CompressedTensor::check(const TileView &view, const char *name) const {
  if (view.empty())
    return Status::success();
  int64_t first = int64_t(view.address) - int64_t(base), last = first;
  for (int d = 0; d < view.rank; ++d)
    (view.stride[d] < 0 ? first : last) += (view.box.size[d] - 1) * view.stride[d];
  int64_t block = last / layout.denseBytes;
  if (first < 0)
    return Error{std::string("operand `") + name + "` begins " + std::to_string(-first) +
                 " bytes before its compressed tensor"};
  if (uint64_t((block + 1) * mach::bitmapBytes) > base)
    return Error{std::string("the bitmap of block ") + std::to_string(block) + " of operand `" +
                 name + "` lies before dram"};
  uint64_t end = base + uint64_t((block + 1) * layout.slotBytes);
  if (end > dram.size())
    return Error{std::string("operand `") + name + "` reaches byte " + std::to_string(end) +
                 " of dram, which has " + std::to_string(dram.size())};
  return Status::success();
}

void CompressedTensor::unpack(int64_t index, BlockCodes &codes) const {
  const uint8_t *present = bitmap(index);
  const uint8_t *payload = dram.data() + base + uint64_t(index * layout.slotBytes);
  codes.fill(0);
  std::array<uint8_t, mach::blockElements> places;
  int n = 0;
  for (int byte = 0; byte < mach::bitmapBytes; ++byte)
    for (unsigned bits = present[byte]; bits; bits &= bits - 1)
      places[size_t(n++)] = uint8_t(byte * 8 + __builtin_ctz(bits));
  if (!hasClasses) {
    for (int i = 0; i < n; ++i) {
      uint16_t code = 0;
      std::memcpy(&code, payload + i * elementBytes, size_t(elementBytes)); // little endian
      codes[places[size_t(i)]] = code;
    }
    return;
  }
  const uint8_t *classes = payload, *upper = classes + (n + 7) / 8, *lower = upper + n;
  for (int i = 0; i < n; ++i) {
    unsigned code = unsigned(upper[i]) << 8;
    if (classes[i / 8] >> (i % 8) & 1)
      code |= *lower++;
    codes[places[size_t(i)]] = uint16_t(code);
  }
}

void CompressedTensor::pack(int64_t index, const BlockCodes &codes) const {
  uint8_t *present = const_cast<uint8_t *>(bitmap(index));
  uint8_t *payload = dram.data() + base + uint64_t(index * layout.slotBytes);
  std::memset(present, 0, size_t(mach::bitmapBytes));
  std::memset(payload, 0, size_t(layout.slotBytes));
  int n = 0;
  for (int i = 0; i < mach::blockElements; ++i)
    if (codes[size_t(i)]) {
      present[i / 8] = uint8_t(present[i / 8] | 1u << (i % 8));
      if (!hasClasses)
        std::memcpy(payload + n * elementBytes, &codes[size_t(i)], size_t(elementBytes));
      ++n;
    }
  if (!hasClasses)
    return;
  uint8_t *classes = payload, *upper = classes + (n + 7) / 8, *lower = upper + n;
  int at = 0;
  for (uint16_t code : codes) {
    if (!code)
      continue;
    upper[at] = uint8_t(code >> 8);
    if (codec.isWide(code)) {
      classes[at / 8] = uint8_t(classes[at / 8] | 1u << (at % 8));
      *lower++ = uint8_t(code);
    }
    ++at;
  }
}

uint64_t CompressedTensor::payloadBytes(int64_t index) const {
  const uint8_t *present = bitmap(index);
  int n = 0;
  for (int i = 0; i < mach::bitmapBytes; ++i)
    n += __builtin_popcount(present[i]);
  if (!hasClasses)
    return uint64_t(n * elementBytes);
  const uint8_t *classes = dram.data() + base + uint64_t(index * layout.slotBytes);
  int wide = 0, bytes = (n + 7) / 8;
  for (int i = 0; i < bytes; ++i)
    wide += __builtin_popcount(classes[i]);
  return uint64_t(bytes + n + wide);
}

/// Bytes of the bursts that [address, address + length) touches.
static uint64_t roundedRun(uint64_t address, uint64_t length, uint64_t burst) {
  return length ? ((address + length - 1) / burst - address / burst + 1) * burst : 0;
}

uint64_t CompressedTensor::bytesOf(const std::vector<int64_t> &blocks, int64_t burst) const {
  uint64_t result = 0;
  for (size_t i = 0; i < blocks.size();) {
    // The bitmaps of neighbouring blocks are neighbours.
    size_t end = i + 1;
    while (end < blocks.size() && blocks[end] == blocks[end - 1] + 1)
      ++end;
    uint64_t length = uint64_t(end - i) * uint64_t(mach::bitmapBytes);
    uint64_t address = base - uint64_t((blocks[end - 1] + 1) * mach::bitmapBytes);
    result += roundedRun(address, length, uint64_t(burst));
    for (; i < end; ++i) {
      uint64_t payload = payloadBytes(blocks[i]);
      uint64_t slot = base + uint64_t(blocks[i] * layout.slotBytes);
      result += roundedRun(slot, payload, uint64_t(burst));
    }
  }
  return result;
}

void CompressedTensor::flush(Cached &entry) {
  if (entry.isDirty)
    pack(entry.index, entry.codes);
  if (entry.index >= 0)
    touched.emplace_back(entry.index, entry.elements);
  entry.isDirty = false;
  entry.index = -1;
  entry.elements = 0;
}

CompressedTensor::Cached &CompressedTensor::blockAt(int64_t index) {
  Cached &entry = cache[size_t(index) % cachedBlocks];
  if (entry.index == index)
    return entry;
  flush(entry);
  entry.index = index;
  unpack(index, entry.codes);
  return entry;
}

/// Empties the cache; `touched` then has each block once, ascending.
void CompressedTensor::flushAll() {
  for (Cached &entry : cache)
    flush(entry);
  std::sort(touched.begin(), touched.end());
  size_t kept = 0;
  for (const auto &[index, elements] : touched) {
    if (kept && touched[kept - 1].first == index)
      touched[kept - 1].second += elements;
    else
      touched[kept++] = {index, elements};
  }
  touched.resize(kept);
}

/// Calls element(block, place, n, other) for runs of n neighbours, whose codes in the tile on the
/// chip begin at `other` and lie one after the other, or for single elements.
template <typename Element>
void CompressedTensor::forElements(const TileView &view, const TileView &other, Element element) {
  int64_t first = int64_t(view.address) - int64_t(base);
  Nest(view.box.size, view.stride, other.stride)
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        bool isRun = strideA == elementBytes && strideB == elementBytes;
        for (int64_t i = 0; i < n;) {
          int64_t at = first + a + i * strideA;
          int64_t index = at / layout.denseBytes;
          int64_t place = at % layout.denseBytes / elementBytes;
          int64_t run = isRun ? std::min(n - i, mach::blockElements - place) : 1;
          Cached &entry = blockAt(index);
          entry.elements += run;
          element(entry, place, run, other.base + b + i * strideB);
          i += run;
        }
      });
}

void CompressedTensor::load(const TileView &view, const TileView &to, int64_t burst,
                            uint64_t &read) {
  forElements(view, to, [&](Cached &entry, int64_t place, int64_t n, uint8_t *target) {
    for (int64_t i = 0; i < n; ++i)
      std::memcpy(target + i * elementBytes, &entry.codes[size_t(place + i)],
                  size_t(elementBytes)); // little endian
  });
  flushAll();
  std::vector<int64_t> blocks;
  for (const auto &[index, elements] : touched)
    blocks.push_back(index);
  touched.clear();
  read += bytesOf(blocks, burst);
}

void CompressedTensor::store(const TileView &from, const TileView &view, int64_t burst,
                             uint64_t &read, uint64_t &written) {
  // What a partly written block held is read before it changes: find those blocks first.
  int64_t total = 1;
  for (int d = 0; d < view.rank; ++d)
    total *= view.extent[d];
  forElements(view, from, [](Cached &, int64_t, int64_t, uint8_t *) {});
  flushAll();
  std::vector<int64_t> all, partly;
  for (const auto &[index, elements] : touched) {
    all.push_back(index);
    int64_t ofBlock = std::min(mach::blockElements, total - index * mach::blockElements);
    if (elements < ofBlock)
      partly.push_back(index);
  }
  touched.clear();
  read += bytesOf(partly, burst);
  forElements(view, from, [&](Cached &entry, int64_t place, int64_t n, uint8_t *source) {
    entry.isDirty = true;
    for (int64_t i = 0; i < n; ++i) {
      uint16_t code = 0;
      std::memcpy(&code, source + i * elementBytes, size_t(elementBytes)); // little endian
      entry.codes[size_t(place + i)] = code;
    }
  });
  flushAll();
  touched.clear();
  written += bytesOf(all, burst);
}

} // namespace slp::exec
