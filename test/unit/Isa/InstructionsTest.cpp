//===- InstructionsTest.cpp - encoding, decoding, dispatch ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Driven by the generated tables: whoever adds an instruction has it tested here.
//
//===----------------------------------------------------------------------------------------===//

#include "TableValues.h"

#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/Dispatch.h"
#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/Instructions.h"
#include "runtime/isa/SpaceSpm.h.inc"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

using namespace slp;
using namespace slp::mach;
using namespace slp::mach::test;

namespace interpreter {
/// Counts calls per instruction.
struct State {
  std::vector<Opcode> calls;
};
template <typename T> Status record(State &state, const T &) {
  state.calls.push_back(T::opcode);
  return Status::success();
}
#define SLP_INSTR_STATE State
#include "runtime/isa/InstrFunctions.h.inc"
#undef SLP_INSTR_STATE
#define SLP_INSTRUCTION(Struct, function, mnemonic)                                                \
  Status function(State &state, const Struct &instr) { return record(state, instr); }
#include "runtime/isa/InstrList.h.inc"
#undef SLP_INSTRUCTION
} // namespace interpreter

namespace {

uint64_t seedOfThisRun() {
  if (const char *text = std::getenv("SLP_TEST_SEED"))
    return std::strtoull(text, nullptr, 0);
  return std::random_device{}();
}

/// Encoding of the bits one by one, as the td's reader would do it.
Word placeBitByBit(const InstructionInfo &info, const std::vector<uint64_t> &values) {
  Word word{static_cast<uint64_t>(info.opcode), 0};
  for (size_t i = 0; i < values.size(); ++i)
    for (int bit = 0; bit < info.layout.fields[i].width(); ++bit)
      if (values[i] >> bit & 1) {
        int place = info.layout.fields[i].lo + bit;
        (place < 64 ? word.lo : word.hi) |= uint64_t(1) << (place % 64);
      }
  return word;
}

TEST(Instructions, EncodeDecodeEncodeIsIdentity) {
  std::mt19937_64 random(1);
  ASSERT_GT(allInstructions().size(), 0u);
  for (const InstructionInfo &info : allInstructions())
    for (Draw how : allDraws)
      for (int repeat = 0; repeat < (how == Draw::random ? 100 : 1); ++repeat) {
        std::vector<uint64_t> values = draw(info.layout, how, random);
        Instruction instr = makeInstruction(info, values.data());
        EXPECT_EQ(opcodeOf(instr), info.opcode);
        EXPECT_EQ(valuesOf(instr), values) << info.layout.name;
        Result<Word> word = encode(instr);
        ASSERT_TRUE(word.ok()) << word.message();
        EXPECT_EQ(*word, placeBitByBit(info, values)) << info.layout.name;
        Result<Instruction> decoded = decode(*word);
        ASSERT_TRUE(decoded.ok()) << decoded.message();
        EXPECT_TRUE(*decoded == instr) << info.layout.name;
        Result<Word> again = encode(*decoded);
        ASSERT_TRUE(again.ok()) << again.message();
        EXPECT_EQ(*again, *word) << info.layout.name;
      }
}

TEST(Instructions, ValueBeyondItsFieldIsRefusedByName) {
  std::mt19937_64 random(2);
  int refused = 0;
  for (const InstructionInfo &info : allInstructions())
    for (size_t i = 0; i < info.layout.fields.size(); ++i) {
      const FieldInfo &field = info.layout.fields[i];
      if (field.width() == 64 || field.maximum() == 255)
        continue; // the member's type holds no value beyond
      std::vector<uint64_t> values = draw(info.layout, Draw::random, random);
      values[i] = field.maximum() + 1;
      Result<Word> word = encode(makeInstruction(info, values.data()));
      ASSERT_FALSE(word.ok()) << info.layout.name << " " << field.name;
      EXPECT_NE(word.message().find(info.layout.name), std::string::npos) << word.message();
      EXPECT_NE(word.message().find("'" + std::string(field.name) + "'"), std::string::npos);
      ++refused;
      if (!field.isSigned())
        continue;
      values[i] = ~field.maximum() - 1;
      EXPECT_FALSE(encode(makeInstruction(info, values.data())).ok());
    }
  EXPECT_GT(refused, 50);
}

TEST(Instructions, EveryReservedBitIsRefused) {
  std::mt19937_64 random(3);
  for (const InstructionInfo &info : allInstructions())
    for (const BitRange &range : info.layout.reserved)
      for (int bit = range.lo; bit <= range.hi; ++bit) {
        std::vector<uint64_t> values = draw(info.layout, Draw::random, random);
        Word word = placeBitByBit(info, values);
        word.insert(bit, bit, 1);
        EXPECT_FALSE(decode(word).ok()) << info.layout.name << " bit " << bit;
      }
}

TEST(Instructions, UnknownOpcodeIsRefused) {
  int unknown = 0;
  for (unsigned opcode = 0; opcode < 256; ++opcode)
    if (!findInstruction(static_cast<uint8_t>(opcode))) {
      EXPECT_FALSE(decode(Word{opcode, 0}).ok());
      ++unknown;
    }
  EXPECT_EQ(unknown + allInstructions().size(), 256u);
}

// Property: a word is either rejected or is the encoding of what it decodes to. Half of the words
// are uniform, half get the opcode and zeroed reserved bits of some instruction, so that decoding
// gets far.
TEST(Instructions, RandomWordIsRejectedOrReencodesToItself) {
  uint64_t seed = seedOfThisRun();
  std::mt19937_64 random(seed);
  std::cout << "SLP_TEST_SEED=" << seed << "\n";
  int accepted = 0;
  for (int i = 0; i < 1000000; ++i) {
    Word word{random(), random()};
    if (i % 2) {
      const InstructionInfo &info = allInstructions()[random() % allInstructions().size()];
      word.lo = (word.lo & ~uint64_t(255)) | static_cast<uint64_t>(info.opcode);
      for (const BitRange &range : info.layout.reserved)
        for (int bit = range.lo; bit <= range.hi; ++bit)
          (bit < 64 ? word.lo : word.hi) &= ~(uint64_t(1) << (bit % 64));
    }
    Result<Instruction> instr = decode(word);
    if (!instr)
      continue;
    ++accepted;
    Result<Word> again = encode(*instr);
    ASSERT_TRUE(again.ok()) << again.message() << ", SLP_TEST_SEED=" << seed;
    ASSERT_EQ(*again, word) << mnemonicOf(*instr) << ", SLP_TEST_SEED=" << seed;
  }
  EXPECT_GT(accepted, 100000) << "SLP_TEST_SEED=" << seed;
}

TEST(Instructions, DispatchCallsTheFunctionOfTheInstruction) {
  interpreter::State state;
  std::vector<Opcode> expected;
  std::mt19937_64 random(4);
  for (const InstructionInfo &info : allInstructions()) {
    std::vector<uint64_t> values = draw(info.layout, Draw::random, random);
    ASSERT_TRUE(dispatch(state, makeInstruction(info, values.data())).ok());
    expected.push_back(info.opcode);
  }
  EXPECT_EQ(state.calls, expected);
}

TEST(Instructions, EngineOfAnyIsTheFieldsValue) {
  Wait wait;
  wait.engine = mach::engine::mac;
  EXPECT_EQ(engineOf(wait), mach::engine::mac);
  EXPECT_EQ(engineOf(ConvFp()), mach::engine::mac);
  EXPECT_EQ(engineOf(Ld()), mach::engine::load);
  EXPECT_EQ(mnemonicOf(ConvFp()), "conv.fp");
  EXPECT_EQ(timingClassOf(Ld()), "transfer");
}

TEST(Instructions, EnumNamesAndValuesAgree) {
  for (size_t i = 0; mach::isFormat(i); ++i)
    EXPECT_EQ(parseFormat(toString(static_cast<Format>(i))), static_cast<Format>(i));
  EXPECT_EQ(toString(mach::accMode::continue_), "continue");
  EXPECT_FALSE(parseSpace("attic").has_value());
  EXPECT_TRUE(toString(static_cast<Space>(200)).empty());
}

TEST(TensorTile, EncodeDecodeEncodeIsIdentity) {
  std::mt19937_64 random(5);
  for (Draw how : allDraws)
    for (int repeat = 0; repeat < 100; ++repeat) {
      std::vector<uint64_t> values;
      for (const LayoutInfo &word : tensorTileLayout())
        for (uint64_t value : draw(word, how, random))
          values.push_back(value);
      ASSERT_EQ(values.size(), TensorTile::numFields);
      TensorTile tile = TensorTile::fromValues(values.data());
      auto words = tile.encode();
      ASSERT_TRUE(words.ok()) << words.message();
      auto decoded = TensorTile::decode(*words);
      ASSERT_TRUE(decoded.ok()) << decoded.message();
      EXPECT_EQ(*decoded, tile);
      EXPECT_EQ(*decoded->encode(), *words);
    }
}

TEST(TensorTile, FieldsLieWhereTheTableSays) {
  TensorTile tile;
  tile.space = mach::space::spm;
  tile.format = mach::format::fp8;
  tile.rank = 2;
  tile.base = 0x123456789abc;
  tile.extent[1] = 7;
  tile.origin[4] = -1;
  auto words = tile.encode();
  ASSERT_TRUE(words.ok());
  EXPECT_EQ((*words)[0].bits(85, 38), 0x123456789abcu);
  EXPECT_EQ((*words)[0].bits(1, 0), 2u);
  EXPECT_EQ((*words)[2].bits(23, 0), 7u);
  EXPECT_EQ((*words)[5].bits(103, 80), 0xffffffu);
  tile.base = uint64_t(1) << 48;
  EXPECT_EQ(tile.encode().message(),
            "TensorTile.head: field 'base' is 281474976710656, expected 0 to 281474976710655");
  tile.base = 0;
  tile.rounding = StoreRounding::stochastic;
  tile.bias = -3;
  tile.stream = 0xabcdef;
  words = tile.encode();
  ASSERT_TRUE(words.ok());
  EXPECT_EQ((*words)[0].bits(120, 86), 0xabcdefull << 11 | 0xfdull << 3 | 4);
  EXPECT_EQ(*TensorTile::decode(*words), tile);
  (*words)[0].insert(88, 86, 5);
  EXPECT_EQ(TensorTile::decode(*words).message(),
            "TensorTile.head: field 'rounding' is 5, expected 0 to 4");
  tile.bias = 128;
  EXPECT_EQ(tile.encode().message(), "TensorTile.head: field 'bias' is 128, expected -128 to 127");
}

TEST(Word, InsertAndBitsAreInverse) {
  std::mt19937_64 random(6);
  for (int low = 0; low < 128; ++low)
    for (int high = low; high < 128 && high < low + 64; ++high) {
      uint64_t value = random() >> (63 - (high - low));
      Word word;
      word.insert(high, low, value);
      EXPECT_EQ(word.bits(high, low), value);
      for (int bit = 0; bit < 128; ++bit)
        EXPECT_EQ(word.bits(bit, bit), bit < low || bit > high ? 0 : value >> (bit - low) & 1);
    }
}

} // namespace
