//===- StateFile.h - trained state on disk ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `slp-sim --save` and `--load`: all state tensors (weights, velocities) as values, so that another
// image of the same model can go on with them. Layout, little endian, no padding:
//
//   8 bytes   "SLPSTATE"
//   u32       version, 3
//   u64       training steps that led to this state
//   u64 x 4   position in the data: epochs finished, steps of the epoch that has begun (together no
//             more than led to the state), samples of the split, samples a step
//   u32 x 2   seed, order (0 file, 1 shuffled)
//   u32       number of tensors
//   each:     u32 length of the name, the name, u32 rank, i64 extent per dimension,
//             f32 per element in row-major order (a value of any format is exact in f32)
//   u64       FNV-1a 64 of everything before
//
// Version 2 lacks the position.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_STATEFILE_H
#define RUNTIME_API_STATEFILE_H

#include "runtime/api/Position.h"
#include "runtime/api/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slp::api {

class Session;

struct StateTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values; // row-major
};

struct SavedState {
  int64_t steps = 0;                // training steps that led to it
  std::optional<Position> position; // absent in files of version 2
  std::vector<StateTensor> tensors;
};

/// In version 3; a state without position in version 2.
std::vector<uint8_t> serializeState(const SavedState &state);
/// Refuses anything but what serializeState writes. `where` stands for the file in messages.
Result<SavedState> deserializeState(const std::vector<uint8_t> &file, const std::string &where);

/// Writes the state of a session, whole or not at all.
Status saveState(const Session &session, const std::optional<Position> &position,
                 const std::string &path);
/// Replaces the state of a session and returns the position it was saved at. The file must have
/// exactly the image's state tensors, in any order; the message names the first that is missing,
/// unknown or of another shape.
Result<std::optional<Position>> loadState(Session &session, const std::string &path);

} // namespace slp::api

#endif // RUNTIME_API_STATEFILE_H
