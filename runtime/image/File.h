//===- File.h - files that appear whole or not at all -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Byte strings on disk, for images and for the assembler's and disassembler's text.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_FILE_H
#define RUNTIME_IMAGE_FILE_H

#include "runtime/api/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace slp::image {

/// Replaces `path` by a file with these bytes once they are on disk: whoever reads it, even after a
/// crash, finds what was there before or all of them. A process that is killed leaves nothing, or
/// `.NAME.slp-unfinished` beside `path`, which the next one that writes `path` replaces. Devices
/// and pipes are written in place. Messages name the path.
Status writeBytes(const std::vector<uint8_t> &bytes, const std::string &path);
Result<std::vector<uint8_t>> readBytes(const std::string &path);

} // namespace slp::image

#endif // RUNTIME_IMAGE_FILE_H
