//===- AtomicFile.cpp - files that are whole or absent ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/views/AtomicFile.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace slp::views {

Status writeWhole(const std::string &path, std::string_view bytes) {
  std::string temporary = path + ".tmp" + std::to_string(getpid());
  auto failed = [&](int why) -> Status {
    std::remove(temporary.c_str());
    return Error{path + ": cannot write: " + std::strerror(why)};
  };
  std::FILE *file = std::fopen(temporary.c_str(), "wb");
  if (!file)
    return failed(errno);
  bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  int why = errno;
  if (std::fclose(file) != 0 && written) {
    written = false;
    why = errno;
  }
  if (!written)
    return failed(why);
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    return failed(errno);
  return Status::success();
}

} // namespace slp::views
