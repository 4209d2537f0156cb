//===- StateFile.cpp - trained state on disk --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/StateFile.h"

#include "runtime/api/Guard.h"
#include "runtime/api/Printable.h"
#include "runtime/api/Session.h"
#include "runtime/image/File.h"

#include <algorithm>
#include <string_view>

namespace slp::api {

static constexpr std::string_view magic = "SLPSTATE";
static constexpr uint32_t version = 3, versionWithoutPosition = 2;

static uint64_t fnv1a(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (char c : bytes)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

static void put(std::string &to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    to.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

namespace {
/// Reads numbers off the front; once something is missing, `ok` stays false.
struct Reader {
  std::string_view rest;
  bool ok = true;

  uint64_t number(int bytes) {
    if (rest.size() < size_t(bytes)) {
      ok = false;
      return 0;
    }
    uint64_t value = 0;
    for (int i = 0; i < bytes; ++i)
      value |= uint64_t(static_cast<unsigned char>(rest[i])) << (8 * i);
    rest.remove_prefix(bytes);
    return value;
  }
  std::string text(uint64_t size) {
    if (rest.size() < size) {
      ok = false;
      return "";
    }
    std::string result(rest.substr(0, size));
    rest.remove_prefix(size);
    return result;
  }
};
} // namespace

static void putPosition(std::string &to, const Position &position) {
  for (int64_t count : {position.epochs, position.steps, position.samples, position.batch})
    put(to, static_cast<uint64_t>(count), 8);
  put(to, position.seed, 4);
  put(to, position.order == data::Order::shuffled, 4);
}

static Position readPosition(Reader &reader) {
  Position position;
  for (int64_t *count : {&position.epochs, &position.steps, &position.samples, &position.batch}) {
    *count = static_cast<int64_t>(reader.number(8));
    reader.ok = reader.ok && *count >= 0;
  }
  bool isInside = position.batch > 0 && position.steps < position.samples / position.batch;
  reader.ok = reader.ok && (position.steps == 0 || isInside);
  position.seed = static_cast<uint32_t>(reader.number(4));
  uint64_t order = reader.number(4);
  reader.ok = reader.ok && order <= 1;
  position.order = order ? data::Order::shuffled : data::Order::file;
  return position;
}

std::vector<uint8_t> serializeState(const SavedState &state) {
  const std::vector<StateTensor> &tensors = state.tensors;
  std::string bytes(magic);
  put(bytes, state.position ? version : versionWithoutPosition, 4);
  put(bytes, static_cast<uint64_t>(state.steps), 8);
  if (state.position)
    putPosition(bytes, *state.position);
  put(bytes, tensors.size(), 4);
  for (const StateTensor &tensor : tensors) {
    put(bytes, tensor.name.size(), 4);
    bytes += tensor.name;
    put(bytes, tensor.shape.size(), 4);
    for (int64_t extent : tensor.shape)
      put(bytes, static_cast<uint64_t>(extent), 8);
    for (float value : tensor.values)
      put(bytes, num::bitsOf(value), 4);
  }
  put(bytes, fnv1a(bytes), 8);
  return {bytes.begin(), bytes.end()};
}

Result<SavedState> deserializeState(const std::vector<uint8_t> &file, const std::string &where) {
  std::string bytes(file.begin(), file.end());
  if (bytes.size() < magic.size() + 16 || bytes.compare(0, magic.size(), magic) != 0)
    return Error{where + ": not a state file of slp-sim"};
  std::string_view body(bytes.data(), bytes.size() - 8);
  Reader tail{std::string_view(bytes).substr(body.size())};
  Reader reader{body.substr(magic.size())};
  uint64_t found = reader.number(4);
  if (found != version && found != versionWithoutPosition)
    return Error{where + ": version " + std::to_string(found) + ", expected " +
                 std::to_string(versionWithoutPosition) + " or " + std::to_string(version)};
  if (tail.number(8) != fnv1a(body))
    return Error{where + ": corrupt: the checksum does not match"};
  SavedState state;
  state.steps = static_cast<int64_t>(reader.number(8));
  if (found == version)
    state.position = readPosition(reader);
  std::vector<StateTensor> &tensors = state.tensors;
  for (uint64_t n = reader.number(4); n > 0 && reader.ok; --n) {
    StateTensor tensor;
    tensor.name = reader.text(reader.number(4));
    uint64_t elements = 1, limit = body.size();
    for (uint64_t rank = reader.number(4); rank > 0 && reader.ok; --rank) {
      uint64_t extent = reader.number(8);
      // More elements than the file has bytes: no need to multiply further.
      elements = extent > limit ? limit + 1 : std::min(elements * extent, limit + 1);
      tensor.shape.push_back(static_cast<int64_t>(extent));
    }
    if (elements > reader.rest.size() / 4)
      reader.ok = false;
    for (uint64_t i = 0; i < elements && reader.ok; ++i)
      tensor.values.push_back(num::floatOf(static_cast<uint32_t>(reader.number(4))));
    tensors.push_back(std::move(tensor));
  }
  // No epoch is without a step, so there are at least as many steps as the position speaks of.
  auto isReached = [&state] {
    const std::optional<Position> &p = state.position;
    return !p || (p->steps <= state.steps && p->epochs <= state.steps - p->steps);
  };
  // Only numbers that are not negative are subtracted.
  if (!reader.ok || !reader.rest.empty() || state.steps < 0 || !isReached())
    return Error{where + ": corrupt: its length or its numbers do not match its contents"};
  return state;
}

Status saveState(const Session &session, const std::optional<Position> &position,
                 const std::string &path) {
  return guarded(path, [&]() -> Status {
    SavedState state;
    state.position = position;
    state.steps = session.stepsDone();
    for (const image::Tensor &tensor : session.image().tensors) {
      if (tensor.role != image::Role::state)
        continue;
      Result<std::vector<float>> values = session.machine().read(tensor.name);
      if (!values)
        return values.takeError();
      state.tensors.push_back({tensor.name, tensor.shape, values.take()});
    }
    return image::writeBytes(serializeState(state), path);
  });
}

static std::string spell(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : " x ") + std::to_string(extent);
  return text.empty() ? "a scalar" : text;
}

static Result<std::optional<Position>> load(Session &session, const std::string &path) {
  Result<std::vector<uint8_t>> bytes = image::readBytes(path);
  if (!bytes)
    return bytes.takeError();
  Result<SavedState> saved = deserializeState(*bytes, path);
  if (!saved)
    return saved.takeError();
  const std::vector<StateTensor> *tensors = &saved->tensors;
  auto find = [&](const std::string &name) {
    return std::find_if(tensors->begin(), tensors->end(),
                        [&](const StateTensor &t) { return t.name == name; });
  };
  // Check everything first: a session is never left with half a state.
  size_t known = 0;
  for (const image::Tensor &tensor : session.image().tensors) {
    if (tensor.role != image::Role::state)
      continue;
    ++known;
    auto it = find(tensor.name);
    if (it == tensors->end())
      return Error{path + ": state '" + tensor.name + "' of the image is missing"};
    if (it->shape != tensor.shape)
      return Error{path + ": state '" + tensor.name + "' is " + spell(it->shape) +
                   ", the image expects " + spell(tensor.shape)};
  }
  if (known != tensors->size())
    for (const StateTensor &tensor : *tensors) {
      const image::Tensor *wanted = session.image().findTensor(tensor.name);
      if (!wanted || wanted->role != image::Role::state)
        return Error{path + ": the image has no state '" + printable(tensor.name) + "'"};
    }
  if (known != tensors->size())
    return Error{path + ": a state tensor is there twice"};
  for (const StateTensor &tensor : *tensors)
    if (Status s = session.machine().checkValues(tensor.name, tensor.values); !s)
      return Error{path + ": " + s.message()};
  for (const StateTensor &tensor : *tensors)
    if (Status s = session.machine().write(tensor.name, tensor.values); !s)
      return Error{path + ": " + s.message()};
  session.setStepsDone(saved->steps);
  return saved->position;
}

Result<std::optional<Position>> loadState(Session &session, const std::string &path) {
  return guarded(path, [&] { return load(session, path); });
}

} // namespace slp::api
