//===- NestCosts.cpp - cycles of nests whose tensors have no place yet ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/NestCosts.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

NestCosts::NestCosts(ModuleOp module, const chip::Chip &chip, int64_t cores, bool keeps)
    : module(module), chip(chip), cores(cores), homes(module, chip, /*seed=*/0, /*isEmpty=*/!keeps),
      best(chip) {
  for (auto [function, nests] : llvm::enumerate(homes.getNests()))
    for (auto [number, nest] : llvm::enumerate(nests))
      rooms[nest] = homes.roomAt(function, number);
}

std::optional<TilingChoice> NestCosts::choiceFor(NestOp nest, NestOp place) {
  auto trial = cast<NestOp>(OpBuilder(nest).clone(*nest));
  for (auto buffer : trial.getBody().getOps<BufferOp>())
    buffer.setOnChip(buffer.getTensor() && homes.stays(*buffer.getTensor()));
  if (auto room = rooms.find(place); room != rooms.end())
    fitBetweenHomes(trial, room->second, homes.getCapacity());
  NestView view(trial);
  std::optional<TilingChoice> choice =
      best.find(view, placesOf(view, SymbolTable(module)), cores, Capacities::of(chip, trial));
  trial.erase();
  return choice;
}

std::optional<double> NestCosts::cyclesOf(NestOp nest, NestOp place) {
  std::optional<TilingChoice> choice = choiceFor(nest, place);
  return choice ? std::optional<double>(choice->estimate.cycles) : std::nullopt;
}

bool NestCosts::expels(NestOp nest, NestOp place) const {
  auto room = rooms.find(place);
  bool isTight = room != rooms.end() && room->second.bytes() < homes.getCapacity();
  return homes.expels(nest) || (isTight && !homes.leavesRoom(nest, room->second.bytes()));
}

void NestCosts::replace(NestOp nest, NestOp by) {
  if (auto room = rooms.find(nest); room != rooms.end()) {
    Room its = room->second;
    rooms.erase(room);
    rooms[by] = its;
  }
}
