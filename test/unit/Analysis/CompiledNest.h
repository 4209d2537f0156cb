//===- CompiledNest.h - nests, their estimates and their cycles -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Tiles a module, estimates each nest, and runs it on the simulator's timing model, with a fence
// behind each nest.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_ANALYSIS_COMPILEDNEST_H
#define TEST_UNIT_ANALYSIS_COMPILEDNEST_H

#include "lib/Analysis/BestTiling.h"
#include "runtime/exec/Machine.h"
#include "runtime/timing/Model.h"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <map>
#include <string>
#include <tuple>

namespace slp {

/// What reports tell nests apart by: node, op, phase.
using NestName = std::tuple<std::string, std::string, std::string>;

class CompiledNest {
public:
  CompiledNest(const std::string &ir, const chip::Chip &chip)
      : chip(chip), context(registry(), mlir::MLIRContext::Threading::DISABLED),
        handler(&context, [this](mlir::Diagnostic &d) { error += d.str() + "\n"; }),
        module(mlir::parseSourceString<mlir::ModuleOp>(ir, &context)) {
    options.target = chip.name;
    options.regions = singleRegions;
  }

  /// Up to stage tile; with a seed, tilings are drawn.
  bool tile(uint64_t seed) {
    options.tileSeed = seed;
    return module && mlir::succeeded(runStages(*module, Stage::tile, options, chip));
  }
  /// Calls f(nest, places) for each nest of @step.
  template <typename F> void forNests(F f) {
    mlir::SymbolTable symbols(*module);
    for (auto fn : module->getOps<mlir::func::FuncOp>())
      for (auto op : fn.getOps<chip_ir::NestOp>()) {
        chip_ir::NestView nest(op);
        f(nest, placesOf(nest, symbols));
      }
  }
  static NestName nameOf(const chip_ir::NestView &nest) {
    std::string name = nest.op.getName().str();
    return {name.empty() ? "-" : name, nest.op.getOp().str(), nest.op.getPhase().str()};
  }
  /// Cycles by estimate.
  std::map<NestName, double> estimates() {
    std::map<NestName, double> result;
    ChipCosts costs(chip);
    forNests([&](const chip_ir::NestView &nest, const BufferPlaces &places) {
      CostModel model(nest, places, costs);
      auto tiling = chip_ir::Tiling::of(*nest.op.getTiling());
      result[nameOf(nest)] += model.estimate(tiling).cycles;
    });
    return result;
  }
  /// Cycles by simulation. Empty, and `error` says why, if that fails. Compiles the module to the
  /// end.
  std::map<NestName, double> cycles() {
    std::map<NestName, double> result;
    if (mlir::failed(runStages(*module, Stage::emit, options, chip)))
      return result;
    mlir::FailureOr<image::Image> image = emitImage(*module, chip, "");
    if (mlir::failed(image))
      return result;
    Result<std::unique_ptr<exec::Machine>> machine = exec::Machine::create(chip, *image);
    if (!machine) {
      error += machine.message();
      return result;
    }
    timing::Groups groups(*image);
    timing::Model model(chip, groups);
    exec::Options run;
    run.threads = 1;
    run.observer = &model;
    run.values = exec::Values::absent;
    if (Status ran = (*machine)->run("step", run); !ran) {
      error += ran.message();
      return result;
    }
    Result<timing::Report> report = model.finish();
    if (!report) {
      error += report.message();
      return result;
    }
    for (size_t g = 1; g < groups.size(); ++g)
      result[{groups[g].name, groups[g].op, timing::phaseName(groups[g].phase)}] +=
          double(report->groups[g].wallTotal());
    return result;
  }

  std::string error;

private:
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry all;
    registerDialects(all);
    return all;
  }
  const chip::Chip &chip;
  CompileOptions options;
  mlir::MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;

public:
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace slp

#endif // TEST_UNIT_ANALYSIS_COMPILEDNEST_H
