//===- Groups.cpp - which instruction belongs to which node and phase -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Groups.h"

#include <map>
#include <utility>

namespace slp::timing {

const char *phaseName(int phase) {
  static constexpr const char *names[] = {"fp", "bp", "wg", "up"};
  return phase >= 0 && phase < 4 ? names[phase] : "-";
}

Groups::Groups() : groups(1) {}

Groups::Groups(const image::Image &image) : groups(1) {
  const image::Debug &debug = image.debug;
  std::map<std::pair<int32_t, int8_t>, uint32_t> known{{{-1, -1}, 0}};
  groupOfPc.reserve(debug.records.size());
  for (const image::DebugRecord &record : debug.records) {
    auto [it, isNew] =
        known.try_emplace({record.node, record.phase}, static_cast<uint32_t>(groups.size()));
    if (isNew) {
      bool named = record.node >= 0 && size_t(record.node) < debug.nodes.size();
      groups.push_back({record.node, record.phase, named ? debug.nodes[record.node] : "-"});
    }
    groupOfPc.push_back(it->second);
  }
}

} // namespace slp::timing
