//===- ChipFuzzer.cpp - any file may be given as a chip description ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the text is, the parser gives a chip, or one line that says why not. A chip
// survives being written down: the description that an image carries gives the same chip.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "runtime/chips/Chip.h"

using namespace slp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  Result<chip::Chip> chip = chip::parse(text, "my.yaml");
  if (!chip) {
    fuzz::expectOneLine(chip.message());
    return 0;
  }
  for (const std::string &line : chip->assumptions())
    fuzz::expectOneLine(line);
  for (const std::string &line : chip::warnings(*chip))
    fuzz::expectOneLine(line);
  Result<chip::Chip> again = chip::parse(chip->description, "again.yaml");
  fuzz::expect(again.ok(), "a description that can be read");
  fuzz::expect(again->structureHash() == chip->structureHash(), "the same structure");
  fuzz::expect(again->ratesHash() == chip->ratesHash(), "the same rates");
  fuzz::expect(again->description == chip->description, "the same description");
  fuzz::expect(chip::structureDifferences(*chip, *again).empty(), "no difference of structure");
  fuzz::expect(chip::ratesDifferences(*chip, *again).empty(), "no difference of rates");
  return 0;
}
