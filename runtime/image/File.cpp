//===- File.cpp - images on disk --------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Files are read whole and appear whole or not at all.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/File.h"

#include "runtime/api/Guard.h"
#include "runtime/image/Image.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
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

/// A descriptor that closes itself.
struct Descriptor {
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    if (fd >= 0)
      close(fd);
  }
  int fd;
};

/// The folder of a path, and the name of a file that is on its way to it.
struct Place {
  explicit Place(const std::string &path) {
    size_t slash = path.rfind('/');
    folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    unfinished = (slash == std::string::npos ? "" : folder) + "." + name + ".slp-unfinished";
  }
  std::string folder, unfinished;
};

/// Gives a file without a name the name `path`, instead of a file that may have it. Files are only
/// renamed over others, so that there is always one: in between, the new one has the name
/// `unfinished`, which whoever was killed at this point left, and which the next one takes over.
bool nameFile(int fd, const std::string &path, const std::string &unfinished) {
  std::string self = "/proc/self/fd/" + std::to_string(fd);
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0)
    return true;
  constexpr int attempts = 100; // of several processes that write the same file
  for (int i = 0; errno == EEXIST && i < attempts; ++i) {
    if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, unfinished.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      if (std::rename(unfinished.c_str(), path.c_str()) == 0)
        return true;
      if (errno == ENOENT) { // another process has taken it for what a killed one left
        errno = EEXIST;
        continue;
      }
      int error = errno;
      unlink(unfinished.c_str());
      errno = error;
      return false;
    }
    if (errno == EEXIST && unlink(unfinished.c_str()) != 0 && errno != ENOENT)
      return false;
    errno = EEXIST;
  }
  return false;
}

/// Devices and pipes: renaming would replace them by a plain file.
bool writeInPlace(const std::vector<uint8_t> &bytes, const std::string &path) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.fd >= 0 && writeAll(file.fd, bytes.data(), bytes.size());
}

/// Where file systems have no files without names: a process that is killed leaves `unfinished`,
/// which the next one takes over. The lock, which a kill gives back, keeps it to one at a time.
bool writeNamed(const std::vector<uint8_t> &bytes, const std::string &path,
                const std::string &unfinished) {
  while (true) {
    Descriptor file(open(unfinished.c_str(), O_WRONLY | O_CLOEXEC | O_CREAT, 0666));
    struct stat opened, named;
    if (file.fd < 0 || flock(file.fd, LOCK_EX) != 0 || fstat(file.fd, &opened) != 0)
      return false;
    // Who had the lock may have renamed what we opened.
    if (stat(unfinished.c_str(), &named) != 0 || named.st_ino != opened.st_ino)
      continue;
    if (ftruncate(file.fd, 0) == 0 && writeAll(file.fd, bytes.data(), bytes.size()) &&
        fsync(file.fd) == 0 && std::rename(unfinished.c_str(), path.c_str()) == 0)
      return true;
    int error = errno;
    unlink(unfinished.c_str());
    errno = error;
    return false;
  }
}

bool writeRegular(const std::vector<uint8_t> &bytes, const std::string &path) {
  Place place(path);
  Descriptor file(open(place.folder.c_str(), O_WRONLY | O_CLOEXEC | O_TMPFILE, 0666));
  bool isUnknown = file.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
  if (isUnknown) {
    if (!writeNamed(bytes, path, place.unfinished))
      return false;
  } else if (file.fd < 0 || !writeAll(file.fd, bytes.data(), bytes.size()) || fsync(file.fd) != 0 ||
             !nameFile(file.fd, path, place.unfinished)) {
    return false;
  }
  // The name is on disk as soon as the folder is; some file systems cannot say so.
  Descriptor folder(open(place.folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  return folder.fd < 0 || fsync(folder.fd) == 0 || errno == EINVAL || errno == EROFS;
}

} // namespace

Status writeBytes(const std::vector<uint8_t> &bytes, const std::string &path) {
  struct stat existing;
  bool isThere = stat(path.c_str(), &existing) == 0;
  bool isSpecial = isThere && !S_ISREG(existing.st_mode);
  if (isSpecial ? writeInPlace(bytes, path) : writeRegular(bytes, path))
    return Status::success();
  return Error{path + ": cannot write: " + std::strerror(errno)};
}

static Result<std::vector<uint8_t>> read(const std::string &path) {
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

Result<std::vector<uint8_t>> readBytes(const std::string &path) {
  return guarded(path, [&] { return read(path); });
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
  return guarded(path, [&] { return deserialize(*bytes, path); });
}

} // namespace slp::image
