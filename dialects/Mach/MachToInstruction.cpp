//===- MachToInstruction.cpp - mach ops and instruction structs -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Between the attributes of an op and the members of a struct; both come from the same record.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/MachToInstruction.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace slp::mach {

FailureOr<Instruction> toInstruction(Operation *op, LabelResolver labels, SymbolResolver symbols) {
  return llvm::TypeSwitch<Operation *, FailureOr<Instruction>>(op)
#include "dialects/Mach/MachToInstruction.cpp.inc"
      .Default([](Operation *other) -> FailureOr<Instruction> {
        return other->emitOpError("is no machine instruction");
      });
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
    if (field.kind == FieldKind::label)
      state.addAttribute(name, builder.getStringAttr(label));
    else if (field.kind == FieldKind::symbol)
      state.addAttribute(name, FlatSymbolRefAttr::get(builder.getContext(), symbol));
    else
      state.addAttribute(name, builder.getI64IntegerAttr(static_cast<int64_t>(values[i])));
  }
  return builder.create(state);
}

} // namespace slp::mach
