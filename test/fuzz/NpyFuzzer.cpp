//===- NpyFuzzer.cpp - any file may be given as a NumPy file ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the bytes are, the reader gives an array of as many elements as its shape
// says, all of them finite, or one line that says why not.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "runtime/data/ArrayFile.h"
#include "runtime/data/NpyHeader.h"

#include <cmath>

using namespace slp;

static void checkArray(const data::Array &array) {
  uint64_t elements = 1;
  for (uint64_t extent : array.shape)
    elements *= extent;
  fuzz::expect(!array.shape.empty() && elements != 0, "samples");
  fuzz::expect((array.isBytes ? array.bytes.size() : array.values.size()) == elements,
               "as many elements as the shape says");
  for (float value : array.values)
    fuzz::expect(std::isfinite(value), "finite values");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz::NamelessFile file;
  file.write(data, size);
  Result<data::Array> array = data::readNpy(file.path());
  if (array)
    checkArray(*array);
  else
    fuzz::expectOneLine(array.message());

  // As the importer reads initial values: header first, elements of any kind.
  std::string_view bytes(reinterpret_cast<const char *>(data), size);
  Result<data::NpyHeader> header = data::parseNpyHeader("x.npy", bytes);
  fuzz::expect(header.ok() || !array.ok(), "a header that is read twice alike");
  if (!header)
    return 0;
  Result<std::string> plain = data::plainElements("x.npy", *header, bytes);
  if (plain)
    fuzz::expect(plain->size() == size - header->offset, "all bytes behind the header");
  else
    fuzz::expectOneLine(plain.message());
  return 0;
}
