//===- Table.cpp - the summary that people read -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/views/Table.h"

#include <algorithm>
#include <cstdio>

namespace slp::views {

std::string grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  return digits;
}

template <typename... Args> static std::string formatted(const char *format, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

/// `cells` per line, the first column left, the others right aligned.
static std::string aligned(const std::vector<std::vector<std::string>> &lines) {
  std::vector<size_t> widths(lines[0].size());
  for (const auto &line : lines)
    for (size_t c = 0; c < line.size(); ++c)
      widths[c] = std::max(widths[c], line[c].size());
  std::string text;
  for (const auto &line : lines) {
    for (size_t c = 0; c < line.size(); ++c) {
      std::string padding(widths[c] - line[c].size(), ' ');
      text += c == 0 ? line[c] + padding : "  " + padding + line[c];
    }
    text += "\n";
  }
  return text;
}

static std::vector<std::string> lineOf(const std::string &name, const Totals &totals,
                                       int64_t allCycles, size_t runs, const Record &record) {
  auto mean = [&](uint64_t value) { return grouped((value + runs / 2) / runs); };
  energy::Breakdown e = totals.energy(record.chip);
  double share = allCycles ? 100.0 * double(totals.wallCycles()) / double(allCycles) : 0;
  return {name,
          mean(uint64_t(totals.wallCycles())),
          formatted("%.1f %%", share),
          formatted("%.1f %%", 100 * totals.utilisation(record.chip)),
          mean(totals.activity.macs()),
          mean(totals.dramBytes()),
          formatted("%.3f", e.chip() / double(runs) * 1e-6),
          formatted("%.3f", e.dram / double(runs) * 1e-6)};
}

std::string phaseTable(const Record &record) {
  if (!record.measurement || record.steps.empty())
    return "";
  const Measurement &measurement = *record.measurement;
  size_t runs = record.steps.size();
  Totals all = measurement.totals(record.groups);
  std::vector<std::vector<std::string>> lines = {
      {"phase", "cycles", "share", "utilisation", "MACs", "DRAM bytes", "chip uJ", "DRAM uJ"}};
  for (int phase : {0, 1, 2, 3, -1}) {
    Totals totals = measurement.totals(
        record.groups, [&](const timing::Group &group) { return group.phase == phase; });
    if (totals.wallCycles() > 0 || totals.activity.instructions > 0)
      lines.push_back(lineOf(phase < 0 ? "other" : timing::phaseName(phase), totals,
                             all.wallCycles(), runs, record));
  }
  lines.push_back(lineOf("all", all, all.wallCycles(), runs, record));

  double clock = record.chip.rates.clockHz;
  double seconds = record.seconds(all.wallCycles()) / double(runs);
  std::string text = formatted("per %s, mean of %zu, on %s:\n", record.settings.entry.c_str(), runs,
                               record.chip.name.c_str());
  text += aligned(lines);
  text +=
      formatted("one %s of %lld images takes %.6g ms at %.6g MHz\n", record.settings.entry.c_str(),
                static_cast<long long>(record.batch), seconds * 1e3, clock * 1e-6);
  return text;
}

/// Whether an entry of Chip::assumptions has this tag.
static bool isTagged(const std::string &entry, chip::Provenance from) {
  std::string end = " [" + std::string(chip::toString(from)) + "]";
  return entry.size() >= end.size() && entry.substr(entry.size() - end.size()) == end;
}

static constexpr chip::Provenance notQuoted[] = {
    chip::Provenance::derived, chip::Provenance::recalled, chip::Provenance::assumed};

std::string assumptionsLine(const chip::Chip &chip) {
  std::vector<std::string> lines = chip.assumptions();
  if (lines.empty())
    return "";
  std::string counts;
  for (chip::Provenance from : notQuoted) {
    auto count = std::count_if(lines.begin(), lines.end(),
                               [&](const std::string &entry) { return isTagged(entry, from); });
    if (count)
      counts += (counts.empty() ? "" : ", ") + std::to_string(count) + " " +
                std::string(chip::toString(from));
  }
  return "Cycles and energy rest on " + std::to_string(lines.size()) +
         " numbers that are not quoted from the makers of " + chip.name + " (" + counts +
         "); --assumptions lists them.\n";
}

std::string assumptionsFoot(const chip::Chip &chip, size_t width) {
  std::vector<std::string> lines = chip.assumptions();
  if (lines.empty())
    return "";
  std::string text = "Rests on numbers that are not quoted from the makers of " + chip.name + ":\n";
  for (chip::Provenance from : notQuoted) {
    std::string tag(chip::toString(from)), end = " [" + tag + "]", section, line;
    for (const std::string &entry : lines) { // "section.key = value [tag]"
      if (!isTagged(entry, from))
        continue;
      size_t dot = entry.find('.');
      std::string word = entry.substr(dot + 1, entry.size() - end.size() - dot - 1);
      if (entry.substr(0, dot) != section) { // a section is named once
        section = entry.substr(0, dot);
        word = section + ": " + word;
      }
      if (line.empty()) {
        line = "  " + tag + ": " + word;
      } else if (line.size() + word.size() + 3 > width) { // "; " before and ";" behind it
        text += line + ";\n";
        line = "    " + word;
      } else {
        line += "; " + word;
      }
    }
    if (!line.empty())
      text += line + "\n";
  }
  return text;
}

} // namespace slp::views
