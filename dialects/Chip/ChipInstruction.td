//===- ChipInstruction.td - an op for each instruction of an engine ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// slp-tblgen writes one op for each MAC and vector instruction of dialects/Mach/MachInstr<Family>.td; this is what they have
// in common. An op `chip.MNEMONIC` takes the instruction's operands, in the order of its fields, as buffers, and its other
// fields as attributes, but for the cores, which are the task's, the numbers that the host sets, and registers of the
// sequencer, which chip does not know.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPINSTRUCTION_TD
#define DIALECTS_CHIP_CHIPINSTRUCTION_TD

include "dialects/Chip/ChipDialect.td"
include "dialects/Mach/MachField.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Chip_EngineInstruction : OpInterface<"EngineInstruction"> {
  let cppNamespace = "::slp::chip_ir";
  let description = "An instruction of the MAC engine or of the vector unit. Operands are buffers, in the order of the instruction's fields.";
  let methods = [
    InterfaceMethod<"the record of the instruction", "const ::slp::mach::InstructionInfo &", "getInfo">,
    InterfaceMethod<"names of the train tensors that the written operands are tiles of; empty if none", "std::optional<::mlir::ArrayAttr>", "getCaptures">,
    InterfaceMethod<"in a nest: the loops that it iterates, by number; nothing: all", "std::optional<::mlir::ArrayRef<int64_t>>", "getIterates">,
    InterfaceMethod<"in a nest: whether it stands in front of the loops inside those that it iterates", "bool", "getInFront">];
  let verify = "return ::slp::chip_ir::verifyInstruction($_op);";
  let extraClassDeclaration = [{
    /// The field of the operand.
    const ::slp::mach::FieldInfo &getField(::mlir::OpOperand &operand);
    /// The operands that are written, in order, and those that are not.
    ::mlir::SmallVector<::mlir::Value> getWritten();
    ::mlir::SmallVector<::mlir::Value> getOnlyRead();
    /// Values of all fields: of those that are no attributes 0.
    ::mlir::SmallVector<uint64_t> getFieldValues();
    ::slp::chip_ir::Engine getEngine();
  }];
}

/// An operand with its effect on the buffer.
class Chip_BufferOf<Field f> {
  list<OpVariableDecorator> effects = !cond(!eq(f.role.access, "read"): [MemRead], !eq(f.role.access, "write"): [MemWrite],
                                            true: [MemRead, MemWrite]);
  string what = f.description;
}
class Chip_OperandOf<Field f> {
  OpVariable value = !if(!empty(f.role.when), Arg<AnyMemRef, f.description, Chip_BufferOf<f>.effects>,
                         Arg<Optional<AnyMemRef>, f.description, Chip_BufferOf<f>.effects>);
}
/// The operands. Several that may not be there, which are read and stand behind the others, are a list without names: fields say
/// which are there, not the op's segments.
class Chip_OperandsOf<list<Field> fs> {
  list<Field> optional = !filter(f, fs, !not(!empty(f.role.when)));
  bit isList = !gt(!size(optional), 1);
  list<Field> named = !filter(f, fs, !or(!empty(f.role.when), !not(isList)));
  dag value = !con(!dag(ins, !foreach(f, named, Chip_OperandOf<f>.value), !foreach(f, named, f.name)),
                   !if(isList, (ins Arg<Variadic<AnyMemRef>, !interleave(!foreach(f, optional, f.name), ", ") # ", those that are there", [MemRead]>:$optional), (ins)));
}

/// A field that is an attribute: a window, a number, or what its kind says.
class Chip_AttrOf<Field f> {
  Attr value = !cond(f.isFlag: UnitAttr,
                     !eq(f.kind.prefix, "g"): DenseI64ArrayAttr,
                     !and(!eq(f.kind.prefix, "h"), f.isOptional): OptionalAttr<F32Attr>,
                     !eq(f.kind.prefix, "h"): F32Attr,
                     f.isDefaulted: OptionalAttr<NumberAttr<f>>,
                     true: NumberAttr<f>);
}

/// ` mode = zero`, ` geom = [...]`, ` eps = ...`.
class Chip_SyntaxOf<Instruction i, Field f> {
  string value = !if(!or(!eq(f.kind.prefix, "g"), !eq(f.kind.prefix, "h")), "$" # f.name,
      "custom<FieldValue>($" # f.name # ", \"::slp::mach::instructionField(" # !cast<string>(!cast<int>(i.opcode)) # ", " # !cast<string>(f.lo) # ")\")");
  string text = !cond(f.isFlag: "(`" # f.name # "` $" # f.name # "^)?",
                      f.isOptional: "(`" # f.name # "` `=` $" # f.name # "^)?",
                      f.isDefaulted: "`` custom<OptionalField>($" # f.name # ", \"::slp::mach::instructionField(" # !cast<string>(!cast<int>(i.opcode)) # ", " # !cast<string>(f.lo) # ")\")",
                      true: "`" # f.name # "` `=` " # value);
}

class Chip_InstructionOp<Instruction i, int opcode> : Op<Chip_Dialect, i.mnemonic, [Chip_EngineInstruction]> {
  list<Field> operandFields = !filter(f, i.fields, f.isOperand);
  list<Field> attrFields = !filter(f, i.fields, !not(!or(f.isOperand, !eq(f.kind.prefix, "m"), !eq(f.kind.prefix, "r"), !ge(f.host, 0))));
  let summary = i.summary;
  let description = i.description;
  let arguments = !con(
      Chip_OperandsOf<operandFields>.value,
      !dag(ins, !foreach(f, attrFields, Chip_AttrOf<f>.value), !foreach(f, attrFields, f.name)),
      (ins OptionalAttr<StrArrayAttr>:$captures, OptionalAttr<DenseI64ArrayAttr>:$iterates, UnitAttr:$in_front));
  let assemblyFormat = "`(` operands `)` " # !interleave(!foreach(f, attrFields, Chip_SyntaxOf<i, f>.text), " ") #
      " attr-dict" # !if(!empty(operandFields), "", " `:` type(operands)");
  let extraClassDeclaration = [{
    const ::slp::mach::InstructionInfo &getInfo() { return *::slp::mach::findInstruction(uint8_t(}] # !cast<string>(opcode) # [{)); }
  }];
}

#endif // DIALECTS_CHIP_CHIPINSTRUCTION_TD
