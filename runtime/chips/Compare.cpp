//===- Compare.cpp - how two chip descriptions differ, and what to doubt in one ---------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by whoever replaces an image's description by another, and by the tools that say what a
// description is worth.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/chips/Fields.h"

#include <algorithm>
#include <charconv>

namespace slp::chip {

/// Differences of two lists, in the order of `from`; what only `to` has follows.
static void compare(const std::vector<Listed> &from, const std::vector<Listed> &to,
                    std::vector<Difference> &differences) {
  auto find = [](const std::vector<Listed> &list, const std::string &key) {
    return std::find_if(list.begin(), list.end(), [&](const Listed &n) { return n.key == key; });
  };
  for (const Listed &n : from) {
    auto other = find(to, n.key);
    if (other == to.end())
      differences.push_back({n.key, n.value, "none"});
    else if (other->value != n.value)
      differences.push_back({n.key, n.value, other->value});
  }
  for (const Listed &n : to)
    if (find(from, n.key) == from.end())
      differences.push_back({n.key, "none", n.value});
}

std::vector<Difference> structureDifferences(const Chip &from, const Chip &to) {
  std::vector<Difference> differences;
  for (const Feature &f : featureTable)
    if (from.has(f.name) != to.has(f.name))
      differences.push_back({std::string("feature ") + f.name, from.has(f.name) ? "yes" : "no",
                             to.has(f.name) ? "yes" : "no"});
  compare(listStructure(from), listStructure(to), differences);
  compare(listMechanisms(from, /*areCompiled=*/true), listMechanisms(to, /*areCompiled=*/true),
          differences);
  return differences;
}

std::vector<Difference> ratesDifferences(const Chip &from, const Chip &to) {
  std::vector<Difference> differences;
  compare(listRates(from), listRates(to), differences);
  compare(listMechanisms(from, /*areCompiled=*/false), listMechanisms(to, /*areCompiled=*/false),
          differences);
  return differences;
}

std::string describe(const std::vector<Difference> &differences, size_t limit) {
  std::string text;
  for (size_t i = 0; i < std::min(limit, differences.size()); ++i)
    text += (i ? "; " : "") + differences[i].key + " " + differences[i].from + ", now " +
            differences[i].to;
  if (differences.size() > limit)
    text += "; and " + std::to_string(differences.size() - limit) + " more";
  return text;
}

static std::string number(double value) {
  char digits[64];
  auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
  return std::string(digits, end.ptr);
}

static std::string clockText(const Chip &chip) {
  return number(double(chip.rates.clockHz) / 1e6) + " MHz";
}
static std::string supplyText(const Chip &chip) { return number(chip.rates.supplyVolts) + " V"; }

static bool sameEnergies(const Chip &a, const Chip &b) {
  std::vector<double> values[2];
  for (size_t i = 0; i < 2; ++i)
    visitEnergies(i == 0 ? a : b, [&](const char *, const Sourced<double> &n, const Range &) {
      values[i].push_back(n.value);
    });
  return values[0] == values[1];
}

/// What chips of this kind run at: near the threshold of transistors at one end, beyond what any
/// process bears at the other.
static constexpr double leastVolts = 0.3, mostVolts = 2, leastHertz = 1e6, mostHertz = 5e9;

std::vector<std::string> warnings(const Chip &chip) {
  const double volts = chip.rates.supplyVolts, hertz = chip.rates.clockHz;
  const std::string energies =
      "the energies do not scale by themselves and are taken as they stand";
  std::vector<std::string> lines;

  // Energies that were copied belong to the operating point that they were found for. The lower
  // clock of one supply is another matter: only the static share depends on it.
  std::vector<Chip> copied;
  for (const Shipped *s = shippedBegin(); s != shippedEnd(); ++s)
    if (Result<Chip> shipped = parse(s->yaml, s->name); shipped && sameEnergies(chip, *shipped))
      copied.push_back(shipped.take());
  auto fits = [&](auto sameAs) { return std::any_of(copied.begin(), copied.end(), sameAs); };
  bool hasSupply = fits([&](const Chip &c) { return double(c.rates.supplyVolts) == volts; });
  bool hasClock = fits([&](const Chip &c) { return double(c.rates.clockHz) >= hertz; });
  bool isOddSupply = volts < leastVolts || volts > mostVolts;
  bool isOddClock = hertz < leastHertz || hertz > mostHertz;
  if (!copied.empty() && !hasSupply)
    lines.push_back("rates.supply: " + supplyText(chip) + " with the energies of " +
                    copied[0].name + " at " + supplyText(copied[0]) + ": " + energies);
  else if (isOddSupply)
    lines.push_back("rates.supply: " + supplyText(chip) + ", outside " + number(leastVolts) +
                    " to " + number(mostVolts) + " V: " + energies);
  if (!copied.empty() && !hasClock)
    lines.push_back("rates.clock: " + clockText(chip) + " with the energies of " + copied[0].name +
                    " at " + clockText(copied[0]) + ": " + energies);
  else if (isOddClock)
    lines.push_back("rates.clock: " + clockText(chip) + ", outside " + number(leastHertz / 1e6) +
                    " to " + number(mostHertz / 1e6) + " MHz: " + energies);
  return lines;
}

} // namespace slp::chip
