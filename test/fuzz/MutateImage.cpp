//===- MutateImage.cpp - another image, one step away -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Finds sections by itself, with nothing of the reader that is tested.
//
//===----------------------------------------------------------------------------------------===//

#include "MutateImage.h"

#include "runtime/chips/Chip.h"
#include "runtime/image/Layout.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <iterator>
#include <random>
#include <string_view>

using namespace slp;

namespace {

/// Bytes of the file.
struct Part {
  size_t at = 0, size = 0;
};

struct Sections {
  Part note, text, descriptors, chip, debug;
  std::vector<Part> runs;
};

template <typename T> bool take(const uint8_t *bytes, size_t size, uint64_t at, T &into) {
  if (at > size || sizeof into > size - at)
    return false;
  std::memcpy(&into, bytes + at, sizeof into);
  return true;
}

bool findSections(const uint8_t *bytes, size_t size, Sections &sections) {
  Elf64_Ehdr header;
  if (!take(bytes, size, 0, header))
    return false;
  auto sectionAt = [&](uint64_t index, Elf64_Shdr &section) {
    return take(bytes, size, header.e_shoff + index * sizeof section, section) &&
           (section.sh_type == SHT_NOBITS ||
            (section.sh_offset <= size && section.sh_size <= size - section.sh_offset));
  };
  Elf64_Shdr names;
  if (!sectionAt(header.e_shstrndx, names) || names.sh_type == SHT_NOBITS)
    return false;
  std::string_view text(reinterpret_cast<const char *>(bytes) + names.sh_offset, names.sh_size);
  for (uint64_t i = 1; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    if (!sectionAt(i, section) || section.sh_name >= text.size())
      return false;
    std::string_view name = text.substr(section.sh_name);
    name = name.substr(0, name.find('\0'));
    Part part{section.sh_offset, section.sh_size};
    if (section.sh_type == SHT_NOBITS)
      continue;
    if (name == ".data")
      sections.runs.push_back(part);
    for (auto [known, to] :
         {std::pair(".note.slp", &sections.note), std::pair(".text", &sections.text),
          std::pair(".desc", &sections.descriptors), std::pair(".slp.chip", &sections.chip),
          std::pair(".slp.debug", &sections.debug)})
      if (name == known)
        *to = part;
  }
  return sections.note.size && sections.chip.size;
}

/// The contents of the three notes.
bool findNotes(const uint8_t *bytes, Part section, Part (&notes)[3]) {
  size_t at = section.at, end = section.at + section.size;
  for (Part &note : notes) {
    uint32_t size = 0;
    if (!take(bytes, end, at + 4, size) || end - at < 20 || size > end - at - 20)
      return false;
    note = {at + 20, size};
    at = std::min<size_t>(end, at + (20 + size_t(size) + 3) / 4 * 4);
  }
  return notes[0].size >= 20 && notes[2].size == 16;
}

void put(std::vector<uint8_t> &bytes, size_t at, uint64_t value) {
  for (int i = 0; i < 8; ++i)
    bytes[at + size_t(i)] = uint8_t(value >> (8 * i));
}

uint64_t interesting(std::mt19937 &random) {
  static constexpr uint64_t values[] = {0,
                                        1,
                                        2,
                                        3,
                                        4,
                                        5,
                                        7,
                                        8,
                                        15,
                                        16,
                                        31,
                                        32,
                                        63,
                                        64,
                                        255,
                                        256,
                                        1023,
                                        4096,
                                        65535,
                                        65536,
                                        (1u << 23) - 1,
                                        1u << 23,
                                        (1u << 24) - 1,
                                        1u << 31,
                                        ~0u,
                                        uint64_t(1) << 47,
                                        ~uint64_t(0)};
  return values[random() % std::size(values)];
}

/// A value that the field can hold.
uint64_t valueFor(const mach::FieldInfo &field, uint64_t old, std::mt19937 &random) {
  uint64_t value = random() % 4 ? interesting(random) : random() % 2 ? old + 1 : old - 1;
  if (field.isSigned()) {
    int64_t limit = int64_t(field.maximum()), number = int64_t(value);
    return uint64_t(std::clamp(random() % 2 ? number : -number, -limit - 1, limit));
  }
  return field.maximum() == ~uint64_t(0) ? value : value % (field.maximum() + 1);
}

mach::Word wordAt(const uint8_t *from) {
  mach::Word word;
  std::memcpy(&word.lo, from, 8);
  std::memcpy(&word.hi, from + 8, 8);
  return word;
}

void putWord(uint8_t *to, mach::Word word) {
  std::memcpy(to, &word.lo, 8);
  std::memcpy(to + 8, &word.hi, 8);
}

void mutateInstruction(uint8_t *at, std::mt19937 &random) {
  Result<mach::Instruction> instr = mach::decode(wordAt(at));
  if (!instr)
    return;
  std::vector<uint64_t> values = mach::valuesOf(*instr);
  const mach::InstructionInfo *info = &mach::infoOf(*instr);
  if (random() % 4 == 0) {
    // Another instruction with the same values where it has as many.
    info = &mach::allInstructions()[random() % mach::allInstructions().size()];
    values.resize(info->layout.fields.size());
    for (size_t i = 0; i < values.size(); ++i)
      if (info->layout.fields[i].maximum() < values[i])
        values[i] = 0;
  } else if (!values.empty()) {
    size_t i = random() % values.size();
    values[i] = valueFor(info->layout.fields[i], values[i], random);
  }
  Result<mach::Word> word = mach::encode(mach::makeInstruction(*info, values.data()));
  if (word)
    putWord(at, *word);
}

void mutateDescriptor(uint8_t *at, std::mt19937 &random) {
  std::array<mach::Word, mach::TensorTile::numWords> words;
  for (size_t i = 0; i < words.size(); ++i)
    words[i] = wordAt(at + 16 * i);
  auto tile = mach::TensorTile::decode(words);
  if (!tile)
    return;
  auto values = tile->values();
  size_t first = 0, chosen = random() % values.size();
  for (const mach::LayoutInfo &layout : mach::tensorTileLayout()) {
    if (chosen - first < layout.fields.size())
      values[chosen] = valueFor(layout.fields[chosen - first], values[chosen], random);
    first += layout.fields.size();
    if (first > chosen)
      break;
  }
  auto encoded = mach::TensorTile::fromValues(values.data()).encode();
  if (!encoded)
    return;
  for (size_t i = 0; i < words.size(); ++i)
    putWord(at + 16 * i, (*encoded)[i]);
}

} // namespace

bool slp::fuzz::mendChecksums(std::vector<uint8_t> &bytes) {
  Sections sections;
  Part notes[3];
  if (!findSections(bytes.data(), bytes.size(), sections) ||
      !findNotes(bytes.data(), sections.note, notes))
    return false;
  std::vector<uint8_t> before = bytes;
  auto add = [&](image::Checksum &sum, size_t at, size_t size) {
    sum.add(bytes.data() + at, size);
  };
  image::Checksum ofChip;
  add(ofChip, sections.chip.at, sections.chip.size);
  put(bytes, notes[2].at + 8, ofChip.value());
  image::Checksum sum;
  add(sum, notes[0].at + 12, notes[0].size - 12);
  for (Part part : {notes[1], notes[2]})
    add(sum, part.at, part.size);
  for (Part part : sections.runs)
    add(sum, part.at, part.size);
  for (Part part : {sections.text, sections.descriptors, sections.debug})
    add(sum, part.at, part.size);
  put(bytes, notes[0].at + 4, sum.value());
  for (size_t i = 0; i < 4; ++i) // so that what was found is still read when the version is another
    bytes[notes[0].at + i] = uint8_t(image::formatVersion >> (8 * i));
  return bytes != before;
}

bool slp::fuzz::mendHashes(std::vector<uint8_t> &bytes) {
  Sections sections;
  Part notes[3];
  if (!findSections(bytes.data(), bytes.size(), sections) ||
      !findNotes(bytes.data(), sections.note, notes))
    return false;
  std::vector<uint8_t> before = bytes;
  std::string description(reinterpret_cast<const char *>(bytes.data()) + sections.chip.at,
                          sections.chip.size);
  // Most images that are tried carry the same one.
  static std::string known;
  static uint64_t structureHash = 0, ratesHash = 0;
  if (description != known) {
    Result<chip::Chip> chip = chip::parse(description, "x.yaml");
    if (!chip)
      return false;
    known = description;
    structureHash = chip->structureHash();
    ratesHash = chip->ratesHash();
  }
  put(bytes, notes[0].at + 12, structureHash);
  put(bytes, notes[2].at, ratesHash);
  mendChecksums(bytes);
  return bytes != before;
}

bool slp::fuzz::mutateImage(uint8_t *bytes, size_t size, uint32_t seed) {
  Sections sections;
  if (!findSections(bytes, size, sections))
    return false;
  std::mt19937 random(seed);
  size_t words = sections.text.size / image::wordBytes,
         tiles = sections.descriptors.size / image::descriptorBytes;
  if (words + tiles == 0)
    return false;
  for (uint32_t i = 0; i <= random() % 4; ++i) {
    bool isText = tiles == 0 || (words != 0 && random() % 2);
    if (isText)
      mutateInstruction(bytes + sections.text.at + random() % words * image::wordBytes, random);
    else
      mutateDescriptor(bytes + sections.descriptors.at + random() % tiles * image::descriptorBytes,
                       random);
  }
  return true;
}
