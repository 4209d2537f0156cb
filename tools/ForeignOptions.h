//===- ForeignOptions.h - without the options of libLLVM --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For tools on llvm::cl.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_FOREIGNOPTIONS_H
#define TOOLS_FOREIGNOPTIONS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/CommandLine.h"

namespace slp {

/// Forgets the options that libLLVM registers for its own code generation (one is called stop-after
/// too), so that only ours are accepted. Call first in main.
inline void forgetForeignOptions() {
  auto &all = llvm::cl::getRegisteredOptions();
  llvm::SmallVector<llvm::StringRef> foreign;
  for (auto &[name, option] : all)
    if (name != "help" && name != "h" && name != "version")
      foreign.push_back(name);
  for (llvm::StringRef name : foreign)
    all.erase(name);
}

} // namespace slp

#endif // TOOLS_FOREIGNOPTIONS_H
