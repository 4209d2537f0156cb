//===- File.cpp - images on disk --------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Files are read whole and appear whole or not at all.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/File.h"

#include "runtime/image/Image.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace slp::image {

namespace {

/// Writes everything, or returns false with errno set.
bool writeAll(int fd, const uint8_t *data, size_t size) {
  while (size != 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    data += n;
    size -= size_t(n);
  }
  return true;
}

} // namespace

Status writeBytes(const std::vector<uint8_t> &bytes, const std::string &path) {
  auto fail = [&](int error) { return Error{path + ": cannot write: " + std::strerror(error)}; };
  // Renaming would replace a device or pipe by a plain file.
  struct stat existing;
  bool isSpecial = stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode);
  std::string temporary = isSpecial ? path : path + ".tmp" + std::to_string(getpid());
  int fd = open(temporary.c_str(), O_WRONLY | O_CLOEXEC | (isSpecial ? 0 : O_CREAT | O_EXCL), 0666);
  if (fd < 0)
    return fail(errno);
  bool isWritten = writeAll(fd, bytes.data(), bytes.size());
  int error = errno;
  if (close(fd) != 0 && isWritten) {
    isWritten = false;
    error = errno;
  }
  if (isWritten && (isSpecial || std::rename(temporary.c_str(), path.c_str()) == 0))
    return Status::success();
  if (isWritten)
    error = errno;
  if (!isSpecial)
    unlink(temporary.c_str());
  return fail(error);
}

Result<std::vector<uint8_t>> readBytes(const std::string &path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rb"),
                                                        std::fclose);
  if (!file)
    return Error{path + ": cannot read: " + std::strerror(errno)};
  std::vector<uint8_t> bytes;
  size_t done = 0, n = 0;
  do {
    bytes.resize(done + (1 << 20));
    n = std::fread(bytes.data() + done, 1, bytes.size() - done, file.get());
    done += n;
  } while (n != 0);
  if (std::ferror(file.get()))
    return Error{path + ": cannot read: " + std::strerror(errno)};
  bytes.resize(done);
  return bytes;
}

Status writeFile(const Image &image, const std::string &path) {
  Result<std::vector<uint8_t>> bytes = serialize(image);
  if (!bytes)
    return Error{path + ": not written: " + bytes.message()};
  return writeBytes(*bytes, path);
}

Result<Image> readFile(const std::string &path) {
  Result<std::vector<uint8_t>> bytes = readBytes(path);
  if (!bytes)
    return bytes.takeError();
  return deserialize(*bytes, path);
}

} // namespace slp::image
