//===- ImageFuzzer.cpp - any file may be given as an image ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the bytes are, with their checksums, and the hashes of the chip, as they are
// or made right, the reader gives an image that is written as a file that says the same, or one
// line that says why not. The machine refuses such an image, or runs its entry points to their ends
// or to a fault, in its memories.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"
#include "MutateImage.h"

#include "runtime/api/Session.h"
#include "runtime/image/Description.h"

#include <cstring>

using namespace slp;

namespace {

/// Instructions of one run: enough for the seeds to end.
constexpr uint64_t instructions = 2000;

/// Sees that what is captured lies in its tensor.
class Capturing : public exec::Capturer {
public:
  void captured(const image::Capture &, uint64_t, const std::vector<int64_t> &linear,
                const std::vector<float> &values) override {
    fuzz::expect(linear.size() == values.size(), "a place for each value");
  }
};

/// Whether an instruction on the chip costs little: its tiles lie in memories of a few KiB.
bool isSmall(const chip::Chip &chip) {
  constexpr int64_t most = 1 << 14;
  const chip::Structure &s = chip.structure;
  return s.scratchpadBytes.value <= most && s.accBankBytes.value <= most &&
         s.sharedBytes.value <= most;
}

/// As slp-sim does, once with time and once without.
void execute(chip::Chip chip, const image::Image &image) {
  Capturing capturing;
  api::SessionOptions options;
  options.threads = 1;
  options.maxInstructions = instructions;
  auto session = api::Session::create(image, std::move(chip), options);
  if (!session)
    return fuzz::expectOneLine(session.message());
  bool isTimed = false;
  for (const image::Entry &entry : image.entries) {
    isTimed = !isTimed;
    (*session)->setCapturer(isTimed ? nullptr : &capturing);
    if (Result<api::RunResult> result = (*session)->run(entry.name, isTimed); !result)
      fuzz::expectOneLine(result.message());
  }
  const exec::Machine &machine = (*session)->machine();
  for (const image::Tensor &tensor : image.tensors) {
    if (Result<std::vector<float>> values = machine.read(tensor.name); !values)
      fuzz::expectOneLine(values.message());
    if (Result<exec::Extreme> extreme = machine.extremeOf(tensor.name); !extreme)
      fuzz::expectOneLine(extreme.message());
  }
}

void run(const std::vector<uint8_t> &bytes) {
  Result<image::Image> image = image::deserialize(bytes, "my.slp");
  if (!image)
    return fuzz::expectOneLine(image.message());
  Result<std::vector<uint8_t>> file = image::serialize(*image);
  if (!file)
    return fuzz::expectOneLine(file.message());
  Result<image::Image> again = image::deserialize(*file, "again.slp");
  fuzz::expect(again.ok(), "an image that can be read again");
  Result<std::vector<uint8_t>> same = image::serialize(*again);
  fuzz::expect(same.ok() && *same == *file, "the same image");
  Result<chip::Chip> chip = image::chipOf(*image);
  if (!chip)
    return fuzz::expectOneLine(chip.message());
  image::Image renewed = *image;
  image::setChip(renewed, *chip);
  fuzz::expect(renewed.chipHash == image->chipHash && renewed.ratesHash == image->ratesHash,
               "the chip of its description");
  if (isSmall(*chip))
    execute(chip.take(), *image);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  run(bytes);
  for (auto mend : {fuzz::mendChecksums, fuzz::mendHashes})
    if (mend(bytes))
      run(bytes);
  return 0;
}

/// Bytes alone rarely make another program: half of the time a field of one is changed.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned seed) {
  if (seed % 2 == 0 && fuzz::mutateImage(data, size, seed / 2))
    return size;
  return LLVMFuzzerMutate(data, size, maxSize);
}
