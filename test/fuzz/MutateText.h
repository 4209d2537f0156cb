//===- MutateText.h - another text, one step away ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_FUZZ_MUTATETEXT_H
#define TEST_FUZZ_MUTATETEXT_H

#include <cstdint>
#include <string>

namespace slp::fuzz {

/// Changes up to four words or lines, chosen by `seed`: a number becomes one that is often
/// mishandled, a word another of the text; words and lines go, repeat or change places.
void mutateText(std::string &text, uint32_t seed);

} // namespace slp::fuzz

#endif // TEST_FUZZ_MUTATETEXT_H
