//===- MacConv.cpp - convolution, forward and gradient of the input ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `conv.fp` and `conv.bp` are one computation with exchanged roles: a source tile (x or dy) is
// packed with zeros around it, so that every tap of every output finds its terms at a fixed
// distance. Forward, all outputs share one list of taps. Backward with a stride, the outputs fall
// into phases (row and column modulo the stride) of one list each; taps that meet no error element
// are in no list.
//
// Errors of closed gates and weights of closed groups are zeros in the packed operands, which
// leaves their terms out. Forward, outputs run by which of their lanes have an open gate.
//
// Where channels are packed and the end of a dot group shows, each output's whole sequence of terms
// is laid out once more, zeros standing for absent ones.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CountItems.h"
#include "runtime/exec/CountMasked.h"
#include "runtime/exec/Mac.h"
#include "runtime/exec/MacMasks.h"
#include "runtime/exec/Prepare.h"
#include "runtime/exec/WindowAxis.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"

#include <algorithm>
#include <numeric>

namespace slp::exec {
namespace {

/// Terms whose zeros one word marks.
constexpr int markTerms = 8;

/// conv.fp or conv.bp of cores that read one source tile.
class Convolution {
public:
  Convolution(CoreGroup &g, const Issue &i, bool isBackward)
      : group(g), issue(i), backward(isBackward), scratch(MacScratch::ofThread()),
        chip(g.parts[0]->chip), codec(g.parts[0]->codec), kernels(g.parts[0]->kernels),
        countsWork(g.parts[0]->countsWork), laneDim(isBackward ? 2 : 1),
        termDim(isBackward ? 1 : 2), block(chip.numerics.block()) {}

  /// Adds a core. False: it reads other elements of the source than those before it.
  Result<bool> add(CorePart &part);
  void run();

private:
  /// What differs from core to core. Its tiles are those of the lanes' channels.
  struct Core {
    CorePart *part = nullptr;
    TileView acc, weights, bias;
    Mask gate; // of the outputs, forward
    Mask group;
  };
  /// Outputs that take the same taps: their ranges in the lists of the scratch.
  struct Phase {
    size_t firstPixel, firstTap;
    int pixels, taps;
  };

  const char *sourceName() const { return backward ? "dy" : "x"; }
  Status resolveSource(const TileView &whole, const Box &outputs);
  Status resolveCore(Core &core, const TileView &w);
  Status resolveBias(Core &core) const;
  Status resolveMasks(Core &core) const;
  Result<Mask> readSourceGate(const CorePart &part) const;
  void listPhases();
  void packSource(int64_t ofGroup, int64_t blockIndex);
  void countPacked(int64_t blockIndex);
  void closeErrors(int64_t blockIndex);
  void layOutSequences();
  void countSource(int64_t blockIndex, std::vector<uint32_t> &counts) const;
  void countStreamed(int64_t ofGroup);
  void runLanes(int64_t ofGroup, int64_t laneBlock, const MacEngine &engine, num::Events &events);
  void packWeights(MacScratch &task, int64_t ofGroup, int64_t laneBlock) const;
  void closeWeights(MacScratch &task, int64_t laneBlock) const;
  std::vector<uint16_t> openLanes(int64_t laneBlock, uint16_t &used) const;
  void runSequences(MacScratch &task, int64_t laneBlock, const MacEngine &engine,
                    num::Events &events) const;
  void runLoop(const MacLoop &loop, int64_t laneBlock, MacScratch &task, const MacEngine &engine,
               num::Events &events) const;
  void loadAccumulators(MacScratch &task, int64_t ofGroup, int64_t laneBlock) const;
  void storeAccumulators(MacScratch &task, int64_t ofGroup, int64_t laneBlock) const;
  void compute();
  void noteAccesses(const Core &core) const;
  void reportWork(size_t index);
  void countItems(const Core &core, CoreWork &work) const;
  MaskedConv maskedOf(const Core &core) const;

  int64_t taps() const { return rows.kernel * columns.kernel; }
  int64_t pixels() const { return outputs.size[0] * rows.size * columns.size; }
  int64_t places() const { return outputs.size[0] * rows.span * columns.span; } // of a block
  int64_t sequence() const { return roundUp(taps() * terms, block); } // floats of one output's

  CoreGroup &group;
  const Issue &issue;
  bool backward;
  MacScratch &scratch;
  const chip::Chip &chip;
  const Codec &codec;
  const MacKernels &kernels;
  bool countsWork;
  int laneDim, termDim; // of the weights (g, co, ci, kh, kw)
  int block;            // channels of a block
  std::vector<Core> cores;
  JointLanes lanes;
  Box outputs; // of every core, but for dimension 2, the lanes
  TileView source, wholeSource;
  Mask sourceGate; // of the errors, backward
  WindowAxis rows{}, columns{};
  std::vector<Phase> phases;
  int64_t termLo = 0, terms = 0, blocks = 0;
  mach::AccMode mode{};        // in effect for this tile
  Dims packed{};               // strides of the packed source (n, -, block, row, column), floats
  bool isMixed = false;        // and to be counted
  bool packsChannels = false;  // dot groups take terms of several taps
  bool takesSequences = false; // that shows in the sums
  // Terms of which neither operand is zero, and of which one is FP16.
  std::vector<uint64_t> nonZeroOfLane;
  uint64_t wideTermsOfLane = 0; // of any lane
  // Where zeros are skipped: elements of the packed source that are none, [block][image][row]
  // [column], and those that each output meets, [image][group][row][column].
  std::vector<uint8_t> nonZeroOfBlock;
  std::vector<uint32_t> streamed;
  uint64_t nonZeroOfSource = 0;
};

Status Convolution::resolveSource(const TileView &whole, const Box &ofFirst) {
  const Window &g = issue.window;
  outputs = ofFirst;
  rows = {g.kh, g.sh, g.pt, g.dh, outputs.lo[3], outputs.size[3], whole.extent[3], backward};
  columns = {g.kw, g.sw, g.pl, g.dw, outputs.lo[4], outputs.size[4], whole.extent[4], backward};
  rows.scan();
  columns.scan();
  if (Status st = checkBlockStart(chip, whole, 2, sourceName()); !st)
    return st;
  termLo = whole.box.lo[2];
  packsChannels = isPacked(whole.extent[2]);
  if (packsChannels && whole.box.size[2] != whole.extent[2])
    return Error{std::string("the tile of `") + sourceName() + "` holds " +
                 std::to_string(whole.box.size[2]) + " of " + std::to_string(whole.extent[2]) +
                 " channels, expected all: dot groups would differ"};
  takesSequences = packsChannels && MacEngine::showsGroups(chip.numerics);
  mode = startMode(issue, termLo == 0);
  terms = whole.box.size[2];
  blocks = ceilDiv(terms, block);
  if (Status st = checkPacked(
          {outputs.size[1], outputs.size[0], blocks, rows.span, columns.span, block}, sourceName());
      !st)
    return st;
  if (takesSequences)
    if (Status st = checkPacked({pixels(), sequence()}, sourceName()); !st)
      return st;
  Box need = outputs;
  need.lo[2] = termLo;
  need.size[2] = terms;
  need.lo[3] = rows.needLo;
  need.size[3] = rows.needSize;
  need.lo[4] = columns.needLo;
  need.size[4] = columns.needSize;
  Result<TileView> sourceView = subview(whole, need, sourceName());
  if (!sourceView)
    return sourceView.takeError();
  source = *sourceView;
  isMixed = countsWork && source.format == mach::format::mixed && !issue.fp16;
  return Status::success();
}

Status Convolution::resolveCore(Core &core, const TileView &w) {
  const TileView &acc = core.acc;
  Box needed;
  needed.lo = {acc.box.lo[1], 0, 0, 0, 0};
  needed.size = {acc.box.size[1], 0, 0, issue.window.kh, issue.window.kw};
  needed.lo[size_t(laneDim)] = acc.box.lo[2];
  needed.size[size_t(laneDim)] = acc.box.size[2];
  needed.lo[size_t(termDim)] = termLo;
  needed.size[size_t(termDim)] = terms;
  Result<TileView> weightView = subview(w, needed, "w");
  if (!weightView)
    return weightView.takeError();
  core.weights = *weightView;
  if (Status st = resolveBias(core); !st)
    return st;
  return resolveMasks(core);
}

/// What the outputs start from: by channel, or each its own.
Status Convolution::resolveBias(Core &core) const {
  const TileView &acc = core.acc;
  if (mode != mach::accMode::bias)
    return Status::success();
  Result<TileView> b = core.part->view(issue.operand[3], "bias");
  if (!b)
    return b.takeError();
  Box channels;
  channels.lo = {acc.box.lo[1], acc.box.lo[2], 0, 0, 0};
  channels.size = {acc.box.size[1], acc.box.size[2], 1, 1, 1};
  Result<TileView> biasView = subview(*b, b->rank == 5 ? acc.box : channels, "bias");
  if (!biasView)
    return biasView.takeError();
  core.bias = *biasView;
  return Status::success();
}

Status Convolution::resolveMasks(Core &core) const {
  const Box &acc = core.acc.box;
  if (Status st = checkMaskStart(issue, core.acc, 2); !st)
    return st;
  if (!backward) {
    Box pixels = acc;
    setBlocks(pixels, 2, acc.lo[2], acc.size[2]);
    Result<Mask> gate = Mask::read(*core.part, issue, issue.gate, pixels, "gate");
    if (!gate)
      return gate.takeError();
    core.gate = gate.take();
  }
  Box weights;
  setBlocks(weights, size_t(laneDim), acc.lo[2], acc.size[2]);
  setBlocks(weights, size_t(termDim), termLo, terms);
  weights.size[3] = issue.window.kh;
  weights.size[4] = issue.window.kw;
  Result<Mask> group = Mask::read(*core.part, issue, issue.group, weights, "group");
  if (!group)
    return group.takeError();
  core.group = group.take();
  return Status::success();
}

/// Backward, gates are those of the source.
Result<Mask> Convolution::readSourceGate(const CorePart &part) const {
  Box errors = source.box;
  setBlocks(errors, 2, errors.lo[2], errors.size[2]);
  return Mask::read(part, issue, backward ? issue.gate : -1, errors, "gate");
}

Result<bool> Convolution::add(CorePart &part) {
  Result<TileView> acc = part.view(issue.operand[0], "acc");
  if (!acc)
    return acc.takeError();
  Result<TileView> whole = part.view(issue.operand[1], sourceName());
  if (!whole)
    return whole.takeError();
  Result<TileView> w = part.view(issue.operand[2], "w");
  if (!w)
    return w.takeError();
  if (acc->empty())
    return true;
  Box ofCore = acc->box;
  ofCore.lo[2] = 0; // the lanes
  ofCore.size[2] = 1;
  if (cores.empty()) {
    if (Status s = resolveSource(*whole, ofCore); !s)
      return s.takeError();
  } else if (ofCore.lo != outputs.lo || ofCore.size != outputs.size || whole->box.lo[2] != termLo ||
             whole->box.size[2] != terms || !sameElements(*whole, wholeSource)) {
    return false;
  }
  Result<Mask> gate = readSourceGate(part);
  if (!gate)
    return gate.takeError();
  if (cores.empty())
    sourceGate = gate.take();
  else if (!(sourceGate == *gate))
    return false;
  wholeSource = *whole;
  Core core;
  core.part = &part;
  core.acc = *acc;
  if (Status s = resolveCore(core, *w); !s)
    return s.takeError();
  lanes.add(acc->box.size[2]);
  cores.push_back(core);
  return true;
}

void Convolution::listPhases() {
  scratch.xOffset.clear();
  scratch.accOffset.clear();
  scratch.taps.clear();
  for (int64_t row = 0; row < rows.phases(); ++row)
    for (int64_t column = 0; column < columns.phases(); ++column) {
      Phase phase{scratch.xOffset.size(), scratch.taps.size(), 0, 0};
      for (int64_t n = 0; n < outputs.size[0]; ++n)
        for (int64_t y = 0; y < rows.size; ++y) {
          if (rows.phaseOf(rows.lo + y) != row)
            continue;
          int64_t line = n * packed[0] + rows.outputAt(rows.lo + y) * packed[3];
          int64_t accLine = (n * rows.size + y) * columns.size;
          for (int64_t x = 0; x < columns.size; ++x) {
            if (columns.phaseOf(columns.lo + x) != column)
              continue;
            scratch.xOffset.push_back(int32_t(line + columns.outputAt(columns.lo + x) * packed[4]));
            scratch.accOffset.push_back(int32_t((accLine + x) * macLanes));
          }
        }
      for (int64_t i = 0; i < rows.kernel; ++i)
        for (int64_t j = 0; j < columns.kernel; ++j)
          if (rows.tapInPhase(i, row) && columns.tapInPhase(j, column))
            scratch.taps.push_back(
                {int32_t(rows.tapAt(i) * packed[3] + columns.tapAt(j) * packed[4]),
                 int32_t((i * columns.kernel + j) * block * macLanes)});
      phase.pixels = int(scratch.xOffset.size() - phase.firstPixel);
      phase.taps = int(scratch.taps.size() - phase.firstTap);
      phases.push_back(phase);
    }
}

/// Channels of one block, with zeros around them.
void Convolution::packSource(int64_t ofGroup, int64_t blockIndex) {
  for (int64_t n = 0; n < outputs.size[0]; ++n)
    std::fill_n(scratch.x.data() + n * packed[0] + blockIndex * packed[2], packed[2], 0.0f);
  if (!source.empty()) {
    int64_t first = termLo + blockIndex * block;
    TileView channels = slice(slice(source, 1, ofGroup, 1), 2, first,
                              std::min<int64_t>(block, termLo + terms - first));
    float *to = scratch.x.data() + blockIndex * packed[2] + (rows.needLo - rows.first) * packed[3] +
                (columns.needLo - columns.first) * packed[4];
    codec.gather(channels, to, {packed[0], 0, 1, packed[3], packed[4]});
  }
  if (countsWork)
    countPacked(blockIndex);
  closeErrors(blockIndex);
}

/// Makes zeros of the errors of a block whose gates are closed.
void Convolution::closeErrors(int64_t blockIndex) {
  if (!sourceGate.mayClose())
    return;
  int64_t first = termLo + blockIndex * block;
  forBlocks(first, std::min<int64_t>(block, termLo + terms - first),
            [&](int64_t ofMask, int64_t at, int64_t n) {
              for (int64_t i = 0; i < outputs.size[0]; ++i)
                for (int64_t y = source.box.lo[3]; y < source.end(3); ++y)
                  for (int64_t x = source.box.lo[4]; x < source.end(4); ++x)
                    if (!sourceGate.isOpen(outputs.lo[0] + i, 0, ofMask, y, x))
                      std::fill_n(scratch.x.data() + i * packed[0] + blockIndex * packed[2] +
                                      (y - rows.first) * packed[3] +
                                      (x - columns.first) * packed[4] + at,
                                  n, 0.0f);
            });
}

/// Counts the elements of a block that are not zero, whether or not masks close them.
void Convolution::countPacked(int64_t blockIndex) {
  for (int64_t n = 0; n < outputs.size[0]; ++n) {
    int64_t at = n * packed[0] + blockIndex * packed[2];
    kernels.markNonZero(scratch.x.data() + at, packed[2] / markTerms,
                        scratch.marks.data() + at / markTerms);
  }
  if (!streamed.empty()) {
    uint8_t *to = nonZeroOfBlock.data() + blockIndex * places();
    for (int64_t n = 0; n < outputs.size[0]; ++n) {
      const uint64_t *marks =
          scratch.marks.data() + (n * packed[0] + blockIndex * packed[2]) / markTerms;
      for (int64_t i = 0; i < rows.span * columns.span; ++i) {
        uint64_t bytes = 0;
        for (int part = 0; part < block / markTerms; ++part)
          bytes += *marks++;
        *to++ = uint8_t((bytes * 0x0101010101010101u) >> 56);
      }
    }
  }
  countSource(blockIndex, scratch.counts);
  if (!isMixed)
    return;
  for (int64_t n = 0; n < outputs.size[0]; ++n) {
    int64_t at = n * packed[0] + blockIndex * packed[2];
    markWide(codec, scratch.x.data() + at, packed[2],
             reinterpret_cast<uint8_t *>(scratch.marks.data()) + at);
  }
  countSource(blockIndex, scratch.wideCounts);
}

/// scratch.sequences [output, as in the lists of the phases][kernel row, kernel column, channel].
void Convolution::layOutSequences() {
  clearFloats(scratch.sequences, pixels() * sequence());
  for (const Phase &phase : phases)
    for (size_t p = phase.firstPixel; p < phase.firstPixel + size_t(phase.pixels); ++p)
      for (size_t t = phase.firstTap; t < phase.firstTap + size_t(phase.taps); ++t)
        std::copy_n(scratch.x.data() + scratch.xOffset[p] + scratch.taps[t].x, terms,
                    scratch.sequences.data() + int64_t(p) * sequence() +
                        scratch.taps[t].w / (block * macLanes) * terms);
}

/// For each tap and channel of a block, the outputs whose source element is marked. Eight channels
/// are counted at once in the bytes of a word.
void Convolution::countSource(int64_t blockIndex, std::vector<uint32_t> &counts) const {
  constexpr int beforeOverflow = 255;
  uint32_t *ofBlock = counts.data() + blockIndex * taps() * block;
  std::fill_n(ofBlock, taps() * block, 0);
  for (const Phase &phase : phases) {
    const int32_t *xOffset = scratch.xOffset.data() + phase.firstPixel;
    for (int t = 0; t < phase.taps; ++t) {
      const MacTap &tap = scratch.taps[phase.firstTap + size_t(t)];
      for (int part = 0; part < block; part += markTerms) {
        const uint64_t *marks =
            scratch.marks.data() + (blockIndex * packed[2] + tap.x + part) / markTerms;
        uint32_t *to = ofBlock + tap.w / macLanes + part;
        for (int first = 0; first < phase.pixels; first += beforeOverflow) {
          int end = std::min(first + beforeOverflow, phase.pixels);
          uint64_t bytes = 0;
          for (int p = first; p < end; ++p)
            bytes += marks[xOffset[p] / markTerms];
          for (int k = 0; k < markTerms; ++k)
            to[k] += uint32_t(bytes >> (8 * k) & 0xff);
        }
      }
    }
  }
}

/// For each output of a group, the elements that it meets and that are not zero.
void Convolution::countStreamed(int64_t ofGroup) {
  std::vector<uint32_t> ofPlace(size_t(places()), 0);
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t i = 0; i < places(); ++i)
      ofPlace[size_t(i)] += nonZeroOfBlock[size_t(b * places() + i)];
  nonZeroOfSource += std::accumulate(ofPlace.begin(), ofPlace.end(), uint64_t(0));
  // Offsets in the packed source are those of block 0: without the other blocks they are places.
  auto placeOf = [&](int64_t offset) {
    int64_t n = offset / packed[0];
    return n * rows.span * columns.span + offset % packed[0] / block;
  };
  int64_t ofImage = rows.size * columns.size;
  for (const Phase &phase : phases)
    for (int p = 0; p < phase.pixels; ++p) {
      size_t at = phase.firstPixel + size_t(p);
      int64_t place = placeOf(scratch.xOffset[at]), output = scratch.accOffset[at] / macLanes;
      uint32_t sum = 0;
      for (int t = 0; t < phase.taps; ++t)
        sum += ofPlace[size_t(place + scratch.taps[phase.firstTap + size_t(t)].x / block)];
      int64_t copy = output / ofImage * outputs.size[1] + ofGroup - outputs.lo[1];
      streamed[size_t(copy * ofImage + output % ofImage)] = sum;
    }
}

void Convolution::packWeights(MacScratch &task, int64_t ofGroup, int64_t laneBlock) const {
  int64_t tapFloats = block * macLanes;
  clearFloats(task.w, blocks * taps() * tapFloats);
  Dims stride{0, 0, 0, columns.kernel * tapFloats, tapFloats};
  stride[size_t(laneDim)] = 1;
  stride[size_t(termDim)] = macLanes;
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[c];
    if (core.weights.empty())
      return;
    TileView ofLanes =
        slice(slice(core.weights, 0, ofGroup, 1), laneDim, core.acc.box.lo[2] + first, n);
    for (int64_t b = 0; b < blocks; ++b) {
      int64_t term = termLo + b * block;
      TileView channels =
          slice(ofLanes, termDim, term, std::min<int64_t>(block, termLo + terms - term));
      codec.gather(channels, task.w.data() + b * taps() * tapFloats + lane, stride);
    }
  });
}

/// Makes zeros of the weights whose groups are closed.
void Convolution::closeWeights(MacScratch &task, int64_t laneBlock) const {
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Mask &group = cores[c].group;
    if (!group.mayClose())
      return;
    forBlocks(cores[c].acc.box.lo[2] + first, n, [&](int64_t ofLanes, int64_t at, int64_t size) {
      forBlocks(termLo, terms, [&](int64_t ofTerms, int64_t term, int64_t count) {
        for (int64_t tap = 0; tap < taps(); ++tap) {
          int64_t kh = tap / columns.kernel, kw = tap % columns.kernel;
          if (backward ? group.isOpen(0, ofTerms, ofLanes, kh, kw)
                       : group.isOpen(0, ofLanes, ofTerms, kh, kw))
            continue;
          float *to = task.w.data() +
                      ((term / block * taps() + tap) * block + term % block) * macLanes + lane + at;
          for (int64_t t = 0; t < count; ++t)
            std::fill_n(to + t * macLanes, size, 0.0f);
        }
      });
    });
  });
}

/// For each output, in the order of the accumulators, the lanes whose gates are open.
std::vector<uint16_t> Convolution::openLanes(int64_t laneBlock, uint16_t &used) const {
  std::vector<uint16_t> open(size_t(pixels()), 0);
  used = 0;
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[c];
    used |= laneBits(lane, n);
    forBlocks(core.acc.box.lo[2] + first, n, [&](int64_t channels, int64_t at, int64_t size) {
      uint16_t bits = laneBits(lane + at, size);
      size_t output = 0;
      for (int64_t i = core.acc.box.lo[0]; i < core.acc.end(0); ++i)
        for (int64_t y = rows.lo; y < rows.lo + rows.size; ++y)
          for (int64_t x = columns.lo; x < columns.lo + columns.size; ++x, ++output)
            if (core.gate.isOpen(i, 0, channels, y, x))
              open[output] |= bits;
    });
  });
  return open;
}

void Convolution::loadAccumulators(MacScratch &task, int64_t ofGroup, int64_t laneBlock) const {
  clearFloats(task.acc, pixels() * macLanes);
  if (mode == mach::accMode::zero)
    return;
  Dims stride{rows.size * columns.size * macLanes, 0, 1, columns.size * macLanes, macLanes};
  float start[macLanes] = {0};
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[c];
    int64_t channel = core.acc.box.lo[2] + first;
    const TileView &from = mode == mach::accMode::bias ? core.bias : core.acc;
    if (from.rank == 5)
      codec.gather(slice(slice(from, 1, ofGroup, 1), 2, channel, n), task.acc.data() + lane,
                   stride);
    else
      codec.gather(slice(slice(from, 0, ofGroup, 1), 1, channel, n), start + lane);
  });
  if (mode != mach::accMode::bias || issue.operand[3].tile.rank == 5)
    return;
  for (int64_t p = 0; p < pixels(); ++p)
    std::copy(start, start + macLanes, task.acc.data() + p * macLanes);
}

void Convolution::storeAccumulators(MacScratch &task, int64_t ofGroup, int64_t laneBlock) const {
  int64_t image = rows.size * columns.size;
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[c];
    task.dense.resize(size_t(pixels() * n));
    float *to = task.dense.data();
    for (int64_t i = 0; i < outputs.size[0]; ++i)
      for (int64_t l = lane; l < lane + n; ++l, to += image)
        for (int64_t p = 0; p < image; ++p)
          to[p] = task.acc[size_t((i * image + p) * macLanes + l)];
    codec.put(task.dense.data(),
              slice(slice(core.acc, 1, ofGroup, 1), 2, core.acc.box.lo[2] + first, n));
  });
}

void Convolution::runLanes(int64_t ofGroup, int64_t laneBlock, const MacEngine &engine,
                           num::Events &events) {
  MacScratch &task = MacScratch::ofThread();
  packWeights(task, ofGroup, laneBlock);
  if (countsWork) // for each weight, the source elements that are not zero among those it meets
    kernels.countTerms(task.w.data(), blocks * taps() * block, scratch.counts.data(),
                       nonZeroOfLane.data() + laneBlock * macLanes);
  closeWeights(task, laneBlock);
  loadAccumulators(task, ofGroup, laneBlock);
  if (takesSequences)
    runSequences(task, laneBlock, engine, events);
  for (const Phase &phase : phases) {
    if (!blocks || takesSequences)
      break;
    MacLoop loop;
    loop.acc = task.acc.data();
    loop.x = scratch.x.data();
    loop.w = task.w.data();
    loop.accOffset = scratch.accOffset.data() + phase.firstPixel;
    loop.xOffset = scratch.xOffset.data() + phase.firstPixel;
    loop.pixels = phase.pixels;
    loop.taps = scratch.taps.data() + phase.firstTap;
    loop.numTaps = phase.taps;
    loop.blocks = int(blocks);
    loop.xBlock = packed[2];
    loop.wBlock = taps() * block * macLanes;
    loop.blockTerms = block;
    loop.lastTerms = int(terms - (blocks - 1) * block);
    runLoop(loop, laneBlock, task, engine, events);
  }
  storeAccumulators(task, ofGroup, laneBlock);
}

/// Runs a loop over outputs; where there are gates, over those of which one is open.
void Convolution::runLoop(const MacLoop &loop, int64_t laneBlock, MacScratch &task,
                          const MacEngine &engine, num::Events &events) const {
  if (std::none_of(cores.begin(), cores.end(), [](const Core &c) { return c.gate.mayClose(); }))
    return engine.run(loop, events);
  uint16_t used;
  std::vector<uint16_t> ofOutputs = openLanes(laneBlock, used), ofLoop;
  for (int p = 0; p < loop.pixels; ++p)
    ofLoop.push_back(ofOutputs[size_t(loop.accOffset[p] / macLanes)]);
  runOpen(engine, loop, ofLoop, used, task, events);
}

/// Adds the products of all outputs' sequences and the weights in theirs.
void Convolution::runSequences(MacScratch &task, int64_t laneBlock, const MacEngine &engine,
                               num::Events &events) const {
  clearFloats(task.columns, sequence() * macLanes);
  for (int64_t tap = 0; tap < taps(); ++tap)
    std::copy_n(task.w.data() + tap * block * macLanes, terms * macLanes,
                task.columns.data() + tap * terms * macLanes);
  std::vector<int32_t> starts(scratch.accOffset.size());
  for (size_t p = 0; p < starts.size(); ++p)
    starts[p] = int32_t(int64_t(p) * sequence());
  const MacTap tap = {0, 0};
  MacLoop loop;
  loop.acc = task.acc.data();
  loop.x = scratch.sequences.data();
  loop.w = task.columns.data();
  loop.accOffset = scratch.accOffset.data();
  loop.xOffset = starts.data();
  loop.pixels = int(starts.size());
  loop.taps = &tap;
  loop.numTaps = 1;
  loop.blocks = int(sequence() / block);
  loop.xBlock = block;
  loop.wBlock = block * macLanes;
  loop.blockTerms = block;
  loop.lastTerms = int(taps() * terms - (loop.blocks - 1) * block);
  runLoop(loop, laneBlock, task, engine, events);
}

/// A core's masks, to count by.
MaskedConv Convolution::maskedOf(const Core &core) const {
  Channels ofLanes{core.acc.box.lo[2], core.acc.box.size[2]}, ofTerms{termLo, terms};
  return {backward ? sourceGate : core.gate,
          core.group,
          {outputs.lo[0], outputs.size[0]},
          backward ? ofTerms : ofLanes,
          backward ? ofLanes : ofTerms,
          chip.numerics.dot,
          chip.structure.pes};
}

/// Masks have noted themselves.
void Convolution::noteAccesses(const Core &core) const {
  core.part->noteRead(source);
  core.part->noteRead(core.weights);
  if (mode == mach::accMode::bias)
    core.part->noteRead(core.bias);
  if (mode == mach::accMode::continue_)
    core.part->noteRead(core.acc);
  core.part->noteWrite(core.acc);
}

void Convolution::reportWork(size_t index) {
  const Core &core = cores[index];
  CorePart &part = *core.part;
  uint64_t outputTaps =
      uint64_t(core.acc.box.size[0] * core.acc.box.size[1] * core.acc.box.size[2]) * rows.present *
      columns.present;
  part.work.macs = outputTaps * uint64_t(terms);
  if (part.hasValues()) {
    const uint64_t *ofLanes = nonZeroOfLane.data() + lanes.start(index);
    part.work.zeroMacs =
        part.work.macs - std::accumulate(ofLanes, ofLanes + core.acc.box.size[2], uint64_t(0));
  }
  MaskedConv masked = maskedOf(core);
  bool isMasked = masked.gate.mayClose() || masked.group.mayClose();
  if (isMasked)
    masked.countConv(rows, columns, packsChannels, part.work);
  else
    countItems(core, part.work);
  part.work.wideMacs = wideTermsOfLane * uint64_t(core.acc.box.size[2]);
  if (!streamed.empty())
    part.countStreamed(source, nonZeroOfSource);
  else if (backward && isMasked)
    part.countReadWithout(source, masked.closedErrors(source.box));
  else
    part.countRead(source);
  part.countReadWithout(core.weights,
                        isMasked ? masked.closedWeights(rows.kernel, columns.kernel) : 0);
  for (const Mask *mask : {&masked.gate, &masked.group})
    if (mask->isThere())
      part.countRead(mask->tile());
  if (mode == mach::accMode::bias)
    part.countRead(core.bias);
  if (mode == mach::accMode::continue_)
    part.countRead(core.acc);
  part.countWrite(core.acc);
}

/// Items and slots without masks.
void Convolution::countItems(const Core &core, CoreWork &work) const {
  int64_t channels = core.acc.box.size[2], outputGroups = ceilDiv(channels, chip.structure.pes);
  work.items = countConvItems(rows, columns, terms, packsChannels, chip.numerics.dot, outputGroups,
                              streamed);
  work.items.isSkipping = issue.skip != mach::Skip::none;
  if (streamed.empty())
    work.items.repeats = uint64_t(outputs.size[0] * outputs.size[1]);
  else
    work.skippedMacs = work.macs - std::accumulate(streamed.begin(), streamed.end(), uint64_t(0)) *
                                       uint64_t(channels);
  work.macSlots = groupsOf(work.items) / uint64_t(outputGroups) * uint64_t(channels);
}

void Convolution::compute() {
  packed[4] = block;
  packed[3] = columns.span * block;
  packed[2] = rows.span * packed[3];
  packed[0] = blocks * packed[2];
  scratch.x.resize(size_t(outputs.size[0] * packed[0]));
  scratch.marks.resize(scratch.x.size() / markTerms);
  scratch.counts.resize(size_t(blocks * taps() * block));
  scratch.wideCounts.resize(scratch.counts.size());
  nonZeroOfLane.assign(size_t(lanes.blocks() * macLanes), 0);
  if (countsWork && issue.skip != mach::Skip::none) {
    nonZeroOfBlock.resize(size_t(blocks * places()));
    streamed.resize(size_t(pixels() * outputs.size[1]));
  }
  listPhases();
  MacEngine engine(*cores[0].part, source, cores[0].weights);
  std::vector<num::Events> events(size_t(lanes.blocks()));
  for (int64_t g = outputs.lo[1]; g < outputs.lo[1] + outputs.size[1]; ++g) {
    forTasks(group.pool, blocks, [&](int b) { packSource(g, b); });
    if (takesSequences)
      layOutSequences();
    if (!streamed.empty())
      countStreamed(g);
    // Weights are FP8 where the source is mixed: what is FP16 in the source meets all of them.
    if (isMixed)
      wideTermsOfLane +=
          std::accumulate(scratch.wideCounts.begin(), scratch.wideCounts.end(), uint64_t(0));
    forTasks(group.pool, lanes.blocks(), [&](int l) { runLanes(g, l, engine, events[size_t(l)]); });
  }
  for (const num::Events &e : events)
    cores[0].part->events[0] += e;
}

void Convolution::run() {
  if (cores.empty())
    return;
  if (cores[0].part->hasValues())
    compute();
  for (size_t c = 0; c < cores.size(); ++c)
    noteAccesses(cores[c]);
  for (size_t c = 0; c < cores.size() && countsWork; ++c)
    reportWork(c);
}

Status convFpGroup(CoreGroup &group, const Issue &issue) {
  return runGroup<Convolution>(group, issue, /*isBackward=*/false);
}

Status convBpGroup(CoreGroup &group, const Issue &issue) {
  return runGroup<Convolution>(group, issue, /*isBackward=*/true);
}

/// Terms of one core, roughly.
double estimateOf(const mach::TensorTile &acc, const mach::TensorTile &w, int laneDim) {
  double result = 1;
  for (int d = 0; d < maxRank; ++d)
    result *=
        double(acc.tile[size_t(d)]) * (d == 0 || d == laneDim ? 1 : double(w.tile[size_t(d)]));
  return result;
}

/// What both directions resolve.
Result<Issue> prepareConv(const State &state, GroupFunction execute, int laneDim) {
  Result<Issue> issue = prepareOperands(state);
  if (!issue)
    return issue;
  const mach::TensorTile &source = issue->operand[1].tile, &w = issue->operand[2].tile;
  if (issue->skip == mach::Skip::b)
    return streamsFirst();
  if (Status s = checkMasks(*issue, /*groupDim=*/1); !s)
    return s.takeError();
  issue->sharable[0] = 1;
  issue->fp16 = isWide(source.format) || isWide(w.format);
  issue->estimate = estimateOf(issue->operand[0].tile, w, laneDim);
  issue->executeGroup = execute;
  return issue;
}

} // namespace

Status convFp(State &state, const mach::ConvFp &) {
  Result<Issue> issue = prepareConv(state, convFpGroup, /*laneDim=*/1);
  return issue.ok() ? state.submit(*issue) : Status(issue.takeError());
}

Status convBp(State &state, const mach::ConvBp &) {
  Result<Issue> issue = prepareConv(state, convBpGroup, /*laneDim=*/2);
  return issue.ok() ? state.submit(*issue) : Status(issue.takeError());
}

} // namespace slp::exec
