//===- MachToInstruction.cpp - mach ops and instructions --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Between the attributes of an op and the fields of an instruction, by the tables: both come from
// the same record.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/MachToInstruction.h"

#include "dialects/Mach/MachDialect.h"

using namespace mlir;

namespace slp::mach {

FailureOr<Instruction> toInstruction(Operation *op, LabelResolver labels, SymbolResolver symbols) {
  if (!isInstruction(op))
    return op->emitOpError("is no machine instruction");
  StringRef mnemonic = op->getName().stripDialect();
  const InstructionInfo *info = findInstruction(std::string_view(mnemonic.data(), mnemonic.size()));
  assert(info && "ops and table come from the same records");
  std::array<uint64_t, Instruction::maxFields> values{};
  for (auto [i, field] : llvm::enumerate(info->layout.fields)) {
    Attribute attr = *op->getInherentAttr(StringRef(field.name.data(), field.name.size()));
    if (field.isDefaulted && !attr) {
      values[i] = 0;
    } else if (field.isFlag) {
      values[i] = 1;
    } else if (field.kind == FieldKind::label) {
      FailureOr<int64_t> distance = labels(op, cast<StringAttr>(attr).getValue());
      if (failed(distance))
        return failure();
      values[i] = static_cast<uint64_t>(*distance);
    } else if (field.kind == FieldKind::symbol) {
      FailureOr<uint64_t> index = symbols(op, cast<FlatSymbolRefAttr>(attr).getValue());
      if (failed(index))
        return failure();
      values[i] = *index;
    } else {
      values[i] = static_cast<uint64_t>(cast<IntegerAttr>(attr).getInt());
    }
  }
  return makeInstruction(*info, values.data());
}

Operation *createInstruction(OpBuilder &builder, Location loc, const Instruction &instr,
                             StringRef label, StringRef symbol) {
  const LayoutInfo &layout = infoOf(instr).layout;
  StringRef mnemonic(layout.name.data(), layout.name.size());
  OperationState state(loc, (MachDialect::getDialectNamespace() + "." + mnemonic).str());
  std::vector<uint64_t> values = valuesOf(instr);
  for (size_t i = 0; i < layout.fields.size(); ++i) {
    const FieldInfo &field = layout.fields[i];
    StringRef name(field.name.data(), field.name.size());
    if (field.isDefaulted && !values[i])
      continue;
    if (field.isFlag)
      state.addAttribute(name, builder.getUnitAttr());
    else if (field.kind == FieldKind::label)
      state.addAttribute(name, builder.getStringAttr(label));
    else if (field.kind == FieldKind::symbol)
      state.addAttribute(name, FlatSymbolRefAttr::get(builder.getContext(), symbol));
    else
      state.addAttribute(name, builder.getI64IntegerAttr(static_cast<int64_t>(values[i])));
  }
  return builder.create(state);
}

} // namespace slp::mach
