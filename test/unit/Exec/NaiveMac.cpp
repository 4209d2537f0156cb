//===- NaiveMac.cpp - the window of a naive convolution
//----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"

#include "runtime/isa/StructGeom.h.inc"

using namespace slp;

mach::Instruction slp::exec::geomOf(const ConvShape &s) {
  mach::Geom g;
  g.gd = 0;
  g.kh = uint64_t(s.kh);
  g.kw = uint64_t(s.kw);
  g.sh = uint64_t(s.sh);
  g.sw = uint64_t(s.sw);
  g.pt = uint64_t(s.pt);
  g.pl = uint64_t(s.pl);
  g.dh = uint64_t(s.dh);
  g.dw = uint64_t(s.dw);
  return g;
}
