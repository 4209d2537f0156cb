//===- Retiming.h - time and energy of a step that was recorded -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_RETIMING_H
#define RUNTIME_API_RETIMING_H

#include "runtime/views/Record.h"

namespace slp::api {

struct RetimingOptions {
  std::string image;     // that was recorded, or, for masks, of the same model and precision
  std::string recording; // what slp-sim --record wrote, or the folder of --masks
  std::string chip;      // description in the place of the image's; may be empty
  std::string stats;     // statistics as JSON; may be empty
};

/// Time and energy of the recorded step, or of one whose elements are zero where masks say so: the
/// record of a run of one step, without loss and tensors. The description may differ from the
/// image's in rates, energies, the number of lines and the depth of queues: on these no work
/// depends. `notes` gets what it replaces. Errors are one line.
Result<views::Record> retime(const RetimingOptions &options, std::string &notes);

} // namespace slp::api

#endif // RUNTIME_API_RETIMING_H
