//===- ProgramBuilder.cpp - small programs for the tests of the machine -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "test/unit/Exec/ProgramBuilder.h"

#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructStShared.h.inc"
#include "runtime/isa/StructStamp.h.inc"
#include "runtime/isa/StructVRound.h.inc"

namespace slp::exec {

ProgramBuilder::ProgramBuilder(const chip::Chip &c) : chip(c) {
  image.chipName = chip.name;
  image.chipHash = chip.structureHash();
  image.modelName = "test";
  image.batch = 1;
  emit(mach::Mask{0, 1});
}

void ProgramBuilder::desc(uint8_t reg, const mach::TensorTile &tile) {
  image.descriptors.push_back({"d" + std::to_string(image.descriptors.size()), tile});
  emit(mach::Desc{reg, image.descriptors.size() - 1});
  spaceIn[reg] = tile.space;
}

void ProgramBuilder::load(uint8_t reg, const std::string &name, const Piece &piece,
                          mach::Space space, uint8_t mask) {
  mach::TensorTile from = dramTile(name, piece);
  Shape extent(piece.tile.size());
  for (size_t d = 0; d < extent.size(); ++d)
    extent[d] = int64_t(from.extent[d]);
  desc(31, from);
  desc(reg, chipTile(space, from.format, extent, piece));
  if (space == space::shared)
    emit(mach::LdShared{reg, 31});
  else
    emit(mach::Ld{reg, 31, mask});
}

void ProgramBuilder::store(const std::string &name, uint8_t reg, uint8_t mask) {
  desc(31, dramTile(name, wholeOf(name)));
  if (spaceIn[reg] == space::shared)
    emit(mach::StShared{31, reg});
  else
    emit(mach::St{31, reg, mask});
}

void ProgramBuilder::storeWidened(const std::string &name, const mach::TensorTile &acc,
                                  uint8_t accReg, uint8_t mask) {
  mach::TensorTile wide = acc;
  wide.space = space::spm;
  wide.format = format::f32;
  uint64_t stride = 4;
  for (size_t d = acc.rank; d-- > 0; stride *= acc.tile[d])
    wide.stride[d] = stride;
  wide.base = onChipUsed[int(space::spm)];
  onChipUsed[int(space::spm)] += stride;
  desc(30, wide);
  emit(mach::Stamp{30, accReg});
  emit(mach::VRound{30, accReg, mask});
  store(name, 30, mask);
}

std::unique_ptr<Machine> ProgramBuilder::build(num::HostPath path) {
  emit(mach::Halt{});
  image.entries = {{"step", 0}};
  Result<std::unique_ptr<Machine>> machine = Machine::create(chip, image, path);
  EXPECT_TRUE(machine.ok()) << (machine.ok() ? "" : machine.message());
  return machine.ok() ? machine.take() : nullptr;
}

} // namespace slp::exec
