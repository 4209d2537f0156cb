//===- Progress.h - how far a run is ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One line on a terminal that is drawn again and again; nothing otherwise, for there whole lines
// tell.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_VIEWS_PROGRESS_H
#define RUNTIME_VIEWS_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace slp::views {

/// The line: "epoch 2/20 [#####...............] 31 %  loss 0.1234  ETA 12 s". Shares outside [0, 1]
/// are clamped.
std::string progressLine(const std::string &what, double share, std::optional<double> loss,
                         double secondsLeft);

class Progress {
public:
  /// Draws on `stream` if `isTerminal`.
  Progress(std::FILE *stream, bool isTerminal) : stream(isTerminal ? stream : nullptr) {}
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;
  /// `done` of `total` pieces of work; draws at most ten times a second.
  void update(const std::string &what, int64_t done, int64_t total, std::optional<double> loss);
  /// Removes the line, so that something else can be printed.
  void clear();

private:
  using Clock = std::chrono::steady_clock;
  std::FILE *stream;
  Clock::time_point start = Clock::now(), drawn{};
  bool shown = false;
};

} // namespace slp::views

#endif // RUNTIME_VIEWS_PROGRESS_H
