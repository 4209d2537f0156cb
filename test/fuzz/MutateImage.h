//===- MutateImage.h - another image, one step away -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_FUZZ_MUTATEIMAGE_H
#define TEST_FUZZ_MUTATEIMAGE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace slp::fuzz {

/// Makes the checksums of an image right again, and its version; whether anything has changed.
/// Bytes without the sections of an image stay as they are.
bool mendChecksums(std::vector<uint8_t> &bytes);

/// The same with the hashes of the chip description that it carries.
bool mendHashes(std::vector<uint8_t> &bytes);

/// Changes up to four fields of instructions and descriptors, chosen by `seed`: a number becomes
/// one that is often mishandled, an instruction another. False, and `bytes` as before, if there are
/// none.
bool mutateImage(uint8_t *bytes, size_t size, uint32_t seed);

} // namespace slp::fuzz

#endif // TEST_FUZZ_MUTATEIMAGE_H
