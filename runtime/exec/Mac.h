//===- Mac.h - packed operands of the MAC engine ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// MAC instructions widen their tiles into FP32 arrays in the order the kernels want, run them, and
// write accumulators back. Shared by MacConv.cpp, MacWeightGrad.cpp and MacMatmul.cpp.
//
// Cores that read one tile run as one (CoreGroup in Issue.h): the tile is widened and its zeros are
// counted once, and the outputs of all cores lie side by side in the lanes. Each element's terms
// and their order are those of its core alone.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MAC_H
#define RUNTIME_EXEC_MAC_H

#include "runtime/exec/Issue.h"
#include "runtime/exec/Pool.h"
#include "runtime/isa/AccModeContinue.h.inc"

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace slp::exec {

/// Buffers that keep their memory from one instruction to the next; one set per host thread. What
/// a group's tasks share lies in the scratch of the thread that runs the group; tasks use `w`,
/// `acc`, `dense`, `columns` and `taskCounts` of their own thread unless the group says otherwise.
struct MacScratch {
  std::vector<float> x, w, acc, dense, total, columns, sequences, masked, closed;
  std::vector<int32_t> xOffset, accOffset, maskedX, maskedAcc;
  std::vector<MacTap> taps;
  std::vector<uint32_t> counts, wideCounts, taskCounts, taskWideCounts;
  std::vector<uint64_t> marks;
  static MacScratch &ofThread();
};

/// The outputs of several cores side by side in lanes, blocks of 16 each.
class JointLanes {
public:
  /// Appends a core with n lanes.
  void add(int64_t n) {
    ends.push_back(total() + n);
    starts.push_back(ends.back() - n);
  }
  int64_t total() const { return ends.empty() ? 0 : ends.back(); }
  int64_t blocks() const { return (total() + macLanes - 1) / macLanes; }
  int64_t start(size_t core) const { return starts[core]; }
  /// Calls f(core, first, lane, n) for each core with lanes in the block: its lanes [first, first +
  /// n) are the block's from `lane` on.
  template <typename F> void forBlock(int64_t block, F f) const {
    int64_t begin = block * macLanes, end = begin + macLanes;
    size_t core = size_t(std::upper_bound(ends.begin(), ends.end(), begin) - ends.begin());
    for (; core < ends.size() && starts[core] < end; ++core) {
      int64_t lo = std::max(starts[core], begin), hi = std::min(ends[core], end);
      if (lo < hi)
        f(core, lo - starts[core], lo - begin, hi - lo);
    }
  }

private:
  std::vector<int64_t> starts, ends;
};

/// Calls task(i) for i in [0, n), on the pool if there is one.
template <typename Task> void forTasks(Pool *pool, int64_t n, Task task) {
  if (pool && n > 1)
    return pool->run(int(n), task);
  for (int64_t i = 0; i < n; ++i)
    task(int(i));
}

/// Whether two tiles of operand `shared` have the same elements in the same places.
inline bool sameElements(const TileView &a, const TileView &b) {
  return a.address == b.address && a.box.lo == b.box.lo && a.box.size == b.box.size &&
         a.stride == b.stride && a.extent == b.extent;
}

/// The chip's accumulator format.
mach::Format accumulatorFormat(const chip::Chip &chip);
/// The format of conv.wg's result.
mach::Format weightGradientFormat(const chip::Chip &chip);

/// Whether all elements have more than 8 bits.
bool isWide(mach::Format format);

/// marks[i] = 1 where values[i], of a mixed tile, is FP16, else 0.
void markWide(const Codec &codec, const float *values, int64_t n, uint8_t *marks);
/// counts[c] += rows whose element c is FP16; the matrix is dense.
void countWideColumns(const Codec &codec, const float *matrix, int64_t rows, int64_t columns,
                      uint32_t *counts);
/// marks[r] = bit set of the elements of row r, 16 floats, that are FP16.
void markWideLanes(const Codec &codec, const float *matrix, int64_t rows, uint16_t *marks);

/// Terms of which one operand, or both, are FP16 in tiles of which at least one is mixed.
struct WideTerms {
  uint64_t either = 0, both = 0;
};

/// Of an instruction that streams its first factor alone.
inline Error streamsFirst() {
  return Error{"the second factor is not streamed: expected skip none or a"};
}

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t roundUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

/// What accumulators start from. Only the tile that holds the first term starts from zero or the
/// bias, where no register tells.
inline mach::AccMode startMode(const Issue &issue, bool holdsFirst) {
  return holdsFirst || issue.startIsGiven ? issue.mode : mach::accMode::continue_;
}

/// Resizes to n floats and makes them zero.
void clearFloats(std::vector<float> &v, int64_t n);

/// FP32 elements of an operand at most, of one core or of several together.
constexpr int64_t packedMost = int64_t(1) << 28;
/// Fails if an operand of as many FP32 elements as the product of `factors`, padding and dilation
/// included, is too large to be unpacked on the host: kernels count its bytes in 32 bits.
Status checkPacked(std::initializer_list<int64_t> factors, const char *name);

/// Whether a block of the chip begins at the tile's first coordinate of dimension d.
Status checkBlockStart(const chip::Chip &chip, const TileView &view, int d, const char *name);

/// Whether dot groups of a convolution take neighbours of one sequence of (kernel row, kernel
/// column, channel), as a group of channels of the sum has so few.
inline bool isPacked(int64_t channelsOfGroup) { return channelsOfGroup < macBlock; }

/// Runs the chip's accumulate semantics over a loop.
class MacEngine {
public:
  MacEngine(const CorePart &part, const TileView &a, const TileView &b);
  /// Whether the end of a dot group shows in a sum.
  static bool showsGroups(const chip::Numerics &numerics) { return numerics.accumulateFp16; }
  /// Terms of a block where terms come in one row: the dot group's, if its end shows at all.
  static int rowBlock(const chip::Numerics &numerics) {
    return showsGroups(numerics) ? numerics.block() : macBlock;
  }
  /// Adds the roundings' events to `events`.
  void run(const MacLoop &loop, num::Events &events) const;
  /// Rounds sums of accumulators (a multiple of 16 of them) to `format`.
  void roundSums(std::vector<float> &sums, mach::Format format, num::Events &events) const;

private:
  enum class Way { f32, fp16, generic };
  const CorePart &part;
  Way way;
};

/// terms[lane] += the sum of counts[r] over the rows r whose mark has bit `lane`.
void countMarkedLanes(const uint16_t *marks, int64_t rows, const uint32_t *counts, uint64_t *terms);

/// Runs a group with `Computation`, whose add(part) takes a core in, or says false where it reads
/// other elements than those before it: those cores follow in a computation of their own.
template <typename Computation, typename... Args>
Status runGroup(CoreGroup &group, const Issue &issue, Args... args) {
  std::vector<CorePart *> left = group.parts, later;
  while (!left.empty()) {
    Computation computation(group, issue, args...);
    for (CorePart *part : left) {
      Result<bool> added = computation.add(*part);
      if (!added)
        return added.takeError();
      if (!*added)
        later.push_back(part);
    }
    computation.run();
    left.swap(later);
    later.clear();
  }
  return Status::success();
}

/// The part of `view` in which dimension d covers [first, first + n).
TileView slice(const TileView &view, int d, int64_t first, int64_t n);

} // namespace slp::exec

#endif // RUNTIME_EXEC_MAC_H
