//===- Groups.h - which instruction belongs to which node and phase ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Cycles, energy and traffic are added up per group: one train op of an ONNX node in one
// phase of the step. The image's debug section says which instruction serves which group. timing,
// energy and views share this numbering.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_GROUPS_H
#define RUNTIME_TIMING_GROUPS_H

#include "runtime/image/Image.h"

#include <cstdint>
#include <string>
#include <vector>

namespace slp::timing {

/// One train op of an ONNX node in one phase. No two groups have the same three.
struct Group {
  std::string name = "-"; // ONNX name, or "-"
  std::string op = "-";   // "train.conv", or "-"
  int8_t phase = -1;      // 0 fp, 1 bp, 2 wg, 3 up, or -1
};

/// "fp", "bp", "wg", "up", or "-" for anything else.
const char *phaseName(int phase);

/// The groups of a program. Group 0 holds what belongs to no node and no phase.
class Groups {
public:
  Groups();
  explicit Groups(const image::Image &image);

  size_t size() const { return groups.size(); }
  const Group &operator[](size_t index) const { return groups[index]; }
  /// Group of the instruction at `pc`; 0 beyond the debug records.
  uint32_t of(uint64_t pc) const { return pc < groupOfPc.size() ? groupOfPc[pc] : 0; }

private:
  std::vector<Group> groups;
  std::vector<uint32_t> groupOfPc;
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_GROUPS_H
