//===- ChipKept.h - nests that run over a list of images --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An attribute of chip.nest, set by convert-train-to-chip: one loop, of as many coordinates as
// there are images, takes as many steps as a tensor says, and another tensor lists the coordinates.
// Both are i32 and written by an earlier task. Tiles of the loop have one coordinate, and it is not
// split over cores: nothing is known of two coordinates. Sums over images have no first tile by
// which they start; an instruction in front of the loop sets them to +0.
//
//   slp.kept = {loop = 0 : i64, count = @"keep/count", images = @"keep/list"}
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPKEPT_H
#define DIALECTS_CHIP_CHIPKEPT_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace slp::chip_ir {

constexpr llvm::StringLiteral keptAttrName = "slp.kept";

/// What the attribute says.
struct KeptLoop {
  int64_t loop = 0; // number of the loop
  mlir::FlatSymbolRefAttr count, images;

  /// Of a nest, or nothing.
  static std::optional<KeptLoop> of(mlir::Operation *nest) {
    auto kept = nest->getAttrOfType<mlir::DictionaryAttr>(keptAttrName);
    if (!kept)
      return std::nullopt;
    return KeptLoop{kept.getAs<mlir::IntegerAttr>("loop").getInt(),
                    kept.getAs<mlir::FlatSymbolRefAttr>("count"),
                    kept.getAs<mlir::FlatSymbolRefAttr>("images")};
  }
  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context) const {
    mlir::Builder b(context);
    return b.getDictionaryAttr({b.getNamedAttr("loop", b.getI64IntegerAttr(loop)),
                                b.getNamedAttr("count", count), b.getNamedAttr("images", images)});
  }
};

/// Whether loop number `loop` of a nest runs over a list.
inline bool isOverKept(mlir::Operation *nest, size_t loop) {
  std::optional<KeptLoop> kept = KeptLoop::of(nest);
  return kept && kept->loop == int64_t(loop);
}

} // namespace slp::chip_ir

#endif // DIALECTS_CHIP_CHIPKEPT_H
