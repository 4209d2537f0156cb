//===- Layout.h - sections and addresses of an image ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Where things lie in the ELF file's address space, and what the notes and the debug section
// contain; shared by the writer and the reader. Private to runtime/image.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_LAYOUT_H
#define RUNTIME_IMAGE_LAYOUT_H

#include "runtime/image/Image.h"

namespace slp::image {

// DRAM has addresses below 2^48. Instructions and descriptors live in memories of their own; ELF
// has one address space, so they follow behind.
constexpr uint64_t textBase = uint64_t(1) << 48;
constexpr uint64_t descriptorBase = uint64_t(2) << 48;
constexpr uint64_t wordBytes = 16;
constexpr uint64_t descriptorBytes = mach::TensorTile::numWords * wordBytes;

constexpr char noteOwner[] = "SLPC";   // with its NUL, as notes have it
constexpr uint32_t headerNote = 0x100; // version, checksum, chip, model
constexpr uint32_t schemaNote = 0x101; // tensors, descriptors, entry points
constexpr uint32_t chipNote = 0x102;   // of the chip description in .slp.chip

/// A run of neighbouring tensors that becomes one .data or .bss section: all of them have initial
/// values, or none has.
struct Run {
  size_t first = 0, count = 0; // of Image::tensors
  uint64_t address = 0, bytes = 0;
  bool hasData = false;
};
/// The runs of `image.tensors`, ascending.
std::vector<Run> runsOf(const Image &image);
/// The initial bytes of a run, with zeros between its tensors.
std::vector<uint8_t> dataOf(const Image &image, const Run &run);
std::vector<uint8_t> textBytes(const Image &image);
/// Fails if a value does not fit its field.
Result<std::vector<uint8_t>> descriptorTable(const Image &image);

/// Entry points in the order that text and files have them: by instruction, then name.
std::vector<Entry> sortedEntries(const Image &image);

/// The header note without its version and checksum, which stand first in it.
std::vector<uint8_t> encodeHeader(const Image &image);
std::vector<uint8_t> encodeSchema(const Image &image);
std::vector<uint8_t> encodeDebug(const Image &image);

/// There must be a description, as lines. `chipOf` says whether they mean anything.
Status checkDescription(const Image &image);

/// The chip note, and the section .slp.chip that it belongs to (Description.cpp). The section has a
/// checksum of its own, so that a message can name it.
std::vector<uint8_t> encodeChip(const Image &image);
std::vector<uint8_t> descriptionBytes(const Image &image);
bool decodeChip(const uint8_t *data, size_t size, Image &image, uint64_t &checksum);
/// False if the checksum is another.
bool decodeDescription(const uint8_t *data, size_t size, uint64_t checksum, Image &image);

/// Inverses; false if the bytes are no such record. decodeSchema leaves `init` of tensors that have
/// initial values as `bytes` zeros only if that many can be in a file of `fileBytes`, and false
/// otherwise.
bool decodeHeader(const uint8_t *data, size_t size, Image &image);
bool decodeSchema(const uint8_t *data, size_t size, size_t fileBytes, Image &image);
bool decodeDebug(const uint8_t *data, size_t size, Image &image);

/// FNV-1a 64, continued over several byte strings; each is preceded by its length.
class Checksum {
public:
  void add(const uint8_t *data, size_t size);
  void add(const std::vector<uint8_t> &bytes) { add(bytes.data(), bytes.size()); }
  uint64_t value() const { return hash; }

private:
  uint64_t hash = 0xcbf29ce484222325ull;
};

} // namespace slp::image

#endif // RUNTIME_IMAGE_LAYOUT_H
