//===- Fuzz.h - what all fuzzers demand -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A fuzzer defines LLVMFuzzerTestOneInput (and may define LLVMFuzzerCustomMutator); libFuzzer or
// Replay.cpp calls it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace slp::fuzz {

/// Ends the process, which is a finding, unless `holds`; `what` says what was expected.
void expect(bool holds, const char *what);

/// What a user sees of a refusal: one line that says something and can be printed.
void expectOneLine(const std::string &message);

/// A regular file without a name on disk: nothing stays of it, even if the process is killed.
class NamelessFile {
public:
  NamelessFile();
  ~NamelessFile();
  NamelessFile(const NamelessFile &) = delete;
  NamelessFile &operator=(const NamelessFile &) = delete;
  /// Replaces what it holds.
  void write(const uint8_t *data, size_t size);
  const std::string &path() const { return name; }

private:
  int descriptor;
  std::string name;
};

} // namespace slp::fuzz

#endif // TEST_FUZZ_FUZZ_H
