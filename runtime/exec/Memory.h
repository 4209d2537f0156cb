//===- Memory.h - the machine's memories ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Flat bytes for DRAM, the shared buffer, and each core's scratchpad and accumulator memory. Tiles
// (Tile.h) are located in them; nothing else of the simulator holds values.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MEMORY_H
#define RUNTIME_EXEC_MEMORY_H

#include "runtime/api/Result.h"
#include "runtime/isa/Instructions.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace slp::exec {

/// Gives the bytes of a Memory back to the host.
struct MemoryFree {
  uint64_t mapped = 0; // bytes of a mapping of its own; 0: of the heap
  void operator()(uint8_t *p) const;
};

/// Zero-initialised bytes; pages the program never touches cost nothing, however large the memory.
class Memory {
public:
  Memory() = default;
  /// Fails if the host has no room for it.
  static Result<Memory> allocate(uint64_t bytes);
  uint8_t *data() const { return bytes.get(); }
  uint64_t size() const { return length; }

private:
  std::unique_ptr<uint8_t[], MemoryFree> bytes;
  uint64_t length = 0;
};

/// All memories of a chip.
struct Memories {
  Memory dram, shared;
  std::vector<Memory> spm, acc; // one per core; acc holds both banks

  /// Of the largest memory on the chip, bytes; all cores have as much.
  uint64_t largestOnChip() const {
    uint64_t ofCore = spm.empty() ? 0 : std::max(spm.front().size(), acc.front().size());
    return std::max(shared.size(), ofCore);
  }
  const Memory &of(mach::Space space, unsigned core) const;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_MEMORY_H
