//===- Alternatives.h - what an operand may be, in words --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For messages of those who check roles of operands: the simulator and the verifier of chip.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_ALTERNATIVES_H
#define RUNTIME_ISA_ALTERNATIVES_H

#include <string>

namespace slp::mach {

/// The names of the set bits, "dram, spm or acc"; bit i is called name(i).
template <typename Name> std::string alternatives(unsigned bits, Name name) {
  std::string result;
  for (unsigned i = 0; bits >> i; ++i)
    if (bits >> i & 1)
      result += (result.empty() ? "" : (bits >> i) == 1 ? " or " : ", ") + std::string(name(i));
  return result;
}

} // namespace slp::mach

#endif // RUNTIME_ISA_ALTERNATIVES_H
