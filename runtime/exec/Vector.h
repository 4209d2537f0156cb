//===- Vector.h - operands of the vector unit -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What all v.* instructions share: reading what a destination needs, writing it rounded.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_VECTOR_H
#define RUNTIME_EXEC_VECTOR_H

#include "runtime/exec/LaneWork.h"
#include "runtime/exec/State.h"

namespace slp::exec {

/// The issue of the vector instruction at pc, with its operands checked (Prepare.h).
Result<Issue> prepareVector(const State &state, CoreFunction execute);
/// Prepares it, lets `more(issue)` add what other fields say, and submits it.
template <typename More> Status submitVector(State &state, CoreFunction execute, More more) {
  Result<Issue> issue = prepareVector(state, execute);
  if (!issue)
    return issue.takeError();
  more(*issue);
  return state.submit(*issue);
}
inline Status submitVector(State &state, CoreFunction execute) {
  return submitVector(state, execute, [](Issue &) {});
}

/// Fails if dimension d of the view is not all there.
Status expectWhole(const TileView &view, int d, const char *name);

/// One core's part of a vector instruction. Buffers are per host thread; buffer i belongs to
/// operand i.
class VectorPart {
public:
  VectorPart(CorePart &p, const Issue &i) : part(p), issue(i) {}

  Result<TileView> view(int operand, const char *name) const {
    return part.view(issue.operand[operand], name);
  }
  /// The view of an operand that must hold all of a vector of `size` elements.
  Result<TileView> wholeVector(int operand, const char *name, int64_t size) const;
  /// Reads `box` of an operand into its buffer, dense and row-major. Fails where the tile lacks it.
  Result<float *> fetch(int operand, const char *name, const Box &box);
  Result<float *> fetch(int operand, const char *name, const TileView &whole, const Box &box);
  /// A buffer for results of n elements.
  float *buffer(int index, int64_t n);
  /// Rounds and writes; counts results and the instruction's lane operations. `output` is the index
  /// of the destination.
  void store(float *values, const TileView &dst, int output, const LaneCounts &counts);
  /// The same for elements that only change their places.
  void move(float *values, const TileView &dst, int output, const LaneCounts &counts);
  /// Rounds and writes a further destination, whose lane operations are counted already.
  void storeMore(float *values, const TileView &dst, int output);
  /// Counts results that are written in another way, and the instruction's lane operations.
  void count(uint64_t elements, const LaneCounts &counts);

  /// Whether results go on from what the destination, operand number `operand`, holds.
  /// `holdsFirst`: the coordinates of the tile are those at which a sum starts.
  bool goesOn(int operand, bool holdsFirst) const;

  CorePart &part;
  const Issue &issue;

  /// Writes whole numbers as they are; counts as `store` does.
  void storeIntegers(const int32_t *values, const TileView &dst, const LaneCounts &counts);

private:
  void countStored(const TileView &dst);
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_VECTOR_H
