//===- Limits.cpp - what an instruction can hold ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Windows and dimensions are fields of instructions and descriptors, whose widths the records of
// the instruction set say. A layer beyond them is refused here, by its own name and in its own
// terms, rather than by the encoder.
//
//===----------------------------------------------------------------------------------------===//

#include "Nest.h"

#include "runtime/isa/Instructions.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace slp;

/// The largest value of a field of the layout.
static int64_t largest(const mach::LayoutInfo &layout, StringRef name) {
  for (const mach::FieldInfo &field : layout.fields)
    if (StringRef(field.name.data(), field.name.size()) == name)
      return int64_t(field.maximum());
  llvm_unreachable("no such field");
}

/// In the order of NestRun::geometry.
static constexpr std::pair<StringLiteral, StringLiteral> windowFields[] = {
    {"kh", "kernel rows"},
    {"kw", "kernel columns"},
    {"sh", "a row stride"},
    {"sw", "a column stride"},
    {"pt", "rows of padding above"},
    {"pl", "columns of padding on the left"},
    {"dh", "a row dilation"},
    {"dw", "a column dilation"},
    {"countPad", "a choice to count padding"},
    {"pb", "rows of padding below"},
    {"pr", "columns of padding on the right"}};

static LogicalResult checkWindow(const Nest &nest, ArrayRef<int64_t> geometry) {
  const mach::LayoutInfo &layout = mach::findInstruction(std::string_view("geom"))->layout;
  for (auto [value, field] : llvm::zip(geometry, windowFields)) {
    int64_t most = largest(layout, field.first);
    if (value < 0 || value > most)
      return emitError(nest.loc) << nest.op << ": " << field.second << " of " << value
                                 << ", a window of the machine has 0 to " << most;
  }
  return success();
}

LogicalResult slp::checkLimits(const Nest &nest) {
  for (const NestBuffer &buffer : nest.buffers)
    for (const NestDim &dim : buffer.dims)
      if (dim.extent > longestDim)
        return emitError(nest.loc) << nest.op << ": a dimension of " << dim.extent
                                   << " elements, coordinates of the machine reach " << longestDim;
  for (const NestRun &run : nest.runs)
    if (failed(checkWindow(nest, run.geometry)))
      return failure();
  return success();
}
