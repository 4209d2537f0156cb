//===- ElfWriter.cpp - an image becomes an ELF file -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Lays out sections, symbols and program headers so that readelf, objdump and nm show the image
// sensibly. The layout is our own down to the byte, so that the same image gives the same file on
// any host.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Image.h"
#include "runtime/image/Layout.h"

#include "runtime/image/Bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gelf.h>
#include <libelf.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace slp::image {

namespace {

constexpr uint64_t fileAlignment = 64; // of section contents
constexpr size_t maxSections = 0xf000; // ELF numbers them with 16 bits, the last are special

uint64_t roundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

/// A string table under construction.
struct StringTable {
  std::vector<uint8_t> bytes = {0};
  uint32_t add(std::string_view text) {
    auto offset = uint32_t(bytes.size());
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.push_back(0);
    return offset;
  }
};

/// A section with its header and content.
struct Section {
  Elf64_Shdr header = {};
  std::vector<uint8_t> content; // empty for NOBITS
  Elf_Type type = ELF_T_BYTE;
  uint32_t loadFlags = 0; // of its PT_LOAD, 0: not loaded
};

/// Collects sections in file order. Index 0 is ELF's empty section.
struct File {
  std::vector<Section> sections = std::vector<Section>(1);
  StringTable names;

  size_t add(const char *name, uint32_t type, uint64_t flags, uint64_t address,
             std::vector<uint8_t> content, uint64_t alignment) {
    Section s;
    s.header.sh_name = names.add(name);
    s.header.sh_type = type;
    s.header.sh_flags = flags;
    s.header.sh_addr = address;
    s.header.sh_size = content.size();
    s.header.sh_addralign = alignment;
    s.content = std::move(content);
    sections.push_back(std::move(s));
    return sections.size() - 1;
  }
};

/// The largest power of two up to 64 that divides the address.
uint64_t alignmentOf(uint64_t address) {
  uint64_t alignment = fileAlignment;
  while (address % alignment != 0)
    alignment /= 2;
  return alignment;
}

/// One ELF note. Name and content are padded to 4 bytes.
void addNote(ByteWriter &w, uint32_t type, const std::vector<uint8_t> &content) {
  w.count(sizeof noteOwner);
  w.count(content.size());
  w.u32(type);
  w.bytes.insert(w.bytes.end(), noteOwner, noteOwner + sizeof noteOwner);
  w.bytes.resize(roundUp(w.bytes.size(), 4));
  w.bytes.insert(w.bytes.end(), content.begin(), content.end());
  w.bytes.resize(roundUp(w.bytes.size(), 4));
}

struct Symbols {
  StringTable names;
  ByteWriter table;
  Symbols() { add("", 0, 0, 0, 0); }
  void add(std::string_view name, uint8_t type, size_t section, uint64_t value, uint64_t size) {
    table.u32(name.empty() ? 0 : names.add(name));
    table.u8(name.empty() ? 0 : uint8_t(ELF64_ST_INFO(STB_GLOBAL, type)));
    table.u8(0);
    table.bytes.push_back(uint8_t(section));
    table.bytes.push_back(uint8_t(section >> 8));
    table.u64(value);
    table.u64(size);
  }
};

Result<File> layOut(const Image &image) {
  Result<std::vector<uint8_t>> descriptors = descriptorTable(image);
  if (!descriptors)
    return descriptors.takeError();
  std::vector<uint8_t> text = textBytes(image), debug = encodeDebug(image);
  std::vector<uint8_t> header = encodeHeader(image), schema = encodeSchema(image);
  std::vector<uint8_t> chip = encodeChip(image);
  std::vector<Run> runs = runsOf(image);
  if (runs.size() > maxSections)
    return Error{"the tensors need " + std::to_string(runs.size()) +
                 " sections, ELF has room for " + std::to_string(maxSections) +
                 ": place those with initial values together"};

  File file;
  size_t note = file.add(".note.slp", SHT_NOTE, SHF_ALLOC, 0, {}, 4);
  file.sections[note].header.sh_flags = 0; // read by the loader, not loaded
  Symbols symbols;
  Checksum sum;
  sum.add(header);
  sum.add(schema);
  sum.add(chip);
  for (const Run &run : runs) {
    std::vector<uint8_t> data = run.hasData ? dataOf(image, run) : std::vector<uint8_t>();
    if (run.hasData)
      sum.add(data);
    size_t index =
        file.add(run.hasData ? ".data" : ".bss", run.hasData ? SHT_PROGBITS : SHT_NOBITS,
                 SHF_ALLOC | SHF_WRITE, run.address, std::move(data), alignmentOf(run.address));
    file.sections[index].header.sh_size = run.bytes;
    file.sections[index].loadFlags = PF_R | PF_W;
    for (size_t i = run.first; i < run.first + run.count; ++i) {
      const Tensor &t = image.tensors[i];
      symbols.add(t.name, STT_OBJECT, index, t.address, t.bytes);
    }
  }
  for (const std::vector<uint8_t> *content : {&text, &*descriptors, &debug})
    sum.add(*content);

  size_t textIndex = file.add(".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, textBase,
                              std::move(text), wordBytes);
  file.sections[textIndex].loadFlags = PF_R | PF_X;
  size_t descriptorIndex = file.add(".desc", SHT_PROGBITS, SHF_ALLOC, descriptorBase,
                                    std::move(*descriptors), wordBytes);
  file.sections[descriptorIndex].loadFlags = PF_R;
  for (size_t i = 0; i < image.descriptors.size(); ++i)
    symbols.add(image.descriptors[i].name, STT_OBJECT, descriptorIndex,
                descriptorBase + i * descriptorBytes, descriptorBytes);
  // An entry point's symbol reaches to the next one.
  for (const Entry &e : sortedEntries(image)) {
    uint64_t end = image.text.size();
    for (const Entry &other : image.entries)
      if (other.pc > e.pc)
        end = std::min(end, other.pc);
    symbols.add(e.name, STT_FUNC, textIndex, textBase + e.pc * wordBytes, (end - e.pc) * wordBytes);
  }
  file.add(".slp.chip", SHT_PROGBITS, 0, 0, descriptionBytes(image), 1);
  file.add(".slp.debug", SHT_PROGBITS, 0, 0, std::move(debug), 1);

  ByteWriter notes, first;
  first.u32(formatVersion);
  first.u64(sum.value());
  first.bytes.insert(first.bytes.end(), header.begin(), header.end());
  addNote(notes, headerNote, first.bytes);
  addNote(notes, schemaNote, schema);
  addNote(notes, chipNote, chip);
  file.sections[note].header.sh_size = notes.bytes.size();
  file.sections[note].content = std::move(notes.bytes);

  size_t table = file.add(".symtab", SHT_SYMTAB, 0, 0, std::move(symbols.table.bytes), 8);
  file.sections[table].header.sh_link = uint32_t(table + 1);
  file.sections[table].header.sh_info = 1; // all but the empty one are global
  file.sections[table].header.sh_entsize = sizeof(Elf64_Sym);
  file.add(".strtab", SHT_STRTAB, 0, 0, std::move(symbols.names.bytes), 1);
  size_t last = file.add(".shstrtab", SHT_STRTAB, 0, 0, {}, 1);
  file.sections[last].header.sh_size = file.names.bytes.size();
  file.sections[last].content = file.names.bytes;
  return file;
}

/// One PT_LOAD per loaded section that is not empty, ascending, and one PT_NOTE. Fills in the file
/// offsets.
std::vector<Elf64_Phdr> placeAll(File &file, uint64_t &sectionHeaders) {
  size_t count = 1;
  for (const Section &s : file.sections)
    count += s.loadFlags != 0 && s.header.sh_size != 0;
  uint64_t offset = sizeof(Elf64_Ehdr) + count * sizeof(Elf64_Phdr);
  std::vector<Elf64_Phdr> headers;
  for (size_t i = 1; i < file.sections.size(); ++i) {
    Section &s = file.sections[i];
    offset = roundUp(offset, fileAlignment);
    s.header.sh_offset = offset;
    offset += s.content.size();
    bool isNote = s.header.sh_type == SHT_NOTE;
    if (!isNote && (s.loadFlags == 0 || s.header.sh_size == 0))
      continue;
    Elf64_Phdr p = {};
    p.p_type = isNote ? PT_NOTE : PT_LOAD;
    p.p_flags = isNote ? uint32_t(PF_R) : s.loadFlags;
    p.p_offset = s.header.sh_offset;
    p.p_vaddr = p.p_paddr = s.header.sh_addr;
    p.p_filesz = s.content.size();
    p.p_memsz = isNote ? 0 : s.header.sh_size;
    p.p_align = s.header.sh_addralign;
    headers.push_back(p);
  }
  sectionHeaders = roundUp(offset, 8);
  return headers;
}

struct ElfEnd {
  void operator()(Elf *elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

/// A file descriptor that closes itself.
struct Descriptor {
  int fd;
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    if (fd >= 0)
      close(fd);
  }
};

Error elfError(const char *what) {
  return Error{std::string("cannot write ELF: ") + what + ": " + elf_errmsg(-1)};
}

Status addSection(Elf *elf, Section &s) {
  Elf_Scn *section = elf_newscn(elf);
  Elf_Data *data = section ? elf_newdata(section) : nullptr;
  Elf64_Shdr *header = data ? elf64_getshdr(section) : nullptr;
  if (!header)
    return elfError("section");
  *header = s.header;
  data->d_buf = s.content.empty() ? nullptr : s.content.data();
  data->d_size = s.header.sh_size;
  data->d_type = s.type;
  data->d_align = s.header.sh_addralign;
  data->d_version = EV_CURRENT;
  return Status::success();
}

Result<std::vector<uint8_t>> contentOf(int fd) {
  off_t size = lseek(fd, 0, SEEK_END);
  std::vector<uint8_t> bytes(size < 0 ? 0 : size_t(size));
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n = pread(fd, bytes.data() + done, bytes.size() - done, off_t(done));
    if (n <= 0)
      return Error{std::string("cannot write ELF: ") + std::strerror(errno)};
    done += size_t(n);
  }
  return bytes;
}

} // namespace

Result<std::vector<uint8_t>> serialize(const Image &image) {
  if (Status s = verify(image); !s)
    return s.takeError();
  if (Status s = checkDescription(image); !s)
    return s.takeError();
  Result<File> file = layOut(image);
  if (!file)
    return file.takeError();
  uint64_t sectionHeaders = 0;
  std::vector<Elf64_Phdr> programHeaders = placeAll(*file, sectionHeaders);

  // libelf writes to files only; this one has no name.
  Descriptor memory(memfd_create("slp-image", MFD_CLOEXEC));
  if (memory.fd < 0)
    return Error{std::string("cannot write ELF: ") + std::strerror(errno)};
  if (elf_version(EV_CURRENT) == EV_NONE)
    return elfError("version");
  ElfHandle elf(elf_begin(memory.fd, ELF_C_WRITE, nullptr));
  if (!elf)
    return elfError("begin");
  elf_flagelf(elf.get(), ELF_C_SET, ELF_F_LAYOUT);
  Elf64_Ehdr *header = elf64_newehdr(elf.get());
  if (!header)
    return elfError("header");
  header->e_ident[EI_DATA] = ELFDATA2LSB;
  header->e_type = ET_EXEC;
  header->e_machine = elfMachine;
  header->e_version = EV_CURRENT;
  const Entry *start = image.findEntry("init");
  header->e_entry = textBase + (start ? start->pc * wordBytes : 0);
  header->e_phoff = sizeof(Elf64_Ehdr);
  header->e_shoff = sectionHeaders;
  header->e_shstrndx = uint16_t(file->sections.size() - 1);
  Elf64_Phdr *programs = elf64_newphdr(elf.get(), programHeaders.size());
  if (!programs)
    return elfError("program headers");
  std::copy(programHeaders.begin(), programHeaders.end(), programs);
  for (size_t i = 1; i < file->sections.size(); ++i)
    if (Status s = addSection(elf.get(), file->sections[i]); !s)
      return s.takeError();
  if (elf_update(elf.get(), ELF_C_WRITE) < 0)
    return elfError("update");
  elf.reset();
  return contentOf(memory.fd);
}

} // namespace slp::image
