//===- StateFuzzer.cpp - any file may be given as a state -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the bytes are, with their checksum as it is or made right, the reader gives a
// state that is written down as the same bytes, or one line that says why not. A session takes it
// whole or stays as it was.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "runtime/api/Session.h"
#include "runtime/api/StateFile.h"
#include "runtime/image/Description.h"
#include "runtime/image/File.h"
#include "runtime/image/Text.h"

#include <cstring>

using namespace slp;

namespace {

/// An image with two states, which FP16 limits.
std::unique_ptr<api::Session> openSession() {
  Result<std::vector<uint8_t>> bytes = image::readBytes(SLP_FUZZ_IMAGE);
  fuzz::expect(bytes.ok(), "the text of an image");
  std::string_view text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
  Result<image::ParsedText> parsed = image::parseText(text, SLP_FUZZ_IMAGE);
  fuzz::expect(parsed.ok(), "an image");
  Result<chip::Chip> chip = chip::load(parsed->image.chipName);
  fuzz::expect(chip.ok(), "its chip");
  image::setChip(parsed->image, *chip);
  auto session = api::Session::create(parsed->image, *chip, {});
  fuzz::expect(session.ok(), "a session");
  return session.take();
}

/// The values of all states of the session, one after the other.
std::vector<float> valuesOf(const api::Session &session) {
  std::vector<float> result;
  for (const image::Tensor &tensor : session.image().tensors) {
    if (tensor.role != image::Role::state)
      continue;
    Result<std::vector<float>> values = session.machine().read(tensor.name);
    fuzz::expect(values.ok(), "a state that can be read");
    result.insert(result.end(), values->begin(), values->end());
  }
  return result;
}

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void makeChecksumRight(std::vector<uint8_t> &bytes) {
  if (bytes.size() < 8)
    return;
  uint64_t hash = 0xcbf29ce484222325ull;
  for (size_t i = 0; i < bytes.size() - 8; ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  for (size_t i = 0; i < 8; ++i)
    bytes[bytes.size() - 8 + i] = uint8_t(hash >> (8 * i));
}

void run(const std::vector<uint8_t> &bytes) {
  static std::unique_ptr<api::Session> session = openSession();
  static fuzz::NamelessFile file;
  Result<api::SavedState> state = api::deserializeState(bytes, "my.state");
  if (state)
    fuzz::expect(api::serializeState(*state) == bytes, "the same bytes");
  else
    fuzz::expectOneLine(state.message());
  file.write(bytes.data(), bytes.size());
  std::vector<float> before = valuesOf(*session);
  Result<std::optional<api::Position>> position = api::loadState(*session, file.path());
  if (position) {
    fuzz::expect(state.ok() && session->stepsDone() == state->steps, "the state of the file");
    api::Position now{};
    now.batch = session->batch();
    now.samples = 100;
    std::string note;
    if (*position)
      api::resume(**position, now, note);
    fuzz::expect(api::saveState(*session, *position, "/dev/null").ok(), "a state to save");
  } else {
    fuzz::expectOneLine(position.message());
    fuzz::expect(sameBits(valuesOf(*session), before), "a session as it was");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  run(bytes);
  makeChecksumRight(bytes);
  run(bytes);
  return 0;
}
