//===- CoreUse.cpp - does a nest gain from the cores it is given? -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The split over cores keeps as many of them busy as possible and, among such splits, moves the
// least data. More cores may so lead to a split that moves much more. Without a model of cycles two
// things can be said of a choice for certain: no run of it is shorter than the multiplications of
// its busiest core, and none is shorter than its transfers. Where the longer of the two is less
// with fewer cores, the user should know.
//
//===----------------------------------------------------------------------------------------===//

#include "Nest.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace slp;

/// Multiplications of one point of all loops.
static int64_t termsOfPoint(const Nest &nest, const NestRun &run) {
  int64_t terms = 1;
  if (run.geometry.size() >= 2)
    terms = run.geometry[0] * run.geometry[1];
  if (run.instruction == "conv.wg") // whose tiles hold whole rows
    terms *= nest.buffers[run.ins[1]].dims.back().extent;
  return terms;
}

static const NestRun *macRun(const Nest &nest) {
  for (const NestRun &run : nest.runs)
    if (!run.epilogue)
      return &run;
  return nullptr;
}

/// Tiles of a loop, in all.
static int64_t tilesOf(const Nest &nest, const TileChoice &choice, unsigned loop) {
  return llvm::divideCeil(nest.loops[loop].extent, choice.tile[loop]);
}

CoreUse slp::coreUseOf(const Nest &nest, const chip::Chip &chip, const TileChoice &choice) {
  CoreUse use;
  use.cores = choice.cores;
  use.dramBytes = dramTraffic(nest, chip, choice);
  use.busy = choice.split < 0 ? 1 : std::min(choice.cores, tilesOf(nest, choice, choice.split));
  double points = 1, steps = 1;
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop) {
    int64_t tiles = tilesOf(nest, choice, loop), extent = nest.loops[loop].extent;
    if (int(loop) == choice.split) { // the core that has the first tile of each round
      tiles = llvm::divideCeil(tiles, choice.cores);
      extent = std::min(extent, tiles * choice.tile[loop]);
    }
    points *= double(extent);
    steps *= double(tiles);
  }
  use.steps = int64_t(steps);
  const NestRun *run = macRun(nest);
  if (!run)
    return use;
  bool wide = llvm::any_of(ArrayRef(run->ins).take_front(2), [&](unsigned in) {
    return chip_ir::elementBytes(nest.buffers[in].element) > 1;
  });
  double rate = wide ? chip.rates.fp16MacsPerCycle : chip.rates.fp8MacsPerCycle;
  use.macCycles =
      points * double(termsOfPoint(nest, *run)) / rate + steps * double(chip.rates.macStartCycles);
  use.dramCycles = double(use.dramBytes) * chip.rates.clockHz /
                   (chip.rates.dramBytesPerSecond * chip.rates.dramEfficiency);
  return use;
}

std::optional<CoreUse> slp::betterWithFewerCores(const Nest &nest, const chip::Chip &chip,
                                                 const TileOptions &options, const CoreUse &use) {
  // What does not fit on fewer cores is no error of the user's.
  ScopedDiagnosticHandler silence(nest.loc->getContext(), [](Diagnostic &) { return success(); });
  std::optional<CoreUse> best;
  for (int64_t cores = use.cores / 2; cores >= 1; cores /= 2) {
    TileOptions fewer = options;
    fewer.cores = cores;
    FailureOr<TileChoice> choice = chooseTiles(nest, chip, fewer);
    if (failed(choice))
      continue;
    CoreUse other = coreUseOf(nest, chip, *choice);
    if (other.leastCycles() < (best ? best->leastCycles() : use.leastCycles()))
      best = other;
  }
  return best;
}
