//===- AtomicFile.h - files that are whole or absent ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every file slp-sim writes goes through here: a temporary file beside the path, renamed when
// complete.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_VIEWS_ATOMICFILE_H
#define RUNTIME_VIEWS_ATOMICFILE_H

#include "runtime/api/Result.h"

#include <string>
#include <string_view>

namespace slp::views {

/// Replaces `path` by `bytes`. On failure `path` is as before and nothing else is left behind; the
/// message names it.
Status writeWhole(const std::string &path, std::string_view bytes);

} // namespace slp::views

#endif // RUNTIME_VIEWS_ATOMICFILE_H
