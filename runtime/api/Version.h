//===- Version.h - which SLPC a tool is of ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What `--version` prints. The definition is written at build time by cmake/SlpVersion.cmake.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_VERSION_H
#define RUNTIME_API_VERSION_H

#include <string>

namespace slp::api {

/// "slpc: SLPC at commit 0123456789ab, with local changes": one line, without its end. The commit
/// is unknown where neither a checkout nor an archive made by git says it.
std::string versionOf(const std::string &tool);

} // namespace slp::api

#endif // RUNTIME_API_VERSION_H
