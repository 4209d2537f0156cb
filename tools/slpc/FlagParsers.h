//===- FlagParsers.h - values of flags, and what is said of others --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// As parsers of llvm::cl::opt, which says where a value does not fit what was expected instead.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_FLAGPARSERS_H
#define TOOLS_SLPC_FLAGPARSERS_H

#include "llvm/Support/CommandLine.h"

namespace slp {

/// A flag that is given or not: `--nesterov`, or `--nesterov=false`.
class SwitchParser : public llvm::cl::parser<bool> {
public:
  using parser::parser;
  /// Fails, after one line on stderr, for a value that is none of the two.
  // NOLINTNEXTLINE(bugprone-derived-method-shadowing-base-method): how cl::opt takes a parser
  bool parse(llvm::cl::Option &option, llvm::StringRef name, llvm::StringRef text, bool &value) {
    llvm::StringRef known[] = {"", "1", "true", "TRUE", "True", "0", "false", "FALSE", "False"};
    if (llvm::is_contained(known, text))
      return parser::parse(option, name, text, value);
    // The one whose number belongs to another tool.
    std::string hint =
        name == "clip-norm" ? "; the norm is given to slp-sim, --clip-norm=" + text.str() : "";
    return option.error("'" + text + "', expected no value" + hint);
  }
};

using Switch = llvm::cl::opt<bool, false, SwitchParser>;

} // namespace slp

#endif // TOOLS_SLPC_FLAGPARSERS_H
