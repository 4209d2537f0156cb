//===- HomesTest.cpp - what stays on the chip is what the host sees ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One network, compiled so that tensors and states stay on the chip and so that none does, trains
// the same states to the last bit, also where the host writes one between two steps.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipOps.h"
#include "runtime/exec/Machine.h"
#include "runtime/isa/FormatI32.h.inc"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"

#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <cstring>

using namespace mlir;
using namespace slp;

namespace {

class Homes : public testing::TestWithParam<const char *> {
protected:
  Homes() : chip(chip::load(GetParam()).take()) {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
  }
  /// The digits network; `onChip` gets how many of its tensors stay on the chip for a step, and
  /// `states` how many over steps.
  image::Image compile(const char *homes);

  chip::Chip chip;
  MLIRContext context{MLIRContext::Threading::DISABLED};
  int onChip = 0, states = 0;
};

} // namespace

image::Image Homes::compile(const char *homes) {
  CompileOptions options;
  options.target = GetParam();
  options.precision = "fp8";
  options.loss = "softmax-cross-entropy";
  options.homes = homes;
  std::string path = std::string(SLP_SCHEDULE_NETWORKS_DIR) + "/digits-cnn.onnx";
  OwningOpRef<ModuleOp> module = readModel(context, path, options);
  EXPECT_TRUE(module && succeeded(runStages(*module, Stage::schedule, options, chip)));
  onChip = states = 0;
  for (auto tensor : module->getOps<chip_ir::TensorOp>())
    if (tensor.getHome() == chip_ir::Space::shared)
      ++(tensor.getRole() == chip_ir::Role::temp ? onChip : states);
  EXPECT_TRUE(succeeded(runStages(*module, Stage::emit, options, chip)));
  FailureOr<image::Image> image = emitImage(*module, chip, llvm::sys::path::parent_path(path));
  EXPECT_TRUE(succeeded(image));
  return *image;
}

/// The states after three steps and eval, of which the second follows a write of the host.
static std::vector<std::vector<float>> trained(const chip::Chip &chip, const image::Image &image) {
  auto machine = exec::Machine::create(chip, image).take();
  exec::Options options;
  options.checkOrder = true;
  std::vector<std::vector<float>> states;
  auto run = [&](const char *entry) {
    Status ran = machine->run(entry, options);
    EXPECT_TRUE(ran) << entry << ": " << (ran ? "" : ran.message());
    for (const image::Tensor &tensor : image.tensors)
      if (tensor.role == image::Role::state || tensor.role == image::Role::copy)
        states.push_back(machine->read(tensor.name).take());
  };
  machine->setHyper(0, 0.125f); // learning rate
  for (const image::Tensor &tensor : image.tensors)
    if (tensor.role == image::Role::input) {
      int64_t elements = 1;
      for (int64_t d : tensor.shape)
        elements *= d;
      std::vector<float> values;
      for (int64_t i = 0; i < elements; ++i)
        values.push_back(tensor.format == mach::format::i32 ? float(i % 10)
                                                            : float(i % 17) / 16 - 0.5f);
      EXPECT_TRUE(machine->write(tensor.name, values));
    }
  run("init");
  run("step");
  std::vector<float> weights = machine->read("conv2.weight").take();
  for (size_t i = 0; i < weights.size(); i += 3)
    weights[i] = 0.25f;
  EXPECT_TRUE(machine->write("conv2.weight", weights));
  run("step");
  run("eval");
  run("step");
  return states;
}

TEST_P(Homes, ChangeNoBit) {
  image::Image inDram = compile(homesInDram);
  EXPECT_EQ(onChip + states, 0);
  EXPECT_EQ(inDram.findEntry("sync"), nullptr);
  image::Image stays = compile("auto");
  EXPECT_GT(onChip, 2);
  EXPECT_EQ(states > 0, stays.findEntry("sync") != nullptr);
  EXPECT_EQ(states > 0, std::strcmp(GetParam(), "asu-fp8") == 0)
      << "LNPU's shared buffer is too small for states of this network";
  EXPECT_EQ(trained(chip, inDram), trained(chip, stays));
}

INSTANTIATE_TEST_SUITE_P(Chips, Homes, testing::Values("lnpu", "asu-fp8"));
