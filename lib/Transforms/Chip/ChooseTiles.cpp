//===- ChooseTiles.cpp - the pass chip-choose-tiles -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads what is wished of a nest, asks lib/Analysis for the tiling of the least cycles, or draws
// one, and says in remarks what was chosen and why.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipNest.h"
#include "lib/Analysis/BestTiling.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace slp {
#define GEN_PASS_DEF_CHOOSETILES
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {
struct ChooseTiles : slp::impl::ChooseTilesBase<ChooseTiles> {
  using Base::Base;
  void runOnOperation() override;

private:
  FailureOr<TileWish> wishOf(NestOp nest) const;
  FailureOr<Tiling> tilingOf(const NestView &nest, const SymbolTable &symbols, const TileWish &wish,
                             BestTilings &best, uint64_t number);
};
} // namespace

FailureOr<TileWish> ChooseTiles::wishOf(NestOp nest) const {
  TileWish result;
  result.cores = cores;
  Attribute wish = nest->getAttr(tileWishAttrName);
  if (!wish)
    return result;
  auto error = [&] {
    return emitError(nest.getLoc()) << nest.getOp() << ": " << tileWishAttrName << ": expected ";
  };
  auto dict = dyn_cast<DictionaryAttr>(wish);
  if (!dict)
    return error() << "a dictionary, found " << wish;
  for (NamedAttribute entry : dict) {
    if (auto order = dyn_cast<ArrayAttr>(entry.getValue()); order && entry.getName() == "order") {
      for (Attribute loop : order) {
        auto name = dyn_cast<StringAttr>(loop);
        if (!name)
          return error() << "loop names in order, found " << loop;
        result.order.push_back(name.str());
      }
    } else if (auto sizes = dyn_cast<DictionaryAttr>(entry.getValue());
               sizes && entry.getName() == "sizes") {
      for (NamedAttribute size : sizes) {
        auto value = dyn_cast<IntegerAttr>(size.getValue());
        if (!value)
          return error() << "a whole number of loop " << size.getName() << ", found "
                         << size.getValue();
        result.sizes.emplace_back(size.getName().str(), value.getInt());
      }
    } else {
      return error() << "order = [...] or sizes = {...}, found " << entry.getName();
    }
  }
  return result;
}

/// `choice`: null for a tiling that was drawn.
static void remarkTiles(const NestView &nest, const Tiling &tiling, const TilingChoice *choice) {
  auto r = remark::passed(nest.op.getLoc(), remark::RemarkOpts::name("tile").category("tile"));
  if (!r)
    return;
  std::string text = nest.op.getOp().str() + ":";
  for (unsigned loop : tiling.order)
    text += " " + nest.loops[loop].getName().str() + " " + std::to_string(tiling.sizes[loop]) +
            "/" + std::to_string(nest.loops[loop].getExtent()) +
            (int(loop) == tiling.split ? " split" : "");
  text += " on " + std::to_string(tiling.cores) + (tiling.cores == 1 ? " core, " : " cores, ") +
          std::to_string(tiling.slots) + " slots";
  if (choice) {
    text +=
        llvm::formatv(", {0:f0} cycles by estimate, the most, {1:f0}, for {2}",
                      choice->estimate.cycles, choice->estimate.bound(), choice->estimate.boundBy())
            .str();
    if (choice->runnerUp)
      text += llvm::formatv("; the next best {0:f0}", *choice->runnerUp).str();
  }
  r << text;
}

/// Says where a layer has idle cores, of so many.
static void remarkIdleCores(const NestView &nest, const Tiling &tiling, const TileWish &wish,
                            int64_t cores) {
  // Tiles that were asked for say nothing of the chip.
  bool isAsked = !wish.order.empty() || !wish.sizes.empty();
  if (!nest.op.getOnCores() || isAsked || tiling.cores >= cores)
    return;
  auto opts = remark::RemarkOpts::name("idle-cores").category("tile");
  if (auto r = remark::missed(nest.op.getLoc(), opts))
    r << nest.op.getOp().str() + ": " + std::to_string(cores - tiling.cores) + " of " +
             std::to_string(cores) + " cores idle: " +
             (tiling.split < 0 ? std::string("no loop is spread over them")
                               : "loop " + nest.loops[size_t(tiling.split)].getName().str() +
                                     " has " + std::to_string(tiling.cores) + " tiles");
}

/// What a transfer costs depends on where elements are.
static LogicalResult checkLaidOut(NestOp nest) {
  for (auto buffer : nest.getBody().getOps<BufferOp>())
    if (buffer.getTensor() && !buffer.getStrides())
      return buffer.emitOpError("has no strides; run chip-choose-layouts first");
  return success();
}

FailureOr<Tiling> ChooseTiles::tilingOf(const NestView &nest, const SymbolTable &symbols,
                                        const TileWish &wish, BestTilings &best, uint64_t number) {
  const chip::Chip &chip = best.getCosts().chip;
  Capacities capacities = Capacities::of(chip, nest.op);
  if (tileSeed) {
    FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish);
    if (failed(space))
      return failure();
    std::optional<Tiling> drawn = space->draw(uint64_t(tileSeed) * 1000003 + number, capacities);
    if (!drawn) {
      space->reportMisfit(capacities);
      return failure();
    }
    remarkTiles(nest, *drawn, nullptr);
    return *drawn;
  }
  BufferPlaces places = placesOf(nest, symbols);
  FailureOr<TilingChoice> choice = best.bestTiling(nest, places, wish, capacities);
  if (failed(choice))
    return failure();
  remarkTiles(nest, choice->tiling, &*choice);
  int64_t all = chip.structure.cores;
  remarkIdleCores(nest, choice->tiling, wish, wish.cores ? std::min(all, wish.cores) : all);
  return choice->tiling;
}

void ChooseTiles::runOnOperation() {
  ModuleOp module = getOperation();
  FailureOr<chip::Chip> chip = chipOf(module);
  if (failed(chip))
    return signalPassFailure();
  uint64_t number = 0;
  SymbolTable symbols(module);
  BestTilings best(*chip);
  for (auto fn : module.getOps<func::FuncOp>())
    for (auto op : fn.getOps<NestOp>()) {
      if (failed(checkLaidOut(op)))
        return signalPassFailure();
      NestView nest(op);
      FailureOr<TileWish> wish = wishOf(op);
      if (failed(wish))
        return signalPassFailure();
      FailureOr<Tiling> tiling = tilingOf(nest, symbols, *wish, best, ++number);
      if (failed(tiling))
        return signalPassFailure();
      op->removeAttr(tileWishAttrName);
      op.setTilingAttr(tiling->toAttr(&getContext()));
    }
  module->setAttr("slp.stage", StringAttr::get(&getContext(), "tile"));
}
