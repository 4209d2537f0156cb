//===- Position.cpp - where training stands in its data ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Position.h"

namespace slp::api {

static std::string describe(const Position &p) {
  std::string order = p.order == data::Order::file
                          ? "--order=file"
                          : "--order=shuffled, --seed=" + std::to_string(p.seed);
  return std::to_string(p.samples) + " samples, batches of " + std::to_string(p.batch) + ", " +
         order;
}

static bool sameCourse(const Position &a, const Position &b) {
  return a.samples == b.samples && a.batch == b.batch && a.order == b.order &&
         (a.order == data::Order::file || a.seed == b.seed);
}

Position resume(const Position &saved, const Position &now, std::string &note) {
  Position at = now;
  at.epochs = saved.epochs;
  at.steps = saved.steps;
  note.clear();
  if (sameCourse(saved, now))
    return at;
  bool isInside = saved.steps > 0;
  if (isInside)
    ++at.epochs, at.steps = 0;
  note = "the state was saved in a training of " + describe(saved) + "; this one has " +
         describe(now) +
         (isInside ? ", and begins with a new epoch, " : ", and goes on with epoch ") +
         std::to_string(at.epochs + 1);
  return at;
}

} // namespace slp::api
