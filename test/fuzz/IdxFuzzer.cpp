//===- IdxFuzzer.cpp - any file may be given as an IDX file -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the bytes are, the reader gives an array of as many elements as its shape
// says, all of them finite, or one line that says why not. The same of CIFAR-10's files, which come
// beside IDX files.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "runtime/data/ArrayFile.h"

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
  Result<data::Array> array = data::readIdx(file.path());
  if (array)
    checkArray(*array);
  else
    fuzz::expectOneLine(array.message());
  Result<data::CifarArrays> cifar = data::readCifar({file.path()});
  if (cifar) {
    checkArray(cifar->images);
    checkArray(cifar->labels);
  } else {
    fuzz::expectOneLine(cifar.message());
  }
  return 0;
}
