//===- AssemblyFuzzer.cpp - any file may be given to the assembler ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the text is, the parser gives an image that verifies, or one line that says
// why not; text and file of such an image say the same.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "runtime/image/Text.h"

using namespace slp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  Result<image::ParsedText> parsed = image::parseText(text, "my.s");
  if (!parsed) {
    fuzz::expectOneLine(parsed.message());
    return 0;
  }
  const image::Image &image = parsed->image;
  fuzz::expect(image::verify(image).ok(), "an image that verifies");
  std::string printed = image::printText(image);
  Result<image::ParsedText> again = image::parseText(printed, "again.s");
  if (!again)
    fuzz::expect(false, again.message().c_str());
  fuzz::expect(image::printText(again->image) == printed, "the same text");
  Result<std::vector<uint8_t>> file = image::serialize(image),
                               other = image::serialize(again->image);
  fuzz::expect(file.ok() == other.ok(), "two texts that can be written, or none");
  if (!file)
    fuzz::expectOneLine(file.message());
  else
    fuzz::expect(*file == *other, "the same file");
  return 0;
}
