//===- Result.h - errors as values ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every function of the runtime that can fail returns a Status or a Result. A message is one line,
// lower case, without a full stop: what went wrong, where, and what was expected. Only `main` of a
// tool prints it and exits 1.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_RESULT_H
#define RUNTIME_API_RESULT_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace slp {

/// Why something failed.
struct Error {
  std::string message;
};

/// Success, or one error message.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error e) : error(std::move(e)) {}
  static Status success() { return {}; }
  bool ok() const { return !error.has_value(); }
  explicit operator bool() const { return ok(); }
  const std::string &message() const {
    assert(error && "no message on success");
    return error->message;
  }
  Error takeError() { return std::move(*error); }

private:
  std::optional<Error> error;
};

/// A value, or one error message.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T v) : value(std::move(v)) {}
  Result(Error e) : error(std::move(e)) {}
  bool ok() const { return value.has_value(); }
  explicit operator bool() const { return ok(); }
  T &operator*() { return *value; }
  const T &operator*() const { return *value; }
  T *operator->() { return &*value; }
  const T *operator->() const { return &*value; }
  T take() { return std::move(*value); }
  const std::string &message() const { return error.message; }
  Error takeError() { return std::move(error); }

private:
  std::optional<T> value;
  Error error;
};

} // namespace slp

#endif // RUNTIME_API_RESULT_H
