//===- MacWeightGrad.h - convolution, gradient of the weights ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The instruction on a group of cores: MacWeightGrad.cpp computes, CountWeightGrad.cpp counts what
// the timing model and the statistics want to know.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MACWEIGHTGRAD_H
#define RUNTIME_EXEC_MACWEIGHTGRAD_H

#include "runtime/exec/CountItems.h"
#include "runtime/exec/CountMasked.h"
#include "runtime/exec/Mac.h"
#include "runtime/exec/MacMasks.h"
#include "runtime/isa/EnumSkip.h.inc"

#include <map>
#include <vector>

namespace slp::exec {

/// conv.wg of cores that read one input tile, each with output channels of its own, or one error
/// tile, each with input channels of its own. The output channels of all cores lie side by side in
/// the lanes, their input channels below each other in the rows.
class WeightGradient {
public:
  WeightGradient(CoreGroup &g, const Issue &i)
      : group(g), issue(i), window(i.window), scratch(MacScratch::ofThread()),
        chip(g.parts[0]->chip), codec(g.parts[0]->codec), kernels(g.parts[0]->kernels),
        countsWork(g.parts[0]->countsWork), sharesInput(g.shared == 1),
        chainPerImage(chip.numerics.hasChainPerImage()), block(MacEngine::rowBlock(chip.numerics)) {
  }

  /// Adds a core. False: it reads other elements of the shared tile than those before it.
  Result<bool> add(CorePart &part);
  void run();

private:
  struct Core {
    CorePart *part = nullptr;
    TileView acc, x, dy;
    TileView chain;  // of the image in work; `acc` itself where one chain runs through all images
    int64_t row = 0; // its first joint row
    uint64_t nonZeroInputs = 0;
    Mask gate, group;
  };
  /// Rows of one core, or of all if they share them: what one task computes and counts.
  struct Chunk {
    size_t core = 0;
    int64_t first = 0, rows = 0; // of the joint rows
    num::Events events;
    std::vector<uint64_t> nonZeroTerms, bothWide; // by lane
    uint64_t wideInputs = 0;
    // Where zeros are skipped: terms whose streamed operand is none and whose other one is FP16.
    std::vector<uint64_t> metByWide;
  };

  Status resolveChain(Core &core) const;
  Status checkImages(const Core &core) const;
  Status resolveNeeds(Core &core) const;
  Status resolveMasks(Core &core) const;
  bool fits(const Core &core) const;
  bool hasRoom(const Core &core) const;
  void placeInput();
  void listChunks();
  void packInput(Core &core, int64_t ofGroup, int64_t image);
  void packError(int64_t ofGroup, int64_t image, int64_t laneBlock);
  void closeErrors(int64_t image, int64_t laneBlock);
  std::vector<uint16_t> openLanes(const Chunk &chunk, int64_t laneBlock, uint16_t &used) const;
  void gatherColumns(MacScratch &task, int64_t firstRow, int64_t rows) const;
  void runChunk(Chunk &chunk, int64_t ofGroup, const MacEngine &engine);
  void countChunk(Chunk &chunk, MacScratch &task) const;
  void joinTotal(const MacEngine &engine);
  void compute();
  template <typename F> void forTiles(F f) const;
  void loadLanes(TileView Core::*view, int64_t ofGroup, std::vector<float> &to) const;
  void storeLanes(TileView Core::*view, int64_t ofGroup, const std::vector<float> &from) const;
  uint32_t presentTaps(int64_t pixel) const;
  uint64_t presentTerms() const;
  WindowAxis rowAxis() const;
  WindowAxis columnAxis() const;
  std::vector<ItemSize> sizesOfTaps() const;
  std::vector<uint8_t> pixelsOf(int64_t firstRow, int64_t rows) const;
  void listKindsOfRows();
  void countErrors(int64_t laneBlock, int64_t ofGroup);
  void reportItems(size_t index) const;
  void reportErrorItems(size_t index) const;
  void noteAccesses(const Core &core) const;
  void reportWork(size_t index) const;
  MaskedConv maskedOf(const Core &core) const;

  const TileView &firstAcc() const { return cores.front().acc; }
  const TileView &firstError() const { return cores.front().dy; }
  const Mask &firstGate() const { return cores.front().gate; } // there are gates on all or none
  int64_t taps() const { return firstAcc().box.size[3] * firstAcc().box.size[4]; }
  int64_t rowsOf(const Core &core) const { return core.acc.box.size[2] * taps(); }
  int64_t pixels() const { return firstError().box.size[3] * firstError().box.size[4]; }
  int64_t width() const { return roundUp(pixels(), block); }

  CoreGroup &group;
  const Issue &issue;
  const Window &window;
  MacScratch &scratch;
  const chip::Chip &chip;
  const Codec &codec;
  const MacKernels &kernels;
  bool countsWork, sharesInput, chainPerImage;
  int block; // terms of a block
  std::vector<Core> cores;
  JointLanes lanes; // with a shared error those of the first core, which are everyone's
  int64_t rowsTotal = 0;
  std::vector<Chunk> chunks;
  // Packed input: rows and columns from these coordinates on, padding included.
  int64_t firstY = 0, spanY = 0, firstX = 0, spanX = 0;
  bool isMixed = false; // and to be counted
  // Whether the tile holds the first and the last row of its images, and the mode in effect.
  bool open = false, close = false;
  mach::AccMode mode{};
  // Of the packed error, where it is mixed: the bit set of FP16 lanes of each block and pixel, and
  // for each lane the taps that its FP16 elements meet.
  bool skipsInputs() const { return countsWork && issue.skip == mach::Skip::a; }
  bool skipsErrors() const { return countsWork && issue.skip == mach::Skip::b; }
  // Streamed elements that are not zero, over all images: inputs by group and joint row; errors by
  // group, kind of the rows that meet them, and lane; how many taps these errors meet, and how many
  // there are, by lane.
  std::vector<uint64_t> nonZeroInputs, nonZeroErrors, tapsOfErrors, errorsOfLane;
  // Which pixels some row of a group of rows meets inside the extents: the kinds there are.
  std::map<std::vector<uint8_t>, size_t> kindsOfRows;
  std::vector<uint16_t> wideErrors;
  std::vector<uint64_t> metByWide;
  std::vector<uint32_t> tapsOfPixel;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_MACWEIGHTGRAD_H
