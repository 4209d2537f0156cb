//===- Footprint.cpp - which bytes of which memory are used -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Footprint.h"

#include "dialects/Chip/ChipPlaces.h"
#include "runtime/isa/StructConvWg.h.inc"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

int64_t slp::bytesOf(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return type.getNumElements() * elementBytes(type.getElementType());
}

ByteRange slp::rangeOf(AllocOp alloc) {
  int64_t begin = int64_t(*alloc.getOffset()), last = int64_t(alloc.getSlots()) - 1;
  return {spaceOf(cast<MemRefType>(alloc.getResult().getType())), begin,
          begin + last * int64_t(*alloc.getSlotBytes()) + bytesOf(alloc.getResult())};
}

ByteRange slp::rangeAt(TensorOp tensor, int64_t address) {
  auto [before, behind] = chip_ir::bytesOf(tensor);
  return {Space::dram, address - before, address + behind};
}

ByteRange slp::rangeOf(TensorOp tensor) { return rangeAt(tensor, int64_t(*tensor.getAddress())); }

int64_t slp::hiddenShift(EngineInstruction instr, const chip::Chip &chip) {
  bool hasChain =
      instr.getInfo().opcode == mach::ConvWg::opcode && chip.numerics.hasChainPerImage();
  return hasChain ? int64_t(chip.structure.accBankBytes) : 0;
}
