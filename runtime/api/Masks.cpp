//===- Masks.cpp - which elements of a step's tensors are zero --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Masks.h"

#include "runtime/api/Printable.h"
#include "runtime/image/DramMap.h"
#include "runtime/image/File.h"
#include "runtime/isa/EnumFormat.h.inc"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <optional>

namespace slp::api {
namespace {

using Json = nlohmann::ordered_json;
using exec::ElementClass;

constexpr const char *manifest = "masks.json";
constexpr int version = 1;

bool hasMask(const image::Tensor &tensor) {
  return tensor.format != mach::Format::i32 && tensor.format != mach::Format::u8;
}

bool isMixed(const image::Tensor &tensor) { return tensor.format == mach::Format::mixed; }

bool isState(const image::Tensor &tensor) {
  return tensor.role == image::Role::state || tensor.role == image::Role::copy;
}

std::string hashOf(const image::Image &image) {
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(image.modelHash));
  return hash;
}

std::vector<uint8_t> pack(const std::vector<ElementClass> &classes, bool isMixed) {
  size_t bytes = (classes.size() + 7) / 8;
  std::vector<uint8_t> bits(isMixed ? 2 * bytes : bytes);
  for (size_t i = 0; i < classes.size(); ++i) {
    bits[i / 8] |= uint8_t((classes[i] != ElementClass::zero) << (i % 8));
    if (isMixed)
      bits[bytes + i / 8] |= uint8_t((classes[i] == ElementClass::wide) << (i % 8));
  }
  return bits;
}

/// Nothing if there are too few bits, or too many.
std::optional<std::vector<ElementClass>> unpack(const std::vector<uint8_t> &bits, size_t elements,
                                                bool isMixed) {
  size_t bytes = (elements + 7) / 8;
  if (bits.size() != (isMixed ? 2 * bytes : bytes))
    return std::nullopt;
  std::vector<ElementClass> classes(elements);
  for (size_t i = 0; i < elements; ++i)
    if (bits[i / 8] >> (i % 8) & 1)
      classes[i] = isMixed && (bits[bytes + i / 8] >> (i % 8) & 1) ? ElementClass::wide
                                                                   : ElementClass::narrow;
  return classes;
}

Result<Json> readManifest(const std::string &folder) {
  std::string path = folder + "/" + manifest;
  Result<std::vector<uint8_t>> bytes = image::readBytes(path);
  if (!bytes)
    return bytes.takeError();
  Json json = Json::parse(bytes->begin(), bytes->end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("schema", Json()) != "slp-masks" ||
      json.value("version", Json()) != version || !json.value("tensors", Json()).is_array())
    return Error{path + ": expected what slp-sim --masks writes, version " +
                 std::to_string(version)};
  return json;
}

/// The entry of a tensor in the manifest; null if it has none that fits.
const Json *entryOf(const Json &json, const image::Tensor &tensor) {
  for (const Json &entry : json["tensors"])
    if (entry.is_object() && entry.value("name", Json()) == tensor.name)
      return entry.value("shape", Json()) == tensor.shape &&
                     entry.value("format", Json()) == mach::toString(tensor.format) &&
                     entry.value("file", Json()).is_string()
                 ? &entry
                 : nullptr;
  return nullptr;
}

/// A file of the folder itself.
bool isPlain(const std::string &file) {
  return !file.empty() && file.find_first_of("/\\") == std::string::npos && file[0] != '.';
}

/// What shares its bytes is gone when a step ends.
Status checkKept(const image::Image &image) {
  std::vector<bool> isShared = image::sharingTensors(image);
  auto first = std::find(isShared.begin(), isShared.end(), true);
  if (first == isShared.end())
    return Status::success();
  return Error{printable(image.tensors[size_t(first - isShared.begin())].name) +
               " shares its bytes of DRAM with other tensors, so that its mask is lost when a step "
               "ends: expected an image of slpc --dram=apart"};
}

} // namespace

Status MaskRecorder::read(const exec::Machine &machine, bool states) {
  if (Status s = checkKept(image); !s)
    return s;
  for (const image::Tensor &tensor : image.tensors) {
    if (!hasMask(tensor) || isState(tensor) != states)
      continue;
    Result<std::vector<ElementClass>> classes = machine.classesOf(tensor.name);
    if (!classes)
      return classes.takeError();
    bits[tensor.name] = pack(*classes, isMixed(tensor));
  }
  return Status::success();
}

Status MaskRecorder::beginRun(const exec::Machine &machine) {
  return read(machine, /*states=*/true);
}

Status MaskRecorder::endRun(const exec::Machine &machine) {
  return read(machine, /*states=*/false);
}

Status MaskRecorder::write(const std::string &folder) const {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    return Error{folder + ": " + problem.message()};
  Json json;
  json["schema"] = "slp-masks";
  json["version"] = version;
  json["model"] = {{"file", image.modelName}, {"hash", hashOf(image)}};
  json["tensors"] = Json::array();
  for (const image::Tensor &tensor : image.tensors) {
    auto known = bits.find(tensor.name);
    if (known == bits.end())
      continue;
    std::string file = std::to_string(json["tensors"].size()) + ".bits";
    if (Status s = image::writeBytes(known->second, folder + "/" + file); !s)
      return s;
    json["tensors"].push_back({{"name", tensor.name},
                               {"shape", tensor.shape},
                               {"file", file},
                               {"format", mach::toString(tensor.format)}});
  }
  std::string text = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  return image::writeBytes({text.begin(), text.end()}, folder + "/" + manifest);
}

Status loadMasks(const std::string &folder, const image::Image &image, exec::Machine &machine) {
  Result<Json> json = readManifest(folder);
  if (!json)
    return json.takeError();
  Json model = json->value("model", Json::object());
  if (model.is_object() && image.modelHash && model.value("hash", Json()) != hashOf(image))
    return Error{folder + ": masks of another model, " +
                 printable(model.value("file", Json()).dump()) + ", expected those of " +
                 printable(image.modelName)};
  if (Status s = checkKept(image); !s)
    return s;
  for (const image::Tensor &tensor : image.tensors) {
    if (!hasMask(tensor))
      continue;
    const Json *entry = entryOf(*json, tensor);
    if (!entry || !isPlain((*entry)["file"]))
      return Error{folder + ": has no mask of tensor " + printable(tensor.name) +
                   " that fits: expected masks of this model with this precision"};
    std::string path = folder + "/" + std::string((*entry)["file"]);
    Result<std::vector<uint8_t>> bits = image::readBytes(path);
    if (!bits)
      return bits.takeError();
    size_t elements = 1;
    for (int64_t d : tensor.shape)
      elements *= size_t(d);
    std::optional<std::vector<ElementClass>> classes = unpack(*bits, elements, isMixed(tensor));
    if (!classes)
      return Error{path + ": has " + std::to_string(bits->size()) + " bytes, expected a mask of " +
                   std::to_string(elements) + " elements"};
    if (Status s = machine.writeClasses(tensor.name, *classes); !s)
      return Error{folder + ": " + s.message()};
  }
  return Status::success();
}

} // namespace slp::api
