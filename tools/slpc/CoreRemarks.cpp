//===- CoreRemarks.cpp - says which layers more cores make slower -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "CoreRemarks.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slp;

/// "12,345 cycles on 16 cores".
static std::string print(const measure::LayerTime &time) {
  return llvm::formatv("{0:N} cycles on {1} core{2}", time.cycles(), time.cores,
                       time.cores == 1 ? "" : "s");
}

void slp::remarkSlowLayers(MLIRContext &context, const measure::CoreCounts &counts) {
  auto opts = remark::RemarkOpts::name("fewer-cores").category(coreRemarks);
  for (const measure::SlowLayer &layer : counts.slow) {
    auto loc = NameLoc::get(StringAttr::get(&context, layer.node));
    if (auto r = remark::missed(loc, opts))
      r << layer.op + ", " + layer.phase + ": " + print(layer.given) + ", " + print(layer.fewer) +
               " by simulation, " + measure::reasonOf(layer);
  }
}

void slp::noteSlowLayers(const measure::CoreCounts &counts, const chip::Chip &chip, bool isAsked,
                         llvm::raw_ostream &os) {
  if (counts.slow.empty() && !isAsked)
    return;
  int64_t more = 0;
  for (const measure::SlowLayer &layer : counts.slow)
    more += layer.given.cycles() - layer.fewer.cycles();
  os << llvm::formatv("slpc: note: {0} of {1} passes of layers are slower on {2} cores of {3} than "
                      "on fewer, by {4:N} cycles in simulation",
                      counts.slow.size(), counts.compared, counts.cores, chip.name, more);
  if (!isAsked)
    os << "; --remarks=" << coreRemarks << " says which, and why";
  if (isAsked && counts.leftOut)
    os << "; not compared: " << counts.leftOut
       << ", whose cycles depend on values: they have compressed tensors or skip zeros";
  os << "\n";
}
