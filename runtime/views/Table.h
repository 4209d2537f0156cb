//===- Table.h - the summary that people read -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Printed by slp-sim at the end of a run: cycles, utilisation, work, traffic and energy per phase,
// and the numbers they rest on.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_VIEWS_TABLE_H
#define RUNTIME_VIEWS_TABLE_H

#include "runtime/views/Record.h"

#include <string>

namespace slp::views {

/// Per phase and in all, as means per run of the entry point. Empty if time was not simulated.
std::string phaseTable(const Record &record);
/// "Rests on numbers that are not quoted from the makers of lnpu: ...": by provenance, then by
/// section of the description, wrapped at `width` columns. Only what timing and energy use: the
/// format's definition is in the numerics.
std::string assumptionsFoot(const chip::Chip &chip, size_t width = 100);
/// One line that counts them by provenance and names the flag that lists them; empty if all are
/// quoted.
std::string assumptionsLine(const chip::Chip &chip);
/// 1234567 as "1,234,567".
std::string grouped(uint64_t value);

} // namespace slp::views

#endif // RUNTIME_VIEWS_TABLE_H
