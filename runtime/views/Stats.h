//===- Stats.h - the file of `slp-sim --stats` ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// JSON with the schema of docs/stats-schema.md. A change of meaning or a removed field raises the
// version.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_VIEWS_STATS_H
#define RUNTIME_VIEWS_STATS_H

#include "runtime/views/Record.h"

#include <nlohmann/json.hpp>

namespace slp::views {

constexpr int statsVersion = 2;

nlohmann::ordered_json statsOf(const Record &record);
/// Writes statsOf(record) to `path`, whole or not at all.
Status writeStats(const Record &record, const std::string &path);

} // namespace slp::views

#endif // RUNTIME_VIEWS_STATS_H
