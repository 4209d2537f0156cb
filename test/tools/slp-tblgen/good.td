// The instruction set itself passes, and an instruction added to it shows in what is generated.
// RUN: slp-tblgen -check -I %mach_td %s
// RUN: slp-tblgen -gen-instr-struct -struct=NewOne -I %mach_td %s | FileCheck %s --check-prefix=STRUCT
// RUN: not slp-tblgen -gen-instr-struct -struct=OldOne -I %mach_td %s 2>&1 | FileCheck %s --check-prefix=NOSTRUCT
// RUN: slp-tblgen -gen-instr-structs -family=good -I %mach_td %s | FileCheck %s --check-prefix=FAMILY
// RUN: slp-tblgen -gen-instr-structs -family=Vector -I %mach_td %s | FileCheck %s --check-prefix=OTHER
// RUN: not slp-tblgen -gen-instr-structs -family=Colours -I %mach_td %s 2>&1 | FileCheck %s --check-prefix=NOFAMILY
// RUN: slp-tblgen -gen-instr-struct-includes -I %mach_td %s | FileCheck %s --check-prefix=INCLUDES
// RUN: slp-tblgen -gen-instr-enum-decls -I %mach_td %s | FileCheck %s --check-prefix=ENUM
// RUN: slp-tblgen -gen-instr-enum-values -enum=Shade -I %mach_td %s | FileCheck %s --check-prefix=VALUES
// RUN: not slp-tblgen -gen-instr-enum-values -enum=Colour -I %mach_td %s 2>&1 | FileCheck %s --check-prefix=NOENUM
// RUN: slp-tblgen -gen-instr-enum-value -enum=Shade.auto -I %mach_td %s | FileCheck %s --check-prefix=VALUE
// RUN: not slp-tblgen -gen-instr-enum-value -enum=Shade.bright -I %mach_td %s 2>&1 | FileCheck %s --check-prefix=NOVALUE
// RUN: not slp-tblgen -gen-instr-enum-value -enum=Colour.dark -I %mach_td %s 2>&1 | FileCheck %s --check-prefix=NOCOLOUR
// RUN: slp-tblgen -gen-instr-tables -I %mach_td %s | FileCheck %s --check-prefix=TABLE
// RUN: slp-tblgen -gen-instr-functions -I %mach_td %s | FileCheck %s --check-prefix=FUNCTION
// RUN: slp-tblgen -gen-page -page new.one -I %mach_td %s | FileCheck %s --check-prefix=PAGE
// RUN: not slp-tblgen -gen-page -page old.one -I %mach_td %s 2>&1 | FileCheck %s --check-prefix=NOPAGE

include "MachInstr.td"

def NEW_ONE : Instruction<"new.one", 0xf0, [
    Field<"offset", Signed, 15, 8, "a distance, bytes">], [Reserved<127, 16>]> {
  let summary = "Something new.";
  let description = "What it does.";
  let engine = "vector"; let timingClass = "vector"; let requires = ["zero-skip"];
}

def ShadeEnum : EnumKind<"Shade", ["dark", "auto"]> { let summary = "How bright."; }

// The declarations name no value: a new one leaves them as they are.
// ENUM-NOT: dark
// ENUM: enum class Shade : uint8_t;
// ENUM: std::string_view toString(Shade value);
// ENUM: bool isShade(uint64_t number);
// VALUES: /// How bright.
// VALUES-NEXT: enum class Shade : uint8_t {
// VALUES-NEXT: dark = 0,
// VALUES-NEXT: auto_ = 1,
// VALUES-NEXT: };
// VALUES-NEXT: constexpr size_t numShadeValues = 2;
// NOENUM: error: no enum 'Colour' to write the values of
// A value's own file names no other: a new one leaves it as it is.
// VALUE-NOT: dark
// VALUE: namespace slp::mach {
// VALUE: enum class Shade : uint8_t;
// VALUE-NEXT: namespace shade {
// VALUE-NEXT: inline constexpr auto auto_ = static_cast<Shade>(1);
// NOVALUE: error: no value 'Shade.bright' of an enum
// NOCOLOUR: error: no value 'Colour.dark' of an enum
// A struct has a header, which other instructions leave as it is, and so does a family.
// STRUCT: #ifndef RUNTIME_ISA_STRUCTNEWONE_H_INC
// STRUCT-NOT: struct VRelu
// STRUCT: struct NewOne {
// STRUCT-NEXT: static constexpr Opcode opcode = static_cast<Opcode>(0xf0);
// STRUCT: /// a distance, bytes
// STRUCT-NEXT: int64_t offset = 0;
// NOSTRUCT: error: no instruction with a struct 'OldOne'
// FAMILY-NOT: StructVRelu
// FAMILY: #include "runtime/isa/StructNewOne.h.inc"
// FAMILY-NOT: StructVRelu
// OTHER-NOT: NewOne
// OTHER: #include "runtime/isa/StructVRelu.h.inc"
// OTHER-NOT: NewOne
// NOFAMILY: error: no family 'Colours' to write the structs of
// INCLUDES: #include "runtime/isa/InstrVector.h.inc"
// INCLUDES: #include "runtime/isa/Instrgood.h.inc"
// TABLE: static constexpr FieldInfo newOneFields[] = {
// TABLE-NEXT: {"offset", FieldKind::signedInteger, 15, 8, "", 0, {}},
// TABLE: static constexpr BitRange newOneReserved[] = {{.*}}127, 16{{.*}};
// TABLE: static constexpr std::string_view newOneRequires[] = {"zero-skip"};
// TABLE: {NewOne::opcode, {"new.one", {newOneFields, 1}, {newOneReserved, 1}}, Engine::vector, "vector", {newOneRequires, 1}},
// FUNCTION: ::slp::Status newOne(SLP_INSTR_STATE &state, const ::slp::mach::NewOne &instr);
// PAGE: # `new.one`
// PAGE: **Engine:** vector
// PAGE: | 15..8 | 8 | `offset` | signed integer | a distance, bytes |
// PAGE: `zero-skip`
// NOPAGE: error: no instruction or descriptor 'old.one' to write a page about
