//===- Broadcast.h - operands that serve several coordinates ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For vector instructions whose sources may have extent 1 where the destination has more: the
// values of all sources, row by row, each row as long as the destination's last dimension.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_BROADCAST_H
#define RUNTIME_EXEC_BROADCAST_H

#include "runtime/exec/Vector.h"

namespace slp::exec {

class BroadcastRows {
public:
  /// Rows of the coordinates `box` of a destination of rank 1 to 5 (rank 0 counts as one row).
  BroadcastRows(VectorPart &vectorPart, const Box &coordinates, int rank)
      : part(vectorPart), box(coordinates), inner(rank > 0 ? rank - 1 : 0) {}

  /// Reads what operand number `operand` gives for the box. Fails where its tile lacks it, or if
  /// its extents are neither 1 nor reach as far as the box.
  Status add(int operand, const char *name) {
    Result<TileView> whole = part.view(operand, name);
    if (!whole)
      return whole.takeError();
    Source source;
    Box need = box;
    for (int d = 0; d < maxRank; ++d)
      if (whole->extent[d] == 1) {
        need.lo[d] = 0;
        need.size[d] = box.size[d] ? 1 : 0;
      }
    Result<float *> values = part.fetch(operand, name, *whole, need);
    if (!values)
      return values.takeError();
    source.values = *values;
    source.stride = rowMajor(need.size);
    for (int d = 0; d < maxRank; ++d)
      if (whole->extent[d] == 1)
        source.stride[d] = 0;
    if (source.stride[inner] == 0)
      source.repeated.resize(size_t(box.size[inner]));
    sources.push_back(std::move(source));
    return Status::success();
  }

  /// Calls `row(rows, coordinates, n)` for every row in row-major order: rows[i] are the n values
  /// of the i-th operand added, coordinates count from the box's first.
  template <typename Row> void forEach(Row row) {
    if (box.count() == 0)
      return;
    Dims outer = box.size, at{};
    int64_t n = box.size[inner];
    outer[inner] = 1;
    std::vector<const float *> rows(sources.size());
    for (at[0] = 0; at[0] < outer[0]; ++at[0])
      for (at[1] = 0; at[1] < outer[1]; ++at[1])
        for (at[2] = 0; at[2] < outer[2]; ++at[2])
          for (at[3] = 0; at[3] < outer[3]; ++at[3])
            for (at[4] = 0; at[4] < outer[4]; ++at[4]) {
              for (size_t i = 0; i < sources.size(); ++i)
                rows[i] = rowOf(sources[i], at);
              row(rows.data(), at, n);
            }
  }

private:
  struct Source {
    const float *values = nullptr;
    Dims stride{};               // elements; 0 where one value serves all
    std::vector<float> repeated; // a row made of one value
  };

  static const float *rowOf(Source &source, const Dims &at) {
    const float *first = source.values;
    for (int d = 0; d < maxRank; ++d)
      first += at[d] * source.stride[d];
    if (source.repeated.empty())
      return first;
    std::fill(source.repeated.begin(), source.repeated.end(), *first);
    return source.repeated.data();
  }

  VectorPart &part;
  Box box;
  int inner;
  std::vector<Source> sources;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_BROADCAST_H
