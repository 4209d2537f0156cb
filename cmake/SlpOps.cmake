# One generated header per op, so that a new op rebuilds nothing that does not speak of it.

# slp_tablegen_ops(DIALECT NAMESPACE FAMILY)
# For dialects/DIALECT/FAMILY.td with the records `def DIALECT_<Name>Op`, of slp::NAMESPACE, whose name in the IR is that of the class in
# lower case, with underscores or without:
#   DIALECT/<Name>Op.h           declares the op's class; what speaks of a few ops includes these
#   DIALECT/<Name>OpKind.h       tells whether an op is one (dialects/OpKind.h); a change of the record leaves it as it is
#   DIALECT/FAMILY.h.inc         includes the headers of all ops of the family
#   DIALECT/FAMILY.cpp.inc       defines them
#   DIALECT/FAMILYKinds.cpp.inc  defines what the kinds' headers declare
# A change of the td configures anew, as it may add or remove an op.
macro(slp_tablegen_ops dialect namespace family)
  set(LLVM_TARGET_DEFINITIONS ${family}.td)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${family}.td)
  mlir_tablegen(${family}.cpp.inc -gen-op-defs)
  file(READ ${family}.td slp_text)
  string(REGEX MATCHALL "\ndef ${dialect}_[A-Za-z0-9]+Op " slp_records "${slp_text}")
  set(slp_kinds "// Which op of dialects/${dialect}/${family}.td it is.\n")
  set(slp_headers "// All ops of dialects/${dialect}/${family}.td.\n")
  foreach(record IN LISTS slp_records)
    string(REGEX REPLACE ".*_([A-Za-z0-9]+Op) " "\\1" op "${record}")
    string(REGEX REPLACE "([a-z0-9])([A-Z])" "\\1_?\\2" name "${op}") # MatMulOp is `matmul`, BiasAddOp `bias_add`
    string(REGEX REPLACE "_[?]Op$" "" name "${name}")
    string(TOLOWER "${dialect}[.]${name}" name)
    mlir_tablegen(${op}.h.inc -gen-op-decls "-op-include-regex=^${name}$$") # `$$` is `$` in build files
    string(TOUPPER "DIALECTS_${dialect}_${op}_H" guard)
    string(TOUPPER "DIALECTS_${dialect}_${op}KIND_H" kind_guard)
    set(op_dialect ${dialect}) # arguments of a macro are no variables
    set(op_namespace ${namespace})
    set(op_family ${family})
    configure_file(${PROJECT_SOURCE_DIR}/cmake/OpHeader.h.in ${op}.h @ONLY)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/OpKindHeader.h.in ${op}Kind.h @ONLY)
    string(APPEND slp_headers "#include \"dialects/${dialect}/${op}.h\"\n")
    string(APPEND slp_kinds
      "#include \"dialects/${dialect}/${op}Kind.h\"\n"
      "template <> bool slp::isKind<slp::${namespace}::${op}>(mlir::Operation *op) {\n"
      "  return llvm::isa_and_nonnull<slp::${namespace}::${op}>(op);\n"
      "}\n")
  endforeach()
  file(CONFIGURE OUTPUT ${family}.h.inc CONTENT "${slp_headers}" @ONLY)
  file(CONFIGURE OUTPUT ${family}Kinds.cpp.inc CONTENT "${slp_kinds}" @ONLY)
endmacro()
