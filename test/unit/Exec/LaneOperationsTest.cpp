//===- LaneOperationsTest.cpp - what the chip's lane_operations count
//--------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The work that vector instructions report is made of numbers of the chip description: with a
// number of its own for each key, the counts show which keys an instruction used and how often.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EnumBinaryFn.h.inc"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/EnumUnaryFn.h.inc"
#include "runtime/isa/InstrNormalize.h.inc"
#include "runtime/isa/StructVAdam.h.inc"
#include "runtime/isa/StructVBinary.h.inc"
#include "runtime/isa/StructVCrossEntropy.h.inc"
#include "runtime/isa/StructVLogSoftmax.h.inc"
#include "runtime/isa/StructVRound.h.inc"
#include "runtime/isa/StructVSoftmax.h.inc"
#include "runtime/isa/StructVUnary.h.inc"

#include <map>

namespace slp::exec {
namespace {

/// Keys of docs/chip-description.md, each with a number that no sum of others gives by chance.
const std::map<std::string, uint64_t> &numbers() {
  static const std::map<std::string, uint64_t> result = {
      {"step", 3},         {"random", 1009},     {"exp", 2003},
      {"log", 3001},       {"power", 4001},      {"tanh", 5003},
      {"sigmoid", 6007},   {"erf", 7001},        {"gelu", 8009},
      {"gelu_tanh", 9001}, {"elu", 10007},       {"celu", 11003},
      {"softplus", 12007}, {"pow", 13001},       {"power_grad", 14009},
      {"erf_grad", 15013}, {"gelu_grad", 16001}, {"gelu_tanh_grad", 17011},
      {"elu_grad", 18013}, {"celu_grad", 19001}, {"softplus_grad", 20011}};
  return result;
}

chip::Chip chipWithNumbers() {
  std::string yaml = "base: lnpu\nname: numbered\nlane_operations:\n";
  for (const auto &[key, number] : numbers())
    yaml +=
        "  " + key + ": {value: " + std::to_string(number) + ", unit: operations, from: quoted}\n";
  Result<chip::Chip> chip = chip::parse(yaml, "numbered.yaml");
  EXPECT_TRUE(chip.ok()) << chip.message();
  return chip.ok() ? chip.take() : chipNamed("lnpu");
}

struct OperationCounter : Observer {
  void issued(const Event &event) override {
    for (const CoreWork &work : event.work)
      operations += work.operations;
  }
  uint64_t operations = 0;
};

/// Lane operations of one instruction whose operands d0, d1, ... are f32 tensors (or labels) in the
/// shared buffer.
template <typename Instr>
uint64_t operationsOf(const Instr &instr, const std::vector<Shape> &shapes, int labels = -1) {
  ProgramBuilder b(chipWithNumbers());
  for (size_t i = 0; i < shapes.size(); ++i) {
    std::string name = "t" + std::to_string(i);
    b.tensor(name, int(i) == labels ? format::i32 : format::f32, shapes[i]);
    b.load(uint8_t(i), name, space::shared);
  }
  b.emit(instr);
  std::unique_ptr<Machine> machine = b.build();
  if (!machine)
    return 0;
  OperationCounter counter;
  Options options;
  options.observer = &counter;
  runStep(*machine, options);
  return counter.operations;
}

/// What a function takes: its own number, else one step or two.
void expectFunction(std::string_view name, uint64_t each) {
  auto found = numbers().find(std::string(name));
  uint64_t step = numbers().at("step");
  if (found != numbers().end())
    EXPECT_EQ(each, found->second) << name;
  else
    EXPECT_TRUE(each == step || each == 2 * step) << name << ": " << each;
}

TEST(LaneOperationsTest, EveryFunctionHasTheNumberOfItsName) {
  const Shape shape = {3, 7};
  size_t ownNumbers = 0;
  for (size_t fn = 0; fn < mach::numUnaryFnValues; ++fn) {
    mach::VUnary instr{};
    instr.dst = 0;
    instr.src = 1;
    instr.fn = mach::UnaryFn(fn);
    expectFunction(mach::toString(instr.fn), operationsOf(instr, {shape, shape}) / 21);
    ownNumbers += numbers().count(std::string(mach::toString(instr.fn)));
  }
  for (size_t fn = 0; fn < mach::numBinaryFnValues; ++fn) {
    mach::VBinary instr{};
    instr.dst = 0;
    instr.x = 1;
    instr.y = 2;
    instr.fn = mach::BinaryFn(fn);
    expectFunction(mach::toString(instr.fn), operationsOf(instr, {shape, shape, shape}) / 21);
    ownNumbers += numbers().count(std::string(mach::toString(instr.fn)));
  }
  EXPECT_EQ(ownNumbers + 2, numbers().size()); // step and random are no functions
}

TEST(LaneOperationsTest, InstructionsAreMadeOfStepsAndFunctions) {
  const uint64_t step = numbers().at("step"), exp = numbers().at("exp"), log = numbers().at("log"),
                 random = numbers().at("random");
  const Shape rows = {4, 5}, images = {4};
  mach::VRound round{};
  round.src = 1;
  EXPECT_EQ(operationsOf(round, {rows, rows}), 20 * step);
  mach::VSoftmax softmax{};
  softmax.src = 1;
  EXPECT_EQ(operationsOf(softmax, {rows, rows}), 20 * (4 * step + exp));
  mach::VCrossEntropy loss{};
  loss.x = 1;
  loss.labels = 2;
  EXPECT_EQ(operationsOf(loss, {images, rows, images}, 2),
            20 * (3 * step + exp) + 4 * (2 * step + log));
  mach::VLogSoftmax logs{};
  logs.src = 1;
  EXPECT_EQ(operationsOf(logs, {rows, rows}), 20 * (5 * step + exp) + 4 * log);
  mach::VDropout dropout{};
  dropout.src = 1;
  EXPECT_EQ(operationsOf(dropout, {rows, rows}), 20 * (2 * step + random));
  mach::VNormalize normalize{};
  normalize.x = 1;
  EXPECT_EQ(operationsOf(normalize, {rows, rows}), 20 * 3 * step);
  mach::VNormalizeGrad gradient{};
  gradient.dy = 1;
  EXPECT_EQ(operationsOf(gradient, {rows, rows}), 20 * 5 * step);
  gradient.scaled = 1;
  EXPECT_EQ(operationsOf(gradient, {rows, rows}), 20 * 6 * step);
  mach::VStatistics statistics{};
  statistics.src = 1;
  EXPECT_EQ(operationsOf(statistics, {{1, 5, 1, 3}, rows}), 20 * 4 * step);
  mach::VStatisticsJoin join{};
  join.var = 1;
  join.parts = 2;
  join.rows = 1;
  join.columns = 4;
  EXPECT_EQ(operationsOf(join, {{5}, {5}, {1, 5, 1, 3}}), 5 * (11 + 2) * step);
  mach::VAdam adam{};
  adam.m = 1;
  adam.v = 2;
  adam.dw = 3;
  EXPECT_EQ(operationsOf(adam, {rows, rows, rows, rows}), 20 * 13 * step);
}

} // namespace
} // namespace slp::exec
