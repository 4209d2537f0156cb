//===- CifarFile.cpp - CIFAR-10's binary files ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Records of one label byte and 3 x 32 x 32 pixel bytes, and nothing else. Called by Dataset.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/data/ArrayFile.h"

namespace slp::data {

Result<CifarArrays> readCifar(const std::vector<std::string> &paths) {
  constexpr size_t pixels = 3 * 32 * 32, record = 1 + pixels;
  constexpr uint8_t classes = 10;
  CifarArrays arrays;
  arrays.images.isBytes = arrays.labels.isBytes = true;
  for (const std::string &path : paths) {
    Result<std::vector<uint8_t>> file = readFile(path);
    if (!file)
      return file.takeError();
    if (file->empty() || file->size() % record != 0)
      return Error{path + ": " + std::to_string(file->size()) +
                   " bytes, expected records of 3073 bytes (label, 3 x 32 x 32 pixels)"};
    for (size_t at = 0; at < file->size(); at += record) {
      uint8_t label = (*file)[at];
      if (label >= classes)
        return Error{path + ": record " + std::to_string(at / record) + " has label " +
                     std::to_string(label) + ", expected 0 to 9"};
      arrays.labels.bytes.push_back(label);
      auto image = file->begin() + at + 1;
      arrays.images.bytes.insert(arrays.images.bytes.end(), image, image + pixels);
    }
  }
  uint64_t samples = arrays.labels.bytes.size();
  arrays.labels.shape = {samples};
  arrays.images.shape = {samples, 3, 32, 32};
  return arrays;
}

} // namespace slp::data
