//===- WorkFuzzer.cpp - any file may be given as a recording ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the events are, they are replayed into the models of time and energy, or one
// line says why not; what is replayed can be recorded again, and is the same then. The bytes are
// read as they are, and behind the head of a recording of the image.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "runtime/api/WorkFile.h"
#include "runtime/energy/Activity.h"
#include "runtime/energy/Energy.h"
#include "runtime/image/File.h"
#include "runtime/image/Text.h"
#include "runtime/timing/Model.h"

using namespace slp;

namespace {

/// An image of one small program.
image::Image parsedImage() {
  Result<std::vector<uint8_t>> bytes = image::readBytes(SLP_FUZZ_IMAGE);
  fuzz::expect(bytes.ok(), "the text of an image");
  std::string_view text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
  Result<image::ParsedText> parsed = image::parseText(text, SLP_FUZZ_IMAGE);
  fuzz::expect(parsed.ok(), "an image");
  return parsed->image;
}

/// The models of time and energy, and another recording.
class All : public exec::Observer {
public:
  All(timing::Model &model, energy::ActivityCounter &counter, api::WorkRecorder &recorder)
      : model(model), counter(counter), recorder(recorder) {}
  void issued(const exec::Event &event) override {
    model.issued(event);
    counter.issued(event);
    recorder.issued(event);
  }

private:
  timing::Model &model;
  energy::ActivityCounter &counter;
  api::WorkRecorder &recorder;
};

void run(const std::vector<uint8_t> &bytes) {
  static const image::Image image = parsedImage();
  static const chip::Chip chip = *chip::load("lnpu");
  static const timing::Groups groups(image);
  timing::Model model(chip, groups);
  energy::ActivityCounter counter(groups);
  api::WorkRecorder recorder(image), again(image);
  All all(model, counter, recorder);
  Status replayed = api::replayWork(bytes, image, "my.work", all);
  if (!replayed)
    fuzz::expectOneLine(replayed.message());
  std::vector<uint8_t> written = recorder.take();
  if (replayed) {
    fuzz::expect(api::replayWork(written, image, "my.work", again).ok(),
                 "what was written is read");
    fuzz::expect(again.take() == written, "what was read is written alike");
  }
  Result<timing::Report> report = model.finish();
  if (!report)
    fuzz::expectOneLine(report.message());
  for (const energy::Activity &activity : counter.take())
    energy::energyOf(chip, activity, 1);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  run({data, data + size});
  static const image::Image image = parsedImage();
  static const std::vector<uint8_t> empty = api::WorkRecorder(image).take();
  std::vector<uint8_t> bytes(empty.begin(), empty.end() - 8); // without the number of events
  for (int i = 0; i < 8; ++i)
    bytes.push_back(i == 0 ? 40 : 0);
  bytes.insert(bytes.end(), data, data + size);
  run(bytes);
  return 0;
}
