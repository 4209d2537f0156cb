//===- CostModel.h - cycles of a tiled nest, without compiling it -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What one instruction or transfer costs is asked of the machine's own functions, on numbers: work
// items of runtime/exec/CountItems.h and LaneWork.h, cycles of runtime/timing/Costs.h, bursts of
// runtime/isa/Addresses.h. docs/tiling.md says what is estimated and how well.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_COSTMODEL_H
#define LIB_ANALYSIS_COSTMODEL_H

#include "dialects/Chip/ChipNest.h"
#include "lib/Analysis/NestPlan.h"
#include "runtime/exec/MacItems.h"
#include "runtime/isa/Addresses.h"
#include "runtime/timing/Costs.h"

#include "llvm/ADT/DenseMap.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace slp {

/// Where the elements of a nest's buffers lie in DRAM, counted from the tensor's address; nothing
/// for a buffer of no tensor, or of one that stays on the chip.
using BufferPlaces = std::vector<std::optional<mach::PlacedView>>;
BufferPlaces placesOf(const chip_ir::NestView &nest, const mlir::SymbolTable &symbols);

/// Cycles of a nest.
struct NestEstimate {
  static constexpr size_t engines = chip_ir::getMaxEnumValForEngine() + 1;
  /// By engine: cycles in which it works. Of those that each core has, transfers of all cores come
  /// one after the other, and the busiest core multiplies.
  std::array<double, engines> busy{};
  /// The same of what they share: DRAM's channel, the transport in each direction, the sequencer.
  double dram = 0, toCores = 0, fromCores = 0, issue = 0;
  /// Of the whole nest by itself, from its first instruction to the end of its last store.
  double cycles = 0;

  /// The most of all these but `cycles`, and whose it is: "dram", "engine mac", ...
  double bound() const;
  std::string boundBy() const;
};

/// A chip as its costs are asked for.
struct ChipCosts {
  explicit ChipCosts(const chip::Chip &of) : chip(of), oneCore(of), costs(of) {
    oneCore.structure.cores.value = 1;
  }
  const chip::Chip &chip;
  chip::Chip oneCore; // the same with one core (NestTiming.h)
  timing::Costs costs;
};

/// Costs of one nest on one chip. It keeps references to what it is made of, and remembers costs of
/// tiles, which tilings have in common.
class CostModel {
public:
  CostModel(const chip_ir::NestView &nest, const BufferPlaces &places, const ChipCosts &of);

  /// What engines do, and how often.
  NestPlan plan(const chip_ir::Tiling &tiling);
  /// By buffer, bytes of DRAM bursts beyond those of its elements, in the whole nest.
  std::vector<double> wastedBytes(const chip_ir::Tiling &tiling);
  /// Cycles by closed formulas: of each engine, and, for the whole, what waits for what in one
  /// iteration of each loop.
  NestEstimate guess(const chip_ir::Tiling &tiling);
  /// The same, and the cycles of the whole by runtime/timing's model, which runs the first
  /// iterations (NestTiming.h).
  NestEstimate estimate(const chip_ir::Tiling &tiling);

private:
  /// All tiles of a buffer added up.
  struct TileSum {
    double tiles = 0, elements = 0, dramBytes = 0;
  };
  /// Tiles along a loop that cost the same.
  struct TileClass {
    int64_t first = 0, count = 0; // number of one of them, and how many
  };
  /// Tiles of which the cores have one each in the same step.
  struct StepClass {
    mlir::SmallVector<int64_t, 4> tiles; // one of each class
    int64_t count = 0;
  };
  struct Operand {
    unsigned buffer;
    bool isRead, isWritten;
  };
  struct Run {
    mutable chip_ir::EngineInstruction op; // a handle, whose methods are not const
    chip_ir::Engine engine;
    mach::Opcode opcode;
    uint8_t function = 0;
    bool hasMore = false, isWide = false;
    mlir::ArrayRef<int64_t> window;
    mlir::SmallVector<Operand> operands;
    unsigned result = 0;                 // buffer of its first destination
    mlir::SmallVector<unsigned> sources; // buffers of its only read operands
    mlir::SmallVector<unsigned> loops;   // mac: those that its operands follow
    std::optional<mlir::SmallVector<int64_t>> iterates;
  };

  int64_t tilesOf(unsigned loop, const chip_ir::Tiling &tiling) const;
  int64_t tripsOf(unsigned loop, const chip_ir::Tiling &tiling) const;
  unsigned depthOf(const NestPlan &plan, const Run &run) const;
  unsigned depthOf(const NestPlan &plan, unsigned buffer) const;
  const TileSum &sumOfTiles(unsigned buffer, const chip_ir::Tiling &tiling);
  /// Steps of the buffer's loops; its tiles in one of them.
  double stepsOf(unsigned buffer, const chip_ir::Tiling &tiling) const;
  bool isSplit(unsigned buffer, const chip_ir::Tiling &tiling) const;
  double elementsIn(unsigned buffer, const chip_ir::Tiling &tiling);
  double activeCores(const chip_ir::Tiling &tiling) const;
  PlannedWork transfer(unsigned buffer, bool isLoad, const NestPlan &plan,
                       const chip_ir::Tiling &tiling);
  PlannedWork work(unsigned run, const NestPlan &plan, const chip_ir::Tiling &tiling);
  double pairsOf(const Run &run) const;
  double macCycles(const Run &run, const chip_ir::Tiling &tiling);
  mlir::SmallVector<StepClass> stepClasses(const Run &run, unsigned loop,
                                           const chip_ir::Tiling &tiling) const;
  double cyclesAt(const Run &run, const chip_ir::Tiling &tiling,
                  mlir::ArrayRef<int64_t> tileOfLoop);
  exec::MacItems itemsAt(const Run &run, mlir::ArrayRef<mach::AddressMap::Coordinates> lo,
                         mlir::ArrayRef<mach::AddressMap::Coordinates> size) const;
  double cyclesOf(const PlannedWork &work) const;
  NestEstimate guess(const NestPlan &plan, const chip_ir::Tiling &tiling) const;

  const chip_ir::NestView &nest;
  const BufferPlaces &places;
  const chip::Chip &chip, &oneCore;
  const timing::Costs &costs;
  std::vector<Run> runs;
  mlir::SmallVector<mlir::SmallVector<unsigned>> loopsOfBuffer;
  double dramCyclesPerByte, toCoresCyclesPerByte, fromCoresCyclesPerByte;
  llvm::DenseMap<uint64_t, TileSum> sums;   // by buffer and the sizes of its loops
  llvm::DenseMap<uint64_t, double> macs;    // by run and what it has of its loops
  llvm::DenseMap<uint64_t, double> atTiles; // the same of one tile
};

} // namespace slp

#endif // LIB_ANALYSIS_COSTMODEL_H
