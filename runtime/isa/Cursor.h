//===- Cursor.h - reads assembly from left to right -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The scanner beneath Assembly.h and the image directives of runtime/image; no interface for
// others.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_CURSOR_H
#define RUNTIME_ISA_CURSOR_H

#include "runtime/api/Result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace slp::mach {

/// A position in a line. Reading a token first skips white space.
class Cursor {
public:
  explicit Cursor(std::string_view text) : rest(text) {}

  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r'))
      rest.remove_prefix(1);
  }
  bool atEnd() {
    skipSpace();
    return rest.empty();
  }
  bool consume(char c) {
    skipSpace();
    if (rest.empty() || rest[0] != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool startsWith(char c) {
    skipSpace();
    return !rest.empty() && rest[0] == c;
  }
  /// Letters, digits, underscores and full stops; empty if there are none.
  std::string_view word();
  /// A token for messages: what stands here, up to the next separator.
  std::string found();
  /// Decimal with an optional sign, or 0x and hexadecimal digits, within 64 bits. The result is
  /// two's complement; `negative` says whether a minus was there.
  Result<uint64_t> number(bool &negative);
  /// What has not been read.
  std::string_view remaining() const { return rest; }
  void setRemaining(std::string_view text) { rest = text; }

private:
  std::string_view rest;
};

} // namespace slp::mach

#endif // RUNTIME_ISA_CURSOR_H
