//===- Fuzz.cpp - what all fuzzers demand -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

using namespace slp::fuzz;

void slp::fuzz::expect(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "expected %s\n", what);
  std::abort();
}

void slp::fuzz::expectOneLine(const std::string &message) {
  expect(!message.empty(), "a message");
  for (unsigned char c : message)
    if (c < 0x20 || c == 0x7f) {
      std::fprintf(stderr, "the message is: %s\n", message.c_str());
      expect(false, "a message without control characters, line feeds among them");
    }
}

NamelessFile::NamelessFile() : descriptor(memfd_create("slp-fuzz", MFD_CLOEXEC)) {
  expect(descriptor >= 0, "a file in memory");
  name = "/proc/self/fd/" + std::to_string(descriptor);
}

NamelessFile::~NamelessFile() { close(descriptor); }

void NamelessFile::write(const uint8_t *data, size_t size) {
  expect(ftruncate(descriptor, 0) == 0, "an empty file");
  for (size_t done = 0; done < size;) {
    ssize_t n = pwrite(descriptor, data + done, size - done, off_t(done));
    expect(n > 0, "a file that can be written");
    done += size_t(n);
  }
}
