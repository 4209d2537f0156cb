//===- DescriptorTable.h - the descriptors of a module
//-----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_CHIPTOMACH_DESCRIPTORTABLE_H
#define LIB_CONVERSION_CHIPTOMACH_DESCRIPTORTABLE_H

#include "dialects/Mach/MachDialect.h"
#include "dialects/Mach/MachProgramOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace slp {

/// The module's descriptor table: equal records share an entry. A number that makes the name of a
/// tensor is passed over.
class DescriptorTable {
public:
  DescriptorTable(mlir::OpBuilder builder, mlir::ModuleOp module) : b(builder), symbols(module) {}
  std::string add(mlir::Location loc, const mach::TensorTile &tile) {
    for (auto &[known, name] : entries)
      if (known == tile)
        return name;
    std::string name;
    do
      name = "tile" + std::to_string(next++);
    while (symbols.lookup(name));
    mach::DescriptorOp::create(b, loc, name, tile);
    entries.emplace_back(tile, name);
    return name;
  }

private:
  mlir::OpBuilder b;
  mlir::SymbolTable symbols; // of the module before the first entry
  unsigned next = 0;
  std::vector<std::pair<mach::TensorTile, std::string>> entries;
};

} // namespace slp

#endif // LIB_CONVERSION_CHIPTOMACH_DESCRIPTORTABLE_H
