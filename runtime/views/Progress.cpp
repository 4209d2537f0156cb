//===- Progress.cpp - how far a run is --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/views/Progress.h"

#include <algorithm>
#include <cmath>

namespace slp::views {

std::string progressLine(const std::string &what, double share, std::optional<double> loss,
                         double secondsLeft) {
  constexpr int width = 20;
  share = std::clamp(share, 0.0, 1.0);
  auto filled = static_cast<size_t>(share * width);
  char text[64];
  std::snprintf(text, sizeof text, "] %3.0f %%", share * 100);
  std::string line =
      what + " [" + std::string(filled, '#') + std::string(width - filled, '.') + text;
  if (loss) {
    std::snprintf(text, sizeof text, "  loss %.4f", *loss);
    line += text;
  }
  long long left = std::llround(std::clamp(secondsLeft, 0.0, 1e9));
  bool isShort = left < 120;
  std::snprintf(text, sizeof text, "  ETA %lld %s", isShort ? left : left / 60,
                isShort ? "s" : "min");
  return line + text;
}

void Progress::update(const std::string &what, int64_t done, int64_t total,
                      std::optional<double> loss) {
  Clock::time_point now = Clock::now();
  if (!stream || total <= 0 || (shown && now - drawn < std::chrono::milliseconds(100)))
    return;
  double elapsed = std::chrono::duration<double>(now - start).count();
  double left = done > 0 ? elapsed / double(done) * double(total - done) : 0;
  std::string line = progressLine(what, double(done) / double(total), loss, left);
  std::fprintf(stream, "\r\033[K%s", line.c_str());
  std::fflush(stream);
  shown = true;
  drawn = now;
}

void Progress::clear() {
  if (shown) {
    std::fputs("\r\033[K", stream);
    std::fflush(stream);
  }
  shown = false;
}

} // namespace slp::views
