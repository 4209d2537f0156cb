//===- RandomTransfer.h - small chip tasks, drawn at random -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Chip IR of stage tile that the compiler need not emit: tiles of compressed tensors that meet in a
// block, updates in place, two stores to one tensor, operands that all cores share. Some of it
// cannot be ordered by semaphores, which is what the tests are after.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_SCHEDULE_RANDOMTRANSFER_H
#define TEST_UNIT_SCHEDULE_RANDOMTRANSFER_H

#include <cstdint>
#include <string>

namespace slp {

struct RandomTransfer {
  std::string text; // a module for chip lnpu with a function @step of one task
  bool isInPlace = false;
  bool isCompressed = false; // what is stored
  bool isShared = false;     // MAC cores read the shared buffer
  bool isTwice = false;      // all cores store two tiles each to one place
  bool isMoved = false;      // tiles go through the shared buffer to the cores or from them
  int64_t cores = 1;
  bool meet = false; // two cores, or two iterations, store to one block
};

/// The same seed gives the same program on any host.
RandomTransfer makeRandomTransfer(uint32_t seed);

} // namespace slp

#endif // TEST_UNIT_SCHEDULE_RANDOMTRANSFER_H
