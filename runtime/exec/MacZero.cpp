//===- MacZero.cpp - sums of nothing ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Mac.h"
#include "runtime/exec/Prepare.h"
#include "runtime/isa/StructZero.h.inc"

namespace slp::exec {

static Status zeroPart(CorePart &part, const Issue &issue) {
  Result<TileView> acc = part.view(issue.operand[0], "acc");
  if (!acc)
    return acc.takeError();
  if (part.hasValues())
    clearElements(*acc);
  part.noteWrite(*acc);
  if (part.countsWork)
    part.countWrite(*acc);
  return Status::success();
}

Status zero(State &state, const mach::Zero &) {
  Result<Issue> issue = prepareOperands(state);
  if (!issue)
    return issue.takeError();
  issue->execute = zeroPart;
  return state.submit(*issue);
}

} // namespace slp::exec
