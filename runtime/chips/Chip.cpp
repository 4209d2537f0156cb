//===- Chip.cpp - hashes and provenance of a chip description ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What can be said of a description once it is read: its two hashes, the numbers a report must own
// up to, and the search for a description by name or path.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/chips/Chip.h"

#include "runtime/chips/Fields.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <type_traits>

namespace slp::chip {

std::string_view toString(Provenance p) {
  switch (p) {
  case Provenance::quoted:
    return "quoted";
  case Provenance::derived:
    return "derived";
  case Provenance::recalled:
    return "recalled";
  case Provenance::assumed:
    break;
  }
  return "assumed";
}

namespace {

std::string text(int64_t value) { return std::to_string(value); }

/// The shortest decimal that reads back as `value`; the same on every host.
std::string text(double value) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

std::string text(const num::Format &f) {
  const char *specials[] = {"ieee", "none", "reserved", "nan"};
  const char *subnormals[] = {"gradual", "flush"};
  std::string threshold = f.flushBelow == 0 ? "" : "," + text(double(f.flushBelow));
  return text(int64_t(f.exp)) + "," + text(int64_t(f.man)) + "," + text(int64_t(f.bias)) + "," +
         specials[size_t(f.specials)] + "," + subnormals[size_t(f.subnormals)] + threshold;
}

std::string text(num::Rounding r) {
  switch (r) {
  case num::Rounding::nearestEven:
    return "nearest_even";
  case num::Rounding::halfAway:
    return "half_away";
  case num::Rounding::towardZero:
    return "toward_zero";
  case num::Rounding::stochastic:
    break;
  }
  return "stochastic";
}

std::string text(AcrossImages across) {
  switch (across) {
  case AcrossImages::f32:
    return "f32";
  case AcrossImages::fp16:
    return "fp16";
  case AcrossImages::none:
    break;
  }
  return "none";
}

uint64_t fnv1a(std::string_view canonical) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (unsigned char c : canonical)
    hash = (hash ^ c) * 0x100000001b3ull;
  return hash;
}

/// Adds "key=value\n" for every number it visits.
struct CanonicalText {
  std::string out;
  template <typename T> void operator()(const char *key, const Sourced<T> &n, const Range &) {
    add(key, n.value);
  }
  void add(std::string_view key, int value) { add(key, text(int64_t(value))); }
  void add(std::string_view key, int64_t value) { add(key, text(value)); }
  void add(std::string_view key, double value) { add(key, text(value)); }
  void add(std::string_view key, std::string_view value) {
    out += key;
    out += '=';
    out += value;
    out += '\n';
  }
};

/// Collects the numbers of one section that the chip's features ask for.
struct Lister {
  const Chip &chip;
  std::string section;
  std::vector<Listed> &list;
  void add(const std::string &key, const std::string &value, Provenance from) {
    list.push_back({section + "." + key, value, from});
  }
  template <typename T>
  void operator()(const std::string &key, const Sourced<T> &n, const Range &range) {
    using Printed = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
    if (range.feature && !chip.has(range.feature))
      return;
    add(key,
        range.choices ? range.choices[size_t(n.value)] : text(Printed(n.value)) + " " + range.unit,
        n.provenance);
  }
};

/// Keys and values of the numerics section, in the order of the documentation.
std::vector<std::pair<std::string, std::string>> numericsText(const Numerics &n) {
  std::vector<std::pair<std::string, std::string>> result = {{"fp8", text(n.fp8)},
                                                             {"fp16", text(n.fp16)}};
  for (const NamedFormat &further : n.formats)
    result.emplace_back("formats." + further.name, text(further.format));
  result.insert(result.end(), {{"rounding", text(n.rounding)},
                               {"dot", text(int64_t(n.dot))},
                               {"accumulate", n.accumulateFp16 ? "fp16" : "f32"},
                               {"across", text(n.across)}});
  return result;
}

} // namespace

const num::Format *Numerics::formatNamed(std::string_view name) const {
  if (name == "fp8")
    return &fp8;
  if (name == "fp16")
    return &fp16;
  for (const NamedFormat &further : formats)
    if (further.name == name)
      return &further.format;
  return nullptr;
}

const num::Format *Numerics::furtherFormat(size_t index, int bytes) const {
  for (const NamedFormat &further : formats)
    if (further.format.bytes() == bytes && index-- == 0)
      return &further.format;
  return nullptr;
}

uint64_t Chip::structureHash() const {
  CanonicalText canonical;
  visitStructure(*this, canonical);
  for (const std::string &feature : features)
    canonical.add("feature", feature);
  for (const auto &[key, value] : numericsText(numerics))
    canonical.add(key, value);
  for (const Listed &compiled : listMechanisms(*this, /*areCompiled=*/true))
    canonical.add(compiled.key, compiled.value);
  return fnv1a(canonical.out);
}

uint64_t Chip::ratesHash() const {
  CanonicalText canonical;
  visitRates(*this, canonical);
  for (const auto &[key, cycles] : rates.vectorCyclesPerElement)
    canonical.add(key, cycles.value);
  visitLaneOperations(*this, canonical);
  visitEnergies(*this, canonical);
  for (const Listed &replaceable : listMechanisms(*this, /*areCompiled=*/false))
    canonical.add(replaceable.key, replaceable.value);
  return fnv1a(canonical.out);
}

std::vector<Listed> listStructure(const Chip &chip) {
  std::vector<Listed> list;
  Lister numerics{chip, "numerics", list}, structure{chip, "structure", list};
  for (const auto &[key, value] : numericsText(chip.numerics)) {
    auto from = chip.numerics.provenance.find(key);
    bool isKnown = from != chip.numerics.provenance.end();
    numerics.add(key, value, isKnown ? from->second : Provenance::assumed);
  }
  visitStructure(chip, structure);
  return list;
}

std::vector<Listed> listRates(const Chip &chip) {
  std::vector<Listed> list;
  Lister rates{chip, "rates", list}, operations{chip, "lane_operations", list},
      energy{chip, "energy", list};
  visitRates(chip, rates);
  for (const auto &[key, cycles] : chip.rates.vectorCyclesPerElement)
    rates("vector_cycles." + key, cycles, vectorCyclesRange);
  visitLaneOperations(chip, operations);
  visitEnergies(chip, energy);
  return list;
}

std::vector<Listed> listMechanisms(const Chip &chip, bool areCompiled) {
  std::vector<Listed> list;
  Lister mechanisms{chip, "mechanisms", list};
  for (const Mechanism &m : mechanismTable)
    if (m.isCompiled != areCompiled)
      continue;
    else if (auto found = chip.mechanisms.find(m.key); found != chip.mechanisms.end())
      mechanisms(m.key, found->second, m.range);
  return list;
}

std::vector<std::string> Chip::assumptions() const {
  std::vector<std::string> lines;
  for (const std::vector<Listed> &list :
       {listStructure(*this), listRates(*this), listMechanisms(*this, /*areCompiled=*/true),
        listMechanisms(*this, /*areCompiled=*/false)})
    for (const Listed &n : list)
      if (n.from != Provenance::quoted)
        lines.push_back(n.key + " = " + n.value + " [" + std::string(toString(n.from)) + "]");
  return lines;
}

std::vector<std::string> shippedNames() {
  std::vector<std::string> names;
  for (const Shipped *s = shippedBegin(); s != shippedEnd(); ++s)
    names.push_back(s->name);
  std::sort(names.begin(), names.end()); // file names sort otherwise: '-' comes before '.'
  return names;
}

/// Reads a file, or sets errno. Stops behind what `parse` would accept: the path may name a device.
static bool readText(const std::string &path, std::string &text) {
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rb"),
                                                        std::fclose);
  if (!file)
    return false;
  char buffer[4096];
  while (text.size() <= maxDescriptionBytes) {
    size_t n = std::fread(buffer, 1, sizeof buffer, file.get());
    text.append(buffer, n);
    if (n < sizeof buffer)
      break;
  }
  return !std::ferror(file.get());
}

Result<Chip> load(const std::string &nameOrPath) {
  for (const Shipped *s = shippedBegin(); s != shippedEnd(); ++s)
    if (nameOrPath == s->name)
      return parse(s->yaml, nameOrPath + ".yaml");

  std::string yaml;
  errno = 0;
  if (readText(nameOrPath, yaml))
    return parse(yaml, nameOrPath);

  // A path that cannot be read, or a name we do not ship: one message that helps with both.
  std::string shipped;
  for (const std::string &name : shippedNames())
    shipped += (shipped.empty() ? "" : ", ") + name;
  bool isPath =
      nameOrPath.find('/') != std::string::npos || nameOrPath.find('.') != std::string::npos;
  if (isPath)
    return Error{nameOrPath + ": cannot read the chip description: " + std::strerror(errno)};
  return Error{"unknown chip '" + nameOrPath + "', expected one of " + shipped +
               ", or the path of a YAML file"};
}

} // namespace slp::chip
