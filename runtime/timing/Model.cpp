//===- Model.cpp - from what happened to how long it took -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Model.h"

#include "runtime/timing/Run.h"

namespace slp::timing {

Model::Model(const chip::Chip &chip, const Groups &groups)
    : costs(std::make_unique<Costs>(chip)), groups(groups) {}

Model::~Model() = default;

void Model::issued(const exec::Event &event) {
  if (!run)
    run = std::make_unique<Run>(*costs, groups, listener);
  // Time behind an error or a halt means nothing.
  if (run->error.empty() && !run->halted)
    run->issue(event);
}

Result<Report> Model::finish() {
  if (!run)
    run = std::make_unique<Run>(*costs, groups, listener);
  if (run->error.empty() && !run->halted)
    run->drain();
  std::unique_ptr<Run> ended = std::move(run);
  if (!ended->error.empty())
    return Error{ended->error};
  return std::move(ended->report);
}

} // namespace slp::timing
