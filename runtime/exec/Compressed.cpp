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
#include "runtime/isa/FormatMixed.h.inc"

#include <algorithm>
#include <cstring>
#include <utility>

namespace slp::exec {

static constexpr size_t cachedBlocks = 64;

std::vector<CompressedTensor::Cached> &CompressedTensor::cacheOfThread() {
  thread_local std::vector<Cached> cache(cachedBlocks);
  return cache;
}

CompressedTensor::CompressedTensor(const Memory &memory, uint64_t address, mach::Format format,
                                   const Codec &c)
    : dram(memory), base(address), layout(format), codec(c),
      elementBytes(mach::elementBytes(format)), hasClasses(format == mach::format::mixed),
      cache(cacheOfThread()) {
  for (Cached &entry : cache)
    entry.index = -1;
}

int64_t CompressedTensor::offsetOfZero(const TileView &view) const {
  return int64_t(view.address) - int64_t(base) - view.map().offsetOf(coordinates(view.box.lo));
}

const uint8_t *CompressedTensor::bitmap(int64_t index) const {
  return dram.data() + base - uint64_t((index + 1) * mach::bitmapBytes);
}

Status CompressedTensor::check(const TileView &view, const char *name) const {
  if (view.empty())
    return Status::success();
  if (base > dram.size()) // its first element would lie before address 0
    return Error{std::string("the compressed tensor of operand `") + name +
                 "` begins outside dram, which has " + std::to_string(dram.size()) + " bytes"};
  mach::Reach reach = reachOf(view.map(), coordinates(view.box.lo), coordinates(view.box.size));
  int64_t zero = offsetOfZero(view), first = zero + reach.begin;
  int64_t block = (zero + reach.end - 1) / layout.denseBytes;
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
  int n = 0;
  for (int byte = 0; byte < mach::bitmapBytes; ++byte)
    n += __builtin_popcount(present[byte]);
  codes.fill(0);
  const uint8_t *classes = payload, *upper = classes + (n + 7) / 8, *lower = upper + n;
  int i = 0;
  for (int byte = 0; byte < mach::bitmapBytes; ++byte)
    for (unsigned bits = present[byte]; bits; bits &= bits - 1, ++i) {
      uint16_t &code = codes[size_t(byte) * 8 + size_t(__builtin_ctz(bits))];
      if (!hasClasses) {
        std::memcpy(&code, payload + i * elementBytes, size_t(elementBytes)); // little endian
        continue;
      }
      unsigned isWide = classes[i / 8] >> (i % 8) & 1;
      code = uint16_t(unsigned(upper[i]) << 8 | (isWide ? *lower : 0u));
      lower += isWide;
    }
}

void CompressedTensor::pack(int64_t index, const BlockCodes &codes, Part part) const {
  uint8_t *payload = dram.data() + base + uint64_t(index * layout.slotBytes);
  uint8_t present[mach::bitmapBytes] = {}, classes[mach::bitmapBytes] = {};
  uint8_t upper[mach::blockElements], lower[mach::blockElements];
  uint16_t dense[mach::blockElements];
  size_t n = 0, wide = 0;
  // Without branches: what is not kept is overwritten by the next element.
  for (size_t i = 0; i < codes.size(); ++i) {
    uint16_t code = codes[i];
    unsigned isThere = code != 0, isWide = hasClasses && codec.isWide(code);
    present[i / 8] = uint8_t(present[i / 8] | isThere << (i % 8));
    classes[n / 8 % mach::bitmapBytes] =
        uint8_t(classes[n / 8 % mach::bitmapBytes] | isWide << (n % 8));
    size_t at = n % mach::blockElements;
    dense[at] = code;
    upper[at] = uint8_t(code >> 8);
    lower[wide % mach::blockElements] = uint8_t(code);
    n += isThere;
    wide += isWide;
  }
  if (part != Part::payload)
    std::memcpy(const_cast<uint8_t *>(bitmap(index)), present, sizeof present);
  if (part == Part::bitmap)
    return;
  if (hasClasses) {
    payload = std::copy_n(classes, (n + 7) / 8, payload);
    payload = std::copy_n(upper, n, payload);
    std::copy_n(lower, wide, payload);
  } else if (elementBytes == 2) {
    std::memcpy(payload, dense, n * sizeof dense[0]); // little endian
  } else {
    std::copy_n(dense, n, payload);
  }
}

uint64_t CompressedTensor::payloadBytes(int64_t index) const {
  const uint8_t *present = bitmap(index);
  int n = 0;
  for (int i = 0; i < mach::bitmapBytes; ++i)
    n += __builtin_popcount(present[i]);
  if (!hasClasses)
    return uint64_t(n) * uint64_t(elementBytes);
  const uint8_t *classes = dram.data() + base + uint64_t(index * layout.slotBytes);
  int wide = 0, bytes = (n + 7) / 8;
  for (int i = 0; i < bytes; ++i)
    wide += __builtin_popcount(classes[i]);
  return uint64_t(bytes) + uint64_t(n) + uint64_t(wide);
}

uint64_t CompressedTensor::bytesOf(const std::vector<Touched> &blocks, int64_t burst) const {
  uint64_t result = 0;
  for (size_t i = 0; i < blocks.size();) {
    // The bitmaps of neighbouring blocks are neighbours.
    size_t end = i + 1;
    while (end < blocks.size() && blocks[end].index == blocks[end - 1].index + 1)
      ++end;
    uint64_t length = uint64_t(end - i) * uint64_t(mach::bitmapBytes);
    uint64_t address = base - uint64_t((blocks[end - 1].index + 1) * mach::bitmapBytes);
    result += roundedRun(address, length, uint64_t(burst));
    for (; i < end; ++i) {
      uint64_t payload = payloadBytes(blocks[i].index);
      uint64_t slot = base + uint64_t(blocks[i].index * layout.slotBytes);
      result += roundedRun(slot, payload, uint64_t(burst));
    }
  }
  return result;
}

void CompressedTensor::flush(Cached &entry) const {
  if (entry.index >= 0 && entry.isDirty)
    pack(entry.index, entry.codes);
  entry.index = -1;
  entry.isDirty = false;
}

/// The unpacked block; one that is overwritten need not be read the first time.
CompressedTensor::Cached &CompressedTensor::blockAt(int64_t index, bool isOverwritten) {
  Cached &entry = cache[size_t(index) % cachedBlocks];
  if (entry.index == index)
    return entry;
  flush(entry);
  entry.index = index;
  auto fresh =
      isOverwritten ? std::lower_bound(whole.begin(), whole.end(), Whole{index}) : whole.end();
  if (fresh == whole.end() || fresh->index != index || fresh->isBegun) {
    unpack(index, entry.codes);
    return entry;
  }
  fresh->isBegun = true;
  entry.codes.fill(0);
  return entry;
}

/// Calls run(block, place, n, at) for runs of n neighbours, whose codes in the tile on the chip
/// begin at `at` and lie one after the other, or for single elements.
template <typename Run>
void CompressedTensor::forRuns(const TileView &view, const TileView &other, Run run) const {
  forParts(view, other, [&](const TileView &part, const TileView &onChip) {
    int64_t first = int64_t(part.address) - int64_t(base);
    Nest(part.box.size, part.stride, onChip.stride)
        .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
          bool isRun = strideA == elementBytes && strideB == elementBytes;
          for (int64_t i = 0; i < n;) {
            int64_t at = first + a + i * strideA;
            int64_t place = at % layout.denseBytes / elementBytes;
            int64_t length = isRun ? std::min(n - i, mach::blockElements - place) : 1;
            run(at / layout.denseBytes, size_t(place), size_t(length),
                onChip.base + b + i * strideB);
            i += length;
          }
        });
  });
}

/// The blocks of a tile, each once, ascending.
std::vector<CompressedTensor::Touched> CompressedTensor::touchedBy(const TileView &view,
                                                                   const TileView &other) const {
  std::vector<Touched> blocks;
  forRuns(view, other, [&](int64_t index, size_t, size_t n, uint8_t *) {
    if (blocks.empty() || blocks.back().index != index)
      blocks.push_back({index, 0});
    blocks.back().elements += int64_t(n);
  });
  std::sort(blocks.begin(), blocks.end(),
            [](const Touched &a, const Touched &b) { return a.index < b.index; });
  size_t kept = 0;
  for (const Touched &block : blocks) {
    if (kept && blocks[kept - 1].index == block.index)
      blocks[kept - 1].elements += block.elements;
    else
      blocks[kept++] = block;
  }
  blocks.resize(kept);
  return blocks;
}

template <typename Code> void CompressedTensor::loadRuns(const TileView &view, const TileView &to) {
  forRuns(view, to, [&](int64_t index, size_t place, size_t n, uint8_t *target) {
    const uint16_t *codes = blockAt(index, /*isOverwritten=*/false).codes.data() + place;
    if constexpr (sizeof(Code) == sizeof *codes) {
      std::memcpy(target, codes, n * sizeof(Code));
    } else {
      for (size_t i = 0; i < n; ++i)
        target[i] = Code(codes[i]);
    }
  });
}

template <typename Code>
void CompressedTensor::storeRuns(const TileView &from, const TileView &view) {
  forRuns(view, from, [&](int64_t index, size_t place, size_t n, uint8_t *source) {
    Cached &entry = blockAt(index, /*isOverwritten=*/true);
    entry.isDirty = true;
    uint16_t *codes = entry.codes.data() + place;
    if constexpr (sizeof(Code) == sizeof *codes) {
      std::memcpy(codes, source, n * sizeof(Code));
    } else {
      for (size_t i = 0; i < n; ++i)
        codes[i] = source[i];
    }
  });
  for (Cached &entry : cache)
    flush(entry);
}

void CompressedTensor::load(const TileView &view, const TileView &to, int64_t burst,
                            uint64_t &read) {
  read += bytesOf(touchedBy(view, to), burst);
  elementBytes == 2 ? loadRuns<uint16_t>(view, to) : loadRuns<uint8_t>(view, to);
}

/// The blocks of which a store of these leaves elements as they are. Beyond the extents, and in the
/// padding of a layout, there is nothing to keep.
std::vector<CompressedTensor::Touched>
CompressedTensor::readFirst(const std::vector<Touched> &blocks, const TileView &view) const {
  int64_t total = 1;
  for (int d = 0; d < view.rank; ++d)
    total *= view.extent[d];
  mach::AddressMap map = view.map();
  int64_t zero = offsetOfZero(view);
  auto elementsOf = [&](int64_t index) {
    if (view.isRowMajor())
      return std::min(mach::blockElements, total - index * mach::blockElements);
    int64_t begin = index * layout.denseBytes - zero;
    return elementsBetween(map, begin, begin + layout.denseBytes);
  };
  std::vector<Touched> partly;
  for (const Touched &block : blocks)
    if (block.elements < mach::blockElements && block.elements < elementsOf(block.index))
      partly.push_back(block);
  return partly;
}

void CompressedTensor::store(const TileView &from, const TileView &view, int64_t burst,
                             uint64_t &read, uint64_t &written) {
  std::vector<Touched> blocks = touchedBy(view, from);
  whole.clear();
  for (const Touched &block : blocks)
    if (block.elements == mach::blockElements)
      whole.push_back({block.index});
  read += bytesOf(readFirst(blocks, view), burst); // as they are now
  elementBytes == 2 ? storeRuns<uint16_t>(from, view) : storeRuns<uint8_t>(from, view);
  written += bytesOf(blocks, burst);
}

CompressedTensor::Pending CompressedTensor::beginStore(const TileView &from, const TileView &view,
                                                       int64_t burst) const {
  std::vector<Touched> blocks = touchedBy(view, from);
  Pending pending;
  pending.read = bytesOf(readFirst(blocks, view), burst);
  for (const Touched &block : blocks) {
    pending.blocks.emplace_back(block.index, BlockCodes());
    unpack(block.index, pending.blocks.back().second);
  }
  forRuns(view, from, [&](int64_t index, size_t place, size_t n, uint8_t *source) {
    auto block = std::lower_bound(pending.blocks.begin(), pending.blocks.end(), index,
                                  [](const auto &known, int64_t i) { return known.first < i; });
    for (size_t i = 0; i < n; ++i) {
      uint16_t code = 0; // little endian
      std::memcpy(&code, source + i * size_t(elementBytes), size_t(elementBytes));
      block->second[place + i] = code;
    }
  });
  return pending;
}

void CompressedTensor::storeBitmaps(const Pending &pending) const {
  for (const auto &[index, codes] : pending.blocks)
    pack(index, codes, Part::bitmap);
}

uint64_t CompressedTensor::storePayloads(const Pending &pending, int64_t burst) const {
  std::vector<Touched> blocks;
  for (const auto &[index, codes] : pending.blocks) {
    pack(index, codes, Part::payload);
    blocks.push_back({index, 0});
  }
  return bytesOf(blocks, burst);
}

} // namespace slp::exec
