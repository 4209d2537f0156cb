//===- AssemblyTest.cpp - printing and parsing ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Print, parse, print for every instruction of the table; whole programs; messages.
//
//===----------------------------------------------------------------------------------------===//

#include "TableValues.h"

#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/Assembly.h"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/StructBz.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLoop.h.inc"
#include "runtime/isa/StructMadd.h.inc"
#include "runtime/isa/StructVRelu.h.inc"

#include <gtest/gtest.h>

using namespace slp;
using namespace slp::mach;
using namespace slp::mach::test;

namespace {

OperandNames someNames() {
  OperandNames names;
  for (const char *name : {"x", "conv1/weight", "odd name; \"quoted\" \\ \n"})
    EXPECT_TRUE(names.addDescriptor(name).ok());
  for (int64_t pc = 0; pc < 100; pc += 3)
    EXPECT_TRUE(names.addLabel(".L" + std::to_string(pc), pc).ok());
  return names;
}

TEST(Assembly, PrintParsePrintIsIdentity) {
  std::mt19937_64 random(1);
  OperandNames names = someNames();
  for (const InstructionInfo &info : allInstructions())
    for (Draw how : allDraws)
      for (int repeat = 0; repeat < (how == Draw::random ? 100 : 1); ++repeat) {
        std::vector<uint64_t> values = draw(info.layout, how, random);
        // Names are rare in random numbers: half of the operands that may have one get one.
        for (size_t i = 0; i < values.size(); ++i)
          if (how == Draw::random && repeat % 2)
            if (info.layout.fields[i].kind == FieldKind::symbol ||
                info.layout.fields[i].kind == FieldKind::label)
              values[i] = random() % 4;
        Instruction instr = makeInstruction(info, values.data());
        int64_t pc = repeat;
        std::string text = print(instr, names, pc);
        Result<Instruction> parsed = parse(text, names, pc);
        ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.message();
        EXPECT_TRUE(*parsed == instr) << text;
        EXPECT_EQ(print(*parsed, names, pc), text);
      }
}

TEST(Assembly, TensorTilePrintParsePrintIsIdentity) {
  std::mt19937_64 random(2);
  for (Draw how : allDraws)
    for (int repeat = 0; repeat < 100; ++repeat) {
      std::vector<uint64_t> values;
      for (const LayoutInfo &word : tensorTileLayout())
        for (uint64_t value : draw(word, how, random))
          values.push_back(value);
      TensorTile tile = TensorTile::fromValues(values.data());
      Result<TensorTile> parsed = parseTensorTile(print(tile));
      ASSERT_TRUE(parsed.ok()) << parsed.message();
      EXPECT_EQ(*parsed, tile);
      EXPECT_EQ(print(*parsed), print(tile));
    }
}

TEST(Assembly, PrintsReadably) {
  ConvFp conv;
  conv.acc = 3;
  conv.x = 1;
  conv.w = 2;
  conv.mode = mach::accMode::continue_;
  EXPECT_EQ(print(conv), "conv.fp acc=d3, x=d1, w=d2, bias=d0, geom=g0, mask=m0, mode=continue");
  EXPECT_EQ(print(Halt()), "halt");
  OperandNames names = someNames();
  Desc desc;
  desc.src = 1;
  EXPECT_EQ(print(desc, names), "desc dd=d0, src=@conv1/weight, slot=r0");
  desc.src = 2;
  EXPECT_EQ(print(desc, names), "desc dd=d0, src=@\"odd name; \\\"quoted\\\" \\\\ \\0a\", slot=r0");
  Bz bz;
  bz.target = 3;
  EXPECT_EQ(print(bz, names, 5), "bz rs=r0, target=.L9");
  EXPECT_EQ(print(bz, names, 6), "bz rs=r0, target=3");
  EXPECT_EQ(print(VRelu{1, 2, 3}), "v.relu dst=d1, src=d2, mask=m3");
  EXPECT_EQ(print(VRelu{1, 2, 3, 1}), "v.relu dst=d1, src=d2, mask=m3, again=1");
  TensorTile tile;
  tile.space = mach::space::acc;
  tile.extent = {1, 2, 3, 4, 5};
  tile.origin[1] = -2;
  EXPECT_EQ(print(tile), "space=acc, format=f32, rank=0, slots=0, slotBytes=0, base=0, "
                         "rounding=chip, bias=0, stream=0, "
                         "extent=[1, 2, 3, 4, 5], tile=[0, 0, 0, 0, 0], stride=[0, 0, 0, 0, 0], "
                         "origin=[0, -2, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]");
}

TEST(Assembly, TakesAnyOrderAndHexadecimal) {
  Result<Instruction> instr = parse("  madd imm=-0x10,rb=r2 , mul=+7, ra=r63, rd=r1");
  ASSERT_TRUE(instr.ok()) << instr.message();
  const Madd madd = instr->as<Madd>().value();
  EXPECT_EQ(madd.imm, -16);
  EXPECT_EQ(madd.mul, 7);
  EXPECT_EQ(madd.ra, 63);
  EXPECT_TRUE(parse("mask md=m0, cores=0xffffffffffffffff").ok());
  // A flag may be left out.
  for (const char *again : {"", ", again=0", ", again=1"}) {
    Result<Instruction> relu = parse(std::string("v.relu dst=d1, src=d2, mask=m3") + again);
    ASSERT_TRUE(relu.ok()) << relu.message();
    EXPECT_EQ(relu->as<VRelu>()->again, std::string(again).find('1') != std::string::npos);
  }
  EXPECT_FALSE(parse("v.relu dst=d1, src=d2, mask=m3, again=2").ok());
  EXPECT_FALSE(parse("v.relu dst=d1, src=d2, mask=m3, again").ok());
  EXPECT_TRUE(parse("li rd=r1, imm=-9223372036854775808").ok());
}

TEST(Assembly, MessagesNameInstructionAndField) {
  auto message = [](std::string_view text) {
    Result<Instruction> instr = parse(text, someNames());
    return instr.ok() ? std::string("parsed") : instr.message();
  };
  EXPECT_EQ(message("mul rd=r1"), "expected an instruction, found 'mul'");
  EXPECT_EQ(message(""), "expected an instruction, found the end of the line");
  EXPECT_EQ(message("rot"), "rot: field 'dd' is missing");
  EXPECT_EQ(message("rot dd=d32"), "rot: field 'dd': expected d0 to d31, found 'd32'");
  EXPECT_EQ(message("rot dd=r1"), "rot: field 'dd': expected d0 to d31, found 'r1'");
  EXPECT_EQ(message("rot dd=d1, dd=d2"), "rot: field 'dd': given twice");
  EXPECT_EQ(message("rot de=d1"), "rot: expected a field, found 'de'");
  EXPECT_EQ(message("rot dd d1"), "rot: field 'dd': expected '=', found 'd1'");
  EXPECT_EQ(message("rot dd=d1 d2"), "rot: expected ',', found 'd2'");
  EXPECT_EQ(message("bz rs=r1, target=.nowhere"),
            "bz: field 'target': no place is called '.nowhere'");
  EXPECT_EQ(message("bz rs=r1, target=8388608"),
            "bz: field 'target' is 8388608, expected -8388608 to 8388607");
  EXPECT_EQ(message("desc dd=d1, src=@y, slot=r0"),
            "desc: field 'src': no descriptor is called '@y'");
  EXPECT_EQ(message("desc dd=d1, src=-1, slot=r0"),
            "desc: field 'src': the number does not fit the field");
  EXPECT_EQ(message("li rd=r1, imm=99999999999999999999"),
            "li: field 'imm': expected a number within 64 bits, found '99999999999999999999'");
  EXPECT_EQ(message("li rd=r1, imm=9223372036854775808"),
            "li: field 'imm': the number does not fit the field");
  EXPECT_EQ(message("li rd=r1, imm=12ab"),
            "li: field 'imm': expected a number within 64 bits, found '12ab'");
  EXPECT_EQ(message("wait engine=gpu, sem=s0, count=1, mask=m0"),
            "wait: field 'engine': expected one of seq, load, store, mac, vector, shared_load, "
            "shared_store, found 'gpu'");
}

constexpr const char *loopProgram =
    ".descriptor @x space=dram, format=fp8, rank=1, slots=1, slotBytes=0, base=4096, "
    "rounding=chip, bias=0, stream=0, "
    "extent=[8, 1, 1, 1, 1], tile=[8, 1, 1, 1, 1], stride=[1, 0, 0, 0, 0], "
    "origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]\n"
    ".entry init\n"
    ".entry step\n"
    "  desc dd=d1, src=@x, slot=r0\n"
    "  loop rd=r1, step=4, trip=2, end=.L1\n"
    ".L0:\n"
    "  rot dd=d1\n"
    ".entry eval\n"
    ".L1:\n"
    "  bz rs=r1, target=.L0\n"
    "  bz rs=r1, target=.L2\n"
    ".L2:\n";

TEST(Program, PrintIsInverseOfParse) {
  Result<Program> program = parseProgram(loopProgram);
  ASSERT_TRUE(program.ok()) << program.message();
  EXPECT_EQ(program->text.size(), 5u);
  ASSERT_EQ(program->entries.size(), 3u);
  EXPECT_EQ(program->entries[2].pc, 3u);
  EXPECT_EQ(program->text[1].as<Loop>().value().end, 1);
  EXPECT_EQ(program->text[3].as<Bz>().value().target, -2);
  EXPECT_EQ(program->text[4].as<Bz>().value().target, 0);
  EXPECT_EQ(printProgram(*program), loopProgram);
}

TEST(Program, RandomProgramsSurviveTheText) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 50; ++round) {
    Program program;
    for (size_t i = 0; i < 5; ++i)
      program.descriptors.push_back({"t" + std::to_string(i) + (i == 3 ? " \"x\";" : ""), {}});
    for (size_t i = 0; i < 40; ++i) {
      const InstructionInfo &info = allInstructions()[random() % allInstructions().size()];
      std::vector<uint64_t> values = draw(info.layout, Draw::random, random);
      for (size_t f = 0; f < values.size(); ++f)
        if (info.layout.fields[f].kind == FieldKind::label && random() % 2)
          values[f] = random() % 60 - 30;
      program.text.push_back(makeInstruction(info, values.data()));
    }
    program.entries.push_back({"step", random() % 41});
    ProgramComments comments;
    comments.behind = [](uint64_t pc) { return pc % 3 ? "; node \"conv\" \\" : ""; };
    std::string text = printProgram(program, comments);
    Result<Program> parsed = parseProgram(text);
    ASSERT_TRUE(parsed.ok()) << parsed.message() << "\n" << text;
    EXPECT_TRUE(parsed->text == program.text);
    EXPECT_EQ(parsed->entries[0].pc, program.entries[0].pc);
    EXPECT_EQ(printProgram(*parsed, comments), text);
  }
}

// Property: damaged text is refused with a line number, or read as a program that survives its own
// text.
TEST(Program, DamagedTextIsRefusedOrRead) {
  std::mt19937_64 random(4);
  const std::string intact = loopProgram;
  const std::string alphabet = "@.\"\\;:=,[]-+0x9dr \n\t_z";
  int refused = 0, read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = intact;
    for (uint64_t edits = random() % 3 + 1; edits > 0; --edits) {
      size_t place = random() % text.size();
      switch (random() % 3) {
      case 0:
        text[place] = alphabet[random() % alphabet.size()];
        break;
      case 1:
        text.erase(place, random() % 4 + 1);
        break;
      default:
        text.insert(place, 1, alphabet[random() % alphabet.size()]);
      }
    }
    Result<Program> program = parseProgram(text);
    if (!program) {
      EXPECT_EQ(program.message().substr(0, 5), "line ") << text;
      ++refused;
      continue;
    }
    ++read;
    Result<Program> again = parseProgram(printProgram(*program));
    ASSERT_TRUE(again.ok()) << again.message() << "\n" << text;
    EXPECT_TRUE(again->text == program->text) << text;
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(read, 100);
}

TEST(Program, MessagesNameTheLine) {
  auto message = [](std::string_view text) {
    Result<Program> program = parseProgram(text);
    return program.ok() ? std::string("parsed") : program.message();
  };
  EXPECT_EQ(message("halt\n; fine\nrot\n"), "line 3: rot: field 'dd' is missing");
  EXPECT_EQ(message(".a:\n.a:\n"), "line 2: label '.a' is defined twice");
  EXPECT_EQ(message(".entry a\n.entry a\n"), "line 2: entry 'a' is defined twice");
  EXPECT_EQ(message(".frob 1\n"), "line 1: unknown directive '.frob'");
  EXPECT_EQ(message(".descriptor x"), "line 1: expected '@' and a name, found 'x'");
  EXPECT_EQ(message(".descriptor @x space=dram"), "line 1: descriptor: field 'format' is missing");
  EXPECT_EQ(message(".descriptor @\"x"), "line 1: quoted name without a closing quote");
  EXPECT_EQ(message(".a: halt"),
            "line 1: expected the end of the line behind a label, found 'halt'");
}

TEST(Program, UnknownDirectivesGoToTheHandler) {
  std::string seen;
  auto handler = [&](std::string_view name, std::string_view operands, uint64_t pc) -> Status {
    seen += std::string(name) + "|" + std::string(operands) + "|" + std::to_string(pc);
    return Status::success();
  };
  ASSERT_TRUE(parseProgram("halt\n.node \"a;b\" 3 ; comment\n", handler).ok());
  EXPECT_EQ(seen, ".node|\"a;b\" 3|1");
}

} // namespace
