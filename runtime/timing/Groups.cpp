//===- Groups.cpp - which instruction belongs to which node and phase -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Groups.h"

#include <map>
#include <tuple>
#include <utility>

namespace slp::timing {

const char *phaseName(int phase) {
  static constexpr const char *names[] = {"fp", "bp", "wg", "up"};
  return phase >= 0 && phase < 4 ? names[phase] : "-";
}

Groups::Groups() : groups(1) {}

static Group groupOf(const image::Debug &debug, const image::DebugRecord &record) {
  Group group;
  group.phase = record.phase;
  auto node = static_cast<size_t>(record.node);
  if (record.node >= 0 && node < debug.nodes.size()) {
    group.name = debug.nodes[node];
    if (node < debug.ops.size())
      group.op = debug.ops[node];
  }
  return group;
}

Groups::Groups(const image::Image &image) : groups(1) {
  std::map<std::pair<int32_t, int8_t>, uint32_t> indices; // by what the record says
  // By what they are called: an image may list a node and its op twice.
  std::map<std::tuple<std::string, std::string, int8_t>, uint32_t> known{{{"-", "-", -1}, 0}};
  groupOfPc.reserve(image.debug.records.size());
  for (const image::DebugRecord &record : image.debug.records) {
    auto [index, isNewRecord] = indices.try_emplace({record.node, record.phase}, 0);
    if (isNewRecord) {
      Group group = groupOf(image.debug, record);
      auto [it, isNew] = known.try_emplace({group.name, group.op, group.phase},
                                           static_cast<uint32_t>(groups.size()));
      if (isNew)
        groups.push_back(group);
      index->second = it->second;
    }
    groupOfPc.push_back(index->second);
  }
}

} // namespace slp::timing
