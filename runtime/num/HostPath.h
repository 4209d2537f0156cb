//===- HostPath.h - one loop, several instruction sets of the host ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Loops that the simulator spends its time in are built for newer x86 vector units too, and the
// caller says which build runs: usually the best that the host has, in tests each of them. All give
// the same bits: the loops use integers and single IEEE operations.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_HOSTPATH_H
#define RUNTIME_NUM_HOSTPATH_H

namespace slp::num {

/// What a loop may use: what every host has, AVX2 and FMA, or x86-64-v4, which has AVX-512.
enum class HostPath { portable, avx2, avx512 };

/// From the plainest to the best.
inline constexpr HostPath hostPaths[] = {HostPath::portable, HostPath::avx2, HostPath::avx512};

inline const char *toString(HostPath path) {
  constexpr const char *names[] = {"portable", "avx2", "avx512"};
  return names[static_cast<int>(path)];
}

/// Whether this host can run it.
inline bool hostHas([[maybe_unused]] HostPath path) {
#if defined(__x86_64__)
  switch (path) {
  case HostPath::portable:
    return true;
  case HostPath::avx2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case HostPath::avx512:
    return hostHas(HostPath::avx2) && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  return false;
#else
  return path == HostPath::portable;
#endif
}

/// The best that this host has.
inline HostPath bestPath() {
  static const HostPath best = hostHas(HostPath::avx512) ? HostPath::avx512
                               : hostHas(HostPath::avx2) ? HostPath::avx2
                                                         : HostPath::portable;
  return best;
}

#if defined(__x86_64__)
namespace detail {
template <typename Loop> __attribute__((target("avx2,fma"))) void runAvx2(const Loop &loop) {
  loop();
}
template <typename Loop>
__attribute__((target("arch=x86-64-v4"))) void runAvx512(const Loop &loop) {
  loop();
}
} // namespace detail
#endif

/// Runs `loop` as built for `path`, which the host must have. `loop` is a lambda without parameters
/// marked SLP_NUM_INLINE, and so is all that it calls.
template <typename Loop> void runOn([[maybe_unused]] HostPath path, const Loop &loop) {
#if defined(__x86_64__)
  if (path == HostPath::avx512)
    return detail::runAvx512(loop);
  if (path == HostPath::avx2)
    return detail::runAvx2(loop);
#endif
  loop();
}

} // namespace slp::num

/// Inlines into the function built for a path, so that it is built for it too.
#define SLP_NUM_INLINE __attribute__((always_inline))

#endif // RUNTIME_NUM_HOSTPATH_H
