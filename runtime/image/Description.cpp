//===- Description.cpp - the chip description that an image carries ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Description.h"

#include "runtime/image/Layout.h"

#include "runtime/image/Bytes.h"

namespace slp::image {

void setChip(Image &image, const chip::Chip &chip) {
  image.chipName = chip.name;
  image.chipHash = chip.structureHash();
  image.ratesHash = chip.ratesHash();
  image.chipDescription = chip.description;
}

Result<chip::Chip> chipOf(const Image &image) {
  if (Status s = checkDescription(image); !s)
    return s.takeError();
  Result<chip::Chip> chip = chip::parse(image.chipDescription, "the chip description it carries");
  if (!chip)
    return chip;
  auto differs = [&](const char *what) {
    return Error{"the chip description it carries is that of '" + chip->name + "', whose " + what +
                 " is not the one that the image says"};
  };
  if (chip->name != image.chipName)
    return Error{"the chip description it carries is that of '" + chip->name +
                 "', expected one of '" + image.chipName + "'"};
  if (chip->structureHash() != image.chipHash)
    return differs("hash of features, numerics and structure");
  if (chip->ratesHash() != image.ratesHash)
    return differs("hash of rates and energies");
  return chip;
}

Status checkDescription(const Image &image) {
  if (image.chipDescription.empty())
    return Error{"the image carries no chip description"};
  if (image.chipDescription.back() != '\n' || image.chipDescription.find('\0') != std::string::npos)
    return Error{"the chip description it carries is not made of lines of text"};
  return Status::success();
}

std::vector<uint8_t> descriptionBytes(const Image &image) {
  return {image.chipDescription.begin(), image.chipDescription.end()};
}

static uint64_t checksumOf(const std::string &text) {
  Checksum sum;
  sum.add(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  return sum.value();
}

std::vector<uint8_t> encodeChip(const Image &image) {
  ByteWriter w;
  w.u64(image.ratesHash);
  w.u64(checksumOf(image.chipDescription));
  return std::move(w.bytes);
}

bool decodeChip(const uint8_t *data, size_t size, Image &image, uint64_t &checksum) {
  ByteReader r(data, size);
  image.ratesHash = r.u64();
  checksum = r.u64();
  return r.ok() && r.remaining() == 0;
}

bool decodeDescription(const uint8_t *data, size_t size, uint64_t checksum, Image &image) {
  image.chipDescription.assign(reinterpret_cast<const char *>(data), size);
  return checksumOf(image.chipDescription) == checksum;
}

} // namespace slp::image
