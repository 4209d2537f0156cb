//===- Print.cpp - the outcome of a comparison for people -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Verify.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"

using namespace slp;
using namespace slp::verify;

/// 1234567 as "1,234,567".
static std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3)
    text.insert(i, ",");
  return text;
}

static std::string counted(int64_t number, llvm::StringRef what) {
  return grouped(number) + " " + what.str() + (number == 1 ? "" : "s");
}

static void printValue(llvm::raw_ostream &os, float value) {
  os << llvm::format("%.9g (0x%08x)", static_cast<double>(value), llvm::bit_cast<uint32_t>(value));
}

static void printDifference(const Difference &d, llvm::raw_ostream &os) {
  os << "slp-verify: " << d.node;
  if (!d.op.empty())
    os << " (" << d.op << ", " << d.phase << ")";
  else
    os << " (read back from memory)";
  os << ": tensor \"" << d.tensor << "\" element [";
  llvm::interleaveComma(d.index, os);
  os << "] = linear " << d.linear << ": reference ";
  printValue(os, d.reference);
  os << ", simulator ";
  printValue(os, d.simulator);
  os << "; ";
  if (!d.instruction.empty())
    os << "instruction " << d.instruction << "; ";
  os << grouped(d.count) << " of " << counted(d.elements, "element") << " differ; " << d.where
     << "\n";
}

void verify::print(const Report &report, llvm::raw_ostream &os, bool verbose) {
  if (report.difference)
    printDifference(*report.difference, os);
  for (const std::string &line : report.uncovered)
    os << "slp-verify: not compared: " << line << "\n";
  if (verbose)
    for (const image::Elided &e : report.elided)
      os << "elided: \"" << e.tensor << "\": " << e.reason << "\n";
  if (!report.ok())
    return;
  os << "verified " << counted(report.tensors, "tensor") << ", " << grouped(report.stored)
     << " of them in memory too, and " << counted(report.states, "state") << ", "
     << counted(report.elements, "element") << ", " << counted(report.steps, "step")
     << (report.evaluated ? " and eval" : "") << "; ";
  if (report.absent)
    os << counted(report.absent, "element") << " of skipped images absent by definition; ";
  os << report.elided.size() << " elided";
  if (!report.elided.empty() && !verbose)
    os << " (-v lists them)";
  os << "\n";
  os << "validates tile, schedule, lower and emit for " << report.chip
     << "; import and differentiate rest on their own tests\n";
}
