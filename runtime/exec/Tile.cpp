//===- Tile.cpp - tiles of tensors in memory --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Resolution of descriptors (clipping, bounds) and the strided loops that all transfers share.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Tile.h"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"

#include <algorithm>
#include <cstring>

namespace slp::exec {

mach::AddressMap::Coordinates coordinates(const Dims &dims) {
  mach::AddressMap::Coordinates result{};
  std::copy(dims.begin(), dims.end(), result.begin());
  return result;
}

mach::AddressMap TileView::map() const {
  mach::AddressMap map;
  map.rank = rank;
  map.layout = layout;
  map.channel = channel;
  map.grouped = grouped;
  map.elementBytes = elementBytes;
  map.extent = coordinates(extent);
  map.stride = coordinates(stride);
  return map;
}

/// Address and bounds of `view.box` of the tile whose coordinate `origin` lies at `base`.
static Status locate(TileView &view, const Memories &memories, unsigned core, uint64_t base,
                     const Dims &origin, const char *name) {
  const Memory &memory = memories.of(view.space, core);
  // 48-bit base, 32-bit strides and 24-bit coordinates: 60 bits suffice.
  int64_t address = int64_t(base), before = 0, last = 0;
  if (view.isRowMajor()) {
    for (int d = 0; d < view.rank; ++d) {
      address += (view.box.lo[d] - origin[d]) * view.stride[d];
      (view.stride[d] < 0 ? before : last) += (view.box.size[d] - 1) * view.stride[d];
    }
  } else { // in dram, where coordinates count from 0
    mach::AddressMap map = view.map();
    int64_t first = map.offsetOf(coordinates(view.box.lo));
    mach::Reach reach = reachOf(map, coordinates(view.box.lo), coordinates(view.box.size));
    address += first;
    before = reach.begin - first;
    last = reach.end - first - view.elementBytes;
  }
  if (address + before < 0)
    return Error{std::string("operand `") + name + "` reaches byte " +
                 std::to_string(address + before) + " of " +
                 std::string(mach::toString(view.space)) + ", expected 0 or more"};
  uint64_t end = uint64_t(address) + uint64_t(last) + uint64_t(view.elementBytes);
  if (end > memory.size())
    return Error{std::string("operand `") + name + "` reaches byte " + std::to_string(end) +
                 " of " + std::string(mach::toString(view.space)) +
                 (view.space == mach::space::spm || view.space == mach::space::acc
                      ? " of core " + std::to_string(core)
                      : std::string()) +
                 ", which has " + std::to_string(memory.size())};
  view.address = uint64_t(address);
  view.base = memory.data() + address;
  return Status::success();
}

/// Strides may be 0, so bounds alone do not limit what an instruction costs: no tile has more
/// elements than the largest memory on the chip has bytes, and no tensor more than addresses count.
static Status checkCounts(const TileView &view, const Memories &memories, const char *name) {
  constexpr int64_t mostOfTensor = int64_t(1) << 48;
  int64_t most = int64_t(memories.largestOnChip());
  unsigned __int128 elements = 1, whole = 1; // five factors of 25 bits
  for (int d = 0; d < view.rank; ++d) {
    elements *= uint64_t(view.box.size[d]);
    whole *= uint64_t(std::max<int64_t>(view.extent[d], 1));
  }
  if (elements > uint64_t(most))
    return Error{std::string("the tile of `") + name + "` has more than " + std::to_string(most) +
                 " elements, the bytes of the largest memory on the chip"};
  if (whole > uint64_t(mostOfTensor))
    return Error{std::string("the extents of `") + name + "` make more than 2^48 elements"};
  // Their number times a stride must fit 64 bits.
  constexpr int64_t mostChannels = int64_t(1) << 24;
  if (view.grouped && view.extent[view.channel - 1] * view.extent[view.channel] > mostChannels)
    return Error{std::string("the groups of `") + name + "` make more than 2^24 channels"};
  return Status::success();
}

static Result<TileView> resolveImpl(const Memories &memories, const Descriptor &d, unsigned core,
                                    const char *name, bool clip) {
  const mach::TensorTile &t = d.tile;
  if (t.rank > maxRank)
    return Error{std::string("operand `") + name + "` has rank " + std::to_string(t.rank) +
                 ", expected at most 5"};
  TileView view;
  view.space = t.space;
  view.format = t.format;
  view.rounding = t.rounding;
  view.bias = int(t.bias);
  view.stream = uint32_t(t.stream);
  view.rank = int(t.rank);
  view.elementBytes = mach::elementBytes(t.format);
  view.layout = t.layout;
  view.channel = int(t.channel);
  view.grouped = t.grouped != 0;
  view.extent.fill(1);
  Dims origin{};
  bool isDram = t.space == mach::space::dram;
  bool isEmpty = false;
  for (int i = 0; i < view.rank; ++i) {
    int64_t first = t.origin[i] + int64_t(core) * t.coreStride[i];
    int64_t tile = int64_t(t.tile[i]), extent = int64_t(t.extent[i]);
    int64_t lo = clip ? std::clamp<int64_t>(first, 0, extent) : first;
    int64_t hi = clip ? std::clamp<int64_t>(first + tile, 0, extent) : first + tile;
    view.box.lo[i] = lo;
    view.box.size[i] = std::max<int64_t>(hi - lo, 0);
    view.stride[i] = int64_t(t.stride[i]);
    view.extent[i] = extent;
    origin[i] = isDram ? 0 : first;
    isEmpty |= view.box.size[i] == 0;
  }
  if (isEmpty)
    return view;
  if (Status s = checkCounts(view, memories, name); !s)
    return s.takeError();
  uint64_t base = isDram ? t.base : t.base + d.slot * t.slotBytes;
  if (Status s = locate(view, memories, core, base, origin, name); !s)
    return s.takeError();
  return view;
}

Result<TileView> resolve(const Memories &memories, const Descriptor &d, unsigned core,
                         const char *name) {
  return resolveImpl(memories, d, core, name, /*clip=*/true);
}

Result<TileView> resolveUnclipped(const Memories &memories, const Descriptor &d, unsigned core,
                                  const char *name) {
  return resolveImpl(memories, d, core, name, /*clip=*/false);
}

TileView TileView::part(const Box &part) const {
  TileView result = *this;
  result.box = part;
  for (int d = 0; d < maxRank; ++d) {
    result.base += (part.lo[d] - box.lo[d]) * stride[d];
    result.address += uint64_t((part.lo[d] - box.lo[d]) * stride[d]);
  }
  return result;
}

Result<TileView> subview(const TileView &view, const Box &box, const char *name) {
  TileView result = view;
  result.box = box;
  if (box.count() == 0) {
    result.base = nullptr;
    return result;
  }
  for (int d = 0; d < maxRank; ++d) {
    if (box.lo[d] < view.box.lo[d] || box.lo[d] + box.size[d] > view.end(d))
      return Error{std::string("operand `") + name + "` lacks coordinates " +
                   std::to_string(box.lo[d]) + " to " +
                   std::to_string(box.lo[d] + box.size[d] - 1) + " of dimension " +
                   std::to_string(d) + ": its tile holds " + std::to_string(view.box.lo[d]) +
                   " to " + std::to_string(view.end(d) - 1)};
  }
  return view.part(box);
}

Dims rowMajor(const Dims &size) {
  Dims stride;
  int64_t n = 1;
  for (int d = maxRank - 1; d >= 0; --d) {
    stride[d] = n;
    n *= size[d];
  }
  return stride;
}

Nest::Nest(const Dims &sizes, const Dims &a, const Dims &b) {
  int n = 0;
  Dims s, x, y;
  for (int d = 0; d < maxRank; ++d) {
    isEmpty |= sizes[d] <= 0;
    if (sizes[d] == 1)
      continue;
    if (n && x[n - 1] == a[d] * sizes[d] && y[n - 1] == b[d] * sizes[d]) {
      s[n - 1] *= sizes[d];
      x[n - 1] = a[d];
      y[n - 1] = b[d];
      continue;
    }
    s[n] = sizes[d];
    x[n] = a[d];
    y[n] = b[d];
    ++n;
  }
  // The longest dimension goes innermost; the others keep their order.
  int inner = n - 1;
  for (int d = 0; d < n; ++d)
    if (s[d] > 2 * s[inner])
      inner = d;
  int out = maxRank - n;
  for (int d = 0; d < n; ++d) {
    int at = d == inner ? maxRank - 1 : out++;
    size[at] = s[d];
    strideA[at] = x[d];
    strideB[at] = y[d];
  }
}

template <typename T> static void copyRows(const TileView &from, const TileView &to) {
  Nest(from.box.size, from.stride, to.stride)
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        const uint8_t *source = from.base + a;
        uint8_t *target = to.base + b;
        if (strideA == int64_t(sizeof(T)) && strideB == int64_t(sizeof(T))) {
          std::memcpy(target, source, size_t(n) * sizeof(T));
          return;
        }
        for (int64_t i = 0; i < n; ++i)
          std::memcpy(target + i * strideB, source + i * strideA, sizeof(T));
      });
}

void copyElements(const TileView &from, const TileView &to) {
  if (!from.isRowMajor())
    return forParts(from, to, [](const TileView &a, const TileView &b) { copyElements(a, b); });
  if (!to.isRowMajor())
    return forParts(to, from, [](const TileView &a, const TileView &b) { copyElements(b, a); });
  switch (from.elementBytes) {
  case 1:
    return copyRows<uint8_t>(from, to);
  case 2:
    return copyRows<uint16_t>(from, to);
  default:
    return copyRows<uint32_t>(from, to);
  }
}

void clearElements(const TileView &view) {
  Nest(view.box.size, view.stride, view.stride)
      .forRows([&](int64_t a, int64_t, int64_t n, int64_t stride, int64_t) {
        if (stride == view.elementBytes) {
          std::memset(view.base + a, 0, size_t(n * stride));
          return;
        }
        for (int64_t i = 0; i < n; ++i)
          std::memset(view.base + a + i * stride, 0, size_t(view.elementBytes));
      });
}

void scatterIntegers(const int32_t *values, const TileView &view) {
  Nest(view.box.size, rowMajor(view.box.size), view.stride)
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        for (int64_t i = 0; i < n; ++i) {
          int32_t value = values[a + i * strideA];
          std::memcpy(view.base + b + i * strideB, &value, size_t(view.elementBytes));
        }
      });
}

void gatherIntegers(const TileView &view, int32_t *out) {
  Nest(view.box.size, view.stride, rowMajor(view.box.size))
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        for (int64_t i = 0; i < n; ++i) {
          int32_t value = 0;
          std::memcpy(&value, view.base + a + i * strideA, size_t(view.elementBytes));
          out[b + i * strideB] = value;
        }
      });
}

uint64_t burstBytes(const TileView &view, int64_t burst) {
  if (view.empty())
    return 0;
  mach::AddressMap map = view.map();
  mach::AddressMap::Coordinates lo = coordinates(view.box.lo);
  return mach::burstBytes(map, view.address - uint64_t(map.offsetOf(lo)), lo,
                          coordinates(view.box.size), burst);
}

} // namespace slp::exec
