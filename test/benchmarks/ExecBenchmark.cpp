//===- ExecBenchmark.cpp - speed of the functional simulator ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Multiply-accumulates per second of the MAC instructions on one simulated core and one host
// thread, with tiles of the size that fits the chips, and the cost of dispatching an instruction.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructGeom.h.inc"
#include "runtime/isa/StructLoop.h.inc"
#include "runtime/isa/StructOrg.h.inc"
#include "runtime/isa/StructVRelu.h.inc"

#include <benchmark/benchmark.h>

namespace slp::exec {
namespace {

constexpr int repeats = 200;

struct CountWork : Observer {
  void issued(const Event &event) override {
    for (const CoreWork &work : event.work)
      macs += work.macs;
  }
  uint64_t macs = 0;
};

/// Which of the three convolutions.
enum class Kind { fp, bp, wg };

/// With a gate and weight groups, in registers 4 and 5.
template <typename Instr> Instr masked(Instr instr) {
  instr.gated = instr.grouped = mach::Optional::present;
  instr.gate = 4;
  instr.group = 5;
  return instr;
}

/// A 3x3 convolution with padding on one core: `channels` in, `outputs` out, `size` squared pixels.
std::unique_ptr<Machine> makeConv(const std::string &chipName, mach::Format format, Kind kind,
                                  int64_t channels, int64_t outputs, int64_t size, bool isMasked) {
  chip::Chip chip = chipNamed(chipName);
  ProgramBuilder b(chip);
  Shape x{1, 1, channels, size, size}, w{1, outputs, channels, 3, 3}, y{1, 1, outputs, size, size};
  b.tensor("x", format, x);
  b.tensor("w", format, w);
  b.tensor("y", format, y);
  b.load(0, "x");
  b.load(1, "w");
  b.load(2, "y");
  Shape gate{1, 1, (outputs + 7) / 8, size, size},
      group{1, (outputs + 7) / 8, (channels + 7) / 8, 3, 3};
  b.tensor("gate", format, gate);
  b.tensor("group", format, group);
  if (isMasked) {
    b.load(4, "gate");
    b.load(5, "group");
  }
  Shape acc = kind == Kind::fp ? y : kind == Kind::bp ? x : w;
  mach::Format accFormat = chip.numerics.accumulateFp16 ? mach::format::fp16 : mach::format::f32;
  b.desc(3, b.chipTile(mach::space::acc, accFormat, acc, {Shape(5, 0), acc, {}}));
  mach::Geom geom;
  geom.kh = geom.kw = 3;
  geom.sh = geom.sw = geom.dh = geom.dw = geom.pt = geom.pl = 1;
  b.emit(geom);
  b.emit(mach::Loop{1, 1, repeats, 1});
  auto emit = [&](auto instr) { b.emit(isMasked ? masked(instr) : instr); };
  if (kind == Kind::fp)
    emit(mach::ConvFp{3, 0, 1, 0, 0, 0, mach::accMode::zero});
  if (kind == Kind::bp)
    emit(mach::ConvBp{3, 2, 1, 0, 0, mach::accMode::zero});
  if (kind == Kind::wg)
    emit(mach::ConvWg{3, 0, 2, 0, 0, mach::accMode::zero});
  std::unique_ptr<Machine> machine = b.build();
  const num::Format &f = format == mach::format::fp8 ? chip.numerics.fp8 : chip.numerics.fp16;
  writeTensor(*machine, "x", randomValues(f, elementsOf(x), 1));
  writeTensor(*machine, "w", randomValues(f, elementsOf(w), 2));
  writeTensor(*machine, "y", randomValues(f, elementsOf(y), 3));
  for (auto [name, shape] : {std::pair("gate", gate), std::pair("group", group)}) {
    std::vector<float> values;
    for (int64_t i = 0; i < elementsOf(shape); ++i)
      values.push_back(float(i * 7 % 11 > 4));
    writeTensor(*machine, name, values);
  }
  return machine;
}

void conv(benchmark::State &bench, const std::string &chip, mach::Format format, Kind kind,
          bool observed, bool isMasked = false) {
  std::unique_ptr<Machine> machine =
      makeConv(chip, format, kind, bench.range(0), bench.range(1), bench.range(2), isMasked);
  CountWork count;
  Options options;
  options.threads = 1;
  options.observer = &count;
  runStep(*machine, options);
  double macs = double(count.macs);
  if (!observed)
    options.observer = nullptr;
  for (auto _ : bench)
    runStep(*machine, options);
  bench.counters["GMAC/s"] =
      benchmark::Counter(macs * double(bench.iterations()) / 1e9, benchmark::Counter::kIsRate);
}

void dispatch(benchmark::State &bench) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.tensor("x", mach::format::fp8, {8});
  b.load(0, "x");
  b.load(1, "x");
  b.emit(mach::Loop{1, 1, 10000, 2});
  b.emit(mach::VRelu{1, 0, 0});
  b.emit(mach::Org{0, 0, 0, 0});
  std::unique_ptr<Machine> machine = b.build();
  Options options;
  options.threads = 1;
  for (auto _ : bench)
    runStep(*machine, options);
  bench.counters["instructions/s"] =
      benchmark::Counter(20000.0 * double(bench.iterations()), benchmark::Counter::kIsRate);
}

// {input channels, output channels, rows and columns}
#define SLP_CONV_SIZES Args({16, 16, 8})->Args({64, 8, 8})->Args({64, 32, 8})->Args({8, 16, 8})
BENCHMARK_CAPTURE(conv, lnpuFp8Forward, "lnpu", mach::format::fp8, Kind::fp, false)->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, lnpuFp8ForwardObserved, "lnpu", mach::format::fp8, Kind::fp, true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, lnpuFp16Forward, "lnpu", mach::format::fp16, Kind::fp, false)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, lnpuFp8Backward, "lnpu", mach::format::fp8, Kind::bp, false)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, lnpuFp8Weights, "lnpu", mach::format::fp8, Kind::wg, false)->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8Forward, "asu-fp8", mach::format::fp8, Kind::fp, false)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8ForwardObserved, "asu-fp8", mach::format::fp8, Kind::fp, true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8Weights, "asu-fp8", mach::format::fp8, Kind::wg, false)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8ForwardMasked, "asu-fp8", mach::format::fp8, Kind::fp, false, true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8ForwardMaskedObserved, "asu-fp8", mach::format::fp8, Kind::fp, true,
                  true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8BackwardObserved, "asu-fp8", mach::format::fp8, Kind::bp, true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8BackwardMaskedObserved, "asu-fp8", mach::format::fp8, Kind::bp, true,
                  true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8WeightsObserved, "asu-fp8", mach::format::fp8, Kind::wg, true)
    ->SLP_CONV_SIZES;
BENCHMARK_CAPTURE(conv, asuFp8WeightsMaskedObserved, "asu-fp8", mach::format::fp8, Kind::wg, true,
                  true)
    ->SLP_CONV_SIZES;
BENCHMARK(dispatch);

} // namespace
} // namespace slp::exec

BENCHMARK_MAIN();
