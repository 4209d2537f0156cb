//===- MutateText.cpp - another text, one step away -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Words are runs of letters, digits and underscores; every other character is one by itself.
//
//===----------------------------------------------------------------------------------------===//

#include "MutateText.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <random>
#include <vector>

namespace {

using Pieces = std::vector<std::string>;

Pieces wordsOf(const std::string &text) {
  Pieces words;
  bool wasWord = false;
  for (unsigned char c : text) {
    bool isWord = std::isalnum(c) || c == '_';
    if (!isWord || !wasWord)
      words.emplace_back();
    words.back() += char(c);
    wasWord = isWord;
  }
  return words;
}

Pieces linesOf(const std::string &text) {
  Pieces lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    end = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

std::string join(const Pieces &pieces) {
  std::string text;
  for (const std::string &piece : pieces)
    text += piece;
  return text;
}

bool isNumber(const std::string &word) { return std::isdigit(static_cast<unsigned char>(word[0])); }

const char *number(std::mt19937 &random) {
  static const char *const numbers[] = {"0",
                                        "1",
                                        "2",
                                        "3",
                                        "4",
                                        "5",
                                        "8",
                                        "16",
                                        "31",
                                        "255",
                                        "256",
                                        "65536",
                                        "2147483647",
                                        "2147483648",
                                        "4294967296",
                                        "1099511627776",
                                        "4611686018427387904",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-1",
                                        "-9223372036854775808",
                                        "0x7FF0000000000000",
                                        "0x7FC00000",
                                        "1.0e300",
                                        "?"};
  return numbers[random() % std::size(numbers)];
}

/// Removes, repeats or exchanges pieces.
void rearrange(Pieces &pieces, std::mt19937 &random) {
  size_t at = random() % pieces.size(), other = random() % pieces.size();
  switch (random() % 4) {
  case 0:
    pieces.erase(pieces.begin() + ptrdiff_t(at));
    return;
  case 1: {
    std::string copy = pieces[at];
    pieces.insert(pieces.begin() + ptrdiff_t(other), copy);
    return;
  }
  case 2:
    std::swap(pieces[at], pieces[other]);
    return;
  default:
    pieces[at] = std::string(pieces[other]);
  }
}

/// One word of those that `choose` takes becomes what `value` says.
template <typename Choose, typename Value>
void replaceOne(Pieces &words, std::mt19937 &random, Choose choose, Value value) {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < words.size(); ++i)
    if (choose(words[i]))
      chosen.push_back(i);
  if (!chosen.empty())
    words[chosen[random() % chosen.size()]] = value(words[chosen[random() % chosen.size()]]);
}

} // namespace

void slp::fuzz::mutateText(std::string &text, uint32_t seed) {
  std::mt19937 random(seed);
  for (uint32_t i = 0, n = 1 + random() % 4; i < n; ++i) {
    bool isLine = random() % 4 == 0;
    Pieces pieces = isLine ? linesOf(text) : wordsOf(text);
    if (pieces.empty())
      return;
    uint32_t what = isLine ? 0 : random() % 3;
    if (what == 0)
      rearrange(pieces, random);
    else if (what == 1)
      replaceOne(pieces, random, isNumber, [&](const std::string &) { return number(random); });
    else
      replaceOne(
          pieces, random,
          [](const std::string &word) { return std::isalpha(static_cast<unsigned char>(word[0])); },
          [](const std::string &other) { return other; });
    text = join(pieces);
  }
}
