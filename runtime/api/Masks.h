//===- Masks.h - which elements of a step's tensors are zero ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A folder with one bitmap a tensor, from which cycles and energy follow for any image of the same
// model and precision, whatever its tiles: what a recording of events (WorkFile.h) cannot say.
// docs/slp-sim.md, "Timing alone".
//
//   masks.json        {"schema": "slp-masks", "version": 1, "model": {"file", "hash"},
//                      "tensors": [{"name", "shape", "file", "format"}]}
//   NUMBER.bits       of one tensor in row-major order, bit i mod 8 of byte i / 8: 1 where element
//   i
//                     is not zero; of a mixed tensor then as many bits: 1 where it is FP16
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_MASKS_H
#define RUNTIME_API_MASKS_H

#include "runtime/exec/Machine.h"
#include "runtime/image/Image.h"

#include <map>
#include <string>

namespace slp::api {

/// The masks of one run of `step`: of states as they are before it, of other tensors as it leaves
/// them. Tensors of whole numbers have none.
class MaskRecorder {
public:
  explicit MaskRecorder(const image::Image &image) : image(image) {}
  Status beginRun(const exec::Machine &machine);
  Status endRun(const exec::Machine &machine);
  /// Writes the folder, which need not exist; masks.json comes last.
  Status write(const std::string &folder) const;

private:
  Status read(const exec::Machine &machine, bool states);

  const image::Image &image;
  std::map<std::string, std::vector<uint8_t>> bits; // contents of files, by tensor
};

/// Puts the masks of a folder in the place of the machine's tensors, for a run with
/// Values::classes. Fails, with a line about the folder, for masks of another model, and where a
/// tensor of the image has none or one of another shape.
Status loadMasks(const std::string &folder, const image::Image &image, exec::Machine &machine);

} // namespace slp::api

#endif // RUNTIME_API_MASKS_H
