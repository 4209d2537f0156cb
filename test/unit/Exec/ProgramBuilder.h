//===- ProgramBuilder.h - small programs for the tests of the machine -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Builds an image from instructions: tensors in DRAM with descriptors for them, tiles on chip, and
// the usual sequence of loads, one instruction under test, and stores. A test includes the structs
// of the family that it is about; those that every program has are in ProgramBuilder.cpp alone.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_EXEC_PROGRAMBUILDER_H
#define TEST_UNIT_EXEC_PROGRAMBUILDER_H

#include "runtime/exec/Machine.h"
#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/FormatCoded16.h.inc"
#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/FormatU8.h.inc"
#include "runtime/isa/FormatX0.h.inc"
#include "runtime/isa/FormatX1.h.inc"
#include "runtime/isa/FormatX4.h.inc"
#include "runtime/isa/FormatX5.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceShared.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"

#include "gtest/gtest.h"

#include <random>
#include <set>
#include <string_view>

namespace slp::exec {

using Shape = std::vector<int64_t>;

namespace format = mach::format;
namespace space = mach::space;

inline chip::Chip chipNamed(const std::string &name) {
  Result<chip::Chip> chip = chip::load(name);
  EXPECT_TRUE(chip.ok()) << (chip.ok() ? "" : chip.message());
  // Large enough for whole problems in one tile.
  chip->structure.scratchpadBytes.value = 1 << 20;
  chip->structure.accBankBytes.value = 1 << 20;
  chip->structure.sharedBytes.value = 1 << 20;
  return *chip;
}

inline int64_t elementsOf(const Shape &shape) {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return n;
}

inline int bytesOfFormat(mach::Format f) { return mach::elementBytes(f); }

/// A tile of a tensor: where it begins and how large it is before clipping.
struct Piece {
  Shape origin, tile;
  Shape coreStride; // empty: none
};

/// Mnemonics of what a ProgramBuilder of this process has emitted; ValueTests.cpp asks which tests
/// emit what they claim to check.
inline std::set<std::string_view> &emittedInstructions() {
  static std::set<std::string_view> emitted;
  return emitted;
}

class ProgramBuilder {
public:
  explicit ProgramBuilder(const chip::Chip &c);

  void emit(const mach::Instruction &instr) {
    Result<mach::Word> word = mach::encode(instr);
    ASSERT_TRUE(word.ok()) << word.message();
    emittedInstructions().insert(mach::mnemonicOf(instr));
    image.text.push_back(*word);
    image.debug.records.push_back({});
  }

  /// A tensor in DRAM, row-major if nothing else is said.
  void tensor(const std::string &name, mach::Format format, const Shape &shape,
              mach::Layout layout = {}) {
    image::Tensor t;
    t.name = name;
    t.role = image::Role::temp; // an input would have the batch in front
    t.format = format;
    t.layout = layout;
    t.shape = shape;
    Result<mach::TensorPlaces> places =
        mach::TensorPlaces::of(layout, bytesOfFormat(format), mach::isCompressed(format), shape);
    ASSERT_TRUE(places.ok()) << places.message();
    t.strides = places->strides();
    t.bytes = uint64_t(places->elements * bytesOfFormat(format));
    if (mach::isCompressed(format)) {
      dramUsed += uint64_t(mach::CompressedLayout::bitmapsOf(places->elements));
      t.bytes = uint64_t(mach::CompressedLayout(format).payloadsOf(places->elements));
    }
    t.address = dramUsed;
    dramUsed = (dramUsed + t.bytes + 63) / 64 * 64;
    image.tensors.push_back(t);
  }

  mach::TensorTile dramTile(const std::string &name, const Piece &piece) const {
    for (const image::Tensor &t : image.tensors)
      if (t.name == name) {
        mach::TensorTile tile = tileOf(space::dram, t.format, piece);
        tile.base = t.address;
        tile.layout = t.layout;
        tile.channel = uint64_t(t.map().channel);
        for (size_t d = 0; d < t.shape.size(); ++d) {
          tile.extent[d] = uint64_t(t.shape[d]);
          tile.stride[d] = uint64_t(t.strides[d]);
        }
        return tile;
      }
    ADD_FAILURE() << "no tensor " << name;
    return {};
  }

  /// A dense buffer on chip for a tile; its extents are `extent`.
  mach::TensorTile chipTile(mach::Space space, mach::Format format, const Shape &extent,
                            const Piece &piece) {
    mach::TensorTile tile = tileOf(space, format, piece);
    uint64_t stride = uint64_t(bytesOfFormat(format));
    for (size_t d = piece.tile.size(); d-- > 0; stride *= uint64_t(piece.tile[d])) {
      tile.stride[d] = stride;
      tile.extent[d] = uint64_t(extent[d]);
    }
    uint64_t &used = onChipUsed[int(space)];
    tile.base = used;
    used += (stride + 15) / 16 * 16;
    return tile;
  }

  /// Puts a descriptor into the table and loads it into register `reg`.
  void desc(uint8_t reg, const mach::TensorTile &tile);

  /// Loads a piece of a tensor into a new buffer and leaves its descriptor in `reg`. Uses d31.
  void load(uint8_t reg, const std::string &name, const Piece &piece,
            mach::Space space = space::spm, uint8_t mask = 0);
  /// The whole tensor.
  void load(uint8_t reg, const std::string &name, mach::Space space = space::spm) {
    load(reg, name, wholeOf(name), space);
  }
  Piece wholeOf(const std::string &name) const {
    for (const image::Tensor &t : image.tensors)
      if (t.name == name)
        return {Shape(t.shape.size(), 0), t.shape, {}};
    return {};
  }

  /// Stores the tile of `reg` to a tensor. Uses d31.
  void store(const std::string &name, uint8_t reg, uint8_t mask = 0);

  /// Widens a tile in acc to f32 in a new buffer with descriptor d30 and stores it. Uses d31.
  void storeWidened(const std::string &name, const mach::TensorTile &acc, uint8_t accReg,
                    uint8_t mask = 0);

  /// A machine with the program, behind which it puts a halt; null, with a failure, if it is
  /// refused.
  std::unique_ptr<Machine> build(num::HostPath path = num::bestPath());

  chip::Chip chip;
  image::Image image;

private:
  static mach::TensorTile tileOf(mach::Space space, mach::Format format, const Piece &piece) {
    mach::TensorTile tile;
    tile.space = space;
    tile.format = format;
    tile.rank = piece.tile.size();
    tile.slots = 1;
    for (size_t d = 0; d < piece.tile.size(); ++d) {
      tile.tile[d] = uint64_t(piece.tile[d]);
      tile.origin[d] = piece.origin[d];
      tile.coreStride[d] = piece.coreStride.empty() ? 0 : piece.coreStride[d];
    }
    return tile;
  }

  mach::Space spaceIn[32] = {}; // of the descriptor in each register
  uint64_t dramUsed = 0;
  uint64_t onChipUsed[4] = {0, 0, 0, 0};
};

/// Values of a format: a quarter zero, magnitudes spread over some binades.
inline std::vector<float> randomValues(const num::Format &format, int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(size_t(n), 0.0f);
  for (float &v : values)
    if (random() % 4)
      v = num::round(format, num::Rounding::nearestEven,
                     (float(random() % 2000) - 1000.0f) / 500.0f *
                         num::floatOf((120 + random() % 9) << 23),
                     0, nullptr);
  return values;
}

inline std::vector<float> randomF32(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(size_t(n), 0.0f);
  for (float &v : values)
    if (random() % 5)
      v = (float(random() % 200001) - 100000.0f) / 30000.0f;
  return values;
}

/// Equality of bits, with the first difference named.
inline void expectSameBits(const std::vector<float> &actual, const std::vector<float> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_EQ(num::bitsOf(actual[i]), num::bitsOf(expected[i]))
        << "element " << i << ": " << actual[i] << " instead of " << expected[i];
}

inline std::vector<float> readTensor(const Machine &machine, const std::string &name) {
  Result<std::vector<float>> values = machine.read(name);
  EXPECT_TRUE(values.ok()) << (values.ok() ? "" : values.message());
  return values.ok() ? *values : std::vector<float>();
}

inline void writeTensor(Machine &machine, const std::string &name,
                        const std::vector<float> &values) {
  Status s = machine.write(name, values);
  ASSERT_TRUE(s.ok()) << s.message();
}

inline void runStep(Machine &machine, const Options &options = {}) {
  Status s = machine.run("step", options);
  ASSERT_TRUE(s.ok()) << s.message();
}

} // namespace slp::exec

#endif // TEST_UNIT_EXEC_PROGRAMBUILDER_H
