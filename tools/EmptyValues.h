//===- EmptyValues.h - options that are given nothing -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For tools on CLI11, which takes "--chip= --steps=1" for a chip called --steps=1.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_EMPTYVALUES_H
#define TOOLS_EMPTYVALUES_H

#include <string>

namespace slp {

/// One line about the first argument that is an option with '=' and nothing behind it; empty if
/// there is none.
inline std::string findEmptyValue(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument.compare(0, 2, "--") == 0 && argument.find('=') == argument.size() - 1)
      return argument + ": expected a value";
  }
  return "";
}

} // namespace slp

#endif // TOOLS_EMPTYVALUES_H
