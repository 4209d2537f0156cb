//===- Guard.h - what the host cannot hold is an error --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The standard library throws where memory ends. Errors of our interfaces are values: the functions
// that take files or run programs pass through here.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_GUARD_H
#define RUNTIME_API_GUARD_H

#include "runtime/api/Result.h"

#include <new>
#include <stdexcept>
#include <string>

namespace slp {

/// What `run` returns, a Status or a Result; an error that begins with `where` if the host has not
/// enough memory for it.
template <typename Run> auto guarded(const std::string &where, Run run) -> decltype(run()) {
  constexpr const char *message = ": the host has not enough memory for it";
  try {
    return run();
  } catch (const std::bad_alloc &) {
    return Error{where + message};
  } catch (const std::length_error &) { // a container of more elements than there are addresses
    return Error{where + message};
  }
}

} // namespace slp

#endif // RUNTIME_API_GUARD_H
