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
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Mac.h"
#include "runtime/exec/State.h"
#include "runtime/exec/WindowAxis.h"
#include "runtime/isa/EnumEngine.h.inc"

#include <algorithm>

namespace slp::exec {
namespace {

/// Terms whose zeros one word marks.
constexpr int markTerms = 8;

/// One core's part of conv.fp or conv.bp.
class Convolution {
public:
  Convolution(CorePart &p, const Issue &i, bool isBackward)
      : part(p), issue(i), backward(isBackward), scratch(MacScratch::ofThread()),
        laneDim(isBackward ? 2 : 1), termDim(isBackward ? 1 : 2), block(p.chip.numerics.block()) {}

  Status run();

private:
  Status resolveTiles();
  void packSource(int64_t group);
  void packWeights(int64_t group, int64_t lane, int64_t lanes);
  void loadAccumulators(int64_t group, int64_t lane, int64_t lanes);
  void storeAccumulators(int64_t group, int64_t lane, int64_t lanes);
  void runPhases(const MacEngine &engine);
  void preparePhase(int64_t row, int64_t column);
  uint64_t countMarked();
  void countTerms();
  uint64_t countTap(const MacTap &tap, int64_t blockIndex) const;
  int64_t outputs() const { return acc.box.size[0] * rows.size * columns.size; }

  CorePart &part;
  const Issue &issue;
  bool backward;
  MacScratch &scratch;
  int laneDim, termDim; // of the weights (g, co, ci, kh, kw)
  int block;            // channels of a block
  TileView acc, source, weights, bias;
  WindowAxis rows{}, columns{};
  int64_t termLo = 0, terms = 0, blocks = 0;
  mach::AccMode mode{}; // in effect for this tile
  Dims packed{};        // strides of the packed source (n, -, block, row, column), floats
  uint64_t nonZeroTerms = 0, wideTerms = 0;
};

Status Convolution::resolveTiles() {
  const Window &g = issue.window;
  Result<TileView> a = part.view(issue.operand[0], "acc");
  if (!a)
    return a.takeError();
  Result<TileView> s = part.view(issue.operand[1], backward ? "dy" : "x");
  if (!s)
    return s.takeError();
  Result<TileView> w = part.view(issue.operand[2], "w");
  if (!w)
    return w.takeError();
  acc = *a;
  rows = {g.kh, g.sh, g.pt, g.dh, acc.box.lo[3], acc.box.size[3], s->extent[3], backward};
  columns = {g.kw, g.sw, g.pl, g.dw, acc.box.lo[4], acc.box.size[4], s->extent[4], backward};
  if (acc.empty())
    return Status::success();
  rows.scan();
  columns.scan();
  if (Status st = checkBlockStart(part.chip, *s, 2, backward ? "dy" : "x"); !st)
    return st;
  termLo = s->box.lo[2];
  mode = startMode(issue.mode, termLo == 0);
  terms = s->box.size[2];
  blocks = ceilDiv(terms, block);
  Box need = acc.box;
  need.lo[2] = termLo;
  need.size[2] = terms;
  need.lo[3] = rows.needLo;
  need.size[3] = rows.needSize;
  need.lo[4] = columns.needLo;
  need.size[4] = columns.needSize;
  Result<TileView> sourceView = subview(*s, need, backward ? "dy" : "x");
  if (!sourceView)
    return sourceView.takeError();
  source = *sourceView;
  Box taps;
  taps.lo = {acc.box.lo[1], 0, 0, 0, 0};
  taps.size = {acc.box.size[1], 0, 0, g.kh, g.kw};
  taps.lo[size_t(laneDim)] = acc.box.lo[2];
  taps.size[size_t(laneDim)] = acc.box.size[2];
  taps.lo[size_t(termDim)] = termLo;
  taps.size[size_t(termDim)] = terms;
  Result<TileView> weightView = subview(*w, taps, "w");
  if (!weightView)
    return weightView.takeError();
  weights = *weightView;
  if (mode != mach::AccMode::bias)
    return Status::success();
  Result<TileView> b = part.view(issue.operand[3], "bias");
  if (!b)
    return b.takeError();
  Box channels;
  channels.lo = {acc.box.lo[1], acc.box.lo[2], 0, 0, 0};
  channels.size = {acc.box.size[1], acc.box.size[2], 1, 1, 1};
  Result<TileView> biasView = subview(*b, channels, "bias");
  if (!biasView)
    return biasView.takeError();
  bias = *biasView;
  return Status::success();
}

void Convolution::packSource(int64_t group) {
  packed[4] = block;
  packed[3] = columns.span * block;
  packed[2] = rows.span * packed[3];
  packed[0] = blocks * packed[2];
  clearFloats(scratch.x, acc.box.size[0] * packed[0]);
  if (source.empty())
    return;
  TileView ofGroup = slice(source, 1, group, 1);
  for (int64_t b = 0; b < blocks; ++b) {
    int64_t first = termLo + b * block;
    TileView channels = slice(ofGroup, 2, first, std::min<int64_t>(block, termLo + terms - first));
    float *to = scratch.x.data() + b * packed[2] + (rows.needLo - rows.first) * packed[3] +
                (columns.needLo - columns.first) * packed[4];
    part.codec.gather(channels, to, {packed[0], 0, 1, packed[3], packed[4]});
  }
}

void Convolution::packWeights(int64_t group, int64_t lane, int64_t lanes) {
  int64_t taps = rows.kernel * columns.kernel, tapFloats = block * macLanes;
  clearFloats(scratch.w, blocks * taps * tapFloats);
  if (weights.empty())
    return;
  TileView ofLanes = slice(slice(weights, 0, group, 1), laneDim, lane, lanes);
  for (int64_t b = 0; b < blocks; ++b) {
    int64_t first = termLo + b * block;
    TileView channels =
        slice(ofLanes, termDim, first, std::min<int64_t>(block, termLo + terms - first));
    Dims stride{0, 0, 0, columns.kernel * tapFloats, tapFloats};
    stride[size_t(laneDim)] = 1;
    stride[size_t(termDim)] = macLanes;
    part.codec.gather(channels, scratch.w.data() + b * taps * tapFloats, stride);
  }
}

void Convolution::loadAccumulators(int64_t group, int64_t lane, int64_t lanes) {
  clearFloats(scratch.acc, outputs() * macLanes);
  Dims stride{rows.size * columns.size * macLanes, 0, 1, columns.size * macLanes, macLanes};
  if (mode == mach::AccMode::continue_)
    part.codec.gather(slice(slice(acc, 1, group, 1), 2, lane, lanes), scratch.acc.data(), stride);
  if (mode != mach::AccMode::bias)
    return;
  float first[macLanes] = {0};
  part.codec.gather(slice(slice(bias, 0, group, 1), 1, lane, lanes), first);
  for (int64_t p = 0; p < outputs(); ++p)
    std::copy(first, first + macLanes, scratch.acc.data() + p * macLanes);
}

void Convolution::storeAccumulators(int64_t group, int64_t lane, int64_t lanes) {
  TileView view = slice(slice(acc, 1, group, 1), 2, lane, lanes);
  scratch.dense.resize(size_t(view.count()));
  float *to = scratch.dense.data();
  int64_t pixels = rows.size * columns.size;
  for (int64_t n = 0; n < acc.box.size[0]; ++n)
    for (int64_t l = 0; l < lanes; ++l, to += pixels)
      for (int64_t p = 0; p < pixels; ++p)
        to[p] = scratch.acc[size_t(((n * pixels) + p) * macLanes + l)];
  part.codec.put(scratch.dense.data(), view);
}

void Convolution::preparePhase(int64_t row, int64_t column) {
  scratch.xOffset.clear();
  scratch.accOffset.clear();
  scratch.taps.clear();
  for (int64_t n = 0; n < acc.box.size[0]; ++n)
    for (int64_t y = 0; y < rows.size; ++y) {
      if (rows.phaseOf(rows.lo + y) != row)
        continue;
      for (int64_t x = 0; x < columns.size; ++x) {
        if (columns.phaseOf(columns.lo + x) != column)
          continue;
        scratch.xOffset.push_back(int32_t(n * packed[0] + rows.outputAt(rows.lo + y) * packed[3] +
                                          columns.outputAt(columns.lo + x) * packed[4]));
        scratch.accOffset.push_back(int32_t(((n * rows.size + y) * columns.size + x) * macLanes));
      }
    }
  for (int64_t i = 0; i < rows.kernel; ++i)
    for (int64_t j = 0; j < columns.kernel; ++j)
      if (rows.tapInPhase(i, row) && columns.tapInPhase(j, column))
        scratch.taps.push_back({int32_t(rows.tapAt(i) * packed[3] + columns.tapAt(j) * packed[4]),
                                int32_t((i * columns.kernel + j) * block * macLanes)});
}

void Convolution::runPhases(const MacEngine &engine) {
  for (int64_t row = 0; row < rows.phases(); ++row)
    for (int64_t column = 0; column < columns.phases(); ++column) {
      preparePhase(row, column);
      MacLoop loop;
      loop.acc = scratch.acc.data();
      loop.x = scratch.x.data();
      loop.w = scratch.w.data();
      loop.accOffset = scratch.accOffset.data();
      loop.xOffset = scratch.xOffset.data();
      loop.pixels = int(scratch.xOffset.size());
      loop.taps = scratch.taps.data();
      loop.numTaps = int(scratch.taps.size());
      loop.blocks = int(blocks);
      loop.xBlock = packed[2];
      loop.wBlock = rows.kernel * columns.kernel * block * macLanes;
      loop.blockTerms = block;
      loop.lastTerms = int(terms - (blocks - 1) * block);
      engine.run(loop, part.events[0]);
    }
}

/// Terms of one tap and block with neither operand zero: for each channel, pixels whose source is
/// not zero times lanes whose weight is not. Eight channels are counted at once in the bytes of a
/// word.
uint64_t Convolution::countTap(const MacTap &tap, int64_t blockIndex) const {
  constexpr size_t beforeOverflow = 255;
  uint64_t result = 0;
  for (int part = 0; part < block; part += markTerms) {
    const uint64_t *marks =
        scratch.marks.data() + (blockIndex * packed[2] + tap.x + part) / markTerms;
    const uint32_t *weightsThere = scratch.otherCounts.data() +
                                   (blockIndex * rows.kernel * columns.kernel * block) +
                                   tap.w / macLanes + part;
    for (size_t first = 0; first < scratch.xOffset.size(); first += beforeOverflow) {
      size_t end = std::min(first + beforeOverflow, scratch.xOffset.size());
      uint64_t bytes = 0;
      for (size_t p = first; p < end; ++p)
        bytes += marks[scratch.xOffset[p] / markTerms];
      for (int k = 0; k < markTerms; ++k)
        result += (bytes >> (8 * k) & 0xff) * weightsThere[k];
    }
  }
  return result;
}

/// Terms whose source element is marked, times the weights counted for it.
uint64_t Convolution::countMarked() {
  uint64_t result = 0;
  for (int64_t row = 0; row < rows.phases(); ++row)
    for (int64_t column = 0; column < columns.phases(); ++column) {
      preparePhase(row, column);
      for (const MacTap &tap : scratch.taps)
        for (int64_t b = 0; b < blocks; ++b)
          result += countTap(tap, b);
    }
  return result;
}

/// Of the group whose source is packed and whose weights are counted.
void Convolution::countTerms() {
  scratch.marks.resize(scratch.x.size() / markTerms);
  part.kernels.markNonZero(scratch.x.data(), int64_t(scratch.marks.size()), scratch.marks.data());
  nonZeroTerms += countMarked();
  if (source.format != mach::Format::mixed || issue.fp16)
    return;
  // Weights are FP8: what is FP16 in the source meets all of them.
  markWide(part.codec, scratch.x.data(), int64_t(scratch.x.size()),
           reinterpret_cast<uint8_t *>(scratch.marks.data()));
  std::fill(scratch.otherCounts.begin(), scratch.otherCounts.end(), uint32_t(acc.box.size[2]));
  wideTerms += countMarked();
}

Status Convolution::run() {
  if (Status s = resolveTiles(); !s || acc.empty())
    return s;
  MacEngine engine(part, source, weights);
  int64_t laneEnd = acc.end(2);
  for (int64_t group = acc.box.lo[1]; group < acc.end(1); ++group) {
    packSource(group);
    scratch.otherCounts.assign(size_t(blocks * rows.kernel * columns.kernel * block), 0);
    for (int64_t lane = acc.box.lo[2]; lane < laneEnd; lane += macLanes) {
      int64_t lanes = std::min<int64_t>(macLanes, laneEnd - lane);
      packWeights(group, lane, lanes);
      if (part.countsWork)
        part.kernels.countLanes(scratch.w.data(), int64_t(scratch.w.size()) / macLanes,
                                scratch.otherCounts.data());
      loadAccumulators(group, lane, lanes);
      if (blocks)
        runPhases(engine);
      storeAccumulators(group, lane, lanes);
    }
    if (part.countsWork)
      countTerms();
  }
  if (!part.countsWork)
    return Status::success();
  uint64_t taps = uint64_t(acc.box.size[0] * acc.box.size[1] * acc.box.size[2]) * rows.present *
                  columns.present;
  part.work.macs = taps * uint64_t(terms);
  part.work.zeroMacs = part.work.macs - nonZeroTerms;
  part.work.macSlots = taps * uint64_t(ceilDiv(terms, part.chip.numerics.dot));
  part.work.wideMacs = wideTerms;
  part.countRead(source);
  part.countRead(weights);
  if (mode == mach::AccMode::bias)
    part.countRead(bias);
  if (mode == mach::AccMode::continue_)
    part.countRead(acc);
  part.countWrite(acc);
  return Status::success();
}

Status convFpPart(CorePart &part, const Issue &issue) {
  return Convolution(part, issue, /*isBackward=*/false).run();
}

Status convBpPart(CorePart &part, const Issue &issue) {
  return Convolution(part, issue, /*isBackward=*/true).run();
}

/// Terms of one core, roughly.
double estimateOf(const mach::TensorTile &acc, const mach::TensorTile &w, int laneDim) {
  double result = 1;
  for (int d = 0; d < maxRank; ++d)
    result *=
        double(acc.tile[size_t(d)]) * (d == 0 || d == laneDim ? 1 : double(w.tile[size_t(d)]));
  return result;
}

/// What both directions check and resolve.
Result<Issue> prepareConv(State &state, mach::Opcode opcode, uint8_t acc, uint8_t source, uint8_t w,
                          uint8_t geom, uint8_t mask, mach::AccMode mode, const char *sourceName) {
  const Descriptor *d = state.descriptor;
  if (Status s = checkAccumulator(d[acc], 5, accumulatorFormat(state.chip)); !s)
    return s.takeError();
  if (Status s = checkMacOperand(state.chip, d[source], sourceName, 5); !s)
    return s.takeError();
  if (Status s = checkMacOperand(state.chip, d[w], "w", 5); !s)
    return s.takeError();
  if (d[w].tile.format == mach::Format::mixed)
    return Error{"operand `w` is mixed, expected weights in one format"};
  Issue issue = state.prepare(opcode, mach::Engine::mac, state.mask[mask]);
  issue.operand[0] = d[acc];
  issue.operand[1] = d[source];
  issue.operand[2] = d[w];
  issue.destination[0] = 0;
  issue.window = state.geometry[geom];
  issue.mode = mode;
  issue.fp16 = isWide(d[source].tile.format) || isWide(d[w].tile.format);
  return issue;
}

} // namespace

Status convFp(State &state, const mach::ConvFp &instr) {
  Result<Issue> issue = prepareConv(state, instr.opcode, instr.acc, instr.x, instr.w, instr.geom,
                                    instr.mask, instr.mode, "x");
  if (!issue)
    return issue.takeError();
  if (instr.mode == mach::AccMode::bias) {
    if (Status s = checkBias(state.chip, state.descriptor[instr.bias], 2); !s)
      return s;
    issue->operand[3] = state.descriptor[instr.bias];
  }
  issue->estimate = estimateOf(issue->operand[0].tile, issue->operand[2].tile, 1);
  issue->execute = convFpPart;
  return state.submit(*issue);
}

Status convBp(State &state, const mach::ConvBp &instr) {
  if (instr.mode == mach::AccMode::bias)
    return Error{"conv.bp has no bias: its mode is zero or continue"};
  Result<Issue> issue = prepareConv(state, instr.opcode, instr.acc, instr.dy, instr.w, instr.geom,
                                    instr.mask, instr.mode, "dy");
  if (!issue)
    return issue.takeError();
  issue->estimate = estimateOf(issue->operand[0].tile, issue->operand[2].tile, 2);
  issue->execute = convBpPart;
  return state.submit(*issue);
}

} // namespace slp::exec
