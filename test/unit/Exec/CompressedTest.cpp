//===- CompressedTest.cpp - compressed tensors against a plain array --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/compressed.md. Random tiles are stored and loaded in random order; a dense array says what
// must come back, and a bit-by-bit count of the layout what must have moved.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/exec/Compressed.h"

#include <cstring>
#include <map>
#include <set>

namespace slp::exec {
namespace {

const mach::Format formats[] = {format::mixed, format::coded16, format::coded8};

/// A code that may stand in memory: zero, one that fp8 holds, or any.
uint16_t randomCode(const chip::Numerics &numerics, mach::Format format, std::mt19937 &random) {
  const num::Format &wide = format == format::coded8 ? numerics.fp8 : numerics.fp16;
  for (;;) {
    uint32_t code = random() & ((1u << wide.bits()) - 1);
    if (random() % 3 == 0)
      return 0;
    if (format != format::coded8 && random() % 2)
      code &= 0xff00u;
    bool isNegativeZero = (code & ~wide.signBit()) == 0;
    if (num::isValidCode(wide, code) && !isNegativeZero)
      return uint16_t(code);
  }
}

class CompressedTest : public testing::TestWithParam<mach::Format> {
protected:
  CompressedTest() : chip(chipNamed("lnpu")), codec(chip.numerics), layout(GetParam()) {
    width = mach::elementBytes(GetParam());
  }

  /// A tile [lo, lo + size) of a tensor (rows, columns) at `base`.
  TileView tileOf(uint64_t base, int64_t rows, int64_t columns, const Box &box) const {
    TileView view;
    view.space = space::dram;
    view.format = GetParam();
    view.rank = 2;
    view.elementBytes = width;
    view.box = box;
    view.stride = {columns * width, width, 0, 0, 0};
    view.extent = {rows, columns, 1, 1, 1};
    view.address = base + uint64_t((box.lo[0] * columns + box.lo[1]) * width);
    return view;
  }
  TileView bufferOf(std::vector<uint8_t> &bytes, const Box &box) const {
    bytes.assign(size_t(box.count() * width), 0xee);
    TileView view;
    view.space = space::shared;
    view.format = GetParam();
    view.rank = 2;
    view.elementBytes = width;
    view.base = bytes.data();
    view.box = box;
    view.stride = {box.size[1] * width, width, 0, 0, 0};
    view.extent = {1 << 20, 1 << 20, 1, 1, 1};
    return view;
  }

  /// Bytes of bursts, from the page's text.
  uint64_t expected(uint64_t base, const std::vector<uint16_t> &codes,
                    const std::set<int64_t> &blocks) const {
    constexpr uint64_t burst = 64;
    std::set<uint64_t> bitmapBursts;
    uint64_t result = 0;
    int64_t last = -2;
    for (int64_t b : blocks) {
      uint64_t n = 0, wide = 0;
      for (int64_t i = b * 256; i < std::min<int64_t>((b + 1) * 256, int64_t(codes.size())); ++i) {
        n += codes[size_t(i)] != 0;
        float value = num::decode(chip.numerics.fp16, codes[size_t(i)]);
        wide +=
            GetParam() == format::mixed &&
            num::round(chip.numerics.fp8, num::Rounding::towardZero, value, 0, nullptr) != value;
      }
      uint64_t payload = GetParam() == format::mixed ? (n + 7) / 8 + n + wide : n * uint64_t(width);
      if (payload) {
        uint64_t at = base + uint64_t(b * layout.slotBytes);
        result += ((at + payload - 1) / burst - at / burst + 1) * burst;
      }
      if (b != last + 1) { // another run of bitmaps
        result += bitmapBursts.size() * burst;
        bitmapBursts.clear();
      }
      last = b;
      uint64_t at = base - uint64_t((b + 1) * 32);
      bitmapBursts.insert(at / burst);
    }
    result += bitmapBursts.size() * burst;
    return result;
  }

  chip::Chip chip;
  Codec codec;
  mach::CompressedLayout layout;
  int width = 2;
};

TEST_P(CompressedTest, LoadsWhatWasStored) {
  uint32_t seed = 20;
  std::mt19937 random(seed);
  auto draw = [&](int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  };
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    int64_t rows = draw(1, 40), columns = draw(1, 90), n = rows * columns;
    uint64_t base = uint64_t(mach::CompressedLayout::bitmapsOf(n) + 64 * draw(0, 3));
    Result<Memory> memory = Memory::allocate(base + uint64_t(layout.payloadsOf(n)));
    ASSERT_TRUE(memory.ok());
    CompressedTensor tensor(*memory, base, GetParam(), codec);
    std::vector<uint16_t> dense(size_t(n), 0);
    for (int step = 0; step < 12; ++step) {
      Box box;
      box.lo = {draw(0, rows - 1), draw(0, columns - 1), 0, 0, 0};
      box.size = {draw(1, rows - box.lo[0]), draw(1, columns - box.lo[1]), 1, 1, 1};
      TileView view = tileOf(base, rows, columns, box);
      ASSERT_TRUE(tensor.check(view, "x").ok());
      std::vector<uint8_t> bytes;
      TileView buffer = bufferOf(bytes, box);
      std::map<int64_t, int64_t> touched; // by block: elements
      std::vector<uint16_t> before = dense;
      bool isStore = step % 2 == 0;
      for (int64_t i = 0; i < box.count(); ++i) {
        int64_t at = (box.lo[0] + i / box.size[1]) * columns + box.lo[1] + i % box.size[1];
        ++touched[at / 256];
        if (!isStore)
          continue;
        dense[size_t(at)] = randomCode(chip.numerics, GetParam(), random);
        std::memcpy(bytes.data() + i * width, &dense[size_t(at)], size_t(width));
      }
      std::set<int64_t> all, partly;
      for (auto [block, elements] : touched) {
        all.insert(block);
        if (elements < std::min<int64_t>(256, n - block * 256))
          partly.insert(block);
      }
      uint64_t read = 0, written = 0;
      if (isStore) {
        tensor.store(buffer, view, 64, read, written);
        EXPECT_EQ(written, expected(base, dense, all));
        EXPECT_EQ(read, expected(base, before, partly));
        continue;
      }
      tensor.load(view, buffer, 64, read);
      EXPECT_EQ(read, expected(base, dense, all));
      for (int64_t i = 0; i < box.count(); ++i) {
        int64_t at = (box.lo[0] + i / box.size[1]) * columns + box.lo[1] + i % box.size[1];
        uint16_t code = 0;
        std::memcpy(&code, bytes.data() + i * width, size_t(width));
        ASSERT_EQ(code, dense[size_t(at)]) << "element " << at;
      }
    }
  }
}

/// A tile that comes back to each of very many blocks again and again: what has been written of one
/// stays.
TEST_P(CompressedTest, StoresAcrossManyBlocks) {
  constexpr int64_t rows = 150, columns = 256, n = rows * columns;
  std::mt19937 random(7);
  uint64_t base = uint64_t(mach::CompressedLayout::bitmapsOf(n));
  Result<Memory> memory = Memory::allocate(base + uint64_t(layout.payloadsOf(n)));
  ASSERT_TRUE(memory.ok());
  CompressedTensor tensor(*memory, base, GetParam(), codec);
  Box box{{0, 0, 0, 0, 0}, {columns, rows, 1, 1, 1}};
  TileView view = tileOf(base, columns, rows, box); // column by column
  view.stride = {width, columns * width, 0, 0, 0};
  view.address = base;
  std::vector<uint8_t> bytes, back;
  TileView buffer = bufferOf(bytes, box);
  for (int64_t i = 0; i < n; ++i) {
    uint16_t code = randomCode(chip.numerics, GetParam(), random);
    std::memcpy(bytes.data() + i * width, &code, size_t(width));
  }
  uint64_t read = 0, written = 0;
  tensor.store(buffer, view, 64, read, written);
  EXPECT_EQ(read, 0u) << "all blocks are replaced";
  TileView again = bufferOf(back, box);
  tensor.load(view, again, 64, read);
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(read, written);
}

TEST_P(CompressedTest, WorstBlockFitsItsSlot) {
  Result<Memory> memory = Memory::allocate(64 + uint64_t(2 * layout.slotBytes));
  ASSERT_TRUE(memory.ok());
  CompressedTensor tensor(*memory, 64, GetParam(), codec);
  BlockCodes full, other{}, back;
  full.fill(GetParam() == format::coded8 ? 0x7b : 0x7bff);
  other[255] = 0x3c;
  tensor.pack(1, other);
  tensor.pack(0, full);
  tensor.unpack(0, back);
  EXPECT_EQ(back, full);
  tensor.unpack(1, back);
  EXPECT_EQ(back, other);
}

TEST_P(CompressedTest, RefusesWhatReachesBeyond) {
  Result<Memory> memory = Memory::allocate(32 + uint64_t(layout.slotBytes));
  ASSERT_TRUE(memory.ok());
  CompressedTensor tensor(*memory, 32, GetParam(), codec);
  EXPECT_TRUE(tensor.check(tileOf(32, 1, 256, {{0, 0, 0, 0, 0}, {1, 256, 1, 1, 1}}), "x").ok());
  Status beyond = tensor.check(tileOf(32, 1, 257, {{0, 256, 0, 0, 0}, {1, 1, 1, 1, 1}}), "x");
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.message(), "the bitmap of block 1 of operand `x` lies before dram");
}

INSTANTIATE_TEST_SUITE_P(Formats, CompressedTest, testing::ValuesIn(formats),
                         [](const auto &info) { return std::string(mach::toString(info.param)); });

/// On the chip: a zero bit each, a class bit and one or two bytes for what is not zero.
TEST(StoredBytesTest, CountsBits) {
  chip::Chip chip = chipNamed("lnpu");
  Codec codec(chip.numerics);
  std::vector<uint16_t> codes = {0, 0x3c00, 0x3c01, 0x0001, 0, 0, 0x4400, 0};
  TileView view;
  view.space = space::spm;
  view.format = format::mixed;
  view.rank = 1;
  view.elementBytes = 2;
  view.base = reinterpret_cast<uint8_t *>(codes.data());
  view.box.size = {8, 1, 1, 1, 1};
  view.stride = {2, 0, 0, 0, 0};
  // 8 zero bits; 4 elements of 9 bits; 0x3c01 and 0x0001, which fp8 flushes, 8 more each.
  EXPECT_EQ(codec.storedBytes(view), uint64_t((8 + 4 * 9 + 2 * 8 + 7) / 8));
  view.format = format::coded16;
  EXPECT_EQ(codec.storedBytes(view), uint64_t((8 + 4 * 16 + 7) / 8));
  view.format = format::fp16;
  EXPECT_EQ(codec.storedBytes(view), 16u);
}

TEST(CodecTest, WideByCodeAndByValueAgree) {
  for (const char *name : {"lnpu", "asu-fp8"}) {
    chip::Chip chip = chipNamed(name);
    Codec codec(chip.numerics);
    for (uint32_t code = 0; code < 65536; ++code)
      if (num::isValidCode(chip.numerics.fp16, code))
        ASSERT_EQ(codec.isWide(uint16_t(code)), codec.isWide(num::decode(chip.numerics.fp16, code)))
            << name << ", code " << code;
  }
}

} // namespace
} // namespace slp::exec
