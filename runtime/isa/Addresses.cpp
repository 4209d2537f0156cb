//===- Addresses.cpp - where the elements of a tensor lie in DRAM -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Channels in blocks are told by numbers (BlockedChannels), all other dimensions by strides.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Addresses.h"

#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EnumLayout.h.inc"
#include "runtime/isa/SpaceDram.h.inc"

#include <cstdlib>
#include <numeric>
#include <optional>

namespace slp::mach {

/// Pixels of a compressed block, which holds the channels of one block of them.
static constexpr int64_t blockPixels = blockElements / channelBlock;

AddressMap AddressMap::of(const TensorTile &tile) {
  AddressMap map;
  map.rank = int(tile.rank);
  map.layout = tile.layout;
  map.channel = int(tile.channel);
  map.grouped = tile.grouped != 0;
  map.elementBytes = mach::elementBytes(tile.format);
  for (size_t d = 0; d < tile.rank && d < tile.extent.size(); ++d) {
    map.extent[d] = int64_t(tile.extent[d]);
    map.stride[d] = tile.stride[d];
  }
  return map;
}

AddressMap AddressMap::of(Layout layout, int64_t elementBytes, const std::vector<int64_t> &shape,
                          const std::vector<int64_t> &strides) {
  AddressMap map;
  map.rank = int(std::min(shape.size(), size_t(maxRank)));
  map.layout = layout;
  map.channel = layout == Layout::channels16 ? 1 : 0;
  map.elementBytes = elementBytes;
  std::copy_n(shape.begin(), map.rank, map.extent.begin());
  std::copy_n(strides.begin(), std::min(strides.size(), size_t(map.rank)), map.stride.begin());
  return map;
}

/// The dimension of input channels beside that of output channels.
static int inputsOf(int channel, int rank) {
  return channel + 1 < rank ? channel + 1 : channel - 1;
}

int AddressMap::blockedChannels(std::array<BlockedChannels, 2> &blocked) const {
  int first = channel - int(grouped);
  switch (layout) {
  case Layout::row_major:
    return 0;
  case Layout::channels16:
    blocked[0] = {first, channel, channelBlock, stride[channel], elementBytes};
    return 1;
  case Layout::blocks8x8: {
    int in = inputsOf(channel, rank);
    blocked[0] = {first, channel, weightBlock, stride[channel], weightBlock * elementBytes};
    blocked[1] = {in, in, weightBlock, stride[in], elementBytes};
    return 2;
  }
  }
  return 0;
}

static int64_t numberOf(const BlockedChannels &b, const AddressMap &map,
                        const AddressMap::Coordinates &at) {
  return b.first == b.last ? at[b.last] : at[b.first] * map.extent[b.last] + at[b.last];
}

/// Whether the dimension's coordinates are channels in blocks.
static bool isBlocked(const BlockedChannels *blocked, int count, int dim) {
  for (int i = 0; i < count; ++i)
    if (dim == blocked[i].first || dim == blocked[i].last)
      return true;
  return false;
}

static int64_t placeOf(const BlockedChannels &b, int64_t number) {
  return number / b.block * b.blockStride + number % b.block * b.innerStride;
}

int64_t AddressMap::offsetOf(const Coordinates &at) const {
  std::array<BlockedChannels, 2> blocked;
  int count = blockedChannels(blocked);
  int64_t offset = 0;
  for (int i = 0; i < count; ++i)
    offset += placeOf(blocked[i], numberOf(blocked[i], *this, at));
  for (int d = 0; d < rank; ++d)
    if (!isBlocked(blocked.data(), count, d))
      offset += at[d] * stride[d];
  return offset;
}

Reach reachOf(const AddressMap &map, const AddressMap::Coordinates &lo,
              const AddressMap::Coordinates &size) {
  // Blocks are at least their size apart, so that the address grows with the channel's number.
  std::array<BlockedChannels, 2> blocked;
  int count = map.blockedChannels(blocked);
  AddressMap::Coordinates lowest = lo, highest = lo;
  for (int d = 0; d < map.rank; ++d) {
    bool isDown = map.stride[d] < 0 && !isBlocked(blocked.data(), count, d);
    (isDown ? lowest : highest)[d] += size[d] - 1;
  }
  return {map.offsetOf(lowest), map.offsetOf(highest) + map.elementBytes};
}

//===----------------------------------------------------------------------------------------===//
// Bursts
//===----------------------------------------------------------------------------------------===//

uint64_t roundedRun(uint64_t address, uint64_t length, uint64_t burst) {
  return length ? ((address + length - 1) / burst - address / burst + 1) * burst : 0;
}

namespace {
/// Places that are equally far apart.
struct Steps {
  int64_t size, stride;
};

/// Elements at all sums of one place of each, counted in runs.
struct StridedRuns {
  static constexpr size_t most = AddressMap::maxRank + 2; // a blocked dimension may be two
  std::array<Steps, most> steps{};
  size_t count = 0;
  uint64_t lowest = 0; // address

  /// The direction in which coordinates run makes no difference: counts from the lowest address.
  void add(int64_t size, int64_t stride) {
    if (size <= 1)
      return;
    if (stride < 0) {
      lowest -= uint64_t((size - 1) * -stride);
      stride = -stride;
    }
    steps[count++] = {size, stride};
  }
  uint64_t burstBytes(int64_t elementBytes, uint64_t burst);
  double meanBurstBytes(int64_t elementBytes, uint64_t burst, uint64_t steps);
  uint64_t sumOfRuns(size_t first, uint64_t address, uint64_t run, uint64_t burst) const;

private:
  /// Makes one run of the steps that continue each other in memory: its bytes. `first` gets the
  /// number of the first step that does not.
  int64_t joinRun(int64_t elementBytes, size_t &first);
};
} // namespace

uint64_t StridedRuns::sumOfRuns(size_t first, uint64_t address, uint64_t run,
                                uint64_t burst) const {
  if (first == count)
    return roundedRun(address, run, burst);
  uint64_t total = 0;
  if (first + 1 == count) {
    for (int64_t i = 0; i < steps[first].size; ++i)
      total += roundedRun(address + uint64_t(i * steps[first].stride), run, burst);
    return total;
  }
  for (int64_t i = 0; i < steps[first].size; ++i)
    total += sumOfRuns(first + 1, address + uint64_t(i * steps[first].stride), run, burst);
  return total;
}

int64_t StridedRuns::joinRun(int64_t elementBytes, size_t &first) {
  std::stable_sort(steps.begin(), steps.begin() + count,
                   [](const Steps &a, const Steps &b) { return a.stride < b.stride; });
  int64_t run = elementBytes;
  while (first < count && steps[first].stride == run)
    run *= steps[first++].size;
  return run;
}

/// `steps`: a divisor of the distances from one box to the next, 0 for one box alone.
double StridedRuns::meanBurstBytes(int64_t elementBytes, uint64_t burst, uint64_t steps) {
  size_t first = 0;
  uint64_t run = uint64_t(joinRun(elementBytes, first));
  uint64_t runs = 1, apart = std::gcd(burst, steps);
  for (size_t i = first; i < count; ++i) {
    apart = std::gcd(apart, uint64_t(this->steps[i].stride));
    runs *= uint64_t(this->steps[i].size);
  }
  // Runs begin at the places lowest mod apart, and so many bytes on, of a burst: together they
  // touch one burst for each step of `apart` that the run reaches over, and one less than there are
  // places.
  uint64_t places = burst / apart, reach = (lowest % apart + run + apart - 1) / apart;
  return double(runs) * double(reach + places - 1) / double(places) * double(burst);
}

uint64_t StridedRuns::burstBytes(int64_t elementBytes, uint64_t burst) {
  size_t first = 0;
  int64_t run = joinRun(elementBytes, first);
  bool isAligned = true;
  uint64_t runs = 1;
  for (size_t i = first; i < count; ++i) {
    isAligned &= uint64_t(steps[i].stride) % burst == 0;
    runs *= uint64_t(steps[i].size);
  }
  if (isAligned)
    return runs * roundedRun(lowest, uint64_t(run), burst);
  return sumOfRuns(first, lowest, uint64_t(run), burst);
}

namespace {
/// Sums up the bursts of a box, kind of blocked channels by kind.
class BurstCounter {
public:
  BurstCounter(const AddressMap &map, const AddressMap::Coordinates &lo,
               const AddressMap::Coordinates &size, int64_t burst)
      : map(map), lo(lo), size(size), burst(uint64_t(burst)), count(map.blockedChannels(blocked)) {}

  uint64_t countAll(uint64_t base);

private:
  void add(StridedRuns elements, int kind);
  void addRange(StridedRuns elements, int kind, int64_t begin, int64_t end);

  const AddressMap &map;
  const AddressMap::Coordinates &lo, &size;
  uint64_t burst;
  std::array<BlockedChannels, 2> blocked;
  int count;
  uint64_t total = 0;
};
} // namespace

uint64_t BurstCounter::countAll(uint64_t base) {
  StridedRuns elements;
  elements.lowest = base;
  for (int d = 0; d < map.rank; ++d) {
    if (isBlocked(blocked.data(), count, d))
      continue;
    elements.lowest += uint64_t(lo[d] * map.stride[d]);
    elements.add(size[d], map.stride[d]);
  }
  add(elements, 0);
  return total;
}

void BurstCounter::add(StridedRuns elements, int kind) {
  if (kind == count) {
    total += elements.burstBytes(map.elementBytes, burst);
    return;
  }
  const BlockedChannels &b = blocked[size_t(kind)];
  int64_t inGroup = b.first == b.last ? 0 : map.extent[b.last];
  if (inGroup == 0)
    return addRange(elements, kind, lo[b.last], lo[b.last] + size[b.last]);
  int64_t first = lo[b.first], groups = size[b.first];
  if (size[b.last] == inGroup) // groups follow each other
    return addRange(elements, kind, first * inGroup, (first + groups) * inGroup);
  for (int64_t group = first; group < first + groups; ++group) {
    int64_t begin = group * inGroup + lo[b.last];
    addRange(elements, kind, begin, begin + size[b.last]);
  }
}

/// The blocks of channels number `begin` to before `end`.
void BurstCounter::addRange(StridedRuns elements, int kind, int64_t begin, int64_t end) {
  const BlockedChannels &b = blocked[size_t(kind)];
  int64_t first = begin / b.block, blocks = (end + b.block - 1) / b.block - first;
  elements.lowest += uint64_t(first * b.blockStride);
  elements.add(b.block, b.innerStride);
  elements.add(blocks, b.blockStride);
  add(elements, kind + 1);
}

uint64_t burstBytes(const AddressMap &map, uint64_t base, const AddressMap::Coordinates &lo,
                    const AddressMap::Coordinates &size, int64_t burst) {
  for (int d = 0; d < map.rank; ++d)
    if (size[d] == 0)
      return 0;
  return BurstCounter(map, lo, size, burst).countAll(base);
}

double meanBurstBytes(const AddressMap &map, uint64_t base, const AddressMap::Coordinates &lo,
                      const AddressMap::Coordinates &size, const AddressMap::Coordinates &step,
                      int64_t burst) {
  std::array<BlockedChannels, 2> blocked;
  if (map.blockedChannels(blocked) > 0)
    return double(burstBytes(map, base, lo, size, burst));
  StridedRuns elements;
  elements.lowest = base;
  uint64_t steps = 0;
  for (int d = 0; d < map.rank; ++d) {
    if (size[d] == 0)
      return 0;
    elements.lowest += uint64_t(lo[d] * map.stride[d]);
    elements.add(size[d], map.stride[d]);
    steps = std::gcd(steps, uint64_t(std::abs(step[d] * map.stride[d])));
  }
  return elements.meanBurstBytes(map.elementBytes, uint64_t(burst), steps);
}

namespace {
/// Counts vectors of one block's channels whose offsets lie in [begin, end).
struct VectorCounter {
  std::vector<Steps> steps; // descending; that of the blocks is `blocks`
  size_t blocks;
  int64_t begin, end, channels;

  int64_t countFrom(size_t first, int64_t offset, int64_t block) const {
    if (first == steps.size()) {
      bool isInside = offset >= begin && offset < end;
      return isInside ? std::min(channelBlock, channels - block * channelBlock) : 0;
    }
    int64_t inner = 1; // what the steps inside reach
    for (size_t i = first + 1; i < steps.size(); ++i)
      inner += (steps[i].size - 1) * steps[i].stride;
    auto [size, stride] = steps[first];
    int64_t from = std::max<int64_t>(0, (begin - offset - inner) / std::max<int64_t>(stride, 1));
    int64_t total = 0;
    for (int64_t i = from; i < size && offset + i * stride < end; ++i)
      total += countFrom(first + 1, offset + i * stride, first == blocks ? i : block);
    return total;
  }
};
} // namespace

int64_t elementsBetween(const AddressMap &map, int64_t begin, int64_t end) {
  std::array<BlockedChannels, 2> blocked;
  int count = map.blockedChannels(blocked);
  const BlockedChannels &b = blocked[0];
  VectorCounter counter{{}, 0, begin, end, map.extent[b.last]};
  if (b.first != b.last)
    counter.channels *= map.extent[b.first];
  int64_t lowest = 0;
  for (int d = 0; d < map.rank; ++d) {
    if (isBlocked(blocked.data(), count, d))
      continue;
    int64_t stride = map.stride[d];
    if (stride < 0)
      lowest += (map.extent[d] - 1) * stride;
    counter.steps.push_back({map.extent[d], std::abs(stride)});
  }
  Steps blocks = {(counter.channels + b.block - 1) / b.block, b.blockStride};
  auto at = std::find_if(counter.steps.begin(), counter.steps.end(),
                         [&](const Steps &s) { return s.stride < blocks.stride; });
  counter.blocks = size_t(counter.steps.insert(at, blocks) - counter.steps.begin());
  return counter.countFrom(0, lowest, 0);
}

//===----------------------------------------------------------------------------------------===//
// Descriptors and tensors
//===----------------------------------------------------------------------------------------===//

static Error misfit(Layout layout, const std::string &what) {
  return Error{"layout " + std::string(toString(layout)) + " " + what};
}

Status checkLayout(const TensorTile &tile) {
  if (tile.layout == Layout::row_major) {
    if (tile.channel || tile.grouped)
      return misfit(tile.layout, "has no channels, expected channel 0 and no groups");
    return Status::success();
  }
  bool isWeights = tile.layout == Layout::blocks8x8;
  int64_t bytes = elementBytes(tile.format);
  if (tile.space != space::dram)
    return misfit(tile.layout, "lies in " + std::string(toString(tile.space)) + ", expected dram");
  if (isWeights && isCompressed(tile.format))
    return misfit(tile.layout, "has format " + std::string(toString(tile.format)) +
                                   ", expected one that is not compressed");
  uint64_t first = tile.grouped ? 1 : 0, last = tile.rank;
  if (tile.rank > tile.extent.size() || tile.channel < first || tile.channel >= last ||
      (isWeights && tile.rank < 2 + first))
    return misfit(tile.layout, "has channels in dimension " + std::to_string(tile.channel) +
                                   (tile.grouped ? ", in groups," : "") + " of " +
                                   std::to_string(tile.rank));
  if (isWeights && tile.grouped && tile.channel + 1 == tile.rank)
    return misfit(tile.layout,
                  "has no dimension of input channels behind " + std::to_string(tile.channel));
  if (tile.grouped && tile.stride[tile.channel - 1] != 0)
    return misfit(tile.layout, "has groups " + std::to_string(tile.stride[tile.channel - 1]) +
                                   " bytes apart, expected stride 0");
  std::array<BlockedChannels, 2> blocked;
  int count = AddressMap::of(tile).blockedChannels(blocked);
  int64_t block = bytes * (isWeights ? weightBlock * weightBlock : channelBlock);
  for (int i = 0; i < count; ++i)
    if (blocked[size_t(i)].blockStride < block)
      return misfit(tile.layout, "has blocks " + std::to_string(blocked[size_t(i)].blockStride) +
                                     " bytes apart, expected at least " + std::to_string(block));
  return Status::success();
}

static int64_t roundedUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

static TensorPlaces rowMajorPlaces(AddressMap map) {
  int64_t elements = 1;
  for (int d = map.rank; d-- > 0; elements *= map.extent[d])
    map.stride[d] = elements * map.elementBytes;
  return {map, elements};
}

/// (n, block of channels, rows, columns, channel). A compressed block is a piece of one row; of
/// rows that are shorter it is consecutive pixels of an image.
static TensorPlaces channelPlaces(AddressMap map, bool isCompressed) {
  int64_t pixels = 1;
  for (int d = map.rank; d-- > 2;) {
    map.stride[d] = pixels * channelBlock * map.elementBytes;
    pixels *= map.extent[d];
    if (isCompressed && d == map.rank - 1 && pixels >= blockPixels)
      pixels = roundedUp(pixels, blockPixels);
  }
  if (isCompressed)
    pixels = roundedUp(pixels, blockPixels);
  map.stride[1] = pixels * channelBlock * map.elementBytes;
  map.stride[0] = roundedUp(map.extent[1], channelBlock) / channelBlock * map.stride[1];
  return {map, map.extent[0] * map.stride[0] / map.elementBytes};
}

/// (block of output channels, block of input channels, tap, output channel, input channel).
static TensorPlaces weightPlaces(AddressMap map) {
  int64_t taps = 1, block = weightBlock * weightBlock * map.elementBytes;
  for (int d = map.rank; d-- > 2; taps *= map.extent[d])
    map.stride[d] = taps * block;
  map.stride[1] = taps * block;
  map.stride[0] = roundedUp(map.extent[1], weightBlock) / weightBlock * map.stride[1];
  int64_t blocks = roundedUp(map.extent[0], weightBlock) / weightBlock;
  return {map, blocks * map.stride[0] / map.elementBytes};
}

Result<TensorPlaces> TensorPlaces::of(Layout layout, int64_t elementBytes, bool isCompressed,
                                      const std::vector<int64_t> &shape) {
  if (shape.size() > size_t(AddressMap::maxRank))
    return Error{"a tensor has at most 8 dimensions, found " + std::to_string(shape.size())};
  AddressMap map = AddressMap::of(layout, elementBytes, shape, {});
  if (layout == Layout::row_major)
    return rowMajorPlaces(map);
  if (shape.size() < 2)
    return misfit(layout, "needs at least 2 dimensions, found " + std::to_string(shape.size()));
  if (layout == Layout::channels16)
    return channelPlaces(map, isCompressed);
  if (isCompressed)
    return misfit(layout, "needs a format that is not compressed");
  return weightPlaces(map);
}

//===----------------------------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------------------------===//

namespace {
/// A dimension of a tensor, or several that follow each other in memory too.
struct Axis {
  int64_t number; // of elements from one coordinate to the next, in row-major order
  int64_t size;
  int64_t stride;              // bytes; of channels those of blocks
  int64_t block;               // channels of a block; 1: none
  int64_t first = 0, last = 0; // of the view's coordinates
};

/// A dimension of a view along an axis; the other ones have one coordinate.
struct Walk {
  int axis = -1;
  int64_t step = 0;
};

/// Finds how a descriptor addresses a view of channels in blocks.
class ViewPlacer {
public:
  ViewPlacer(const TensorPlaces &tensor, const LogicalView &view) : tensor(tensor), view(view) {}
  Result<PlacedView> place();

private:
  void addAxes();
  bool walkAlong();
  bool isWhole(const Axis &axis, int64_t channels) const;
  bool isChannel(size_t dim, int axis, int64_t step) const;
  std::optional<AddressMap> mapWith(int channel, bool grouped) const;
  Error noView(const std::string &what) const { return misfit(tensor.map.layout, what); }

  const TensorPlaces &tensor;
  const LogicalView &view;
  std::vector<Axis> axes;        // outermost first
  int outputs = -1, inputs = -1; // axes of channels
  std::vector<Walk> walks;
};
} // namespace

void ViewPlacer::addAxes() {
  const AddressMap &map = tensor.map;
  bool isWeights = map.layout == Layout::blocks8x8;
  int64_t number = 1;
  for (int d = map.rank; d-- > 0; number *= map.extent[d]) {
    bool isChannel = d == 1 || (d == 0 && isWeights);
    int64_t block = !isChannel ? 1 : isWeights ? weightBlock : channelBlock;
    Axis *inner = axes.empty() ? nullptr : &axes.back();
    if (!isChannel && inner && inner->block == 1 && map.stride[d] == inner->stride * inner->size)
      inner->size *= map.extent[d];
    else
      axes.push_back({number, map.extent[d], map.stride[d], block});
  }
  std::reverse(axes.begin(), axes.end());
  for (size_t i = 0; i < axes.size(); ++i) {
    axes[i].first = axes[i].last = view.first / axes[i].number % axes[i].size;
    if (axes[i].block > 1)
      (outputs < 0 ? outputs : inputs) = int(i);
  }
}

/// False if the coordinates of a dimension are not those of an axis.
bool ViewPlacer::walkAlong() {
  walks.resize(view.extent.size());
  for (size_t d = 0; d < walks.size(); ++d) {
    if (view.extent[d] == 1)
      continue;
    int64_t distance = std::abs(view.stride[d]);
    for (size_t i = 0; i < axes.size() && walks[d].axis < 0; ++i)
      if (axes[i].size > 1 && axes[i].number <= distance)
        walks[d] = {int(i), view.stride[d] / axes[i].number};
    if (walks[d].axis < 0 || distance % axes[size_t(walks[d].axis)].number)
      return false;
    Axis &axis = axes[size_t(walks[d].axis)];
    int64_t moved = (view.extent[d] - 1) * walks[d].step;
    (moved < 0 ? axis.first : axis.last) += moved;
  }
  return std::all_of(axes.begin(), axes.end(),
                     [](const Axis &axis) { return axis.first >= 0 && axis.last < axis.size; });
}

/// Whether so many channels begin and end with blocks, or with the last channel.
bool ViewPlacer::isWhole(const Axis &axis, int64_t channels) const {
  return axis.first % axis.block == 0 &&
         (channels % axis.block == 0 || axis.first + channels == axis.size);
}

/// Whether the dimension has one coordinate, or steps of so many channels.
bool ViewPlacer::isChannel(size_t dim, int axis, int64_t step) const {
  return view.extent[dim] == 1 || (walks[dim].axis == axis && walks[dim].step == step);
}

/// The map with channels in this dimension, if that is what the view says.
std::optional<AddressMap> ViewPlacer::mapWith(int channel, bool grouped) const {
  int rank = int(view.extent.size()), in = inputs < 0 ? -1 : inputsOf(channel, rank);
  int group = grouped ? channel - 1 : -1;
  if ((grouped && group < 0) || (inputs >= 0 && (in < 0 || in == group)))
    return std::nullopt;
  int64_t inGroup = view.extent[size_t(channel)];
  int64_t channels = inGroup * (grouped ? view.extent[size_t(group)] : 1);
  if (!isChannel(size_t(channel), outputs, 1) ||
      (grouped && !isChannel(size_t(group), outputs, inGroup)) ||
      (in >= 0 && !isChannel(size_t(in), inputs, 1)))
    return std::nullopt;
  AddressMap map = tensor.map;
  map.rank = rank;
  map.channel = channel;
  map.grouped = grouped;
  map.extent = map.stride = {};
  std::copy(view.extent.begin(), view.extent.end(), map.extent.begin());
  const Axis &outer = axes[size_t(outputs)];
  map.stride[size_t(channel)] = outer.stride;
  for (int d = 0; d < rank; ++d) {
    const Walk &walk = walks[size_t(d)];
    if (d == channel || d == group || d == in || walk.axis < 0)
      continue;
    // Other dimensions go from block to block.
    const Axis &axis = axes[size_t(walk.axis)];
    if (walk.step % axis.block || walk.axis == inputs)
      return std::nullopt;
    map.stride[size_t(d)] = walk.step / axis.block * axis.stride;
  }
  if (!isWhole(outer, channels))
    return std::nullopt;
  if (in < 0)
    return map;
  const Axis &inner = axes[size_t(inputs)];
  map.stride[size_t(in)] = inner.stride;
  if (!isWhole(inner, view.extent[size_t(in)]))
    return std::nullopt;
  return map;
}

Result<PlacedView> ViewPlacer::place() {
  addAxes();
  if (!walkAlong())
    return noView("has no view whose dimensions merge channels with others");
  for (bool grouped : {false, true})
    for (int channel = 0; channel < int(view.extent.size()); ++channel)
      if (std::optional<AddressMap> map = mapWith(channel, grouped)) {
        int64_t offset = 0;
        for (const Axis &axis : axes)
          offset += view.first / axis.number % axis.size / axis.block * axis.stride;
        return PlacedView{*map, offset};
      }
  return noView("has no view that cuts blocks of channels, or takes them in another order");
}

Result<PlacedView> placeView(const TensorPlaces &tensor, const LogicalView &view) {
  if (tensor.map.layout != Layout::row_major)
    return ViewPlacer(tensor, view).place();
  int64_t bytes = tensor.map.elementBytes;
  PlacedView placed{tensor.map, view.first * bytes};
  placed.map.rank = int(view.extent.size());
  for (size_t d = 0; d < view.extent.size(); ++d) {
    placed.map.extent[d] = view.extent[d];
    placed.map.stride[d] = view.stride[d] * bytes;
  }
  return placed;
}

} // namespace slp::mach
