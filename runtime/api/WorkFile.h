//===- WorkFile.h - what a step did, without values -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A recording of the events of one run of `step`, from which time and energy follow without running
// it again: cycles depend on values where zeros are skipped or tensors are compressed, and the
// recording has what came of them. docs/slp-sim.md, "Timing alone".
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_WORKFILE_H
#define RUNTIME_API_WORKFILE_H

#include "runtime/exec/Machine.h"
#include "runtime/image/Bytes.h"

#include <string>

namespace slp::api {

/// Writes down what a machine does.
class WorkRecorder : public exec::Observer {
public:
  explicit WorkRecorder(const image::Image &image) : image(image) {}
  /// Forgets what was written: another run begins.
  void begin();
  void issued(const exec::Event &event) override;
  /// The run as a file's content.
  std::vector<uint8_t> take() const;

private:
  const image::Image &image;
  image::ByteWriter events;
  uint64_t count = 0, pc = 0;
  exec::CoreWork last;
};

/// Calls the observer with the events of a recording, in order. Fails, with a line about `where`,
/// for a recording of another program and for a damaged one; the observer has then seen a part.
Status replayWork(const std::vector<uint8_t> &recording, const image::Image &image,
                  const std::string &where, exec::Observer &observer);

} // namespace slp::api

#endif // RUNTIME_API_WORKFILE_H
