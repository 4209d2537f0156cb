//===- MutationTest.cpp - slp-verify catches what is broken -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A check that cannot fail says nothing. Here one address, one window, one accumulator mode of a
// correct image is changed, or the simulated chip rounds another way; each must be found, and the
// message must name the op.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNetwork.h"

#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/Instructions.h"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructStShared.h.inc"

#include <functional>
#include <optional>
#include <set>

using namespace slp;

namespace {

/// Seed of a network with convolutions, pooling and a dense layer.
constexpr uint32_t networkSeed = 3;

class Mutation : public testing::Test {
protected:
  Mutation() : network(networkSeed, options(), Layers::plain) {
    EXPECT_TRUE(network.program) << network.error;
    run.steps = 1;
    run.checkOrder = false; // what is compared is to find them, not the check before it
  }

  static CompileOptions options() {
    CompileOptions o;
    o.layouts = "row-major"; // any address is one of an element
    o.target = "lnpu";
    o.precision = "fp16";
    return o;
  }

  image::Image image() { return network.program->image; }
  std::optional<verify::Report> compare(const image::Image &image) {
    return network.compare(image, network.chip, run);
  }

  /// Applies `change` to every instruction of type T, and expects that each change alone is found
  /// and that its node is named. Returns how many there were.
  template <typename T, typename F> int changeEach(F change) {
    int changed = 0;
    const image::Image original = image();
    for (size_t pc = 0; pc < original.text.size(); ++pc) {
      std::optional<T> typed = mach::decode(original.text[pc])->as<T>();
      if (!typed || !change(*typed))
        continue;
      image::Image mutant = original;
      mutant.text[pc] = *typed->encode();
      expectCaught(mutant, nodeAt(original, pc), "instruction " + std::to_string(pc));
      ++changed;
    }
    return changed;
  }

  static std::string nodeAt(const image::Image &image, size_t pc) {
    int32_t node = image.debug.records[pc].node;
    return node < 0 ? "" : image.debug.nodes[node];
  }

  /// A difference at `node`, or a fault of the simulator that names it.
  void expectCaught(const image::Image &mutant, const std::string &node, const std::string &what) {
    std::optional<verify::Report> report = compare(mutant);
    if (!report) {
      EXPECT_NE(network.error.find(node), std::string::npos) << what << ": " << network.error;
      return;
    }
    ASSERT_TRUE(report->difference) << what << " was not caught";
    EXPECT_EQ(report->difference->node, node) << what << ": " << textOf(*report);
    EXPECT_NE(textOf(*report).find("slp-verify: " + node + " (train."), std::string::npos)
        << textOf(*report);
  }

  /// The register of the tensor that a load reads.
  static std::optional<uint8_t> loadedFrom(const mach::Instruction &instruction) {
    if (auto ld = instruction.as<mach::Ld>())
      return ld->src;
    if (auto ld = instruction.as<mach::LdShared>())
      return ld->src;
    return std::nullopt;
  }

  /// The register of the tensor that a store writes.
  static std::optional<uint8_t> storedTo(const mach::Instruction &instruction) {
    if (auto st = instruction.as<mach::St>())
      return st->dst;
    if (auto st = instruction.as<mach::StShared>())
      return st->dst;
    return std::nullopt;
  }

  /// The node whose load first reads through descriptor `d`; empty if a store uses it first.
  static std::string loaderOf(const image::Image &image, size_t d) {
    std::optional<uint8_t> reg;
    for (size_t pc = 0; pc < image.text.size(); ++pc) {
      mach::Instruction instruction = *mach::decode(image.text[pc]);
      if (auto desc = instruction.as<mach::Desc>()) {
        if (desc->src == d)
          reg = desc->dd;
        else if (reg == desc->dd)
          reg.reset();
      } else if (reg && reg == loadedFrom(instruction)) {
        return nodeAt(image, pc);
      } else if (reg && reg == storedTo(instruction)) {
        return "";
      }
    }
    return "";
  }

  /// Whether both stores and loads use descriptor `d`: moving it moves the tensor for its writer
  /// and its readers alike, which is no error if it meets nothing else.
  static bool isStoredAndLoaded(const image::Image &image, size_t d) {
    std::optional<uint8_t> reg;
    bool isStored = false, isLoaded = false;
    for (uint64_t pc = 0; pc < image.text.size(); ++pc) {
      mach::Instruction instruction = *mach::decode(image.text[pc]);
      if (auto desc = instruction.as<mach::Desc>()) {
        if (desc->src == d)
          reg = desc->dd;
        else if (reg == desc->dd)
          reg.reset();
      } else if (reg) {
        isLoaded |= reg == loadedFrom(instruction);
        isStored |= reg == storedTo(instruction);
      }
    }
    return isStored && isLoaded;
  }

  /// Changes descriptor `d` and expects that it is found: at the node that loads through it, or, if
  /// it is stored through, at whoever reads the tensor. True if the node was checked.
  bool expectDescriptorCaught(size_t d, const std::function<void(mach::TensorTile &)> &change) {
    image::Image mutant = image();
    change(mutant.descriptors[d].tile);
    const std::string &name = mutant.descriptors[d].name;
    if (std::string node = loaderOf(image(), d); !node.empty()) {
      expectCaught(mutant, node, name);
      return true;
    }
    if (isStoredAndLoaded(image(), d))
      return false;
    std::optional<verify::Report> report = compare(mutant);
    EXPECT_TRUE(!report || report->difference) << name << " was not caught";
    // An op that read it, or the state itself.
    if (report && report->difference)
      EXPECT_TRUE(textOf(*report).find(" (train.") != std::string::npos ||
                  textOf(*report).find("slp-verify: " + report->difference->tensor +
                                       " (read back from memory): ") != std::string::npos)
          << textOf(*report);
    return false;
  }

  CompiledNetwork network;
  verify::Options run;
};

} // namespace

TEST_F(Mutation, NoneIsNoDifference) {
  std::optional<verify::Report> report = compare(image());
  ASSERT_TRUE(report) << network.error;
  EXPECT_TRUE(report->ok()) << textOf(*report);
}

TEST_F(Mutation, AccumulatorModeIsCaught) {
  // A bias left out, a bias or the sum before it taken twice.
  EXPECT_GT(changeEach<mach::ConvFp>([](mach::ConvFp &i) {
              if (i.mode != mach::accMode::bias)
                return false;
              i.mode = mach::accMode::zero;
              return true;
            }),
            0);
}

TEST_F(Mutation, WrongOperandIsCaught) {
  // The activation where the weights should be.
  EXPECT_GT(changeEach<mach::ConvWg>([](mach::ConvWg &i) {
              std::swap(i.x, i.dy);
              return true;
            }),
            0);
}

TEST_F(Mutation, AddressIsCaught) {
  // One tensor lies an element further than it should.
  image::Image original = image();
  int loads = 0, all = 0;
  for (size_t d = 0; d < original.descriptors.size(); ++d) {
    const mach::TensorTile &tile = original.descriptors[d].tile;
    if (tile.space != mach::space::dram || tile.format != mach::format::fp16 || tile.rank < 2)
      continue;
    loads += expectDescriptorCaught(d, [](mach::TensorTile &t) { t.base += 2; });
    ++all;
  }
  EXPECT_GT(loads, 5);
  EXPECT_GT(all, loads);
}

TEST_F(Mutation, StrideIsCaught) {
  image::Image original = image();
  int caught = 0;
  for (size_t d = 0; d < original.descriptors.size(); ++d) {
    const mach::TensorTile &tile = original.descriptors[d].tile;
    // The rows of an image in DRAM lie closer than they should.
    if (tile.space != mach::space::dram || tile.format != mach::format::fp16 || tile.rank < 4)
      continue;
    unsigned row = tile.rank - 2;
    if (tile.extent[row] < 2 || tile.stride[row] < 4)
      continue;
    caught += expectDescriptorCaught(d, [row](mach::TensorTile &t) { t.stride[row] -= 2; });
  }
  EXPECT_GT(caught, 2);
}

TEST_F(Mutation, RoundingIsCaught) {
  chip::Chip broken = network.chip;
  ASSERT_NE(broken.numerics.rounding, num::Rounding::towardZero);
  broken.numerics.rounding = num::Rounding::towardZero;
  image::Image mutant = image();
  mutant.chipHash = broken.structureHash();
  std::optional<verify::Report> report = network.compare(mutant, broken, run);
  ASSERT_TRUE(report) << network.error;
  ASSERT_TRUE(report->difference);
  EXPECT_EQ(report->difference->op, "train.round") << textOf(*report);
}

TEST_F(Mutation, AccumulatorFormatIsCaught) {
  CompileOptions options;
  options.target = "asu-fp8";
  options.precision = "fp8";
  CompiledNetwork asu(networkSeed, options, Layers::plain);
  ASSERT_TRUE(asu.program) << asu.error;
  chip::Chip broken = asu.chip;
  ASSERT_TRUE(broken.numerics.accumulateFp16);
  // The accumulators round to even instead of away from zero.
  broken.numerics.rounding = broken.numerics.rounding == num::Rounding::nearestEven
                                 ? num::Rounding::halfAway
                                 : num::Rounding::nearestEven;
  image::Image mutant = asu.program->image;
  mutant.chipHash = broken.structureHash();
  std::optional<verify::Report> report = asu.compare(mutant, broken, run);
  ASSERT_TRUE(report) << asu.error;
  ASSERT_TRUE(report->difference);
  EXPECT_EQ(report->difference->op.rfind("train.", 0), 0u) << textOf(*report);
}

/// Captures see a result before it is stored. A store of a result that is left out leaves memory as
/// it was. Where nothing reads the result, as with the loss and @eval's logits, reading it back is
/// all that can show it.
TEST_F(Mutation, LastStoreIsCaught) {
  const image::Image original = image();
  std::set<std::string> readBack; // tensors
  std::map<uint8_t, size_t> descriptorIn;
  for (size_t pc = 0; pc < original.text.size(); ++pc) {
    mach::Instruction instruction = *mach::decode(original.text[pc]);
    if (auto desc = instruction.as<mach::Desc>())
      descriptorIn[desc->dd] = desc->src;
    std::optional<uint8_t> target = storedTo(instruction);
    if (!target)
      continue;
    uint64_t base = original.descriptors[descriptorIn[*target]].tile.base;
    auto output = llvm::find_if(original.tensors, [&](const image::Tensor &tensor) {
      return tensor.role == image::Role::output && tensor.address == base;
    });
    if (output == original.tensors.end())
      continue;
    image::Image mutant = original;
    mutant.text[pc] = *mach::encode(mach::Mask{7, 1}); // a mask register that nobody reads
    std::optional<verify::Report> report = compare(mutant);
    ASSERT_TRUE(report) << network.error;
    ASSERT_TRUE(report->difference) << "the store of " << output->name << " was not missed";
    if (report->difference->op.empty()) {
      EXPECT_EQ(report->difference->tensor, output->name);
      EXPECT_NE(textOf(*report).find("(read back from memory)"), std::string::npos)
          << textOf(*report);
      readBack.insert(output->name);
    }
  }
  EXPECT_EQ(readBack, (std::set<std::string>{"loss", "logits"}));
}

TEST_F(Mutation, WrongInitialStateIsCaught) {
  image::Image mutant = image();
  for (image::Tensor &tensor : mutant.tensors)
    if (tensor.role == image::Role::state && !tensor.init.empty()) {
      tensor.init[0] ^= 1;
      std::optional<verify::Report> report = compare(mutant);
      ASSERT_TRUE(report) << network.error;
      ASSERT_TRUE(report->difference);
      EXPECT_EQ(report->difference->where, "initial state");
      EXPECT_EQ(report->difference->tensor, tensor.name);
      return;
    }
  FAIL() << "there is no state with initial values";
}

/// Of each destination that an instruction of the network has, the third of an update included.
TEST_F(Mutation, MissingCaptureIsNotCompared) {
  CompileOptions options;
  options.target = "lnpu";
  options.precision = "fp16";
  options.optimizer = "adam";
  CompiledNetwork adam(networkSeed, options, Layers::plain);
  ASSERT_TRUE(adam.program) << adam.error;
  for (int destination : {0, 1, 2}) {
    image::Image mutant = adam.program->image;
    auto record = llvm::find_if(mutant.debug.records, [&](const image::DebugRecord &r) {
      return r.capture[destination] >= 0;
    });
    ASSERT_NE(record, mutant.debug.records.end()) << destination;
    record->capture[destination] = -1;
    std::optional<verify::Report> report = adam.compare(mutant, adam.chip, run);
    ASSERT_TRUE(report) << adam.error;
    EXPECT_FALSE(report->uncovered.empty()) << destination;
    EXPECT_FALSE(report->ok()) << destination;
  }
}
