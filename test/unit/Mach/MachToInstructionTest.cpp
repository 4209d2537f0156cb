//===- MachToInstructionTest.cpp - ops and structs of every instruction -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Driven by the generated tables: struct -> op -> text -> op -> struct is the identity for every
// instruction.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/MachToInstruction.h"
#include "dialects/Mach/MachProgramOps.h"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/Instructions.h"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "test/unit/Isa/TableValues.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace slp;
using namespace slp::mach;
using namespace slp::mach::test;

namespace {

class MachToInstruction : public ::testing::Test {
protected:
  MachToInstruction() { context.loadDialect<MachDialect>(); }

  /// A module with one program, whose label "end" is last, and a descriptor @tile.
  OwningOpRef<ModuleOp> makeModule(const Instruction &instr) {
    OpBuilder builder(&context);
    Location loc = builder.getUnknownLoc();
    OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
    builder.setInsertionPointToStart(module->getBody());
    TensorTile tile;
    tile.slots = 1;
    tile.extent = tile.tile = {1, 1, 1, 1, 1};
    DescriptorOp::create(builder, loc, "tile", tile);
    auto program = ProgramOp::create(builder, loc, "step");
    builder.setInsertionPointToStart(&program.getBody().emplaceBlock());
    createInstruction(builder, loc, instr, "end", "tile");
    LabelOp::create(builder, loc, "end");
    return module;
  }

  static FailureOr<Instruction> firstInstruction(ModuleOp module, int64_t distance,
                                                 uint64_t index) {
    Operation *first = nullptr;
    module.walk([&](ProgramOp program) { first = &program.getBody().front().front(); });
    return toInstruction(
        first,
        [&](Operation *, StringRef label) -> FailureOr<int64_t> {
          EXPECT_EQ(label, "end");
          return distance;
        },
        [&](Operation *, StringRef symbol) -> FailureOr<uint64_t> {
          EXPECT_EQ(symbol, "tile");
          return index;
        });
  }

  MLIRContext context;
};

TEST_F(MachToInstruction, EveryInstructionSurvivesItsOpAndItsText) {
  std::mt19937_64 random(1);
  for (const InstructionInfo &info : allInstructions())
    for (Draw how : allDraws) {
      std::vector<uint64_t> values = draw(info.layout, how, random);
      int64_t distance = 0;
      uint64_t index = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        if (info.layout.fields[i].kind == FieldKind::label)
          distance = static_cast<int64_t>(values[i]);
        if (info.layout.fields[i].kind == FieldKind::symbol)
          index = values[i];
      }
      Instruction instr = makeInstruction(info, values.data());
      OwningOpRef<ModuleOp> module = makeModule(instr);
      FailureOr<Instruction> direct = firstInstruction(*module, distance, index);
      ASSERT_TRUE(succeeded(direct)) << info.layout.name;
      EXPECT_TRUE(*direct == instr) << info.layout.name;

      std::string text;
      llvm::raw_string_ostream(text) << *module;
      // Random fields need not make sense together: only the syntax is asked for.
      ParserConfig config(&context, /*verifyAfterParse=*/false);
      OwningOpRef<ModuleOp> parsed = parseSourceString<ModuleOp>(text, config);
      ASSERT_TRUE(parsed) << text;
      FailureOr<Instruction> again = firstInstruction(*parsed, distance, index);
      ASSERT_TRUE(succeeded(again)) << text;
      EXPECT_TRUE(*again == instr) << text;
    }
}

TEST_F(MachToInstruction, NumberBeyondItsFieldDoesNotVerify) {
  std::string message;
  ScopedDiagnosticHandler keep(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  int refused = 0;
  for (const InstructionInfo &info : allInstructions())
    for (const FieldInfo &field : info.layout.fields) {
      bool isNumber = field.kind != FieldKind::label && field.kind != FieldKind::symbol;
      if (field.width() == 64 || !isNumber || field.isDefaulted) // may be absent
        continue;
      std::vector<uint64_t> values(info.layout.fields.size());
      OwningOpRef<ModuleOp> module = makeModule(makeInstruction(info, values.data()));
      module->walk([&](ProgramOp program) {
        program.getBody().front().front().setAttr(
            StringRef(field.name.data(), field.name.size()),
            OpBuilder(&context).getI64IntegerAttr(static_cast<int64_t>(field.maximum() + 1)));
      });
      EXPECT_TRUE(failed(verify(*module))) << info.layout.name << " " << field.name;
      std::string expected = "attribute '" + std::string(field.name) + "' failed to satisfy";
      EXPECT_NE(message.find(expected), std::string::npos) << info.layout.name << ": " << message;
      ++refused;
    }
  EXPECT_GT(refused, 50);
}

TEST_F(MachToInstruction, TensorTileSurvivesItsOp) {
  TensorTile tile;
  tile.space = mach::space::acc;
  tile.format = mach::format::fp16;
  tile.rank = 5;
  tile.slots = 15;
  tile.slotBytes = 16777215;
  tile.base = 281474976710655;
  tile.extent = {1, 2, 3, 4, 16777215};
  tile.tile = {6, 7, 8, 9, 10};
  tile.stride = {11, 12, 13, -2147483648, 2147483647};
  tile.origin = {-8388608, -1, 0, 1, 8388607};
  tile.coreStride = {8388607, 1, 0, -1, -8388608};
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module(ModuleOp::create(builder.getUnknownLoc()));
  builder.setInsertionPointToStart(module->getBody());
  auto op = DescriptorOp::create(builder, builder.getUnknownLoc(), "t", tile);
  EXPECT_TRUE(succeeded(verify(*module)));
  EXPECT_TRUE(op.getTensorTile() == tile);
}

TEST_F(MachToInstruction, OtherOpsAreRefused) {
  ScopedDiagnosticHandler silent(&context, [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = makeModule(Halt());
  EXPECT_TRUE(failed(toInstruction(
      *module, [](Operation *, StringRef) -> FailureOr<int64_t> { return 0; },
      [](Operation *, StringRef) -> FailureOr<uint64_t> { return 0; })));
}

} // namespace
