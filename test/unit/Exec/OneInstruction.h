//===- OneInstruction.h - a vector instruction on tiles that hold whole tensors ---------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For tests of values: every operand lies in the shared buffer, the instruction runs once, and all
// tensors are read back.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_EXEC_ONEINSTRUCTION_H
#define TEST_UNIT_EXEC_ONEINSTRUCTION_H

#include "ProgramBuilder.h"

#include "runtime/isa/StructHyper.h.inc"

#include <utility>

namespace slp::exec {

/// A tensor and its values before the instruction. Results are operands too.
struct Operand {
  mach::Format format;
  Shape shape;
  std::vector<float> values;
};

/// A result, which holds something else before.
inline Operand resultOf(mach::Format format, const Shape &shape) {
  return {format, shape, std::vector<float>(size_t(elementsOf(shape)), 7.0f)};
}

/// Runs `instr`, whose tiles are the operands d0, d1, ... in order, with the numbers given by
/// register of kind h. What all operands hold afterwards.
template <typename Instr>
std::vector<std::vector<float>> runOnce(const chip::Chip &chip, const Instr &instr,
                                        const std::vector<Operand> &operands,
                                        const std::vector<std::pair<int, float>> &numbers = {}) {
  ProgramBuilder b(chip);
  for (size_t i = 0; i < operands.size(); ++i) {
    std::string name = "t" + std::to_string(i);
    b.tensor(name, operands[i].format, operands[i].shape);
    b.load(uint8_t(i), name, space::shared);
  }
  for (auto [reg, number] : numbers)
    b.emit(mach::Hyper{uint8_t(reg), num::bitsOf(number)});
  b.emit(instr);
  for (size_t i = 0; i < operands.size(); ++i)
    b.store("t" + std::to_string(i), uint8_t(i));
  std::unique_ptr<Machine> machine = b.build();
  EXPECT_TRUE(machine);
  std::vector<std::vector<float>> results;
  if (!machine)
    return std::vector<std::vector<float>>(operands.size());
  for (size_t i = 0; i < operands.size(); ++i)
    writeTensor(*machine, "t" + std::to_string(i), operands[i].values);
  runStep(*machine);
  for (size_t i = 0; i < operands.size(); ++i)
    results.push_back(readTensor(*machine, "t" + std::to_string(i)));
  return results;
}

/// docs/numerics.md section 5, `row_sum`, as it stands there.
inline float naiveRowSum(const std::vector<float> &v) {
  float lanes[16] = {};
  for (size_t i = 0; i < v.size(); ++i)
    lanes[i % 16] += v[i];
  for (int h = 8; h >= 1; h /= 2)
    for (int j = 0; j < h; ++j)
      lanes[j] += lanes[j + h];
  return lanes[0];
}

} // namespace slp::exec

#endif // TEST_UNIT_EXEC_ONEINSTRUCTION_H
