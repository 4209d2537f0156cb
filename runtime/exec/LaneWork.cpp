//===- LaneWork.cpp - lane operations of vector instructions ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/LaneWork.h"

#include "runtime/isa/EnumReduceFunction.h.inc"
#include "runtime/isa/StructVBinary.h.inc"
#include "runtime/isa/StructVReduce.h.inc"
#include "runtime/isa/StructVUnary.h.inc"

#include <algorithm>
#include <array>
#include <string_view>

namespace slp::exec {
namespace {

using Number = chip::Sourced<int> chip::LaneOperations::*;
constexpr Number noFunction = nullptr;

/// What one of each that an instruction counts takes: steps, and functions of which the chip has a
/// number.
struct Steps {
  std::string_view mnemonic;
  int result = 0, operand = 0, pair = 0, row = 0;
  int once = 0;                  // an instruction
  Number ofElement = noFunction; // a function of each result, or operand where operands count
  Number ofRow = noFunction;
  int more = 0; // with the operand that only some have: once, or of each result where these count
};

constexpr Steps results(std::string_view mnemonic, int steps, Number function = noFunction) {
  return {mnemonic, steps, 0, 0, 0, 0, function};
}
constexpr Steps operands(std::string_view mnemonic, int steps, Number function = noFunction) {
  return {mnemonic, 0, steps, 0, 0, 0, function};
}
constexpr Steps pairs(std::string_view mnemonic) { return {mnemonic, 0, 0, 1}; }
constexpr Steps once(std::string_view mnemonic, int steps, int more = 0) {
  return {mnemonic, 0, 0, 0, 0, steps, noFunction, noFunction, more};
}

using Lane = chip::LaneOperations;

/// What is not here takes none, or is in `laneOperations`.
constexpr Steps table[] = {
    results("v.round", 1),
    results("v.relu", 1),
    results("v.select", 1),
    results("v.copy", 1),
    results("v.gather", 1),
    results("v.fill", 1),
    results("v.spread", 1),
    results("v.drain", 1),
    results("v.max.pool.take", 1),
    once("v.saturations", 1),
    operands("v.histogram", 1),
    operands("v.channel.sums", 1),
    operands("v.channel.join", 1),
    operands("v.statistics", 4),
    // Of a part: two of the counts, mean and squares of the part (3), the difference, the mean, and
    // the squares (4); of a channel, with its last part, a choice and a quotient.
    {"v.statistics.join", 0, 11, 0, 2},
    {"v.mean", 0, 1, 0, 0, 1},
    {"v.scatter.add", 1, 1},
    pairs("v.max.pool"),
    pairs("v.max.pool.grad"),
    {"v.avg.pool", 1, 0, 1},
    {"v.avg.pool.grad", 0, 1, 1},
    results("v.classify", 3), // a comparison with each limit, and the rounding
    once("v.threshold", 256),
    once("v.share.target", 8),
    once("v.loss.scale", 9),
    results("v.moving.average", 2),
    results("v.variance.grad", 3),
    results("v.inverse.deviation", 3),
    results("v.normalize", 3),
    operands("v.normalize.sums", 5),
    operands("v.normalize.channel.sums", 5),
    {"v.normalize.grad", 5, 0, 0, 0, 0, noFunction, noFunction, 1},
    results("v.normalize.fixed.grad", 2),
    results("v.dropout", 2, &Lane::random), // a comparison, a product
    results("v.softmax", 4, &Lane::exp),    // maximum, difference, sum, quotient
    results("v.softmax.grad", 4),
    {"v.cross.entropy", 0, 3, 0, 2, 0, &Lane::exp, &Lane::log},
    results("v.cross.entropy.grad", 6, &Lane::exp),
    // Maximum, difference twice, sum, difference.
    {"v.log.softmax", 5, 0, 0, 0, 0, &Lane::exp, &Lane::log},
    results("v.log.softmax.grad", 3, &Lane::exp),
    {"v.nll", 0, 0, 0, 3},
    {"v.nll.grad", 1, 0, 0, 3},
    operands("v.keep", 2), // a comparison and a place
    // A magnitude is free; a square and two additions an element, a quotient and a root a group.
    {"v.group.sums", 0, 3, 0, 2},
    results("v.group.pull", 4),
    results("v.group.mask", 1),
    results("v.sgd", 5),
    results("v.sgd.nesterov", 6),
    results("v.adagrad", 7),
    results("v.adam", 13),
    results("v.adamw", 13),
    results("v.adamw.last", 11),
    // Two more than without weight groups.
    results("v.sgd.groups", 7),
    results("v.sgd.nesterov.groups", 8),
    results("v.adagrad.groups", 9),
    results("v.adam.groups", 15),
    results("v.adamw.groups", 15),
    results("v.adamw.last.groups", 13),
    results("v.preview.momentum", 4),
    results("v.preview.nesterov", 5),
    results("v.preview.adagrad", 6),
    results("v.preview.adam", 11),
    operands("v.square.sum", 3),
    once("v.clip.factor", 4, 3),
};

/// The table by opcode.
std::array<Steps, 256> byOpcode() {
  std::array<Steps, 256> all{};
  for (const Steps &steps : table)
    if (const mach::InstructionInfo *info = mach::findInstruction(steps.mnemonic))
      all[static_cast<uint8_t>(info->opcode)] = steps;
  return all;
}

uint64_t stepsOfReduction(uint8_t function) {
  switch (static_cast<mach::ReduceFunction>(function)) {
  case mach::ReduceFunction::variance:
    return 3;
  case mach::ReduceFunction::sum_square:
    return 2;
  default:
    return 1;
  }
}

} // namespace

uint64_t laneOperations(mach::Opcode opcode, uint8_t function, const LaneCounts &counts,
                        const chip::LaneOperations &lane) {
  if (opcode == mach::VUnary::opcode)
    return counts.results * uint64_t(unaryOperations(function, lane));
  if (opcode == mach::VBinary::opcode)
    return counts.results * uint64_t(binaryOperations(function, lane));
  static const std::array<Steps, 256> all = byOpcode();
  const Steps &of = all[static_cast<uint8_t>(opcode)];
  uint64_t steps = counts.results * uint64_t(of.result) + counts.operands * uint64_t(of.operand) +
                   counts.pairs * uint64_t(of.pair) + counts.rows * uint64_t(of.row) +
                   uint64_t(of.once);
  if (opcode == mach::VReduce::opcode)
    steps = counts.operands * stepsOfReduction(function);
  if (counts.hasMore)
    steps += uint64_t(of.more) * (of.result ? counts.results : 1);
  uint64_t operations = steps * uint64_t(lane.step.value);
  if (of.ofElement)
    operations +=
        (of.operand ? counts.operands : counts.results) * uint64_t((lane.*of.ofElement).value);
  if (of.ofRow)
    operations += counts.rows * uint64_t((lane.*of.ofRow).value);
  return operations;
}

} // namespace slp::exec
