//===- Memory.cpp - the machine's memories ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A gigabyte of which a program uses ten megabytes should cost ten megabytes. Small memories come
// from the heap; large ones are mapped without a reservation, so that the host is not asked for the
// sum of what 64 cores could hold.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Memory.h"

#include "runtime/exec/Machine.h"
#include "runtime/isa/EnumSpace.h.inc"

#include <cstdlib>
#include <sys/mman.h>

namespace slp::exec {

/// From here on a memory is a mapping of its own, bytes.
static constexpr uint64_t largeMemory = 1 << 20;
/// To spare, so that vector kernels can read a whole register at the end.
static constexpr uint64_t spareBytes = 64;

void MemoryFree::operator()(uint8_t *p) const {
  if (mapped)
    munmap(p, mapped);
  else
    std::free(p);
}

Result<Memory> Memory::allocate(uint64_t bytes) {
  Memory memory;
  memory.length = bytes;
  if (bytes < largeMemory) {
    memory.bytes.reset(static_cast<uint8_t *>(std::calloc(bytes + spareBytes, 1)));
  } else {
    void *mapping = mmap(nullptr, bytes + spareBytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping != MAP_FAILED)
      memory.bytes = {static_cast<uint8_t *>(mapping), MemoryFree{bytes + spareBytes}};
  }
  if (!memory.bytes)
    return Error{"the host has no address space for a memory of " + std::to_string(bytes) +
                 " bytes"};
  return memory;
}

static_assert(mach::numSpaceValues <= maxSpaces, "CoreWork counts bytes by space");

const Memory &Memories::of(mach::Space space, unsigned core) const {
  switch (space) {
  case mach::Space::dram:
    return dram;
  case mach::Space::shared:
    return shared;
  case mach::Space::spm:
    return spm[core];
  case mach::Space::acc:
    return acc[core];
  }
  return dram;
}

} // namespace slp::exec
