//===- AddressesTest.cpp - layouts against memory walked in order -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The naive model walks a tensor's memory from its first byte to its last, place by place, as the
// table of docs/decisions/0042-layouts.md is written, and notes which element each place is for.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Addresses.h"
#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/EnumLayout.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/LayoutRowMajor.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"

#include "gtest/gtest.h"

#include <map>
#include <random>
#include <set>

namespace slp::mach {
namespace {

using Shape = std::vector<int64_t>;
using Coordinates = AddressMap::Coordinates;

/// By place of the memory: the number of the element there in row-major order, -1 for padding.
using Walk = std::vector<int64_t>;

int64_t product(const Shape &shape, size_t from) {
  int64_t n = 1;
  for (size_t d = from; d < shape.size(); ++d)
    n *= shape[d];
  return n;
}

Walk walkRowMajor(const Shape &shape) {
  Walk walk;
  for (int64_t i = 0; i < product(shape, 0); ++i)
    walk.push_back(i);
  return walk;
}

Walk walkChannels(const Shape &shape, bool isCompressed) {
  Walk walk;
  int64_t channels = shape[1], pixels = product(shape, 2),
          row = shape.size() > 2 ? shape.back() : 1;
  auto vector = [&](int64_t n, int64_t block, int64_t pixel) {
    for (int64_t c = block * 16; c < (block + 1) * 16; ++c)
      walk.push_back(c < channels && pixel >= 0 ? (n * channels + c) * pixels + pixel : -1);
  };
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t block = 0; block * 16 < channels; ++block) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        vector(n, block, pixel);
        bool endsRow = isCompressed && row >= 16 && (pixel + 1) % row == 0;
        while (endsRow && walk.size() % 256)
          vector(n, block, -1);
      }
      while (isCompressed && walk.size() % 256)
        vector(n, block, -1);
    }
  return walk;
}

Walk walkWeights(const Shape &shape) {
  Walk walk;
  int64_t taps = product(shape, 2);
  for (int64_t ob = 0; ob < shape[0]; ob += 8)
    for (int64_t ib = 0; ib < shape[1]; ib += 8)
      for (int64_t tap = 0; tap < taps; ++tap)
        for (int64_t o = ob; o < ob + 8; ++o)
          for (int64_t i = ib; i < ib + 8; ++i)
            walk.push_back(o < shape[0] && i < shape[1] ? (o * shape[1] + i) * taps + tap : -1);
  return walk;
}

/// A tensor with its memory.
struct Sample {
  Shape shape;
  int64_t width;
  bool isCompressed;
  TensorPlaces places;
  Walk walk;
  std::vector<int64_t> offsets; // by number of the element

  std::string text() const {
    std::string result = std::string(toString(places.map.layout)) +
                         (isCompressed ? " packed" : "") + ", " + std::to_string(width) +
                         " bytes, [";
    for (int64_t extent : shape)
      result += std::to_string(extent) + " ";
    return result + "]";
  }
};

class Random {
public:
  explicit Random(uint32_t seed) : random(seed) {}
  int64_t draw(int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  }
  /// A part of [0, extent).
  std::pair<int64_t, int64_t> part(int64_t extent) {
    int64_t lo = draw(0, 1) ? 0 : draw(0, extent - 1);
    return {lo, draw(0, 1) ? extent - lo : draw(1, extent - lo)};
  }
  Sample sample(Layout layout, Shape shape = {}) {
    Sample s;
    s.width = int64_t(1) << draw(0, 2);
    s.isCompressed = layout != Layout::blocks8x8 && draw(0, 2) == 0;
    if (s.isCompressed)
      s.width = draw(1, 2);
    s.shape = shape.empty() ? drawShape() : shape;
    auto places = TensorPlaces::of(layout, s.width, s.isCompressed, s.shape);
    EXPECT_TRUE(places.ok()) << places.message();
    s.places = *places;
    s.walk = layout == Layout::row_major    ? walkRowMajor(s.shape)
             : layout == Layout::channels16 ? walkChannels(s.shape, s.isCompressed)
                                            : walkWeights(s.shape);
    s.offsets.resize(size_t(product(s.shape, 0)));
    for (size_t i = 0; i < s.walk.size(); ++i)
      if (s.walk[i] >= 0)
        s.offsets[size_t(s.walk[i])] = int64_t(i) * s.width;
    return s;
  }

private:
  Shape drawShape() {
    Shape shape = {draw(1, 3), draw(1, 3) == 1 ? 16 * draw(1, 3) : draw(1, 40)};
    for (int64_t d = draw(0, 3); d > 0; --d)
      shape.push_back(draw(1, d == 1 ? 20 : 6));
    return shape;
  }
  std::mt19937 random;
};

constexpr Layout layouts[] = {Layout::row_major, Layout::channels16, Layout::blocks8x8};

class AddressesTest : public testing::TestWithParam<uint32_t> {};

/// Calls f(coordinates) for all of a box.
template <typename F> void forBox(int rank, const Coordinates &lo, const Coordinates &size, F f) {
  int64_t n = 1;
  for (int d = 0; d < rank; ++d)
    n *= size[size_t(d)];
  for (int64_t i = 0; i < n; ++i) {
    Coordinates at = lo;
    int64_t rest = i;
    for (int d = rank; d-- > 0; rest /= size[size_t(d)])
      at[size_t(d)] += rest % size[size_t(d)];
    f(at);
  }
}

TEST_P(AddressesTest, TensorsLieAsMemoryIsWalked) {
  Random random(GetParam());
  for (Layout layout : layouts) {
    Sample s = random.sample(layout);
    SCOPED_TRACE("seed " + std::to_string(GetParam()) + ": " + s.text());
    EXPECT_EQ(s.places.elements, int64_t(s.walk.size()));
    std::vector<int64_t> seen;
    s.places.map.forRows([&](int64_t index, int64_t offset, int64_t n, int64_t stride) {
      EXPECT_EQ(index, int64_t(seen.size()));
      for (int64_t i = 0; i < n; ++i)
        seen.push_back(offset + i * stride);
      return true;
    });
    EXPECT_EQ(seen, s.offsets);
    int64_t number = 0;
    forBox(s.places.map.rank, {}, s.places.map.extent, [&](const Coordinates &at) {
      ASSERT_EQ(s.places.map.offsetOf(at), s.offsets[size_t(number)]) << "element " << number;
      ++number;
    });
  }
}

TEST_P(AddressesTest, PiecesAndReachAreThoseOfTheirElements) {
  Random random(GetParam());
  for (Layout layout : layouts) {
    Sample s = random.sample(layout);
    SCOPED_TRACE("seed " + std::to_string(GetParam()) + ": " + s.text());
    const AddressMap &map = s.places.map;
    Coordinates lo{}, size{};
    for (int d = 0; d < map.rank; ++d)
      std::tie(lo[size_t(d)], size[size_t(d)]) = random.part(map.extent[size_t(d)]);
    std::map<Coordinates, int64_t> expected, found;
    int64_t begin = INT64_MAX, end = 0;
    forBox(map.rank, lo, size, [&](const Coordinates &at) {
      expected[at] = map.offsetOf(at);
      begin = std::min(begin, expected[at]);
      end = std::max(end, expected[at] + s.width);
    });
    map.forPieces(lo, size, [&](const AddressMap::Piece &piece) {
      forBox(map.rank, piece.lo, piece.size, [&](const Coordinates &at) {
        int64_t offset = piece.offset;
        for (int d = 0; d < map.rank; ++d)
          offset += (at[size_t(d)] - piece.lo[size_t(d)]) * piece.stride[size_t(d)];
        EXPECT_TRUE(found.emplace(at, offset).second) << "twice";
      });
    });
    EXPECT_EQ(found, expected);
    Reach reach = reachOf(map, lo, size);
    EXPECT_EQ(reach.begin, begin);
    EXPECT_EQ(reach.end, end);
  }
}

/// A view of a sample that its layout has: groups, slices at blocks, pixels in one dimension,
/// dimensions in another order.
LogicalView drawView(Random &random, const Sample &s) {
  LogicalView view;
  bool isWeights = s.places.map.layout == Layout::blocks8x8;
  int64_t block = s.places.map.layout == Layout::row_major ? 1 : isWeights ? 8 : 16;
  Shape strides(s.shape.size());
  for (size_t d = 0; d < s.shape.size(); ++d)
    strides[d] = product(s.shape, d + 1);
  auto add = [&](int64_t extent, int64_t stride) {
    view.extent.push_back(extent);
    view.stride.push_back(stride);
  };
  auto addChannels = [&](size_t d, bool mayBeGrouped) {
    int64_t extent = s.shape[d], lo = random.draw(0, (extent - 1) / block) * block;
    int64_t size = extent - lo, groups = 1;
    if (random.draw(0, 1) && size > block)
      size = random.draw(1, size / block) * block;
    view.first += lo * strides[d];
    for (int64_t g = 1; mayBeGrouped && g <= size; ++g)
      if (size % g == 0 && random.draw(0, 2) == 0)
        groups = g;
    if (groups > 1)
      add(groups, size / groups * strides[d]);
    add(size / groups, strides[d]);
  };
  auto addPart = [&](size_t d) {
    auto [lo, size] = random.part(s.shape[d]);
    view.first += lo * strides[d];
    add(size, strides[d]);
  };
  bool hasPixels = s.shape.size() > 3 && !s.isCompressed && random.draw(0, 2) == 0;
  if (isWeights)
    addChannels(0, s.shape.size() < 5);
  else
    addPart(0);
  addChannels(1, !isWeights && (s.shape.size() < 5 || hasPixels));
  if (hasPixels)
    add(product(s.shape, 2), 1);
  for (size_t d = 2; d < s.shape.size() && !hasPixels; ++d)
    addPart(d);
  return view;
}

/// The bursts of all bytes that a box moves: those of its elements and of all others of their
/// blocks. Groups of which it has a part are runs of their own.
class NaiveBursts {
public:
  NaiveBursts(const AddressMap &map, const Coordinates &lo, const Coordinates &size)
      : map(map), lo(lo), size(size), count(map.blockedChannels(blocked)) {}

  uint64_t bytes(uint64_t base, uint64_t burst) {
    forBox(map.rank, lo, size, [&](const Coordinates &at) { add(base, at); });
    uint64_t total = 0;
    for (const auto &[group, places] : runs) {
      uint64_t last = 0, lastBurst = UINT64_MAX;
      for (uint64_t place : places) {
        if (place != last + 1)
          lastBurst = UINT64_MAX; // a run of its own
        if (place / burst != lastBurst)
          total += burst;
        lastBurst = place / burst;
        last = place;
      }
    }
    return total;
  }

private:
  void add(uint64_t base, const Coordinates &at) {
    std::array<int64_t, 2> block{}, inner{}; // bytes to the block, bytes between its channels
    int64_t channels[2] = {1, 1}, group = -1, others = 0;
    for (int i = 0; i < count; ++i) {
      const BlockedChannels &b = blocked[size_t(i)];
      bool isGrouped = b.first != b.last;
      int64_t in = map.extent[size_t(b.last)];
      int64_t number =
          isGrouped ? at[size_t(b.first)] * in + at[size_t(b.last)] : at[size_t(b.last)];
      block[size_t(i)] = number / b.block * b.blockStride;
      inner[size_t(i)] = b.innerStride;
      channels[i] = b.block;
      if (isGrouped && size[size_t(b.last)] != in)
        group = at[size_t(b.first)];
    }
    for (int d = 0; d < map.rank; ++d) {
      bool isOther = true;
      for (int i = 0; i < count; ++i)
        isOther &= d != blocked[size_t(i)].first && d != blocked[size_t(i)].last;
      others += isOther ? at[size_t(d)] * map.stride[size_t(d)] : 0;
    }
    for (int64_t k = 0; k < channels[0]; ++k)
      for (int64_t l = 0; l < channels[1]; ++l)
        for (int64_t byte = 0; byte < map.elementBytes; ++byte)
          runs[group].insert(
              base + uint64_t(others + block[0] + block[1] + k * inner[0] + l * inner[1] + byte));
  }

  const AddressMap &map;
  Coordinates lo, size;
  std::array<BlockedChannels, 2> blocked;
  int count;
  std::map<int64_t, std::set<uint64_t>> runs; // bytes, by group that counts for itself
};

TEST_P(AddressesTest, BurstsAreThoseOfRuns) {
  Random random(GetParam());
  for (Layout layout : layouts) {
    Sample s = random.sample(layout);
    SCOPED_TRACE("seed " + std::to_string(GetParam()) + ": " + s.text());
    const AddressMap &map = s.places.map;
    Coordinates lo{}, size{};
    std::string box;
    for (size_t d = 0; d < size_t(map.rank); ++d) {
      std::tie(lo[d], size[d]) = random.part(map.extent[d]);
      box += " " + std::to_string(lo[d]) + "+" + std::to_string(size[d]);
    }
    uint64_t base = uint64_t(64 * random.draw(0, 9) + 16 * random.draw(0, 3));
    int64_t burst = int64_t(16) << random.draw(0, 2);
    EXPECT_EQ(burstBytes(map, base, lo, size, burst),
              NaiveBursts(map, lo, size).bytes(base, uint64_t(burst)))
        << "bursts of " << burst << " from " << base << ":" << box;
  }
}

TEST_P(AddressesTest, BurstsOfViewsAreThoseOfRuns) {
  Random random(GetParam());
  for (Layout layout : layouts) {
    Sample s = random.sample(layout);
    auto placed = placeView(s.places, drawView(random, s));
    ASSERT_TRUE(placed.ok());
    const AddressMap &map = placed->map;
    SCOPED_TRACE("seed " + std::to_string(GetParam()) + ": " + s.text() + ", channels in " +
                 std::to_string(map.channel) + (map.grouped ? ", grouped" : ""));
    Coordinates lo{}, size{};
    for (size_t d = 0; d < size_t(map.rank); ++d)
      std::tie(lo[d], size[d]) = random.part(map.extent[d]);
    EXPECT_EQ(burstBytes(map, 64, lo, size, 32), NaiveBursts(map, lo, size).bytes(64, 32));
  }
}

/// Over as many boxes, a step apart, as there are bytes in a burst, the mean is exact where one
/// dimension alone has steps.
TEST(BurstsTest, MeanIsThatOfManyBoxes) {
  std::mt19937 random(5);
  auto draw = [&](int64_t low, int64_t high) {
    return low + int64_t(random() % uint32_t(high - low + 1));
  };
  for (int i = 0; i < 300; ++i) {
    int64_t burst = int64_t(16) << draw(0, 2), element = int64_t(1) << draw(0, 2);
    int64_t width = draw(1, 40), rows = draw(1, 6);
    AddressMap map =
        AddressMap::of(layout::row_major, element, {1000000, width}, {width * element, element});
    Coordinates lo{draw(0, 5), 0}, size{rows, width}, step{draw(1, 9), 0};
    double sum = 0;
    for (int64_t box = 0; box < burst; ++box) {
      Coordinates at = lo;
      at[0] += box * step[0];
      sum += double(burstBytes(map, 64, at, size, burst));
    }
    EXPECT_DOUBLE_EQ(meanBurstBytes(map, 64, lo, size, step, burst), sum / double(burst));
    EXPECT_DOUBLE_EQ(meanBurstBytes(map, 64, lo, size, {}, burst),
                     double(burstBytes(map, 64, lo, size, burst)));
  }
}

TEST_P(AddressesTest, ViewsNameTheElementsTheySay) {
  Random random(GetParam());
  for (Layout layout : layouts) {
    Sample s = random.sample(layout);
    LogicalView view = drawView(random, s);
    std::string text = "seed " + std::to_string(GetParam()) + ": " + s.text() + ", view of";
    for (size_t d = 0; d < view.extent.size(); ++d)
      text += " " + std::to_string(view.extent[d]) + " by " + std::to_string(view.stride[d]);
    SCOPED_TRACE(text + " from " + std::to_string(view.first));
    auto placed = placeView(s.places, view);
    ASSERT_TRUE(placed.ok()) << placed.message();
    EXPECT_EQ(placed->map.layout, layout);
    forBox(placed->map.rank, {}, placed->map.extent, [&](const Coordinates &at) {
      int64_t number = view.first;
      for (size_t d = 0; d < view.extent.size(); ++d)
        number += at[d] * view.stride[d];
      ASSERT_EQ(placed->offset + placed->map.offsetOf(at), s.offsets[size_t(number)])
          << "element " << number;
    });
  }
}

/// Any strides at all: what is not refused must be right.
TEST_P(AddressesTest, DrawnStridesAreRightOrRefused) {
  Random random(GetParam());
  for (Layout layout : layouts)
    for (int trial = 0; trial < 20; ++trial) {
      Sample s = random.sample(layout);
      LogicalView view;
      int64_t last = 0, all = product(s.shape, 0);
      for (int64_t d = random.draw(1, 4); d > 0; --d) {
        size_t from = size_t(random.draw(0, int64_t(s.shape.size())));
        int64_t stride = product(s.shape, from) * random.draw(1, 2);
        int64_t extent = random.draw(1, std::max<int64_t>(1, (all - 1 - last) / stride + 1));
        if (last + (extent - 1) * stride >= all || product(view.extent, 0) * extent > 20000)
          continue;
        last += (extent - 1) * stride;
        view.extent.push_back(extent);
        view.stride.push_back(stride);
      }
      view.first = random.draw(0, all - 1 - last);
      auto placed = placeView(s.places, view);
      if (!placed.ok())
        continue;
      SCOPED_TRACE("seed " + std::to_string(GetParam()) + ": " + s.text());
      forBox(placed->map.rank, {}, placed->map.extent, [&](const Coordinates &at) {
        int64_t number = view.first;
        for (size_t d = 0; d < view.extent.size(); ++d)
          number += at[d] * view.stride[d];
        ASSERT_EQ(placed->offset + placed->map.offsetOf(at), s.offsets[size_t(number)]);
      });
    }
}

TEST_P(AddressesTest, CompressedBlocksHaveTheirElements) {
  Random random(GetParam());
  Sample s = random.sample(Layout::channels16);
  SCOPED_TRACE("seed " + std::to_string(GetParam()) + ": " + s.text());
  for (int64_t begin = 0; begin < s.places.elements; begin += blockElements) {
    int64_t expected = 0;
    for (int64_t i = begin; i < std::min(begin + blockElements, s.places.elements); ++i)
      expected += s.walk[size_t(i)] >= 0;
    EXPECT_EQ(elementsBetween(s.places.map, begin * s.width, (begin + blockElements) * s.width),
              expected)
        << "block " << begin / blockElements;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AddressesTest, testing::Range(1u, 61u));

TEST(AddressesRefusalTest, ViewsThatALayoutLacks) {
  auto refusal = [](Layout layout, const Shape &shape, const LogicalView &view) {
    auto places = TensorPlaces::of(layout, 2, /*isCompressed=*/false, shape);
    EXPECT_TRUE(places.ok());
    auto placed = placeView(*places, view);
    return placed.ok() ? std::string() : placed.message();
  };
  const std::string merged = "has no view whose dimensions merge channels with others";
  const std::string cut =
      "has no view that cuts blocks of channels, or takes them in another order";
  Layout channels = Layout::channels16, weights = Layout::blocks8x8;
  // (2, 32, 4, 5): all in one row; channels and pixels in one; images and channels in one.
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{1280}, {1}, 0}), "layout channels16 " + merged);
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{2, 640}, {640, 1}, 0}),
            "layout channels16 " + merged);
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{64, 20}, {20, 1}, 0}),
            "layout channels16 " + merged);
  // Slices that begin or end inside a block; every second channel; channels downwards.
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{16, 20}, {20, 1}, 160}), "layout channels16 " + cut);
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{8, 20}, {20, 1}, 0}), "layout channels16 " + cut);
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{16, 20}, {40, 1}, 0}), "layout channels16 " + cut);
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{32, 20}, {-20, 1}, 620}),
            "layout channels16 " + cut);
  EXPECT_EQ(refusal(channels, {2, 32, 4, 5}, {{32, 20}, {20, 1}, 0}), "");
  // (16, 24, 3, 3): taps and input channels in one; input channels away from output channels.
  EXPECT_EQ(refusal(weights, {16, 24, 3, 3}, {{16, 216}, {216, 1}, 0}),
            "layout blocks8x8 " + merged);
  EXPECT_EQ(refusal(weights, {16, 24, 3, 3}, {{16, 9, 24}, {216, 1, 9}, 0}),
            "layout blocks8x8 " + cut);
  EXPECT_EQ(refusal(weights, {16, 24, 3, 3}, {{16, 4, 9}, {216, 9, 1}, 0}),
            "layout blocks8x8 " + cut);
  EXPECT_EQ(refusal(weights, {16, 24}, {{24, 16}, {1, 24}, 0}), "") << "transposed";
}

TEST(AddressesRefusalTest, TensorsThatALayoutLacks) {
  auto refusal = [](Layout layout, bool isCompressed, const Shape &shape) {
    auto places = TensorPlaces::of(layout, 1, isCompressed, shape);
    return places.ok() ? std::string() : places.message();
  };
  EXPECT_EQ(refusal(Layout::channels16, false, {7}),
            "layout channels16 needs at least 2 dimensions, found 1");
  EXPECT_EQ(refusal(Layout::blocks8x8, true, {8, 8}),
            "layout blocks8x8 needs a format that is not compressed");
  EXPECT_EQ(refusal(Layout::row_major, false, Shape(9, 1)),
            "a tensor has at most 8 dimensions, found 9");
}

TEST(AddressesRefusalTest, DescriptorsThatMakeNoSense) {
  TensorTile good;
  good.space = space::dram;
  good.format = format::f32;
  good.rank = 4;
  good.layout = Layout::channels16;
  good.channel = 1;
  good.extent = {2, 32, 4, 5, 1};
  good.stride = {2560, 1280, 320, 64, 0};
  EXPECT_TRUE(checkLayout(good).ok());
  auto refusal = [&](auto change) {
    TensorTile tile = good;
    change(tile);
    return checkLayout(tile).message();
  };
  EXPECT_EQ(refusal([](TensorTile &t) { t.layout = Layout::row_major; }),
            "layout row_major has no channels, expected channel 0 and no groups");
  EXPECT_EQ(refusal([](TensorTile &t) { t.space = space::spm; }),
            "layout channels16 lies in spm, expected dram");
  EXPECT_EQ(refusal([](TensorTile &t) { t.channel = 4; }),
            "layout channels16 has channels in dimension 4 of 4");
  EXPECT_EQ(refusal([](TensorTile &t) { t.channel = 0, t.grouped = 1; }),
            "layout channels16 has channels in dimension 0, in groups, of 4");
  EXPECT_EQ(refusal([](TensorTile &t) { t.grouped = 1; }),
            "layout channels16 has groups 2560 bytes apart, expected stride 0");
  EXPECT_EQ(refusal([](TensorTile &t) { t.stride[1] = 48; }),
            "layout channels16 has blocks 48 bytes apart, expected at least 64");
  EXPECT_EQ(refusal([](TensorTile &t) { t.layout = Layout::blocks8x8, t.stride[2] = 128; }),
            "layout blocks8x8 has blocks 128 bytes apart, expected at least 256");
  EXPECT_EQ(refusal([](TensorTile &t) { t.layout = Layout::blocks8x8, t.format = format::mixed; }),
            "layout blocks8x8 has format mixed, expected one that is not compressed");
  EXPECT_EQ(refusal([](TensorTile &t) {
              t.layout = Layout::blocks8x8, t.channel = 3, t.grouped = 1, t.stride[2] = 0;
            }),
            "layout blocks8x8 has no dimension of input channels behind 3");
}

} // namespace
} // namespace slp::mach
