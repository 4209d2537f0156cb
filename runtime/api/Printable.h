//===- Printable.h - untrusted text in messages -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A message is one line, whatever the file says that it speaks of. Readers pass theirs through here
// at the one place where they leave.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_PRINTABLE_H
#define RUNTIME_API_PRINTABLE_H

#include <string>
#include <string_view>

namespace slp {

/// `text` with each control character as \xNN in hexadecimal; UTF-8 stays as it is.
inline std::string printable(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (unsigned char c : text)
    if (c >= 0x20 && c != 0x7f)
      result += char(c);
    else
      result += {'\\', 'x', digits[c >> 4], digits[c & 15]};
  return result;
}

} // namespace slp

#endif // RUNTIME_API_PRINTABLE_H
