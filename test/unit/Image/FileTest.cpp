//===- FileTest.cpp - files appear whole or not at all ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/File.h"

#include "gtest/gtest.h"

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace slp;

/// What was called, in order. The functions below take the place of the C library's.
static std::vector<std::string> &calls() {
  static std::vector<std::string> list;
  return list;
}

/// Whether the file system takes files without names.
static bool takesNameless = true;

extern "C" int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  int mode = va_arg(arguments, int); // read only where it is given
  va_end(arguments);
  if (!takesNameless && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return int(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

extern "C" int fsync(int fd) {
  calls().push_back("fsync");
  return int(syscall(SYS_fsync, fd));
}

extern "C" int rename(const char *from, const char *to) noexcept {
  calls().push_back("rename");
  return int(syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

extern "C" int linkat(int fromFolder, const char *from, int toFolder, const char *to,
                      int flags) noexcept {
  int result = int(syscall(SYS_linkat, fromFolder, from, toFolder, to, flags));
  if (result == 0)
    calls().push_back("linkat");
  return result;
}

namespace {

/// With files without names, and without them.
class FileTest : public testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    takesNameless = GetParam();
    std::string name = (fs::temp_directory_path() / "slp-file-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    path = folder + "/x.slp";
  }
  void TearDown() override {
    takesNameless = true;
    fs::remove_all(folder);
  }

  static std::vector<uint8_t> bytesOf(const std::string &text) {
    return {text.begin(), text.end()};
  }
  std::string content() const {
    Result<std::vector<uint8_t>> bytes = image::readBytes(path);
    return bytes ? std::string(bytes->begin(), bytes->end()) : bytes.message();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
      result.push_back(entry.path().filename());
    return result;
  }

  std::string folder, path;
};

using Names = std::vector<std::string>;

} // namespace

TEST_P(FileTest, ReplacesWhatIsThere) {
  for (const char *text : {"one", "", "three"}) {
    ASSERT_TRUE(image::writeBytes(bytesOf(text), path).ok());
    EXPECT_EQ(content(), text);
    EXPECT_EQ(names(), Names{"x.slp"});
  }
}

// Property: a name is given to bytes that are on disk, and is on disk itself.
TEST_P(FileTest, ReplacesAfterTheBytesAreOnDisk) {
  calls().clear();
  ASSERT_TRUE(image::writeBytes(bytesOf("one"), path).ok());
  Names named{"fsync", "rename", "fsync"};
  EXPECT_EQ(calls(), GetParam() ? (Names{"fsync", "linkat", "fsync"}) : named);
  calls().clear();
  ASSERT_TRUE(image::writeBytes(bytesOf("two"), path).ok());
  EXPECT_EQ(calls(), GetParam() ? (Names{"fsync", "linkat", "rename", "fsync"}) : named);
}

// Property: a process that is killed in the middle leaves what was there, and nothing else, or what
// the next one takes over.
TEST_P(FileTest, LeavesNothingWhenKilled) {
  ASSERT_TRUE(image::writeBytes(bytesOf("before"), path).ok());
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    rlimit limit{4096, 4096}; // beyond it the signal SIGXFSZ ends the process
    setrlimit(RLIMIT_FSIZE, &limit);
    (void)image::writeBytes(std::vector<uint8_t>(1 << 20, 'x'), path);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(content(), "before");
  if (GetParam())
    EXPECT_EQ(names(), Names{"x.slp"});
  ASSERT_TRUE(image::writeBytes(bytesOf("after"), path).ok());
  EXPECT_EQ(content(), "after");
  EXPECT_EQ(names(), Names{"x.slp"});
}

TEST_P(FileTest, TakesOverWhatAKilledProcessLeft) {
  ASSERT_TRUE(image::writeBytes(bytesOf("before"), path).ok());
  std::ofstream(folder + "/.x.slp.slp-unfinished") << "left";
  ASSERT_TRUE(image::writeBytes(bytesOf("after"), path).ok());
  EXPECT_EQ(content(), "after");
  EXPECT_EQ(names(), Names{"x.slp"});
}

TEST_P(FileTest, SaysWhyItCannotWrite) {
  Status missing = image::writeBytes({}, folder + "/absent/x.slp");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.message(), folder + "/absent/x.slp: cannot write: No such file or directory");
  Status isFolder = image::writeBytes({}, folder);
  ASSERT_FALSE(isFolder.ok());
  EXPECT_EQ(isFolder.message(), folder + ": cannot write: Is a directory");
  Status full = image::writeBytes(bytesOf("x"), "/dev/full");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.message(), "/dev/full: cannot write: No space left on device");
}

INSTANTIATE_TEST_SUITE_P(Names, FileTest, testing::Bool(), [](const auto &info) {
  return info.param ? "FilesWithoutNames" : "FilesWithNames";
});
