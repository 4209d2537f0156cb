//===- ElementFormat.h - element types and the formats of the machine -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Used where types of the compiler become fields of descriptors and records of the image.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_ELEMENTFORMAT_H
#define DIALECTS_MACH_ELEMENTFORMAT_H

#include "dialects/Num/NumDialect.h"
#include "runtime/isa/Instructions.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <vector>

namespace slp::mach {

/// How the elements of a tensor are stored.
struct ElementFormat {
  Format format{};  ///< f32
  int64_t bias = 0; ///< shared exponent bias
};

/// The formats of the chip that a module is compiled for, from its attribute `num.formats`: a
/// dictionary of !num.float types by name, "fp8" and "fp16" among them. Without the attribute
/// !num.float of up to 8 bits is the chip's fp8, a wider one its fp16.
class FormatTable {
public:
  explicit FormatTable(mlir::ModuleOp module);
  /// f32, i32 and i8 as they are; !num.mixed of fp8 and fp16, or of one of them twice; !num.float
  /// as the chip's format that equals it up to the bias, one with its own bias first, else the
  /// first of fp8, fp16, x0, ...; nothing if there is none.
  std::optional<ElementFormat> find(mlir::Type element) const;

private:
  struct Entry {
    num_ir::FloatType type;
    Format format;
  };
  std::vector<Entry> entries; // in the order of the instruction set
  bool isByWidth = false;
};

/// How a tile's stores round; as the chip does without a value.
StoreRounding storeRounding(std::optional<num_ir::Rounding> rounding);

/// The format of a !num.mixed by its widths alone; nothing for other types.
std::optional<Format> compressedFormat(mlir::Type element);

} // namespace slp::mach

#endif // DIALECTS_MACH_ELEMENTFORMAT_H
