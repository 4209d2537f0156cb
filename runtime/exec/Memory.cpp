//===- Memory.cpp - the machine's memories ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// calloc rather than a vector: a gigabyte of DRAM of which a program uses ten megabytes should cost
// ten megabytes.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Memory.h"

namespace slp::exec {

Result<Memory> Memory::allocate(uint64_t bytes) {
  Memory memory;
  // 64 bytes to spare let vector kernels read a whole register at the end.
  memory.bytes.reset(static_cast<uint8_t *>(std::calloc(bytes + 64, 1)));
  if (!memory.bytes)
    return Error{"the host cannot provide a memory of " + std::to_string(bytes) + " bytes"};
  memory.length = bytes;
  return memory;
}

} // namespace slp::exec
