//===- TextSizeTest.cpp - programs grow neither with tiles nor with cores ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/LoadOpKind.h"
#include "dialects/Chip/StoreOpKind.h"
#include "dialects/Mach/MachProgramOps.h"
#include "slp/Conversion/Passes.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace slp;

namespace {

/// What a step consists of.
struct Size {
  int64_t tiles = 0;        // engine instructions that the step executes, transfers included
  int64_t instructions = 0; // of all programs, but for waits and signals:
  int64_t handOvers = 0, buffers = 0;
  int64_t loops = 0, coordinates = 0, scaled = 0, rotations = 0;
  std::vector<std::string> mnemonics; // of all programs, in order

  /// What loops cost: their headers, and the instructions that move tiles along them.
  int64_t loopPart() const { return loops + coordinates + scaled + rotations; }
};

class TextSizeTest : public testing::Test {
protected:
  TextSizeTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  Size sizeOf(const std::string &ir, int64_t cores, uint64_t tileSeed);

  MLIRContext context{MLIRContext::Threading::DISABLED};
};

} // namespace

/// Compiles train IR of stage precision and counts.
Size TextSizeTest::sizeOf(const std::string &ir, int64_t cores, uint64_t tileSeed) {
  Size size;
  auto module = parseSourceString<ModuleOp>(ir, &context);
  EXPECT_TRUE(module) << ir;
  if (!module)
    return size;
  PassManager tile(&context), lower(&context);
  tile.addPass(createConvertTrainToChip());
  tile.addPass(createFuseNests());
  tile.addPass(createChooseLayouts());
  ChooseTilesOptions options;
  options.cores = cores;
  options.tileSeed = tileSeed;
  tile.addPass(createChooseTiles(options));
  tile.addPass(createExpandNests());
  EXPECT_TRUE(succeeded(tile.run(*module)));
  module->walk([&](Operation *op) {
    if (isa<scf::ForOp>(op))
      ++size.loops;
    if (auto alloc = dyn_cast<chip_ir::AllocOp>(op)) {
      ++size.buffers;
      size.rotations += alloc.getSlots() > 1;
      for (Value coordinate : alloc.getOrigin()) {
        size.coordinates += !coordinate.getDefiningOp<arith::ConstantIndexOp>();
        // A coordinate that is a multiple of the loop's needs a multiplication of its own.
        if (auto apply = coordinate.getDefiningOp<affine::AffineApplyOp>())
          apply.getAffineMap().getResult(0).walk(
              [&](AffineExpr e) { size.scaled += e.getKind() == AffineExprKind::Mul; });
      }
    }
    if (isOneOf<chip_ir::LoadOp, chip_ir::StoreOp>(op) || isa<chip_ir::EngineInstruction>(op)) {
      int64_t times = 1;
      for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
           loop = loop->getParentOfType<scf::ForOp>())
        times *= loop.getStaticTripCount()->getSExtValue();
      size.tiles += times;
    }
  });
  lower.addPass(createPlaceBuffers());
  lower.addPass(createInsertSemaphores());
  lower.addPass(createVerifySchedule());
  lower.addPass(createConvertChipToMach());
  EXPECT_TRUE(succeeded(lower.run(*module)));
  for (auto program : module->getOps<mach::ProgramOp>())
    for (Operation &op : program.getBody().front())
      if (!isa<mach::LabelOp>(op))
        size.mnemonics.push_back(op.getName().getStringRef().str());
  for (const std::string &mnemonic : size.mnemonics)
    ++(mnemonic == "mach.wait" || mnemonic == "mach.signal" ? size.handOvers : size.instructions);
  return size;
}

//===----------------------------------------------------------------------------------------===//
// Networks
//===----------------------------------------------------------------------------------------===//

static std::string tensor(std::initializer_list<int64_t> shape, const char *element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

/// A convolution with `channels` outputs, its two gradients, pooling and an update. `tile` goes
/// into the convolution's attributes.
static std::string convNet(int64_t batch, int64_t image, int64_t channels,
                           const std::string &tile = "") {
  std::string x = tensor({batch, 16, image, image}, "!f8"), w = tensor({channels, 16, 3, 3}, "!f8");
  std::string acc = tensor({batch, channels, image, image}, "f32");
  std::string y = tensor({batch, channels, image, image}, "!f8");
  std::string dx = tensor({batch, 16, image, image}, "f32");
  std::string half = tensor({batch, channels, image / 2, image / 2}, "!f8");
  std::string index = tensor({batch, channels, image / 2, image / 2}, "i8");
  std::string dw = tensor({channels, 16, 3, 3}, "f32"), m = tensor({channels, 16, 3, 3}, "!f16");
  std::string common = "accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ";
  return R"(
!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>
#nearest = #num.rounding<nearest_even>
module {
train.state @m : )" +
         m + " {rounding = #nearest}\ntrain.state @v : " + m +
         " {rounding = #nearest}\nfunc.func @step(%x: " + x + " {train.name = \"x\"}, %w: " + w +
         " {train.name = \"w\"}) -> (" + half + " {train.name = \"p\"}, " + dx +
         " {train.name = \"dx\"}) {\n" + "  %acc = train.conv %x, %w {" + common + "[\"acc\"]" +
         tile + "} : (" + x + ", " + w + ") -> " + acc +
         "\n  %y = train.round %acc {rounding = #nearest, train.names = [\"y\"]} : (" + acc +
         ") -> " + y +
         "\n  %p, %i = train.max_pool %y {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, "
         "rounding = #nearest, train.names = [\"p\", \"i\"]} : (" +
         y + ") -> (" + half + ", " + index + ")\n  %dx = train.conv_bp %y, %w {" + common +
         "[\"dx\"], input_shape = array<i64: " + std::to_string(batch) + ", 16, " +
         std::to_string(image) + ", " + std::to_string(image) + ">} : (" + y + ", " + w + ") -> " +
         dx + "\n  %dw = train.conv_wg %x, %y {" + common +
         "[\"dw\"], kernel = array<i64: 3, 3>} : (" + x + ", " + y + ") -> " + dw +
         "\n  %m = train.read @m {train.names = [\"m\"]} : " + m +
         "\n  %v = train.read @v {train.names = [\"v\"]} : " + m +
         "\n  %m1, %v1 = train.sgd %m, %v, %dw {loss_scale = 1.0 : f32, rounding = #nearest, "
         "train.names = [\"m1\", \"v1\"]} : (" +
         m + ", " + m + ", " + dw + ") -> (" + m + ", " + m + ")\n  train.write @m, %m1 : " + m +
         "\n  train.write @v, %v1 : " + m + "\n  return %p, %dx : " + half + ", " + dx + "\n}\n}\n";
}

//===----------------------------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------------------------===//

// The same loops with other trip counts: the same instructions, one by one.
TEST_F(TextSizeTest, TwoTilesAndManyAreTheSameProgram) {
  auto conv = [](int64_t batch, int64_t image) {
    std::string net =
        convNet(batch, image, 64,
                ", slp.tile = {order = [\"n\", \"g\", \"co\", \"oy\", \"ox\", \"ci\"], "
                "sizes = {n = 1, co = 2, oy = 4, ox = 4, ci = 8}}");
    // The convolution alone.
    size_t from = net.find("  %p, %i"), to = net.find("  return");
    net.erase(from, to - from);
    size_t results = net.find(") -> (", net.find("func.func")), brace = net.find(" {\n", results);
    net.replace(results, brace - results, ")");
    net.replace(net.find("  return"), net.find("\n}", net.find("  return")) - net.find("  return"),
                "  return");
    return net;
  };
  Size few = sizeOf(conv(2, 8), 16, 0);
  Size many = sizeOf(conv(64, 8), 16, 0);
  Size large = sizeOf(conv(2, 64), 16, 0);
  Size oneCore = sizeOf(conv(2, 8), 1, 0);
  EXPECT_EQ(few.mnemonics, many.mnemonics);
  EXPECT_EQ(few.mnemonics, large.mnemonics);
  EXPECT_EQ(few.mnemonics, oneCore.mnemonics);
  EXPECT_GE(many.tiles, 30 * few.tiles);
  EXPECT_GE(large.tiles, 60 * few.tiles);
  EXPECT_GE(oneCore.tiles, 15 * few.tiles);
}

// Whatever the tiler chooses, on however many cores: a step has the instructions of its untiled
// form, and one for each loop, for each coordinate that follows a loop (two if it is a multiple),
// and for each buffer with copies. Waits and signals depend on which buffers are in one loop: up to
// three engines take turns with one, two instructions a hand-over and four to give it back.
TEST_F(TextSizeTest, InstructionsAreThoseOfLoopsNotOfTiles) {
  Size base = sizeOf(convNet(1, 2, 1), 1, 0);
  int64_t fixed = base.instructions - base.loopPart();
  int64_t mostTiles = 0;
  auto check = [&](const Size &size, const std::string &what) {
    EXPECT_EQ(size.instructions, fixed + size.loopPart()) << what;
    EXPECT_LE(size.handOvers, 8 * size.buffers) << what;
    mostTiles = std::max(mostTiles, size.tiles);
  };
  for (int64_t batch : {2, 64})
    for (int64_t image : {8, 64})
      for (int64_t cores : {1, 3, 16})
        check(sizeOf(convNet(batch, image, 16), cores, 0),
              "batch " + std::to_string(batch) + ", image " + std::to_string(image) + ", " +
                  std::to_string(cores) + " cores");
  for (uint64_t seed = 1; seed <= 30; ++seed)
    check(sizeOf(convNet(4, 16, 12), 16, seed), "tile seed " + std::to_string(seed));
  EXPECT_GT(mostTiles, 5000);
  // At most: the headers of six loops a task and two instructions a loop and buffer.
  for (int64_t batch : {2, 64}) {
    Size size = sizeOf(convNet(batch, 64, 16), 16, 0);
    EXPECT_LE(size.instructions, fixed + 5 * (6 + 5 * (6 * 2 + 1)));
  }
}
