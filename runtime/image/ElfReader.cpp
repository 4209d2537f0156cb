//===- ElfReader.cpp - an ELF file becomes an image -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Believes nothing: each section must lie inside the file, the notes must parse, the checksum over
// everything that is loaded must agree, and `verify` must accept the result. Symbols and program
// headers are for other tools and are not read.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Image.h"
#include "runtime/image/Layout.h"

#include "runtime/api/Printable.h"
#include "runtime/image/Bytes.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <gelf.h>
#include <libelf.h>
#include <memory>

namespace slp::image {

namespace {

struct ElfEnd {
  void operator()(Elf *elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

/// A section's header and bytes; `data` is null for NOBITS.
struct View {
  uint64_t address = 0, size = 0;
  const uint8_t *data = nullptr;
  bool isThere = false;
};

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// Reads one file; every message begins with `where`.
class ElfReader {
public:
  ElfReader(const std::vector<uint8_t> &bytes, const std::string &where)
      : bytes(bytes), where(where) {}

  Result<Image> read() {
    for (auto step : {&ElfReader::checkHeader, &ElfReader::findSections, &ElfReader::readNotes,
                      &ElfReader::readSections})
      if (Status s = (this->*step)(); !s)
        return s.takeError();
    if (Status s = verify(image); !s)
      return fail("inconsistent image: " + s.message());
    return std::move(image);
  }

private:
  const std::vector<uint8_t> &bytes;
  const std::string &where;
  ElfHandle elf;
  View note, text, descriptors, chip, debug;
  std::vector<View> runs; // .data and .bss, in file order
  uint64_t checksum = 0;
  const uint8_t *header = nullptr, *schema = nullptr, *chipHashes = nullptr;
  size_t headerSize = 0, schemaSize = 0, chipHashesSize = 0;
  Image image;

  Error fail(const std::string &why) const { return Error{printable(where + ": " + why)}; }

  Status checkHeader() {
    static const uint8_t start[] = {0x7f, 'E', 'L', 'F'};
    size_t known = bytes.size() < sizeof start ? bytes.size() : sizeof start;
    if (known == 0 || std::memcmp(bytes.data(), start, known) != 0)
      return fail("not an ELF file");
    if (bytes.size() < sizeof(Elf64_Ehdr))
      return fail("truncated: " + std::to_string(bytes.size()) + " bytes");
    if (bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB)
      return fail("not a 64-bit little-endian ELF file");
    if (elf_version(EV_CURRENT) == EV_NONE)
      return fail("cannot read ELF: " + std::string(elf_errmsg(-1)));
    // libelf takes a pointer to non-const and reads only.
    elf.reset(
        elf_memory(const_cast<char *>(reinterpret_cast<const char *>(bytes.data())), bytes.size()));
    GElf_Ehdr ehdr;
    if (!elf || elf_kind(elf.get()) != ELF_K_ELF || !gelf_getehdr(elf.get(), &ehdr))
      return fail("not an ELF file");
    if (ehdr.e_machine != elfMachine)
      return fail("built for machine " + hex(ehdr.e_machine) + ", expected " + hex(elfMachine));
    if (ehdr.e_type != ET_EXEC)
      return fail("ELF type " + std::to_string(ehdr.e_type) + ", expected an executable");
    uint64_t tableBytes = uint64_t(ehdr.e_shnum) * sizeof(Elf64_Shdr);
    if (ehdr.e_shentsize != sizeof(Elf64_Shdr) || ehdr.e_shnum == 0)
      return fail("corrupt: no section headers");
    if (tableBytes > bytes.size() || ehdr.e_shoff > bytes.size() - tableBytes)
      return fail("truncated: section headers end at byte " +
                  std::to_string(ehdr.e_shoff + tableBytes) + " of " +
                  std::to_string(bytes.size()));
    return Status::success();
  }

  Status findSections() {
    size_t names = 0;
    if (elf_getshdrstrndx(elf.get(), &names) != 0)
      return fail("corrupt: no section names");
    for (Elf_Scn *scn = elf_nextscn(elf.get(), nullptr); scn; scn = elf_nextscn(elf.get(), scn)) {
      GElf_Shdr shdr;
      if (!gelf_getshdr(scn, &shdr))
        return fail("corrupt: a section header");
      const char *found = elf_strptr(elf.get(), names, shdr.sh_name);
      if (!found)
        return fail("corrupt: a section name");
      std::string name = found;
      bool isNoBits = shdr.sh_type == SHT_NOBITS;
      if (!isNoBits &&
          (shdr.sh_size > bytes.size() || shdr.sh_offset > bytes.size() - shdr.sh_size))
        return fail("truncated: section " + std::to_string(elf_ndxscn(scn)) + " ends at byte " +
                    std::to_string(shdr.sh_offset + shdr.sh_size) + " of " +
                    std::to_string(bytes.size()));
      View view{shdr.sh_addr, shdr.sh_size, isNoBits ? nullptr : bytes.data() + shdr.sh_offset,
                true};
      if (name == ".data" || name == ".bss") {
        if (isNoBits != (name == ".bss"))
          return fail("corrupt: section " + name + " has type " + std::to_string(shdr.sh_type));
        runs.push_back(view);
        continue;
      }
      View *known = name == ".note.slp"    ? &note
                    : name == ".text"      ? &text
                    : name == ".desc"      ? &descriptors
                    : name == ".slp.chip"  ? &chip
                    : name == ".slp.debug" ? &debug
                                           : nullptr;
      if (!known)
        continue;
      if (known->isThere || isNoBits)
        return fail("corrupt: section " + name + " is there twice or has no bytes");
      *known = view;
    }
    for (auto [view, name] : {std::pair(&note, ".note.slp"), std::pair(&text, ".text"),
                              std::pair(&descriptors, ".desc"), std::pair(&chip, ".slp.chip"),
                              std::pair(&debug, ".slp.debug")})
      if (!view->isThere)
        return fail(std::string("corrupt: no section ") + name);
    return Status::success();
  }

  /// The content of the note at the reader's place, which must have our owner and `type`.
  bool takeNote(size_t &offset, uint32_t type, const uint8_t *&content, size_t &size) const {
    constexpr size_t start = 12 + 8; // three numbers and the padded owner
    if (note.size - offset < start)
      return false;
    ByteReader r(note.data + offset, start);
    uint32_t ownerSize = r.u32(), contentSize = r.u32(), found = r.u32();
    const uint8_t *owner = note.data + offset + 12;
    if (ownerSize != sizeof noteOwner || std::memcmp(owner, noteOwner, sizeof noteOwner) != 0 ||
        found != type || contentSize > note.size - offset - start)
      return false;
    content = note.data + offset + start;
    size = contentSize;
    size_t padded = (start + size + 3) / 4 * 4;
    offset = padded > note.size - offset ? note.size : offset + padded;
    return true;
  }

  Status readNotes() {
    size_t offset = 0;
    if (!takeNote(offset, headerNote, header, headerSize) || headerSize < 12)
      return fail("corrupt: the header note");
    ByteReader r(header, headerSize);
    if (uint32_t version = r.u32(); version != formatVersion)
      return fail("image format version " + std::to_string(version) + ", this program reads " +
                  std::to_string(formatVersion));
    checksum = r.u64();
    header += 12;
    headerSize -= 12;
    if (!takeNote(offset, schemaNote, schema, schemaSize))
      return fail("corrupt: the schema note");
    if (!takeNote(offset, chipNote, chipHashes, chipHashesSize))
      return fail("corrupt: the note of the chip description");
    return Status::success();
  }

  Status readSections() {
    Checksum sum;
    sum.add(header, headerSize);
    sum.add(schema, schemaSize);
    sum.add(chipHashes, chipHashesSize);
    for (const View &run : runs)
      if (run.data)
        sum.add(run.data, run.size);
    for (const View *view : {&text, &descriptors, &debug})
      sum.add(view->data, view->size);
    if (sum.value() != checksum)
      return fail("corrupt: the checksum is " + hex(sum.value()) + ", the file says " +
                  hex(checksum));
    if (!decodeHeader(header, headerSize, image) ||
        !decodeSchema(schema, schemaSize, bytes.size(), image) ||
        !decodeDebug(debug.data, debug.size, image))
      return fail("corrupt: a note or the debug section has another layout");
    if (Status s = readChip(); !s)
      return s;
    return readContents();
  }

  Status readChip() {
    uint64_t expected = 0;
    if (!decodeChip(chipHashes, chipHashesSize, image, expected))
      return fail("corrupt: the note of the chip description has another layout");
    if (!decodeDescription(chip.data, chip.size, expected, image))
      return fail("corrupt: the chip description in section .slp.chip is not the one that the "
                  "image was written with (its checksum differs)");
    if (Status s = checkDescription(image); !s)
      return fail("inconsistent image: " + s.message());
    return Status::success();
  }

  Status readContents() {
    std::vector<Run> expected = runsOf(image);
    if (expected.size() != runs.size())
      return fail("inconsistent image: " + std::to_string(runs.size()) +
                  " sections of tensors, the schema has " + std::to_string(expected.size()));
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run &run = expected[i];
      if (runs[i].address != run.address || runs[i].size != run.bytes ||
          (runs[i].data != nullptr) != run.hasData)
        return fail("inconsistent image: the section at address " + hex(runs[i].address) +
                    " is not the one the schema has");
      for (size_t t = run.first; run.hasData && t < run.first + run.count; ++t) {
        Tensor &tensor = image.tensors[t];
        std::memcpy(tensor.init.data(), runs[i].data + (tensor.address - run.address),
                    tensor.init.size());
      }
    }
    if (text.address != textBase || descriptors.address != descriptorBase)
      return fail("inconsistent image: .text or .desc is at another address");
    if (text.size % wordBytes != 0 ||
        descriptors.size != image.descriptors.size() * descriptorBytes)
      return fail("inconsistent image: .text or .desc has " + std::to_string(text.size) + " and " +
                  std::to_string(descriptors.size) + " bytes");
    image.text = wordsAt(text.data, text.size / wordBytes);
    constexpr size_t perTile = mach::TensorTile::numWords;
    std::vector<mach::Word> words = wordsAt(descriptors.data, descriptors.size / wordBytes);
    for (size_t i = 0; i < image.descriptors.size(); ++i) {
      std::array<mach::Word, perTile> tile;
      std::copy_n(words.begin() + ptrdiff_t(i * perTile), perTile, tile.begin());
      auto decoded = mach::TensorTile::decode(tile);
      if (!decoded)
        return fail("inconsistent image: descriptor '" + image.descriptors[i].name +
                    "': " + decoded.message());
      image.descriptors[i].tile = *decoded;
    }
    return Status::success();
  }

  static std::vector<mach::Word> wordsAt(const uint8_t *data, size_t count) {
    std::vector<mach::Word> words(count);
    ByteReader r(data, count * wordBytes);
    for (mach::Word &word : words) {
      word.lo = r.u64();
      word.hi = r.u64();
    }
    return words;
  }
};

} // namespace

Result<Image> deserialize(const std::vector<uint8_t> &bytes, const std::string &where) {
  return ElfReader(bytes, where).read();
}

} // namespace slp::image
