//===- MachOp.td - mach ops, computed from the instruction set --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Whoever adds an instruction to MachInstr<Family>.td
// adds one line to Mach<Family>Ops.td; slp-tblgen says which if it is missing.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHOP_TD
#define DIALECTS_MACH_MACHOP_TD

include "dialects/Mach/MachDialect.td"
include "dialects/Mach/MachField.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

/// Marks instructions and checks their `slp.` attributes.
def InstructionTrait : NativeOpTrait<"InstructionTrait"> { let cppNamespace = "::slp::mach"; }

class HasSymbolField<Instruction i> {
  bit value = !not(!empty(!filter(f, i.fields, !eq(f.kind.kind, "symbol"))));
}

/// ` again`, ` first = r3`, where the field is not 0.
class DefaultedSyntax<string lookup, Field f> {
  string text = !if(f.isFlag, "(`" # f.name # "` $" # f.name # "^)?",
                    "`` custom<OptionalField>($" # f.name # ", \"" # lookup # ", " # !cast<string>(f.lo) # ")\")");
}

class Mach_Op<Instruction i> : Op<Mach_Dialect, i.mnemonic, !listconcat(
    [InstructionTrait, HasParent<"ProgramOp">],
    !if(HasSymbolField<i>.value, [DeclareOpInterfaceMethods<SymbolUserOpInterface>], []<Trait>))> {
  Instruction instruction = i; // read by slp-tblgen
  let summary = i.summary;
  let description = i.description;
  let arguments = !dag(ins, !foreach(f, i.fields, FieldAttr<f>.attr), !foreach(f, i.fields, f.name));
  list<Field> valueFields = !filter(f, i.fields, !not(f.isDefaulted));
  list<Field> defaulted = !filter(f, i.fields, f.isDefaulted);
  let assemblyFormat = !interleave(
      !foreach(f, valueFields, FieldSyntax<"instructionField(" # !cast<string>(!cast<int>(i.opcode)), f>.text), " `,` ") #
      !interleave(!foreach(f, defaulted, DefaultedSyntax<"instructionField(" # !cast<string>(!cast<int>(i.opcode)), f>.text), " ") # " attr-dict";
}

#endif // DIALECTS_MACH_MACHOP_TD
